"""Who may still hold the previous secret: pods, judged by evidence, and why each is suspected."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = [
    "Consumers",
    "Holder",
    "Lag",
    "Pod",
    "Progress",
    "PublicationEvidence",
    "Reader",
    "Workload",
    "WorkloadRef",
    "holders",
    "lag_of",
    "never_restarted",
    "restartable",
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


@dataclass(frozen=True, slots=True)
class PublicationEvidence:
    """What a pod is measured against."""

    stamp: str
    number: int
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
    covered: bool = True
    terminating: bool = False
    is_outside: bool = False
    """True for a declared consumer that is none of this namespace's pods."""


@dataclass(frozen=True, slots=True)
class Lag:
    """Who lags behind a publication, and how long it has been just these."""

    stamp: str
    who: frozenset[str]
    since: datetime


def lag_of(consumers: Consumers, evidence: PublicationEvidence, before: Lag | None) -> Lag:
    """Tell who lags: a roll-out makes progress as long as they become fewer.

    Args:
        consumers: what was read now.
        evidence: what pods are measured against.
        before: what the read before this one gave.

    """
    pods = frozenset(one.who for one in holders(consumers, evidence))
    who = pods or frozenset(str(one.ref) for one in unfinished(consumers))
    if before is not None and (before.stamp, before.who) == (evidence.stamp, who):
        return before
    return Lag(evidence.stamp, who, consumers.read_at)


def holders(consumers: Consumers, evidence: PublicationEvidence) -> tuple[Holder, ...]:
    """List the pods that may hold an older secret, oldest first.

    A container's ``startedAt``, readiness and the Secret's name are no evidence: kubelet reads
    Secrets through a cache of its own (kubernetes ``pkg/kubelet/util/manager``,
    kubernetes#129645), so only a pod created after the publication settled has surely read it, or
    one whose containers say so themselves.
    """
    suspects = [
        Holder(
            who=f"Pod/{pod.name}",
            since=pod.created_at,
            why=why,
            owner=pod.owner,
            covered=pod.covered,
            terminating=pod.terminating,
        )
        for pod in consumers.pods
        if (why := _why_suspected(pod, evidence)) is not None
    ]
    return tuple(sorted(suspects, key=lambda holder: (holder.since, holder.who)))


def _why_suspected(pod: Pod, evidence: PublicationEvidence) -> str | None:
    if pod.finished or pod.created_at > evidence.settled_at:
        return None
    if _has_acknowledged(pod, evidence.number):
        return None
    if pod.terminating:
        return "is terminating and may hold the previous secret until it is gone"
    return "was created before the publication settled"


def _has_acknowledged(pod: Pod, number: int) -> bool:
    """Tell whether every container that can have read the Secret says that it uses *number*.

    What reads it into the environment, or by ``subPath``, cannot have reloaded, whatever it says.
    """
    return bool(pod.readers) and all(
        reader.reloads and (reader.name, number) in pod.acknowledged for reader in pod.readers
    )


def workloads_to_stamp(consumers: Consumers, evidence: PublicationEvidence) -> tuple[Workload, ...]:
    """List the workloads whose template lacks the stamp while pods of theirs hold an old secret.

    A terminating pod needs no stamp: its workload has replaced it already. Nor does a workload that
    is being rolled out because of a stamp for another resource, if our publication had settled by
    then: the pods of that roll-out are evidence for both.
    """
    old_owners = {
        pod.owner
        for pod in consumers.pods
        if not pod.terminating and _why_suspected(pod, evidence) is not None
    }
    return tuple(
        workload
        for workload in restartable(consumers)
        if workload.ref in old_owners
        and workload.stamp != evidence.stamp
        and not _rolls_out_since(workload, evidence.settled_at)
    )


def _rolls_out_since(workload: Workload, moment: datetime) -> bool:
    """Tell whether a stamp set after *moment* is still being rolled out."""
    if workload.stamped_at is None or workload.progress is Progress.COMPLETE:
        return False
    return workload.stamped_at > moment


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
