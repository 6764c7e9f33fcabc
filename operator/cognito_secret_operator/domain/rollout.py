"""Who may still hold the previous secret: pods, judged by evidence, and why each is suspected."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = [
    "Consumers",
    "Holder",
    "Pod",
    "Progress",
    "PublicationEvidence",
    "Workload",
    "WorkloadRef",
    "holders",
    "unfinished",
    "workloads_to_stamp",
]


class Progress(enum.Enum):
    """How far a workload's roll-out is, after kstatus."""

    COMPLETE = "Complete"
    RUNNING = "Running"
    PAUSED = "Paused"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True, order=True)
class WorkloadRef:
    """Kind and name of something that owns pods."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Write ``Kind/name``."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment, StatefulSet or DaemonSet whose pod template refers to the target Secret."""

    ref: WorkloadRef
    uid: str
    resource_version: str
    stamp: str | None
    """Value of this resource's stamp on the pod template."""

    progress: Progress
    detail: str
    """Why it is not complete, in words; empty when it is."""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that refers to the target Secret in any container, init and ephemeral ones included."""

    name: str
    uid: str
    created_at: datetime
    terminating: bool
    finished: bool
    """Succeeded or Failed, and every container status says terminated."""

    owner: WorkloadRef | None
    """The workload at the top of its owners, or None for a bare pod."""


@dataclass(frozen=True, slots=True)
class Consumers:
    """One full uncached read of a namespace: everything that refers to one target Secret."""

    workloads: tuple[Workload, ...]
    pods: tuple[Pod, ...]
    read_at: datetime
    """API server's time when the read began."""


@dataclass(frozen=True, slots=True)
class PublicationEvidence:
    """What a pod is measured against."""

    stamp: str
    published_at: datetime
    settle: timedelta

    @property
    def settled_at(self) -> datetime:
        """Pods created later than this can only have read this publication."""
        return self.published_at + self.settle


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who may still hold the previous secret, and why we think so."""

    who: str
    since: datetime
    why: str
    owner: WorkloadRef | None
    is_outside: bool = False
    """True for a declared consumer that is none of this namespace's pods."""


def holders(consumers: Consumers, evidence: PublicationEvidence) -> tuple[Holder, ...]:
    """List the pods that may hold an older secret, oldest first.

    A container's ``startedAt``, readiness and the Secret's name are no evidence: kubelet reads
    Secrets through a cache of its own (kubernetes ``pkg/kubelet/util/manager``,
    kubernetes#129645), so only a pod created after the publication settled has surely read it.
    """
    suspects = [
        Holder(who=f"Pod/{pod.name}", since=pod.created_at, why=why, owner=pod.owner)
        for pod in consumers.pods
        if (why := _why_suspected(pod, evidence)) is not None
    ]
    return tuple(sorted(suspects, key=lambda holder: (holder.since, holder.who)))


def _why_suspected(pod: Pod, evidence: PublicationEvidence) -> str | None:
    if pod.finished or pod.created_at > evidence.settled_at:
        return None
    if pod.terminating:
        return "is terminating and may hold the previous secret until it is gone"
    return "was created before the publication settled"


def workloads_to_stamp(consumers: Consumers, evidence: PublicationEvidence) -> tuple[Workload, ...]:
    """List the workloads whose template lacks the stamp while pods of theirs hold an old secret.

    A terminating pod needs no stamp: its workload has replaced it already.
    """
    old_owners = {
        pod.owner
        for pod in consumers.pods
        if not pod.terminating and _why_suspected(pod, evidence) is not None
    }
    return tuple(
        workload
        for workload in sorted(consumers.workloads, key=lambda one: one.ref)
        if workload.ref in old_owners and workload.stamp != evidence.stamp
    )


def unfinished(consumers: Consumers) -> tuple[Workload, ...]:
    """List the consumers whose roll-out is not complete."""
    return tuple(one for one in consumers.workloads if one.progress is not Progress.COMPLETE)
