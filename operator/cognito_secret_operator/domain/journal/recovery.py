"""What the journal notes when something was lost or came from elsewhere."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from ..spec import EmergencyRequest
from .journal import (
    Journal,
    JournaledSecret,
    Outcome,
    Publication,
    finished,
    kept,
    next_entry,
)
from .rollback import turned_back
from .tokens import earlier_tokens

__all__ = ["rebuilt", "reinstated", "taken_over", "unmarked"]

SEQUENCES_SKIPPED: Final = 100
"""By a journal that is written anew: status may lag behind by what one process writes in a row, and
a backup of the lost journal must not be taken for the newer one."""


def rebuilt(
    journal: Journal,
    *,
    current: JournaledSecret,
    previous: JournaledSecret | None = None,
    retired: JournaledSecret | None = None,
    publication_number: int,
    rotate_token: str | None,
    emergency: EmergencyRequest | None = None,
    seen_sequence: int,
) -> Journal:
    """Begin the journal, or begin it anew.

    Of an old one the record of rotations is kept, and a leak that was not dealt with.
    """
    last = max(journal.sequence, seen_sequence)
    ids = {current.id} | ({previous.id} if previous is not None else set())
    is_old = emergency is not None and emergency.secret_id not in ids
    leaked = journal.emergency is not None and not ids.isdisjoint(journal.emergency.leaked)
    return Journal(
        uid=journal.uid,
        namespace=journal.namespace,
        client=journal.client,
        sequence=last + SEQUENCES_SKIPPED if last else 1,
        current=current,
        previous=previous,
        retired=retired,
        publication=Publication(number=publication_number),
        handled_rotate=rotate_token or journal.handled_rotate,
        earlier_rotates=earlier_tokens(
            journal.earlier_rotates, journal.handled_rotate, rotate_token or journal.handled_rotate
        ),
        returned=tuple(one for one in journal.returned if one in ids),
        initial_is_wanted=journal.initial_is_wanted,
        emergency=journal.emergency if leaked else None,
        handled_emergency=emergency if is_old else None,
        rotations=journal.rotations,
    )


def taken_over(journal: Journal, *, uid: str, namespace: str) -> Journal:
    """Bind a journal from elsewhere to this Secret.

    The sequence stays: raised, an old journal might pass for one that status has seen.
    """
    return replace(journal, uid=uid, namespace=namespace)


def unmarked(journal: Journal) -> Journal:
    """Take the mark of deletion off a foreign secret: it is gone, or must stay after all."""
    if journal.marked_id is None or journal.marked_id in journal.ids:
        raise ValueError("only a foreign secret loses its mark")
    return next_entry(journal, marked_id=None, marked_by=None)


def reinstated(journal: Journal, *, at: datetime) -> Journal:
    """Make the previous secret current again: the current one is gone at Cognito.

    The lost one becomes previous, so that pods which hold it are moved before it is forgotten. A
    unknown value cannot be published: then the journal only records which secret is left.
    """
    current, previous = journal.current, journal.previous
    if current is None or previous is None:
        raise ValueError("there is no previous secret to go back to")
    rotations = journal.rotations
    if journal.rotation is not None:
        rotations = kept(journal, finished(journal.rotation, at, Outcome.LOST))
    publishable = previous.value is not None
    renews = journal.emergency is not None and (
        journal.emergency.renews or journal.is_leaked(previous.id)
    )
    return turned_back(
        journal,
        previous=current if publishable else None,
        retired=None if publishable else current,
        rotation=None,
        rotations=rotations,
        marked_id=None,
        marked_by=None,
        emergency=journal.emergency and replace(journal.emergency, renews=renews),
    )
