"""The three jobs that the operator is made for: the folders of examples/, applied as they stand."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest
import yaml

from rig.operator_process import OperatorProcess
from rig.shop import REPOSITORY, Shop

from emulator.process import Client

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

PLACEHOLDERS: Final = ("eu-west-1_AbCdEfGhI", "1example23456789")
"""Pool and client: what a reader puts their own in place of."""

GIVEN: Final = "replace_this_with_the_value_from_elsewhere"


def apply(shop: Shop, folder: str, client: Client) -> None:
    """Apply a folder's files as a reader does."""
    for path in sorted((REPOSITORY / "examples" / folder).glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        for placeholder, own in zip(PLACEHOLDERS, (client.pool_id, client.client_id), strict=True):
            text = text.replace(placeholder, own)
        shop.apply(*yaml.safe_load_all(text))


def test_ninety_days(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=91))
    first = shop.active_ids(client)
    apply(shop, "02-ninety-days", client)
    start_operator()
    shop.wait("every pod has moved", lambda: shop.condition("RolledOver").get("status") == "True")
    shop.wait("it overlaps", lambda: shop.condition("Rotating").get("reason") == "OverlapRuns")
    data = shop.secret()
    assert shop.cognito.accepted_id(client.client_id, data["client-secret"]) not in first
    assert shop.cognito.accepted_id(client.client_id, data["client-secret-previous"]) == first[0]


def test_migration(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    assert not shop.cognito.accepts(client.client_id, GIVEN)
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
