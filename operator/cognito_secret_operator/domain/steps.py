"""Where a rotation stands, who may hold its previous secret, and when each step began."""

from datetime import datetime, timedelta

from .consumers import ConsumerMode
from .evidence import Holder
from .journal.journal import Journal, Outcome, Rotation
from .observed import Observed
from .report import Step
from .rollout import Consumers

__all__ = ["exposure_of", "holders_of", "rotation_began_at", "step_began_at", "step_of"]


def step_of(observed: Observed) -> Step:
    """Return the step at which the rotation stands; `Step.IDLE` where none is on."""
    journal = observed.known_journal
    if journal is None:
        return Step.IDLE
    if journal.pending is not None:
        return Step.VERIFYING if journal.pending.secret else Step.STAGED
    if journal.previous is None:
        return Step.IDLE
    if journal.published is None:
        return Step.PUBLISHING
    if journal.marked_id is not None:
        return Step.RETIRING
    proof = observed.evidence
    if proof is None or observed.now <= proof.settled_at:
        return Step.SETTLING
    return Step.OVERLAP if holders_of(observed) == () else Step.ROLLING_OUT


def holders_of(observed: Observed) -> tuple[Holder, ...] | None:
    """Return all that may hold the previous secret; None where that is not known.

    It is not known where no pods were read in this pass, where a listed workload is missing, and
    where neither a consumer was found nor one declared.
    """
    journal = observed.known_journal
    if journal is None or journal.previous is None:
        return ()
    found = observed.consumers
    if observed.evidence is None or not isinstance(found, Consumers):
        return None
    declared = observed.resource.spec.rollout.consumers.mode is ConsumerMode.NONE
    elsewhere = observed.resource.spec.acknowledgements
    if found.missing or not (found.workloads or found.pods or declared or elsewhere):
        return None
    return observed.holders


def rotation_began_at(journal: Journal) -> datetime | None:
    """Return when the rotation that is on began; None at rest."""
    if journal.pending is not None:
        return journal.pending.rotation.started_at
    if journal.previous is None:
        return None
    # A journal that was rebuilt knows two secrets and no rotation.
    if journal.rotation is None:
        return journal.current.created_at if journal.current else None
    return journal.rotation.started_at


def step_began_at(observed: Observed, step: Step) -> datetime | None:
    """Return when *step* began, or a moment before that: the journal does not record each step.

    Returns:
        None at rest.

    """
    journal = observed.journal
    began = rotation_began_at(journal)
    if began is None or step is Step.IDLE:
        return None
    recorded = journal.pending.recorded_at if journal.pending else None
    proof = observed.evidence
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
    """Return how long both secrets of a finished rotation were valid; None where unknown.

    The new secret must still be the current one, for its creation is recorded with it.
    """
    current = journal.current
    if rotation.outcome is not Outcome.SUCCESS or rotation.finished_at is None or current is None:
        return None
    if not rotation.retired_id or current.id != rotation.secret_id:
        return None
    return rotation.finished_at - current.created_at
