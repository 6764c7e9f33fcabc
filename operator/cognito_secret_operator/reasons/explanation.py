"""What a reason means to a user."""

from dataclasses import dataclass

__all__ = ["Explanation"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row of docs/reference/conditions.md, as Markdown without a line break."""

    meaning: str
    remedy: str = ""
    """What a person can do; empty where the operator goes on by itself."""
