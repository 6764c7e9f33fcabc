"""Secrets at Cognito that are not ours: never deleted, unless the resource names them."""

from ...reasons import Reason
from ..actions import Delete, MarkForDeletion, Plan, Unmark
from ..model import Listing, Verdict
from ..observed import Fact, Observed
from ..windows import open_windows
from .needs import hold, listing, probe

_BOTH_SLOTS = 2


def foreign_secret_is_marked(observed: Observed) -> Plan | None:
    """A foreign secret is marked for deletion: check all evidence again, then delete it.

    The order is the resource's naming it. It goes while another one stays, and not under a current
    secret that Cognito refuses. Its mark is settled before anything else goes on.
    """
    if observed.journal_read is None or not observed.journal.marked_id:
        return None
    book, marked_id = observed.journal, observed.journal.marked_id
    if marked_id in book.ids:
        return None
    if marked_id in observed.memory.deleted:
        return Plan(
            Unmark(marked_id), Reason.RETIRING_FOREIGN, f"secret {marked_id} is deleted at Cognito"
        )
    listed = listing(observed)
    if the_one_that_may_go(observed, listed) != marked_id:
        gone = listed.get(marked_id) is None
        return Plan(
            Unmark(marked_id),
            Reason.RETIRING_FOREIGN,
            f"secret {marked_id} {'no longer exists' if gone else 'is no longer to be deleted'} at "
            "Cognito",
        )
    current = book.current
    if current is not None and current.value is not None and listed.get(current.id) is not None:
        asked = probe(observed, Fact.CURRENT_PROBE)
        if asked.verdict is Verdict.REFUSED:
            return hold(
                Reason.CURRENT_REFUSED,
                f"Cognito refuses the current secret {current.id} ({asked.detail}): {marked_id} is "
                "kept, though spec.adoption.retireSecretIds names it",
                "look at the client at Cognito",
            )
    return Plan(
        Delete(marked_id, foreign=True),
        Reason.RETIRING_FOREIGN,
        f"deleting secret {marked_id}, which is not the operator's, as "
        "spec.adoption.retireSecretIds says",
    )


def foreign_secret_can_be_deleted(observed: Observed) -> Plan | None:
    """The resource names a foreign secret that occupies a slot: mark it before deleting it."""
    named = observed.resource.spec.adoption.retire_secret_ids
    if observed.journal_read is None or not named or observed.journal.marked_id is not None:
        return None
    if _is_busy(observed) or (observed.journal.is_adopted and not named & _seen(observed)):
        return None
    listed = listing(observed)
    found = the_one_that_may_go(observed, listed)
    if found is None:
        return None
    return Plan(
        MarkForDeletion(found, foreign=True),
        Reason.RETIRING_FOREIGN,
        f"secret {found}, which is not the operator's, is to be deleted as "
        "spec.adoption.retireSecretIds says",
    )


def the_one_that_may_go(observed: Observed, listed: Listing) -> str | None:
    """Name the foreign secret that may go.

    None where it is the last one, both are named, or ``retirement.windows`` are closed.
    """
    known = observed.journal.ids if observed.journal_read is not None else frozenset[str]()
    named = observed.resource.spec.adoption.retire_secret_ids
    found = [one for one in listed.ids if one in named and one not in known]
    if len(found) != 1 or len(listed.secrets) < _BOTH_SLOTS:
        return None
    windows = observed.resource.spec.retirement.windows
    return found[0] if not windows or open_windows(windows, observed.now) else None


def _is_busy(observed: Observed) -> bool:
    """Return whether a rotation is at a point at which a new secret may be ours, or one is needed.

    An Add that may be under way is judged first: the secret may be its own. A target that is not
    yet as the journal says comes first, too.
    """
    book = observed.journal
    if book.previous is not None:
        return True
    if book.current is not None and book.current.value is not None:
        published = book.published
        if published is None:
            return True
    pending = book.pending
    if pending is None:
        return False
    judged_at = pending.claim.at + observed.timing.add_deadline + observed.timing.list_lag
    return observed.memory.added is not None or observed.now <= judged_at


def _seen(observed: Observed) -> set[str]:
    return {secret.id for secret in observed.foreign}
