"""From a publication to the deletion of the previous secret: settle, roll out, prove, delete."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ..actions import Delete, Doom, Forget, Plan, Stamp
from ..journal import JournaledSecret, Origin
from ..model import RetireOriginal, Verdict
from ..observed import Fact, Observed
from ..projection import stamp_value
from ..rollout import (
    Consumers,
    Holder,
    Progress,
    PublicationEvidence,
    holders,
    unfinished,
    workloads_to_stamp,
)
from . import Rule
from .needs import hold, listing, probe, read_consumers, wait

__all__ = ["RETIRING", "evidence", "name_some"]

_ONE_SECOND = timedelta(seconds=1)


def doomed_is_gone(observed: Observed) -> Plan | None:
    """The doomed previous secret is deleted at Cognito: forget it.

    A List that shows the newer current secret and lacks the older previous one is no stale one.
    """
    previous, current = observed.book.previous, observed.book.current
    if previous is None or current is None or observed.book.doomed != previous.id:
        return None
    forget = Plan(Forget(previous.id), "Retired", f"secret {previous.id} is deleted at Cognito")
    if previous.id in observed.memory.deleted:
        return forget
    listed = listing(observed)
    if isinstance(listed, Plan):
        return listed
    if listed.get(previous.id) is None and listed.get(current.id) is not None:
        return forget
    return None


def publication_settles(observed: Observed) -> Plan | None:
    """Caches may still hand out the previous data: pods born now prove nothing."""
    proof = _rolling(observed)
    if proof is None or observed.now > proof.settled_at:
        return None
    return wait(
        "Settling",
        "waiting until caches of kubelets and API servers hand out nothing older",
        proof.settled_at + _ONE_SECOND,
    )


def previous_was_deleted_elsewhere(observed: Observed) -> Plan | None:
    """Two Lists, far enough apart, lack the previous secret: somebody else deleted it.

    Nothing is left to delete, but pods that hold it are worse off than ever: they move first.
    """
    previous, proof = observed.book.previous, _rolling(observed)
    if previous is None or proof is None or not observed.is_surely_missing(previous.id):
        return None
    found = read_consumers(observed)
    if isinstance(found, Plan):
        return found
    if holders(found, proof):
        return None
    return Plan(
        Forget(previous.id),
        "DeletedElsewhere",
        f"secret {previous.id} was deleted at Cognito by somebody else",
    )


def no_consumer_is_found(observed: Observed) -> Plan | None:
    """Nothing refers to the target: whether somebody holds the previous secret is unknown."""
    seen = _rollout(observed)
    if not isinstance(seen, _Rollout):
        return seen
    if seen.consumers.workloads or seen.consumers.pods:
        return None
    return hold(
        "NoConsumers",
        f"no workload or pod in namespace {observed.resource.key.namespace} refers to Secret "
        f"{observed.resource.spec.target_name}: who holds the previous secret is unknown",
        "use the Secret in a workload of this namespace",
    )


def workload_needs_the_stamp(observed: Observed) -> Plan | None:
    """A workload still has pods from before the publication: stamp its template, once."""
    seen = _rollout(observed)
    if not isinstance(seen, _Rollout):
        return seen
    for workload in workloads_to_stamp(seen.consumers, seen.proof):
        if workload.progress is Progress.PAUSED:
            continue
        if (workload.uid, seen.proof.stamp) in observed.memory.stamped:
            return hold(
                "StampReverted",
                f"something took the stamp off {workload.ref}'s pod template",
                "let the tool that owns the template ignore annotations of cognito-secrets.dev",
            )
        return Plan(
            Stamp(workload, seen.proof.stamp),
            "RollingOut",
            f"restarting {workload.ref} by the stamp {seen.proof.stamp}",
        )
    return None


def somebody_holds_the_previous_secret(observed: Observed) -> Plan | None:
    """A pod may still hold the previous secret: it must not be deleted."""
    seen = _rollout(observed)
    if not isinstance(seen, _Rollout):
        return seen
    suspects = holders(seen.consumers, seen.proof)
    if not suspects:
        return None
    return _held_up_by(seen.consumers) or wait(
        "PodsNotRolled",
        f"still on the previous secret: {name_some(suspects)}{_by_hand(seen.consumers, suspects)}",
    )


def _by_hand(found: Consumers, suspects: tuple[Holder, ...]) -> str:
    """Name the holders that no stamp moves: bare pods and pods of other kinds of owners."""
    stamped = {workload.ref for workload in found.workloads}
    others = tuple(one for one in suspects if one.owner not in stamped)
    return f"; the operator does not restart {name_some(others)}" if others else ""


def rollout_is_unfinished(observed: Observed) -> Plan | None:
    """Every pod has moved, but a workload is not whole: the new secret may not work for it."""
    seen = _rollout(observed)
    if not isinstance(seen, _Rollout):
        return seen
    waiting = unfinished(seen.consumers)
    if not waiting:
        return None
    return _held_up_by(seen.consumers) or wait(
        "RolloutUnfinished", f"{waiting[0].ref} is not rolled out: {waiting[0].detail}"
    )


def _held_up_by(found: Consumers) -> Plan | None:
    for workload in unfinished(found):
        if workload.progress is Progress.FAILED:
            return hold(
                "RolloutFailed",
                f"{workload.ref} does not roll out: {workload.detail}",
                "repair the workload; both secrets stay valid meanwhile",
            )
        if workload.progress is Progress.PAUSED:
            return hold(
                "RolloutPaused",
                f"{workload.ref} does not move its pods: {workload.detail}",
                "resume it, or restart its pods yourself",
            )
    return None


def origin_is_unknown(observed: Observed) -> Plan | None:
    """The previous secret's value was never known: whose it is, nobody can tell."""
    previous = _retiree(observed)
    if previous is None or previous.origin is not Origin.UNKNOWN:
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
    if observed.resource.spec.retire_original is RetireOriginal.AUTOMATIC:
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
    proof = _rolling(observed)
    if proof is None:
        return None
    clear = observed.memory.clear
    since = clear[1] if clear is not None and clear[0] == proof.stamp else observed.now
    until = since + observed.resource.spec.min_overlap
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


def name_some(suspects: tuple[Holder, ...], most: int = 3) -> str:
    """Name the first few holders and count the rest."""
    named = ", ".join(holder.who for holder in suspects[:most])
    more = len(suspects) - most
    return f"{named} and {more} more" if more > 0 else named


def evidence(observed: Observed) -> PublicationEvidence | None:
    """Give what pods are measured against; None where nothing published is being rolled out."""
    journal = observed.book
    if journal.publication is None or journal.publication.published is None:
        return None
    return PublicationEvidence(
        stamp=stamp_value(journal),
        published_at=journal.publication.published.at,
        settle=observed.timing.settle,
    )


@dataclass(frozen=True, slots=True)
class _Rollout:
    """A publication that is being rolled out, and the namespace as this pass has read it."""

    proof: PublicationEvidence
    consumers: Consumers


def _rollout(observed: Observed) -> _Rollout | Plan | None:
    """Give the roll-out, or the plan to read the namespace first; None where there is none."""
    proof = _rolling(observed)
    if proof is None:
        return None
    found = read_consumers(observed)
    return found if isinstance(found, Plan) else _Rollout(proof, found)


def _rolling(observed: Observed) -> PublicationEvidence | None:
    return evidence(observed) if observed.book.previous is not None else None


def _retiree(observed: Observed) -> JournaledSecret | None:
    return observed.book.previous if _rolling(observed) is not None else None


def _clock(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


RETIRING: Final[tuple[Rule, ...]] = (
    doomed_is_gone,
    publication_settles,
    previous_was_deleted_elsewhere,
    no_consumer_is_found,
    workload_needs_the_stamp,
    somebody_holds_the_previous_secret,
    rollout_is_unfinished,
    origin_is_unknown,
    deletion_awaits_approval,
    overlap_runs,
    previous_is_not_doomed,
    previous_can_go,
)
