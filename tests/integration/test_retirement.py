"""When the previous secret may go: orders, approvals, and consumers outside the namespace."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]


def lone_pod(name: str = "lost") -> dict[str, Any]:
    """Make a pod that uses the Secret and that nobody restarts."""
    spec = application(name)["spec"]["template"]["spec"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def begin(
    shop: Shop, start: StartOperator, *others: dict[str, Any], **spec: Any
) -> tuple[Client, OperatorProcess]:
    """Begin a rotation of a client that an application uses."""
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("web", replicas=1), *others, shop.resource(client, **spec))
    shop.wait("pods run", shop.pods)
    operator = start()
    shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    return client, operator


def waits_for(shop: Shop, reason: str) -> str:
    """Wait until the rotation waits for something; give what is said about it."""
    shop.wait(reason, lambda: shop.condition("Rotating").get("reason") == reason)
    return str(shop.condition("Rotating")["message"])


def events(shop: Shop, reason: str) -> list[tuple[str, str]]:
    """Give type and message of the events with a reason."""
    return [(one["type"], one["message"]) for one in shop.events() if one["reason"] == reason]


def orders_counted(operator: OperatorProcess) -> dict[str, float]:
    """Read the counter of ordered deletions."""
    pattern = r'forced_retirements_total\{retired_by="(\w+)"\} ([0-9.]+)'
    return {order: float(number) for order, number in re.findall(pattern, operator.metrics())}


def assert_ordered(shop: Shop, client: Client, retired: str, order: str, *parts: str) -> None:
    """The rotation ended by an order: status, events say so and name who may hold the secret."""
    shop.wait_rotated(client, [retired])
    rotation = shop.status()["rotations"][0]
    assert (rotation["retiredId"], rotation["retiredBy"]) == (retired, order)
    for reason in ("RetirementDecided", "SecretDeleted"):
        shop.wait(f"event {reason}", partial(events, shop, reason))
        ((kind, message),) = events(shop, reason)
        assert kind == "Warning"
        assert [part for part in parts if part not in message] == []


def test_after_max_overlap_the_order_deletes_although_a_pod_holds_the_secret(
    shop: Shop, start_operator: StartOperator
) -> None:
    retirement = {"minOverlap": "0s", "maxOverlap": "12s", "onMaxOverlap": "Delete"}
    client, operator = begin(shop, start_operator, lone_pod(), retirement=retirement)
    first = shop.active_ids(client)[0]
    assert "Pod/lost" in waits_for(shop, "PodsNotRolled")
    assert_ordered(shop, client, first, "MaxOverlap", "onMaxOverlap: Delete", "Pod/lost")
    assert orders_counted(operator) == {"max_overlap": 1.0, "override": 0.0}


def test_without_the_order_a_pod_holds_the_secret_beyond_max_overlap(
    shop: Shop, start_operator: StartOperator
) -> None:
    retirement = {"minOverlap": "0s", "maxOverlap": "3s", "onMaxOverlap": "Hold"}
    client, _ = begin(shop, start_operator, lone_pod(), retirement=retirement)
    shop.wait(
        "it is told",
        lambda: shop.condition("RolledOver").get("reason") == "MaxOverlapExceeded",
    )
    assert len(shop.active_ids(client)) == 2
    shop.kubectl("delete", "pod", "lost", "-n", shop.namespace, "--now")
    shop.wait("it ends", lambda: len(shop.active_ids(client)) == 1)


def test_an_override_frees_a_rotation_from_a_pod_of_a_dead_node(
    shop: Shop, start_operator: StartOperator
) -> None:
    client, operator = begin(shop, start_operator, lone_pod())
    waits_for(shop, "PodsNotRolled")
    first, second = sorted(
        shop.active_ids(client), key=lambda one: one == shop.status()["secrets"][-1]["id"]
    )
    shop.annotate("orders-api", **{"retire-without-evidence": second})
    shop.wait("still held", lambda: "Pod/lost" in waits_for(shop, "PodsNotRolled"))
    assert shop.active_ids(client) == [first, second], "the current secret is never ordered away"
    shop.annotate("orders-api", **{"retire-without-evidence": first})
    mark = "cognito-secrets.dev/retire-without-evidence"
    assert_ordered(shop, client, first, "Override", mark, "Pod/lost")
    assert orders_counted(operator) == {"max_overlap": 0.0, "override": 1.0}


def test_an_override_ends_a_rotation_that_nobody_seems_to_use(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(shop.resource(client))
    start_operator()
    first = shop.wait_ready(client)[0]
    shop.annotate("orders-api", rotate="drill-1")
    waits_for(shop, "NoConsumers")
    shop.annotate("orders-api", **{"retire-without-evidence": first})
    assert_ordered(shop, client, first, "Override", "although", "no workload or pod")


def test_manual_approval_asks_for_a_secret_of_the_operators_own_too(
    shop: Shop, start_operator: StartOperator
) -> None:
    retirement = {"minOverlap": "0s", "approval": "Manual"}
    client, _ = begin(shop, start_operator, retirement=retirement)
    known: list[str] = []
    for token in ("drill-2", "done"):
        message = waits_for(shop, "AwaitingApproval")
        assert "retirement.approval is Manual" in message
        previous = next(one for one in shop.active_ids(client) if f"approve: {one}" in message)
        assert len(shop.active_ids(client)) == 2
        known.append(previous)
        shop.annotate("orders-api", approve=previous)
        shop.wait_rotated(client, known)
        if token != "done":
            shop.annotate("orders-api", rotate=token)
    assert len(set(known)) == 2
    assert "retiredBy" not in shop.status()["rotations"][0]


def test_a_consumer_outside_acknowledges_by_annotation(
    shop: Shop, start_operator: StartOperator
) -> None:
    client, _ = begin(shop, start_operator, acknowledgements=[{"name": "billing"}])
    message = waits_for(shop, "AwaitingAcknowledgement")
    first, second = (one["id"] for one in shop.status()["secrets"])
    assert f"set cognito-secrets.dev/ack.billing: {second}" in message
    assert shop.status()["podsToMove"] == {"count": 1, "names": ["Acknowledgement/billing"]}
    assert shop.condition("RolledOver")["reason"] == "AwaitingAcknowledgement"
    shop.annotate("orders-api", **{"ack.billing": first})
    waits_for(shop, "AwaitingAcknowledgement")
    assert len(shop.active_ids(client)) == 2, "it says that it uses the previous one"
    shop.annotate("orders-api", **{"ack.billing": second})
    assert shop.wait_rotated(client, [first]) == second


def test_a_consumer_outside_counts_as_moved_after_its_delay_and_without_any_pod(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(shop.resource(client, acknowledgements=[{"name": "edge", "delay": "10s"}]))
    start_operator()
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    assert "edge counts as moved at" in waits_for(shop, "AwaitingAcknowledgement")
    shop.wait_rotated(client, first)
    shop.wait("it is told", lambda: events(shop, "SecretDeleted"))
    assert "an accepted risk: Acknowledgement/edge" in events(shop, "SecretDeleted")[0][1]
    assert "NoConsumers" not in shop.reasons()


@pytest.mark.parametrize(
    "mark",
    [
        "reflector.v1.k8s.emberstack.com/reflection-allowed=true",
        "replicator.v1.mittwald.de/replicate-to=other",
        "kubed.appscode.com/sync=app=orders",
    ],
)
def test_a_target_that_is_copied_elsewhere_is_held_until_its_users_are_declared(
    shop: Shop, start_operator: StartOperator, mark: str
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("web", replicas=1), shop.resource(client))
    start_operator()
    first = shop.wait_ready(client)
    shop.kubectl("annotate", "secret", "orders-api", "-n", shop.namespace, mark)
    shop.annotate("orders-api", rotate="drill-1")
    message = waits_for(shop, "ReplicatedTarget")
    assert mark.partition("=")[0] in message
    assert "spec.acknowledgements" in message
    assert shop.condition("Stalled")["status"] == "True"
    assert len(shop.active_ids(client)) == 2
    shop.apply(shop.resource(client, acknowledgements=[{"name": "copies", "delay": "1s"}]))
    shop.wait_rotated(client, first)
