"""The roll-out: who is restarted, who holds the previous secret, and what keeps it alive."""

from datetime import timedelta

import pytest

from cognito_secret_operator.domain.journal.journal import Outcome

from support.fakes import Behaviour
from support.world import SPEC, World

HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return World()


def _keeps_both(world: World, reason: str) -> None:
    assert world.held_ids() == ["A", "B"]
    assert reason in {world.condition("Rotating")["reason"], world.condition("Stalled")["reason"]}


@pytest.mark.parametrize(
    ("behaviour", "reason", "pods_that_hold_a"),
    [
        pytest.param(Behaviour.CRASHES, "RolloutFailed", 2, id="its new pods crash"),
        pytest.param(Behaviour.PAUSED, "RolloutPaused", 2, id="it is paused"),
        pytest.param(Behaviour.REVERTS, "StampReverted", 2, id="something takes the stamp off"),
    ],
)
def test_both_secrets_stay_while_a_workload_does_not_roll(
    world: World, behaviour: Behaviour, reason: str, pods_that_hold_a: int
) -> None:
    world.workloads.deployments["web"].behaviour = behaviour
    world.run_for(world.process(), 24 * HOUR)
    _keeps_both(world, reason)
    holders = [pod for pod in world.workloads.pods if "A" in world.laws.may_hold(pod)]
    assert len(holders) == pods_that_hold_a
    assert len(world.workloads.stamps) <= 1


@pytest.mark.parametrize("behaviour", [Behaviour.CRASHES, Behaviour.PAUSED])
def test_a_workload_that_is_repaired_or_resumed_lets_the_rotation_end(
    world: World, behaviour: Behaviour
) -> None:
    world.workloads.deployments["web"].behaviour = behaviour
    process = world.process()
    world.run_for(process, 3 * HOUR)
    world.workloads.repair_for_test("web")
    world.run_for(process, 2 * HOUR)
    world.assert_rotated_once()


def test_a_bare_pod_holds_the_previous_secret_until_it_is_gone(world: World) -> None:
    pod = world.workloads.run_pod_for_test("job")
    process = world.process()
    world.run_for(process, 5 * HOUR)
    _keeps_both(world, "PodsNotRolled")
    assert world.status()["podsToMove"] == {"count": 1, "names": ["Pod/job"]}
    pod.finished = True
    world.run_for(process, HOUR / 2)
    _keeps_both(world, "OverlapRunning")
    world.run_for(process, HOUR)
    assert world.held_ids() == ["B"]


def test_a_pod_born_before_the_publication_settled_is_a_suspect(world: World) -> None:
    process = world.process()
    process.reconcile()
    world.sleep(30)
    world.workloads.run_pod_for_test("early")
    world.run_for(process, 3 * HOUR)
    _keeps_both(world, "PodsNotRolled")


def test_where_nobody_uses_the_target_nobody_knows_who_holds_the_previous_secret(
    world: World,
) -> None:
    world.workloads.deployments.clear()
    world.workloads.pods.clear()
    world.run_for(world.process(), 5 * HOUR)
    _keeps_both(world, "NoConsumers")


def test_a_workload_that_is_applied_after_the_resource_is_seen_within_a_minute(
    world: World,
) -> None:
    world.workloads.deployments.clear()
    world.workloads.pods.clear()
    process = world.process()
    world.run_for(process, timedelta(minutes=12))
    assert world.condition("Rotating")["reason"] == "NoConsumers"
    assert world.condition("Stalled")["status"] == "False"
    pause = process.reconcile()
    world.workloads.deploy_for_test("web")
    assert pause is not None
    assert pause <= 60
    world.sleep(pause)
    process.reconcile()
    assert world.condition("Rotating")["reason"] != "NoConsumers"


def test_nobody_who_uses_the_target_is_looked_for_once_a_minute_and_held_in_time(
    world: World,
) -> None:
    world.workloads.deployments.clear()
    world.workloads.pods.clear()
    process = world.process()
    world.run_for(process, timedelta(minutes=10))
    before = world.faults.count("workloads.read")
    world.run_for(process, timedelta(minutes=10))
    assert 9 <= world.faults.count("workloads.read") - before <= 12
    # Settled a minute after the publication, and the progress deadline is half an hour.
    world.run_for(process, timedelta(minutes=13))
    assert world.condition("Stalled")["reason"] == "NoConsumers"


def test_a_workload_is_restarted_once_a_rotation(world: World) -> None:
    process = world.process()
    world.run_until_rest(process)
    world.run_for(process, 24 * HOUR)
    assert world.workloads.stamps == [("web", "B.2")]


def test_a_workload_that_restarted_by_itself_in_time_is_not_stamped(world: World) -> None:
    process = world.process()
    process.reconcile()
    world.sleep(61)
    world.workloads.restart_for_test("web")
    world.sleep(120)
    world.run_for(process, 2 * HOUR)
    assert world.workloads.stamps == []
    assert world.held_ids() == ["B"]


def test_the_overlap_begins_again_after_a_restart_of_the_operator(world: World) -> None:
    world.run_for(world.process(), timedelta(minutes=50))
    world.run_for(world.process(), timedelta(minutes=50))
    _keeps_both(world, "OverlapRunning")


def test_a_current_secret_deleted_at_cognito_is_replaced_on_request_and_every_pod_moves() -> None:
    """The pods hold a secret that is gone: they need the restart more than ever."""
    world = World(spec={**SPEC, "recovery": "Manual"})
    process = world.process()
    world.run_until_rest(process)
    world.cognito.add_for_test("somebody's")
    world.cognito.delete_for_test("B")
    world.run_for(process, HOUR)
    assert world.condition("Stalled")["reason"] == "CurrentSecretMissing"
    assert world.condition("Ready")["status"] == "False"
    world.request_rotation("heal")
    world.run_for(process, HOUR)
    assert world.target_current() == "D"
    assert [world.laws.may_hold(pod) for pod in world.workloads.pods] == [{"D"}, {"D"}]
    journal = world.existing_journal()
    assert [one.outcome for one in journal.rotations] == [Outcome.SUCCESS, Outcome.SUCCESS]


def test_a_previous_secret_deleted_elsewhere_ends_the_rotation_without_a_delete(
    world: World,
) -> None:
    process = world.process()
    world.run_for(process, timedelta(minutes=10))
    world.cognito.delete_for_test("A")
    world.run_for(process, timedelta(minutes=40))
    world.assert_rotated_once()
    assert world.cognito.deletes == []
