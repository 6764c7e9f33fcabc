"""How much is shown before a secret is published, and after the old one was deleted."""

from collections.abc import Callable

import pytest

from emulator.knobs import FOREVER
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

PROBES = {"Token", "GetTokensFromRefreshToken", "InitiateAuth"}


def asked(shop: Shop) -> set[str]:
    """By which operations anybody was asked about a value."""
    return {call["operation"] for call in shop.cognito.calls()} & PROBES


def verification(shop: Shop, mode: str) -> dict[str, str]:
    return {"mode": mode, "tokenEndpoint": shop.cognito.token_endpoint(shop.pool_id)}


def test_required_publishes_nothing_that_nobody_could_be_asked_about(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(
        application("web"), shop.resource(client, verification=verification(shop, "Required"))
    )
    start_operator()
    first = shop.wait_ready(client)
    data = shop.secret()
    shop.cognito.set_knobs(fail={"Token": [{"code": "server_error", "count": FOREVER}]})
    shop.annotate("orders-api", rotate="drill-1")

    def is_held() -> bool:
        return shop.condition("Stalled").get("reason") == "VerificationRequired"

    shop.wait("it is held", is_held)
    message = shop.condition("Stalled")["message"]
    assert "verification.mode" in message
    assert "verification.tokenEndpoint" in message
    shop.wait("an event tells it too", lambda: "VerificationRequired" in shop.reasons())
    assert shop.secret() == data, "the secret that is accepted stays published"
    assert len(shop.active_ids(client)) == 2
    shop.cognito.set_knobs(fail={})
    shop.wait_rotated(client, first)
    assert shop.condition("Verified")["status"] == "True"


def test_skip_asks_nobody(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    spec = {**verification(shop, "Skip"), "activationDelay": "1s"}
    shop.apply(application("web"), shop.resource(client, verification=spec))
    start_operator()
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_rotated(client, first)
    assert asked(shop) == set()
    verified = shop.condition("Verified")
    assert (verified["status"], verified["reason"]) == ("Unknown", "Skipped")
    assert shop.status()["rotations"][0]["retiredVerdict"] == "Unknown"


def test_a_pool_without_a_domain_is_asked_by_a_refresh_token_that_nobody_has(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("web"), shop.resource(client, verification={"mode": "Required"}))
    start_operator()
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_rotated(client, first)
    assert asked(shop) == {"GetTokensFromRefreshToken"}
    assert shop.condition("Verified")["status"] == "True"
    assert shop.status()["rotations"][0]["retiredVerdict"] == "Refused"


def test_without_the_right_to_describe_the_pool_it_is_asked_so_too(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.cognito.set_knobs(
        fail={"DescribeUserPool": [{"code": "AccessDeniedException", "count": FOREVER}]}
    )
    shop.apply(application("web"), shop.resource(client, verification={}))
    start_operator()
    shop.wait_ready(client)
    assert asked(shop) == {"GetTokensFromRefreshToken"}
    assert shop.condition("Verified")["status"] == "True"
    assert shop.condition("Stalled")["status"] == "False", "the permission is optional"


def test_the_deleted_secret_is_asked_about_until_cognito_refuses_it(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("web"), shop.resource(client))
    start_operator()
    first = shop.wait_ready(client)
    shop.cognito.set_knobs(deactivation_lag=4.0)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it lags", lambda: shop.condition("Rotating").get("reason") == "AwaitingRefusal")
    shop.wait_rotated(client, first)
    assert shop.status()["rotations"][0]["retiredVerdict"] == "Refused"
    assert shop.condition("Verified")["status"] == "True"


def test_a_deleted_secret_that_is_accepted_on_and_on_is_told(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("web"), shop.resource(client))
    operator = start_operator(CSO_REFUSAL_GRACE_SECONDS="2")
    first = shop.wait_ready(client)
    shop.cognito.set_knobs(deactivation_lag=3600.0)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_rotated(client, first)
    assert shop.status()["rotations"][0]["retiredVerdict"] == "Accepted"
    verified = shop.condition("Verified")
    assert (verified["status"], verified["reason"]) == ("False", "RetiredStillAccepted")
    assert first[0] in verified["message"]
    shop.wait("it is an event", lambda: "RetiredStillAccepted" in shop.reasons())
    labels = 'status="False",type="Verified"'
    series = [line for line in operator.metrics().splitlines() if labels in line.replace(" ", "")]
    assert [line.split()[-1] for line in series if "status_condition" in line] == ["1.0"]
