"""What the conditions say of themselves: each finding, made to happen by its cause."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from emulator.knobs import FOREVER
from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

LIST: Final = "ListUserPoolClientSecrets"
NOBODY_LISTENS: Final = "http://localhost:9/oauth2/token"
HOUR: Final = 3600.0


def findings(shop: Shop) -> dict[str, tuple[str, str]]:
    """Give status and reason of each condition, as one write of status told them."""
    conditions = shop.status().get("conditions", [])
    return {one["type"]: (one["status"], one["reason"]) for one in conditions}


def bare_pod(name: str) -> dict[str, Any]:
    """Make a pod that nothing restarts."""
    spec = application(name)["spec"]["template"]["spec"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def test_at_rest_every_condition_is_well(shop: Shop, start_operator: StartOperator) -> None:
    start_operator()
    shop.adopted_client()
    assert findings(shop) == {
        "Ready": ("True", "Published"),
        "Rotating": ("False", "AtRest"),
        "RolledOver": ("True", "Retired"),
        "Verified": ("True", "Accepted"),
        "Overdue": ("False", "WithinMaxAge"),
        "Reconciling": ("False", "Published"),
        "Stalled": ("False", "NotStalled"),
    }


def test_before_a_client_is_adopted_nothing_is_claimed_about_it(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    shop.apply(shop.resource(Client(shop.pool_id, "1nosuchclient", None)))
    shop.wait_condition("Stalled", "True", "ClientNotFound")
    assert findings(shop) == {
        "Ready": ("False", "ClientNotFound"),
        "Rotating": ("False", "AtRest"),
        "RolledOver": ("Unknown", "NothingPublished"),
        "Verified": ("Unknown", "NothingAdopted"),
        "Overdue": ("Unknown", "NothingAdopted"),
        "Reconciling": ("False", "ClientNotFound"),
        "Stalled": ("True", "ClientNotFound"),
    }


def test_an_observed_client_is_overdue_and_nothing_else(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=100))
    shop.apply(application("web"), shop.resource(client, policy="Observe"))
    start_operator()
    shop.wait_condition("Overdue", "True", "MaxAgeExceeded")
    found = findings(shop)
    assert found["Ready"] == ("True", "Observing")
    assert found["Reconciling"] == ("False", "Observing")
    assert found["Stalled"] == ("False", "NotStalled")


def test_a_rotation_that_does_not_end_makes_the_secret_overdue(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(hours=3))
    first = shop.active_ids(client)
    shop.cognito.set_knobs(activation_lag=HOUR)
    shop.apply(
        application("web"), shop.resource(client, rotation={"interval": "1h", "maxAge": "5h"})
    )
    start_operator()
    shop.wait_condition("Rotating", "True", "Verifying")
    assert findings(shop)["Overdue"] == ("False", "WithinMaxAge")
    shop.apply(shop.resource(client, rotation={"interval": "1h", "maxAge": "2h"}))
    shop.wait_condition("Overdue", "True", "MaxAgeExceeded", "rotation.maxAge")
    shop.cognito.set_knobs(activation_lag=0.0)
    shop.wait_rotated(client, first)
    assert shop.status()["rotations"][0]["trigger"] == "Schedule"
    assert findings(shop)["Overdue"] == ("False", "WithinMaxAge")


def test_the_overlap_runs_once_every_pod_has_moved(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = shop.adopted_client(retirement={"minOverlap": "1h"})
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "OverlapRunning")
    found = findings(shop)
    assert found["RolledOver"] == ("True", "PodsRolled")
    assert found["Ready"] == ("True", "Published")
    assert len(shop.active_ids(client)) == 2
    shop.apply(shop.resource(client, retirement={"minOverlap": "0s"}))
    shop.wait_rotated(client, first)


def test_a_pod_that_nothing_restarts_is_waited_for_longer_than_the_longest_overlap(
    shop: Shop, start_operator: StartOperator
) -> None:
    shop.apply(bare_pod("alone"))
    start_operator()
    client, first = shop.adopted_client()
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "PodsNotRolled", "the operator does not restart")
    shop.wait_condition("RolledOver", "False", "PodsNotRolled", "alone")
    shop.apply(shop.resource(client, retirement={"minOverlap": "0s", "maxOverlap": "1s"}))
    message = shop.wait_condition("RolledOver", "False", "MaxOverlapExceeded")
    assert "retirement.maxOverlap" in message
    assert "alone" in message
    assert len(shop.active_ids(client)) == 2, "nothing is deleted because of it"
    shop.wait("a warning is posted", lambda: "MaxOverlapExceeded" in shop.reasons())
    shop.kubectl("delete", "pod", "alone", "-n", shop.namespace)
    shop.wait_rotated(client, first)


def test_where_nobody_can_be_asked_the_activation_delay_is_waited_for(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    patient = {"mode": "Auto", "tokenEndpoint": NOBODY_LISTENS, "activationDelay": "1h"}
    client, first = shop.adopted_client(verification=patient)
    shop.wait_condition(
        "Verified", "Unknown", "VerificationUnavailable", "verification.tokenEndpoint"
    )
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "Verifying")
    assert shop.secret()["client-secret"] == client.value
    shop.apply(shop.resource(client, verification={**patient, "activationDelay": "0s"}))
    shop.wait_rotated(client, first)
    assert findings(shop)["Verified"] == ("Unknown", "VerificationUnavailable")


def test_after_three_list_periods_without_a_look_nobody_knows_whether_it_is_fine(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator(CSO_LIST_PERIOD_SECONDS="1")
    shop.adopted_client()
    shop.cognito.set_knobs(fail={LIST: [{"code": "InternalErrorException", "count": FOREVER}]})
    shop.wait_condition("Ready", "Unknown", "ObservationStale", LIST)
    shop.cognito.set_knobs(fail={})
    shop.wait_condition("Ready", "True", "Published")


def test_what_was_published_settles_before_any_pod_is_judged(
    shop: Shop, start_operator: StartOperator
) -> None:
    patient = start_operator(CSO_SETTLE_SECONDS=f"{HOUR:.0f}")
    client, first = shop.adopted_client()
    pods = {pod["metadata"]["uid"] for pod in shop.pods()}
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "Settling")
    assert findings(shop)["RolledOver"] == ("Unknown", "Settling")
    assert shop.secret()["client-secret"] != client.value
    assert {pod["metadata"]["uid"] for pod in shop.pods()} == pods, "nothing is restarted"
    patient.stop()
    start_operator()
    shop.wait_rotated(client, first)
