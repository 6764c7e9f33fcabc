"""A new secret that Cognito does not accept: removed, never published, tried again in an hour."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cognito_secret_operator.domain.journal.journal import Outcome

from support.fakes.cognito import Held
from support.world import SPEC, World

MINUTE = timedelta(minutes=1)


@pytest.fixture
def refusing() -> World:
    world = World()
    world.cognito.refuses_new = True
    return world


def _outcomes(world: World) -> list[Outcome | None]:
    journal = world.journal()
    return [one.outcome for one in journal.rotations] if journal else []


def test_it_is_removed_and_was_never_published(refusing: World) -> None:
    refusing.run_for(refusing.process(), 30 * MINUTE)
    assert refusing.held_ids() == ["A"]
    assert (refusing.cognito.adds, refusing.cognito.deletes) == (["B"], ["B"])
    assert refusing.target_current() == "A"
    assert refusing.workloads.stamps == []
    assert _outcomes(refusing) == [Outcome.REFUSED]


def test_it_is_given_some_minutes_before_it_counts_as_refused(refusing: World) -> None:
    process = refusing.process()
    refusing.run_for(process, 4 * MINUTE)
    assert refusing.cognito.deletes == []
    assert refusing.condition("Rotating")["reason"] == "Verifying"


def test_one_that_becomes_active_late_is_published_then() -> None:
    world = World()
    world.cognito.activation_lag = timedelta(seconds=100)
    assert world.run_until_rest(world.process()) > timedelta(hours=1, seconds=100)
    world.assert_rotated_once()


def test_the_schedule_tries_again_after_an_hour_and_not_sooner(refusing: World) -> None:
    process = refusing.process()
    refusing.run_for(process, 60 * MINUTE)
    assert refusing.cognito.adds == ["B"]
    refusing.cognito.refuses_new = False
    refusing.run_for(process, 10 * MINUTE)
    assert refusing.cognito.adds == ["B", "C"]
    refusing.run_until_rest(process)
    assert _outcomes(refusing) == [Outcome.REFUSED, Outcome.SUCCESS]
    assert refusing.held_ids() == ["C"]


def test_a_restart_does_not_shorten_the_hour(refusing: World) -> None:
    refusing.run_for(refusing.process(), 20 * MINUTE)
    refusing.run_for(refusing.process(), 30 * MINUTE)
    assert refusing.cognito.adds == ["B"]


def test_the_first_secret_beside_one_of_unknown_value_is_also_tried_again_in_an_hour() -> None:
    world = World(target_exists=False, age=timedelta(days=1))
    world.cognito.describes, world.cognito.refuses_new = False, True
    process = world.process()
    world.run_for(process, 60 * MINUTE)
    assert world.cognito.adds == ["B"]
    world.cognito.refuses_new = False
    world.run_for(process, 15 * MINUTE)
    assert world.cognito.adds == ["B", "C"]
    assert world.target_current() == "C"


def test_where_nothing_can_be_asked_the_activation_delay_passes_first() -> None:
    world = World(spec={**SPEC, "verification": {"activationDelay": "5m"}})
    world.endpoint.is_silent = True
    process = world.process()
    world.run_for(process, 5 * MINUTE)
    assert world.target_current() == "A"
    world.run_for(process, MINUTE)
    assert world.target_current() == "B"


def test_the_last_secret_that_can_be_seen_is_not_deleted_though_it_was_refused(
    refusing: World,
) -> None:
    process = refusing.process()
    refusing.run_for(process, 4 * MINUTE)
    refusing.cognito.delete_for_test("A")
    refusing.run_for(process, 10 * MINUTE)
    assert refusing.cognito.deletes == []
    assert refusing.condition("Stalled")["status"] == "True"


def test_the_previous_secret_is_kept_where_cognito_refuses_the_current_one() -> None:
    world = World()
    process = world.process()
    world.run_for(process, 30 * MINUTE)
    world.cognito.held = [
        held if held.id == "A" else _never_active(held) for held in world.cognito.held
    ]
    world.run_for(process, timedelta(hours=2))
    assert world.cognito.deletes == []
    assert world.condition("Stalled")["reason"] == "CurrentRefused"


def _never_active(held: Held) -> Held:
    return replace(held, active_at=held.active_at + timedelta(days=999))
