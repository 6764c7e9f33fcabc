"""On whose behalf AWS is asked: the role of a resource, and what CloudTrail shows of each call."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from emulator.calls import RecordedCall
from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
OVERDUE = timedelta(days=91)
ROLE = "arn:aws:iam::111122223333:role/cognito-shop"
WRITES = ("AddUserPoolClientSecret", "DeleteUserPoolClientSecret")


def signed_calls(shop: Shop, client: Client) -> list[RecordedCall]:
    """Give the operator's calls about a client that IAM has a say in."""
    return [
        call
        for call in shop.cognito.calls()
        if call["client"] == client.client_id
        and "cognito-secret-operator/" in call["user_agent"]
        and call["operation"] != "Token"
    ]


def test_every_call_names_the_resource_and_every_write_its_request(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=OVERDUE)
    first = shop.active_ids(client)
    operator = start_operator()
    shop.apply(application(), shop.resource(client))
    current = shop.wait_rotated(client, first)
    calls = signed_calls(shop, client)
    assert {call["operation"] for call in calls} >= set(WRITES)
    suffix = f" resource/{shop.namespace}.orders-api"
    assert [call for call in calls if not call["user_agent"].endswith(suffix)] == []
    assert {call["role"] for call in calls} == {None}

    added, deleted = (
        next(call["request_id"] for call in calls if call["operation"] == one) for one in WRITES
    )
    [rotation] = shop.status()["rotations"]
    assert (rotation["secretId"], rotation["retiredId"]) == (current, first[0])
    assert (rotation["addRequestId"], rotation["deleteRequestId"]) == (added, deleted)
    logged = {line.get("request_id") for line in operator.log_lines() if line.get("operation")}
    assert logged == {added, deleted}


def test_a_resource_is_served_with_its_role_and_one_without_with_our_own(
    shop: Shop, start_operator: StartOperator
) -> None:
    by_role, own = (shop.cognito.create_client(shop.pool_id, age=OVERDUE) for _ in range(2))
    before = {client.client_id: shop.active_ids(client) for client in (by_role, own)}
    start_operator()
    shop.apply(application("one", secret="one"), application("two", secret="two"))
    shop.apply(shop.resource(by_role, "one", aws={"roleArn": ROLE}), shop.resource(own, "two"))
    shop.wait_rotated(by_role, before[by_role.client_id], "one")
    shop.wait_rotated(own, before[own.client_id], "two")
    assert {call["role"] for call in signed_calls(shop, by_role)} == {ROLE}
    assert {call["role"] for call in signed_calls(shop, own)} == {None}


def test_a_role_that_may_not_be_assumed_is_told_and_the_others_go_on(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=OVERDUE)
    well = shop.cognito.create_client(shop.pool_id, age=OVERDUE)
    first, before = shop.active_ids(client), shop.active_ids(well)
    shop.cognito.set_knobs(fail={"AssumeRole": [{"code": "AccessDenied", "count": -1}]})
    start_operator()
    shop.apply(application(), shop.resource(client, aws={"roleArn": ROLE}))
    shop.wait("it is denied", lambda: shop.condition("Stalled").get("reason") == "AccessDenied")
    message = shop.condition("Stalled")["message"]
    for part in (ROLE, "sts:AssumeRole", "sts:TagSession", "trust policy", '"Principal"'):
        assert part in message
    shop.apply(application("well", secret="well"), shop.resource(well, "well"))
    shop.wait_rotated(well, before, "well")
    assert signed_calls(shop, client) == []
    shop.cognito.set_knobs(fail={})
    shop.wait_rotated(client, first)
