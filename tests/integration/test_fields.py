"""Fields and annotations whose effect no other story shows: written down, and seen to count."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

OURS: Final = "cognito-secrets.dev"
JOURNAL: Final = "orders-api-cognito-journal"


def annotations(shop: Shop, secret: str) -> dict[str, str]:
    """Read a Secret's annotations of ours, without their prefix."""
    path = f"/api/v1/namespaces/{shop.namespace}/secrets/{secret}"
    found: dict[str, str] = shop.api.get(path)["metadata"]["annotations"]
    prefix = f"{OURS}/"
    return {key.removeprefix(prefix): found[key] for key in found if key.startswith(prefix)}


def test_the_smallest_resource_waits_for_an_approval_and_then_for_the_overlap(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    smallest = shop.resource(client)
    smallest["spec"] = {"userPoolId": client.pool_id, "clientId": client.client_id}
    shop.apply(application("web"), smallest)
    start_operator()
    first = shop.wait_ready(client)
    assert shop.secret()["client-secret"] == client.value
    shop.annotate("orders-api", rotate="drill-1")
    assert first[0] in shop.wait_condition("Rotating", "True", "AwaitingApproval")
    shop.annotate("orders-api", approve=first[0])
    shop.wait_condition("Rotating", "True", "OverlapRunning")
    smallest["spec"]["retirement"] = {"minOverlap": "0s"}
    shop.apply(smallest)
    shop.wait_rotated(client, first)


def test_the_original_is_retired_by_approval_or_automatically(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = shop.adopted_client(adoption={"retireOriginal": "Approve"})
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "AwaitingApproval")
    assert len(shop.active_ids(client)) == 2
    shop.apply(shop.resource(client, adoption={"retireOriginal": "Automatic"}))
    shop.wait_rotated(client, first)


def test_every_secret_is_retired_by_approval_or_automatically(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    manual, automatic = (
        {"minOverlap": "0s", "approval": approval} for approval in ("Manual", "Automatic")
    )
    client, first = shop.adopted_client(retirement=manual)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "AwaitingApproval")
    assert len(shop.active_ids(client)) == 2
    shop.apply(shop.resource(client, retirement=automatic))
    shop.wait_rotated(client, first)


def test_watch_is_turned_into_restart_in_the_middle_of_a_rotation(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    whom = {"mode": "Auto"}
    client, first = shop.adopted_client(rollout={"strategy": "Watch", "consumers": whom})
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "PodsNotRolled", "web-")
    assert len(shop.active_ids(client)) == 2
    shop.apply(shop.resource(client, rollout={"strategy": "Restart", "consumers": whom}))
    shop.wait_rotated(client, first)


def test_a_window_opens_by_the_clock_of_its_time_zone(
    shop: Shop, start_operator: StartOperator
) -> None:
    opened = datetime.now(UTC) - timedelta(hours=2)
    window = {"schedule": f"{opened.minute} {opened.hour} * * *", "duration": "5h"}
    here, far = {**window, "timeZone": "Etc/UTC"}, {**window, "timeZone": "Etc/GMT-12"}
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=91))
    first = shop.active_ids(client)

    def apply(rotation: dict[str, str], retirement: dict[str, str]) -> None:
        whole = shop.resource(
            client,
            rotation={"interval": "90d", "windows": [rotation]},
            retirement={"minOverlap": "0s", "windows": [retirement]},
        )
        shop.apply(application("web"), whole)

    apply(far, far)
    start_operator()
    shop.wait_ready(client)
    shop.wait("it is not begun", lambda: waits_for(shop) == "AwaitingWindow")
    assert shop.active_ids(client) == first
    apply(here, far)
    shop.wait_condition("Rotating", "True", "AwaitingWindow")
    assert len(shop.active_ids(client)) == 2
    apply(here, here)
    shop.wait_rotated(client, first)


def waits_for(shop: Shop) -> str:
    return str(shop.status().get("waitsFor", {}).get("reason"))


def test_a_client_is_observed_and_later_rotated(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=91))
    first = shop.active_ids(client)
    shop.apply(application("web"), shop.resource(client, policy="Observe"))
    start_operator()
    shop.wait_condition("Reconciling", "False", "Observing")
    assert shop.active_ids(client) == first
    assert shop.secret() == {}
    shop.apply(shop.resource(client, policy="Rotate"))
    shop.wait_rotated(client, first)


def test_the_target_has_the_name_and_the_keys_that_are_asked_for_and_tells_its_ids(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    keys = {"clientId": "OIDC_ID", "current": "OIDC_SECRET", "previous": "OIDC_SECRET_BEFORE"}
    shop.apply(
        application("web", secret="web-login"),
        shop.resource(client, target={"name": "web-login", "keys": keys}),
    )
    start_operator()
    first = shop.wait_ready(client)
    assert shop.secret("web-login") == {
        "OIDC_ID": client.client_id,
        "OIDC_SECRET": client.value,
        "OIDC_SECRET_BEFORE": client.value,
    }
    before = annotations(shop, "web-login")
    assert before["resource"] == annotations(shop, JOURNAL)["resource"] == "orders-api"
    assert before["current-id"] == first[0]
    shop.annotate("orders-api", rotate="drill-1")
    current = shop.wait_rotated(client, first)
    data, after = shop.secret("web-login"), annotations(shop, "web-login")
    assert shop.cognito.accepted_id(client.client_id, data["OIDC_SECRET"]) == current
    assert data["OIDC_SECRET_BEFORE"] == client.value
    assert (after["current-id"], after["previous-id"]) == (current, first[0])
    assert int(after["publication"]) == int(before["publication"]) + 1
    assert shop.secret("orders-api") == {}
