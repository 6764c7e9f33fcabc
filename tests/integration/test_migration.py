"""A client that comes from another identity provider with a value of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

GIVEN = "Given_Elsewhere_1234567890"


def migrated(shop: Shop, client: Client) -> dict[str, Any]:
    source = {"secretRef": {"name": "elsewhere", "key": "client_secret"}}
    return shop.resource(client, rotation={"initialValueFrom": source})


def elsewhere(value: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "elsewhere"},
        "stringData": {"client_secret": value},
    }


def test_a_client_that_was_made_with_the_value_is_taken_over(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id, secret=GIVEN)
    shop.apply(elsewhere(GIVEN), application("web"), migrated(shop, client))
    start_operator()
    first = shop.wait_ready(client)
    assert shop.secret()["client-secret"] == GIVEN
    assert [(one["role"], one["origin"]) for one in shop.status()["secrets"]] == [
        ("Current", "Initial")
    ]
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_rotated(client, first)
    assert not shop.cognito.accepts(client.client_id, GIVEN)


def test_a_client_that_was_made_without_the_value_gets_it_added(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    first = shop.active_ids(client)
    shop.apply(elsewhere(GIVEN), application("web"), migrated(shop, client))
    start_operator()
    current = shop.wait_rotated(client, first)
    assert shop.secret()["client-secret"] == GIVEN
    assert shop.cognito.accepted_id(client.client_id, GIVEN) == current
    assert [one["trigger"] for one in shop.status()["rotations"]] == ["Migration"]
    resource = migrated(shop, client)
    shop.annotate("orders-api", rotate="drill-1")
    later = shop.wait_rotated(client, [*first, current])
    shop.kubectl("delete", "ccs", "orders-api", "-n", shop.namespace)
    shop.apply(resource)
    assert shop.wait_ready(client) == [later], "the migrated value does not come back"


def test_a_value_that_cannot_be_used_is_named_with_the_remedy(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("web"), migrated(shop, client))
    operator = start_operator()
    shop.wait("missing", lambda: stalled_by(shop) == "InitialValueMissing")
    shop.apply(elsewhere(f"{GIVEN}\n"))
    shop.wait("a line break", lambda: stalled_by(shop) == "InitialValueInvalid")
    assert "ends with a line break" in shop.condition("Stalled")["message"]
    shop.apply(elsewhere(GIVEN))
    shop.wait("the value is published", lambda: shop.secret().get("client-secret") == GIVEN)
    assert {"InitialValueMissing", "InitialValueInvalid"} <= shop.reasons()
    assert GIVEN not in operator.log.read_text()


def test_where_nothing_tells_whether_the_client_has_the_value_nothing_is_added(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    silent = {"tokenEndpoint": "http://localhost:9/oauth2/token"}
    source = {"secretRef": {"name": "elsewhere", "key": "client_secret"}}
    shop.cognito.cognito.add_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id, ClientSecret="Another" * 5
    )
    shop.cognito.cognito.delete_user_pool_client_secret(
        UserPoolId=client.pool_id,
        ClientId=client.client_id,
        ClientSecretId=shop.active_ids(client)[0],
    )
    shop.apply(
        elsewhere(GIVEN),
        shop.resource(client, rotation={"initialValueFrom": source}, verification=silent),
    )
    start_operator()
    shop.wait("held", lambda: stalled_by(shop) == "InitialValueUnconfirmed")
    assert len(shop.active_ids(client)) == 1


def stalled_by(shop: Shop) -> str:
    condition = shop.condition("Stalled")
    return str(condition["reason"]) if condition.get("status") == "True" else ""
