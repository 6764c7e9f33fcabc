"""A Deployment whose new pods crash on purpose: the old secret comes back, the new one goes."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]


def crashing(shop: Shop, client: Client, *, on_failure: str) -> list[dict[str, Any]]:
    """An application that crashes with the second publication, and its resource."""
    deployment = application("web", replicas=2)
    template = deployment["spec"]["template"]["metadata"]
    template["annotations"] = {"cluster.test/crashes-with": ".2"}
    deployment["spec"]["progressDeadlineSeconds"] = 5
    return [deployment, shop.resource(client, rollout={"onFailure": on_failure})]


def test_a_failed_rollout_ends_with_the_old_secret_and_says_what_to_do(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(*crashing(shop, client, on_failure="Rollback"))
    start_operator()
    first = shop.wait_ready(client)
    shop.wait("its pods run", lambda: len(shop.pods()) == 2)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("pods crash", lambda: any(map(is_crashing, shop.pods())))
    new = next(one for one in shop.active_ids(client) if one not in first)
    message = shop.wait_condition("Stalled", "True", "RolledBack")
    assert shop.active_ids(client) == first
    data = shop.secret()
    assert shop.cognito.accepted_id(client.client_id, data["client-secret"]) == first[0]
    assert not any(map(is_crashing, shop.pods()))
    assert new in message
    assert "repair the workload, then annotate the resource with cognito-secrets.dev/rotate" in (
        message
    )
    rotation = shop.status()["rotations"][0]
    assert (rotation["outcome"], rotation["retiredId"]) == ("RolledBack", new)
    assert "SecretRolledBack" in shop.reasons()
    shop.annotate("orders-api", rotate="drill-2")
    shop.wait_rotated(client, [*first, new])
    shop.wait("nobody is asked", lambda: shop.condition("Stalled")["status"] == "False")


def test_without_the_wish_the_failed_rollout_is_held_with_both_secrets_valid(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(*crashing(shop, client, on_failure="Hold"))
    start_operator()
    first = shop.wait_ready(client)
    shop.wait("its pods run", lambda: len(shop.pods()) == 2)
    shop.annotate("orders-api", rotate="drill-1")
    message = shop.wait_condition("Stalled", "True", "RolloutFailed")
    assert "Deployment/web" in message
    assert set(first) < set(shop.active_ids(client))


def is_crashing(pod: dict[str, Any]) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return any("waiting" in one["state"] for one in statuses)
