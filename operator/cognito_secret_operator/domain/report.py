"""What a pass tells: the values that status, metrics and events are rendered from."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..reasons import Reason
from .journal.journal import Origin, Rotation
from .model import ClientRef
from .preview import Preview

__all__ = ["Condition", "ConditionType", "Report", "ReportedSecret", "Role", "Step", "Truth"]


class ConditionType(enum.Enum):
    """The conditions of a resource, in the order of status."""

    READY = "Ready"
    ROTATING = "Rotating"
    ROLLED_OVER = "RolledOver"
    VERIFIED = "Verified"
    OVERDUE = "Overdue"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


class Truth(enum.Enum):
    """A condition's status."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Role(enum.Enum):
    """What a secret at Cognito is to us."""

    CURRENT = "Current"
    PREVIOUS = "Previous"
    PENDING = "Pending"
    FOREIGN = "Foreign"


class Step(enum.Enum):
    """Where a rotation stands, derived from the journal; for people and metrics only."""

    IDLE = "Idle"
    STAGED = "Staged"
    VERIFYING = "Verifying"
    PUBLISHING = "Publishing"
    SETTLING = "Settling"
    ROLLING_OUT = "RollingOut"
    OVERLAP = "Overlap"
    RETIRING = "Retiring"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; its transition time is the renderer's business."""

    type: ConditionType
    status: Truth
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class ReportedSecret:
    """A secret at Cognito, as status shows it."""

    id: str
    role: Role
    created_at: datetime
    origin: Origin


@dataclass(frozen=True, slots=True)
class Report:
    """One resource's state for everybody outside; no field holds or derives from a value."""

    client: ClientRef
    target_name: str
    generation: int
    conditions: tuple[Condition, ...]
    step: Step
    suspended: bool
    interval: timedelta
    max_age: timedelta
    max_overlap: timedelta
    journal_sequence: int
    secrets: tuple[ReportedSecret, ...]
    listed_at: datetime | None
    """When Cognito was last looked at; alone it is no reason to write status."""

    holders: tuple[str, ...] | None
    """What may still hold the previous secret; None where that was not read."""

    next_rotation_at: datetime | None
    waits_for: tuple[Reason, str]
    """Reason and message of the last plan: what the operator waits for, or who holds it up."""

    rotations: tuple[Rotation, ...]
    rotation_started_at: datetime | None = None
    """When the rotation that is on began; None at rest."""

    step_started_at: datetime | None = None
    """When *step* began; a bound from before it where no pass of this process saw it begin."""

    missed_opening_at: datetime | None = None
    """An opening that has just passed without the rotation that was promised for it."""

    missed_since: datetime | None = None
    """The first start that was missed since the last rotation, as far as this process saw it."""

    outside_holders: int = 0
    """How many of the holders are declared consumers, none of this namespace's pods."""
    missing_acknowledgements: int = 0
    """How many of these have yet to speak: of the others a declared delay still runs."""

    previewed: bool = False
    """Whether the first rotation is still to come."""

    preview: Preview | None = None
    """What it would do; None where this pass did not ask."""
    publication: int | None = None
    """Number of the publication that the target was read to hold; told only once that is recorded,
    so that who knows the number cannot have read anything older after it."""

    def condition(self, kind: ConditionType) -> Condition:
        """Find a condition by type.

        Raises:
            KeyError: the report has none of this type.

        """
        for condition in self.conditions:
            if condition.type is kind:
                return condition
        raise KeyError(kind)
