"""What tells two states of the small model apart.

The rules compare dates with dates, by spans of at most a few minutes. So only the order of the
dates matters, and their distances up to `LONGEST`: with longer ones cut, the states are finite
though time is not. Counters that only ever rise are replaced by "is it still the present one", and
what can never matter again is left out: an answer to an older rotation, a write to be refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cognito_secret_operator.domain.actions import Action, Add, Delete, Publish, Stamp
from cognito_secret_operator.domain.journal.journal import Journal, Outcome
from cognito_secret_operator.domain.model import StoredSecret
from cognito_secret_operator.domain.projection import stamp_value

from .small_model import BEGINNING, MINUTE, Flight, ModelProcess, State
from .small_moves import workload_version

__all__ = ["key_of"]

LONGEST: Final = 3
"""Longer than any span of the model's `TIMING`; deadline and lag together are two minutes."""

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Date:
    """A date in a key, before distances are cut."""

    minute: int


def key_of(state: State) -> _Key:
    """Give what two states have in common that behave alike."""
    world = (
        _book_key(state.book),
        tuple((one.id, one.value) for one in state.cognito),
        tuple(one.id for one in state.was) if state.now == state.changed else None,
        None if state.speaks else tuple(_Date(one.born) for one in state.cognito),
        state.target.resource_version,
        tuple((_Date(since), secret) for since, secret in _shown_lately(state)),
        tuple(
            (_Date(pod.born), pod.holds, pod.stamp, pod.leaving, pod.acknowledged)
            for pod in state.pods
        ),
        state.stamp,
        (state.leaks, state.report, state.failures, state.failed),
        (
            state.adds,
            state.crashes,
            state.losses,
            state.edits,
            state.drains,
            state.reloads,
            state.strangers,
        ),
        (state.orders, state.is_ordered),
        (state.removals, state.removed),
    )
    processes = tuple(_process_key(process, state) for process in state.processes)
    found = {date.minute for date in _dates_in((world, processes))}
    distances = _distances(sorted(found, reverse=True), state.now)
    # Processes are alike: which one is which does not matter.
    alike = sorted((_shortened(one, distances) for one in processes), key=repr)
    return (_shortened(world, distances), *alike)


def _shown_lately(state: State) -> tuple[tuple[int, str], ...]:
    recent = [one for one in state.shown if one[0] >= state.now - 1]
    older = [(-1, secret) for since, secret in state.shown if since < state.now - 1]
    return (*older[-1:], *recent)


def _book_key(book: Journal) -> _Key:
    pending, publication = book.pending, book.publication
    record = publication.published if publication else None
    rolls = book.previous is not None
    return (
        book.current.id if book.current else None,
        book.previous.id if book.previous else None,
        (book.marked_id, book.marked_by),
        book.emergency and (book.emergency.leaked, book.emergency.now, book.emergency.renews),
        book.handled_emergency,
        book.shown_previous.id if book.shown_previous else None,
        publication.number if publication else None,
        (_Date(_minute(record.at)) if rolls else None, record.data_owner) if record else None,
        (
            pending.value.reveal(),
            (pending.secret.id, _Date(_minute(pending.recorded_at)))
            if pending.secret and pending.recorded_at
            else (pending.before, _Date(_minute(pending.claim.at))),
        )
        if pending
        else None,
        _failure_key(book),
    )


def _failure_key(book: Journal) -> _Key | None:
    last = book.rotations[-1] if book.rotations else None
    if last is None or last.outcome is not Outcome.REFUSED or last.finished_at is None:
        return None
    return (last.trigger, _Date(_minute(last.finished_at)))


def _process_key(process: ModelProcess, state: State) -> _Key:
    memory, claim, pending = process.memory, process.claim, state.book.pending
    answers = memory.added and pending and memory.added[0] == pending.rotation
    stamp = stamp_value(state.book)
    clear = memory.clear if memory.clear and memory.clear[0] == stamp else None
    may_send = claim and claim[0] == state.book.sequence and claim[1] > state.now
    return (
        (claim[1] - state.now, memory.add_sent) if claim and may_send else None,
        memory.added[1].id if memory.added and answers else None,
        memory.deleted & state.book.ids,
        tuple(
            (secret_id, _Date(_minute(since)))
            for secret_id, since in sorted(memory.missing.items())
            if secret_id in state.book.ids
        ),
        _Date(_minute(clear[1])) if clear else None,
        any(stamped == stamp for _, stamped in memory.stamped),
        process.held,
        _flight_key(process, process.flight, state) if process.flight else None,
    )


def _flight_key(process: ModelProcess, flight: Flight, state: State) -> _Key:
    observed, action = flight.observed, flight.action
    match action:
        case Add():
            may_send = process.claim is not None and process.claim[1] > state.now
            pending = observed.journal.pending
            return ("Add", pending.value.reveal()) if pending and may_send else ("refused",)
        case Delete(secret_id, order):
            return ("Delete", secret_id, order)
        case Stamp(workload, stamp):
            fresh = workload.resource_version == workload_version(state)
            return ("Stamp", stamp) if fresh else ("refused",)
        case Publish():
            target, written = observed.target, state.target.resource_version
            fresh = isinstance(target, StoredSecret) and target.resource_version == written
            number = observed.journal.publication
            return ("Publish", number and number.number) if fresh else ("refused",)
        case _:
            fresh = observed.journal.sequence == state.book.sequence
            looked_at = _Date(_minute(observed.now))
            return (*_told(action), looked_at) if fresh else ("refused",)


def _told(action: Action) -> _Key:
    """Write an action without the dates that are in it."""
    parts = [
        getattr(action, name)
        for name in ("secret_id", "verified", "before", "trigger", "request", "order")
        if hasattr(action, name)
    ]
    remote = getattr(action, "remote", None)
    return (type(action).__name__, *parts, remote.id if remote else None)


def _dates_in(key: object) -> Iterator[_Date]:
    if isinstance(key, _Date):
        yield key
    elif isinstance(key, tuple):
        for part in key:
            yield from _dates_in(part)


def _distances(dates: list[int], now: int) -> dict[int, int]:
    """Map each date to its distance from now, with every gap cut to `LONGEST`."""
    distances, later, distance = {}, now, 0
    for minute in dates:
        distance += min(later - minute, LONGEST)
        distances[minute], later = distance, minute
    return distances


def _shortened(key: _Key, distances: dict[int, int]) -> _Key:
    return tuple(
        distances[part.minute]
        if isinstance(part, _Date)
        else _shortened(part, distances)
        if isinstance(part, tuple)
        else part
        for part in key
    )


def _minute(moment: datetime) -> int:
    return int((moment - BEGINNING) / MINUTE)
