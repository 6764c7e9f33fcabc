"""Hand-written fakes of ``service.ports``; what only a test may call ends in ``_for_test``."""

from .cognito import FakeCognito, FakeEndpoint
from .faults import Call, Crashed, Faults
from .kubernetes import FakeEvents, FakeResources, FakeRoster
from .process import FakeClock, FakePlatform, FakeTelemetry, FakeValueGenerator, ProcessClock
from .secrets_store import FakeSecrets
from .workloads import Behaviour, FakeWorkloads

__all__ = [
    "Behaviour",
    "Call",
    "Crashed",
    "FakeClock",
    "FakeCognito",
    "FakeEndpoint",
    "FakeEvents",
    "FakePlatform",
    "FakeResources",
    "FakeRoster",
    "FakeSecrets",
    "FakeTelemetry",
    "FakeValueGenerator",
    "FakeWorkloads",
    "Faults",
    "ProcessClock",
]
