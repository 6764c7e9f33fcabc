"""Consumers outside this namespace's pods: who has not said yet that it uses the current secret."""

from datetime import datetime

from ..names import consumer_ack_annotation
from .evidence import Holder
from .journal.journal import Journal
from .spec import Acknowledgement, Resource
from .text import moment_text

__all__ = ["accepted_risks", "how_to_acknowledge", "outside_holders"]


def outside_holders(resource: Resource, journal: Journal, now: datetime) -> tuple[Holder, ...]:
    """List the declared consumers that may still use the previous secret, in the spec's order.

    One that names the current secret's id has moved: its word is all the evidence there can be.
    One with a delay counts as moved when that has passed since the publication.
    """
    published = journal.published
    if published is None or journal.current is None:
        return ()
    return tuple(
        Holder(
            who=f"Acknowledgement/{one.name}",
            since=published.at,
            owner=None,
            is_outside=True,
        )
        for one in resource.spec.acknowledgements
        if not _has_said_so(one, resource, journal.name_of(journal.current.id))
        and not _has_had_its_delay(one, published.at, now)
    )


def accepted_risks(resource: Resource, journal: Journal) -> tuple[str, ...]:
    """Name the consumers that count as moved only because their delay has passed."""
    current = journal.name_of(journal.current.id) if journal.current else ""
    return tuple(
        f"Acknowledgement/{one.name}"
        for one in resource.spec.acknowledgements
        if one.delay is not None and not _has_said_so(one, resource, current)
    )


def how_to_acknowledge(
    resource: Resource, journal: Journal, waiting_for: tuple[Holder, ...]
) -> str:
    """Return how each outside consumer acknowledges, or when its delay has passed."""
    current = journal.name_of(journal.current.id) if journal.current else ""
    published = journal.published
    waiting = {holder.who for holder in waiting_for}
    told = []
    for one in resource.spec.acknowledgements:
        if f"Acknowledgement/{one.name}" not in waiting:
            continue
        if one.delay is None or published is None:
            told.append(
                f"set {consumer_ack_annotation(one.name)}: {current} once {one.name} uses it"
            )
        else:
            until = moment_text(published.at + one.delay)
            told.append(f"{one.name} counts as moved at {until}, an accepted risk")
    return "; ".join(told)


def _has_said_so(one: Acknowledgement, resource: Resource, current_id: str) -> bool:
    return resource.acknowledged.get(one.name) == current_id


def _has_had_its_delay(one: Acknowledgement, published_at: datetime, now: datetime) -> bool:
    return one.delay is not None and now > published_at + one.delay
