"""Before anything is written: may this process act on this resource at all?"""

from ...names import JOURNAL_SUFFIX, RESOURCE_ANNOTATION, TAKE_OVER_ANNOTATION
from ...reasons import Reason
from ..actions import Hold, Plan, TakeOver
from ..journal.journal import Journal
from ..model import StoredSecret
from ..observed import UNREAD, Fact, Observed, Problem
from ..preview import preview_is_due
from ..projection import publication_number
from ..spec import Policy, Recovery
from .needs import hold, hold_for, look, wait

_SKEW_ALLOWED_SECONDS = 60

_NEWEST_OR_AUTOMATIC = (
    "restore the newest backup of the journal, or set spec.recovery to Automatic to have it "
    "written anew from the target Secret"
)


def resource_is_not_allowed(observed: Observed) -> Plan | None:
    """The platform team's list does not let the namespace reach the pool, or take the role."""
    denial = observed.platform.denial
    if denial is None:
        return None
    client = observed.resource.spec.client
    role = client.caller.role_arn
    # A change of the list wakes every resource: a denied one costs next to nothing meanwhile.
    return Plan(
        Hold(stalled=True, until=observed.now + observed.timing.list_period),
        Reason.NOT_ALLOWED,
        f"namespace {observed.resource.key.namespace} may not reach spec.userPoolId "
        f"{client.pool_id}{f' with spec.aws.roleArn {role}' if role else ''}: no rule allows it; "
        f"ask the platform team to add to {denial.where}: {denial.rule}",
    )


def operator_is_frozen(observed: Observed) -> Plan | None:
    """The platform team froze the whole operator: nothing is written, Cognito is still listed."""
    why = observed.platform.frozen
    if why is None:
        return None
    if _is_look_due(observed):
        return look(Fact.LISTING)
    # A List that failed leaves no date to wait for: then the pauses grow by themselves.
    until = None if isinstance(observed.listing, Problem) else observed.next_look
    return Plan(
        Hold(stalled=False, until=until),
        Reason.FROZEN,
        f"{why}: nothing is written for any resource, both secrets stay valid",
    )


def clock_disagrees(observed: Observed) -> Plan | None:
    """The clocks of operator and API server differ by more than a minute: no date is trusted."""
    if abs(observed.clock_skew_seconds) <= _SKEW_ALLOWED_SECONDS:
        return None
    return hold(
        Reason.CLOCK_SKEW,
        "the operator's clock and the API server's differ by more than a minute",
        "set the clock of the node that the operator runs on",
    )


def journal_cannot_be_read(observed: Observed) -> Plan | None:
    """The journal is unreadable, of a newer format, or was copied from somewhere else."""
    return hold_for(observed.journal_read) if isinstance(observed.journal_read, Problem) else None


def journal_was_copied(observed: Observed) -> Plan | None:
    """The journal was written for another Secret, and the user assigned it to this resource."""
    journal, stored = observed.journal_read, observed.journal_secret
    if not isinstance(journal, Journal) or not isinstance(stored, StoredSecret):
        return None
    if (journal.uid, journal.namespace) == (stored.uid, stored.namespace):
        return None
    return Plan(
        TakeOver(),
        Reason.TAKING_OVER,
        f"the journal, which was written for the Secret with uid {journal.uid} in namespace "
        f"{journal.namespace}, is this resource's from now on, as {TAKE_OVER_ANNOTATION} says; "
        "operators of other clusters cannot be seen from here: none of them may rotate client "
        f"{journal.client.client_id} any more",
    )


def journal_is_lost(observed: Observed) -> Plan | None:
    """Status shows that there was a journal, it is missing, and spec.recovery is Manual."""
    if not _waits_for_a_person(observed) or not observed.resource.status.journal_sequence:
        return None
    if isinstance(observed.journal_read, Journal) and observed.journal_read.is_adopted:
        return None
    name = f"{observed.resource.key.name}{JOURNAL_SUFFIX}"
    return hold(
        Reason.JOURNAL_LOST,
        f"the journal, Secret {name}, is gone or empty, and spec.recovery is Manual",
        f"restore Secret {name} from a backup, or set spec.recovery to Automatic to have it "
        "written anew from the target Secret",
    )


def journal_is_older_than_status(observed: Observed) -> Plan | None:
    """Status shows a newer journal (a backup was restored), and spec.recovery is Manual."""
    journal, seen = observed.journal_read, observed.resource.status.journal_sequence
    if not isinstance(journal, Journal) or journal.sequence >= seen:
        return None
    if not _waits_for_a_person(observed):
        return None
    return hold(
        Reason.JOURNAL_ROLLED_BACK,
        f"the journal is at sequence {journal.sequence}, status saw {seen}: an old journal was "
        "restored",
        _NEWEST_OR_AUTOMATIC,
    )


def client_is_claimed_twice(observed: Observed) -> Plan | None:
    """Another resource manages the same client, or has an equal claim to it."""
    if not observed.duplicates:
        return None
    names = ", ".join(str(rival) for rival in observed.duplicates)
    return hold(
        Reason.DUPLICATE_CLIENT,
        f"spec.clientId {observed.resource.spec.client.client_id} is also named by {names}",
        "keep one resource for each app client and delete the others",
    )


def target_cannot_be_read(observed: Observed) -> Plan | None:
    """Reading the target Secret failed."""
    return hold_for(observed.target) if isinstance(observed.target, Problem) else None


def target_belongs_to_another(observed: Observed) -> Plan | None:
    """The target exists and does not carry this resource's mark."""
    target, name = observed.target, observed.resource.key.name
    if not isinstance(target, StoredSecret) or target.annotations.get(RESOURCE_ANNOTATION) == name:
        return None
    return hold(
        Reason.TARGET_CONFLICT,
        f"Secret {target.name} (spec.target.name) exists and does not belong to this resource",
        f"hand it over with the annotation {RESOURCE_ANNOTATION}: {name}, or choose another "
        "spec.target.name",
    )


def target_was_renamed(observed: Observed) -> Plan | None:
    """The secrets are published in another Secret, whose pods would not be checked."""
    journal, name = observed.journal_read, observed.resource.spec.target.name
    record = journal.published if isinstance(journal, Journal) else None
    if record is None or record.target_name == name:
        return None
    return hold(
        Reason.TARGET_RENAMED,
        f"the secrets are published in Secret {record.target_name}, and spec.target.name is "
        f"{name}: pods that read {record.target_name} would not be seen",
        f"set spec.target.name back to {record.target_name}",
    )


def target_is_newer_than_journal(observed: Observed) -> Plan | None:
    """The target shows a newer journal (a backup was restored), and spec.recovery is Manual."""
    journal, target = observed.journal_read, observed.target
    if not isinstance(journal, Journal) or not isinstance(target, StoredSecret):
        return None
    number = publication_number(target.annotations)
    if not journal.is_adopted or journal.publication is None:
        return None
    if number <= journal.publication.number or not _waits_for_a_person(observed):
        return None
    return hold(
        Reason.JOURNAL_ROLLED_BACK,
        f"the target shows publication {number}, the journal knows {journal.publication.number}: "
        "an old journal was restored",
        _NEWEST_OR_AUTOMATIC,
    )


def list_is_due(observed: Observed) -> Plan | None:
    """A List period has passed since Cognito last listed the secrets."""
    if isinstance(observed.listing, Problem):
        return hold_for(observed.listing)
    return look(Fact.LISTING) if _is_look_due(observed) else None


def writes_are_suspended(observed: Observed) -> Plan | None:
    """The user froze the resource: both secrets stay as they are."""
    if not observed.resource.spec.suspended:
        return None
    return Plan(
        Hold(stalled=False, until=observed.next_look),
        Reason.SUSPENDED,
        "spec.suspend is true: nothing is written, both secrets stay valid",
    )


def policy_is_observe(observed: Observed) -> Plan | None:
    """The user wants reports, and no writes."""
    if observed.resource.spec.policy is not Policy.OBSERVE:
        return None
    if preview_is_due(observed):
        return look(Fact.CONSUMERS)
    return wait(Reason.OBSERVING, "spec.policy is Observe: nothing is written", observed.next_look)


def _is_look_due(observed: Observed) -> bool:
    if observed.listing is not UNREAD:
        return False
    return observed.last_look is None or observed.now >= observed.next_look


def _waits_for_a_person(observed: Observed) -> bool:
    return observed.resource.spec.recovery is Recovery.MANUAL
