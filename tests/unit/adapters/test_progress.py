from typing import Any

import pytest

from cognito_secret_operator.adapters.progress import progress_of
from cognito_secret_operator.domain.rollout import Progress


def workload(
    kind: str, spec: dict[str, Any], status: dict[str, Any], *, generation: int = 2
) -> dict[str, Any]:
    return {
        "kind": kind,
        "metadata": {"generation": generation},
        "spec": spec,
        "status": {"observedGeneration": 2, **status},
    }


def deployment(spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    full = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"), 3)
    return workload("Deployment", {"replicas": 3, **(spec or {})}, {**full, **status})


def stateful_set(strategy: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    full: dict[str, Any] = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas"), 3)
    full |= {"currentRevision": "b", "updateRevision": "b"}
    spec = {"replicas": 3, "updateStrategy": strategy or {"type": "RollingUpdate"}}
    return workload("StatefulSet", spec, {**full, **status})


def daemon_set(strategy: str = "RollingUpdate", **status: Any) -> dict[str, Any]:
    full = dict.fromkeys(
        (
            "desiredNumberScheduled",
            "currentNumberScheduled",
            "updatedNumberScheduled",
            "numberAvailable",
            "numberReady",
        ),
        3,
    )
    return workload("DaemonSet", {"updateStrategy": {"type": strategy}}, {**full, **status})


def unseen(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "metadata": {"generation": 3}}


LATE = {
    "type": "Progressing",
    "status": "False",
    "reason": "ProgressDeadlineExceeded",
    "message": "never shown",
}
NO_QUOTA = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
PARTITION = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
NO_PARTITION = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
ON_DELETE = {"type": "OnDelete"}
OLD = {"updatedReplicas": 1, "currentRevision": "a"}
NOT_SEEN = "the controller has not seen the latest change yet"

CASES: dict[str, tuple[dict[str, Any], Progress, str]] = {
    "a Deployment with all pods updated and available is complete": (
        deployment(),
        Progress.COMPLETE,
        "",
    ),
    "a Deployment without pods is complete": (
        deployment(
            {"replicas": 0}, replicas=0, updatedReplicas=0, availableReplicas=0, readyReplicas=0
        ),
        Progress.COMPLETE,
        "",
    ),
    "a Deployment that says no number wants one pod": (
        deployment({"replicas": None}, replicas=0, updatedReplicas=0),
        Progress.RUNNING,
        "0 of 1 pods are updated",
    ),
    "a Deployment whose controller lags is running": (
        unseen(deployment()),
        Progress.RUNNING,
        NOT_SEEN,
    ),
    "a Deployment without a status is running": (
        workload("Deployment", {"replicas": 3}, {"observedGeneration": 0}),
        Progress.RUNNING,
        NOT_SEEN,
    ),
    "a Deployment with old pods is running": (
        deployment(updatedReplicas=2),
        Progress.RUNNING,
        "2 of 3 pods are updated",
    ),
    "a Deployment with surplus old pods is running": (
        deployment(replicas=4),
        Progress.RUNNING,
        "1 surplus pods remain",
    ),
    "a Deployment whose new pods are not available is running": (
        deployment(availableReplicas=2),
        Progress.RUNNING,
        "2 of 3 pods are available",
    ),
    "a Deployment whose pods are not ready is running": (
        deployment(readyReplicas=2),
        Progress.RUNNING,
        "2 of 3 pods are ready",
    ),
    "a Deployment beyond its progress deadline has failed": (
        deployment(conditions=[LATE], availableReplicas=2),
        Progress.FAILED,
        "progress deadline exceeded: 2 of 3 pods are available",
    ),
    "a Deployment with a failure from before the latest change is running": (
        unseen(deployment(conditions=[LATE])),
        Progress.RUNNING,
        NOT_SEEN,
    ),
    "a Deployment that a quota stops is running, and told": (
        deployment(conditions=[NO_QUOTA], updatedReplicas=0),
        Progress.RUNNING,
        "pods cannot be created (FailedCreate): 0 of 3 pods are updated",
    ),
    "a paused Deployment with old pods is paused": (
        deployment({"paused": True}, updatedReplicas=0),
        Progress.PAUSED,
        "paused (spec.paused): 0 of 3 pods are updated",
    ),
    "a paused Deployment is paused, seen or not": (
        unseen(deployment({"paused": True})),
        Progress.PAUSED,
        f"paused (spec.paused): {NOT_SEEN}",
    ),
    "a paused Deployment without old pods is complete": (
        deployment({"paused": True}),
        Progress.COMPLETE,
        "",
    ),
    "a StatefulSet with all pods updated and ready is complete": (
        stateful_set(),
        Progress.COMPLETE,
        "",
    ),
    "a StatefulSet whose controller lags is running": (
        unseen(stateful_set()),
        Progress.RUNNING,
        NOT_SEEN,
    ),
    "a StatefulSet with old pods is running": (
        stateful_set(NO_PARTITION, **OLD),
        Progress.RUNNING,
        "1 of 3 pods are updated",
    ),
    "a StatefulSet with too few pods is running": (
        stateful_set(replicas=2),
        Progress.RUNNING,
        "2 of 3 pods are created",
    ),
    "a StatefulSet that shrinks is running": (
        stateful_set(replicas=4),
        Progress.RUNNING,
        "1 surplus pods remain",
    ),
    "a StatefulSet whose pods are not ready is running": (
        stateful_set(readyReplicas=1),
        Progress.RUNNING,
        "1 of 3 pods are ready",
    ),
    "a StatefulSet between two revisions is running": (
        stateful_set(currentRevision="a"),
        Progress.RUNNING,
        "the updated revision is not yet the current revision",
    ),
    "a StatefulSet with a partition and old pods is paused": (
        stateful_set(PARTITION, **OLD),
        Progress.PAUSED,
        "partition 2 keeps older pods: 1 of 3 pods are updated",
    ),
    "a StatefulSet with a partition and no old pods is complete": (
        stateful_set(PARTITION),
        Progress.COMPLETE,
        "",
    ),
    "a StatefulSet with OnDelete and old pods is paused": (
        stateful_set(ON_DELETE, **OLD),
        Progress.PAUSED,
        "OnDelete keeps older pods until they are deleted by hand: 1 of 3 pods are updated",
    ),
    "a StatefulSet with OnDelete and no old pods is complete, whatever its revisions": (
        stateful_set(ON_DELETE, currentRevision="a"),
        Progress.COMPLETE,
        "",
    ),
    "a StatefulSet with OnDelete whose pods are not ready is running": (
        stateful_set(ON_DELETE, readyReplicas=2),
        Progress.RUNNING,
        "2 of 3 pods are ready",
    ),
    "a DaemonSet with all pods updated and available is complete": (
        daemon_set(),
        Progress.COMPLETE,
        "",
    ),
    "a DaemonSet without nodes is complete": (
        daemon_set(
            desiredNumberScheduled=0,
            currentNumberScheduled=0,
            updatedNumberScheduled=0,
            numberAvailable=0,
            numberReady=0,
        ),
        Progress.COMPLETE,
        "",
    ),
    "a DaemonSet whose controller lags is running": (
        unseen(daemon_set()),
        Progress.RUNNING,
        NOT_SEEN,
    ),
    "a DaemonSet that its controller never saw is running": (
        workload("DaemonSet", {}, {}),
        Progress.RUNNING,
        NOT_SEEN,
    ),
    "a DaemonSet with old pods is running": (
        daemon_set(updatedNumberScheduled=1),
        Progress.RUNNING,
        "1 of 3 pods are updated",
    ),
    "a DaemonSet with too few pods is running": (
        daemon_set(currentNumberScheduled=2),
        Progress.RUNNING,
        "2 of 3 pods are created",
    ),
    "a DaemonSet whose pods are not available is running": (
        daemon_set(numberAvailable=2),
        Progress.RUNNING,
        "2 of 3 pods are available",
    ),
    "a DaemonSet with OnDelete and old pods is paused": (
        daemon_set("OnDelete", updatedNumberScheduled=0),
        Progress.PAUSED,
        "OnDelete keeps older pods until they are deleted by hand: 0 of 3 pods are updated",
    ),
    "a DaemonSet with OnDelete and no old pods is complete": (
        daemon_set("OnDelete"),
        Progress.COMPLETE,
        "",
    ),
}


@pytest.mark.parametrize(("body", "progress", "detail"), CASES.values(), ids=CASES.keys())
def test_progress(body: dict[str, Any], progress: Progress, detail: str) -> None:
    assert progress_of(body) == (progress, detail)


def other(status: dict[str, Any] | None, *, kind: str = "Rollout") -> dict[str, Any]:
    return {"kind": kind, "metadata": {"generation": 3}, "spec": {}, "status": status}


def condition(kind: str, status: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": status}]}


OTHER_KINDS = {
    "a Job has nothing to roll out": ({"kind": "Job"}, Progress.COMPLETE, ""),
    "a CronJob has nothing to roll out": ({"kind": "CronJob"}, Progress.COMPLETE, ""),
    "a kind without a status is running": (other(None), Progress.RUNNING, "it has no status yet"),
    "an Argo Rollout whose change is not seen is running": (
        other({"observedGeneration": "2", "phase": "Healthy"}),
        Progress.RUNNING,
        NOT_SEEN,
    ),
    "an Argo Rollout that is healthy is complete": (
        other({"observedGeneration": "3", "phase": "Healthy"}),
        Progress.COMPLETE,
        "",
    ),
    "an Argo Rollout on its way is running": (
        other({"observedGeneration": "3", "phase": "Progressing"}),
        Progress.RUNNING,
        "its phase is Progressing",
    ),
    "an Argo Rollout that waits in a step is paused": (
        other({"observedGeneration": "3", "phase": "Paused"}),
        Progress.PAUSED,
        "its phase is Paused",
    ),
    "an Argo Rollout that is degraded has failed": (
        other({"observedGeneration": "3", "phase": "Degraded"}),
        Progress.FAILED,
        "its phase is Degraded",
    ),
    "another kind whose change is not seen is running": (
        other({"observedGeneration": 2}, kind="Fleet"),
        Progress.RUNNING,
        NOT_SEEN,
    ),
    "another kind's phase says nothing": (
        other({"observedGeneration": 3, "phase": "Degraded"}, kind="Fleet"),
        Progress.COMPLETE,
        "",
    ),
    "another kind that is stalled has failed": (
        other(condition("Stalled", "True"), kind="Fleet"),
        Progress.FAILED,
        "its condition Stalled is True",
    ),
    "another kind that reconciles is running": (
        other(condition("Reconciling", "True"), kind="Fleet"),
        Progress.RUNNING,
        "its condition Reconciling is True",
    ),
    "another kind that is not ready is running": (
        other(condition("Ready", "Unknown"), kind="Fleet"),
        Progress.RUNNING,
        "its condition Ready is Unknown",
    ),
}


@pytest.mark.parametrize(
    ("body", "progress", "detail"), OTHER_KINDS.values(), ids=OTHER_KINDS.keys()
)
def test_progress_of_other_kinds(body: dict[str, Any], progress: Progress, detail: str) -> None:
    assert progress_of(body) == (progress, detail)
