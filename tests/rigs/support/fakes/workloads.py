"""A fake of a namespace's workloads: Deployments whose pods come and go as time passes."""

import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cognito_secret_operator.domain.consumers import Search
from cognito_secret_operator.domain.rollout import (
    Consumers,
    Pod,
    Progress,
    Reader,
    Workload,
    WorkloadRef,
)
from cognito_secret_operator.errors import ConflictError

from .faults import Faults
from .process import FakeClock

__all__ = ["Behaviour", "FakeWorkloads", "LivePod"]

STARTS_AFTER = timedelta(seconds=3)
READY_AFTER = timedelta(seconds=10)
GONE_AFTER = timedelta(seconds=30)


class Behaviour(enum.Enum):
    """What a Deployment does when its template changes."""

    ROLLS = "rolls"
    CRASHES = "its new pods never become ready"
    PAUSED = "is paused"
    REVERTS = "something takes the stamp off again"


@dataclass
class LivePod:
    """A pod and its life: ready after a while, terminating when it is replaced, then gone."""

    name: str
    created_at: datetime
    revision: int
    owner: str | None
    ready_at: datetime | None
    terminating_at: datetime | None = None
    finished: bool = False
    job: str | None = None
    """The Job that runs it."""

    reloaded_at: datetime | None = None
    """When its one container last read the Secret's files, if it does."""

    acknowledged: int = 0

    @property
    def gone_at(self) -> datetime | None:
        """When a terminating pod is gone."""
        return self.terminating_at + GONE_AFTER if self.terminating_at else None


@dataclass
class Deployment:
    """A Deployment that refers to the target Secret."""

    name: str
    replicas: int
    behaviour: Behaviour
    stamp: str | None = None
    revision: int = 1
    version: int = 1
    changed_at: datetime | None = None


@dataclass
class FakeWorkloads:
    """The Deployments and pods of one namespace that refer to one Secret."""

    clock: FakeClock
    faults: Faults
    deployments: dict[str, Deployment] = field(default_factory=dict)
    pods: list[LivePod] = field(default_factory=list)
    stamps: list[tuple[str, str]] = field(default_factory=list)
    _born: int = 0

    async def consumers(self, search: Search) -> Consumers:
        """Read everything."""
        return await self.faults.pass_through("workloads.read", lambda: self._consumers(search))

    async def stamp(self, namespace: str, workload: Workload, *, key: str, value: str) -> None:  # noqa: ARG002
        """Stamp a template, if nobody wrote in between."""

        def effect() -> None:
            found = self.deployments.get(workload.ref.name)
            if found is None or str(found.version) != workload.resource_version:
                raise ConflictError(f"{workload.ref} was written meanwhile")
            self.stamps.append((found.name, value))
            found.version += 1
            if found.behaviour is Behaviour.REVERTS:
                return
            found.stamp = value
            self._roll(found)

        await self.faults.pass_through("workloads.stamp", effect, is_write=True)

    def deploy_for_test(
        self, name: str, *, replicas: int = 2, behaviour: Behaviour = Behaviour.ROLLS
    ) -> None:
        """Let a person create a Deployment that has been running for a while."""
        self.deployments[name] = Deployment(name, replicas, behaviour)
        for _ in range(replicas):
            self._bear(name, 1, self.clock.now() - timedelta(days=1))

    def restart_for_test(self, name: str) -> None:
        """Let a person restart a Deployment."""
        self._roll(self.deployments[name])

    def repair_for_test(self, name: str) -> None:
        """Let a person make a Deployment roll again."""
        self.deployments[name].behaviour = Behaviour.ROLLS
        for pod in self.pods:
            if pod.owner == name and pod.ready_at is None:
                pod.ready_at = self.clock.now() + READY_AFTER

    def reload_for_test(self, name: str, publication: int) -> None:
        """Let the pods of a Deployment read their files again, and say so."""
        for pod in self.pods:
            if pod.owner == name and pod.terminating_at is None:
                pod.reloaded_at, pod.acknowledged = self.clock.now(), publication

    def run_pod_for_test(self, name: str, *, job: str | None = None) -> LivePod:
        """Let a person run a bare pod, or a Job run one."""
        pod = LivePod(name, self.clock.now(), 1, None, self.clock.now(), job=job)
        self.pods.append(pod)
        return pod

    def move(self) -> datetime | None:
        """Do what is due by now; tell when something is due next."""
        while (due := self._next_due()) is not None and due <= self.clock.now():
            self._do(due)
        return due

    def _roll(self, deployment: Deployment) -> None:
        deployment.revision += 1
        deployment.version += 1
        deployment.changed_at = self.clock.now()

    def _next_due(self) -> datetime | None:
        dates = [pod.gone_at for pod in self.pods if pod.gone_at]
        for deployment in self.deployments.values():
            dates += self._births(deployment) + [at for _, at in self._replaced(deployment)]
        return min(dates, default=None)

    def _do(self, due: datetime) -> None:
        self.pods = [pod for pod in self.pods if pod.gone_at is None or pod.gone_at > due]
        for deployment in self.deployments.values():
            for pod, at in self._replaced(deployment):
                if at <= due:
                    pod.terminating_at = at
                    deployment.version += 1
            if any(at <= due for at in self._births(deployment)):
                self._bear(deployment.name, deployment.revision, due)
                deployment.version += 1

    def _births(self, deployment: Deployment) -> list[datetime]:
        """Tell when the next pod of the present template is born: one at a time."""
        if deployment.behaviour is Behaviour.PAUSED or deployment.changed_at is None:
            return []
        new = self._of(deployment, deployment.revision)
        if len(new) >= deployment.replicas or any(pod.ready_at is None for pod in new):
            return []
        return [max([deployment.changed_at, *_ready_times(new)]) + STARTS_AFTER]

    def _replaced(self, deployment: Deployment) -> list[tuple[LivePod, datetime]]:
        """Tell which old pod is replaced when: as soon as one new pod more is ready."""
        ready = sorted(_ready_times(self._of(deployment, deployment.revision)))
        old = [
            pod
            for pod in self.pods
            if pod.owner == deployment.name and pod.revision != deployment.revision
        ]
        replaced = sum(pod.terminating_at is not None for pod in old)
        gone = deployment.replicas - len(old)
        left = [pod for pod in old if pod.terminating_at is None]
        return list(zip(left, ready[max(0, replaced + gone) :], strict=False))

    def _of(self, deployment: Deployment, revision: int) -> list[LivePod]:
        return [
            pod
            for pod in self.pods
            if pod.owner == deployment.name
            and pod.revision == revision
            and pod.terminating_at is None
        ]

    def _bear(self, owner: str, revision: int, at: datetime) -> None:
        self._born += 1
        crashes = self.deployments[owner].behaviour is Behaviour.CRASHES and revision > 1
        ready_at = None if crashes else at + READY_AFTER
        self.pods.append(LivePod(f"{owner}-{self._born}", at, revision, owner, ready_at))

    def _consumers(self, search: Search) -> Consumers:
        there = {self._ref(name) for name in self.deployments}
        return Consumers(
            workloads=tuple(self._workload(one, search) for one in self.deployments.values()),
            pods=tuple(self._pod(pod, search) for pod in self.pods),
            read_at=self.clock.date(),
            missing=tuple(one.ref for one in search.chosen.workloads if one.ref not in there),
        )

    @staticmethod
    def _ref(name: str) -> WorkloadRef:
        return WorkloadRef("Deployment", name)

    def _workload(self, deployment: Deployment, search: Search) -> Workload:
        ref = self._ref(deployment.name)
        progress, detail = self._progress(deployment)
        return Workload(
            ref=ref,
            uid=f"uid-{deployment.name}",
            resource_version=str(deployment.version),
            stamp=deployment.stamp,
            progress=progress,
            detail=detail,
            covered=search.chosen.covers(ref, frozenset()),
        )

    def _progress(self, deployment: Deployment) -> tuple[Progress, str]:
        new = self._of(deployment, deployment.revision)
        ready = [at for at in _ready_times(new) if at <= self.clock.now()]
        others = [pod for pod in self.pods if pod.owner == deployment.name and pod not in new]
        if len(ready) >= deployment.replicas and not others:
            return Progress.COMPLETE, ""
        detail = f"{len(ready)} of {deployment.replicas} pods are ready"
        if deployment.behaviour is Behaviour.PAUSED:
            return Progress.PAUSED, f"paused: {detail}"
        if deployment.behaviour is Behaviour.CRASHES:
            return Progress.FAILED, f"progress deadline exceeded: {detail}"
        return Progress.RUNNING, detail

    def _pod(self, pod: LivePod, search: Search) -> Pod:
        owner = self._ref(pod.owner) if pod.owner else None
        if pod.job is not None:
            owner = WorkloadRef("Job", pod.job, "batch")
        acknowledged = frozenset({("app", pod.acknowledged)} if pod.acknowledged else ())
        return Pod(
            name=pod.name,
            uid=f"uid-{pod.name}",
            created_at=pod.created_at.replace(microsecond=0),
            terminating=pod.terminating_at is not None,
            finished=pod.finished,
            owner=owner,
            covered=search.chosen.covers(owner or WorkloadRef("Pod", pod.name, ""), frozenset()),
            readers=(Reader("app", reloads=True),),
            acknowledged=acknowledged,
        )


def _ready_times(pods: list[LivePod]) -> list[datetime]:
    return [pod.ready_at for pod in pods if pod.ready_at is not None]
