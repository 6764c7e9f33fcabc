"""What the platform team says to an operator among others: the allow-list and the freeze switch."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
OVERDUE = timedelta(days=91)


def waits_for(shop: Shop, name: str = "orders-api") -> str:
    return str((shop.status(name).get("waitsFor") or {}).get("reason"))


def is_frozen(shop: Shop, name: str) -> bool:
    return waits_for(shop, name) == "Frozen"


def asked(shop: Shop, client: Client) -> list[str]:
    """Name the calls about a client; the test's own do not count."""
    return [
        call["operation"]
        for call in shop.cognito.calls()
        if call["client"] == client.client_id and call["operation"] != "CreateUserPoolClient"
    ]


def swap(path: Path, text: str) -> None:
    """Change a file as a kubelet does: whole."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.replace(path)


def rules(*each: object) -> str:
    return json.dumps({"rules": list(each)})


def test_a_pool_that_is_not_allowed_is_not_asked_until_the_named_rule_is_added(
    shop: Shop, start_operator: StartOperator, tmp_path: Path
) -> None:
    other_pool = shop.cognito.create_pool("others")
    client = shop.cognito.create_client(other_pool, age=OVERDUE)
    well = shop.cognito.create_client(shop.pool_id, age=OVERDUE)
    allowed = {"namespaces": ["shop-*"], "userPools": [shop.pool_id]}
    allow_file = tmp_path / "allow.yaml"
    allow_file.write_text(rules(allowed))
    operator = start_operator(CSO_ALLOW_FILE=str(allow_file))
    first = shop.active_ids(client)
    shop.apply(application(), shop.resource(client))
    shop.wait("it is stalled", lambda: shop.condition("Stalled").get("reason") == "NotAllowed")
    shop.apply(application("well", secret="well"), shop.resource(well, "well"))
    shop.wait_rotated(well, shop.active_ids(well), "well")
    assert asked(shop, client) == [], "no AWS call at all"
    assert shop.secret("orders-api-cognito-journal") == {}
    message = shop.condition("Stalled")["message"]
    assert str(allow_file) in message
    shop.wait("it is told", lambda: "NotAllowed" in shop.reasons())

    swap(allow_file, "rules: [{")
    broken = "cognito_secret_operator_allow_file_valid 0.0"
    shop.wait("the broken list is told", lambda: broken in operator.metrics())
    shop.annotate("orders-api", rotate="drill-1")
    shop.annotate("well", rotate="drill-1")
    shop.wait_rotated(well, shop.active_ids(well), "well")
    assert asked(shop, client) == [], "a broken list widens nothing"

    swap(allow_file, rules(allowed, json.loads(message[message.index("{") :])))
    shop.wait_rotated(client, first)


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "freeze"
    path.write_text("false")
    yield path
    path.write_text("false")


def test_a_rotation_that_is_frozen_in_its_middle_goes_on_when_the_switch_is_lifted(
    shop: Shop, start_operator: StartOperator, switch: Path
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=OVERDUE)
    first = shop.active_ids(client)
    at_rest = shop.cognito.create_client(shop.pool_id)
    # Long enough that a person could notice and freeze it.
    resource = shop.resource(client, retirement={"minOverlap": "1h"})
    shop.apply(application(), application("calm", secret="calm"))
    shop.apply(resource, shop.resource(at_rest, "calm"))
    operator = start_operator(CSO_FREEZE_FILE=str(switch))
    shop.wait_ready(at_rest, "calm")
    shop.wait("both secrets are valid", lambda: waits_for(shop) == "OverlapRunning")

    swap(switch, "INC-42")
    for name in ("orders-api", "calm"):
        shop.wait(f"{name} says so", partial(is_frozen, shop, name))
        assert shop.condition("Ready", name)["status"] == "True"
        assert shop.condition("Stalled", name)["status"] == "False"
    assert "INC-42" in shop.status()["waitsFor"]["message"]
    assert "cognito_secret_operator_frozen 1.0" in operator.metrics()
    resource["spec"]["retirement"] = {"minOverlap": "0s"}
    shop.apply(resource)
    generation = shop.get()["metadata"]["generation"]
    shop.wait("it was seen", lambda: shop.status().get("observedGeneration") == generation)
    shop.annotate("calm", rotate="drill-1")
    assert waits_for(shop) == "Frozen"

    switch.unlink()
    shop.wait(
        "a lost switch is on", lambda: "is missing now" in shop.status()["waitsFor"]["message"]
    )
    assert len(shop.active_ids(client)) == 2
    assert len(shop.active_ids(at_rest)) == 1

    before = shop.active_ids(at_rest)
    switch.write_text("false")
    shop.wait_rotated(client, first)
    shop.wait_rotated(at_rest, before, "calm")
    assert "cognito_secret_operator_frozen 0.0" in operator.metrics()
