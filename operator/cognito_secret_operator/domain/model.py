"""The values that a pass looks at: the resource, what Cognito shows, the stored Secrets, time."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .value import SecretValue

__all__ = [
    "Caller",
    "ClientDescription",
    "ClientRef",
    "Listing",
    "Probe",
    "RemoteSecret",
    "ResourceKey",
    "StoredSecret",
    "TargetMetadata",
    "Timing",
    "Trigger",
    "Verdict",
]


class Trigger(enum.Enum):
    """Why a rotation began."""

    INITIAL = "Initial"
    SCHEDULE = "Schedule"
    REQUEST = "Request"
    EMERGENCY = "Emergency"
    MIGRATION = "Migration"
    RECOVERY = "Recovery"


class Verdict(enum.Enum):
    """What a probe of a value showed."""

    ACCEPTED = "Accepted"
    REFUSED = "Refused"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True, order=True)
class ResourceKey:
    """Namespace and name of a `CognitoClientSecret`."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """Write ``namespace/name``."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf AWS is asked: CloudTrail shows it."""

    key: ResourceKey | None = None
    role_arn: str | None = None
    """The role to assume for it; None takes the operator's own credentials."""


@dataclass(frozen=True, slots=True)
class ClientRef:
    """One app client of one user pool; equal whatever role it is read with."""

    pool_id: str
    client_id: str
    caller: Caller = field(default=Caller(), compare=False)

    @property
    def region(self) -> str:
        """The AWS region: the prefix of the pool's id."""
        return self.pool_id.partition("_")[0]


@dataclass(frozen=True, slots=True)
class RemoteSecret:
    """A client secret as Cognito lists it: never a value."""

    id: str
    created_at: datetime
    request_id: str = field(default="", compare=False)
    """AWS's id of the Add that made it, where this is that Add's answer."""


@dataclass(frozen=True, slots=True)
class Listing:
    """An answer of ``ListUserPoolClientSecrets``, oldest secret first; it may lag."""

    secrets: tuple[RemoteSecret, ...]
    at: datetime

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids, oldest first."""
        return tuple(secret.id for secret in self.secrets)

    def get(self, secret_id: str) -> RemoteSecret | None:
        """Find a secret by id."""
        return next((secret for secret in self.secrets if secret.id == secret_id), None)


@dataclass(frozen=True, slots=True)
class ClientDescription:
    """What ``DescribeUserPoolClient`` tells: the original secret's value, while it lives."""

    original: SecretValue | None


@dataclass(frozen=True, slots=True)
class Probe:
    """What asking Cognito about a value showed, in words a user reads."""

    verdict: Verdict
    detail: str


@dataclass(frozen=True, slots=True)
class TargetMetadata:
    """Labels, annotations and owner that a resource gives its target."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    owner: tuple[str, str] | None
    """Name and uid of the resource that owns the target, if one does."""

    @property
    def names(self) -> frozenset[str]:
        """Name all parts, as *StoredSecret.decorated* does."""
        parts = [f"label {key}" for key in self.labels]
        parts += [f"annotation {key}" for key in self.annotations]
        parts += [f"owner {self.owner[1]}"] if self.owner else []
        return frozenset(parts)


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A Kubernetes Secret as it was read or written, with what a compare-and-swap needs."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    annotations: Mapping[str, str]
    data: Mapping[str, SecretValue]
    data_owner: str
    """Who wrote the data when, from ``managedFields``: changes with every write of the data.

    One JSON list for each manager: name, operation, subresource, time, keys; see `ownership`.
    """

    read_at: datetime
    """The API server's time of the read, whole seconds, never earlier than the object's state."""

    labels: Mapping[str, str] = field(default_factory=dict)
    data_written_at: datetime | None = None
    """When the data were last written (API server's time); None where that is unknown."""
    owners: frozenset[str] = frozenset()
    """The uids of its owners."""

    decorated: frozenset[str] = frozenset()
    """Labels, annotations and owners that are there because the operator applied them."""

    key_owners: Mapping[str, str] = field(default_factory=dict)
    """Who wrote the value of a key when: where it is our own write, that alone counts."""

    own_keys: frozenset[str] = frozenset()
    """Keys whose values the operator wrote last."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Spans that the operator's settings give to every resource."""

    settle: timedelta = timedelta(seconds=60)
    """From a publication until caches of kubelets and API servers hand out nothing older."""

    add_deadline: timedelta = timedelta(seconds=30)
    """From a claim until its owner may no longer send the Add."""

    list_lag: timedelta = timedelta(seconds=60)
    """How far a List may lag behind, added to a claim's deadline before anyone judges it."""

    list_period: timedelta = timedelta(minutes=10)
    """At rest: from one look at Cognito to the next."""

    list_distrust: timedelta = timedelta(minutes=10)
    """How long the answer of an Add or Delete outranks a List."""

    missing_grace: timedelta = timedelta(minutes=5)
    """From the first List that lacks a secret to the one that is believed."""

    refusal_grace: timedelta = timedelta(minutes=5)
    """How long a new secret may be refused before it counts as refused for good."""

    retry_after_failure: timedelta = timedelta(hours=1)
    """From a failed rotation to the next try of the schedule."""
