"""Two replicas with a Lease: one makes passes, the other is ready and takes over."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import ACCESS, Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
NAME = "cognito-secret-operator"
LEASES = "/apis/coordination.k8s.io/v1/namespaces"


def environment(shop: Shop, seconds: int) -> Mapping[str, str]:
    """Give the settings of a replica, and the rights that it needs."""
    shop.kubectl("apply", "-n", shop.namespace, "-f", str(ACCESS.with_name("lease.yaml")))
    return {
        "CSO_LEASE_NAME": NAME,
        "CSO_LEASE_NAMESPACE": shop.namespace,
        "CSO_LEASE_SECONDS": str(seconds),
    }


def holder(shop: Shop) -> str:
    lease = shop.api.find(f"{LEASES}/{shop.namespace}/leases/{NAME}")
    return str((lease or {}).get("spec", {}).get("holderIdentity") or "")


def leads(operator: OperatorProcess) -> bool:
    return "cognito_secret_operator_leader 1.0" in operator.metrics()


def effects(operator: OperatorProcess) -> list[str]:
    return [line["effect"] for line in operator.log_lines() if "effect" in line]


def overdue(shop: Shop, **spec: Any) -> tuple[Client, list[str]]:
    """Make a resource whose rotation is due, and give the ids that its client had before."""
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=91))
    before = shop.active_ids(client)
    shop.apply(application(), shop.resource(client, **spec))
    return client, before


def test_only_one_makes_passes_and_the_other_finishes_what_it_left_when_it_was_killed(
    shop: Shop, start_operator: StartOperator
) -> None:
    settings = environment(shop, 3)
    first = start_operator(**settings)
    shop.wait("the first one leads", lambda: leads(first))
    second = start_operator(**settings)  # returns when it is ready
    client, old = overdue(shop, retirement={"minOverlap": "1h"})
    shop.wait("both secrets are valid", lambda: len(shop.active_ids(client)) == 2)
    shop.wait(
        "the overlap runs", lambda: shop.condition("Rotating").get("reason") == "OverlapRunning"
    )
    assert not leads(second)
    assert (bool(effects(first)), effects(second)) == (True, [])
    taken = holder(shop)

    first.kill()
    shop.wait("the second one leads", lambda: leads(second))
    assert holder(shop) != taken
    shop.apply(shop.resource(client))
    shop.wait_rotated(client, old)
    assert len(shop.cognito.secrets(client.client_id)) == 2, "one rotation, one new secret"


def test_who_is_asked_to_end_hands_over_at_once(shop: Shop, start_operator: StartOperator) -> None:
    # Nobody would wait for a Lease of ten minutes to lapse.
    settings = environment(shop, 600)
    first = start_operator(**settings)
    shop.wait("the first one leads", lambda: leads(first))
    second = start_operator(**settings)
    assert not leads(second)
    assert first.stop() == 0
    shop.wait("the second one leads", lambda: leads(second))
    shop.wait_rotated(*overdue(shop))


def test_a_frozen_leader_ends_when_it_wakes_up_to_another_one(
    shop: Shop, start_operator: StartOperator
) -> None:
    settings = environment(shop, 3)
    first = start_operator(**settings)
    shop.wait("the first one leads", lambda: leads(first))
    second = start_operator(**settings)
    first.freeze()
    shop.wait("the second one leads", lambda: leads(second))
    first.thaw()
    shop.wait("the first one ends", lambda: not first.is_running)
    assert any("the lease was lost" in line["message"] for line in first.log_lines())
    shop.wait_rotated(*overdue(shop))
    assert effects(first) == []


def test_without_the_right_the_process_ends_and_says_which_one_is_missing(
    shop: Shop, start_operator: StartOperator
) -> None:
    settings = environment(shop, 3)
    shop.kubectl("delete", "-n", shop.namespace, "-f", str(ACCESS.with_name("lease.yaml")))
    operator = start_operator(wait=False, **settings)
    shop.wait("it ends", lambda: not operator.is_running)
    assert any("leases" in line["message"] for line in operator.log_lines())
