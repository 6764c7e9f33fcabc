"""What the record says of secrets and rotations: where from, how it ended, by whose order."""

import enum

__all__ = ["Order", "Origin", "Outcome"]


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


class Order(enum.Enum):
    """By what a secret is deleted although somebody may hold it."""

    MAX_OVERLAP = "MaxOverlap"
    OVERRIDE = "Override"
