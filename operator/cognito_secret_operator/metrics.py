"""Metrics: the only module that knows prometheus_client.

An object's state is rendered at the scrape from the latest report, so that no series outlives its
resource. No label holds a text that somebody else wrote: label sets stay few.
"""

import platform
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from . import __version__
from .domain.journal import Order, Outcome
from .domain.model import ResourceKey, Trigger
from .domain.report import Report, Role, Step, Truth

__all__ = ["METRICS", "Description", "Metrics"]


@dataclass(frozen=True, slots=True)
class Description:
    """A metric as the documentation shows it."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str


def _object(suffix: str, text: str, *labels: str) -> Description:
    name = f"cognito_client_secret_{suffix}"
    return Description(name, "gauge", ("namespace", "name", *labels), text)


def _process(
    kind: Literal["counter", "gauge", "histogram"], suffix: str, text: str, *labels: str
) -> Description:
    return Description(f"cognito_secret_operator_{suffix}", kind, labels, text)


INFO: Final = _object(
    "info",
    "Always 1: what the resource names, to join on.",
    "user_pool_id",
    "client_id",
    "region",
    "target_secret",
)
CONDITION: Final = _object(
    "status_condition",
    "1 for the status that the condition has, 0 for the others.",
    "type",
    "status",
)
CREATED: Final = _object(
    "created_timestamp_seconds", "When Cognito created the secret in the slot.", "slot"
)
LAST_ROTATION: Final = _object(
    "last_rotation_timestamp_seconds", "When the last successful rotation ended; 0 if none did."
)
NEXT_ROTATION: Final = _object(
    "next_rotation_timestamp_seconds", "When the next rotation is due; 0 if suspended or unknown."
)
INTERVAL: Final = _object("rotation_interval_seconds", "Interval between rotations, from the spec.")
MAX_AGE: Final = _object(
    "max_age_seconds", "Age at which the current secret is too old, from the spec."
)
STEP: Final = _object("rotation_step", "1 for the step the rotation is at, 0 for others.", "step")
ACTIVE: Final = _object("active_secrets", "Secrets at Cognito that the operator knows of.")
HOLDERS: Final = _object(
    "pods_on_previous",
    "Pods that may still hold the previous secret. Absent where unknown.",
)
OUTSIDE: Final = _object(
    "acknowledgements_missing",
    "Declared consumers outside that may still use the previous secret. Absent where unknown.",
)
SUSPENDED: Final = _object("suspended", "1 if the spec suspends all writes, else 0.")
OBSERVED: Final = _object(
    "observed_timestamp_seconds", "When Cognito last listed the client's secrets; 0 if never."
)

ROTATIONS: Final = _process(
    "counter", "rotations_total", "Rotations that ended.", "result", "trigger"
)
ORDERED: Final = _process(
    "counter",
    "ordered_retirements_total",
    "Previous secrets that were deleted by an order although somebody may have held them.",
    "order",
)
FOREIGN_DELETED: Final = _process(
    "counter",
    "foreign_secrets_deleted_total",
    "Secrets not made by the operator that were deleted as adoption.retireSecretIds says.",
)
AWS_REQUESTS: Final = _process(
    "counter", "aws_requests_total", "Calls to AWS by OK or error code.", "operation", "code"
)
AWS_DURATION: Final = _process(
    "histogram", "aws_request_duration_seconds", "How long calls to AWS took.", "operation"
)
AWS_WAIT: Final = _process(
    "counter",
    "aws_ratelimit_wait_seconds_total",
    "Seconds that calls waited for our share of Cognito's quotas.",
    "operation",
)
RECONCILES: Final = _process("counter", "reconciles_total", "Passes by what came of it.", "result")
QUEUE_DEPTH: Final = _process("gauge", "queue_depth", "Resources that are due and wait.")
HEARTBEAT: Final = _process(
    "gauge", "heartbeat_timestamp_seconds", "When the work queue last turned."
)
FROZEN: Final = _process("gauge", "frozen", "1 while the freeze switch stops all writes, else 0.")
ALLOW_FILE_VALID: Final = _process(
    "gauge", "allow_file_valid", "1 if the allow-list in force is the one in its file, else 0."
)
LEADER: Final = _process(
    "gauge", "leader", "1 if this process makes passes, 0 if it stands by for another."
)
BUILD: Final = _process(
    "gauge", "build_info", "Always 1: what is running.", "version", "python_version"
)

_OBJECTS: Final = (
    INFO,
    CONDITION,
    CREATED,
    LAST_ROTATION,
    NEXT_ROTATION,
    INTERVAL,
    MAX_AGE,
    STEP,
    ACTIVE,
    HOLDERS,
    OUTSIDE,
    SUSPENDED,
    OBSERVED,
)
METRICS: Final = (
    *_OBJECTS,
    ROTATIONS,
    ORDERED,
    FOREIGN_DELETED,
    AWS_REQUESTS,
    AWS_DURATION,
    AWS_WAIT,
    RECONCILES,
    QUEUE_DEPTH,
    HEARTBEAT,
    FROZEN,
    ALLOW_FILE_VALID,
    LEADER,
    BUILD,
)
"""Every metric of ours; ``process_*`` comes from prometheus_client as well."""

RESULTS: Final = ("effect", "wait", "hold", "error", "gone")
"""What `Metrics.reconciled` is told."""

AWS_OPERATIONS: Final = (
    "AddUserPoolClientSecret",
    "ListUserPoolClientSecrets",
    "DeleteUserPoolClientSecret",
    "DescribeUserPoolClient",
    "DescribeUserPool",
    "GetTokensFromRefreshToken",
)
"""Operations whose series begin at 0."""

_CODE: Final = re.compile(r"[A-Za-z0-9]{1,64}")
_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
"""Seconds; a call gives up after 13."""

_ORDERS: Final = {Order.MAX_OVERLAP: "max_overlap", Order.OVERRIDE: "override"}
_SLOTS: Final = {Role.CURRENT: "current", Role.PREVIOUS: "previous"}

_disable_created: Final[Callable[[], None]] = disable_created_metrics  # it has no types

_Sample = tuple[Description, tuple[str, ...], float]


class Metrics:
    """All metrics of the process, in a registry of its own (`service.ports.Telemetry`)."""

    def __init__(self) -> None:
        """Begin with every series that is known in advance at 0."""
        # A `_created` series beside each counter would double what Prometheus stores.
        _disable_created()
        self._reports: dict[ResourceKey, Report] = {}
        self._registry = CollectorRegistry()
        self._registry.register(_Objects(self._reports))
        ProcessCollector(registry=self._registry)
        self._rotations = self._counter(ROTATIONS)
        self._ordered = self._counter(ORDERED)
        self._foreign_deleted = self._counter(FOREIGN_DELETED)
        self._requests = self._counter(AWS_REQUESTS)
        self._waits = self._counter(AWS_WAIT)
        self._reconciles = self._counter(RECONCILES)
        self._durations = Histogram(
            AWS_DURATION.name,
            AWS_DURATION.help,
            AWS_DURATION.labels,
            registry=self._registry,
            buckets=_BUCKETS,
        )
        self._depth = self._gauge(QUEUE_DEPTH)
        self._heartbeat = self._gauge(HEARTBEAT)
        self._frozen = self._gauge(FROZEN)
        self._allow_file_valid = self._gauge(ALLOW_FILE_VALID)
        self._leader = self._gauge(LEADER)
        self._gauge(BUILD).labels(__version__, platform.python_version()).set(1)
        self._preset()

    def publish(self, key: ResourceKey, report: Report) -> None:
        """Keep the latest report of a resource, for the next scrape."""
        self._reports[key] = report

    def forget(self, key: ResourceKey) -> None:
        """Drop a resource that is gone, with all its series."""
        self._reports.pop(key, None)

    def rotation_finished(self, trigger: Trigger, outcome: Outcome) -> None:
        """Count a rotation."""
        self._rotations.labels(outcome.name.lower(), trigger.name.lower()).inc()

    def retired_by_order(self, order: Order) -> None:
        """Count a previous secret that went although somebody may have held it."""
        self._ordered.labels(_ORDERS[order]).inc()

    def foreign_deleted(self) -> None:
        """Count the deletion of a secret that is not ours, by order of a resource."""
        self._foreign_deleted.inc()

    def reconciled(self, result: str) -> None:
        """Count a pass: ``effect``, ``wait``, ``hold``, ``error`` or ``gone``."""
        self._reconciles.labels(result).inc()

    def aws_call(self, operation: str, code: str, seconds: float) -> None:
        """Count and time a call to AWS; from any thread.

        Args:
            operation: such as ``ListUserPoolClientSecrets``.
            code: ``OK`` or AWS's error code; anything that does not look like one is ``Other``.
            seconds: how long it took.

        """
        shown = code if _CODE.fullmatch(code) else "Other"
        self._requests.labels(operation, shown).inc()
        self._durations.labels(operation).observe(seconds)

    def quota_waited(self, operation: str, seconds: float) -> None:
        """Add the seconds that a call waited for the quota."""
        self._waits.labels(operation).inc(max(0.0, seconds))

    def watch_queue(self, *, depth: Callable[[], int], heartbeat_age: Callable[[], float]) -> None:
        """Ask the work queue at each scrape.

        Args:
            depth: how many resources are due and wait.
            heartbeat_age: seconds since the queue last turned.

        """
        self._depth.set_function(depth)
        self._heartbeat.set_function(lambda: time.time() - heartbeat_age())

    def watch_platform(
        self, *, frozen: Callable[[], bool], allow_file_valid: Callable[[], bool]
    ) -> None:
        """Ask for the platform team's orders at each scrape.

        Args:
            frozen: whether the freeze switch is on.
            allow_file_valid: whether the allow-list in force is the one in its file.

        """
        self._frozen.set_function(lambda: float(frozen()))
        self._allow_file_valid.set_function(lambda: float(allow_file_valid()))

    def watch_leadership(self, is_leader: Callable[[], bool]) -> None:
        """Ask at each scrape whether this process leads."""
        self._leader.set_function(lambda: float(is_leader()))

    def render(self) -> tuple[bytes, str]:
        """Give the body and the content type of ``/metrics``."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def _counter(self, about: Description) -> Counter:
        return Counter(about.name, about.help, about.labels, registry=self._registry)

    def _gauge(self, about: Description) -> Gauge:
        return Gauge(about.name, about.help, about.labels, registry=self._registry)

    def _preset(self) -> None:
        for trigger in Trigger:
            for outcome in Outcome:
                self._rotations.labels(outcome.name.lower(), trigger.name.lower())
        for order in Order:
            self._ordered.labels(_ORDERS[order])
        for result in RESULTS:
            self._reconciles.labels(result)
        for operation in AWS_OPERATIONS:
            self._requests.labels(operation, "OK")
            self._durations.labels(operation)
            self._waits.labels(operation)


class _Objects(Collector):
    """Renders the latest reports whenever it is asked."""

    def __init__(self, reports: dict[ResourceKey, Report]) -> None:
        self._reports = reports

    def collect(self) -> Iterable[Metric]:
        families = {
            about.name: GaugeMetricFamily(about.name, about.help, labels=about.labels)
            for about in _OBJECTS
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
    yield MAX_AGE, (), report.max_age.total_seconds()
    yield SUSPENDED, (), float(report.suspended)
    yield ACTIVE, (), float(len(report.secrets))
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
    yield NEXT_ROTATION, (), 0.0 if report.suspended else _seconds(report.next_rotation_at)
    yield OBSERVED, (), _seconds(report.listed_at)


def _seconds(at: datetime | None) -> float:
    return 0.0 if at is None else at.timestamp()


def _holders(report: Report) -> Iterator[_Sample]:
    """Yield how many may hold the previous secret: nothing where nobody was asked about one."""
    if report.holders is not None:
        yield HOLDERS, (), float(len(report.holders) - report.outside_holders)
        yield OUTSIDE, (), float(report.outside_holders)
    elif all(secret.role is not Role.PREVIOUS for secret in report.secrets):
        yield HOLDERS, (), 0.0
        yield OUTSIDE, (), 0.0
