"""A secret leaked: from the annotation to the leaked secret refused, on the real API server."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

PATIENT: dict[str, Any] = {
    "retirement": {"minOverlap": "12h", "maxOverlap": "24h"},
    "adoption": {"retireOriginal": "Approve"},
}
"""What holds an ordinary rotation for hours: an overlap and an approval."""

WAITED_FOR = {
    "Staging",
    "Adding",
    "Recording",
    "Verifying",
    "Promoting",
    "Publishing",
    "Settling",
    "RollingOut",
    "PodsNotRolled",
    "Retiring",
    "Retired",
    "Emergency",
    "EmergencyNow",
    "Conflict",
    "NotDue",
}
"""Steps, settle, pods. An emergency has no business to wait for anything else."""


@pytest.fixture
def client(shop: Shop) -> Client:
    return shop.cognito.create_client(shop.pool_id)


def start(shop: Shop, client: Client, start_operator: StartOperator) -> tuple[OperatorProcess, str]:
    """Have a client adopted and published; give the operator and the original's id."""
    shop.apply(application("web"), shop.resource(client, **PATIENT))
    operator = start_operator()
    return operator, shop.wait_ready(client)[0]


def rotating(
    shop: Shop, client: Client, start_operator: StartOperator
) -> tuple[OperatorProcess, str, str]:
    """Have a rotation wait in its overlap; give the operator, the previous and the current id."""
    operator, first = start(shop, client, start_operator)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it overlaps", lambda: shop.status().get("step") == "Overlap")
    second = next(one for one in shop.active_ids(client) if one != first)
    return operator, first, second


def said_since(operator: OperatorProcess, message: str) -> set[str]:
    """Give the reasons in the operator's log from the line that has *message* on."""
    lines = operator.log_lines()
    begins = next(i for i, line in enumerate(lines) if message in str(line.get("message")))
    return {str(line["reason"]) for line in lines[begins:] if line.get("reason")}


def is_over(shop: Shop, client: Client) -> bool:
    status: dict[str, Any] = shop.status()
    return len(shop.active_ids(client)) == 1 and status.get("step") == "Idle"


def test_a_leaked_current_secret_is_replaced_and_refused_as_soon_as_pods_have_moved(
    shop: Shop, client: Client, start_operator: StartOperator
) -> None:
    operator, first = start(shop, client, start_operator)
    shop.annotate("orders-api", emergency=first)
    current = shop.wait_rotated(client, [first])
    assert client.value is not None
    assert not shop.cognito.accepts(client.client_id, client.value)
    data = shop.secret()
    assert shop.cognito.accepted_id(client.client_id, data["client-secret"]) == current
    assert data["client-secret-previous"] == data["client-secret"], "it is handed out to nobody"
    assert said_since(operator, f"secret {first} leaked") <= WAITED_FOR
    rotation = shop.status()["rotations"][0]
    assert (rotation["trigger"], rotation["outcome"]) == ("Emergency", "Success")
    assert "EmergencyDeclared" in shop.reasons()


def test_a_leaked_previous_secret_goes_without_a_second_restart(
    shop: Shop, client: Client, start_operator: StartOperator
) -> None:
    operator, first, second = rotating(shop, client, start_operator)
    pods = {pod["metadata"]["uid"] for pod in shop.pods()}
    assert shop.secret()["client-secret-previous"] == client.value
    shop.annotate("orders-api", emergency=first)
    shop.wait("it is over", lambda: is_over(shop, client))
    assert shop.active_ids(client) == [second]
    assert client.value not in shop.secret().values()
    assert {pod["metadata"]["uid"] for pod in shop.pods()} == pods
    assert said_since(operator, f"secret {first} leaked") <= WAITED_FOR


def test_a_leaked_new_secret_gives_way_to_the_one_before_it_then_a_newer_one_comes(
    shop: Shop, client: Client, start_operator: StartOperator
) -> None:
    operator, first, second = rotating(shop, client, start_operator)
    leaked = shop.secret()["client-secret"]
    shop.annotate("orders-api", emergency=second)
    shop.wait("it is refused", lambda: not shop.cognito.accepts(client.client_id, leaked))
    assert said_since(operator, f"secret {second} leaked") <= WAITED_FOR
    assert leaked not in shop.secret().values()
    shop.wait("a newer one is published", lambda: third(shop, client, first, second) is not None)
    shop.wait("both are on record", lambda: outcomes(shop) == ["Success", "Leaked"])
    shop.annotate("orders-api", emergency=first)
    shop.wait("all is over", lambda: is_over(shop, client))
    assert shop.active_ids(client) == [third(shop, client, first, second)]


def outcomes(shop: Shop) -> list[str]:
    return [one["outcome"] for one in shop.status().get("rotations", [])]


def third(shop: Shop, client: Client, *before: str) -> str | None:
    """Give the id of the published secret where it is none of *before*."""
    published = shop.cognito.accepted_id(client.client_id, shop.secret()["client-secret"])
    return None if published in before else published


def test_at_once_deletes_under_the_pods_and_says_so_loudly(
    shop: Shop, client: Client, start_operator: StartOperator
) -> None:
    shop.apply(application("slow", grace_seconds=20), shop.resource(client, **PATIENT))
    start_operator()
    first = shop.wait_ready(client)[0]
    leaked = client.value or ""
    shop.annotate("orders-api", **{"emergency-now": first})
    shop.wait("it is refused", lambda: not shop.cognito.accepts(client.client_id, leaked))
    shop.wait("pods are still to move", lambda: shop.status().get("podsToMove", {}).get("count"))
    assert len(shop.active_ids(client)) == 1
    shop.wait("pods have moved", lambda: is_over(shop, client))
    loud = [event for event in shop.events() if event["reason"] == "SecretDeleted"]
    assert [event["type"] for event in loud] == ["Warning"]
    assert "pods that still hold it fail until they are restarted" in loud[0]["message"]


def test_an_unknown_id_is_answered_with_the_ids_that_there_are(
    shop: Shop, client: Client, start_operator: StartOperator
) -> None:
    _, first = start(shop, client, start_operator)
    shop.annotate("orders-api", emergency="nothing-like-it")
    shop.wait("told", lambda: shop.condition("Stalled").get("reason") == "EmergencyUnknown")
    message = shop.condition("Stalled")["message"]
    assert "cognito-secrets.dev/emergency names none of" in message
    assert "nothing-like-it" not in message, "it may be the leaked value itself"
    assert first in message
    assert shop.active_ids(client) == [first]
    shop.kubectl(
        *("annotate", "-n", shop.namespace, "ccs", "orders-api", "cognito-secrets.dev/emergency-")
    )
    shop.wait("it goes on", lambda: shop.condition("Stalled").get("status") == "False")
