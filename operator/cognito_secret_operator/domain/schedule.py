"""When the next rotation is due."""

import hashlib
from datetime import datetime, timedelta

from .journal import Journal, Outcome
from .model import Timing
from .spec import Resource

__all__ = ["due_at", "early_by", "overdue_at", "retry_at"]

_LONGEST_SPREAD = timedelta(hours=24)


def early_by(resource: Resource) -> timedelta:
    """Spread the rotations of many clients: up to a tenth of the interval, at most a day.

    Derived from pool and client alone, so that it is the same after the resource is made anew.
    Rotations are early by it, never late.
    """
    spread = min(resource.spec.rotation.interval / 10, _LONGEST_SPREAD)
    client = resource.spec.client
    digest = hashlib.sha256(f"{client.pool_id}/{client.client_id}".encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:8]) % max(1, int(spread.total_seconds())))


def due_at(resource: Resource, journal: Journal, timing: Timing) -> datetime | None:
    """Tell when the schedule starts the next rotation; None before anything is adopted.

    After a failed rotation the next try waits for *timing.retry_after_failure*.
    """
    if journal.current is None:
        return None
    due = journal.current.created_at + resource.spec.rotation.interval - early_by(resource)
    retry = retry_at(journal, timing)
    return due if retry is None else max(due, retry)


def retry_at(journal: Journal, timing: Timing) -> datetime | None:
    """Tell when a failed rotation may be tried again; None where the last one did not fail."""
    last = journal.rotations[-1] if journal.rotations else None
    if last is None or last.outcome is not Outcome.REFUSED or last.finished_at is None:
        return None
    return last.finished_at + timing.retry_after_failure


def overdue_at(resource: Resource, journal: Journal) -> datetime | None:
    """Tell when the current secret is older than ``rotation.maxAge`` allows."""
    if journal.current is None:
        return None
    return journal.current.created_at + resource.spec.rotation.max_age
