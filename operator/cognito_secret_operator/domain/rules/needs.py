"""Facts that a rule needs: either the fact, or the plan to look for it or to hold without it."""

from datetime import datetime

from ...reasons import Reason
from ..actions import Hold, Look, Plan, Wait
from ..model import ClientDescription, Listing, Probe, StoredSecret, Verdict
from ..observed import UNREAD, Fact, Observed, Problem
from ..projection import Marks, marks_of
from ..rollout import Consumers
from ..spec import VerificationMode
from ..value import SecretValue

__all__ = [
    "description",
    "hold",
    "hold_for",
    "initial_value",
    "listing",
    "look",
    "probe",
    "read_consumers",
    "target_marks",
    "unverified",
    "wait",
]


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


def listing(observed: Observed) -> Listing | Plan:
    """Give a List of this pass."""
    if observed.listing is UNREAD:
        return look(Fact.LISTING)
    if isinstance(observed.listing, Problem):
        return hold_for(observed.listing)
    return observed.listing


def description(observed: Observed) -> ClientDescription | Plan:
    """Give a description of the client of this pass."""
    if observed.description is UNREAD:
        return look(Fact.DESCRIPTION)
    if isinstance(observed.description, Problem):
        return hold_for(observed.description)
    return observed.description


def probe(observed: Observed, fact: Fact) -> Probe | Plan:
    """Give a probe of this pass; where the spec says to ask nobody, nobody is asked."""
    if observed.resource.spec.verification.mode is VerificationMode.SKIP:
        return Probe(Verdict.UNKNOWN, "verification.mode is Skip")
    return observed.probes.get(fact) or look(fact)


def target_marks(observed: Observed) -> Marks | None:
    """Give what the target tells by itself; None where it is none of ours."""
    if not isinstance(observed.target, StoredSecret):
        return None
    return marks_of(observed.target, observed.resource)


def unverified(observed: Observed, secret_id: str, detail: str) -> Plan | None:
    """Hold where a secret that nobody could be asked about must not be published."""
    if observed.resource.spec.verification.mode is not VerificationMode.REQUIRED:
        return None
    return hold(
        Reason.VERIFICATION_REQUIRED,
        f"nobody could be asked whether Cognito accepts secret {secret_id} ({detail}), and "
        "verification.mode is Required: it is not published",
        "make the token endpoint reachable (verification.tokenEndpoint), or set verification.mode "
        "to Auto",
    )


def initial_value(observed: Observed) -> SecretValue | Plan:
    """Give the user's own value, as this pass has read it; one that Cognito would refuse holds."""
    found = observed.initial_value
    if found is UNREAD:
        return look(Fact.INITIAL_VALUE)
    if isinstance(found, Problem):
        return hold_for(found)
    unfit, ref = found.why_unfit(), observed.resource.spec.rotation.initial_value_from
    if unfit is None or ref is None:
        return found
    return hold(
        Reason.INITIAL_VALUE_INVALID,
        f"the value under key {ref.key} of Secret {ref.name} "
        f"(spec.rotation.initialValueFrom.secretRef) {unfit}",
        "Cognito takes 24 to 64 letters, digits, '_' and '+': write the value of the other "
        "provider without a line break, or remove initialValueFrom and let one be drawn",
    )


def read_consumers(observed: Observed) -> Consumers | Plan:
    """Give a full read of the namespace's workloads and pods of this pass."""
    if observed.consumers is UNREAD:
        return look(Fact.CONSUMERS)
    if isinstance(observed.consumers, Problem):
        return hold_for(observed.consumers)
    return observed.consumers
