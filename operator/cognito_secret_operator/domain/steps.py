"""When a rotation and its steps began, as the journal tells it, and how long two secrets lived."""

from datetime import datetime, timedelta

from .journal.journal import Journal, Outcome, Rotation
from .observed import Observed
from .report import Step
from .rules.rolling_out import evidence

__all__ = ["exposure_of", "rotation_began_at", "step_began_at"]


def rotation_began_at(journal: Journal) -> datetime | None:
    """Tell when the rotation that is on began; None at rest."""
    if journal.pending is not None:
        return journal.pending.rotation.started_at
    if journal.previous is None:
        return None
    # A journal that was rebuilt knows two secrets and no rotation.
    if journal.rotation is None:
        return journal.current.created_at if journal.current else None
    return journal.rotation.started_at


def step_began_at(observed: Observed, step: Step) -> datetime | None:
    """Tell when *step* began, or a moment before that: the journal does not record each step.

    Returns:
        None at rest.

    """
    journal = observed.journal
    began = rotation_began_at(journal)
    if began is None or step is Step.IDLE:
        return None
    recorded = journal.pending.recorded_at if journal.pending else None
    proof = evidence(observed)
    match step:
        case Step.STAGED:
            return began
        case Step.VERIFYING:
            return recorded or began
        case Step.PUBLISHING:
            return max(began, journal.current.created_at) if journal.current else began
        case Step.SETTLING:
            return proof.published_at if proof else began
        case Step.ROLLING_OUT:
            return proof.settled_at if proof else began
        case Step.OVERLAP | Step.RETIRING:
            clear = observed.memory.clear
            if proof is not None and clear is not None and clear[0] == proof.stamp:
                return clear[1]
            return proof.settled_at if proof else began


def exposure_of(journal: Journal, rotation: Rotation) -> timedelta | None:
    """Tell how long both secrets of a finished rotation were valid; None where nobody knows.

    The new secret must still be the current one, for its creation is recorded with it.
    """
    current = journal.current
    if rotation.outcome is not Outcome.SUCCESS or rotation.finished_at is None or current is None:
        return None
    if not rotation.retired_id or current.id != rotation.secret_id:
        return None
    return rotation.finished_at - current.created_at
