"""The state of each resource, rendered at the scrape from its latest report."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..domain.journal.journal import Outcome
from ..domain.model import ResourceKey
from ..domain.report import Report, Role, Step, Truth
from .descriptions import Description

__all__ = ["OF_RESOURCES", "Resources"]

_Samples = Iterable[tuple[tuple[str, ...], float]]
"""Values of the labels after namespace and name, and the value of the sample."""

_SLOTS: Final = {Role.CURRENT: "current", Role.PREVIOUS: "previous"}


@dataclass(frozen=True, slots=True)
class _Row:
    """One metric of a resource, and how its samples are made from a report."""

    about: Description
    samples: Callable[[Report], _Samples]


def _row(
    suffix: str, text: str, samples: Callable[[Report], _Samples], labels: tuple[str, ...] = ()
) -> _Row:
    name = f"cognito_client_secret_{suffix}"
    return _Row(Description(name, "gauge", ("namespace", "name", *labels), text), samples)


def _one(value: Callable[[Report], float]) -> Callable[[Report], _Samples]:
    """Make one sample without further labels."""
    return lambda report: [((), float(value(report)))]


def _info(report: Report) -> _Samples:
    client = report.client
    return [((client.pool_id, client.client_id, client.region, report.target_name), 1.0)]


def _conditions(report: Report) -> _Samples:
    return [
        ((condition.type.value, truth.value), float(condition.status is truth))
        for condition in report.conditions
        for truth in Truth
    ]


def _steps(report: Report) -> _Samples:
    return [((step.value,), float(report.step is step)) for step in Step]


def _created(report: Report) -> _Samples:
    return [
        ((_SLOTS[secret.role],), secret.created_at.timestamp())
        for secret in report.secrets
        if secret.role in _SLOTS
    ]


def _last_rotation(report: Report) -> float:
    ends = [
        rotation.finished_at.timestamp()
        for rotation in report.rotations
        if rotation.finished_at is not None and rotation.outcome is Outcome.SUCCESS
    ]
    return max(ends, default=0.0)


def _next_rotation(report: Report) -> float:
    return 0.0 if report.suspended else _seconds(report.missed_since or report.next_rotation_at)


def _if_known(value: Callable[[Report], float]) -> Callable[[Report], _Samples]:
    """Make one sample where the holders of the previous secret are known, or there is none."""

    def samples(report: Report) -> _Samples:
        if report.holders is not None:
            return [((), float(value(report)))]
        has_previous = any(secret.role is Role.PREVIOUS for secret in report.secrets)
        return [] if has_previous else [((), 0.0)]

    return samples


def _seconds(at: datetime | None) -> float:
    return 0.0 if at is None else at.timestamp()


_ROWS: Final = (
    _row(
        "info",
        "Always 1: identifiers of the resource, for joins.",
        _info,
        ("user_pool_id", "client_id", "region", "target_secret"),
    ),
    _row(
        "status_condition",
        "1 for the condition's present status, 0 for the others.",
        _conditions,
        ("type", "status"),
    ),
    _row(
        "waits_for",
        "Always 1: the reason of the last plan, as in status.waitsFor.",
        lambda report: [((report.waits_for[0].value,), 1.0)],
        ("reason",),
    ),
    _row(
        "created_timestamp_seconds",
        "When Cognito created the secret in the slot.",
        _created,
        ("slot",),
    ),
    _row(
        "last_rotation_timestamp_seconds",
        "When the last successful rotation ended; 0 if none did.",
        _one(_last_rotation),
    ),
    _row(
        "next_rotation_timestamp_seconds",
        "When the next rotation is due, or a missed one was; 0 if suspended or unknown.",
        _one(_next_rotation),
    ),
    _row(
        "rotation_interval_seconds",
        "Interval between rotations, from the spec.",
        _one(lambda report: report.interval.total_seconds()),
    ),
    _row(
        "max_age_seconds",
        "Age at which the current secret is too old, from the spec.",
        _one(lambda report: report.max_age.total_seconds()),
    ),
    _row(
        "max_overlap_seconds",
        "How long two secrets may be valid at once, from the spec.",
        _one(lambda report: report.max_overlap.total_seconds()),
    ),
    _row(
        "rotation_step", "1 for the rotation's present step, 0 for the others.", _steps, ("step",)
    ),
    _row(
        "rotation_step_started_timestamp_seconds",
        "Start of the present step (a lower bound after a restart); 0 if Idle.",
        _one(lambda report: _seconds(report.step_started_at)),
    ),
    _row(
        "rotation_started_timestamp_seconds",
        "Start of the rotation in progress; 0 if there is none.",
        _one(lambda report: _seconds(report.rotation_started_at)),
    ),
    _row(
        "active_secrets",
        "Secrets that the client has at Cognito, as last listed.",
        _one(lambda report: len(report.secrets)),
    ),
    _row(
        "foreign_secrets",
        "Secrets at Cognito that the operator neither created nor adopted.",
        _one(lambda report: sum(one.role is Role.FOREIGN for one in report.secrets)),
    ),
    _row(
        "pods_on_previous",
        "Pods that may still hold the previous secret. Absent where unknown.",
        _if_known(lambda report: len(report.holders or ()) - report.outside_holders),
    ),
    _row(
        "acknowledgements_missing",
        "Declared outside consumers whose acknowledgement is missing. Absent where unknown.",
        _if_known(lambda report: report.missing_acknowledgements),
    ),
    _row(
        "suspended",
        "1 if the spec suspends all writes, else 0.",
        _one(lambda report: report.suspended),
    ),
    _row(
        "observed_timestamp_seconds",
        "When Cognito last listed the client's secrets; 0 if never.",
        _one(lambda report: _seconds(report.listed_at)),
    ),
)
"""A new metric of a resource is one row."""

OF_RESOURCES: Final = tuple(row.about for row in _ROWS)


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
            for row in _ROWS:
                for labels, value in row.samples(report):
                    families[row.about.name].add_metric((key.namespace, key.name, *labels), value)
        return families.values()
