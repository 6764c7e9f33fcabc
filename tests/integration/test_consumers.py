"""Who is restarted, who is waited for, and who holds the deletion because nobody declared it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cluster.control_plane import ControlPlane
from emulator.process import Client
from harness.argo import allow_rollouts, install_rollouts
from harness.consumers import (
    COMPLETE_AFTER,
    argo_rollout,
    bare_pod,
    cron_job,
    job,
    listed,
    replica_set,
)
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
DUE = timedelta(days=91)
STAMP = "cognito-secrets.dev/orders-api"


@pytest.fixture(scope="module")
def argo_rollouts(cluster: ControlPlane) -> None:
    """The type of Argo Rollouts, without its controller."""
    install_rollouts(cluster)


def consumers(mode: str, *workloads: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Write `spec.rollout`."""
    chosen: dict[str, Any] = {"mode": mode, **fields}
    if workloads:
        chosen["workloads"] = [listed(one) for one in workloads]
    return {"consumers": chosen}


def due_client(shop: Shop) -> tuple[Client, list[str]]:
    client = shop.cognito.create_client(shop.pool_id, age=DUE)
    return client, shop.active_ids(client)


def waits_for(shop: Shop, reason: str, *parts: str) -> None:
    def told() -> bool:
        said = shop.status().get("waitsFor", {})
        return said.get("reason") == reason and all(part in said["message"] for part in parts)

    shop.wait(f"it says {reason}: {parts}", told)


def assert_held(shop: Shop, client: Client, reason: str, *parts: str) -> None:
    """The deletion is held, and the condition names who and what to do."""
    waits_for(shop, reason, *parts)
    stalled = shop.condition("Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", reason)
    assert len(shop.active_ids(client)) == 2


def pods_of(shop: Shop, app: str) -> list[str]:
    """Uids of the pods with a label."""
    return sorted(
        pod["metadata"]["uid"]
        for pod in shop.pods()
        if (pod["metadata"].get("labels") or {}).get("app") == app
    )


def wait_for_pods(shop: Shop, *apps: str) -> None:
    def running() -> bool:
        phases = {
            pod["metadata"]["labels"]["app"]: pod["status"].get("phase") for pod in shop.pods()
        }
        return all(phases.get(app) == "Running" for app in apps)

    shop.wait(f"pods of {apps} run", running)


def finish_job(shop: Shop, app: str) -> None:
    """Let the pod of a Job end well."""
    shop.kubectl(
        *("annotate", "pod", "-n", shop.namespace, "-l", f"app={app}", f"{COMPLETE_AFTER}=0s")
    )


def template_annotations(shop: Shop, kind: str, name: str, path: str = ".spec.template") -> str:
    return shop.kubectl(
        *("get", kind, name, "-n", shop.namespace),
        *("-o", f"jsonpath={{{path}.metadata.annotations}}"),
    )


def test_a_running_job_holds_the_deletion_until_it_ends_and_a_cron_job_never_does(
    shop: Shop, start_operator: StartOperator
) -> None:
    client, first = due_client(shop)
    shop.apply(application("web"), job("import"), cron_job("nightly"))
    wait_for_pods(shop, "web", "import")
    shop.apply(shop.resource(client, rollout={"progressDeadline": "1s"}))
    start_operator()
    waits_for(shop, "PodsNotRolled", "Pod/import-", "ends by itself (Job/import)")
    assert shop.condition("Stalled")["status"] == "False", "a Job takes the time that it takes"
    assert len(shop.active_ids(client)) == 2
    finish_job(shop, "import")
    shop.wait_rotated(client, first)
    assert template_annotations(shop, "job", "import") == ""
    assert template_annotations(shop, "cronjob", "nightly", ".spec.jobTemplate.spec.template") == ""


def test_a_namespace_with_only_a_cron_job_has_a_consumer(
    shop: Shop, start_operator: StartOperator
) -> None:
    client, first = due_client(shop)
    shop.apply(cron_job("nightly"), shop.resource(client))
    start_operator()
    shop.wait_rotated(client, first)


def test_pods_that_nothing_replaces_are_named_until_a_person_restarts_them(
    shop: Shop, start_operator: StartOperator
) -> None:
    client, first = due_client(shop)
    shop.apply(application("web"), bare_pod("shell"), replica_set("lone"))
    wait_for_pods(shop, "web", "shell", "lone")
    shop.apply(shop.resource(client, rollout={"progressDeadline": "2s"}))
    start_operator()
    assert_held(shop, client, "PodsNotRolled", "Pod/shell", "Pod/lone-", "progressDeadline")
    message = shop.condition("Stalled")["message"]
    assert "the operator does not restart" in message
    assert "web-" not in message, "the Deployment was restarted all the same"
    shop.kubectl("delete", "pod", "-n", shop.namespace, "-l", "app in (shell, lone)")
    shop.wait_rotated(client, first)


def test_only_what_is_listed_is_restarted_and_the_rest_holds_the_deletion(
    shop: Shop, start_operator: StartOperator
) -> None:
    client, first = due_client(shop)
    web, other = application("web"), application("other")
    shop.apply(web, other)
    wait_for_pods(shop, "web", "other")
    before = pods_of(shop, "other")
    shop.apply(shop.resource(client, rollout=consumers("Listed", web)))
    start_operator()
    assert_held(
        shop, client, "PodsNotCovered", "Pod/other-", "Deployment/other", "consumers.workloads"
    )
    assert pods_of(shop, "other") == before
    assert STAMP in template_annotations(shop, "deployment", "web")
    shop.apply(shop.resource(client, rollout=consumers("Listed", web, other)))
    shop.wait_rotated(client, first)
    assert set(pods_of(shop, "other")).isdisjoint(before)


def test_a_listed_workload_that_never_names_the_secret_is_restarted_too(
    shop: Shop, start_operator: StartOperator
) -> None:
    client, first = due_client(shop)
    asking = application("asking")
    del asking["spec"]["template"]["spec"]["containers"][0]["env"]
    shop.apply(asking)
    wait_for_pods(shop, "asking")
    before = pods_of(shop, "asking")
    shop.apply(shop.resource(client, rollout=consumers("Listed", asking)))
    start_operator()
    shop.wait_rotated(client, first)
    assert set(pods_of(shop, "asking")).isdisjoint(before)


def test_a_listed_workload_that_is_missing_holds_the_deletion(
    shop: Shop, start_operator: StartOperator
) -> None:
    client, first = due_client(shop)
    web = application("web")
    shop.apply(web, shop.resource(client, rollout=consumers("Listed", application("wep"))))
    start_operator()
    assert_held(shop, client, "ConsumerMissing", "Deployment/wep", "consumers.workloads")
    shop.apply(shop.resource(client, rollout=consumers("Listed", web)))
    shop.wait_rotated(client, first)


def test_a_selector_takes_workloads_by_their_own_labels(
    shop: Shop, start_operator: StartOperator
) -> None:
    client, first = due_client(shop)
    web, other = application("web"), application("other")
    web["metadata"]["labels"] = {"team": "shop"}
    shop.apply(web, other)
    wait_for_pods(shop, "web", "other")
    before = pods_of(shop, "other")
    labels = {"matchLabels": {"team": "shop"}}
    shop.apply(shop.resource(client, rollout=consumers("Selected", selector=labels)))
    start_operator()
    assert_held(shop, client, "PodsNotCovered", "Pod/other-", "consumers.selector")
    assert pods_of(shop, "other") == before
    shop.kubectl("label", "deployment", "other", "team=shop", "-n", shop.namespace)
    shop.wait_rotated(client, first)


def test_that_no_pod_uses_the_secret_is_believed_unless_a_pod_does(
    shop: Shop, start_operator: StartOperator
) -> None:
    client, first = due_client(shop)
    shop.apply(bare_pod("shell"))
    wait_for_pods(shop, "shell")
    shop.apply(shop.resource(client, rollout=consumers("None")))
    start_operator()
    assert_held(shop, client, "PodsNotCovered", "Pod/shell", "rollout.consumers.mode")
    shop.kubectl("delete", "pod", "shell", "-n", shop.namespace)
    shop.wait_rotated(client, first)


def test_a_roll_out_without_progress_counts_as_failed(
    shop: Shop, start_operator: StartOperator
) -> None:
    client, first = due_client(shop)
    web = application("web", replicas=1)
    shop.apply(web)
    wait_for_pods(shop, "web")
    shop.apply(shop.resource(client, rollout={"progressDeadline": "3s"}, suspend=True))
    start_operator()
    # The next template's pods never become ready, and the Deployment's own deadline is far away.
    web["spec"]["template"]["metadata"]["annotations"] = {"cluster.test/ready": "false"}
    shop.apply(web)
    shop.apply(shop.resource(client, rollout={"progressDeadline": "3s"}, suspend=False))
    assert_held(shop, client, "RolloutFailed", "Deployment/web", "no progress for 3s")
    shop.kubectl(
        *("annotate", "pod", "-n", shop.namespace, "-l", "app=web"),
        *("--overwrite", "cluster.test/ready=true"),
    )
    shop.wait_rotated(client, first)


@pytest.mark.usefixtures("argo_rollouts")
def test_a_kind_of_ones_own_without_rights_is_held_and_the_rule_is_named(
    shop: Shop, start_operator: StartOperator
) -> None:
    client, first = due_client(shop)
    rollout = argo_rollout("checkout", replicas=0)
    shop.apply(rollout, shop.resource(client, rollout=consumers("Listed", rollout)))
    start_operator()
    assert_held(
        *(shop, client, "AccessDenied", 'get rollouts.argoproj.io "checkout"'),
        'apiGroups ["argoproj.io"], resources [rollouts], verbs [get, patch]',
    )
    allow_rollouts(shop)
    waits_for(shop, "RolloutUnfinished", "Rollout/checkout", "it has no status yet")
    status = {"status": {"observedGeneration": "1", "phase": "Healthy"}}
    shop.kubectl(
        *("patch", "rollout.argoproj.io", "checkout", "-n", shop.namespace),
        *("--subresource=status", "--type=merge", "-p", json.dumps(status)),
    )
    shop.wait_rotated(client, first)


def test_a_kind_that_nobody_serves_is_missing(shop: Shop, start_operator: StartOperator) -> None:
    client, _ = due_client(shop)
    fleet = {"apiVersion": "example.test/v1", "kind": "Fleet", "metadata": {"name": "all"}}
    shop.apply(shop.resource(client, rollout=consumers("Listed", fleet)))
    start_operator()
    assert_held(shop, client, "ConsumerMissing", "Fleet/all")
