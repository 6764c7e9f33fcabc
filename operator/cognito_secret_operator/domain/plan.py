"""The specification of a pass: every rule, in order; the first one that speaks wins."""

from typing import Final

from .actions import Plan
from .observed import Observed
from .rules import Rule
from .rules.adding import ADDING, RECORDING
from .rules.adoption import ADOPTION
from .rules.emergency import DECLARING, GOING_AT_ONCE, GONE_AND_ROLLED, QUESTIONING, RENEWING
from .rules.endpoint import FINDING
from .rules.foreign import FOREIGN
from .rules.guards import GUARDS
from .rules.migration import MIGRATING
from .rules.overrides import EVIDENCE, giving_way
from .rules.publishing import PUBLISHING
from .rules.rebuilding import REBUILDING
from .rules.recovering import RECOVERING
from .rules.resting import RESTING
from .rules.retiring import CONFIRMING, RETIRING

__all__ = ["RULES", "deciding_rule", "plan"]

RULES: Final[tuple[Rule, ...]] = (
    *GUARDS,
    *REBUILDING,
    *FOREIGN,
    *ADOPTION,
    *RECORDING,
    *DECLARING,
    *RECOVERING,
    *FINDING,
    *PUBLISHING,
    *QUESTIONING,
    *ADDING,
    *CONFIRMING,
    *GOING_AT_ONCE,
    *giving_way(EVIDENCE),
    *GONE_AND_ROLLED,
    *RETIRING,
    *RENEWING,
    *MIGRATING,
    *RESTING,
)
"""Guards before anything is written; an answer that only this process knows is made durable; what
was lost is made good before anything is published; the target follows the journal before anything
goes on; then a rotation's steps; rest last."""


def deciding_rule(observed: Observed) -> tuple[Rule, Plan]:
    """Find the first rule with something to say, and what it says."""
    for rule in RULES:
        said = rule(observed)
        if said is not None:
            return rule, said
    raise AssertionError("the last rule always speaks")


def plan(observed: Observed) -> Plan:
    """Decide what to do next; the same view always gives the same plan."""
    return deciding_rule(observed)[1]
