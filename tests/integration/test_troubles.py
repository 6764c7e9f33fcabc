"""What goes wrong for one resource: it is told with a remedy, and the others go on."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from emulator.knobs import FOREVER
from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]


def stalled(shop: Shop, name: str) -> str:
    condition = shop.condition("Stalled", name)
    return str(condition.get("reason")) if condition.get("status") == "True" else ""


def assert_told(shop: Shop, name: str, reason: str, *parts: str) -> None:
    """The condition and a warning event name the problem and the remedy."""
    shop.wait(f"{name} is stalled: {reason}", lambda: stalled(shop, name) == reason)
    message = shop.condition("Stalled", name)["message"]
    for part in parts:
        assert part in message

    def warning() -> bool:
        return any(
            event["reason"] == reason
            and event["type"] == "Warning"
            and event["involvedObject"]["name"] == name
            and all(part in event["message"] for part in parts)
            for event in shop.events()
        )

    shop.wait(f"{name} has an event: {reason}", warning)


def assert_another_goes_on(shop: Shop) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=91))
    first = shop.active_ids(client)
    shop.apply(application("well", secret="well"), shop.resource(client, "well"))
    shop.wait_rotated(client, first, "well")


def test_a_client_that_is_not_there(shop: Shop, start_operator: StartOperator) -> None:
    start_operator()
    shop.apply(shop.resource(Client(shop.pool_id, "1nosuchclient", None)))
    assert_told(shop, "orders-api", "ClientNotFound", "1nosuchclient")
    assert_another_goes_on(shop)
    assert shop.secret("orders-api-cognito-journal") == {}


def test_a_public_client(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id, generate=False)
    start_operator()
    shop.apply(shop.resource(client))
    assert_told(shop, "orders-api", "PublicClient", client.client_id, "spec.clientId")
    assert_another_goes_on(shop)


def test_access_that_is_denied(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.cognito.set_knobs(
        fail={
            "ListUserPoolClientSecrets": [
                {"code": "AccessDeniedException", "count": FOREVER, "client": client.client_id}
            ]
        }
    )
    start_operator()
    shop.apply(shop.resource(client))
    assert_told(
        shop, "orders-api", "AccessDenied", "cognito-idp:ListUserPoolClientSecrets", shop.pool_id
    )
    assert_another_goes_on(shop)


def test_a_target_that_belongs_to_somebody_else(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator()
    mine = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "orders-api"}}
    shop.apply({**mine, "stringData": {"password": "somebody-else's"}}, shop.resource(client))
    mark = "cognito-secrets.dev/resource"
    assert_told(shop, "orders-api", "TargetConflict", "spec.target.name", mark)
    assert_another_goes_on(shop)
    assert shop.secret() == {"password": "somebody-else's"}
    shop.kubectl("annotate", "secret", "orders-api", "-n", shop.namespace, f"{mark}=orders-api")
    shop.wait_ready(client)
    assert shop.secret()["client-secret"] == client.value


def test_two_resources_for_one_client(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=91))
    shop.apply(shop.resource(client, "one"), shop.resource(client, "two"))
    start_operator()
    assert_told(shop, "one", "DuplicateClient", client.client_id, f"{shop.namespace}/two")
    assert_told(shop, "two", "DuplicateClient", client.client_id, f"{shop.namespace}/one")
    assert_another_goes_on(shop)
    assert len(shop.cognito.secrets(client.client_id)) == 1, "neither acts"
    shop.apply(application("web", secret="one"))
    shop.kubectl("delete", "ccs", "two", "-n", shop.namespace)
    shop.wait_rotated(client, shop.active_ids(client), "one")


def test_a_second_resource_for_a_managed_client_waits(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator()
    shop.apply(application("web", secret="one"), shop.resource(client, "one"))
    shop.wait("ready", lambda: shop.condition("Ready", "one").get("status") == "True")
    shop.apply(shop.resource(client, "two"))
    assert_told(shop, "two", "DuplicateClient", f"{shop.namespace}/one")
    first = shop.active_ids(client)
    shop.annotate("one", rotate="drill-1")
    shop.wait_rotated(client, first, "one")


def test_a_client_with_a_foreign_second_secret(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator()
    shop.apply(application("web"), shop.resource(client))
    shop.wait_ready(client)
    answer = shop.cognito.cognito.add_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id
    )
    foreign = answer["ClientSecretDescriptor"]["ClientSecretId"]
    shop.annotate("orders-api", rotate="drill-1")
    assert_told(shop, "orders-api", "SlotsBlocked", foreign, "delete-user-pool-client-secret")
    assert shop.condition("Ready")["status"] == "True", "the target is as good as before"
    first = next(one for one in shop.active_ids(client) if one != foreign)
    shop.cognito.cognito.delete_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id, ClientSecretId=foreign
    )
    shop.wait_rotated(client, [first, foreign])


def test_nobody_uses_the_secret(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=91))
    start_operator()
    shop.apply(shop.resource(client))
    shop.wait(
        "it waits for whoever is applied later",
        lambda: shop.condition("Rotating").get("reason") == "NoConsumers",
    )
    assert shop.condition("Stalled")["status"] == "False"
    shop.apply(shop.resource(client, rollout={"progressDeadline": "1s"}))
    assert_told(shop, "orders-api", "NoConsumers", shop.namespace, "orders-api")
    assert len(shop.active_ids(client)) == 2


def test_the_target_is_edited_and_deleted(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(CSO_LIST_PERIOD_SECONDS="2")
    shop.apply(application("web"), shop.resource(client))
    shop.wait_ready(client)
    pods = {pod["metadata"]["uid"] for pod in shop.pods()}
    good = shop.secret()
    patch = '{"stringData": {"client-secret": "tampered"}}'
    shop.kubectl("patch", "secret", "orders-api", "-n", shop.namespace, "-p", patch)
    shop.wait("the data are restored", lambda: shop.secret() == good)
    shop.kubectl("delete", "secret", "orders-api", "-n", shop.namespace)
    shop.wait("the Secret is restored", lambda: shop.secret() == good)
    shop.wait("it is told", lambda: "TargetRestored" in shop.reasons())
    assert {pod["metadata"]["uid"] for pod in shop.pods()} == pods, "at rest nothing is restarted"
