"""Metrics of the process and their registry, rendered at the scrape."""

import platform
import re
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Final

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

from .. import __version__
from ..domain.journal.journal import Outcome, RetiredBy
from ..domain.model import ResourceKey, Trigger
from ..domain.report import Report, Step
from ..service.ports import Drift
from .descriptions import (
    ALLOW_FILE_VALID,
    AWS_DURATION,
    AWS_REQUESTS,
    AWS_WAIT,
    BUILD,
    DRIFT,
    FORCED,
    FOREIGN_DELETED,
    FROZEN,
    HEARTBEAT,
    LEADER,
    OVERLAP,
    QUEUE_DEPTH,
    QUEUE_OLDEST,
    RECONCILE_DURATION,
    RECONCILES,
    ROTATION_DURATION,
    ROTATIONS,
    STEP_DURATION,
    Description,
)
from .resources import Resources

__all__ = ["AWS_OPERATIONS", "RESULTS", "Metrics"]

RESULTS: Final = ("effect", "wait", "hold", "error", "gone")
"""Results that `Metrics.reconciled` counts."""

AWS_OPERATIONS: Final = (
    "AddUserPoolClientSecret",
    "ListUserPoolClientSecrets",
    "DeleteUserPoolClientSecret",
    "DescribeUserPoolClient",
    "DescribeUserPool",
    "GetTokensFromRefreshToken",
)
"""Operations whose series start at 0."""

AWS_CODES: Final = (
    "OK",
    "AccessDeniedException",
    "NotAuthorizedException",
    "TooManyRequestsException",
    "InternalErrorException",
)
"""Codes whose series start at 0: `increase` misses the 1 with which a new series starts."""

_CODE: Final = re.compile(r"[A-Za-z0-9]{1,64}")
_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
"""Seconds; a call times out after 13."""

_TURNS: Final = (0.05, 0.25, 1.0, 2.5, 5.0, 15.0, 60.0)
"""Seconds; a turn makes several calls, each of which may wait for the quota."""

_SPANS: Final = (10, 60, 300, 900, 3600, 2 * 3600, 6 * 3600, 86400, 3 * 86400, 7 * 86400)
"""Seconds: from a roll-out in a test cluster to a secret that waits for approval."""

_RETIRED_BY: Final = {RetiredBy.MAX_OVERLAP: "max_overlap", RetiredBy.OVERRIDE: "override"}

_disable_created: Final[Callable[[], None]] = disable_created_metrics  # it has no types


class Metrics:
    """All metrics of the process, in a registry of its own (`service.ports.Telemetry`)."""

    def __init__(self, revision: str = "unknown") -> None:
        """Create every series that is known in advance, at 0.

        Args:
            revision: commit of the running image.

        """
        # A `_created` series beside each counter would double what Prometheus stores.
        _disable_created()
        self._reports: dict[ResourceKey, Report] = {}
        self._registry = CollectorRegistry()
        self._registry.register(Resources(self._reports))
        ProcessCollector(registry=self._registry)
        self._rotations = self._counter(ROTATIONS)
        self._forced = self._counter(FORCED)
        self._foreign_deleted = self._counter(FOREIGN_DELETED)
        self._requests = self._counter(AWS_REQUESTS)
        self._waits = self._counter(AWS_WAIT)
        self._reconciles = self._counter(RECONCILES)
        self._drift = self._counter(DRIFT)
        self._durations = self._histogram(AWS_DURATION, _BUCKETS)
        self._turns = self._histogram(RECONCILE_DURATION, _TURNS)
        self._rotation_spans = self._histogram(ROTATION_DURATION, _SPANS)
        self._overlaps = self._histogram(OVERLAP, _SPANS)
        self._steps = self._histogram(STEP_DURATION, _SPANS)
        self._depth = self._gauge(QUEUE_DEPTH)
        self._oldest = self._gauge(QUEUE_OLDEST)
        self._heartbeat = self._gauge(HEARTBEAT)
        self._frozen = self._gauge(FROZEN)
        self._allow_file_valid = self._gauge(ALLOW_FILE_VALID)
        self._leader = self._gauge(LEADER)
        self._gauge(BUILD).labels(__version__, revision, platform.python_version()).set(1)
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

    def rotation_took(self, span: timedelta, exposure: timedelta | None) -> None:
        """Record how long a rotation took and, where known, how long two secrets were valid.

        A negative span, possible after a clock change, counts as 0.
        """
        self._rotation_spans.observe(max(0.0, span.total_seconds()))
        if exposure is not None:
            self._overlaps.observe(max(0.0, exposure.total_seconds()))

    def step_took(self, step: Step, span: timedelta) -> None:
        """Record how long a step of a rotation took."""
        self._steps.labels(step.value).observe(max(0.0, span.total_seconds()))

    def drifted(self, drift: Drift) -> None:
        """Count a corrected external change."""
        self._drift.labels(drift.value).inc()

    def retired_by_order(self, order: RetiredBy) -> None:
        """Count a previous secret that was deleted although it may have been in use."""
        self._forced.labels(_RETIRED_BY[order]).inc()

    def foreign_deleted(self) -> None:
        """Count the deletion of a foreign secret that a resource listed."""
        self._foreign_deleted.inc()

    def reconciled(self, result: str) -> None:
        """Count a pass: ``effect``, ``wait``, ``hold``, ``error`` or ``gone``."""
        self._reconciles.labels(result).inc()

    def reconcile_took(self, seconds: float) -> None:
        """Record how long one turn of a resource took."""
        self._turns.observe(seconds)

    def aws_call(self, operation: str, code: str, seconds: float) -> None:
        """Count and time a call to AWS; from any thread.

        Args:
            operation: such as ``ListUserPoolClientSecrets``.
            code: ``OK`` or AWS's error code; text of another form is counted as ``Other``.
            seconds: duration of the call.

        """
        shown = code if _CODE.fullmatch(code) else "Other"
        self._requests.labels(operation, shown).inc()
        self._durations.labels(operation).observe(seconds)

    def quota_waited(self, operation: str, seconds: float) -> None:
        """Add the seconds that a call waited for the quota."""
        self._waits.labels(operation).inc(max(0.0, seconds))

    def watch_queue(
        self,
        *,
        depth: Callable[[], int],
        oldest_age: Callable[[], float],
        heartbeat_age: Callable[[], float],
    ) -> None:
        """Read the work queue at each scrape.

        Args:
            depth: number of resources that are due and wait.
            oldest_age: seconds since the longest-waiting resource became due; 0 if none waits.
            heartbeat_age: seconds since the queue last completed a loop.

        """
        self._depth.set_function(depth)
        self._oldest.set_function(lambda: _moment(oldest_age()))
        self._heartbeat.set_function(lambda: time.time() - heartbeat_age())

    def watch_platform(
        self, *, frozen: Callable[[], bool], allow_file_valid: Callable[[], bool]
    ) -> None:
        """Read the platform team's switches at each scrape.

        Args:
            frozen: whether the freeze switch is on.
            allow_file_valid: whether the allow-list in force is the one in its file.

        """
        self._frozen.set_function(lambda: float(frozen()))
        self._allow_file_valid.set_function(lambda: float(allow_file_valid()))

    def watch_leadership(self, is_leader: Callable[[], bool]) -> None:
        """Read at each scrape whether this process leads and reconciles."""
        self._leader.set_function(lambda: float(is_leader()))

    def render(self) -> tuple[bytes, str]:
        """Return the body and the content type of ``/metrics``."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def _counter(self, about: Description) -> Counter:
        return Counter(about.name, about.help, about.labels, registry=self._registry)

    def _gauge(self, about: Description) -> Gauge:
        return Gauge(about.name, about.help, about.labels, registry=self._registry)

    def _histogram(self, about: Description, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(
            about.name, about.help, about.labels, registry=self._registry, buckets=buckets
        )

    def _preset(self) -> None:
        for trigger in Trigger:
            for outcome in Outcome:
                self._rotations.labels(outcome.name.lower(), trigger.name.lower())
        for order in RetiredBy:
            self._forced.labels(_RETIRED_BY[order])
        for result in RESULTS:
            self._reconciles.labels(result)
        for drift in Drift:
            self._drift.labels(drift.value)
        for step in Step:
            if step is not Step.IDLE:
                self._steps.labels(step.value)
        for operation, code in product(AWS_OPERATIONS, AWS_CODES):
            self._requests.labels(operation, code)
        for operation in AWS_OPERATIONS:
            self._durations.labels(operation)
            self._waits.labels(operation)


def _moment(age: float) -> float:
    """Return the time *age* seconds ago; 0 for no age."""
    return time.time() - age if age > 0 else 0.0
