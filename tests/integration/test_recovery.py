"""What is destroyed, copied or restored: each case ends healthy or in a hold with a name."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from rig.operator_process import OperatorProcess
from rig.shop import Shop, application

from emulator.process import Client

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

SOON = {
    "CSO_LIST_PERIOD_SECONDS": "2",
    "CSO_LIST_LAG_SECONDS": "1",
    "CSO_ANSWER_OUTRANKS_SECONDS": "2",
    "CSO_MISSING_CONFIRMED_SECONDS": "2",
    "CSO_REFUSAL_PATIENCE_SECONDS": "2",
}
"""Spans in which a secret that Lists lack is believed to be gone, in seconds."""


def delete_at_cognito(shop: Shop, client: Client, secret_id: str) -> None:
    shop.cognito.cognito.delete_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id, ClientSecretId=secret_id
    )


def add_at_cognito(shop: Shop, client: Client) -> str:
    answer = shop.cognito.cognito.add_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id
    )
    return answer["ClientSecretDescriptor"]["ClientSecretId"]


def read_journal(shop: Shop, name: str = "orders-api") -> dict[str, Any]:
    """The journal's document; empty where there is none."""
    stored = shop.secret(f"{name}-cognito-journal")
    document: dict[str, Any] = json.loads(stored.get("journal.json", "{}"))
    return document


def published_id(shop: Shop, client: Client, name: str = "orders-api") -> str | None:
    """Which secret the target's current value is; None where Cognito refuses it."""
    value = shop.secret(name).get("client-secret")
    return shop.cognito.accepted_id(client.client_id, value) if value else None


def wait_healthy(shop: Shop, client: Client, *not_these: str, name: str = "orders-api") -> str:
    """Wait until the target works, no rotation is on, and status tells of the whole journal."""

    def is_healthy() -> bool:
        current, journal = published_id(shop, client, name), read_journal(shop, name)
        return (
            current is not None
            and shop.status(name).get("journalSequence") == journal.get("sequence")
            and current not in not_these
            and shop.condition("Ready", name).get("status") == "True"
            and shop.condition("Rotating", name).get("status") == "False"
            and shop.condition("Stalled", name).get("status") == "False"
        )

    shop.wait("it is healthy", is_healthy)
    current = published_id(shop, client, name)
    assert current is not None
    return current


def warnings(shop: Shop) -> list[tuple[str, str]]:
    return [
        (event["reason"], event["message"]) for event in shop.events() if event["type"] == "Warning"
    ]


def assert_warned(shop: Shop, reason: str, *parts: str) -> None:
    shop.wait(
        f"a warning tells {reason} and {parts}",
        lambda: any(
            told == reason and all(part in message for part in parts)
            for told, message in warnings(shop)
        ),
    )


def stalled(shop: Shop, name: str = "orders-api") -> tuple[str, str]:
    """Why a person is asked for, in one word and in words; empty where nobody is."""
    condition = shop.condition("Stalled", name)
    if condition.get("status") != "True":
        return "", ""
    return condition["reason"], condition["message"]


def wait_held(shop: Shop, reason: str, *parts: str, name: str = "orders-api") -> None:
    shop.wait(f"it is held: {reason}", lambda: stalled(shop, name)[0] == reason)
    message = stalled(shop, name)[1]
    for part in parts:
        assert part in message


def outcomes(shop: Shop) -> list[tuple[str, str]]:
    return [(one["trigger"], one["outcome"]) for one in shop.status()["rotations"]]


def pods_are_new(shop: Shop, before: set[str]) -> bool:
    pods = shop.pods()
    return bool(pods) and not {pod["metadata"]["uid"] for pod in pods} & before


def uids(shop: Shop) -> set[str]:
    return {pod["metadata"]["uid"] for pod in shop.pods()}


# --- a secret is deleted at Cognito by hand -----------------------------------------------------


def test_the_current_secret_is_deleted_at_rest(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client))
    (first,) = shop.wait_ready(client)
    old_pods = uids(shop)
    foreign = add_at_cognito(shop, client)
    delete_at_cognito(shop, client, first)
    assert_warned(shop, "RotationStarted", first, "somebody deleted it")
    current = wait_healthy(shop, client, first, foreign)
    assert outcomes(shop) == [("Recovery", "Success")]
    assert pods_are_new(shop, old_pods), "pods that hold the lost secret are moved"
    assert set(shop.active_ids(client)) == {foreign, current}


def test_the_current_secret_is_deleted_in_the_overlap(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client, retirement={"minOverlap": "1h"}))
    (first,) = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it overlaps", lambda: shop.condition("Rotating").get("reason") == "OverlapRuns")
    (second,) = set(shop.active_ids(client)) - {first}
    moved = uids(shop)
    delete_at_cognito(shop, client, second)
    assert_warned(shop, "SecretReinstated", first, second)
    assert wait_healthy(shop, client) == first
    assert outcomes(shop) == [("Request", "Lost")]
    assert pods_are_new(shop, moved), "pods that hold the lost secret are moved"
    shop.annotate("orders-api", rotate="drill-2")
    shop.wait("it overlaps", lambda: shop.condition("Rotating").get("reason") == "OverlapRuns")
    assert published_id(shop, client) not in {first, second}, "a request goes on as ever"


def test_a_deleted_secret_does_not_wait_for_an_approval(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client, adoption={"retireOriginal": "Approve"}))
    (first,) = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it waits", lambda: shop.condition("Rotating").get("reason") == "AwaitingApproval")
    (second,) = set(shop.active_ids(client)) - {first}
    delete_at_cognito(shop, client, second)
    assert wait_healthy(shop, client) == first
    assert shop.active_ids(client) == [first]


def test_both_secrets_are_deleted_in_the_overlap(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client, retirement={"minOverlap": "1h"}))
    (first,) = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it overlaps", lambda: shop.condition("Rotating").get("reason") == "OverlapRuns")
    (second,) = set(shop.active_ids(client)) - {first}
    delete_at_cognito(shop, client, second)
    foreign = add_at_cognito(shop, client)
    delete_at_cognito(shop, client, first)
    current = wait_healthy(shop, client, first, second, foreign)
    assert set(shop.active_ids(client)) == {foreign, current}


def test_the_previous_secret_is_deleted(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client, retirement={"minOverlap": "1h"}))
    (first,) = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it overlaps", lambda: shop.condition("Rotating").get("reason") == "OverlapRuns")
    delete_at_cognito(shop, client, first)
    current = wait_healthy(shop, client, first)
    assert shop.active_ids(client) == [current]
    assert outcomes(shop) == [("Request", "Success")]


def test_the_pending_secret_is_deleted(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**{**SOON, "CSO_REFUSAL_PATIENCE_SECONDS": "8"})
    shop.apply(application("web"), shop.resource(client))
    (first,) = shop.wait_ready(client)
    shop.cognito.set_knobs(activation_lag=3600.0)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it is refused", lambda: shop.condition("Rotating").get("reason") == "Verifying")
    (second,) = set(shop.active_ids(client)) - {first}
    delete_at_cognito(shop, client, second)
    assert wait_healthy(shop, client) == first
    assert outcomes(shop) == [("Request", "Refused")]
    shop.cognito.set_knobs(activation_lag=0.0)
    shop.annotate("orders-api", rotate="drill-2")
    shop.wait_rotated(client, [first, second])


def test_manual_recovery_waits_for_a_person(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client, recovery="Manual"))
    (first,) = shop.wait_ready(client)
    foreign = add_at_cognito(shop, client)
    delete_at_cognito(shop, client, first)
    wait_held(shop, "CurrentSecretMissing", first, "cognito-secrets.dev/rotate", "spec.recovery")
    assert shop.condition("Ready")["status"] == "False"
    assert shop.active_ids(client) == [foreign]
    shop.annotate("orders-api", rotate="heal")
    wait_healthy(shop, client, first, foreign)
    assert outcomes(shop) == [("Request", "Success")]
