"""From a publication until every holder has moved: settle, stamp, wait, and name who lags."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ...names import GROUP, pod_ack_annotation
from ...reasons import Reason
from ..acknowledgement import how_to_acknowledge
from ..actions import DropFromJournal, Plan, RollBack, Stamp
from ..consumers import ConsumerMode
from ..evidence import Holder, PublicationEvidence, name_owners, name_some, workloads_to_stamp
from ..journal.rollback import can_roll_back
from ..model import Verdict
from ..observed import Fact, Observed
from ..rollout import Consumers, Progress, Workload, never_restarted, unfinished
from ..spec import OnFailure, RolloutStrategy
from ..text import span_text
from .needs import hold, listing, probe, read_consumers, wait

_ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Rollout:
    """A publication that is being rolled out, and the namespace as this pass has read it."""

    proof: PublicationEvidence
    consumers: Consumers


def publication_settles(observed: Observed) -> Plan | None:
    """Caches may still serve the previous data: pods created now are no evidence."""
    proof = observed.rolling
    if proof is None or observed.now > proof.settled_at:
        return None
    return wait(
        Reason.SETTLING,
        "waiting until caches of kubelets and API servers hand out nothing older",
        proof.settled_at + _ONE_SECOND,
    )


def previous_was_deleted_elsewhere(observed: Observed) -> Plan | None:
    """Two Lists, far enough apart, lack the previous secret: it was deleted by others.

    Nothing is left to delete, but pods that hold it are worse off than ever: they move first.
    """
    previous, proof = observed.journal.previous, observed.rolling
    if previous is None or proof is None or not observed.is_surely_missing(previous.id):
        return None
    read_consumers(observed)
    if observed.holders:
        return None
    return Plan(
        DropFromJournal(previous.id, deleted_elsewhere=True),
        Reason.DELETED_ELSEWHERE,
        f"secret {previous.id} was deleted at Cognito by others",
    )


def no_consumer_is_found(observed: Observed) -> Plan | None:
    """No pod or workload refers to the target, and the user did not declare that as intended."""
    seen = _rollout(observed)
    if seen is None:
        return None
    spec, found = observed.resource.spec, seen.consumers
    if found.workloads or found.pods or found.missing or observed.journal.deletes_previous_at_once:
        return None
    if spec.acknowledgements or spec.rollout.consumers.mode is ConsumerMode.NONE:
        return None
    held = hold(
        Reason.NO_CONSUMERS,
        f"no workload or pod in namespace {observed.resource.key.namespace} refers to Secret "
        f"{spec.target.name}: who holds the previous secret is unknown",
        "use the Secret in a workload of this namespace, declare who uses it elsewhere in "
        "spec.acknowledgements, or declare that no pod uses it (spec.rollout.consumers.mode: None)",
    )
    # Tools apply a resource first, and its workloads, of which no event tells, once it is healthy.
    if observed.now > seen.proof.settled_at + spec.rollout.progress_deadline:
        return held
    return wait(held.reason, held.message)


def workload_needs_the_stamp(observed: Observed) -> Plan | None:
    """A workload still has pods from before the publication: stamp its pod template, once."""
    if observed.resource.spec.rollout.strategy is RolloutStrategy.WATCH:
        return None
    seen = _rollout(observed)
    if seen is None:
        return None
    shared: list[datetime] = []
    for workload in workloads_to_stamp(seen.consumers, seen.proof, observed.pod_holders):
        if workload.progress is Progress.PAUSED:
            continue
        if (others_settle_at := _others_settle_at(observed, seen.proof, workload)) is not None:
            shared.append(others_settle_at)
            continue
        if (workload.uid, seen.proof.stamp) in observed.memory.stamped:
            return hold(
                Reason.STAMP_REVERTED,
                f"something took the stamp off {workload.ref}'s pod template",
                f"let the tool that owns the template ignore annotations of {GROUP}",
            )
        return Plan(
            Stamp(workload, seen.proof.stamp),
            Reason.ROLLING_OUT,
            f"restarting {workload.ref} by the stamp {seen.proof.stamp}",
        )
    if not shared:
        return None
    return wait(
        Reason.SETTLING,
        "waiting for the publication of another Secret that the same workload reads, so that one "
        "restart does for both",
        max(shared) + _ONE_SECOND,
    )


def _others_settle_at(
    observed: Observed, proof: PublicationEvidence, workload: Workload
) -> datetime | None:
    """Return when other targets of the same workload settle that were published soon after ours.

    Ours waits for those at most as long as it has settled itself, and never for a leak's sake.
    """
    if observed.journal.previous_leaked:
        return None
    latest = proof.settled_at + proof.settle
    dates = [
        date
        for name, date in observed.settling.items()
        if name in workload.secrets and observed.now <= date <= latest
    ]
    return max(dates, default=None)


def listed_workload_is_missing(observed: Observed) -> Plan | None:
    """A listed workload is missing: which pods hold the previous secret is unknown."""
    seen = _rollout(observed)
    if seen is None:
        return None
    if not seen.consumers.missing:
        return None
    names = ", ".join(str(ref) for ref in seen.consumers.missing)
    return hold(
        Reason.CONSUMER_MISSING,
        f"spec.rollout.consumers.workloads lists {names}, which namespace "
        f"{observed.resource.key.namespace} does not have",
        "correct apiVersion, kind or name, or take it off the list",
    )


def pod_is_not_covered(observed: Observed) -> Plan | None:
    """A pod outside the declared consumers may hold the previous secret, and is never restarted."""
    seen = _rollout(observed)
    if seen is None:
        return None
    strangers = tuple(one for one in observed.pod_holders if not (one.covered or one.terminating))
    if not strangers:
        return None
    mode = observed.resource.spec.rollout.consumers.mode
    return hold(
        Reason.PODS_NOT_COVERED,
        f"spec.rollout.consumers (mode {mode.value}) does not cover {name_some(strangers)}, which "
        f"may hold the previous secret: {name_owners(strangers)}",
        _COVER[mode],
    )


_COVER: Final = {
    ConsumerMode.AUTO: "restart it yourself",
    ConsumerMode.LISTED: "list its owner in spec.rollout.consumers.workloads, or restart it "
    "yourself",
    ConsumerMode.SELECTED: "label its owner as spec.rollout.consumers.selector asks, or restart it "
    "yourself",
    ConsumerMode.NONE: "choose another spec.rollout.consumers.mode, or restart it yourself",
}


def failed_rollout_is_rolled_back(observed: Observed) -> Plan | None:
    """The roll-out failed, and the resource asks to go back to the previous secret, once."""
    if observed.resource.spec.rollout.on_failure is not OnFailure.ROLLBACK:
        return None
    seen, book = _rollout(observed), observed.journal
    if seen is None:
        return None
    failed = _failure(observed, seen)
    previous = book.previous
    if failed is None or previous is None or not can_roll_back(book):
        return None
    if observed.resource.override_id == book.name_of(previous.id):
        return None
    listed = listing(observed)
    asked = probe(observed, Fact.PREVIOUS_VALUE_PROBE)
    if listed.get(previous.id) is None or asked.verdict is Verdict.REFUSED:
        return None
    return Plan(
        RollBack(), Reason.ROLLING_BACK, f"{failed.message}; going back to secret {previous.id}"
    )


def _failure(observed: Observed, seen: _Rollout) -> Plan | None:
    """Return the hold for a workload that failed; pods that are never restarted are no failure."""
    told = _held_up_by(seen.consumers) or _progress_deadline_is_over(observed, seen)
    return told if told is not None and told.reason is Reason.ROLLOUT_FAILED else None


def previous_secret_is_still_held(observed: Observed) -> Plan | None:
    """A pod or a declared consumer may still hold the previous secret: wait before deleting it."""
    seen = _rollout(observed)
    if seen is None:
        return None
    found = observed.holders
    if not found:
        return None
    told = _who_lags(observed, seen, found)
    held = _held_up_by(seen.consumers) or _progress_deadline_is_over(observed, seen)
    if held is not None or any(not holder.is_outside for holder in found):
        return held or wait(Reason.PODS_NOT_ROLLED, told)
    return wait(Reason.AWAITING_ACKNOWLEDGEMENT, told)


def _who_lags(observed: Observed, seen: _Rollout, found: tuple[Holder, ...]) -> str:
    """Name the holders, and tell what moves those that the operator does not."""
    told = f"still on the previous secret: {name_some(found)}{_pods_lag(observed, seen, found)}"
    words = how_to_acknowledge(observed.resource, observed.journal, observed.outside_holders)
    return f"{told}; {words}" if words else told


def _pods_lag(observed: Observed, seen: _Rollout, found: tuple[Holder, ...]) -> str:
    """Return what moves the pods that the operator does not restart; empty if it restarts all."""
    pods = tuple(one for one in found if not one.is_outside)
    jobs = tuple(one for one in pods if one.owner is not None and one.owner.ends_by_itself)
    told = f"; {name_some(jobs)} ends by itself ({name_owners(jobs)})" if jobs else ""
    others = tuple(one for one in pods if one not in jobs and not one.terminating)
    if observed.resource.spec.rollout.strategy is RolloutStrategy.WATCH:
        return f"{told}; {_by_others(observed, seen.proof)}" if others else told
    by_hand = {f"Pod/{pod.name}" for pod in never_restarted(seen.consumers)}
    left = tuple(one for one in others if one.who in by_hand)
    return f"{told}; the operator does not restart {name_some(left)}" if left else told


def _by_others(observed: Observed, proof: PublicationEvidence) -> str:
    key = pod_ack_annotation(observed.resource.key.name)
    return (
        "spec.rollout.strategy is Watch: restart them, or let each container that reads files "
        f"acknowledge publication {proof.number} (annotation {key} of its pod: "
        f"<container>={proof.number})"
    )


def _progress_deadline_is_over(observed: Observed, seen: _Rollout) -> Plan | None:
    """The roll-out makes no progress: it counts as failed. Jobs take the time that they take."""
    deadline = observed.resource.spec.rollout.progress_deadline
    remaining = observed.memory.remaining
    if (
        remaining is None
        or remaining.stamp != seen.proof.stamp
        or observed.now <= remaining.since + deadline
    ):
        return None
    late = f"no progress for {span_text(deadline)} (spec.rollout.progressDeadline)"
    waiting = unfinished(seen.consumers)
    if waiting:
        return hold(
            Reason.ROLLOUT_FAILED,
            f"{waiting[0].ref} has made {late}: {waiting[0].detail}",
            "repair the workload; both secrets stay valid meanwhile",
        )
    pods = observed.pod_holders
    if all(one.owner is not None and one.owner.ends_by_itself for one in pods):
        return None
    return hold(
        Reason.PODS_NOT_ROLLED,
        f"{_who_lags(observed, seen, pods)}; there was {late}",
        "restart or delete the pods",
    )


def rollout_is_unfinished(observed: Observed) -> Plan | None:
    """Every pod has moved, but a workload is not available: the new secret may not work for it."""
    seen = _rollout(observed)
    if seen is None:
        return None
    waiting = unfinished(seen.consumers)
    if not waiting or observed.journal.previous_leaked:
        return None
    return (
        _held_up_by(seen.consumers)
        or _progress_deadline_is_over(observed, seen)
        or wait(
            Reason.ROLLOUT_UNFINISHED, f"{waiting[0].ref} is not rolled out: {waiting[0].detail}"
        )
    )


def _held_up_by(found: Consumers) -> Plan | None:
    for workload in unfinished(found):
        if workload.progress is Progress.FAILED:
            return hold(
                Reason.ROLLOUT_FAILED,
                f"{workload.ref} does not roll out: {workload.detail}",
                "repair the workload; both secrets stay valid meanwhile",
            )
        if workload.progress is Progress.PAUSED:
            return hold(
                Reason.ROLLOUT_PAUSED,
                f"{workload.ref} does not move its pods: {workload.detail}",
                "resume it, or restart its pods yourself",
            )
    return None


def _rollout(observed: Observed) -> _Rollout | None:
    """Return the roll-out, from a full read of the namespace; None where there is none."""
    proof = observed.rolling
    if proof is None:
        return None
    return _Rollout(proof, read_consumers(observed))
