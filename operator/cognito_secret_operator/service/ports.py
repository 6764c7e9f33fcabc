"""The ports of `service` and `runtime`; any other port stands beside its only user.

Adapters fulfil these, and fakes in tests. The other ports are those of `selftest.checks`, and of
adapters among themselves (`adapters.cognito.Quota`, `adapters.token_endpoint.CognitoProbes`).

Every method may raise any `errors.OutsideError`; the docstrings name those that callers handle
apart. No adapter retries a write by itself, and none lets a client library's exception through.
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from ..domain.consumers import Search
from ..domain.journal.journal import Outcome, RetiredBy
from ..domain.model import (
    ClientDescription,
    ClientRef,
    Probe,
    RemoteSecret,
    ResourceKey,
    StoredSecret,
    TargetMetadata,
    Trigger,
)
from ..domain.platform_policy import PlatformPolicy
from ..domain.report import Report, Step
from ..domain.rollout import Consumers, Workload
from ..domain.value import SecretValue
from ..reasons import Reason

__all__ = [
    "Clock",
    "CognitoPort",
    "Drift",
    "EndpointPort",
    "EventPort",
    "KubernetesEvent",
    "LeasePort",
    "LeaseRecord",
    "PlatformPort",
    "RawResource",
    "ResourcePort",
    "RosterPort",
    "SecretStorePort",
    "Telemetry",
    "ValueGenerator",
    "WorkloadPort",
]


@dataclass(frozen=True, slots=True)
class RawResource:
    """A resource's body as the API server gave it, and the API server's ``Date`` of the answer."""

    body: Mapping[str, Any]
    read_at: datetime


class ResourcePort(Protocol):
    """The `CognitoClientSecret` resources."""

    async def read(self, key: ResourceKey) -> RawResource | None:
        """Read a resource afresh (never from a cache); None where it does not exist."""

    async def write_status(
        self, key: ResourceKey, *, uid: str, resource_version: str, status: Mapping[str, Any]
    ) -> None:
        """Replace the keys of *status* in the status subresource (merge patch, None deletes).

        Raises:
            ConflictError: the resource is not at *resource_version* any more.

        """


class SecretStorePort(Protocol):
    """Kubernetes Secrets: read by name, created empty, replaced by compare-and-swap."""

    async def read(self, namespace: str, name: str) -> StoredSecret | None:
        """Read a Secret afresh; None where it does not exist (only a true 404)."""

    async def create_empty(
        self, namespace: str, name: str, *, annotations: Mapping[str, str]
    ) -> StoredSecret:
        """Create a Secret without data by server-side apply, which RBAC can grant by name.

        Raises:
            ConflictError: it exists and another manager owns one of *annotations*.

        """

    async def replace(
        self,
        stored: StoredSecret,
        *,
        data: Mapping[str, SecretValue],
        annotations: Mapping[str, str],
    ) -> StoredSecret:
        """PUT *data* in place of *stored*'s and merge *annotations*, if *stored* is still current.

        Keys of the object that *stored* does not show stay; so do labels, other annotations, owner
        references and the type.

        Raises:
            ConflictError: uid or resourceVersion differ by now, or it is gone.
            AnswerLostError: it may or may not have been written.

        """

    async def decorate(self, stored: StoredSecret, target_metadata: TargetMetadata) -> StoredSecret:
        """Replace a Secret's labels and annotations of ours, if *stored* is still current.

        Its data, and who wrote them when, stay.

        Raises:
            ConflictError: uid or resourceVersion differ by now, or it is gone.
            AnswerLostError: it may or may not have been written.

        """


class WorkloadPort(Protocol):
    """Workloads and pods of a namespace, and the stamp on pod templates."""

    async def consumers(self, search: Search) -> Consumers:
        """Read everything that refers to the Secret or is named by the user: full and uncached."""

    async def stamp(self, namespace: str, workload: Workload, *, key: str, value: str) -> None:
        """Set an annotation on the pod template if the workload is still the one that was read.

        Raises:
            ConflictError: uid or resourceVersion differ by now, or it is gone.

        """


class CognitoPort(Protocol):
    """The Cognito operations on one app client; each call is sent at most once."""

    async def list_secrets(self, client: ClientRef) -> tuple[RemoteSecret, ...]:
        """``ListUserPoolClientSecrets``, all pages, oldest first.

        Raises:
            NotFoundError: no such pool or client, or not yet.
            AccessDeniedError: the message names the missing action and the pool.

        """

    async def describe_client(self, client: ClientRef) -> ClientDescription:
        """``DescribeUserPoolClient``: the original secret's value while it lives."""

    async def add_secret(
        self, client: ClientRef, value: SecretValue, *, may_send: Callable[[], bool]
    ) -> RemoteSecret:
        """``AddUserPoolClientSecret``, once.

        *may_send* is called right before the request leaves (after waiting for the quota); where it
        returns False, nothing is sent and `RetryLaterError` is raised.

        Raises:
            AnswerLostError: it may have been carried out (time-out, connection, 5xx).
            ThrottledError: it was not carried out.
            LimitReachedError: the client has two secrets.

        """

    async def delete_secret(self, client: ClientRef, secret_id: str) -> str:
        """``DeleteUserPoolClientSecret``, once; an id that is unknown by now counts as deleted.

        Returns:
            AWS's id of the request; empty where it gave none.

        Raises:
            AnswerLostError: it may have been carried out.

        """


class EndpointPort(Protocol):
    """The token endpoint, which checks a value without issuing a token."""

    async def probe(self, client: ClientRef, value: SecretValue, *, endpoint: str | None) -> Probe:
        """Ask whether Cognito accepts *value*; never raises, an odd answer is UNKNOWN.

        Args:
            client: whose value it is.
            value: what to check.
            endpoint: URL from the spec; None lets the adapter find it by ``DescribeUserPool``.

        """

    async def find(self, client: ClientRef) -> str:
        """Find the token endpoint of *client*'s pool by ``DescribeUserPool``.

        Raises:
            EndpointUnknownError: the pool has no domain, or may not be described.

        """


@dataclass(frozen=True, slots=True)
class KubernetesEvent:
    """An event on a resource; *message* is at most 1,024 characters and never holds a value."""

    type: str
    """``Normal`` or ``Warning``."""

    reason: Reason
    message: str


class EventPort(Protocol):
    """Kubernetes Events on a resource."""

    async def record(self, key: ResourceKey, uid: str, event: KubernetesEvent) -> None:
        """Post an event; failing to do so is logged and never raised."""


class RosterPort(Protocol):
    """All resources that the operator knows."""

    def others_naming(self, client: ClientRef, key: ResourceKey) -> tuple[ResourceKey, ...]:
        """Return the resources other than *key* that name *client*, in order."""

    def forget(self, key: ResourceKey) -> None:
        """Drop a resource that does not exist any more."""


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """The Lease as it was read; it changes with each renewal."""

    uid: str
    resource_version: str
    holder: str
    """Empty where it is free."""

    duration: timedelta
    acquired: str
    """When the holder took it, as it stands there."""

    transitions: int


class LeasePort(Protocol):
    """The Lease by which replicas take turns."""

    async def read(self) -> LeaseRecord | None:
        """Read it afresh; None where there is none."""

    async def write(
        self, seen: LeaseRecord | None, *, holder: str, duration: timedelta
    ) -> LeaseRecord:
        """Create it, or replace it if it is still as it was *seen*.

        Raises:
            ConflictError: another process was first.

        """


class PlatformPort(Protocol):
    """The platform team's configuration; each call reads it afresh."""

    def policy(self, namespace: str, client: ClientRef) -> PlatformPolicy:
        """Return the policy for a resource in *namespace* that names *client*; never raises."""

    def reaches(self, namespace: str, pool_id: str) -> bool:
        """Return whether *namespace* may reach the pool with any role; never raises."""


class Drift(enum.Enum):
    """What was changed from outside and corrected by the operator."""

    TARGET = "target"
    """The target Secret was edited or deleted."""

    JOURNAL = "journal"
    """The journal was lost, or came from elsewhere."""

    COGNITO = "cognito"
    """A secret of ours was deleted at Cognito."""


class Telemetry(Protocol):
    """The metrics."""

    def publish(self, key: ResourceKey, report: Report) -> None:
        """Keep the latest report of a resource, for the next scrape."""

    def forget(self, key: ResourceKey) -> None:
        """Drop a resource that is gone, with all its series."""

    def rotation_finished(self, trigger: Trigger, outcome: Outcome) -> None:
        """Count a rotation."""

    def rotation_took(self, span: timedelta, exposure: timedelta | None) -> None:
        """Time a rotation that ended; *exposure*: how long two secrets were valid."""

    def step_took(self, step: Step, span: timedelta) -> None:
        """Time a step of a rotation."""

    def drifted(self, drift: Drift) -> None:
        """Count an external change that was corrected."""

    def retired_by_order(self, order: RetiredBy) -> None:
        """Count a previous secret that was deleted by order, although a pod may have held it."""

    def foreign_deleted(self) -> None:
        """Count the deletion of a secret that is not ours, by order of a resource."""

    def reconciled(self, result: str) -> None:
        """Count a pass: ``effect``, ``wait``, ``hold``, ``error`` or ``gone``."""


class Clock(Protocol):
    """This process's own clocks."""

    def now(self) -> datetime:
        """Wall clock, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""


class ValueGenerator(Protocol):
    """The source of new values."""

    def draw_value(self) -> SecretValue:
        """Draw 64 characters of ``[A-Za-z0-9]`` from the operating system's generator."""
