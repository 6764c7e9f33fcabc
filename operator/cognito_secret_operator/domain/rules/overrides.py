"""Named orders: a person or the spec wants the previous secret gone whoever may still hold it.

An order stands in for evidence and for nothing else. Settling, approval, windows, the look at what
Cognito lists and the current secret's proof are asked for as always; so is the read of who holds
it, which the order's event names.
"""

from collections.abc import Iterable
from functools import wraps
from typing import Final

from ..actions import Hold, Plan, Wait
from ..journal.journal import RetiredBy
from ..observed import Observed
from ..rollout import Consumers
from ..spec import OnMaxOverlap
from . import Rule
from .outside import OUTSIDE
from .rolling_out import ROLLING_OUT

__all__ = ["EVIDENCE", "doubt", "giving_way", "order_in_force"]

EVIDENCE: Final[tuple[Rule, ...]] = (*ROLLING_OUT, *OUTSIDE)
"""Rules that hold the deletion while somebody may hold the previous secret."""


def order_in_force(observed: Observed) -> RetiredBy | None:
    """Tell by which order the previous secret goes, whoever may hold it; None where by none."""
    previous, proof = observed.journal.previous, observed.rolling
    if previous is None or proof is None or observed.now <= proof.settled_at:
        return None
    if observed.resource.override_id == observed.journal.name_of(previous.id):
        return RetiredBy.OVERRIDE
    retirement = observed.resource.spec.retirement
    is_late = observed.now > proof.published_at + retirement.max_overlap
    if retirement.on_max_overlap is OnMaxOverlap.DELETE and is_late:
        return RetiredBy.MAX_OVERLAP
    return None


def giving_way(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Let each rule's holds and waits give way to an order; looks and effects do not.

    Nor does the hold for a read that failed: an order names who may hold the secret.
    """
    return tuple(_giving_way(rule) for rule in rules)


def doubt(observed: Observed, rules: Iterable[Rule]) -> Plan | None:
    """Give the first hold or wait that an order has to overcome; None where there is no doubt."""
    plans = (rule(observed) for rule in rules)
    return next((one for one in plans if one and isinstance(one.action, Hold | Wait)), None)


def _giving_way(rule: Rule) -> Rule:
    @wraps(rule)
    def unless_ordered(observed: Observed) -> Plan | None:
        said = rule(observed)
        if said is None or not isinstance(said.action, Hold | Wait):
            return said
        is_read = isinstance(observed.consumers, Consumers)
        return None if is_read and order_in_force(observed) is not None else said

    return unless_ordered
