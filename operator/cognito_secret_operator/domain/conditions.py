"""The seven conditions of a resource, from the view and the plan."""

from typing import Final

from ..reasons import Reason
from .actions import Hold, Plan
from .evidence import Holder
from .journal.journal import Journal
from .model import StoredSecret, Verdict
from .observed import Observed
from .projection import is_projection
from .report import Condition, ConditionType, ReportedSecret, Role, Truth
from .spec import Policy, VerificationMode
from .text import moment_text

__all__ = ["LOOKS_MISSED", "conditions_of"]

LOOKS_MISSED: Final = 3
"""After so many List periods without a good List, it is unknown whether the resource is fine."""


def conditions_of(
    observed: Observed,
    plan: Plan,
    holders: tuple[Holder, ...] | None,
    secrets: tuple[ReportedSecret, ...],
) -> tuple[Condition, ...]:
    """Return every condition.

    Args:
        observed: what the pass saw.
        plan: what it decided.
        holders: all that may hold the previous secret, by `steps.holders_of`.
        secrets: what is reported of the client's secrets.

    """
    return (
        _ready(observed, plan),
        _rotating(observed, plan),
        _rolled_over(observed, plan, holders),
        _verified(observed.known_journal, observed.resource.spec.verification.mode),
        _overdue(observed, secrets),
        _reconciling(observed, plan),
        _stalled(plan),
    )


def _is_usable(observed: Observed) -> bool:
    """Whether the target holds a current secret that Cognito is not known to lack."""
    journal, target = observed.known_journal, observed.target
    if journal is None or journal.current is None or not isinstance(target, StoredSecret):
        return False
    if observed.is_surely_missing(journal.current.id):
        return False
    return is_projection(target, journal, observed.resource)


def _ready(observed: Observed, plan: Plan) -> Condition:
    kind = ConditionType.READY
    observes = observed.resource.spec.policy is Policy.OBSERVE
    last = observed.last_look
    needs_person = isinstance(plan.action, Hold) and plan.action.stalled
    if (last is None or needs_person) if observes else not _is_usable(observed):
        return Condition(kind, Truth.FALSE, plan.reason, plan.message)
    if last is None or observed.now - last > LOOKS_MISSED * observed.timing.list_period:
        return Condition(
            kind,
            Truth.UNKNOWN,
            Reason.OBSERVATION_STALE,
            f"Cognito has not been listed successfully for long: {plan.message}",
        )
    if observes:
        return Condition(
            kind, Truth.TRUE, Reason.OBSERVING, "spec.policy is Observe: nothing is written"
        )
    return Condition(
        kind, Truth.TRUE, Reason.PUBLISHED, "the target Secret holds a secret that Cognito has"
    )


def _rotating(observed: Observed, plan: Plan) -> Condition:
    journal = observed.known_journal
    if journal is not None and (journal.pending is not None or journal.previous is not None):
        return Condition(ConditionType.ROTATING, Truth.TRUE, plan.reason, plan.message)
    if plan.reason is Reason.SLOT_TAKEN:
        return Condition(ConditionType.ROTATING, Truth.FALSE, plan.reason, plan.message)
    return Condition(ConditionType.ROTATING, Truth.FALSE, Reason.AT_REST, "no rotation is going on")


def _rolled_over(observed: Observed, plan: Plan, found: tuple[Holder, ...] | None) -> Condition:
    kind, journal = ConditionType.ROLLED_OVER, observed.known_journal
    if journal is None or journal.current is None:
        return Condition(kind, Truth.UNKNOWN, Reason.NOTHING_PUBLISHED, "nothing is published yet")
    if journal.previous is None:
        return Condition(kind, Truth.TRUE, Reason.RETIRED, "only the current secret is in use")
    published = journal.published
    if published is None:
        return Condition(
            kind, Truth.FALSE, Reason.NOT_PUBLISHED, "the new secret is not published yet"
        )
    late_at = published.at + observed.resource.spec.retirement.max_overlap
    if observed.now > late_at:
        return Condition(
            kind,
            Truth.FALSE,
            Reason.MAX_OVERLAP_EXCEEDED,
            f"both secrets are valid for longer than retirement.maxOverlap: {plan.message}",
        )
    if found is None:
        return Condition(kind, Truth.UNKNOWN, plan.reason, plan.message)
    if any(not holder.is_outside for holder in found):
        return Condition(kind, Truth.FALSE, Reason.PODS_NOT_ROLLED, plan.message)
    if found:
        return Condition(kind, Truth.FALSE, Reason.AWAITING_ACKNOWLEDGEMENT, plan.message)
    return Condition(kind, Truth.TRUE, Reason.PODS_ROLLED, "every pod has the current secret")


def _verified(journal: Journal | None, mode: VerificationMode) -> Condition:
    kind = ConditionType.VERIFIED
    if journal is None or journal.current is None:
        return Condition(kind, Truth.UNKNOWN, Reason.NOTHING_ADOPTED, "nothing is adopted yet")
    last = journal.rotations[-1] if journal.rotations else None
    if last is not None and last.retired_verdict is Verdict.ACCEPTED:
        return Condition(
            kind,
            Truth.FALSE,
            Reason.RETIRED_STILL_ACCEPTED,
            f"Cognito still accepted secret {last.retired_id} a while after it was deleted: look "
            "at the client at Cognito; the next rotation looks again",
        )
    if journal.current.verified:
        return Condition(
            kind, Truth.TRUE, Reason.ACCEPTED, "Cognito accepted the value before it was published"
        )
    if mode is VerificationMode.SKIP:
        return Condition(
            kind,
            Truth.UNKNOWN,
            Reason.SKIPPED,
            "verification.mode is Skip: the value was not verified",
        )
    return Condition(
        kind,
        Truth.UNKNOWN,
        Reason.VERIFICATION_UNAVAILABLE,
        "no token endpoint confirmed whether Cognito accepts the value; "
        "set verification.tokenEndpoint",
    )


def _overdue(observed: Observed, secrets: tuple[ReportedSecret, ...]) -> Condition:
    kind = ConditionType.OVERDUE
    created_at = next((one.created_at for one in secrets if one.role is Role.CURRENT), None)
    if created_at is None:
        return Condition(kind, Truth.UNKNOWN, Reason.NOTHING_ADOPTED, "no secret is known yet")
    limit = created_at + observed.resource.spec.rotation.max_age
    if observed.now <= limit:
        return Condition(
            kind,
            Truth.FALSE,
            Reason.WITHIN_MAX_AGE,
            f"within rotation.maxAge until {moment_text(limit)}",
        )
    return Condition(
        kind,
        Truth.TRUE,
        Reason.MAX_AGE_EXCEEDED,
        f"older than rotation.maxAge since {moment_text(limit)}",
    )


def _reconciling(observed: Observed, plan: Plan) -> Condition:
    kind = ConditionType.RECONCILING
    if observed.resource.spec.policy is Policy.OBSERVE:
        return Condition(kind, Truth.FALSE, Reason.OBSERVING, "nothing is to be written")
    if _is_usable(observed):
        return Condition(kind, Truth.FALSE, Reason.PUBLISHED, "the target Secret is usable")
    if isinstance(plan.action, Hold) and plan.action.stalled:
        return Condition(kind, Truth.FALSE, plan.reason, plan.message)
    return Condition(kind, Truth.TRUE, plan.reason, plan.message)


def _stalled(plan: Plan) -> Condition:
    if isinstance(plan.action, Hold) and plan.action.stalled:
        return Condition(ConditionType.STALLED, Truth.TRUE, plan.reason, plan.message)
    return Condition(ConditionType.STALLED, Truth.FALSE, Reason.NOT_STALLED, "no action required")
