"""Workloads and pods that refer to a Secret, read in full, and the stamp on pod templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from ..domain.rollout import Consumers, Pod, Workload, WorkloadRef
from ..errors import ConflictError, NotFoundError, RetryLaterError
from .exchange import api_path
from .kube_api import AS_WRITER, MERGE_PATCH, METADATA_LIST, KubeApi
from .progress import progress_of
from .references import refers_to

__all__ = ["WorkloadStore", "is_finished"]

_APPS: Final = "apps/v1"
_PLURALS: Final = {
    "Deployment": "deployments",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
}
_REPLICA_SET: Final = "ReplicaSet"
_TERMINAL_PHASES: Final = frozenset({"Succeeded", "Failed"})
_STATUS_LISTS: Final = (
    "containerStatuses",
    "initContainerStatuses",
    "ephemeralContainerStatuses",
)


@dataclass(frozen=True, slots=True)
class _Controller:
    """The owner reference with ``controller: true``."""

    ref: WorkloadRef
    uid: str


@dataclass(frozen=True, slots=True)
class _FoundPod:
    """A pod whose owner is not looked up yet."""

    pod: Pod
    controller: _Controller | None


class WorkloadStore:
    """The workloads of a cluster; fulfils `service.ports.WorkloadPort`.

    Takes ``list`` on pods, deployments, statefulsets, daemonsets and replicasets, and ``patch`` on
    the first three kinds of workload.
    """

    def __init__(self, api: KubeApi) -> None:
        self._api = api

    async def consumers(self, namespace: str, secret_name: str, stamp_key: str) -> Consumers:
        """Read everything in *namespace* that refers to *secret_name*: full and uncached.

        Pods come first, so that `Consumers.read_at` is the time of what evidence is drawn from:
        a pod of that time that may hold the Secret is in the list whatever its workload does
        meanwhile. Workloads serve for stamps and progress only; one that changed in between makes
        its stamp conflict.

        Raises:
            RetryLaterError: a list could not be read to its end.
            AccessDeniedError: the message names the list.

        """
        found, read_at = await self._pods(namespace, secret_name)
        workloads = [
            workload
            for kind in _PLURALS
            for workload in await self._workloads(kind, namespace, secret_name, stamp_key)
        ]
        owners = await self._replica_set_owners(namespace, found)
        pods = [replace(one.pod, owner=_top(one.controller, owners)) for one in found]
        return Consumers(workloads=tuple(workloads), pods=tuple(pods), read_at=read_at)

    async def stamp(self, namespace: str, workload: Workload, *, key: str, value: str) -> None:
        """Set an annotation on the pod template if the workload is still the one that was read.

        Raises:
            ConflictError: uid or resourceVersion differ by now, or it is gone.
            AnswerLostError: it may or may not have been written.

        """
        kind, name = workload.ref.kind, workload.ref.name
        body = {
            "metadata": {"uid": workload.uid, "resourceVersion": workload.resource_version},
            "spec": {"template": {"metadata": {"annotations": {key: value}}}},
        }
        try:
            await self._api.request(
                "PATCH",
                api_path(_APPS, _PLURALS[kind], namespace, name),
                query=AS_WRITER,
                body=body,
                content_type=MERGE_PATCH,
            )
        except NotFoundError:
            raise ConflictError(f"{workload.ref} in namespace {namespace} is gone") from None

    async def _pods(self, namespace: str, secret_name: str) -> tuple[list[_FoundPod], datetime]:
        """List the pods that refer to the Secret, each page reduced at once."""
        found: list[_FoundPod] = []
        read_at: datetime | None = None
        async for page in self._api.pages(api_path("v1", "pods", namespace)):
            read_at = read_at or page.date
            found += [
                _FoundPod(_pod(body), _controller(body))
                for body in page.body["items"]
                if refers_to(body.get("spec") or {}, secret_name)
            ]
        if read_at is None:
            raise RetryLaterError(f"the list of pods in namespace {namespace} has no page")
        return found, read_at

    async def _workloads(
        self, kind: str, namespace: str, secret_name: str, stamp_key: str
    ) -> list[Workload]:
        """List the workloads of *kind* whose pod template refers to the Secret."""
        path = api_path(_APPS, _PLURALS[kind], namespace)
        return [
            _workload(kind, body, stamp_key)
            async for page in self._api.pages(path)
            for body in page.body["items"]
            if refers_to(_template(body).get("spec") or {}, secret_name)
        ]

    async def _replica_set_owners(
        self, namespace: str, found: Sequence[_FoundPod]
    ) -> Mapping[str, WorkloadRef]:
        """Map the uids of ReplicaSets to what controls them; asked only where a pod has one."""
        controllers = {one.controller.ref.kind for one in found if one.controller is not None}
        if _REPLICA_SET not in controllers:
            return {}
        path = api_path(_APPS, "replicasets", namespace)
        return {
            body["metadata"]["uid"]: owner.ref
            async for page in self._api.pages(path, accept=METADATA_LIST)
            for body in page.body["items"]
            if (owner := _controller(body)) is not None
        }


def is_finished(pod: Mapping[str, Any]) -> bool:
    """Tell whether no container of *pod* runs any more, nor ever will again.

    The phase alone says nothing: pod garbage collection sets Failed on pods of a node that is
    gone, whose containers may live on there, and eviction sets it before kubelet has ended them.
    So each of ``spec.containers`` needs a status, and every status there is (init and ephemeral
    containers too) has to say terminated. A pod that was evicted before it started has no statuses:
    it counts as running until it is deleted. That errs to the side of waiting.

    Args:
        pod: the pod as the API server gave it.

    """
    status = pod.get("status") or {}
    if status.get("phase") not in _TERMINAL_PHASES:
        return False
    statuses = [one for name in _STATUS_LISTS for one in status.get(name) or ()]
    if not all("terminated" in (one.get("state") or {}) for one in statuses):
        return False
    told = {one.get("name") for one in status.get("containerStatuses") or ()}
    containers = (pod.get("spec") or {}).get("containers") or ()
    return bool(told) and told.issuperset(container["name"] for container in containers)


def _pod(body: Mapping[str, Any]) -> Pod:
    metadata = body["metadata"]
    return Pod(
        name=metadata["name"],
        uid=metadata["uid"],
        created_at=datetime.fromisoformat(metadata["creationTimestamp"]),
        terminating="deletionTimestamp" in metadata,
        finished=is_finished(body),
        owner=None,
    )


def _workload(kind: str, body: Mapping[str, Any], stamp_key: str) -> Workload:
    metadata = body["metadata"]
    annotations = (_template(body).get("metadata") or {}).get("annotations") or {}
    # A list's items do not carry their kind.
    progress, detail = progress_of({**body, "kind": kind})
    return Workload(
        ref=WorkloadRef(kind, metadata["name"]),
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        stamp=annotations.get(stamp_key),
        progress=progress,
        detail=detail,
    )


def _template(body: Mapping[str, Any]) -> Mapping[str, Any]:
    template: Mapping[str, Any] = (body.get("spec") or {}).get("template") or {}
    return template


def _controller(body: Mapping[str, Any]) -> _Controller | None:
    for owner in body["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return _Controller(WorkloadRef(owner["kind"], owner["name"]), owner["uid"])
    return None


def _top(
    controller: _Controller | None, replica_set_owners: Mapping[str, WorkloadRef]
) -> WorkloadRef | None:
    if controller is None or controller.ref.kind != _REPLICA_SET:
        return controller.ref if controller else None
    return replica_set_owners.get(controller.uid, controller.ref)
