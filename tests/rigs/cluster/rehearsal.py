"""What has to work before a cluster is called ready."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from .api import AdminApi

Wait = Callable[[str, Callable[[], object]], None]
"""Waits until a condition, put in words first, is true."""

NODES: Final = ("node-1", "node-2")
"""The nodes that kwok plays."""

_REHEARSAL: Final = "cluster-rehearsal"
_REPLICAS: Final = 3


def add_nodes(api: AdminApi, wait: Wait) -> None:
    """Create the nodes and wait until they are Ready."""
    for name in NODES:
        api.create("/api/v1/nodes", _node(name))
    for name in NODES:
        wait(f"node {name} is Ready", partial(_is_ready, api, name))


def rehearse(api: AdminApi, wait: Wait) -> None:
    """Roll a Deployment over in a namespace that is deleted afterwards.

    That takes each part: the ServiceAccount and the ReplicaSets come from the
    controller-manager, the nodes from the scheduler, the rest from kwok.

    Args:
        api: The API server, as an administrator.
        wait: How to wait, with its deadline; its errors are passed on.

    Raises:
        ApiError: The API server refused something.
    """
    namespace = f"/api/v1/namespaces/{_REHEARSAL}"
    deployment = f"/apis/apps/v1/namespaces/{_REHEARSAL}/deployments/web"
    api.create("/api/v1/namespaces", {"metadata": {"name": _REHEARSAL}})
    for name in (_REHEARSAL, "default"):
        account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        wait(f"ServiceAccount of {name}", partial(api.find, account))
    api.create(deployment.rpartition("/")[0], _deployment())
    wait("a Deployment is available", lambda: _has_rolled_over(api, "1"))
    template = {"metadata": {"annotations": {"version": "2"}}}
    api.patch(deployment, {"spec": {"template": template}})
    wait("a Deployment rolled over", lambda: _has_rolled_over(api, "2"))
    api.delete(namespace)


def stage_files(folder: Path) -> list[Path]:
    """Give kwok's stage files of a folder."""
    return sorted(folder.glob("*.yaml"))


def _is_ready(api: AdminApi, node: str) -> bool:
    conditions = api.get(f"/api/v1/nodes/{node}")["status"].get("conditions", ())
    taints = api.get(f"/api/v1/nodes/{node}")["spec"].get("taints", ())
    return not taints and any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _has_rolled_over(api: AdminApi, version: str) -> bool:
    """Tell whether there are just the wanted pods, ready and of the version."""
    selector = quote("app=web")
    path = f"/api/v1/namespaces/{_REHEARSAL}/pods?labelSelector={selector}"
    pods: list[dict[str, Any]] = api.get(path)["items"]
    return len(pods) == _REPLICAS and all(
        pod["metadata"]["annotations"]["version"] == version
        and "deletionTimestamp" not in pod["metadata"]
        and any(status["ready"] for status in pod["status"].get("containerStatuses", ()))
        for pod in pods
    )


def _node(name: str) -> dict[str, Any]:
    capacity = {"cpu": "1k", "memory": "1Ti", "pods": "10k"}
    return {
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
        },
        "status": {"capacity": capacity, "allocatable": capacity},
    }


def _deployment() -> dict[str, Any]:
    container = {"name": "web", "image": "web"}
    return {
        "metadata": {"name": "web"},
        "spec": {
            "replicas": _REPLICAS,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}, "annotations": {"version": "1"}},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
            },
        },
    }
