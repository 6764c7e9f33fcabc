"""The state of each resource, rendered at the scrape from its latest report."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..domain.journal.journal import Outcome
from ..domain.model import ResourceKey
from ..domain.report import Report, Role, Step, Truth
from .descriptions import (
    ACTIVE,
    CONDITION,
    CREATED,
    FOREIGN,
    HOLDERS,
    INFO,
    INTERVAL,
    LAST_ROTATION,
    MAX_AGE,
    MAX_OVERLAP,
    NEXT_ROTATION,
    OBSERVED,
    OF_RESOURCES,
    OUTSIDE,
    ROTATION_STARTED,
    STEP,
    STEP_STARTED,
    SUSPENDED,
    WAITS_FOR,
    Description,
)

__all__ = ["Resources"]

_SLOTS: Final = {Role.CURRENT: "current", Role.PREVIOUS: "previous"}

_Sample = tuple[Description, tuple[str, ...], float]


class Resources(Collector):
    """Collector that renders the latest reports at each scrape."""

    def __init__(self, reports: dict[ResourceKey, Report]) -> None:
        """Keep *reports*: a shared dictionary, read anew at each scrape."""
        self._reports = reports

    def collect(self) -> Iterable[Metric]:
        """Render every resource's series."""
        families = {
            about.name: GaugeMetricFamily(about.name, about.help, labels=about.labels)
            for about in OF_RESOURCES
        }
        for key, report in sorted(self._reports.copy().items(), key=lambda item: item[0]):
            for about, labels, value in _samples(report):
                families[about.name].add_metric((key.namespace, key.name, *labels), value)
        return families.values()


def _samples(report: Report) -> Iterator[_Sample]:
    """Yield a report's series: description, labels after namespace and name, value."""
    client = report.client
    yield INFO, (client.pool_id, client.client_id, client.region, report.target_name), 1.0
    for condition in report.conditions:
        for truth in Truth:
            labels = (condition.type.value, truth.value)
            yield CONDITION, labels, float(condition.status is truth)
    for step in Step:
        yield STEP, (step.value,), float(report.step is step)
    yield INTERVAL, (), report.interval.total_seconds()
    yield WAITS_FOR, (report.waits_for[0].value,), 1.0
    yield MAX_AGE, (), report.max_age.total_seconds()
    yield MAX_OVERLAP, (), report.max_overlap.total_seconds()
    yield SUSPENDED, (), float(report.suspended)
    yield ACTIVE, (), float(len(report.secrets))
    yield FOREIGN, (), float(sum(secret.role is Role.FOREIGN for secret in report.secrets))
    yield from _dates(report)
    yield from _holders(report)


def _dates(report: Report) -> Iterator[_Sample]:
    for secret in report.secrets:
        if secret.role in _SLOTS:
            yield CREATED, (_SLOTS[secret.role],), secret.created_at.timestamp()
    ends = [
        rotation.finished_at.timestamp()
        for rotation in report.rotations
        if rotation.finished_at is not None and rotation.outcome is Outcome.SUCCESS
    ]
    yield LAST_ROTATION, (), max(ends, default=0.0)
    starts_at = report.missed_since or report.next_rotation_at
    yield NEXT_ROTATION, (), 0.0 if report.suspended else _seconds(starts_at)
    yield OBSERVED, (), _seconds(report.listed_at)
    yield STEP_STARTED, (), _seconds(report.step_started_at)
    yield ROTATION_STARTED, (), _seconds(report.rotation_started_at)


def _seconds(at: datetime | None) -> float:
    return 0.0 if at is None else at.timestamp()


def _holders(report: Report) -> Iterator[_Sample]:
    """Yield the number of holders of the previous secret; nothing while it is unknown."""
    if report.holders is not None:
        yield HOLDERS, (), float(len(report.holders) - report.outside_holders)
        yield OUTSIDE, (), float(report.missing_acknowledgements)
    elif all(secret.role is not Role.PREVIOUS for secret in report.secrets):
        yield HOLDERS, (), 0.0
        yield OUTSIDE, (), 0.0
