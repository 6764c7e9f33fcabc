"""What the journal notes when the previous secret becomes current again."""

from dataclasses import replace

from .journal import Journal, Outcome, Publication, next_entry

__all__ = ["can_roll_back", "can_turn_back", "rolled_back", "turned_back", "was_rolled_back"]


def can_turn_back(journal: Journal) -> bool:
    """Return whether the previous secret can be current again.

    Not where it leaked as well, nor where it is marked: its Delete may be under way.
    """
    previous = journal.previous
    if previous is None or previous.value is None or journal.marked_id == previous.id:
        return False
    return not journal.is_leaked(previous.id)


def turned_back(journal: Journal, **changes: object) -> Journal:
    """Make the previous secret current again and the current one previous, to be published."""
    if journal.current is None or journal.previous is None:
        raise ValueError("there is no previous secret to go back to")
    swap: dict[str, object] = {
        "current": journal.previous,
        "previous": journal.current,
        "returned": (*journal.returned, journal.previous.id),
        "publication": Publication(journal.publication_number + 1),
    }
    return next_entry(journal, **(swap | changes))


def can_roll_back(journal: Journal) -> bool:
    """Return whether the rotation that is on can be taken back; a rollback itself cannot."""
    rotation = journal.rotation
    return rotation is not None and rotation.outcome is None and can_turn_back(journal)


def rolled_back(journal: Journal) -> Journal:
    """Make the previous secret current again, in a new publication.

    The new one becomes previous: it is deleted on the same evidence as any other. The
    rotation's outcome is known from here on, its end is when that one is gone.
    """
    if journal.rotation is None:
        raise ValueError("no rotation is on that could be taken back")
    return turned_back(journal, rotation=replace(journal.rotation, outcome=Outcome.ROLLED_BACK))


def was_rolled_back(journal: Journal) -> bool:
    """Return whether the last rotation was taken back, so that the next one waits for a person."""
    last = journal.rotations[-1] if journal.rotations else None
    return last is not None and last.outcome is Outcome.ROLLED_BACK
