"""Before the first rotation: status tells who would be restarted and what cannot be proved."""

from collections.abc import Callable
from typing import Any

import pytest

from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]


def bare_pod(name: str) -> dict[str, Any]:
    template = application()["spec"]["template"]["spec"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": template}


@pytest.mark.parametrize("policy", ["Observe", "Rotate"])
def test_who_would_be_restarted_is_told_before_the_first_rotation(
    shop: Shop, start_operator: StartOperator, policy: str
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("web"), application("db", kind="StatefulSet"), bare_pod("shell"))
    shop.wait("all pods are there", lambda: len(shop.pods()) == 7)
    start_operator()
    shop.apply(shop.resource(client, policy=policy, adoption={}))
    shop.wait("it is told", lambda: "preview" in shop.status())
    preview = shop.status()["preview"]
    assert preview["wouldRestart"] == ["Deployment/web", "StatefulSet/db"]
    assert preview["cannotProve"][0] == "Pod/shell: the operator does not restart it"
    assert "cognito-secrets.dev/approve" in preview["cannotProve"][1]
    assert len(shop.active_ids(client)) == 1, "nothing was rotated"

    shop.apply(shop.resource(client, policy="Rotate", adoption={}))
    shop.wait("it is adopted", lambda: shop.condition("Ready").get("reason") == "Published")
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("the rotation is on", lambda: len(shop.active_ids(client)) == 2)
    shop.wait("nothing is left to preview", lambda: "preview" not in shop.status())
