"""When the next rotation starts: by the current secret's age, in windows, or both."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from .journal.journal import Journal, Outcome
from .model import Timing
from .spec import Resource
from .windows import Opening, next_opening, open_windows

__all__ = [
    "due_at",
    "early_by",
    "is_owed",
    "missed_opening",
    "overdue_at",
    "retry_at",
    "starts_at",
]

_LONGEST_SPREAD = timedelta(hours=24)
_LONGEST_DELAY: Final = timedelta(hours=1)
"""How far into a window a rotation may be put off, for the others' sake."""


def early_by(resource: Resource) -> timedelta:
    """Spread the rotations of many clients: up to a tenth of the interval, at most a day.

    Derived from pool and client alone, so that it is the same after the resource is made anew.
    Rotations are early by it, never late.
    """
    spread = min(resource.spec.rotation.interval / 10, _LONGEST_SPREAD)
    return _share(resource, spread)


def due_at(resource: Resource, journal: Journal, timing: Timing) -> datetime | None:
    """Return when the current secret is old enough to be replaced; None where age is no reason.

    After a failed rotation the next try waits for *timing.retry_after_failure*.
    """
    if journal.current is None or resource.spec.rotation.is_by_windows:
        return None
    due = journal.current.created_at + resource.spec.rotation.interval - early_by(resource)
    retry = retry_at(journal, timing)
    return due if retry is None else max(due, retry)


def starts_at(
    resource: Resource, journal: Journal, timing: Timing, now: datetime
) -> datetime | None:
    """Return when the schedule starts the next rotation; None before anything is adopted.

    With windows it is in the opening at hand where that still serves, else in the next one: what
    was missed is never made up for outside of a window.
    """
    due, windows = due_at(resource, journal, timing), resource.spec.rotation.windows
    if journal.current is None or not windows:
        return due
    not_before = due or retry_at(journal, timing) or journal.current.created_at
    moment = max(now, not_before)
    starts = [
        max(opening.opens_at + _delay(resource, opening), not_before)
        for opening in (
            *_that_serve(resource, journal, open_windows(windows, moment)),
            *(next_opening(window, moment) for window in windows),
        )
    ]
    return min(starts)


def missed_opening(
    resource: Resource, journal: Journal, next_start: datetime, now: datetime
) -> datetime | None:
    """Return the opening that has passed without the rotation that was promised for it."""
    promised, windows = resource.status.next_rotation_at, resource.spec.rotation.windows
    if promised is None or journal.current is None or journal.pending is not None:
        return None
    if promised > now or next_start <= now:
        return None
    was_kept = _has_rotated_since(journal, promised)
    return None if was_kept or not open_windows(windows, promised) else promised


def is_owed(resource: Resource, journal: Journal, timing: Timing, promised: datetime) -> bool:
    """Return whether the rotation that was missed at *promised* has still not begun.

    A spec by which it would not have begun then, or would not have had to wait, ends it too.
    """
    due = due_at(resource, journal, timing)
    if journal.current is None or (due is not None and due > promised):
        return False
    if _has_rotated_since(journal, promised):
        return False
    return bool(open_windows(resource.spec.rotation.windows, promised))


def retry_at(journal: Journal, timing: Timing) -> datetime | None:
    """Return when a failed rotation may be tried again; None where the last one did not fail."""
    last = journal.rotations[-1] if journal.rotations else None
    if last is None or last.outcome is not Outcome.REFUSED or last.finished_at is None:
        return None
    return last.finished_at + timing.retry_after_failure


def overdue_at(resource: Resource, journal: Journal) -> datetime | None:
    """Return when the current secret is older than ``rotation.maxAge`` allows."""
    if journal.current is None:
        return None
    return journal.current.created_at + resource.spec.rotation.max_age


def _has_rotated_since(journal: Journal, moment: datetime) -> bool:
    """Return whether the last rotation, even one that failed, or the current secret is as young."""
    last = journal.rotation or (journal.rotations[-1] if journal.rotations else None)
    if last is not None and last.started_at >= moment:
        return True
    return journal.current is not None and journal.current.created_at >= moment


def _that_serve(
    resource: Resource, journal: Journal, openings: tuple[Opening, ...]
) -> tuple[Opening, ...]:
    """Leave out openings that had their rotation, where each one is to have just one."""
    if not resource.spec.rotation.is_by_windows:
        return openings
    return tuple(one for one in openings if _rotated_at(journal) < one.opens_at)


def _rotated_at(journal: Journal) -> datetime:
    """Return when the current secret was created; by our own record too: clocks may differ."""
    if journal.current is None:
        raise LookupError
    rotations = [journal.rotation, *journal.rotations]
    started = [
        one.started_at
        for one in rotations
        if one is not None and one.outcome is not Outcome.REFUSED
    ]
    return max([journal.current.created_at, *started])


def _delay(resource: Resource, opening: Opening) -> timedelta:
    """Spread the rotations of many clients over the first half of a window, an hour at most."""
    return _share(resource, min(opening.window.duration / 2, _LONGEST_DELAY))


def _share(resource: Resource, spread: timedelta) -> timedelta:
    client = resource.spec.client
    digest = hashlib.sha256(f"{client.pool_id}/{client.client_id}".encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:8]) % max(1, int(spread.total_seconds())))
