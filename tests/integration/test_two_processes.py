"""Two operators on the same resources at once: the journal's compare-and-swap is the fence."""

from collections.abc import Callable

import pytest

from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
CLIENTS = 4
ROUNDS = 2


def test_two_processes_rotate_each_client_once_a_request(
    shop: Shop, start_operator: StartOperator
) -> None:
    clients = {
        f"api-{number}": shop.cognito.create_client(shop.pool_id) for number in range(CLIENTS)
    }
    for name, client in clients.items():
        shop.apply(application(name, secret=name, replicas=1), shop.resource(client, name))
    start_operator()
    start_operator()
    for name, client in clients.items():
        shop.wait_ready(client, name)
    for number in range(1, ROUNDS + 1):
        before = {name: shop.active_ids(client) for name, client in clients.items()}
        for name in clients:
            shop.annotate(name, rotate=f"drill-{number}")
        for name, client in clients.items():
            current = shop.wait_rotated(client, before[name], name)
            assert_current_is_published(shop, client, name, current)
    for name, client in clients.items():
        made = shop.cognito.secrets(client.client_id)
        assert len(made) == 1 + ROUNDS, f"{name}: one Add a rotation"
        assert_every_deletion_was_doomed(shop, client, name)


def assert_current_is_published(shop: Shop, client: Client, name: str, current: str) -> None:
    value = shop.secret(name)["client-secret"]
    assert shop.cognito.accepted_id(client.client_id, value) == current


def assert_every_deletion_was_doomed(shop: Shop, client: Client, name: str) -> None:
    """The rotations' record in status is written from the journal's Forget, after its Doom."""
    gone = [one.secret_id for one in shop.cognito.secrets(client.client_id) if not one.active]
    retired = [rotation["retiredId"] for rotation in shop.status(name)["rotations"]]
    assert sorted(gone) == sorted(retired)
    refused = [
        call["outcome"]
        for call in shop.cognito.calls("AddUserPoolClientSecret")
        if call["client"] == client.client_id and call["outcome"] != "OK"
    ]
    assert refused == [], "no third Add was even tried"
