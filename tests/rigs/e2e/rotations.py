"""Rotations of all applications at the same time, as fast as they come to rest."""

import time
from dataclasses import dataclass, field
from typing import Final

from cluster.waiting import POLL_SECONDS
from e2e.shop import RESTARTED, Application
from e2e.stage import DEADLINE_SECONDS, Stage, say
from harness.applications import seen_by_cognito

PROGRESS_SECONDS: Final = 10


@dataclass
class Drill:
    """The rotations of one application, one after the other."""

    application: Application
    wanted: int
    label: str
    done: int = 0
    seconds: list[float] = field(default_factory=list)
    """How long each took, from the request to rest."""

    _before: list[str] = field(default_factory=list)
    _asked_at: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether all rotations have come to rest."""
        return self.done == self.wanted

    def move(self) -> None:
        """Ask for the next rotation, or see whether the present one has come to rest.

        Raises:
            AssertionError: it takes too long, or ended otherwise than it should.

        """
        if not self._before:
            self._ask()
        elif self.application.is_rotated(self._before):
            self._check()
            self.done += 1
            self.seconds.append(time.monotonic() - self._asked_at)
            self._before = []
        else:
            passed = time.monotonic() - self._asked_at
            assert passed < DEADLINE_SECONDS, f"{self.application.name}: {self._where_it_stands()}"

    def _ask(self) -> None:
        ids = self.application.active_ids()
        assert len(ids) == 1, f"{self.application.name} has the secrets {ids} between rotations"
        self._before, self._asked_at = ids, time.monotonic()
        self.application.ask_for_rotation(f"{self.label}-{self.done + 1}")

    def _check(self) -> None:
        rotation = self.application.status()["rotations"][0]
        told = {key: rotation.get(key) for key in ("outcome", "trigger", "retiredVerdict")}
        expected = {"outcome": "Success", "trigger": "Request", "retiredVerdict": "Refused"}
        assert told == expected, f"{self.application.name}: {rotation}"
        assert rotation.get("retiredBy") is None, f"{self.application.name}: {rotation}"
        assert rotation["retiredId"] in self._before

    def _where_it_stands(self) -> str:
        status = self.application.status()
        return f"no rest after {DEADLINE_SECONDS} s: {status.get('step')}, {status.get('waitsFor')}"


def rotate(stage: Stage, applications: list[Application], number: int, label: str) -> list[Drill]:
    """Rotate the secret of each application so often, all at the same time.

    Raises:
        AssertionError: a rotation did not come to rest, or a workload was restarted more than once
            for one.

    """
    drills = [Drill(application, number, label) for application in applications]
    generations = {one.name: one.generation() for one in applications}
    uids = {one.name: one.uids() for one in applications}
    told_at = time.monotonic()
    while not all(drill.is_over for drill in drills):
        stage.node.check()
        for drill in drills:
            if not drill.is_over:
                drill.move()
        if time.monotonic() - told_at >= PROGRESS_SECONDS:
            told_at = time.monotonic()
            _tell(drills)
        time.sleep(POLL_SECONDS)
    for one in applications:
        restarted = one.generation() - generations[one.name]
        wanted = number if one.name in RESTARTED else 0
        assert restarted == wanted, f"{one.name} was restarted {restarted} times for {number}"
        if one.name not in RESTARTED:
            assert one.uids() == uids[one.name], f"pods of {one.name} were replaced"
    return drills


def summary(drills: list[Drill]) -> str:
    """Say how many rotations there were, and how long one took."""
    parts = [
        f"{one.application.name} {one.done} of {min(one.seconds):.0f} to {max(one.seconds):.0f} s"
        for one in drills
        if one.seconds
    ]
    made = [
        seen_by_cognito(one.application.around.cognito, one.application.client) for one in drills
    ]
    attempts, failed = sum(one.attempts for one in made), sum(one.failed for one in made)
    return (
        f"rotations by request, each at rest before the next: {', '.join(parts)};"
        f" so far {attempts:,} sign-ins, failed: {failed}"
    )


def _tell(drills: list[Drill]) -> None:
    done = ", ".join(f"{one.application.name} {one.done}/{one.wanted}" for one in drills)
    made = [
        seen_by_cognito(one.application.around.cognito, one.application.client) for one in drills
    ]
    attempts, failed = sum(one.attempts for one in made), sum(one.failed for one in made)
    say(f"rotations: {done}; sign-ins: {attempts}, failed: {failed}")
