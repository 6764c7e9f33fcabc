"""From the last holder's move to the deletion of the previous secret: approve, prove, delete."""

from typing import Final

from ..actions import Delete, Doom, Forget, Plan
from ..journal import JournaledSecret, Origin
from ..model import Verdict
from ..observed import Fact, Observed
from ..spec import RetireOriginal
from . import Rule
from .needs import hold, listing, probe, wait
from .rolling_out import rolling

__all__ = ["CONFIRMING", "RETIRING"]


def doomed_is_gone(observed: Observed) -> Plan | None:
    """The doomed previous secret is deleted at Cognito: forget it.

    A List that shows the newer current secret and lacks the older previous one is no stale one.
    """
    previous, current = observed.book.previous, observed.book.current
    if previous is None or current is None or observed.book.doomed != previous.id:
        return None
    if _goes_at_once(observed, previous):
        return None
    if previous.id in observed.memory.deleted:
        return _forget(observed, previous)
    listed = listing(observed)
    if isinstance(listed, Plan):
        return listed
    if listed.get(previous.id) is None and listed.get(current.id) is not None:
        return _forget(observed, previous)
    return None


def _forget(observed: Observed, previous: JournaledSecret) -> Plan:
    """Forget a deleted secret once Cognito refuses it; one that it goes on accepting is told."""
    gone = f"secret {previous.id} is deleted at Cognito"
    if previous.value is None:
        return Plan(Forget(previous.id), "Retired", gone)
    asked = probe(observed, Fact.PREVIOUS_PROBE)
    if isinstance(asked, Plan):
        return asked
    if asked.verdict is Verdict.ACCEPTED:
        lingers = observed.memory.lingers
        since = lingers[1] if lingers and lingers[0] == previous.id else observed.now
        if observed.now < since + observed.timing.refusal_patience:
            return wait("AwaitingRefusal", f"{gone}, which accepts it nevertheless so far")
        return Plan(
            Forget(previous.id, asked.verdict),
            "RetiredStillAccepted",
            f"{gone}, which accepts it nevertheless",
        )
    return Plan(Forget(previous.id, asked.verdict), "Retired", gone)


def origin_is_unknown(observed: Observed) -> Plan | None:
    """The previous secret's value was never known: whose it is, nobody can tell."""
    previous = _retiree(observed)
    if previous is None or previous.origin is not Origin.UNKNOWN:
        return None
    if observed.book.is_leaked(previous.id):
        return None
    return hold(
        "ForeignSecret",
        f"secret {previous.id} was there before, and its value is unknown: it is never deleted",
        "find out who uses it and delete it at Cognito (delete-user-pool-client-secret)",
    )


def deletion_awaits_approval(observed: Observed) -> Plan | None:
    """We did not make the previous secret: nobody knows who else holds it."""
    previous = _retiree(observed)
    if previous is None or previous.origin is Origin.OPERATOR:
        return None
    if observed.book.is_leaked(previous.id):
        return None
    if observed.resource.spec.adoption.retire_original is RetireOriginal.AUTOMATIC:
        return None
    if observed.resource.approved_id == previous.id:
        return None
    return wait(
        "AwaitingApproval",
        f"secret {previous.id} was adopted, others may use it; approve its deletion with the "
        f"annotation cognito-secrets.dev/approve: {previous.id}",
    )


def overlap_runs(observed: Observed) -> Plan | None:
    """Nobody seems to hold it any more; a pod that vanished without a word may live on a while."""
    proof, previous = rolling(observed), observed.book.previous
    if proof is None or previous is None or observed.book.is_leaked(previous.id):
        return None
    clear = observed.memory.clear
    since = clear[1] if clear is not None and clear[0] == proof.stamp else observed.now
    until = since + observed.resource.spec.retirement.min_overlap
    if observed.now >= until:
        return None
    return wait("OverlapRuns", f"both secrets stay valid until {_clock(until)}", until)


def previous_is_not_doomed(observed: Observed) -> Plan | None:
    """The evidence is complete: mark the previous secret in the journal before deleting it."""
    previous = _retiree(observed)
    if previous is None or observed.book.doomed is not None:
        return None
    return Plan(Doom(previous.id), "Retiring", f"nobody holds secret {previous.id} any more")


def previous_can_go(observed: Observed) -> Plan | None:
    """Doomed, and all evidence was asked again in this pass: delete it."""
    previous, current = _retiree(observed), observed.book.current
    if previous is None or current is None or observed.book.doomed != previous.id:
        return None
    listed = listing(observed)
    if isinstance(listed, Plan):
        return listed
    if set(listed.ids) != {current.id, previous.id}:
        return wait("Retiring", f"List shows {' and '.join(listed.ids)}: waiting for both secrets")
    asked = probe(observed, Fact.CURRENT_PROBE)
    if isinstance(asked, Plan):
        return asked
    if asked.verdict is Verdict.REFUSED:
        return hold(
            "CurrentRefused",
            f"Cognito refuses the current secret {current.id} ({asked.detail}): the previous one "
            "is kept",
            "look at the client at Cognito",
        )
    return Plan(
        Delete(previous.id),
        "Retiring",
        f"deleting secret {previous.id}: every pod has moved to {current.id}, the overlap is over",
    )


def _goes_at_once(observed: Observed, previous: JournaledSecret) -> bool:
    """Tell whether the secret leaves before the pods have moved, so that its end is no end yet."""
    emergency = observed.book.emergency
    return emergency is not None and emergency.now and previous.id in emergency.leaked


def _retiree(observed: Observed) -> JournaledSecret | None:
    return observed.book.previous if rolling(observed) is not None else None


def _clock(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


CONFIRMING: Final[tuple[Rule, ...]] = (doomed_is_gone,)

RETIRING: Final[tuple[Rule, ...]] = (
    origin_is_unknown,
    deletion_awaits_approval,
    overlap_runs,
    previous_is_not_doomed,
    previous_can_go,
)
