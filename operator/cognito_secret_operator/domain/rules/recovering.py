"""In the middle of a rotation: the current secret was deleted at Cognito by others."""

from ...names import ROTATE_ANNOTATION
from ...reasons import Reason
from ..actions import DropFromJournal, Plan, Reinstate
from ..journal.journal import Outcome
from ..observed import Observed
from ..spec import Recovery
from .needs import hold, listing


def current_is_missing_in_the_overlap(observed: Observed) -> Plan | None:
    """The current secret is gone at Cognito while the previous one is kept: go back to that one.

    No Add is needed, so it is the quickest way to a target that works. Pods that hold the lost
    secret are moved like in any roll-out. Where both are gone nothing is left to protect.
    """
    current, previous = observed.journal.current, observed.journal.previous
    if current is None or previous is None or not observed.is_surely_missing(current.id):
        return None
    if observed.resource.spec.recovery is Recovery.MANUAL and not _is_asked(observed):
        return current_is_held(current.id)
    listed = listing(observed)
    if listed.get(current.id) is not None:
        return None
    gone = f"Cognito no longer has the current secret {current.id}, which was deleted by others"
    if listed.get(previous.id) is not None:
        return Plan(
            Reinstate(),
            Reason.CURRENT_SECRET_MISSING,
            f"{gone}: the previous one, {previous.id}, becomes current again",
        )
    if not observed.is_surely_missing(previous.id):
        return None
    return Plan(
        DropFromJournal(previous.id, Outcome.LOST),
        Reason.CURRENT_SECRET_MISSING,
        f"{gone}, nor the previous one, {previous.id}: a new one is needed",
    )


def current_is_held(current_id: str) -> Plan:
    """Hold, with what a person has to do about a current secret that is gone."""
    return hold(
        Reason.CURRENT_SECRET_MISSING,
        f"Cognito does not have the current secret {current_id} any more, and spec.recovery is "
        "Manual",
        f"annotate the resource with {ROTATE_ANNOTATION} and any new value, or set "
        "spec.recovery to Automatic",
    )


def _is_asked(observed: Observed) -> bool:
    token = observed.resource.rotate_token
    return token is not None and token != observed.journal.handled_rotate
