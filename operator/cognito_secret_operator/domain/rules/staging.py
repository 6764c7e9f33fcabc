"""The first step of every rotation: a value is drawn and written down, if a slot is free."""

from ...reasons import Reason
from ..actions import Plan, Stage
from ..model import Trigger
from ..observed import Observed
from ..value import SecretValue
from .adoption import client_is_public, slots_are_blocked
from .needs import listing, wait

__all__ = ["stage"]


def stage(observed: Observed, trigger: Trigger, why: str, value: SecretValue | None = None) -> Plan:
    """Plan to stage a new value (drawn unless it is given), or to look or hold first."""
    if observed.resource.is_being_deleted:
        return wait(Reason.BEING_DELETED, "the resource is being deleted: no new rotation begins")
    listed = listing(observed)
    refusal = client_is_public(observed, listed) or slots_are_blocked(observed, listed)
    return refusal or Plan(
        Stage(
            before=listed.ids,
            trigger=trigger,
            rotate_token=observed.resource.rotate_token,
            value=value,
        ),
        Reason.STAGING,
        f"{'drawing a new value' if value is None else 'taking the given value'}: {why}",
    )
