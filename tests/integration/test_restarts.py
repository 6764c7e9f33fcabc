"""A workload is restarted once: for two resources at the same time, and against a tool's will."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cluster.api import AdminApi, ApiError
from cluster.control_plane import ControlPlane
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
STAMP = "cognito-secrets.dev/orders-api"
LOOK_SECONDS = 0.1


def test_two_rotations_at_the_same_time_restart_a_shared_workload_once(
    shop: Shop, start_operator: StartOperator
) -> None:
    orders, billing = (shop.cognito.create_client(shop.pool_id) for _ in range(2))
    web = application("web", replicas=2)
    variables = web["spec"]["template"]["spec"]["containers"][0]["env"]
    reference = {"secretKeyRef": {"name": "billing-api", "key": "client-secret"}}
    variables.append({"name": "BILLING_SECRET", "valueFrom": reference})
    shop.apply(web, shop.resource(orders), shop.resource(billing, "billing-api"))
    start_operator(CSO_SETTLE_SECONDS="15")
    first = shop.wait_ready(orders)
    second = shop.wait_ready(billing, "billing-api")
    shop.kubectl(
        *("annotate", "ccs", "orders-api", "billing-api", "-n", shop.namespace),
        "cognito-secrets.dev/rotate=together",
    )
    shop.wait_rotated(orders, first)
    shop.wait_rotated(billing, second, "billing-api")
    sets = shop.api.get(f"/apis/apps/v1/namespaces/{shop.namespace}/replicasets")["items"]
    assert len(sets) == 2, "one for the start, one for the one restart"
    restarts = [event for event in shop.events() if event["reason"] == "WorkloadRestarted"]
    assert len(restarts) == 1


@contextmanager
def taking_stamps_off(cluster: ControlPlane, path: str) -> Iterator[list[str]]:
    """Play a tool that keeps a workload's template as it was; give the stamps that it took off."""
    ended, taken = threading.Event(), list[str]()

    def run(api: AdminApi) -> None:
        while not ended.wait(LOOK_SECONDS):
            try:
                template = api.get(path)["spec"]["template"]["metadata"]
                stamp = (template.get("annotations") or {}).get(STAMP)
                if stamp is not None:
                    undo = {"template": {"metadata": {"annotations": {STAMP: None}}}}
                    api.patch(path, {"spec": undo})
                    taken.append(stamp)
            except ApiError:
                continue

    with AdminApi(cluster.url, cluster.ca_file, cluster.admin_token) as api:
        thread = threading.Thread(target=run, args=(api,), name="gitops")
        thread.start()
        try:
            yield taken
        finally:
            ended.set()
            thread.join()


def test_a_stamp_that_a_tool_takes_off_is_not_set_again_and_again(
    cluster: ControlPlane, shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    # One pod after the other, each with its grace: the template is back before all have moved.
    shop.apply(application("store", kind="StatefulSet", replicas=3, grace_seconds=5))
    shop.apply(shop.resource(client))
    path = f"/apis/apps/v1/namespaces/{shop.namespace}/statefulsets/store"
    ready = lambda: shop.api.get(path).get("status", {}).get("readyReplicas") == 3  # noqa: E731
    shop.wait("all pods run", ready)
    start_operator()
    first = shop.wait_ready(client)
    with taking_stamps_off(cluster, path) as taken:
        shop.annotate("orders-api", rotate="drill-1")
        shop.wait("it is told", lambda: shop.condition("Stalled").get("reason") == "StampReverted")
        message = shop.condition("Stalled")["message"]
        assert "StatefulSet/store" in message
        assert "ignore annotations of cognito-secrets.dev" in message
        shop.annotate("orders-api", note="look-again")
        assert len(taken) == 1
        assert len(shop.active_ids(client)) == 2
    shop.kubectl("rollout", "restart", "statefulset/store", "-n", shop.namespace)
    shop.wait_rotated(client, first)
    assert len(taken) == 1
