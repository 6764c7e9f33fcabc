"""What the target Secret is: its keys, labels, owner, and what else stands in it."""

from collections.abc import Callable

import pytest

from rig.operator_process import OperatorProcess
from rig.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

ALL_KEYS = {
    "userPoolId": "pool",
    "issuer": "issuer",
    "tokenEndpoint": "token-url",
    "secretId": "secret-id",
}


def test_every_key_on_wish_is_filled_and_follows_a_rotation(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("web"), shop.resource(client, target={"keys": ALL_KEYS}))
    start_operator()
    first = shop.wait_ready(client)
    data = shop.secret()
    assert data["pool"] == shop.pool_id
    assert data["issuer"] == f"https://cognito-idp.eu-west-1.amazonaws.com/{shop.pool_id}"
    assert data["token-url"] == shop.cognito.token_endpoint(shop.pool_id)
    assert data["secret-id"] == first[0]
    shop.annotate("orders-api", rotate="drill-1")
    current = shop.wait_rotated(client, first)
    assert shop.secret()["secret-id"] == current


def test_an_endpoint_that_nobody_names_is_found_by_the_pools_domain(
    shop: Shop, start_operator: StartOperator
) -> None:
    pool_id = shop.cognito.create_pool(domain="shop")
    client = shop.cognito.create_client(pool_id)
    keys = {"tokenEndpoint": "token-url"}
    shop.apply(shop.resource(client, target={"keys": keys}, verification={}))
    start_operator()
    shop.wait_ready(client)
    url = "https://shop.auth.eu-west-1.amazoncognito.com/oauth2/token"
    assert shop.secret()["token-url"] == url


def test_an_endpoint_that_cannot_be_found_is_missed_and_rotations_go_on(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    keys = {"tokenEndpoint": "token-url"}
    shop.apply(application("web"), shop.resource(client, target={"keys": keys}, verification={}))
    start_operator()
    first = shop.wait_ready(client)

    def is_told() -> bool:
        stalled = shop.condition("Stalled")
        return (stalled.get("status"), stalled.get("reason")) == ("True", "TokenEndpointUnknown")

    shop.wait("the key is missed", is_told)
    message = shop.condition("Stalled")["message"]
    assert "target.keys.tokenEndpoint" in message
    assert "verification.tokenEndpoint" in message
    assert "token-url" not in shop.secret()
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_rotated(client, first)
    url = shop.cognito.token_endpoint(shop.pool_id)
    shop.apply(shop.resource(client, target={"keys": keys}, verification={"tokenEndpoint": url}))
    shop.wait("it is filled in", lambda: shop.secret().get("token-url") == url)
    shop.wait("nobody has to act", lambda: shop.condition("Stalled").get("status") == "False")
