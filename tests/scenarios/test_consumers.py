"""Consumers as the user declares them, Watch and acknowledgements, over whole rotations."""

from datetime import timedelta
from typing import Any

import pytest

from support.world import KEY, SPEC, World

HOUR = timedelta(hours=1)
ACKNOWLEDGED = 2
"""The publication of the first rotation."""


def _world(**rollout: Any) -> World:
    return World(spec={**SPEC, "rollout": rollout})


def _listed(*names: str) -> dict[str, Any]:
    workloads = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": name} for name in names]
    return {"mode": "Listed", "workloads": workloads}


def _is_held(world: World, reason: str) -> None:
    assert world.held_ids() == ["A", "B"]
    assert world.condition("Stalled")["reason"] == reason


def test_what_is_not_listed_is_never_restarted_and_holds_the_deletion() -> None:
    world = _world(consumers=_listed("web"))
    world.workloads.deploy_for_test("other")
    process = world.process()
    world.run_for(process, 24 * HOUR)
    _is_held(world, "PodsNotCovered")
    assert world.workloads.stamps == [("web", "B.2")]
    world.workloads.restart_for_test("other")
    world.run_for(process, 2 * HOUR)
    assert world.held_ids() == ["B"]


def test_what_is_listed_and_missing_holds_the_deletion_and_the_overlap_begins_after_it() -> None:
    world = _world(consumers=_listed("web", "other"))
    process = world.process()
    world.run_for(process, 24 * HOUR)
    _is_held(world, "ConsumerMissing")
    world.workloads.deploy_for_test("other")
    world.run_for(process, timedelta(minutes=50))
    assert world.held_ids() == ["A", "B"]
    world.run_for(process, HOUR)
    assert world.held_ids() == ["B"]


def test_where_no_pod_uses_the_secret_by_declaration_only_the_overlap_is_waited_for() -> None:
    world = _world(consumers={"mode": "None"})
    world.workloads.deployments.clear()
    world.workloads.pods.clear()
    assert world.run_until_rest(world.process()) < 2 * HOUR
    assert world.held_ids() == ["B"]


def test_a_declaration_that_no_pod_uses_the_secret_does_not_make_a_pod_harmless() -> None:
    world = _world(consumers={"mode": "None"})
    world.run_for(world.process(), 24 * HOUR)
    _is_held(world, "PodsNotCovered")
    assert world.workloads.stamps == []


def test_a_running_job_is_waited_for_without_a_deadline() -> None:
    world = World()
    pod = world.workloads.run_pod_for_test("import-1", job="import")
    process = world.process()
    world.run_for(process, 24 * HOUR)
    assert world.held_ids() == ["A", "B"]
    assert world.condition("Stalled")["status"] == "False"
    pod.finished = True
    world.run_for(process, 2 * HOUR)
    assert world.held_ids() == ["B"]


def test_watch_waits_for_a_persons_restart() -> None:
    world = _world(strategy="Watch")
    process = world.process()
    world.run_for(process, 10 * HOUR)
    _is_held(world, "PodsNotRolled")
    world.workloads.restart_for_test("web")
    world.run_for(process, 2 * HOUR)
    world.assert_rotated_once()
    assert world.workloads.stamps == []


@pytest.mark.parametrize("strategy", ["Watch", "Restart"])
def test_pods_that_reload_and_say_so_are_not_restarted(strategy: str) -> None:
    world = _world(strategy=strategy)
    process = world.process()
    process.reconcile()
    world.sleep(50)
    names = {pod.name for pod in world.workloads.pods}
    # Kubelet has the new files by then; the pods' word is taken once caches have settled.
    world.sleep(10)
    world.workloads.reload_for_test("web", ACKNOWLEDGED)
    world.run_for(process, 2 * HOUR)
    world.assert_rotated_once()
    assert {pod.name for pod in world.workloads.pods} == names
    assert world.workloads.stamps == []


def test_an_acknowledgement_is_void_once_the_target_was_edited_and_restored() -> None:
    world = _world(strategy="Watch")
    process = world.process()
    process.reconcile()
    world.sleep(60)
    world.workloads.reload_for_test("web", ACKNOWLEDGED)
    world.run_for(process, HOUR / 2)
    world.secrets.edit_for_test("shop", "orders-api", another_key="something")
    world.run_for(process, 5 * HOUR)
    _is_held(world, "PodsNotRolled")
    world.workloads.reload_for_test("web", ACKNOWLEDGED + 1)
    world.run_for(process, 2 * HOUR)
    assert world.held_ids() == ["B"]


def test_a_freeze_by_suspend_is_no_lack_of_progress() -> None:
    world = World()
    process = world.process()
    process.reconcile()
    world.sleep(61)
    process.reconcile()
    world.resources.change_spec_for_test(KEY, suspend=True)
    world.run_for(process, 24 * HOUR)
    world.resources.change_spec_for_test(KEY, suspend=False)
    process.reconcile()
    assert world.condition("Stalled")["status"] == "False"
