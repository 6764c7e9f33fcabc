"""Which workloads and pods the user counts as consumers of the target Secret, and their marks."""

import enum
from dataclasses import dataclass

from .rollout import WorkloadRef

__all__ = ["AUTOMATIC", "ConsumerMode", "ConsumersSpec", "Listed", "Search"]


class ConsumerMode(enum.Enum):
    """How the consumers of the target are found."""

    AUTO = "Auto"
    LISTED = "Listed"
    SELECTED = "Selected"
    NONE = "None"


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """A workload that the user names: of any kind that has a pod template, or a bare pod."""

    api_version: str
    ref: WorkloadRef


@dataclass(frozen=True, slots=True)
class ConsumersSpec:
    """``spec.rollout.consumers``."""

    mode: ConsumerMode
    workloads: tuple[Listed, ...] = ()
    labels: frozenset[tuple[str, str]] = frozenset()

    @property
    def names_them(self) -> bool:
        """Whether what the user names counts even if its spec does not refer to the target."""
        return self.mode in {ConsumerMode.LISTED, ConsumerMode.SELECTED}

    def covers(self, ref: WorkloadRef, labels: frozenset[tuple[str, str]]) -> bool:
        """Return whether the user counts a workload or bare pod as a consumer.

        Args:
            ref: what it is called.
            labels: its own, not its template's.

        """
        match self.mode:
            case ConsumerMode.AUTO:
                return True
            case ConsumerMode.LISTED:
                return any(one.ref == ref for one in self.workloads)
            case ConsumerMode.SELECTED:
                return self.labels <= labels
            case ConsumerMode.NONE:
                return False


AUTOMATIC = ConsumersSpec(ConsumerMode.AUTO)


@dataclass(frozen=True, slots=True)
class Search:
    """What a read of a namespace looks for."""

    namespace: str
    secret_name: str
    stamp_annotation: str
    """Annotation on pod templates that carries the resource's stamp."""

    pod_ack_annotation: str
    """Annotation on pods by which their containers acknowledge a publication."""

    chosen: ConsumersSpec = AUTOMATIC
