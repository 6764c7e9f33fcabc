"""What the resources of one process know of each other's publications, for politeness only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Neighbours"]


@dataclass
class Neighbours:
    """When the publications settle that are being rolled out; lost by a restart without harm."""

    _settle_at: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def note(self, namespace: str, target: str, settles_at: datetime | None) -> None:
        """Remember what a pass has seen of a target; None where nothing is being rolled out."""
        if settles_at is None:
            self._settle_at.pop((namespace, target), None)
        else:
            self._settle_at[namespace, target] = settles_at

    def of(self, namespace: str, target: str) -> Mapping[str, datetime]:
        """Give the namespace's other targets, with when their publications settle."""
        return {
            name: settles_at
            for (where, name), settles_at in self._settle_at.items()
            if where == namespace and name != target
        }
