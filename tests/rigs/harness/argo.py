"""Stands in for the controller of Argo Rollouts: one ReplicaSet a template, all pods at once."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from cluster.api import AdminApi, ApiError
from cluster.control_plane import ControlPlane
from cluster.foreign import argo_rollouts_crd
from cluster.waiting import wait_for
from harness.shop import ACCOUNT, WHOLE_SECONDS, Kubectl, Shop

ROLLOUTS: Final = "/apis/argoproj.io/v1alpha1"
LOOK_SECONDS: Final = 0.2


def install_rollouts(cluster: ControlPlane) -> None:
    """Install the type of Argo Rollouts; once more does no harm."""
    # Too large for the annotation of a client-side apply.
    Kubectl(cluster)("apply", "--server-side", "-f", str(argo_rollouts_crd()))
    with AdminApi(cluster.url, cluster.ca_file, cluster.admin_token) as api:
        wait_for("Rollouts are served", lambda: _are_served(api), WHOLE_SECONDS)


def _are_served(api: AdminApi) -> bool:
    try:
        return api.find(f"{ROLLOUTS}/rollouts") is not None
    except ApiError:
        return False  # a new type's storage answers 429 until it is there


def allow_rollouts(shop: Shop) -> None:
    """Grant the operator the rule that its message asks for."""
    # `kubectl create role` would ask discovery, which may not know a new type yet.
    rule = {"apiGroups": ["argoproj.io"], "resources": ["rollouts"], "verbs": ["get", "patch"]}
    group = "rbac.authorization.k8s.io"
    role = {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": "rollouts"}}
    shop.apply(
        {**role, "rules": [rule]},
        {
            **role,
            "kind": "RoleBinding",
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "rollouts"},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": shop.namespace}],
        },
    )


@contextmanager
def rollouts_controller(cluster: ControlPlane, shop: Shop) -> Iterator[None]:
    """Play the controller in the shop's namespace, in a thread."""
    ended = threading.Event()
    with AdminApi(cluster.url, cluster.ca_file, cluster.admin_token) as api:
        player = _Controller(api, shop.namespace)
        thread = threading.Thread(target=player.run, args=(ended,), name="argo-rollouts")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


class _Controller:
    def __init__(self, api: AdminApi, namespace: str) -> None:
        self._api = api
        self._rollouts = f"{ROLLOUTS}/namespaces/{namespace}/rollouts"
        self._sets = f"/apis/apps/v1/namespaces/{namespace}/replicasets"

    def run(self, ended: threading.Event) -> None:
        """Look again and again, as a controller does; somebody else's write is no error."""
        while not ended.wait(LOOK_SECONDS):
            try:
                for rollout in self._api.get(self._rollouts)["items"]:
                    self._reconcile(rollout)
            except ApiError:
                continue

    def _reconcile(self, rollout: dict[str, Any]) -> None:
        wanted, uid = rollout["spec"]["replicas"], rollout["metadata"]["uid"]
        name = f"{rollout['metadata']['name']}-{_hash(rollout['spec']['template'])}"
        ours = [one for one in self._api.get(self._sets)["items"] if _owner(one) == uid]
        new = next((one for one in ours if one["metadata"]["name"] == name), None)
        if new is None:
            self._api.create(self._sets, _replica_set(name, rollout))
            return
        old = [one for one in ours if one is not new and one["spec"]["replicas"]]
        is_ready = new.get("status", {}).get("readyReplicas", 0) == wanted
        for one in old if is_ready else ():
            self._api.patch(f"{self._sets}/{one['metadata']['name']}", {"spec": {"replicas": 0}})
        self._tell(rollout, "Healthy" if is_ready and not old else "Progressing")

    def _tell(self, rollout: dict[str, Any], phase: str) -> None:
        status = {"observedGeneration": str(rollout["metadata"]["generation"]), "phase": phase}
        told = rollout.get("status") or {}
        if {key: told.get(key) for key in status} != status:
            path = f"{self._rollouts}/{rollout['metadata']['name']}/status"
            self._api.patch(path, {"status": status})


def _hash(template: dict[str, Any]) -> str:
    text = json.dumps(template, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _owner(replica_set: dict[str, Any]) -> str:
    owners = replica_set["metadata"].get("ownerReferences") or [{}]
    return str(owners[0].get("uid", ""))


def _replica_set(name: str, rollout: dict[str, Any]) -> dict[str, Any]:
    labels = {**rollout["spec"]["selector"]["matchLabels"], "rollouts-pod-template-hash": name}
    template = rollout["spec"]["template"]
    metadata = {**template["metadata"], "labels": labels}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "ownerReferences": [
                {
                    "apiVersion": rollout["apiVersion"],
                    "kind": rollout["kind"],
                    "name": rollout["metadata"]["name"],
                    "uid": rollout["metadata"]["uid"],
                    "controller": True,
                }
            ],
        },
        "spec": {
            "replicas": rollout["spec"]["replicas"],
            "selector": {"matchLabels": labels},
            "template": {"metadata": metadata, "spec": template["spec"]},
        },
    }
