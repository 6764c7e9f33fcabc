"""Hand-written fakes of ``service.ports``; what only a test may call ends in ``_for_test``."""

from .cognito import FakeCognito, FakeEndpoint
from .faults import Call, Crashed, Faults
from .kubernetes import FakeDuplicates, FakeEvents, FakeResources
from .process import FakeClock, FakePlatform, FakeTelemetry, FakeValueGenerator, ProcessClock
from .secrets_store import FakeSecrets
from .workloads import Behaviour, FakeWorkloads

__all__ = [
    "Behaviour",
    "Call",
    "Crashed",
    "FakeClock",
    "FakeCognito",
    "FakeDuplicates",
    "FakeEndpoint",
    "FakeEvents",
    "FakePlatform",
    "FakeResources",
    "FakeSecrets",
    "FakeTelemetry",
    "FakeValueGenerator",
    "FakeWorkloads",
    "Faults",
    "ProcessClock",
]
