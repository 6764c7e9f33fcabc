"""A resource that is deleted and applied again from Git, with its tokens: nothing more happens."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]


def manifest(shop: Shop, client: Client) -> dict[str, Any]:
    """What stands in Git: a rotation is asked for, and the original's deletion is approved."""
    resource = shop.resource(client, adoption={"retireOriginal": "Approve"})
    resource["metadata"]["annotations"] = {
        "cognito-secrets.dev/rotate": "drill-1",
        "cognito-secrets.dev/approve": shop.active_ids(client)[0],
    }
    return resource


def delete_and_apply(shop: Shop, resource: dict[str, Any]) -> None:
    shop.kubectl("delete", "ccs", "orders-api", "-n", shop.namespace)
    shop.apply(resource)


def is_adopted(shop: Shop, resource: dict[str, Any]) -> None:
    """Let the client be adopted first: a token at first contact is recorded, not executed."""
    bare = {**resource, "metadata": {**resource["metadata"], "annotations": {}}}
    shop.apply(bare)
    shop.wait("ready", lambda: shop.condition("Ready").get("status") == "True")


def done(shop: Shop, client: Client) -> tuple[int, int]:
    """How many secrets there ever were, and how many generations of pods."""
    sets = shop.api.get(f"/apis/apps/v1/namespaces/{shop.namespace}/replicasets")["items"]
    return len(shop.cognito.secrets(client.client_id)), len(sets)


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param("Verifying", id="while the new secret is pending"),
        pytest.param("Settling", id="while the publication settles"),
        pytest.param("PodsNotRolled", id="while pods roll out"),
        pytest.param("OverlapRunning", id="while both secrets overlap"),
    ],
)
def test_in_a_rotation_the_same_rotation_goes_on_and_ends_once(
    reason: str, shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    first = shop.active_ids(client)
    resource = manifest(shop, client)
    resource["spec"]["retirement"] = {"minOverlap": "4s"}
    shop.apply(application("slow", replicas=1, grace_seconds=4))
    start_operator(CSO_SETTLE_SECONDS="4")
    is_adopted(shop, resource)
    shop.cognito.set_knobs(activation_lag=4.0)
    shop.apply(resource)
    shop.wait(reason, lambda: shop.condition("Rotating").get("reason") == reason)
    delete_and_apply(shop, resource)
    shop.wait_rotated(client, first)
    assert done(shop, client) == (2, 2), "one secret was added, pods were restarted once"
    assert shop.status()["rotations"][0]["trigger"] == "Request"
    assert len(shop.status()["rotations"]) == 1


def test_at_rest_nothing_is_rotated_restarted_or_deleted(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    first = shop.active_ids(client)
    resource = manifest(shop, client)
    shop.apply(application("web"))
    start_operator()
    is_adopted(shop, resource)
    shop.apply(resource)
    current = shop.wait_rotated(client, first)
    before, pods = shop.secret(), {pod["metadata"]["uid"] for pod in shop.pods()}
    journal = shop.secret("orders-api-cognito-journal")
    delete_and_apply(shop, resource)
    assert shop.wait_ready(client) == [current]
    assert shop.secret() == before
    assert shop.secret("orders-api-cognito-journal") == journal
    assert {pod["metadata"]["uid"] for pod in shop.pods()} == pods


def test_an_older_token_of_git_is_not_handled_again(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    first = shop.active_ids(client)
    resource = manifest(shop, client)
    shop.apply(application("web"))
    start_operator()
    is_adopted(shop, resource)
    shop.apply(resource)
    second = shop.wait_rotated(client, first)
    shop.annotate("orders-api", rotate="by-hand")
    third = shop.wait_rotated(client, [*first, second])
    delete_and_apply(shop, resource)
    assert shop.wait_ready(client) == [third]
    assert shop.condition("Rotating")["status"] == "False"


def test_made_anew_with_another_target_it_holds_and_names_both(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("web"), shop.resource(client))
    start_operator()
    first = shop.wait_ready(client)
    renamed = shop.resource(client, target={"name": "orders-oauth"})
    delete_and_apply(shop, renamed)
    message = shop.wait_condition("Stalled", "True", "TargetRenamed")
    assert "Secret orders-api, and spec.target.name is orders-oauth" in message
    assert shop.secret("orders-oauth") == {}
    delete_and_apply(shop, shop.resource(client))
    assert shop.wait_ready(client) == first
