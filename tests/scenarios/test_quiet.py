"""Nothing without a reason: restarts, resyncs, recreations and old tokens change nothing."""

from datetime import timedelta

import pytest

from cognito_secret_operator.names import ROTATE_ANNOTATION

from support.world import KEY, SPEC, World

HOUR = timedelta(hours=1)


@pytest.fixture
def at_rest() -> World:
    world = World()
    world.run_until_rest(world.process())
    return world


def test_a_restart_at_rest_writes_nothing_and_does_not_ask_cognito(at_rest: World) -> None:
    writes, requests = at_rest.faults.count_writes(), list(at_rest.cognito.requests)
    at_rest.process().reconcile()
    assert at_rest.faults.count_writes() == writes
    assert at_rest.cognito.requests == requests


def test_a_day_at_rest_writes_nothing_and_lists_once_a_period(at_rest: World) -> None:
    process = at_rest.processes[0]
    process.reconcile()
    writes, requests = at_rest.faults.count_writes(), len(at_rest.cognito.requests)
    at_rest.run_for(process, 24 * HOUR)
    assert at_rest.faults.count_writes() == writes
    asked = at_rest.cognito.requests[requests:]
    assert set(asked) == {"List"}
    assert len(asked) <= 24 * 6 + 1


def test_a_recreated_resource_with_the_same_tokens_does_nothing(at_rest: World) -> None:
    process = at_rest.processes[0]
    at_rest.request_rotation("monday")
    at_rest.run_until_rest(process)
    adds = list(at_rest.cognito.adds)
    at_rest.resources.delete_for_test(KEY)
    process.reconcile()
    at_rest.sleep(60)
    at_rest.resources.create_for_test(KEY, SPEC, {ROTATE_ANNOTATION: "monday"})
    at_rest.run_for(process, 5 * HOUR)
    assert at_rest.cognito.adds == adds
    assert at_rest.condition("Ready")["status"] == "True"


def test_a_resource_deleted_in_a_rotation_leaves_everything_as_it_is() -> None:
    world = World()
    process = world.process()
    world.run_for(process, HOUR / 2)
    world.resources.delete_for_test(KEY)
    writes = world.faults.count_writes()
    world.run_for(process, 5 * HOUR)
    assert world.faults.count_writes() == writes
    assert process.telemetry.reports == {}


def test_a_token_that_vanished_for_a_while_is_not_handled_twice(at_rest: World) -> None:
    """Git was rolled back and forth; meanwhile the schedule rotated once."""
    process = at_rest.processes[0]
    at_rest.request_rotation("monday")
    at_rest.run_until_rest(process)
    at_rest.resources.annotate_for_test(KEY, {ROTATE_ANNOTATION: None})
    at_rest.run_for(process, timedelta(days=30))
    at_rest.run_until_rest(process)
    assert at_rest.cognito.adds == ["B", "C", "D"]
    at_rest.request_rotation("monday")
    at_rest.run_for(process, 5 * HOUR)
    assert at_rest.cognito.adds == ["B", "C", "D"]


def test_an_older_token_that_git_brings_back_is_not_handled_again(at_rest: World) -> None:
    """Git has one token; a person annotated another; then Git's manifest is applied again."""
    process = at_rest.processes[0]
    for token in ("from-git", "by-hand"):
        at_rest.request_rotation(token)
        at_rest.run_until_rest(process)
    adds = list(at_rest.cognito.adds)
    at_rest.request_rotation("from-git")
    at_rest.run_for(process, 5 * HOUR)
    assert at_rest.cognito.adds == adds


def test_a_token_found_at_first_contact_is_recorded_and_not_executed() -> None:
    world = World(age=timedelta(days=1), annotations={ROTATE_ANNOTATION: "old"})
    world.run_for(world.process(), 5 * HOUR)
    assert world.cognito.adds == []


def test_a_request_during_a_rotation_is_handled_after_it() -> None:
    world = World()
    process = world.process()
    world.run_for(process, HOUR / 2)
    world.request_rotation("now")
    world.run_for(process, 4 * HOUR)
    assert world.cognito.adds == ["B", "C"]
    assert world.held_ids() == ["C"]


def test_no_pass_says_a_value(at_rest: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    at_rest.request_rotation("now")
    at_rest.run_until_rest(at_rest.processes[0])
    at_rest.assert_silent()
    told = caplog.text + repr(at_rest.processes[0].telemetry.reports)
    assert told
    assert not [value for value in at_rest.all_values() if value in told]


def test_the_verdict_on_the_current_secret_outlives_the_rotation(at_rest: World) -> None:
    assert at_rest.condition("Verified")["status"] == "True"
