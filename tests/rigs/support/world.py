"""A small world: one app client, one resource, its Secrets and pods, and the processes over it."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from cognito_secret_operator.domain.journal.journal import Journal, Outcome
from cognito_secret_operator.domain.model import ClientRef, ResourceKey, StoredSecret, Timing
from cognito_secret_operator.errors import OutsideError
from cognito_secret_operator.names import (
    APPROVE_ANNOTATION,
    EMERGENCY_ANNOTATION,
    EMERGENCY_NOW_ANNOTATION,
    RESOURCE_ANNOTATION,
    ROTATE_ANNOTATION,
    journal_name,
)
from cognito_secret_operator.service.execute import Executor
from cognito_secret_operator.service.observe import Observer
from cognito_secret_operator.service.reconcile import Pauses, Reconciler
from cognito_secret_operator.service.reporter import Reporter
from cognito_secret_operator.wire.journal import journal_from

from .fakes import (
    Crashed,
    FakeClock,
    FakeCognito,
    FakeEndpoint,
    FakeEvents,
    FakePlatform,
    FakeResources,
    FakeRoster,
    FakeSecrets,
    FakeTelemetry,
    FakeValueGenerator,
    FakeWorkloads,
    Faults,
    ProcessClock,
)
from .laws import Laws

__all__ = ["CLIENT", "KEY", "Process", "World", "finish"]

CLIENT = ClientRef("eu-west-1_AbCdEfGhI", "1example23456789")
KEY = ResourceKey("shop", "orders-api")
TARGET = KEY.name
ORIGINAL = "Original".ljust(64, "o")
SPEC: Mapping[str, Any] = {
    "userPoolId": CLIENT.pool_id,
    "clientId": CLIENT.client_id,
    "rotation": {"interval": "30d"},
    "adoption": {"retireOriginal": "Automatic"},
}

_Result = TypeVar("_Result")


def finish(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to its end: nothing here ever waits for anything outside."""
    while True:
        try:
            work.send(None)
        except StopIteration as end:
            result: _Result = end.value
            return result


@dataclass
class Process:
    """One operator process: an identity, clocks and a memory of its own."""

    name: str
    reconciler: Reconciler
    clock: ProcessClock
    telemetry: FakeTelemetry

    def reconcile(self) -> float | None:
        """Run the resource's passes until they want to wait."""
        return finish(self.reconciler.reconcile(KEY))


class World:
    """A client with secret ``A``, two pods that hold it, and a resource that names it."""

    def __init__(
        self,
        *,
        spec: Mapping[str, Any] = SPEC,
        annotations: Mapping[str, str] | None = None,
        age: timedelta = timedelta(days=40),
        target_exists: bool = True,
        timing: Timing | None = None,
    ) -> None:
        """Make a world in which a person has just created the resource."""
        self.timing = timing or Timing()
        self.faults = Faults()
        self.clock = FakeClock()
        self.cognito = FakeCognito(self.clock, self.faults)
        self.endpoint = FakeEndpoint(self.cognito, self.faults)
        self.secrets = FakeSecrets(self.clock, self.faults)
        self.workloads = FakeWorkloads(self.clock, self.faults)
        self.resources = FakeResources(self.clock, self.faults)
        self.events = FakeEvents(self.faults)
        self.value_generator = FakeValueGenerator()
        self.roster = FakeRoster()
        self.platform = FakePlatform()
        self.processes: list[Process] = []
        self.cognito.add_for_test(ORIGINAL, age=age)
        self.workloads.deploy_for_test("web")
        if target_exists:
            mark = {RESOURCE_ANNOTATION: KEY.name}
            data = {"client-secret": ORIGINAL}
            self.secrets.create_for_test(KEY.namespace, TARGET, data, **mark)
        self.resources.create_for_test(KEY, spec, annotations or {})
        self.laws = Laws(self)
        self.faults.after_each = self.laws.check

    def process(self, *, skew: timedelta = timedelta()) -> Process:
        """Start a process with an empty memory."""
        name = f"process-{len(self.processes) + 1}"
        clock, telemetry = ProcessClock(self.clock, skew), FakeTelemetry()
        observer = Observer(
            secrets=self.secrets,
            workloads=self.workloads,
            cognito=self.cognito,
            endpoint=self.endpoint,
            roster=self.roster,
            platform=self.platform,
            clock=clock,
            timing=self.timing,
            identity=name,
        )
        executor = Executor(
            secrets=self.secrets,
            workloads=self.workloads,
            cognito=self.cognito,
            clock=clock,
            value_generator=self.value_generator,
            identity=name,
            add_deadline=self.timing.add_deadline,
        )
        reconciler = Reconciler(
            resources=self.resources,
            roster=self.roster,
            observer=observer,
            executor=executor,
            reporter=Reporter(resources=self.resources, events=self.events, telemetry=telemetry),
            pauses=Pauses(),
        )
        process = Process(name, reconciler, clock, telemetry)
        self.processes.append(process)
        return process

    def sleep(self, seconds: float) -> None:
        """Let time pass; pods come and go at their own moments."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while (due := self.workloads.move()) is not None and due < until:
            self.clock.time = due
        self.clock.time = until
        self.workloads.move()

    def run_for(self, process: Process, span: timedelta) -> None:
        """Let a process work, and time pass as it asks, until *span* is over."""
        end = self.clock.now() + span
        while self.clock.now() < end:
            self.sleep(process.reconcile() or 60)

    def run_until(
        self,
        process: Process,
        done: Callable[[], bool],
        *,
        within: timedelta = timedelta(hours=8),
    ) -> timedelta:
        """Let a process work until *done* holds after a pass; return how long it took."""
        start = self.clock.now()
        while self.clock.now() - start < within:
            pause = process.reconcile() or 60
            if done():
                return self.clock.now() - start
            self.sleep(pause)
        raise self._endless(within)

    def run_until_rest(
        self, process: Process, *, within: timedelta = timedelta(hours=6)
    ) -> timedelta:
        """Let a process work until no rotation is on or only a person helps; tell how long."""
        return self.run_until(
            process, lambda: self.is_at_rest() or self.is_stalled(), within=within
        )

    def live_until(
        self, done: Callable[[], bool], *, within: timedelta = timedelta(hours=8)
    ) -> None:
        """Do what a cluster does: start another process whenever the newest one dies."""
        end = self.clock.now() + within
        while self.clock.now() < end:
            try:
                pause = self.processes[-1].reconcile() or 60
            except Crashed:
                self.process()
                pause = 2
            except OutsideError:
                pause = 5  # the queue's part: the resource itself could not be read
            else:
                if done():
                    return
            self.sleep(pause)
        raise self._endless(within)

    def live_until_rest(self, *, within: timedelta = timedelta(hours=8)) -> None:
        """Start a process, and live until no rotation is on."""
        self.process()
        self.live_until(self.is_at_rest, within=within)

    def _endless(self, within: timedelta) -> AssertionError:
        return AssertionError(f"no end within {within}: {self.condition('Rotating')}")

    def is_at_rest(self) -> bool:
        """Tell whether nothing is going on, nothing is due, and the target is published."""
        journal, due = self.journal(), self.status().get("nextRotationAt")
        if journal is None or due is None or datetime.fromisoformat(due) <= self.clock.now():
            return False
        if journal.publication is None or journal.publication.published is None:
            return False
        if journal.initial_is_wanted:
            return False
        return (journal.pending, journal.previous, journal.emergency) == (None, None, None)

    def is_stalled(self) -> bool:
        """Tell whether a person is asked for."""
        return bool(self.condition("Stalled")["status"] == "True")

    def journal(self) -> Journal | None:
        """Read the journal as it is stored."""
        stored = self.journal_secret()
        return journal_from(stored, CLIENT) if stored else None

    def existing_journal(self) -> Journal:
        """Read the journal, and fail without one."""
        journal = self.journal()
        assert journal is not None
        return journal

    def journal_secret(self) -> StoredSecret | None:
        """Look at the journal's Secret."""
        return self.secrets.get(KEY.namespace, journal_name(KEY.name))

    def target(self) -> StoredSecret | None:
        """Look at the target."""
        return self.secrets.get(KEY.namespace, TARGET)

    def existing_target(self) -> StoredSecret:
        """Read the target, and fail without one."""
        target = self.target()
        assert target is not None
        return target

    def held_ids(self) -> list[str]:
        """Name the secrets that Cognito has."""
        return [secret.id for secret in self.cognito.held]

    def target_current(self) -> str | None:
        """Name the secret that the target calls current."""
        target = self.target()
        value = target.data.get(self.laws.current_key) if target else None
        return self.cognito.names.get(value.reveal(), "?") if value else None

    def status(self) -> Mapping[str, Any]:
        """Give the resource's status."""
        return self.resources.status(KEY)

    def condition(self, kind: str) -> Mapping[str, Any]:
        """Give a condition as status shows it."""
        conditions = self.status().get("conditions") or ()
        empty: Mapping[str, Any] = {"status": "", "reason": "", "message": ""}
        return next((one for one in conditions if one["type"] == kind), empty)

    def all_values(self) -> list[str]:
        """Give every secret value that there ever was."""
        return [*self.cognito.names, *self.value_generator.drawn]

    def assert_rotated_once(self) -> None:
        """Check the end of one rotation: one secret everywhere, and one rotation in the books."""
        journal = self.existing_journal()
        assert journal.current is not None
        current = journal.current.id
        assert self.held_ids() == [current]
        assert self.target_current() == current
        assert (journal.pending, journal.previous, journal.marked_id) == (None, None, None)
        assert [one.outcome for one in journal.rotations] == [Outcome.SUCCESS]
        assert [self.laws.may_hold(pod) for pod in self.workloads.pods] == [{current}, {current}]
        assert len(self.cognito.adds) == 1
        assert len(self.cognito.deletes) <= 1

    def assert_silent(self) -> None:
        """Check that no value is anywhere but in the two Secrets' data."""
        marks = [secret.annotations for secret in self.secrets.stored.values()]
        told = repr((self.resources.bodies, self.events.recorded, marks, self.workloads.stamps))
        assert not [value for value in self.all_values() if value in told]

    def request_rotation(self, token: str) -> None:
        """Let a person ask for a rotation."""
        self.resources.annotate_for_test(KEY, {ROTATE_ANNOTATION: token})

    def leak(self, secret_id: str, *, now: bool = False) -> None:
        """Let a person report that a secret leaked."""
        token = EMERGENCY_NOW_ANNOTATION if now else EMERGENCY_ANNOTATION
        self.laws.may_be_pulled_away |= {secret_id} if now else set()
        self.resources.annotate_for_test(KEY, {token: secret_id})

    def approve(self, secret_id: str) -> None:
        """Let a person approve a deletion."""
        self.resources.annotate_for_test(KEY, {APPROVE_ANNOTATION: secret_id})
