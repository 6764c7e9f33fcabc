"""What the journal says of secrets and rotations: where from, whose turn, how it ended."""

import enum
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Claim", "Emergency", "Origin", "Outcome", "Publication", "Published", "RetiredBy"]


class Origin(enum.Enum):
    """Where a secret came from, for the audit."""

    OPERATOR = "Operator"
    TARGET = "Target"
    DESCRIBE = "Describe"
    INITIAL = "Initial"
    UNKNOWN = "Unknown"


class Outcome(enum.Enum):
    """How a rotation ended."""

    SUCCESS = "Success"
    REFUSED = "Refused"
    LEAKED = "Leaked"
    ROLLED_BACK = "RolledBack"
    LOST = "Lost"
    """The new secret was deleted at Cognito by others before the old one was retired."""


class RetiredBy(enum.Enum):
    """The order by which a secret is deleted although it may still be held."""

    MAX_OVERLAP = "MaxOverlap"
    OVERRIDE = "Override"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one Add: whose it is, and since when (API server's time)."""

    owner: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """The target Secret as it was when its data were compared with the journal."""

    target_uid: str
    data_owner: str
    at: datetime
    target_name: str


@dataclass(frozen=True, slots=True)
class Publication:
    """What the target Secret is to hold: its number, and the record of the comparison."""

    number: int
    published: Published | None = None


@dataclass(frozen=True, slots=True)
class Emergency:
    """Secrets that leaked, until they are gone at Cognito and replaced."""

    leaked: tuple[str, ...]
    """Their ids, as they were reported."""

    now: bool
    """They are deleted without waiting for pods to move."""

    at: datetime
    """When the first of them was reported."""

    renews: bool = True
    """A new secret is still to be added."""
