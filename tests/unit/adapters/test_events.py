import logging
from datetime import UTC, datetime, timedelta

import pytest

from cognito_secret_operator.adapters import events
from cognito_secret_operator.adapters.events import EventRecorder
from cognito_secret_operator.adapters.kube_api import KubeApi
from cognito_secret_operator.domain.model import ResourceKey
from cognito_secret_operator.reasons import Reason
from cognito_secret_operator.service.ports import KubernetesEvent

from support.loopback import Loopback, failure

KEY = ResourceKey("shop", "orders-api")
EVENT = KubernetesEvent("Warning", Reason.SLOTS_BLOCKED, "both slots are taken")
PATH = "/api/v1/namespaces/shop/events"
ONE = f"{PATH}/orders-api.x1"
CREATED = {"metadata": {"name": "orders-api.x1"}}


class SetClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, 3, 44, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def recorder(api: KubeApi, clock: SetClock) -> EventRecorder:
    return EventRecorder(api, clock)


async def test_an_event_is_posted_on_its_resource(
    server: Loopback, recorder: EventRecorder
) -> None:
    server.answers("POST", PATH, CREATED, status=201)
    await recorder.record(KEY, "u", EVENT)
    assert server.seen[0].body == {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": "shop", "generateName": "orders-api."},
        "involvedObject": {
            "apiVersion": "cognito-secrets.dev/v1alpha1",
            "kind": "CognitoClientSecret",
            "namespace": "shop",
            "name": "orders-api",
            "uid": "u",
        },
        "type": "Warning",
        "reason": "SlotsBlocked",
        "message": "both slots are taken",
        "source": {"component": "cognito-secret-operator"},
        "reportingComponent": "cognito-secret-operator",
        "count": 1,
        "firstTimestamp": "2026-11-21T03:44:00Z",
        "lastTimestamp": "2026-11-21T03:44:00Z",
    }


async def test_a_repeated_event_is_counted_up(
    server: Loopback, recorder: EventRecorder, clock: SetClock
) -> None:
    server.answers("POST", PATH, CREATED, status=201)
    server.answers("PATCH", ONE, {})
    for _ in range(3):
        await recorder.record(KEY, "u", EVENT)
        clock.at += timedelta(minutes=9)
    assert [one.method for one in server.seen] == ["POST", "PATCH", "PATCH"]
    assert server.seen[2].body == {"count": 3, "lastTimestamp": "2026-11-21T04:02:00Z"}


@pytest.mark.parametrize(
    ("uid", "event", "minutes"),
    [
        ("u", EVENT, 10),
        ("other", EVENT, 0),
        ("u", KubernetesEvent("Warning", Reason.FOREIGN_SECRET, EVENT.message), 0),
        ("u", KubernetesEvent("Warning", EVENT.reason, "other"), 0),
        ("u", KubernetesEvent("Normal", EVENT.reason, EVENT.message), 0),
    ],
    ids=["ten minutes later", "another resource", "another reason", "another message", "type"],
)
async def test_another_event_is_posted_anew(
    server: Loopback,
    recorder: EventRecorder,
    clock: SetClock,
    uid: str,
    event: KubernetesEvent,
    minutes: int,
) -> None:
    server.answers("POST", PATH, CREATED, status=201)
    await recorder.record(KEY, "u", EVENT)
    clock.at += timedelta(minutes=minutes)
    await recorder.record(KEY, uid, event)
    assert [one.method for one in server.seen] == ["POST", "POST"]


async def test_an_event_that_expired_is_posted_anew(
    server: Loopback, recorder: EventRecorder
) -> None:
    server.answers("POST", PATH, CREATED, status=201)
    server.answers("PATCH", ONE, failure(404, "NotFound"), status=404)
    await recorder.record(KEY, "u", EVENT)
    await recorder.record(KEY, "u", EVENT)
    assert [one.method for one in server.seen] == ["POST", "PATCH", "POST"]


async def test_a_long_message_is_cut(server: Loopback, recorder: EventRecorder) -> None:
    server.answers("POST", PATH, CREATED, status=201)
    await recorder.record(KEY, "u", KubernetesEvent("Normal", Reason.SECRET_ADDED, "x" * 2000))
    message = server.seen[0].body["message"]
    assert (len(message), message[-2:]) == (1024, "x…")


async def test_only_so_many_events_are_remembered(
    server: Loopback, recorder: EventRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "REMEMBERED", 2)
    server.answers("POST", PATH, CREATED, status=201)
    for uid in ("a", "b", "c", "a"):
        await recorder.record(KEY, uid, EVENT)
    assert [one.method for one in server.seen] == ["POST"] * 4
    assert len(recorder._posted) == 2


async def test_a_denial_is_logged_once(
    server: Loopback, recorder: EventRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers("POST", PATH, failure(403, "Forbidden"), status=403)
    for _ in range(3):
        await recorder.record(KEY, "u", EVENT)
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    lack = 'the operator lacks the permission to create events in namespace "shop"'
    assert lines == [f"events cannot be recorded: {lack}"]


async def test_a_failure_is_logged_and_the_next_event_is_tried(
    server: Loopback, recorder: EventRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers("POST", PATH, failure(500, "InternalError"), status=500)
    server.answers("POST", PATH, CREATED, status=201)
    await recorder.record(KEY, "u", EVENT)
    await recorder.record(KEY, "u", EVENT)
    assert [one.method for one in server.seen] == ["POST", "POST"]
    assert caplog.text.count("was not recorded") == 1
