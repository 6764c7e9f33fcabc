"""Which targets are being rolled out; resources of one process share it, as a courtesy only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..domain.journal.journal import Journal
from ..domain.observed import Observed

__all__ = ["SettlingTargets"]


@dataclass
class SettlingTargets:
    """When each target's publication settles; a restart loses it without harm."""

    _settles_at: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def update(self, observed: Observed) -> None:
        """Keep when the resource's own publication settles, if one is being rolled out."""
        journal, key = observed.journal_read, _target_of(observed)
        self._settles_at.pop(key, None)
        if isinstance(journal, Journal) and journal.previous is not None and journal.publication:
            published = journal.publication.published
            if published is not None:
                self._settles_at[key] = published.at + observed.timing.settle

    def others(self, observed: Observed) -> Mapping[str, datetime]:
        """Return the namespace's other targets that settle, with when."""
        namespace, target = _target_of(observed)
        return {
            name: settles_at
            for (where, name), settles_at in self._settles_at.items()
            if where == namespace and name != target
        }


def _target_of(observed: Observed) -> tuple[str, str]:
    return observed.resource.key.namespace, observed.resource.spec.target.name
