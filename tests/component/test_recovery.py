"""What somebody destroys is made good, and every pod ends up with a secret that works."""

from datetime import timedelta

import pytest

from cognito_secret_operator.domain.journal import Outcome
from cognito_secret_operator.domain.model import Trigger

from support.world import KEY, SPEC, World

HOUR = timedelta(hours=1)


def _at_rest() -> World:
    world = World(age=timedelta(days=1))
    world.run_until_rest(world.process())
    return world


def _works_everywhere(world: World, secret_id: str) -> None:
    assert world.target_current() == secret_id
    assert world.cognito.get(secret_id) is not None
    assert [world.laws.may_hold(pod) for pod in world.workloads.pods] == [{secret_id}] * 2
    assert world.condition("Ready")["status"] == "True"


def _trigger_and_outcomes(world: World) -> list[tuple[Trigger, Outcome | None]]:
    journal = world.journal()
    assert journal is not None
    return [(one.trigger, one.outcome) for one in journal.rotations]


def _warnings(world: World) -> list[str]:
    return [event.reason for event in world.events.recorded if event.type == "Warning"]


def test_a_current_secret_that_somebody_deleted_is_replaced_by_itself() -> None:
    world = _at_rest()
    foreign = world.cognito.add_for_test("somebody's")
    world.cognito.delete_for_test("A")
    process = world.process()
    world.run_for(process, 2 * HOUR)
    _works_everywhere(world, "C")
    assert _trigger_and_outcomes(world) == [(Trigger.RECOVERY, Outcome.SUCCESS)]
    assert "RotationStarted" in _warnings(world)
    assert world.cognito.get(foreign) is not None
    assert world.cognito.deletes == []


def test_one_list_that_lacks_the_current_secret_changes_nothing() -> None:
    world = _at_rest()
    process = world.process()
    foreign = world.cognito.add_for_test("somebody's")
    lost = world.cognito.get("A")
    assert lost is not None
    world.cognito.delete_for_test("A")
    world.run_for(process, timedelta(minutes=12))
    world.cognito.restore_for_test(lost)
    world.run_for(process, HOUR)
    assert world.cognito.adds == []
    assert {held.id for held in world.cognito.held} == {"A", foreign}


@pytest.mark.parametrize("minutes", [12, 30, 50])
@pytest.mark.parametrize("approval", ["Automatic", "Approve"])
def test_the_new_secret_is_deleted_in_the_overlap(minutes: int, approval: str) -> None:
    world = World(spec={**SPEC, "adoption": {"retireOriginal": approval}})
    process = world.process()
    world.run_for(process, timedelta(minutes=minutes))
    world.cognito.delete_for_test("B")
    world.run_for(process, HOUR)
    assert _trigger_and_outcomes(world)[0] == (Trigger.SCHEDULE, Outcome.LOST)
    assert "SecretReinstated" in _warnings(world)
    world.run_for(process, 3 * HOUR)
    current = world.cognito.held[-1].id
    assert current not in {"A", "B"}, "the schedule rotates A away as before"
    _works_everywhere(world, current)


def test_a_young_secret_that_was_reinstated_stays() -> None:
    world = _at_rest()
    process = world.process()
    world.request_rotation("now")
    world.run_for(process, timedelta(minutes=20))
    world.cognito.delete_for_test("B")
    world.run_for(process, 4 * HOUR)
    _works_everywhere(world, "A")
    assert world.cognito.adds == ["B"]
    assert world.cognito.deletes == []


def test_both_secrets_are_deleted_in_the_overlap() -> None:
    world = World()
    process = world.process()
    world.run_for(process, timedelta(minutes=20))
    world.cognito.delete_for_test("B")
    world.cognito.add_for_test("somebody's")
    world.cognito.delete_for_test("A")
    world.run_for(process, 2 * HOUR)
    _works_everywhere(world, "D")
    assert _trigger_and_outcomes(world) == [
        (Trigger.SCHEDULE, Outcome.LOST),
        (Trigger.RECOVERY, Outcome.SUCCESS),
    ]


def test_the_new_secret_is_deleted_and_nobody_knows_the_value_of_the_old_one() -> None:
    world = World(target_exists=False)
    world.cognito.describes = False
    process = world.process()
    world.run_for(process, timedelta(minutes=20))
    world.cognito.delete_for_test("B")
    world.run_for(process, 2 * HOUR)
    _works_everywhere(world, "C")


def test_a_new_secret_that_is_deleted_before_it_is_published_leaves_the_old_one() -> None:
    world = _at_rest()
    process = world.process()
    world.cognito.activation_lag = timedelta(days=1)
    world.request_rotation("now")
    world.run_for(process, timedelta(minutes=2))
    world.cognito.delete_for_test("B")
    world.run_for(process, HOUR)
    assert world.target_current() == "A"
    assert _trigger_and_outcomes(world) == [(Trigger.REQUEST, Outcome.REFUSED)]
    assert world.condition("Ready")["status"] == "True"


def test_the_current_secret_is_deleted_while_a_new_one_is_on_its_way() -> None:
    world = _at_rest()
    process = world.process()
    world.cognito.activation_lag = timedelta(minutes=3)
    world.request_rotation("now")
    world.run_for(process, timedelta(minutes=1))
    world.cognito.delete_for_test("A")
    world.run_for(process, 2 * HOUR)
    _works_everywhere(world, "B")


def test_manual_recovery_waits_for_a_person_and_says_so() -> None:
    world = World(spec={**SPEC, "recovery": "Manual"})
    process = world.process()
    world.run_for(process, timedelta(minutes=20))
    world.cognito.delete_for_test("B")
    world.run_for(process, 4 * HOUR)
    assert world.condition("Stalled")["reason"] == "CurrentSecretMissing"
    assert "spec.recovery" in world.condition("Stalled")["message"]
    assert world.condition("Ready")["reason"] == "CurrentSecretMissing"
    world.request_rotation("heal")
    world.run_for(process, 4 * HOUR)
    _works_everywhere(world, world.cognito.held[-1].id)


def test_nothing_begins_while_the_resource_is_being_deleted() -> None:
    world = World(age=timedelta(days=1))
    process = world.process()
    world.run_until_rest(process)
    world.resources.delete_later_for_test(KEY)
    world.request_rotation("now")
    world.run_for(process, 4 * HOUR)
    assert world.cognito.adds == []
