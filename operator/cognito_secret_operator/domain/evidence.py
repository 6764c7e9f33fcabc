"""Evidence that pods have moved: what they are measured against, and which may hold an old one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .journal.journal import Journal
from .projection import stamp_value
from .rollout import Consumers, Pod, Progress, Workload, WorkloadRef, restartable, unfinished

__all__ = [
    "Holder",
    "PublicationEvidence",
    "Remaining",
    "name_owners",
    "name_some",
    "pod_holders",
    "publication_evidence",
    "remaining_after",
    "workloads_to_stamp",
]


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


def publication_evidence(journal: Journal, settle: timedelta) -> PublicationEvidence | None:
    """Return what pods are measured against; None where no publication is recorded.

    Args:
        journal: the journal as it was read.
        settle: from a publication until caches hand out nothing older.

    """
    if journal.published is None:
        return None
    return PublicationEvidence(
        stamp=stamp_value(journal),
        number=journal.publication_number,
        published_at=journal.published.at,
        settle=settle,
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """A pod or a declared consumer that may still hold the previous secret."""

    who: str
    since: datetime
    owner: WorkloadRef | None
    covered: bool = True
    terminating: bool = False
    is_outside: bool = False
    """True for a declared consumer that is none of this namespace's pods."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """The pods or workloads that a roll-out still waits for, and since when it is just these."""

    stamp: str
    names: frozenset[str]
    since: datetime


def remaining_after(
    consumers: Consumers, stamp: str, pods: tuple[Holder, ...], before: Remaining | None
) -> Remaining:
    """Return what a roll-out still waits for: it makes progress while that becomes less.

    Args:
        consumers: the namespace as it was read.
        stamp: the publication's.
        pods: those that may hold an older secret.
        before: the result of the read before this one.

    """
    names = frozenset(one.who for one in pods) or frozenset(
        str(one.ref) for one in unfinished(consumers)
    )
    if before is not None and (before.stamp, before.names) == (stamp, names):
        return before
    return Remaining(stamp, names, consumers.read_at)


def pod_holders(consumers: Consumers, evidence: PublicationEvidence) -> tuple[Holder, ...]:
    """List the pods that may hold an older secret, oldest first.

    A container's ``startedAt``, readiness and the Secret's name are no evidence: kubelet reads
    Secrets through a cache of its own (kubernetes ``pkg/kubelet/util/manager``,
    kubernetes#129645), so only a pod created after the publication settled has surely read it, or
    one whose containers say so themselves.
    """
    found = [
        Holder(
            who=f"Pod/{pod.name}",
            since=pod.created_at,
            owner=pod.owner,
            covered=pod.covered,
            terminating=pod.terminating,
        )
        for pod in consumers.pods
        if _may_hold(pod, evidence)
    ]
    return tuple(sorted(found, key=lambda holder: (holder.since, holder.who)))


def _may_hold(pod: Pod, evidence: PublicationEvidence) -> bool:
    """Return whether a pod may hold an older secret; a terminating one may until it is gone."""
    if pod.finished or pod.created_at > evidence.settled_at:
        return False
    return not _has_acknowledged(pod, evidence.number)


def _has_acknowledged(pod: Pod, number: int) -> bool:
    """Return whether every container that can have read the Secret says that it uses *number*.

    What reads it into the environment, or by ``subPath``, cannot have reloaded, whatever it says.
    """
    return bool(pod.readers) and all(
        reader.reloads and (reader.name, number) in pod.acknowledged for reader in pod.readers
    )


def workloads_to_stamp(
    consumers: Consumers, evidence: PublicationEvidence, found: tuple[Holder, ...]
) -> tuple[Workload, ...]:
    """List the workloads whose template lacks the stamp while pods of theirs hold an old secret.

    A terminating pod needs no stamp: its workload has replaced it already. Nor does a workload that
    is being rolled out because of a stamp for another resource, if our publication had settled by
    then: the pods of that roll-out are evidence for both.

    Args:
        consumers: the namespace as it was read.
        evidence: what pods are measured against.
        found: the pods that may hold an older secret, by `pod_holders`.

    """
    old_owners = {pod.owner for pod in found if not pod.terminating}
    return tuple(
        workload
        for workload in restartable(consumers)
        if workload.ref in old_owners
        and workload.stamp != evidence.stamp
        and not _rolls_out_since(workload, evidence.settled_at)
    )


def _rolls_out_since(workload: Workload, moment: datetime) -> bool:
    """Return whether a stamp set after *moment* is still being rolled out."""
    if workload.stamped_at is None or workload.progress is Progress.COMPLETE:
        return False
    return workload.stamped_at > moment


def name_some(found: tuple[Holder, ...], most: int = 3) -> str:
    """Name the first few holders and count the rest."""
    named = ", ".join(holder.who for holder in found[:most])
    more = len(found) - most
    return f"{named} and {more} more" if more > 0 else named


def name_owners(found: tuple[Holder, ...], most: int = 3) -> str:
    """Name the owners of holders, each once."""
    owners = sorted({str(one.owner) if one.owner else "no owner" for one in found})
    more = len(owners) - most
    named = ", ".join(owners[:most])
    return f"{named} and {more} more" if more > 0 else named
