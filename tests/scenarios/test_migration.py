"""A client that comes from another identity provider, with a value of its own."""

from datetime import timedelta

import pytest

from support.beginnings import GIVEN, MIGRATION, migrating
from support.world import KEY, ORIGINAL, World


def origin(world: World) -> str:
    journal = world.existing_journal()
    assert journal.current is not None
    return journal.current.origin.value


def shown(world: World) -> str:
    target = world.existing_target()
    return target.data["client-secret"].reveal()


@pytest.mark.parametrize(
    "speaks",
    [pytest.param(True, id="Cognito accepts it"), pytest.param(False, id="Describe shows it")],
)
def test_a_client_made_with_the_value_is_taken_over(speaks: bool) -> None:  # noqa: FBT001
    world = migrating(ORIGINAL, speaks=speaks)
    world.live_until_rest()
    assert (origin(world), shown(world)) == ("Initial", ORIGINAL)
    assert world.cognito.adds == []


@pytest.mark.parametrize(
    "speaks",
    [pytest.param(True, id="Cognito refuses it"), pytest.param(False, id="Describe shows another")],
)
def test_a_client_made_without_the_value_gets_it_added(speaks: bool) -> None:  # noqa: FBT001
    world = migrating(GIVEN, speaks=speaks)
    process = world.process()
    world.run_for(process, timedelta(hours=3))
    assert world.is_at_rest()
    assert (origin(world), shown(world)) == ("Initial", GIVEN)
    assert world.cognito.adds == ["B"]
    assert [held.value for held in world.cognito.held] == [GIVEN]
    rotations = world.status()["rotations"]
    assert [(one["trigger"], one["outcome"]) for one in rotations] == [("Migration", "Success")]


def test_the_value_is_rotated_away_on_schedule_and_never_comes_back() -> None:
    world = migrating(GIVEN)
    process = world.process()
    world.run_for(process, timedelta(hours=3))
    world.run_for(process, timedelta(days=29, hours=23))
    assert [one["trigger"] for one in world.status()["rotations"]] == ["Schedule", "Migration"]
    assert origin(world) == "Operator"
    assert GIVEN not in {held.value for held in world.cognito.held}


def test_a_resource_that_is_made_anew_does_not_bring_the_value_back() -> None:
    world = migrating(GIVEN)
    world.live_until_rest()
    world.resources.delete_for_test(KEY)
    world.resources.create_for_test(KEY, MIGRATION, {})
    world.live_until_rest()
    assert world.cognito.adds == ["B"]


def test_where_nothing_tells_nothing_is_written() -> None:
    world = migrating(GIVEN, describes=False, speaks=False)
    world.run_until_rest(world.process())
    assert world.condition("Stalled")["reason"] == "InitialValueUnconfirmed"
    assert world.cognito.adds == []
    journal = world.existing_journal()
    assert not journal.is_adopted


@pytest.mark.parametrize(
    ("value", "reason", "problem"),
    [
        pytest.param(None, "InitialValueMissing", "Secret elsewhere", id="there is no Secret"),
        pytest.param("", "InitialValueMissing", "key value", id="the key is empty"),
        pytest.param(f"{GIVEN}\n", "InitialValueInvalid", "a line break", id="a line break"),
        pytest.param("brief0", "InitialValueInvalid", "shorter than 24", id="too short"),
        pytest.param("x" * 65, "InitialValueInvalid", "longer than 64", id="too long"),
        pytest.param("x" * 30 + "-", "InitialValueInvalid", "other than", id="odd characters"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_not_told(
    value: str | None, reason: str, problem: str
) -> None:
    world = migrating(value)
    process = world.process()
    world.run_until_rest(process)
    said = world.condition("Stalled")
    assert said["reason"] == reason
    assert problem in said["message"]
    assert not value or value.strip() not in said["message"]
    world.secrets.stored.pop((KEY.namespace, "elsewhere"), None)
    world.secrets.create_for_test(KEY.namespace, "elsewhere", {"value": GIVEN})
    world.run_for(process, timedelta(hours=3))
    assert shown(world) == GIVEN


def test_a_given_value_that_leaked_before_it_was_published_is_never_added_again() -> None:
    world = migrating(GIVEN)
    world.cognito.activation_lag = timedelta(minutes=3)
    process = world.process()
    world.run_until(process, lambda: world.status().get("step") == "Verifying")
    world.leak("B")
    world.run_for(process, timedelta(hours=3))
    assert shown(world) not in {GIVEN, ORIGINAL}
    assert world.held_ids() == ["C"]
