"""From a publication until every holder has moved: settle, stamp, wait, and name who lags."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ..acknowledgement import how_to_acknowledge, outside_holders
from ..actions import Forget, Plan, Stamp
from ..observed import Observed
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
from .needs import hold, read_consumers, wait

__all__ = ["ROLLING_OUT", "evidence", "goes_at_once", "name_some", "rolling", "suspects"]

_ONE_SECOND = timedelta(seconds=1)


def publication_settles(observed: Observed) -> Plan | None:
    """Caches may still hand out the previous data: pods born now prove nothing."""
    proof = rolling(observed)
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
    previous, proof = observed.book.previous, rolling(observed)
    if previous is None or proof is None or not observed.is_surely_missing(previous.id):
        return None
    found = read_consumers(observed)
    if isinstance(found, Plan):
        return found
    if suspects(observed, found, proof):
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
    if seen.consumers.workloads or seen.consumers.pods or goes_at_once(observed):
        return None
    if observed.resource.spec.acknowledgements:
        return None
    return hold(
        "NoConsumers",
        f"no workload or pod in namespace {observed.resource.key.namespace} refers to Secret "
        f"{observed.resource.spec.target.name}: who holds the previous secret is unknown",
        "use the Secret in a workload of this namespace, or declare who uses it elsewhere in "
        "spec.acknowledgements",
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
    """A pod or a declared consumer may still hold the previous secret: it must not be deleted."""
    seen = _rollout(observed)
    if not isinstance(seen, _Rollout):
        return seen
    found = suspects(observed, seen.consumers, seen.proof)
    if not found:
        return None
    pods = tuple(holder for holder in found if not holder.is_outside)
    told = f"still on the previous secret: {name_some(found)}{_by_hand(seen.consumers, pods)}"
    words = how_to_acknowledge(observed.resource, observed.book, observed.now)
    told = f"{told}; {words}" if words else told
    if pods:
        return _held_up_by(seen.consumers) or wait("PodsNotRolled", told)
    return _held_up_by(seen.consumers) or wait("AwaitingAcknowledgement", told)


def _by_hand(found: Consumers, pods: tuple[Holder, ...]) -> str:
    """Name the holders that no stamp moves: bare pods and pods of other kinds of owners."""
    stamped = {workload.ref for workload in found.workloads}
    others = tuple(one for one in pods if one.owner not in stamped)
    return f"; the operator does not restart {name_some(others)}" if others else ""


def rollout_is_unfinished(observed: Observed) -> Plan | None:
    """Every pod has moved, but a workload is not whole: the new secret may not work for it."""
    seen = _rollout(observed)
    if not isinstance(seen, _Rollout):
        return seen
    waiting = unfinished(seen.consumers)
    if not waiting or _leaked(observed):
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


def _leaked(observed: Observed) -> bool:
    """Tell whether the previous secret leaked: nothing but pods and caches is waited for."""
    previous = observed.book.previous
    return previous is not None and observed.book.is_leaked(previous.id)


def goes_at_once(observed: Observed) -> bool:
    """Tell whether the previous secret leaked and goes without waiting for anybody."""
    emergency = observed.book.emergency
    return emergency is not None and emergency.now and _leaked(observed)


def name_some(found: tuple[Holder, ...], most: int = 3) -> str:
    """Name the first few holders and count the rest."""
    named = ", ".join(holder.who for holder in found[:most])
    more = len(found) - most
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


def suspects(
    observed: Observed, found: Consumers, proof: PublicationEvidence
) -> tuple[Holder, ...]:
    """List all who may hold the previous secret: pods, then declared consumers outside."""
    outside = outside_holders(observed.resource, observed.book, observed.now)
    return (*holders(found, proof), *outside)


@dataclass(frozen=True, slots=True)
class _Rollout:
    """A publication that is being rolled out, and the namespace as this pass has read it."""

    proof: PublicationEvidence
    consumers: Consumers


def _rollout(observed: Observed) -> _Rollout | Plan | None:
    """Give the roll-out, or the plan to read the namespace first; None where there is none."""
    proof = rolling(observed)
    if proof is None:
        return None
    found = read_consumers(observed)
    return found if isinstance(found, Plan) else _Rollout(proof, found)


def rolling(observed: Observed) -> PublicationEvidence | None:
    """Give what pods are measured against while a previous secret is to be retired, else None."""
    return evidence(observed) if observed.book.previous is not None else None


ROLLING_OUT: Final[tuple[Rule, ...]] = (
    publication_settles,
    previous_was_deleted_elsewhere,
    no_consumer_is_found,
    workload_needs_the_stamp,
    somebody_holds_the_previous_secret,
    rollout_is_unfinished,
)
