"""Progress of a workload's roll-out, as in kstatus, plus the states in which it never completes.

Source: kubernetes-sigs/cli-utils, ``pkg/kstatus/status/core.go``. For kstatus a StatefulSet with a
partition, or a workload with ``OnDelete``, is finished; here pods of the old template count.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..domain.rollout import Progress

__all__ = ["progress_of"]

_Verdict = tuple[Progress, str]

_COMPLETE: Final[_Verdict] = (Progress.COMPLETE, "")
_ON_DELETE: Final = "OnDelete keeps older pods until they are deleted by hand"


def progress_of(workload: Mapping[str, Any]) -> tuple[Progress, str]:
    """Return a workload's progress by its spec and status.

    Unknown kinds are judged by kstatus' generic rules, and an Argo Rollout by its phase. A Job and
    a CronJob have nothing to roll out.

    Args:
        workload: the object as the API server returned it, with its ``kind``.

    Returns:
        The progress, and for users the reason why it is not complete (empty if it is).

    """
    if workload["kind"] in _NOTHING_TO_ROLL_OUT:
        return _COMPLETE
    judge = _JUDGES.get(workload["kind"])
    if judge is None:
        return _judge_other_kind(workload)
    spec, status = workload.get("spec") or {}, workload.get("status") or {}
    generation = (workload.get("metadata") or {}).get("generation", 0)
    unseen = status.get("observedGeneration", 0) < generation
    return judge(spec, status, unseen=unseen)


def _judge_deployment(
    spec: Mapping[str, Any], status: Mapping[str, Any], *, unseen: bool
) -> _Verdict:
    wanted = _replicas(spec)
    missing = _unseen_template(unseen=unseen) or _first(
        _too_few(status, "updatedReplicas", wanted, "updated"),
        _too_few(status, "replicas", wanted, "created"),
        _too_many(status, wanted),
        _too_few(status, "availableReplicas", wanted, "available"),
        _too_few(status, "readyReplicas", wanted, "ready"),
    )
    if not missing:
        return _COMPLETE
    if spec.get("paused"):
        return Progress.PAUSED, f"paused (spec.paused): {missing}"
    conditions = {one.get("type"): one for one in status.get("conditions") or ()}
    if conditions.get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded" and not unseen:
        return Progress.FAILED, f"progress deadline exceeded: {missing}"
    failure = conditions.get("ReplicaFailure", {})
    if failure.get("status") == "True":
        return Progress.RUNNING, f"pods cannot be created ({failure.get('reason')}): {missing}"
    return Progress.RUNNING, missing


def _judge_stateful_set(
    spec: Mapping[str, Any], status: Mapping[str, Any], *, unseen: bool
) -> _Verdict:
    wanted = _replicas(spec)
    if reason := _unseen_template(unseen=unseen):
        return Progress.RUNNING, reason
    not_updated = _too_few(status, "updatedReplicas", wanted, "updated")
    if not_updated and (blocker := _stateful_set_blocker(spec)):
        return Progress.PAUSED, f"{blocker}: {not_updated}"
    missing = _first(
        not_updated,
        _too_few(status, "replicas", wanted, "created"),
        _too_many(status, wanted),
        _too_few(status, "readyReplicas", wanted, "ready"),
    )
    # With OnDelete the updated revision never becomes the current one, and with a partition only
    # after the partition has been removed.
    follows = _stateful_set_blocker(spec) is None
    if not missing and follows and status.get("currentRevision") != status.get("updateRevision"):
        missing = "the updated revision is not yet the current revision"
    return (Progress.RUNNING, missing) if missing else _COMPLETE


def _stateful_set_blocker(spec: Mapping[str, Any]) -> str | None:
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return _ON_DELETE
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    if partition:
        return f"partition {partition} keeps older pods"
    return None


def _judge_daemon_set(
    spec: Mapping[str, Any], status: Mapping[str, Any], *, unseen: bool
) -> _Verdict:
    if "desiredNumberScheduled" not in status:
        unseen = True
    if reason := _unseen_template(unseen=unseen):
        return Progress.RUNNING, reason
    wanted = status["desiredNumberScheduled"]
    not_updated = _too_few(status, "updatedNumberScheduled", wanted, "updated")
    if not_updated and (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        return Progress.PAUSED, f"{_ON_DELETE}: {not_updated}"
    missing = _first(
        _too_few(status, "currentNumberScheduled", wanted, "created"),
        not_updated,
        _too_few(status, "numberAvailable", wanted, "available"),
        _too_few(status, "numberReady", wanted, "ready"),
    )
    return (Progress.RUNNING, missing) if missing else _COMPLETE


_JUDGES: Final[Mapping[str, Callable[..., _Verdict]]] = {
    "Deployment": _judge_deployment,
    "StatefulSet": _judge_stateful_set,
    "DaemonSet": _judge_daemon_set,
}


_NOTHING_TO_ROLL_OUT: Final = frozenset({"Job", "CronJob", "ReplicaSet"})

_ARGO_PHASES: Final[Mapping[str, Progress]] = {
    "Healthy": Progress.COMPLETE,
    "Progressing": Progress.RUNNING,
    "Paused": Progress.PAUSED,
    "Degraded": Progress.FAILED,
}
"""``status.phase`` of an Argo Rollout."""


def _judge_other_kind(workload: Mapping[str, Any]) -> _Verdict:
    """Return the progress by ``observedGeneration`` and conditions Stalled, Reconciling, Ready."""
    status = workload.get("status") or {}
    if not status:
        return Progress.RUNNING, "it has no status yet"
    seen = str(status.get("observedGeneration", ""))  # an Argo Rollout writes it as text
    generation = (workload.get("metadata") or {}).get("generation", 0)
    if seen.isdigit() and int(seen) < generation:
        return Progress.RUNNING, _unseen_template(unseen=True)
    if workload["kind"] == "Rollout" and "phase" in status:
        progress = _ARGO_PHASES.get(status["phase"], Progress.RUNNING)
        return progress, "" if progress is Progress.COMPLETE else f"its phase is {status['phase']}"
    conditions = {one.get("type"): one.get("status") for one in status.get("conditions") or ()}
    if conditions.get("Stalled") == "True":
        return Progress.FAILED, "its condition Stalled is True"
    if conditions.get("Reconciling") == "True":
        return Progress.RUNNING, "its condition Reconciling is True"
    if conditions.get("Ready", "True") != "True":
        return Progress.RUNNING, f"its condition Ready is {conditions['Ready']}"
    return _COMPLETE


def _replicas(spec: Mapping[str, Any]) -> int:
    replicas = spec.get("replicas")
    return 1 if replicas is None else int(replicas)


def _unseen_template(*, unseen: bool) -> str:
    return "the controller has not seen the latest change yet" if unseen else ""


def _too_few(status: Mapping[str, Any], name: str, wanted: int, word: str) -> str:
    count = status.get(name) or 0
    return f"{count} of {wanted} pods are {word}" if count < wanted else ""


def _too_many(status: Mapping[str, Any], wanted: int) -> str:
    surplus = (status.get("replicas") or 0) - wanted
    return f"{surplus} surplus pods remain" if surplus > 0 else ""


def _first(*reasons: str) -> str:
    return next((reason for reason in reasons if reason), "")
