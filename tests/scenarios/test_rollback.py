"""A roll-out that fails is taken back where the resource asks for it."""

from datetime import timedelta
from typing import Any

import pytest

from cognito_secret_operator.domain.journal.journal import Journal

from support.fakes import Crashed
from support.fakes.workloads import Behaviour
from support.world import SPEC, World

ROLLBACK: dict[str, Any] = {
    **SPEC,
    "rollout": {"onFailure": "Rollback", "progressDeadline": "5m"},
}


def failing(spec: dict[str, Any]) -> World:
    world = World(spec=spec, age=timedelta(days=1))
    world.run_until_rest(world.process())
    world.workloads.deployments["web"].behaviour = Behaviour.CRASHES
    world.request_rotation("monday")
    return world


@pytest.fixture
def world() -> World:
    return failing(ROLLBACK)


def book(world: World) -> Journal:
    journal = world.journal()
    assert journal is not None
    return journal


def run_until(world: World, current: str) -> None:
    for _ in range(300):
        pause = world.processes[-1].reconcile() or 60
        if world.target_current() == current:
            return
        world.sleep(pause)
    raise AssertionError(f"never {current}: {world.status()}")


def test_the_old_secret_comes_back_and_the_new_one_goes_when_nobody_holds_it(world: World) -> None:
    run_until(world, "B")
    run_until(world, "A")
    world.workloads.repair_for_test("web")
    world.run_for(world.processes[0], timedelta(hours=3))
    assert [held.id for held in world.cognito.held] == ["A"]
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
    assert [held.id for held in world.cognito.held] == ["C"]
    assert world.condition("Stalled")["status"] == "False"


def test_a_rollback_that_fails_too_is_held_and_never_taken_back(world: World) -> None:
    run_until(world, "B")
    run_until(world, "A")
    world.run_for(world.processes[0], timedelta(hours=3))
    assert world.target_current() == "A"
    assert world.condition("Stalled")["reason"] == "RolloutFailed"
    assert sorted(held.id for held in world.cognito.held) == ["A", "B"]


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


def recorded() -> list[tuple[int, str]]:
    world = failing(ROLLBACK)
    world.faults.calls.clear()
    run_until(world, "B")
    first = len(world.faults.calls)
    run_until(world, "A")
    world.workloads.repair_for_test("web")
    world.run_for(world.processes[0], timedelta(hours=3))
    return [
        (call.index, str(call))
        for call in world.faults.calls[first:]
        if call.is_write and not call.name.startswith("events")
    ]


@pytest.mark.parametrize(
    ("index", "crash"),
    [
        pytest.param(index, crash, id=f"{crash} {name}")
        for index, name in recorded()
        for crash in ("dies before", "dies after", "answer lost of")
    ],
)
def test_a_process_may_fail_around_every_write(index: int, crash: str) -> None:
    world = failing(ROLLBACK)
    world.faults.calls.clear()
    run_until(world, "B")
    {
        "dies before": world.faults.crash_before_for_test,
        "dies after": world.faults.crash_after_for_test,
        "answer lost of": world.faults.lose_answer_for_test,
    }[crash](index)
    repaired = False
    process = world.processes[0]
    for _ in range(400):
        try:
            pause = process.reconcile() or 60
        except Crashed:
            process, pause = world.process(), 2
        if world.target_current() == "A" and not repaired:
            world.workloads.repair_for_test("web")
            repaired = True
        world.sleep(min(pause, 600))
        if world.condition("Stalled")["reason"] == "RolledBack":
            break
    assert [held.id for held in world.cognito.held] == ["A"]
    assert world.target_current() == "A"
    assert len(world.cognito.adds) == 1
    world.assert_silent()
