"""From a pending value to a secret that Cognito accepts: claim, Add, judge, record, verify."""

from datetime import datetime

from ...reasons import Reason
from ..actions import Add, Claim, Delete, DropFromJournal, MarkForDeletion, Plan, Promote, Record
from ..journal.journal import Pending
from ..model import Listing, Verdict
from ..observed import Fact, Observed
from .adoption import slots_are_blocked
from .needs import hold, listing, probe, unverified, wait


def add_was_answered(observed: Observed) -> Plan | None:
    """This process's own Add was answered: record the id; the answer counts more than any List."""
    pending, added = observed.journal.pending, observed.memory.added
    if pending is None or pending.secret is not None or added is None:
        return None
    rotation, remote = added
    if rotation != pending.rotation:
        return None
    return Plan(Record(remote), Reason.RECORDING, f"Cognito added secret {remote.id}")


def own_claim_sends_the_add(observed: Observed) -> Plan | None:
    """This process owns the claim and has not sent its Add: send it if List is unchanged."""
    pending = observed.journal.pending
    if pending is None or pending.secret is not None:
        return None
    if not observed.claim_is_ours or observed.memory.add_sent:
        return None
    listed = listing(observed)
    return slots_are_blocked(observed, listed) or Plan(
        Add(), Reason.ADDING, "adding the pending value to the client"
    )


def claim_still_runs(observed: Observed) -> Plan | None:
    """Another process may still send the Add, or List may not show its effect yet."""
    pending = observed.journal.pending
    if pending is None or pending.secret is not None:
        return None
    judged_at = pending.claim.at + observed.timing.add_deadline + observed.timing.list_lag
    if observed.now > judged_at:
        return None
    return wait(
        Reason.AWAITING_ANSWER,
        "an Add may be under way; it is judged once its deadline and List's lag have passed",
        judged_at,
    )


def claim_has_lapsed(observed: Observed) -> Plan | None:
    """The deadline has passed without an id in the journal: decide by what List shows."""
    pending = observed.journal.pending
    if pending is None or pending.secret is not None:
        return None
    listed = listing(observed)
    new = [secret for secret in listed.secrets if secret.id not in pending.before]
    if not new:
        return slots_are_blocked(observed, listed) or Plan(
            Claim(listed.ids), Reason.CLAIMING, "no Add was carried out; claiming the next try"
        )
    if len(new) > 1:
        return _unconfirmed(listed, "more than one new secret appeared")
    asked = probe(observed, Fact.PENDING_PROBE)
    if asked.verdict is not Verdict.ACCEPTED:
        return _unconfirmed(listed, f"nothing confirms that {new[0].id} is ours ({asked.detail})")
    return Plan(
        Record(new[0]),
        Reason.RECORDING,
        f"an Add's answer was lost; {new[0].id} is new and Cognito accepts the pending value",
    )


def _unconfirmed(listed: Listing, why: str) -> Plan:
    return hold(
        Reason.PENDING_UNCONFIRMED,
        f"an Add's answer was lost and {why}; the client has {' and '.join(listed.ids)}",
        "make the token endpoint reachable (verification.tokenEndpoint), or delete the new secret "
        "at Cognito so that a new one is added",
    )


def refused_secret_is_marked(observed: Observed) -> Plan | None:
    """The new secret was refused for good and never published: remove it at Cognito."""
    pending, marked_id = observed.journal.pending, observed.journal.marked_id
    if pending is None or pending.secret is None or marked_id != pending.secret.id:
        return None
    forget = Plan(
        DropFromJournal(marked_id),
        Reason.NEW_SECRET_REFUSED,
        f"secret {marked_id} was refused and is removed",
    )
    if marked_id in observed.memory.deleted:
        return forget
    listed = listing(observed)
    if listed.get(marked_id) is None:
        believed_at = (pending.recorded_at or observed.now) + observed.timing.list_distrust
        if observed.now >= believed_at:
            return forget
        return wait(
            Reason.NEW_SECRET_REFUSED, f"waiting to believe that {marked_id} is gone", believed_at
        )
    current = observed.journal.current
    if current is None or listed.get(current.id) is None:
        return hold(
            Reason.SLOTS_BLOCKED,
            f"secret {marked_id} was refused and is the client's last one that we can see",
            "look at the client at Cognito: the current secret is missing there",
        )
    return Plan(
        Delete(marked_id),
        Reason.NEW_SECRET_REFUSED,
        f"deleting {marked_id}, which Cognito does not accept",
    )


def pending_is_recorded(observed: Observed) -> Plan | None:
    """Cognito has the new secret: publish it only once it is accepted."""
    pending = observed.journal.pending
    if pending is None or pending.secret is None:
        return None
    asked = probe(observed, Fact.PENDING_PROBE)
    recorded_at = pending.recorded_at or observed.now
    match asked.verdict:
        case Verdict.ACCEPTED:
            return Plan(Promote(verified=True), Reason.PROMOTING, _accepted(pending))
        case Verdict.REFUSED:
            patience_until = recorded_at + observed.timing.refusal_grace
            if observed.now < patience_until:
                return wait(
                    Reason.VERIFYING, f"Cognito refuses the new secret so far: {asked.detail}"
                )
            return Plan(
                MarkForDeletion(pending.secret.id),
                Reason.NEW_SECRET_REFUSED,
                f"Cognito refused {pending.secret.id} since {recorded_at:%H:%M:%S} UTC: "
                f"{asked.detail}; nothing was published",
            )
        case Verdict.UNKNOWN:
            if (held := unverified(observed, pending.secret.id, asked.detail)) is not None:
                return held
            active_at = recorded_at + observed.resource.spec.verification.activation_delay
            if observed.now < active_at:
                return wait(
                    Reason.VERIFYING,
                    f"the new secret cannot be verified yet ({asked.detail}); waiting",
                    active_at,
                )
            return _unasked(observed, pending.secret.id, recorded_at, asked.detail)


def _unasked(observed: Observed, secret_id: str, recorded_at: datetime, detail: str) -> Plan:
    """Publish an unverified secret, but only while List still shows it."""
    listed = listing(observed)
    if listed.get(secret_id) is not None:
        return Plan(
            Promote(verified=False),
            Reason.PROMOTING,
            f"the activation delay of {secret_id} has passed ({detail})",
        )
    believed_at = recorded_at + observed.timing.list_distrust
    if observed.now < believed_at:
        return wait(Reason.VERIFYING, f"List does not show {secret_id} yet", believed_at)
    return Plan(
        MarkForDeletion(secret_id),
        Reason.NEW_SECRET_REFUSED,
        f"{secret_id} is gone at Cognito before it was published; nothing was published",
    )


def _accepted(pending: Pending) -> str:
    return f"Cognito accepts {pending.secret.id if pending.secret else ''}"
