"""Facts that a rule needs, plans that rules share, and how a rule that lacks a fact ends."""

from datetime import datetime

from ...reasons import Reason
from ..actions import Hold, Look, Plan, Wait
from ..model import ClientDescription, Listing, Probe, StoredSecret, Verdict
from ..observed import UNREAD, Fact, Observed, Problem
from ..projection import Marks, marks_of
from ..rollout import Consumers
from ..spec import VerificationMode
from ..value import SecretValue
from . import Rule

__all__ = [
    "NeedsError",
    "description",
    "hold",
    "hold_for",
    "initial_value",
    "listing",
    "look",
    "only_both_expected",
    "outcome",
    "probe",
    "read_consumers",
    "target_marks",
    "unverified",
    "wait",
]


class NeedsError(Exception):
    """A rule lacks a fact: the plan is to read it first, or to hold where it cannot be read."""

    def __init__(self, plan: Plan) -> None:
        """Keep the plan that takes the place of the rule's own."""
        super().__init__(plan.message)
        self.plan = plan


def outcome(rule: Rule, observed: Observed) -> Plan | None:
    """Return the plan of one rule, or of the read that the rule lacks; None where it has none."""
    try:
        return rule(observed)
    except NeedsError as needs:
        return needs.plan


def look(fact: Fact) -> Plan:
    """Plan to read *fact*."""
    return Plan(Look(fact), Reason.READING, f"reading {fact.value}")


def wait(reason: Reason, message: str, until: datetime | None = None) -> Plan:
    """Plan to wait, until a time or until a poll shows something else."""
    return Plan(Wait(until), reason, message)


def hold(reason: Reason, message: str, remedy: str) -> Plan:
    """Plan to do nothing until a person changes something."""
    return Plan(Hold(stalled=True), reason, f"{message}; {remedy}")


def hold_for(problem: Problem) -> Plan:
    """Plan to do nothing because a read failed."""
    return Plan(Hold(stalled=problem.needs_action), problem.reason, problem.message)


def listing(observed: Observed) -> Listing:
    """Return the List of this pass."""
    if observed.listing is UNREAD:
        raise NeedsError(look(Fact.LISTING))
    if isinstance(observed.listing, Problem):
        raise NeedsError(hold_for(observed.listing))
    return observed.listing


def description(observed: Observed) -> ClientDescription:
    """Return the description of the client of this pass."""
    if observed.description is UNREAD:
        raise NeedsError(look(Fact.DESCRIPTION))
    if isinstance(observed.description, Problem):
        raise NeedsError(hold_for(observed.description))
    return observed.description


def only_both_expected(listed: Listing, current_id: str, previous_id: str) -> str:
    """Return the message of a wait for a List of exactly two secrets."""
    return (
        f"ListUserPoolClientSecrets returned {', '.join(listed.ids) or 'no secret'}; expected "
        f"exactly {current_id} and {previous_id}; retrying"
    )


def probe(observed: Observed, fact: Fact) -> Probe:
    """Return a probe of this pass; `Verdict.UNKNOWN` where verification.mode is Skip."""
    if observed.resource.spec.verification.mode is VerificationMode.SKIP:
        return Probe(Verdict.UNKNOWN, "verification.mode is Skip")
    if fact not in observed.probes:
        raise NeedsError(look(fact))
    return observed.probes[fact]


def target_marks(observed: Observed) -> Marks | None:
    """Return what the target shows; None where it does not belong to the resource."""
    if not isinstance(observed.target, StoredSecret):
        return None
    return marks_of(observed.target, observed.resource)


def unverified(observed: Observed, secret_id: str, detail: str) -> Plan | None:
    """Hold where a secret that could not be verified must not be published."""
    if observed.resource.spec.verification.mode is not VerificationMode.REQUIRED:
        return None
    return hold(
        Reason.VERIFICATION_REQUIRED,
        f"it could not be verified that Cognito accepts secret {secret_id} ({detail}), and "
        "verification.mode is Required: it is not published",
        "make the token endpoint reachable (verification.tokenEndpoint), or set verification.mode "
        "to Auto",
    )


def initial_value(observed: Observed) -> SecretValue:
    """Return the user's own value of this pass; hold for one that Cognito would refuse."""
    found = observed.initial_value
    if found is UNREAD:
        raise NeedsError(look(Fact.INITIAL_VALUE))
    if isinstance(found, Problem):
        raise NeedsError(hold_for(found))
    unfit, ref = found.why_unfit(), observed.resource.spec.rotation.initial_value_from
    if unfit is None or ref is None:
        return found
    raise NeedsError(
        hold(
            Reason.INITIAL_VALUE_INVALID,
            f"the value under key {ref.key} of Secret {ref.name} "
            f"(spec.rotation.initialValueFrom.secretRef) {unfit}",
            "Cognito takes 24 to 64 letters, digits, '_' and '+': write the value of the other "
            "provider without a line break, or remove initialValueFrom and let one be drawn",
        )
    )


def read_consumers(observed: Observed) -> Consumers:
    """Return the full read of the namespace's workloads and pods of this pass."""
    if observed.consumers is UNREAD:
        raise NeedsError(look(Fact.CONSUMERS))
    if isinstance(observed.consumers, Problem):
        raise NeedsError(hold_for(observed.consumers))
    return observed.consumers
