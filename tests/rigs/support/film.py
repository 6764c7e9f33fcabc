"""A film of a world: one line for each effect and each new reason to wait, as a person reads it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from .fakes.workloads import LivePod
from .world import World

__all__ = ["Film", "filming"]

_LOG = logging.getLogger("cognito_secret_operator.service")


class Film(logging.Handler):
    """Keeps what a world looked like when a pass began, and what the pass said."""

    def __init__(self, world: World) -> None:
        """Begin a film of *world*."""
        super().__init__(logging.INFO)
        self.world = world
        self.lines: list[str] = []
        self._passes = 0
        self._before = ""
        self._started = world.clock.now()

    def look(self) -> None:
        """Keep the world's state: a pass begins."""
        self._passes += 1
        self._before = "  ".join(
            (_cognito(self.world), _journal(self.world), _target(self.world), _pods(self.world))
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Add a line."""
        effect = getattr(record, "effect", "-")
        reason = getattr(record, "reason", "")
        shot = f"pass {self._passes:<3} {self._time()}  {self._before}"
        self.lines.append(f"{shot}\n         -> {effect} {reason}: {record.getMessage()}")

    def note(self, what: str) -> None:
        """Add a line for something that a person does."""
        self.lines.append(f"         {self._time()}  == {what}")

    def text(self) -> str:
        """Give the whole film."""
        return "\n".join(self.lines) + "\n"

    def _time(self) -> str:
        since = self.world.clock.now() - self._started
        hours, seconds = divmod(int(since.total_seconds()), 3600)
        return f"+{hours:03}:{seconds // 60:02}:{seconds % 60:02}"


@contextmanager
def filming(world: World) -> Iterator[Film]:
    """Film what the world's processes do."""
    film, level = Film(world), _LOG.level
    world.resources.at_each_read = film.look
    _LOG.addHandler(film)
    _LOG.setLevel(logging.INFO)
    try:
        yield film
    finally:
        _LOG.removeHandler(film)
        _LOG.setLevel(level)


def _cognito(world: World) -> str:
    return f"cognito[{' '.join(held.id for held in world.cognito.held)}]"


def _journal(world: World) -> str:
    if (secret := world.journal_secret()) is None:
        return "journal[none]"
    journal = world.journal()
    if journal is None or not secret.data:
        return "journal[empty]"
    parts = [f"cur={journal.current.id}" if journal.current else ""]
    parts.append(f"prev={journal.previous.id}" if journal.previous else "")
    if journal.pending is not None:
        parts.append(f"pend={journal.pending.secret.id if journal.pending.secret else '?'}")
    if journal.publication is not None:
        recorded = "" if journal.publication.published else "…"
        parts.append(f"pub={journal.publication.number}{recorded}")
    parts.append(f"marked={journal.marked_id}" if journal.marked_id else "")
    return f"journal[{' '.join(part for part in parts if part)}]"


def _target(world: World) -> str:
    if world.target() is None:
        return "target[none]"
    return f"target[{world.target_current() or 'empty'}]"


def _pods(world: World) -> str:
    return f"pods[{' '.join(_pod(world, pod) for pod in world.workloads.pods)}]"


def _pod(world: World, pod: LivePod) -> str:
    """Name what a pod may hold; a cross after it says that the pod is terminating."""
    held = "/".join(sorted(world.laws.may_hold(pod)))
    return held + ("†" if pod.terminating_at else "")
