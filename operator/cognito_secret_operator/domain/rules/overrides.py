"""Named orders: a person or the spec wants the previous secret gone although it may be held.

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
from .needs import outcome
from .outside import target_is_replicated
from .rolling_out import (
    failed_rollout_is_rolled_back,
    listed_workload_is_missing,
    no_consumer_is_found,
    pod_is_not_covered,
    previous_secret_is_still_held,
    previous_was_deleted_elsewhere,
    publication_settles,
    rollout_is_unfinished,
    workload_needs_the_stamp,
)

__all__ = ["EVIDENCE", "doubt", "order_in_force", "overridable"]

EVIDENCE: Final[tuple[Rule, ...]] = (
    publication_settles,
    previous_was_deleted_elsewhere,
    no_consumer_is_found,
    workload_needs_the_stamp,
    listed_workload_is_missing,
    pod_is_not_covered,
    failed_rollout_is_rolled_back,
    previous_secret_is_still_held,
    rollout_is_unfinished,
    target_is_replicated,
)
"""The rules that hold the deletion while the previous secret may still be held."""


def order_in_force(observed: Observed) -> RetiredBy | None:
    """Return the order by which the previous secret is deleted although it may be held, or None."""
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


def doubt(observed: Observed, rules: Iterable[Rule]) -> Plan | None:
    """Return the first hold or wait that an order overrides; None where there is no doubt."""
    plans = (outcome(rule, observed) for rule in rules)
    return next((one for one in plans if one and isinstance(one.action, Hold | Wait)), None)


def overridable(rule: Rule) -> Rule:
    """Let the holds and waits of a rule give way to an order; its reads and effects do not.

    Nor does the hold for a read that failed: an order names who may hold the secret.
    """

    @wraps(rule)
    def unless_ordered(observed: Observed) -> Plan | None:
        plan = outcome(rule, observed)
        if plan is None or not isinstance(plan.action, Hold | Wait):
            return plan
        is_read = isinstance(observed.consumers, Consumers)
        return None if is_read and order_in_force(observed) is not None else plan

    return unless_ordered
