"""What a process has of its own: clocks, values, metrics."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cognito_secret_operator.domain.journal.journal import Outcome, RetiredBy
from cognito_secret_operator.domain.model import ClientRef, ResourceKey, Trigger
from cognito_secret_operator.domain.platform_policy import Denial, PlatformPolicy, rule_text
from cognito_secret_operator.domain.report import Report, Step
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.service.ports import Drift

__all__ = [
    "START",
    "FakeClock",
    "FakePlatform",
    "FakeTelemetry",
    "FakeValueGenerator",
    "ProcessClock",
]

START = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class FakeClock:
    """The world's time: Cognito's and the API server's. It moves when a test moves it."""

    time: datetime = START

    def now(self) -> datetime:
        """Tell the time."""
        return self.time

    def date(self) -> datetime:
        """Tell the time as a ``Date`` header does: whole seconds, cut off."""
        return self.time.replace(microsecond=0)

    def monotonic(self) -> float:
        """Count the seconds since the world began."""
        return (self.time - START).total_seconds()


@dataclass
class ProcessClock:
    """One process's clocks over the world's: the wall clock may be wrong, the other is not."""

    world: FakeClock
    skew: timedelta = timedelta()

    def now(self) -> datetime:
        """Tell this process's idea of the time."""
        return self.world.now() + self.skew

    def monotonic(self) -> float:
        """Count seconds; the skew does not matter."""
        return self.world.monotonic()


@dataclass
class FakeValueGenerator:
    """Draws distinct values that any test can find wherever they leaked."""

    drawn: list[str] = field(default_factory=list)

    def draw_value(self) -> SecretValue:
        """Draw the next value: 64 letters and digits."""
        value = f"Drawn{len(self.drawn):04}".ljust(64, "x")
        self.drawn.append(value)
        return SecretValue(value)


@dataclass
class FakePlatform:
    """The platform team's configuration, which a test changes at any moment."""

    frozen: str | None = None
    denied: frozenset[str] = frozenset()
    """Namespaces that may reach nothing."""

    def policy(self, namespace: str, client: ClientRef) -> PlatformPolicy:
        """Tell what holds now."""
        rule = rule_text(namespace, client)
        denial = Denial("the list", rule) if namespace in self.denied else None
        return PlatformPolicy(denial, self.frozen)

    def reaches(self, namespace: str, pool_id: str) -> bool:  # noqa: ARG002 - there is one pool
        """Tell whether a namespace is not denied."""
        return namespace not in self.denied


@dataclass
class FakeTelemetry:
    """Keeps what the metrics were told."""

    reports: dict[ResourceKey, Report] = field(default_factory=dict)
    finished: list[tuple[Trigger, Outcome]] = field(default_factory=list)
    orders: list[RetiredBy] = field(default_factory=list)
    spans: list[tuple[timedelta, timedelta | None]] = field(default_factory=list)
    steps: list[tuple[Step, timedelta]] = field(default_factory=list)
    drifts: list[Drift] = field(default_factory=list)
    foreign: int = 0
    results: Counter[str] = field(default_factory=Counter)

    def publish(self, key: ResourceKey, report: Report) -> None:
        """Keep the latest report."""
        self.reports[key] = report

    def forget(self, key: ResourceKey) -> None:
        """Drop a resource."""
        self.reports.pop(key, None)

    def rotation_finished(self, trigger: Trigger, outcome: Outcome) -> None:
        """Count a rotation."""
        self.finished.append((trigger, outcome))

    def rotation_took(self, span: timedelta, exposure: timedelta | None) -> None:
        """Keep a rotation's span and exposure."""
        self.spans.append((span, exposure))

    def step_took(self, step: Step, span: timedelta) -> None:
        """Keep a step's span."""
        self.steps.append((step, span))

    def drifted(self, drift: Drift) -> None:
        """Keep a drift."""
        self.drifts.append(drift)

    def retired_by_order(self, order: RetiredBy) -> None:
        """Count an order that was carried out."""
        self.orders.append(order)

    def foreign_deleted(self) -> None:
        """Count a deletion by order."""
        self.foreign += 1

    def reconciled(self, result: str) -> None:
        """Count a pass."""
        self.results[result] += 1
