"""From the last holder's move to the deletion of the previous secret: approve, prove, delete."""

from ...names import APPROVE_ANNOTATION, OVERRIDE_ANNOTATION
from ...reasons import Reason
from ..acknowledgement import accepted_risks
from ..actions import Delete, DropFromJournal, MarkForDeletion, Plan
from ..evidence import name_some
from ..journal.journal import JournaledSecret, Origin, RetiredBy
from ..model import Verdict
from ..observed import Fact, Observed
from ..rollout import Consumers
from ..spec import Approval, RetireOriginal
from ..text import moment_text
from ..windows import next_opening, open_windows
from .needs import hold, listing, only_both_expected, probe, wait
from .overrides import EVIDENCE, doubt, order_in_force

_NAMED_BY_AN_ORDER = 10


def marked_secret_is_gone(observed: Observed) -> Plan | None:
    """The previous secret, marked for deletion, is deleted at Cognito: drop it from the journal.

    A List that shows the newer current secret and lacks the older previous one is no stale one.
    """
    previous, current = observed.journal.previous, observed.journal.current
    if previous is None or current is None or observed.journal.marked_id != previous.id:
        return None
    if observed.journal.deletes_previous_at_once:
        return None
    if previous.id in observed.memory.deleted:
        return _forget(observed, previous)
    listed = listing(observed)
    if listed.at < observed.shows_from(previous.id):
        return None
    if listed.get(previous.id) is None and listed.get(current.id) is not None:
        return _forget(observed, previous)
    return None


def _forget(observed: Observed, previous: JournaledSecret) -> Plan:
    """Forget a deleted secret once Cognito refuses it; one that it goes on accepting is told."""
    gone = f"secret {previous.id} is deleted at Cognito"
    if previous.value is None:
        return Plan(DropFromJournal(previous.id), Reason.RETIRED, gone)
    asked = probe(observed, Fact.PREVIOUS_VALUE_PROBE)
    if asked.verdict is Verdict.ACCEPTED:
        accepted = observed.memory.still_accepted
        since = accepted[1] if accepted and accepted[0] == previous.id else observed.now
        if observed.now < since + observed.timing.refusal_grace:
            return wait(Reason.AWAITING_REFUSAL, f"{gone}, which accepts it nevertheless so far")
        return Plan(
            DropFromJournal(previous.id, verdict=asked.verdict),
            Reason.RETIRED_STILL_ACCEPTED,
            f"{gone}, which accepts it nevertheless",
        )
    return Plan(DropFromJournal(previous.id, verdict=asked.verdict), Reason.RETIRED, gone)


def origin_is_unknown(observed: Observed) -> Plan | None:
    """The previous secret's value was never known, so its users cannot be known either."""
    previous = _retiree(observed)
    if previous is None or previous.origin is not Origin.UNKNOWN:
        return None
    if previous.id in observed.resource.spec.adoption.retire_secret_ids:
        return None
    if observed.journal.is_leaked(previous.id):
        return None
    return hold(
        Reason.FOREIGN_SECRET,
        f"secret {previous.id} was there before, and its value is unknown: it is never deleted",
        "find out who uses it and delete it at Cognito (delete-user-pool-client-secret), or name "
        "it in spec.adoption.retireSecretIds",
    )


def deletion_awaits_approval(observed: Observed) -> Plan | None:
    """The previous secret was adopted and may have other users; or each deletion needs approval."""
    previous, spec = _retiree(observed), observed.resource.spec
    if previous is None or observed.resource.approved_id == previous.id:
        return None
    if observed.journal.is_leaked(previous.id):
        return None
    is_ours = previous.origin is Origin.OPERATOR
    if not is_ours and spec.adoption.retire_original is RetireOriginal.APPROVE:
        why = "was adopted, others may use it"
    elif spec.retirement.approval is Approval.MANUAL:
        why = "waits for your approval (retirement.approval is Manual)"
    else:
        return None
    if previous.id in observed.resource.spec.adoption.retire_secret_ids:
        return None
    return wait(
        Reason.AWAITING_APPROVAL,
        f"secret {previous.id} {why}; approve its deletion with the "
        f"annotation {APPROVE_ANNOTATION}: {previous.id}",
    )


def overlap_is_running(observed: Observed) -> Plan | None:
    """No holder is left; a pod that vanished without a final status may still run for a while."""
    proof, previous = observed.rolling, observed.journal.previous
    if proof is None or previous is None or _is_urgent(observed, previous):
        return None
    clear = observed.memory.clear
    since = clear[1] if clear is not None and clear[0] == proof.stamp else observed.now
    until = since + observed.resource.spec.retirement.min_overlap
    if observed.now >= until:
        return None
    return wait(
        Reason.OVERLAP_RUNNING, f"both secrets stay valid until {moment_text(until)}", until
    )


def deletion_window_is_closed(observed: Observed) -> Plan | None:
    """All other conditions are met, and ``retirement.windows`` are closed: the deletion waits."""
    previous, windows = _retiree(observed), observed.resource.spec.retirement.windows
    if previous is None or not windows or _is_urgent(observed, previous):
        return None
    if open_windows(windows, observed.now):
        return None
    opens_at = min(next_opening(window, observed.now).opens_at for window in windows)
    return wait(
        Reason.AWAITING_WINDOW,
        f"secret {previous.id} is deleted within retirement.windows, which open at "
        f"{moment_text(opens_at)}; both secrets stay valid until then",
        opens_at,
    )


def previous_is_not_marked(observed: Observed) -> Plan | None:
    """The evidence is complete, or an order replaces it: mark the previous secret for deletion."""
    previous, order = _retiree(observed), _order(observed)
    if previous is None or observed.journal.marked_id not in {None, previous.id}:
        return None
    if observed.journal.marked_id is not None and observed.journal.marked_by is order:
        return None
    told = f"no pod or consumer holds secret {previous.id} any more"
    if order is not None:
        told = f"secret {previous.id} is to be deleted {_in_spite_of(observed, order)}"
    return Plan(MarkForDeletion(previous.id, order), Reason.RETIRING, told)


def previous_can_be_deleted(observed: Observed) -> Plan | None:
    """Evidence or order were checked again in this pass, and the secret is marked: delete it."""
    previous, current = _retiree(observed), observed.journal.current
    if previous is None or current is None or observed.journal.marked_id != previous.id:
        return None
    listed = listing(observed)
    if set(listed.ids) != {current.id, previous.id}:
        return wait(Reason.RETIRING, only_both_expected(listed, current.id, previous.id))
    asked = probe(observed, Fact.CURRENT_PROBE)
    if asked.verdict is Verdict.REFUSED:
        return hold(
            Reason.CURRENT_REFUSED,
            f"Cognito refuses the current secret {current.id} ({asked.detail}): the previous one "
            "is kept",
            "look at the client at Cognito",
        )
    order, moved = _order(observed), "every pod has moved"
    if order is not None:
        told = f"deleting secret {previous.id} {_in_spite_of(observed, order)}"
        return Plan(Delete(previous.id, order), Reason.RETIRING, told)
    if observed.resource.spec.acknowledgements:
        moved = "every pod and declared consumer has moved"
    risks = accepted_risks(observed.resource, observed.journal)
    accepted = f"; taken to have moved by their delay, an accepted risk: {', '.join(risks)}"
    return Plan(
        Delete(previous.id),
        Reason.RETIRING,
        f"deleting secret {previous.id}: {moved} to {current.id}, the overlap is over"
        f"{accepted if risks else ''}",
    )


def _order(observed: Observed) -> RetiredBy | None:
    """Return the order that the deletion needs; None where the evidence is complete."""
    order = order_in_force(observed)
    if order is None or doubt(observed, (*EVIDENCE, overlap_is_running)) is None:
        return None
    return order


def _in_spite_of(observed: Observed, order: RetiredBy) -> str:
    """Name the order and all that may still hold the secret."""
    doubtful, proof = doubt(observed, (*EVIDENCE, overlap_is_running)), observed.rolling
    found = observed.consumers
    held = observed.holders if proof and isinstance(found, Consumers) else ()
    by = {
        RetiredBy.MAX_OVERLAP: "by the order retirement.onMaxOverlap: Delete",
        RetiredBy.OVERRIDE: f"by the order of the annotation {OVERRIDE_ANNOTATION}",
    }[order]
    if held:
        return f"{by}; it may still be held by {name_some(held, most=_NAMED_BY_AN_ORDER)}"
    return f"{by}, although: {doubtful.message}" if doubtful else by


def _is_urgent(observed: Observed, previous: JournaledSecret) -> bool:
    """Return whether it leaked, or takes the slot that the leaked current one's successor needs."""
    book = observed.journal
    return book.is_leaked(previous.id) or (
        book.current is not None and book.is_leaked(book.current.id)
    )


def _retiree(observed: Observed) -> JournaledSecret | None:
    return observed.journal.previous if observed.rolling is not None else None
