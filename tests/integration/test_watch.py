"""The strategy Watch, and pods that acknowledge in place of a restart."""

from collections.abc import Callable

import pytest

from harness.consumers import file_reader
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
ACK = "cognito-secrets.dev/orders-api.ack"


def wait_for_pods(shop: Shop, *apps: str) -> None:
    def running() -> bool:
        pods = shop.pods()
        found = {pod["metadata"]["labels"]["app"]: pod["status"].get("phase") for pod in pods}
        return all(found.get(app) == "Running" for app in apps)

    shop.wait(f"pods of {apps} run", running)


def uids(shop: Shop, app: str) -> set[str]:
    pods = shop.pods()
    return {one["metadata"]["uid"] for one in pods if one["metadata"]["labels"]["app"] == app}


def acknowledge(shop: Shop, app: str, text: str) -> None:
    where = ("-n", shop.namespace, "-l", f"app={app}", "--overwrite")
    shop.kubectl("annotate", "pod", *where, f"{ACK}={text}")


def publication(shop: Shop) -> str:
    """Read the number as who acknowledges does."""
    return str(shop.status().get("publication", ""))


def message(shop: Shop) -> str:
    said = shop.status().get("waitsFor", {})
    return str(said.get("message", "")) if said.get("reason") == "PodsNotRolled" else ""


def stamps(shop: Shop) -> str:
    """Annotations of all pod templates and pods."""
    return shop.kubectl("get", "deployments,pods", "-n", shop.namespace, "-o", "yaml")


def test_watch_restarts_nothing_and_believes_restarts_and_acknowledgements(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(
        application("web", replicas=1),
        file_reader("reader"),
        shop.resource(client, rollout={"strategy": "Watch"}),
    )
    wait_for_pods(shop, "web", "reader")
    web, reader = uids(shop, "web"), uids(shop, "reader")
    start_operator()
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("both are named", lambda: "web-" in message(shop) and "reader-" in message(shop))
    number = publication(shop)
    assert "spec.rollout.strategy is Watch: restart them, or let each container" in message(shop)
    assert f"{ACK} of its pod: <container>={number}" in message(shop)

    acknowledge(shop, "reader", f"app={number}")
    acknowledge(shop, "web", f"app={number}")
    shop.kubectl("rollout", "restart", "deployment/web", "-n", shop.namespace)
    shop.wait("web has moved, by a person's restart", lambda: "web-" not in message(shop))
    assert "reader-" in message(shop), "its sidecar has not acknowledged"
    acknowledge(shop, "reader", f"app={number},sidecar={int(number) - 1}")
    assert len(shop.active_ids(client)) == 2
    acknowledge(shop, "reader", f"app={number}, sidecar={number}")
    shop.wait_rotated(client, first)

    assert uids(shop, "reader") == reader, "it was never restarted"
    assert uids(shop, "web").isdisjoint(web)
    assert "cognito-secrets.dev/orders-api:" not in stamps(shop)
    assert "WorkloadRestarted" not in shop.reasons()


def test_an_environment_cannot_acknowledge(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    rollout = {"strategy": "Watch", "progressDeadline": "2s"}
    shop.apply(application("web", replicas=1), shop.resource(client, rollout=rollout))
    wait_for_pods(shop, "web")
    start_operator()
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it is named", lambda: "web-" in message(shop))
    acknowledge(shop, "web", f"app={publication(shop)}")
    shop.wait("it takes too long", lambda: shop.condition("Stalled").get("status") == "True")
    assert "restart or delete the pods" in shop.condition("Stalled")["message"]
    assert len(shop.active_ids(client)) == 2
    shop.kubectl("rollout", "restart", "deployment/web", "-n", shop.namespace)
    shop.wait_rotated(client, first)


def test_a_pod_that_acknowledges_while_the_publication_settles_is_not_restarted(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("web", replicas=1), file_reader("reader"), shop.resource(client))
    wait_for_pods(shop, "web", "reader")
    web, reader = uids(shop, "web"), uids(shop, "reader")
    start_operator(CSO_SETTLE_SECONDS="15")
    first = shop.wait_ready(client)
    before = publication(shop)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("the new secret is published", lambda: publication(shop) not in {"", before})
    number = publication(shop)
    acknowledge(shop, "reader", f"app={number},sidecar={number}")
    shop.wait_rotated(client, first)
    assert uids(shop, "reader") == reader
    assert uids(shop, "web").isdisjoint(web), "the others are restarted as ever"
