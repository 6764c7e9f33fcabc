"""Conversion of a pod from the API server to the facts that count as evidence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ..domain.consumers import Search
from ..domain.rollout import Pod, Reader, WorkloadRef
from .references import all_readers, readers, refers_to

__all__ = ["Controller", "FoundPod", "controller_of", "found_pod", "is_finished"]

_TERMINAL_PHASES: Final = frozenset({"Succeeded", "Failed"})
_STATUS_LISTS: Final = (
    "containerStatuses",
    "initContainerStatuses",
    "ephemeralContainerStatuses",
)
_ACKNOWLEDGEMENT: Final = re.compile(r"\s*([a-z0-9]([-a-z0-9]*[a-z0-9])?)\s*=\s*([0-9]{1,18})\s*")


@dataclass(frozen=True, slots=True)
class Controller:
    """The owner reference with ``controller: true``."""

    ref: WorkloadRef
    uid: str


@dataclass(frozen=True, slots=True)
class FoundPod:
    """A pod before its owner has been looked up."""

    pod: Pod
    controller: Controller | None
    labels: frozenset[tuple[str, str]]
    refers: bool
    """Whether the pod's spec refers to the Secret."""


def found_pod(body: Mapping[str, Any], search: Search) -> FoundPod:
    """Convert a pod to the facts that count as evidence, without owner and coverage."""
    metadata, spec = body["metadata"], body.get("spec") or {}
    refers = refers_to(spec, search.secret_name)
    reads = readers(spec, search.secret_name) if refers else all_readers(spec)
    pod = Pod(
        name=metadata["name"],
        uid=metadata["uid"],
        created_at=datetime.fromisoformat(metadata["creationTimestamp"]),
        terminating="deletionTimestamp" in metadata,
        finished=is_finished(body),
        owner=None,
        readers=_alive(reads, body),
        acknowledged=_acknowledged(metadata, search.pod_ack_annotation),
    )
    labels = frozenset((metadata.get("labels") or {}).items())
    return FoundPod(pod, controller_of(body), labels, refers)


def controller_of(body: Mapping[str, Any]) -> Controller | None:
    """Return the controlling owner of an object."""
    for owner in body["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            group, _, _ = owner["apiVersion"].rpartition("/")
            return Controller(WorkloadRef(owner["kind"], owner["name"], group), owner["uid"])
    return None


def is_finished(pod: Mapping[str, Any]) -> bool:
    """Return whether all containers of *pod* have ended for good.

    The phase alone is no proof: pod garbage collection sets Failed on pods of a lost node, whose
    containers may still run there, and eviction sets Failed before kubelet ends the containers. So
    each of ``spec.containers`` needs a status, and every status (of init and ephemeral containers
    too) must be terminated. A pod that was evicted before its start has no statuses: it counts as
    running until it is deleted, which is the safe side.

    Args:
        pod: the pod as the API server returned it.

    """
    status = pod.get("status") or {}
    if status.get("phase") not in _TERMINAL_PHASES:
        return False
    statuses = [one for name in _STATUS_LISTS for one in status.get(name) or ()]
    if not all("terminated" in (one.get("state") or {}) for one in statuses):
        return False
    reported = {one.get("name") for one in status.get("containerStatuses") or ()}
    containers = (pod.get("spec") or {}).get("containers") or ()
    return bool(reported) and reported.issuperset(container["name"] for container in containers)


def _alive(reads: tuple[Reader, ...], body: Mapping[str, Any]) -> tuple[Reader, ...]:
    """Return the containers without ended init containers, which need not acknowledge.

    A value that an init container copied is covered by the containers that use the copy.
    """
    init = {one["name"]: one for one in (body.get("spec") or {}).get("initContainers") or ()}
    ended = {
        one.get("name")
        for one in (body.get("status") or {}).get("initContainerStatuses") or ()
        if "terminated" in (one.get("state") or {})
        and init.get(one.get("name"), {}).get("restartPolicy") != "Always"
    }
    return tuple(reader for reader in reads if reader.name not in ended)


def _acknowledged(metadata: Mapping[str, Any], key: str) -> frozenset[tuple[str, int]]:
    """Read ``app=7,sidecar=7``; entries of another form are ignored."""
    text = (metadata.get("annotations") or {}).get(key) or ""
    found = [_ACKNOWLEDGEMENT.fullmatch(part) for part in text.split(",")]
    return frozenset((one[1], int(one[3])) for one in found if one is not None)
