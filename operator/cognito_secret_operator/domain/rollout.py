"""The workloads and pods of a namespace that refer to one target Secret, as one read shows them."""

import enum
from dataclasses import dataclass
from datetime import datetime

__all__ = [
    "Consumers",
    "Pod",
    "Progress",
    "Reader",
    "Workload",
    "WorkloadRef",
    "never_restarted",
    "restartable",
    "unfinished",
]


class Progress(enum.Enum):
    """How far a workload's roll-out is, after kstatus."""

    COMPLETE = "Complete"
    RUNNING = "Running"
    PAUSED = "Paused"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True, order=True)
class WorkloadRef:
    """Kind and name of something that owns pods, and the API group of the kind."""

    kind: str
    name: str
    group: str = "apps"
    """Empty for the core group."""

    def __str__(self) -> str:
        """Write ``Kind/name``."""
        return f"{self.kind}/{self.name}"

    @property
    def ends_by_itself(self) -> bool:
        """Whether its pods run to an end, so that it only has to be waited for."""
        return self.group == "batch" and self.kind in {"Job", "CronJob"}


@dataclass(frozen=True, slots=True)
class Workload:
    """Something with a pod template that refers to the target Secret, or that the user names."""

    ref: WorkloadRef
    uid: str
    resource_version: str
    stamp: str | None
    """Value of this resource's stamp on the pod template."""

    progress: Progress
    detail: str
    """Why it is not complete, in words; empty when it is."""

    covered: bool = True
    """Whether the user counts it as a consumer (``spec.rollout.consumers``)."""

    restarts: bool = True
    """Whether its controller replaces its pods when the template changes; a Job's does not."""

    stamped_at: datetime | None = None
    """When the operator last stamped its template, for any resource; None if it cannot be told."""

    secrets: frozenset[str] = frozenset()
    """Names of all Secrets that its template refers to: it may have several targets."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A container that can have read the Secret."""

    name: str
    reloads: bool
    """It reads files that follow the Secret. An environment variable never changes, nor does a
    file that is mounted by ``subPath``: only another container has the new value."""


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

    covered: bool = True
    """Whether the user counts it, or its owner, as a consumer."""

    readers: tuple[Reader, ...] = ()
    """Its containers that may hold a value; init containers that have ended hold none."""

    acknowledged: frozenset[tuple[str, int]] = frozenset()
    """Containers that say of themselves that they use a publication, with its number."""


@dataclass(frozen=True, slots=True)
class Consumers:
    """One full uncached read of a namespace: everything that refers to one target Secret."""

    workloads: tuple[Workload, ...]
    pods: tuple[Pod, ...]
    read_at: datetime
    """API server's time when the read began."""

    missing: tuple[WorkloadRef, ...] = ()
    """What the user lists and the API server does not find."""


def restartable(consumers: Consumers) -> tuple[Workload, ...]:
    """List the consumers that a stamp restarts, in the order in which they are restarted."""
    found = [one for one in consumers.workloads if one.covered and one.restarts]
    return tuple(sorted(found, key=lambda one: one.ref))


def never_restarted(consumers: Consumers) -> tuple[Pod, ...]:
    """List the live pods that no stamp moves: bare ones, and those of other kinds of owners."""
    moved = {workload.ref for workload in restartable(consumers)}
    return tuple(pod for pod in consumers.pods if not pod.finished and pod.owner not in moved)


def unfinished(consumers: Consumers) -> tuple[Workload, ...]:
    """List the consumers whose roll-out is not complete."""
    return tuple(
        one for one in consumers.workloads if one.covered and one.progress is not Progress.COMPLETE
    )
