"""Answers of Cognito that never came, or came late."""

from collections.abc import Callable

import pytest

from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]


def prepared(shop: Shop) -> tuple[Client, list[str]]:
    """A client that is adopted and at rest."""
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("web"), shop.resource(client))
    return client, shop.wait_ready(client)


def test_a_lost_answer_of_add_is_confirmed_by_the_token_endpoint(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = prepared(shop)
    shop.cognito.set_knobs(lose_answer={"AddUserPoolClientSecret": 1})
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("both are at Cognito", lambda: len(shop.active_ids(client)) == 2)
    current = shop.wait_rotated(client, first)
    assert len(shop.cognito.secrets(client.client_id)) == 2, "no second Add"
    assert shop.cognito.accepted_id(client.client_id, shop.secret()["client-secret"]) == current


def test_a_lost_answer_that_nothing_confirms_is_held_and_named(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = prepared(shop)
    value = shop.secret()["client-secret"]
    shop.cognito.set_knobs(
        lose_answer={"AddUserPoolClientSecret": 1},
        fail={"Token": [{"code": "server_error", "count": -1}]},
    )
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it is held", lambda: shop.condition("Stalled").get("reason") == "PendingUnconfirmed")
    new = next(one for one in shop.active_ids(client) if one not in first)
    assert new in shop.condition("Stalled")["message"]
    assert len(shop.active_ids(client)) == 2, "not deleted"
    assert shop.secret()["client-secret"] == value, "not published"
    shop.cognito.set_knobs(fail={})
    assert shop.wait_rotated(client, first) == new


def test_a_lost_answer_of_delete_ends_in_one_secret(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = prepared(shop)
    shop.cognito.set_knobs(lose_answer={"DeleteUserPoolClientSecret": 1})
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_rotated(client, first)
    assert len(shop.status()["rotations"]) == 1


def test_a_list_that_lags_changes_nothing(shop: Shop, start_operator: StartOperator) -> None:
    start_operator(CSO_LIST_PERIOD_SECONDS="1")
    client, first = prepared(shop)
    shop.cognito.set_knobs(list_lag=4.0)
    shop.annotate("orders-api", rotate="drill-1")
    current = shop.wait_rotated(client, first)
    assert len(shop.cognito.secrets(client.client_id)) == 2, "one Add"
    assert shop.cognito.accepted_id(client.client_id, shop.secret()["client-secret"]) == current
    assert shop.condition("Ready")["status"] == "True"


def test_a_secret_that_takes_long_to_be_accepted_is_published_only_then(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = prepared(shop)
    value = shop.secret()["client-secret"]
    shop.cognito.set_knobs(activation_lag=5.0)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it is being verified", lambda: shop.status().get("step") == "Verifying")
    assert shop.secret()["client-secret"] == value
    shop.wait_rotated(client, first)
    assert shop.condition("Verified")["status"] == "True"


def test_throttling_slows_a_rotation_and_fails_nothing(
    shop: Shop, start_operator: StartOperator
) -> None:
    operator = start_operator()
    client, first = prepared(shop)
    shop.cognito.set_knobs(throttle={"AddUserPoolClientSecret": 1, "DeleteUserPoolClientSecret": 1})
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_rotated(client, first)
    assert len(shop.cognito.secrets(client.client_id)) == 2
    assert 'code="TooManyRequestsException"' in operator.metrics()
