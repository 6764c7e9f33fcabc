"""The rules, by subject: each is a named predicate that gives a plan or stays silent."""

from collections.abc import Callable

from ..actions import Plan
from ..observed import Observed

__all__ = ["Rule"]

Rule = Callable[[Observed], Plan | None]
"""Looks at what was observed; gives a plan where it has something to say, else None."""
