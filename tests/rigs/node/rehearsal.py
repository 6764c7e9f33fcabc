"""What has to work on the node before it is called ready."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from .images import PROBE_IMAGE
from cluster.api import AdminApi

Wait = Callable[[str, Callable[[], object]], None]
"""Waits until a condition, put in words first, is true."""

_REHEARSAL: Final = "node-rehearsal"
_API_SERVER: Final = "10.96.0.1:443"


class RehearsalError(RuntimeError):
    """The pod of the rehearsal failed."""


def rehearse(api: AdminApi, wait: Wait, node: str) -> None:
    """Run a pod that reaches the API server by its Service, in a namespace deleted afterwards.

    Args:
        api: The API server, as an administrator.
        wait: How to wait, with its deadline; its errors are passed on.
        node: The node's name.

    Raises:
        ApiError: The API server refused something.
        RehearsalError: The pod failed.
    """
    wait(f"node {node} is Ready", partial(_is_ready, api, node))
    api.create("/api/v1/namespaces", {"metadata": {"name": _REHEARSAL}})
    for name in (_REHEARSAL, "default"):
        account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        wait(f"ServiceAccount of {name}", partial(api.find, account))
    pods = f"/api/v1/namespaces/{_REHEARSAL}/pods"
    api.create(pods, _pod())
    wait("a pod reaches the API server", partial(_has_succeeded, api, f"{pods}/probe"))
    api.delete(f"/api/v1/namespaces/{_REHEARSAL}")


def _is_ready(api: AdminApi, name: str) -> bool:
    node = api.find(f"/api/v1/nodes/{name}")
    if node is None or node["spec"].get("taints"):
        return False
    conditions = node["status"].get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _has_succeeded(api: AdminApi, path: str) -> bool:
    status = api.get(path)["status"]
    if status["phase"] == "Failed":
        raise RehearsalError(f"the pod that should reach the API server failed: {status}")
    return bool(status["phase"] == "Succeeded")


def _pod() -> dict[str, Any]:
    container = {
        "name": "probe",
        "image": PROBE_IMAGE,
        "imagePullPolicy": "Never",
        "args": ["reach", _API_SERVER],
        "command": ["/probe"],
    }
    return {
        "metadata": {"name": "probe"},
        "spec": {
            "containers": [container],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
        },
    }
