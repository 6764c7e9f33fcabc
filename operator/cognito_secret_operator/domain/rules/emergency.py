"""A secret leaked: replace it, take it out of every hand, delete it; nothing else is waited for."""

from ...names import EMERGENCY_ANNOTATION, EMERGENCY_NOW_ANNOTATION
from ...reasons import Reason
from ..actions import Declare, Delete, DropFromJournal, MarkForDeletion, Plan
from ..journal.journal import Journal, JournaledSecret
from ..journal.rollback import can_turn_back
from ..model import Listing, Trigger, Verdict
from ..observed import UNREAD, Fact, Observed
from ..spec import EmergencyRequest
from .needs import hold, listing, look, only_both_expected, probe, wait
from .staging import stage


def emergency_is_declared(observed: Observed) -> Plan | None:
    """A person reports that a managed secret leaked: record the report before any other write."""
    request, book = _report(observed), observed.journal
    if request is None or _add_comes_first(observed):
        return None
    leaked = request.secret_id
    if _is_gone(book, leaked):
        return _declare(request, "it is deleted at Cognito already")
    if leaked not in book.ids:
        return None
    if book.current is None or book.current.id != leaked or not can_turn_back(book):
        return _declare(request, _remedy(book, leaked))
    return _declare_current(observed, request)


def _declare_current(observed: Observed, request: EmergencyRequest) -> Plan:
    """Look whether the previous secret can come back; a look that fails holds nothing up."""
    previous = observed.journal.previous
    if observed.listing is UNREAD:
        return look(Fact.LISTING)
    is_there = (
        previous is not None
        and isinstance(observed.listing, Listing)
        and observed.listing.get(previous.id) is not None
    )
    if previous is None or not is_there:
        return _declare(request, "a new one is added and published, then it goes", turns_back=False)
    asked = probe(observed, Fact.PREVIOUS_VALUE_PROBE)
    if asked.verdict is Verdict.REFUSED:
        return _declare(request, "a new one is added and published, then it goes", turns_back=False)
    return _declare(request, f"{previous.id} is published again, then a new one is added")


def _declare(request: EmergencyRequest, remedy: str, *, turns_back: bool = True) -> Plan:
    told = f"secret {request.secret_id} leaked: {remedy}"
    return Plan(Declare(request, turns_back), Reason.EMERGENCY, told)


def emergency_names_an_unknown_secret(observed: Observed) -> Plan | None:
    """A person reports a leak of an id that the journal does not know: probably a mistake.

    What was written is not repeated: it may be the leaked value itself.
    """
    request, book = _report(observed), observed.journal
    if request is None or request.secret_id in book.ids or _is_gone(book, request.secret_id):
        return None
    token = EMERGENCY_NOW_ANNOTATION if request.now else EMERGENCY_ANNOTATION
    return hold(
        Reason.EMERGENCY_UNKNOWN,
        f"the annotation {token} names none of the secrets that the operator manages "
        f"({', '.join(sorted(book.ids))})",
        "correct the id (status.secrets lists them), or remove the annotation; delete a secret "
        "that the operator does not manage at Cognito (delete-user-pool-client-secret)",
    )


def leaked_secret_is_deleted_at_once(observed: Observed) -> Plan | None:
    """The report says not to wait: delete the leaked secret as soon as another one is published."""
    leaked, current = _leaked_previous(observed), observed.journal.current
    if leaked is None or current is None or observed.is_deleted(leaked.id):
        return None
    if observed.journal.marked_id is None:
        return Plan(
            MarkForDeletion(leaked.id),
            Reason.EMERGENCY,
            f"secret {leaked.id} leaked: it goes without waiting",
        )
    listed = listing(observed)
    if listed.get(leaked.id) is None:
        return None
    if set(listed.ids) != {current.id, leaked.id}:
        return wait(Reason.EMERGENCY, only_both_expected(listed, current.id, leaked.id))
    asked = probe(observed, Fact.CURRENT_PROBE)
    if asked.verdict is Verdict.REFUSED:
        return hold(
            Reason.CURRENT_REFUSED,
            f"Cognito refuses the current secret {current.id} ({asked.detail}): the leaked one is "
            "the only one that works",
            "look at the client at Cognito",
        )
    return Plan(
        Delete(leaked.id, urgent=True),
        Reason.EMERGENCY_NOW,
        f"deleting secret {leaked.id}, which leaked; pods that still hold it fail until they are "
        "restarted",
    )


def leaked_is_gone_and_pods_have_moved(observed: Observed) -> Plan | None:
    """The leaked secret was deleted before the pods had moved; now they have moved."""
    leaked = _leaked_previous(observed)
    if leaked is None or not observed.is_deleted(leaked.id):
        return None
    return Plan(
        DropFromJournal(leaked.id),
        Reason.RETIRED,
        f"secret {leaked.id} is deleted, every pod has moved",
    )


def emergency_needs_a_new_secret(observed: Observed) -> Plan | None:
    """The leaked secret is current, or was replaced by an older one: add a new one now."""
    emergency = observed.journal.emergency
    if emergency is None or not emergency.renews:
        return None
    return stage(observed, Trigger.EMERGENCY, f"{' and '.join(emergency.leaked)} leaked")


def _leaked_previous(observed: Observed) -> JournaledSecret | None:
    """Return the previous secret where it leaked and is to go at once, and another is published."""
    emergency, previous = observed.journal.emergency, observed.journal.previous
    if emergency is None or previous is None or observed.rolling is None:
        return None
    return previous if emergency.now and previous.id in emergency.leaked else None


def _report(observed: Observed) -> EmergencyRequest | None:
    """Return the report of a leak that was not written down yet."""
    request, handled = observed.resource.emergency, observed.journal.handled_emergency
    if request is None or handled is None or handled.secret_id != request.secret_id:
        return request
    return None if handled.now or not request.now else request


def _is_gone(book: Journal, secret_id: str) -> bool:
    """Return whether a secret was managed once: the last one, or one of the last rotations."""
    if secret_id in book.ids:
        return False
    retired = {book.retired.id} if book.retired is not None else set[str]()
    ours = {one for rotation in book.rotations for one in (rotation.retired_id, rotation.secret_id)}
    return secret_id in retired | ours


def _add_comes_first(observed: Observed) -> bool:
    """Return whether another write of the journal would end our claim before its Add is sent."""
    return observed.claim_is_ours and not observed.memory.add_sent


def _remedy(book: Journal, leaked: str) -> str:
    if book.previous is not None and book.previous.id == leaked:
        return "it goes as soon as nothing holds it"
    if book.pending is not None and book.pending.secret and book.pending.secret.id == leaked:
        return "it is deleted unpublished, and another one is added"
    return "a new one is added and published, then it goes"
