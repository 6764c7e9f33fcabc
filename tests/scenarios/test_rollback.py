"""A roll-out that fails is taken back where the resource asks for it."""

from datetime import timedelta

import pytest

from support.beginnings import failing
from support.world import SPEC, World


@pytest.fixture
def world() -> World:
    return failing()


def run_until(world: World, current: str) -> None:
    world.run_until(world.processes[-1], lambda: world.target_current() == current)


def test_the_old_secret_comes_back_and_the_new_one_goes_when_nobody_holds_it(world: World) -> None:
    run_until(world, "B")
    run_until(world, "A")
    world.workloads.repair_for_test("web")
    world.run_for(world.processes[0], timedelta(hours=3))
    assert world.held_ids() == ["A"]
    assert world.target_current() == "A"
    rotations = world.status()["rotations"]
    assert [(one["trigger"], one["outcome"]) for one in rotations] == [("Request", "RolledBack")]
    assert rotations[0]["retiredId"] == "B"


def test_afterwards_a_person_is_asked_and_nothing_rotates_by_itself(world: World) -> None:
    run_until(world, "B")
    run_until(world, "A")
    world.workloads.repair_for_test("web")
    world.run_for(world.processes[0], timedelta(days=40))
    said = world.condition("Stalled")
    assert (said["status"], said["reason"]) == ("True", "RolledBack")
    assert "cognito-secrets.dev/rotate" in said["message"]
    assert world.condition("Ready")["status"] == "True"
    assert world.cognito.adds == ["B"]
    assert "nextRotationAt" not in world.status(), "none is promised"
    world.request_rotation("tuesday")
    world.run_for(world.processes[0], timedelta(hours=3))
    assert world.held_ids() == ["C"]
    assert world.condition("Stalled")["status"] == "False"


def test_a_rollback_that_fails_too_is_held_and_never_taken_back(world: World) -> None:
    run_until(world, "B")
    run_until(world, "A")
    world.run_for(world.processes[0], timedelta(hours=3))
    assert world.target_current() == "A"
    assert world.condition("Stalled")["reason"] == "RolloutFailed"
    assert sorted(world.held_ids()) == ["A", "B"]


def test_without_the_wish_both_secrets_stay_and_the_workload_is_named() -> None:
    world = failing({**SPEC, "rollout": {"progressDeadline": "5m"}})
    world.run_for(world.processes[0], timedelta(hours=3))
    assert world.target_current() == "B"
    assert world.condition("Stalled")["reason"] == "RolloutFailed"


def test_there_is_no_way_back_to_a_leaked_secret(world: World) -> None:
    run_until(world, "B")
    world.leak("A")
    world.run_for(world.processes[0], timedelta(hours=3))
    assert world.target_current() == "B"
