"""What the user asked for: the resource as it was read, with every default filled in."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .consumers import ConsumersSpec
from .model import ClientRef, RemoteSecret, ResourceKey
from .target_keys import TargetKeys
from .windows import Window

__all__ = [
    "Acknowledgement",
    "AdoptionSpec",
    "Approval",
    "CreationPolicy",
    "EmergencyRequest",
    "OnFailure",
    "OnMaxOverlap",
    "Policy",
    "Recovery",
    "Resource",
    "RetireOriginal",
    "RetirementSpec",
    "RolloutSpec",
    "RolloutStrategy",
    "RotationSpec",
    "SecretKeyRef",
    "Spec",
    "StatusFacts",
    "TargetSpec",
    "VerificationMode",
    "VerificationSpec",
]


class Policy(enum.Enum):
    """What the operator may do for a resource."""

    ROTATE = "Rotate"
    OBSERVE = "Observe"


class RetireOriginal(enum.Enum):
    """Whether the first deletion of a secret that we did not make waits for a person."""

    APPROVE = "Approve"
    AUTOMATIC = "Automatic"


class Recovery(enum.Enum):
    """Who acts when a secret or the journal is lost."""

    AUTOMATIC = "Automatic"
    MANUAL = "Manual"


class OnMaxOverlap(enum.Enum):
    """What happens to a previous secret that is still held after the longest overlap."""

    HOLD = "Hold"
    DELETE = "Delete"


class Approval(enum.Enum):
    """Whether each deletion of a previous secret waits for a person."""

    AUTOMATIC = "Automatic"
    MANUAL = "Manual"


@dataclass(frozen=True, slots=True)
class SecretKeyRef:
    """A key of a Secret of the user, in the resource's namespace."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class RotationSpec:
    """When the secret is replaced, and with which value it begins."""

    interval: timedelta
    """With windows alone: the longest time between two days on which one opens."""

    max_age: timedelta
    initial_value_from: SecretKeyRef | None = None
    windows: tuple[Window, ...] = ()
    is_by_windows: bool = False
    """True where each opening is a due time; else windows only say when a rotation may start."""


class VerificationMode(enum.Enum):
    """How much has to be shown before a secret is published."""

    AUTO = "Auto"
    """Verify; where that is impossible, wait for the activation delay."""

    REQUIRED = "Required"
    """Publish only verified secrets."""

    SKIP = "Skip"
    """Do not verify."""


@dataclass(frozen=True, slots=True)
class VerificationSpec:
    """How the operator shows that Cognito accepts a secret."""

    token_endpoint: str | None
    activation_delay: timedelta
    mode: VerificationMode = VerificationMode.AUTO


class CreationPolicy(enum.Enum):
    """Whose the target is."""

    ORPHAN = "Orphan"
    """The operator makes it, and it outlives the resource."""

    OWNER = "Owner"
    """The operator makes it, and Kubernetes deletes it after the resource."""

    MERGE = "Merge"
    """Others create the Secret; the operator writes its own keys and keeps the others."""


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """The Secret that applications read."""

    name: str
    keys: TargetKeys
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    creation_policy: CreationPolicy = CreationPolicy.ORPHAN


class RolloutStrategy(enum.Enum):
    """Who moves the consumers to a new publication."""

    RESTART = "Restart"
    WATCH = "Watch"


class OnFailure(enum.Enum):
    """What becomes of a roll-out that failed."""

    HOLD = "Hold"
    ROLLBACK = "Rollback"


@dataclass(frozen=True, slots=True)
class RolloutSpec:
    """How consumers come by a new publication, and who they are."""

    strategy: RolloutStrategy
    consumers: ConsumersSpec
    progress_deadline: timedelta
    on_failure: OnFailure = OnFailure.HOLD


@dataclass(frozen=True, slots=True)
class RetirementSpec:
    """When the previous secret is deleted."""

    min_overlap: timedelta
    max_overlap: timedelta
    on_max_overlap: OnMaxOverlap = OnMaxOverlap.HOLD
    approval: Approval = Approval.AUTOMATIC
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A consumer outside this namespace's pods, which says for itself when it has moved."""

    name: str
    delay: timedelta | None = None
    """From the publication until it counts as moved without a word: a risk that was accepted."""


@dataclass(frozen=True, slots=True)
class AdoptionSpec:
    """What becomes of the secrets that the client had before."""

    retire_original: RetireOriginal
    retire_secret_ids: frozenset[str] = frozenset()
    """Secrets at Cognito that are not ours and may go."""


@dataclass(frozen=True, slots=True)
class Spec:
    """The resource's ``spec``, section by section."""

    client: ClientRef
    policy: Policy
    suspended: bool
    rotation: RotationSpec
    verification: VerificationSpec
    target: TargetSpec
    rollout: RolloutSpec
    retirement: RetirementSpec
    adoption: AdoptionSpec
    acknowledgements: tuple[Acknowledgement, ...] = ()
    recovery: Recovery = Recovery.AUTOMATIC


@dataclass(frozen=True, slots=True)
class EmergencyRequest:
    """A person says that a secret leaked."""

    secret_id: str
    now: bool
    """Delete it without waiting for pods to move."""


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """The little that is read back from status; nothing is decided from the rest of it."""

    journal_sequence: int = 0
    """Highest journal sequence ever reported: an older journal was restored from somewhere."""

    listed_at: datetime | None = None
    """When Cognito was last looked at: where it ever was, a restart asks nothing at once."""

    foreign: tuple[RemoteSecret, ...] = ()
    """What no journal names, as last shown: told on until this process has looked itself."""

    next_rotation_at: datetime | None = None
    """What was last promised, so that a missed opening can be told; nothing else follows."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A `CognitoClientSecret` as it was read at the beginning of the pass."""

    key: ResourceKey
    uid: str
    generation: int
    spec: Spec
    rotate_token: str | None
    approved_id: str | None
    emergency: EmergencyRequest | None
    status: StatusFacts
    take_over: str | None = None
    """The uid in a journal from elsewhere that is to be this resource's from now on."""

    is_being_deleted: bool = False
    override_id: str | None = None
    """The secret that a person orders to delete although it may still be held."""

    acknowledged: Mapping[str, str] = field(default_factory=dict)
    """Which secret each outside consumer says it uses, by the consumer's name."""
