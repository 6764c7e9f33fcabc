"""What the journal notes when a roll-out failed and the previous secret comes back."""

from dataclasses import replace

from .journal import Journal, Outcome, Publication, next_entry
from .leaks import can_turn_back

__all__ = ["can_roll_back", "rolled_back", "was_rolled_back"]


def can_roll_back(journal: Journal) -> bool:
    """Tell whether the rotation that is on can be taken back; a rollback itself cannot."""
    rotation = journal.rotation
    return rotation is not None and rotation.outcome is None and can_turn_back(journal)


def rolled_back(journal: Journal) -> Journal:
    """Make the previous secret current again, in a new publication.

    The new one becomes previous: it goes on the evidence that nobody holds it, like any other. The
    rotation's outcome is known from here on, its end is when that one is gone.
    """
    current, previous, rotation = journal.current, journal.previous, journal.rotation
    if current is None or previous is None or rotation is None:
        raise ValueError("no rotation is on that could be taken back")
    number = journal.publication.number if journal.publication else 0
    return next_entry(
        journal,
        current=previous,
        previous=current,
        returned=(*journal.returned, previous.id),
        publication=Publication(number=number + 1),
        rotation=replace(rotation, outcome=Outcome.ROLLED_BACK),
    )


def was_rolled_back(journal: Journal) -> bool:
    """Tell whether the last rotation was taken back, so that the next one waits for a person."""
    last = journal.rotations[-1] if journal.rotations else None
    return last is not None and last.outcome is Outcome.ROLLED_BACK
