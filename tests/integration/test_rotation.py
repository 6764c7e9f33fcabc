import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
OLD = timedelta(days=91)


def stamps(shop: Shop, name: str = "orders-api") -> set[str]:
    key = f"cognito-secrets.dev/{name}"
    annotations = [pod["metadata"].get("annotations") or {} for pod in shop.pods()]
    return {str(one.get(key, "")).rpartition(".")[0] for one in annotations}


def test_a_secret_that_is_due_is_rotated_for_every_kind_of_workload(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=OLD)
    first = shop.active_ids(client)
    shop.apply(
        application("web"),
        application("store", kind="StatefulSet", replicas=2),
        application("agent", kind="DaemonSet"),
        shop.resource(client),
    )
    operator = start_operator()
    current = shop.wait_rotated(client, first)
    data = shop.secret()
    assert shop.cognito.accepted_id(client.client_id, data["client-secret"]) == current
    assert client.value is not None
    assert not shop.cognito.accepts(client.client_id, client.value)
    assert data["client-id"] == client.client_id
    assert data["client-secret-previous"] == client.value, "it stays until the next publication"
    assert stamps(shop) == {current}
    assert {pod["metadata"]["labels"]["app"] for pod in shop.pods()} == {"web", "store", "agent"}
    rotation = shop.status()["rotations"][0]
    assert (rotation["trigger"], rotation["outcome"]) == ("Schedule", "Success")
    assert (rotation["secretId"], rotation["retiredId"]) == (current, first[0])
    assert rotations_counted(operator) == {("success", "schedule"): 1.0}


def rotations_counted(operator: OperatorProcess) -> dict[tuple[str, str], float]:
    pattern = r'rotations_total\{result="(\w+)",trigger="(\w+)"\} ([0-9.]+)'
    found = re.findall(pattern, operator.metrics())
    return {
        (result.lower(), trigger.lower()): float(number)
        for result, trigger, number in found
        if float(number)
    }


def test_a_new_token_rotates_once_and_an_old_one_never_again(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    first = shop.active_ids(client)
    resource = shop.resource(client)
    resource["metadata"]["annotations"] = {"cognito-secrets.dev/rotate": "already-there"}
    shop.apply(application("web"), resource)
    start_operator()
    assert shop.wait_ready(client) == first, "a token on a resource without a record is recorded"
    shop.annotate("orders-api", rotate="drill-1")
    second = shop.wait_rotated(client, first)
    shop.annotate("orders-api", rotate="drill-2")
    third = shop.wait_rotated(client, [*first, second])
    assert [one["trigger"] for one in shop.status()["rotations"]] == ["Request", "Request"]
    assert len({*first, second, third}) == 3


def test_a_resource_that_is_made_anew_is_taken_up_where_it_was(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    resource = shop.resource(client)
    shop.apply(application("web"), resource)
    start_operator()
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    current = shop.wait_rotated(client, first)
    pods = {pod["metadata"]["uid"] for pod in shop.pods()}
    shop.kubectl("delete", "ccs", "orders-api", "-n", shop.namespace)
    resource["metadata"]["annotations"] = {"cognito-secrets.dev/rotate": "drill-1"}
    shop.apply(resource)
    assert shop.wait_ready(client) == [current]
    assert {pod["metadata"]["uid"] for pod in shop.pods()} == pods
    assert len(shop.status()["rotations"]) == 1


def test_pods_that_take_long_to_go_hold_the_deletion(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("slow", replicas=1, grace_seconds=8), shop.resource(client))
    start_operator()
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("a pod is terminating", lambda: any(map(is_terminating, shop.pods())))
    shop.wait(
        "it is named",
        lambda: "slow-" in " ".join(shop.status().get("podsToMove", {}).get("names", [])),
    )
    while any(map(is_terminating, shop.pods())):
        assert len(shop.active_ids(client)) == 2
    shop.wait_rotated(client, first)


def is_terminating(pod: dict[str, dict[str, str]]) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def test_suspending_freezes_a_rotation_with_both_secrets_valid(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(
        application("slow", replicas=1, grace_seconds=4),
        shop.resource(client, retirement={"minOverlap": "2s"}),
    )
    start_operator()
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("two secrets", lambda: len(shop.active_ids(client)) == 2)
    shop.apply(shop.resource(client, suspend=True, retirement={"minOverlap": "2s"}))
    shop.wait("told", lambda: shop.condition("Rotating").get("reason") == "Suspended")
    both = shop.active_ids(client)
    assert len(both) == 2
    shop.apply(shop.resource(client, suspend=False, retirement={"minOverlap": "2s"}))
    assert shop.wait_rotated(client, first) in both


def test_observe_reads_and_writes_nothing(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=OLD)
    first = shop.active_ids(client)
    shop.apply(application("web"), shop.resource(client, policy="Observe"))
    start_operator()
    assert shop.wait_ready(client) == first
    assert shop.secret() == {}
    assert shop.secret("orders-api-cognito-journal") == {}
    assert {call["operation"] for call in shop.cognito.calls()} >= {"ListUserPoolClientSecrets"}
    assert not {"AddUserPoolClientSecret", "DeleteUserPoolClientSecret"} & {
        call["operation"] for call in shop.cognito.calls()
    }


def test_no_value_is_in_any_log_event_status_metric_or_annotation(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=OLD)
    shop.apply(application("web"), shop.resource(client))
    operator = start_operator(CSO_LOG_LEVEL="DEBUG")
    shop.wait_rotated(client, shop.active_ids(client))
    values = {client.value, *shop.secret().values()} - {client.client_id}
    journal = shop.secret("orders-api-cognito-journal")
    values |= {value for key, value in journal.items() if key.startswith("value.")}
    assert len(values) == 2, "the original and the one that the operator drew"
    everything = "\n".join(
        [
            operator.log.read_text(),
            operator.metrics(),
            shop.kubectl(
                "get", "ccs,events,pods,deployments,rs", "-n", shop.namespace, "-o", "yaml"
            ),
            shop.kubectl(
                "get", "secrets", "-n", shop.namespace, "-o", "jsonpath={.items[*].metadata}"
            ),
        ]
    )
    for value in values:
        assert value
        assert value[:12] not in everything


def test_the_operator_never_lists_or_watches_secrets(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=OLD)
    shop.apply(application("web"), shop.resource(client))
    start_operator()
    shop.wait_rotated(client, shop.active_ids(client))
    account = f"system:serviceaccount:{shop.namespace}:cognito-secret-operator"
    done = {
        (event["verb"], event["objectRef"]["resource"], event["responseStatus"]["code"])
        for event in shop.cluster.audit_events()
        if event["user"]["username"] == account and "objectRef" in event
    }
    assert {verb for verb, kind, _ in done if kind == "secrets"} == {"get", "patch", "update"}
    assert {one for one in done if one[2] in {401, 403}} == set(), "the rights suffice"
