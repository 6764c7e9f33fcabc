"""The three jobs that the operator is made for: the folders of examples/, applied as they stand."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest
import yaml

from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import REPOSITORY, Shop

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

PLACEHOLDERS: Final = ("eu-west-1_AbCdEfGhI", "1example23456789")
"""Pool and client: what a reader puts their own in place of."""

GIVEN: Final = "a_value_that_only_this_test_has_from_elsewhere"

FORM: Final = "value.yaml"
"""Shows what another tool makes; a reader hands the value over by a command instead."""


def apply(shop: Shop, folder: str, client: Client) -> None:
    """Apply a folder's files as a reader does."""
    for path in sorted((REPOSITORY / "examples" / folder).glob("*.yaml")):
        if path.name == FORM:
            continue
        text = path.read_text(encoding="utf-8")
        for placeholder, own in zip(PLACEHOLDERS, (client.pool_id, client.client_id), strict=True):
            text = text.replace(placeholder, own)
        shop.apply(*yaml.safe_load_all(text))


def hand_over(shop: Shop, value: str) -> None:
    """Make the Secret with the value from elsewhere, as the page of the example says."""
    command = "create secret generic orders-elsewhere --from-file=client_secret=/dev/stdin"
    page = REPOSITORY / "examples" / "03-migration" / "README.md"
    assert f'printf %s "$VALUE" | kubectl {command}\n' in page.read_text(encoding="utf-8")
    shop.kubectl(*command.split(), "-n", shop.namespace, document=value)


def test_ninety_days(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=91))
    first = shop.active_ids(client)
    apply(shop, "02-ninety-days", client)
    start_operator()
    shop.wait("every pod has moved", lambda: shop.condition("RolledOver").get("status") == "True")
    shop.wait_condition("Rotating", "True", "AwaitingApproval", first[0])
    shop.annotate("orders-api", approve=first[0])
    shop.wait_condition("Rotating", "True", "OverlapRunning")
    data = shop.secret()
    assert shop.cognito.accepted_id(client.client_id, data["client-secret"]) not in first
    assert shop.cognito.accepted_id(client.client_id, data["client-secret-previous"]) == first[0]


def test_migration(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    assert not shop.cognito.accepts(client.client_id, GIVEN)
    hand_over(shop, GIVEN)
    apply(shop, "03-migration", client)
    start_operator()
    shop.wait("the value is published", lambda: shop.secret().get("client-secret") == GIVEN)
    assert shop.cognito.accepts(client.client_id, GIVEN)
    shop.wait(
        "the generated one waits for approval",
        lambda: shop.condition("Rotating").get("reason") == "AwaitingApproval",
    )
    origins = {one["role"]: one["origin"] for one in shop.status()["secrets"]}
    assert origins == {"Current": "Initial", "Previous": "Describe"}


def test_the_form_of_the_value_is_refused_as_it_stands(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    first = shop.active_ids(client)
    form = REPOSITORY / "examples" / "03-migration" / FORM
    shop.apply(yaml.safe_load(form.read_text(encoding="utf-8")))
    apply(shop, "03-migration", client)
    start_operator()
    shop.wait_condition("Stalled", "True", "InitialValueInvalid")
    assert shop.active_ids(client) == first


def test_emergency(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    apply(shop, "04-emergency", client)
    start_operator()
    leaked = shop.wait_ready(client)[0]
    shop.annotate("orders-api", emergency=leaked)
    shop.wait_rotated(client, [leaked])
    assert client.value is not None
    assert not shop.cognito.accepts(client.client_id, client.value)
    assert client.value not in shop.secret().values()
