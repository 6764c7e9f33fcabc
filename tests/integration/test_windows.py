"""Windows on a real cluster: schedules are made relative to the present minute, in UTC."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
OLD = timedelta(days=91)
HOUR = timedelta(hours=1)


def window(opens_in: timedelta, duration: str) -> dict[str, str]:
    """Make a window that opens once a day, so far from the present minute."""
    opens = datetime.now(UTC) + opens_in
    return {"schedule": f"{opens.minute} {opens.hour} * * *", "duration": duration}


def opened() -> dict[str, str]:
    """Make a window that has been open for longer than any client's own delay in it."""
    return window(-2 * HOUR, "5h")


def closed() -> dict[str, str]:
    """Make a window that opens in hours."""
    return window(3 * HOUR, "1h")


def test_what_is_due_waits_for_the_next_opening_and_starts_once_one_is_open(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=OLD)
    first = shop.active_ids(client)
    rotation = {"interval": "90d", "windows": [closed()]}
    shop.apply(application("web", replicas=1), shop.resource(client, rotation=rotation))
    start_operator()
    shop.wait_ready(client)
    shop.wait(
        "it waits",
        lambda: shop.status().get("waitsFor", {}).get("reason") == "AwaitingWindow",
    )
    ahead = datetime.fromisoformat(shop.status()["nextRotationAt"]) - datetime.now(UTC)
    assert 2 * HOUR < ahead < 4 * HOUR
    assert shop.active_ids(client) == first
    rotation = {"interval": "90d", "windows": [closed(), opened()]}
    shop.apply(shop.resource(client, rotation=rotation))
    shop.wait_rotated(client, first)
    assert shop.status()["rotations"][0]["trigger"] == "Schedule"


def test_with_windows_alone_an_opening_rotates_once_whatever_the_age(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=1))
    first = shop.active_ids(client)
    resource = shop.resource(client, rotation={"windows": [opened()]})
    shop.apply(application("web", replicas=1), resource)
    start_operator()
    current = shop.wait_rotated(client, first)
    ahead = datetime.fromisoformat(shop.status()["nextRotationAt"]) - datetime.now(UTC)
    assert ahead > 20 * HOUR, "the next opening is tomorrow's"
    shop.kubectl("delete", "ccs", "orders-api", "-n", shop.namespace)
    shop.apply(resource)
    assert shop.wait_ready(client) == [current], "made anew within the same opening: nothing is due"
    assert len(shop.status()["rotations"]) == 1


def test_a_request_waits_for_no_window(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    resource = shop.resource(client, rotation={"windows": [closed()]})
    shop.apply(application("web", replicas=1), resource)
    start_operator()
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_rotated(client, first)


def test_an_opening_that_was_missed_is_told_and_not_made_up_for(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=2))
    # Promised for a window that has been closed since: as if the operator had been down meanwhile.
    rotation = {"windows": [window(-2 * HOUR, "1h")]}
    shop.apply(application("web", replicas=1), shop.resource(client, rotation=rotation))
    operator = start_operator()
    first = shop.wait_ready(client)
    shop.wait("promised", lambda: shop.status().get("nextRotationAt"))
    operator.stop()
    missed = datetime.fromisoformat(shop.status()["nextRotationAt"]) - timedelta(days=1)
    patch = f'{{"status": {{"nextRotationAt": "{missed:%Y-%m-%dT%H:%M:%SZ}"}}}}'
    where = ("ccs", "orders-api", "-n", shop.namespace)
    shop.kubectl("patch", *where, "--subresource=status", "--type=merge", "-p", patch)
    start_operator()
    shop.wait("it is told", lambda: "WindowMissed" in shop.reasons())
    (told,) = [one for one in shop.events() if one["reason"] == "WindowMissed"]
    assert told["type"] == "Warning"
    assert "it is not made up for" in told["message"]
    assert shop.active_ids(client) == first


@pytest.mark.parametrize(
    ("change", "field", "remedy"),
    [
        pytest.param(
            {"schedule": "0 25 * * *"}, "schedule", "write 0 2 * * 1-5", id="no such hour"
        ),
        pytest.param(
            {"timeZone": "Europe/Atlantis"},
            "timeZone",
            "write a name like Europe/Oslo",
            id="no such place",
        ),
    ],
)
def test_a_schedule_that_cannot_be_kept_stalls_and_never_means_now(
    shop: Shop, start_operator: StartOperator, change: dict[str, str], field: str, remedy: str
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=OLD)
    first = shop.active_ids(client)
    rotation = {"windows": [{**opened(), **change}]}
    shop.apply(application("web", replicas=1), shop.resource(client, rotation=rotation))
    start_operator()
    shop.wait("it stalls", lambda: shop.condition("Stalled").get("reason") == "InvalidSpec")
    message = shop.condition("Stalled")["message"]
    assert message.startswith(f"spec.rotation.windows[0].{field}: ")
    assert remedy in message
    assert shop.active_ids(client) == first
    assert shop.secret() == {}
    shop.apply(shop.resource(client, rotation={"windows": [opened()]}))
    shop.wait_rotated(client, first)


def test_a_deletion_waits_for_its_window(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    retirement = {"minOverlap": "0s", "windows": [closed()]}
    shop.apply(application("web", replicas=1), shop.resource(client, retirement=retirement))
    start_operator()
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it waits", lambda: shop.condition("Rotating").get("reason") == "AwaitingWindow")
    message = shop.condition("Rotating")["message"]
    assert "retirement.windows, which open at" in message
    assert len(shop.active_ids(client)) == 2
    retirement = {"minOverlap": "0s", "windows": [opened()]}
    shop.apply(shop.resource(client, retirement=retirement))
    shop.wait_rotated(client, first)
