"""Rotations, their steps and what others changed, as the metrics are told of them."""

from datetime import timedelta

import pytest

from cognito_secret_operator.domain.report import Report, Step
from cognito_secret_operator.errors import RetryLaterError
from cognito_secret_operator.service.ports import Drift

from support.world import KEY, SPEC, TARGET, World

HOUR = timedelta(hours=1)
MANUAL = {**SPEC, "adoption": {"retireOriginal": "Approve"}}


def _report(world: World) -> Report:
    return world.processes[-1].telemetry.reports[KEY]


def test_a_whole_rotation_is_timed_step_by_step() -> None:
    world = World()
    process = world.process()
    took = world.run_until_rest(process)
    [(span, exposure)] = process.telemetry.spans
    assert exposure is not None
    # The minimum overlap is an hour; both secrets are valid for less than the rotation takes.
    assert HOUR <= exposure <= span <= took
    steps = dict(process.telemetry.steps)
    assert len(steps) == len(process.telemetry.steps), "each step is timed once"
    assert steps[Step.OVERLAP] >= HOUR
    assert steps[Step.SETTLING] >= world.timing.settle
    assert sum(steps.values(), timedelta()) <= span
    assert (_report(world).rotation_started_at, _report(world).step_started_at) == (None, None)


def test_a_restart_times_nothing_that_it_did_not_see_and_knows_when_the_rotation_began() -> None:
    world = World(spec=MANUAL)
    world.run_for(world.process(), 3 * HOUR)
    before = _report(world)
    second = world.process()
    world.run_for(second, 2 * HOUR)
    after = _report(world)
    assert before.rotation_started_at == after.rotation_started_at
    assert before.step is after.step is Step.OVERLAP
    assert before.rotation_started_at is not None
    assert after.step_started_at is not None
    assert before.rotation_started_at < after.step_started_at <= world.clock.now()
    assert second.telemetry.steps == []
    assert second.telemetry.spans == []


@pytest.mark.parametrize("how", ["freeze", "suspend"])
def test_a_stop_in_the_overlap_leaves_step_and_its_beginning_as_they_were(how: str) -> None:
    world = World()
    process = world.process()
    world.run_until(process, lambda: _is_in_overlap(world))
    before = _report(world)
    if how == "freeze":
        world.platform.frozen = "the platform team said stop"
    else:
        world.resources.change_spec_for_test(KEY, suspend=True)
    world.run_for(process, HOUR)
    after = _report(world)
    assert after.waits_for[0] in {"Frozen", "Suspended"}
    assert (after.step, after.step_started_at) == (before.step, before.step_started_at)


def _is_in_overlap(world: World) -> bool:
    return _report(world).step is Step.OVERLAP


@pytest.mark.parametrize("error", [RetryLaterError("the API server is away"), KeyError("a defect")])
def test_a_pass_that_raises_is_counted_as_an_error(error: Exception) -> None:
    world = World()
    process = world.process()

    def fail() -> None:
        raise error

    world.faults.before_next_for_test("resources.read", fail)
    with pytest.raises(type(error)):
        process.reconcile()
    assert process.telemetry.results == {"error": 1}


def test_an_edited_target_is_a_drift_and_a_changed_spec_is_none() -> None:
    world = World()
    process = world.process()
    world.run_until_rest(process)
    world.resources.change_spec_for_test(
        KEY, target={"name": TARGET, "keys": {"current": "password"}}
    )
    world.laws.current_key = "password"
    world.run_for(process, HOUR)
    target = world.existing_target()
    assert "password" in target.data
    assert process.telemetry.drifts == []
    world.secrets.edit_for_test(KEY.namespace, TARGET, password="edited")
    world.run_for(process, HOUR)
    assert process.telemetry.drifts == [Drift.TARGET]


def test_a_secret_that_was_deleted_at_cognito_is_a_drift() -> None:
    world = World()
    process = world.process()
    world.run_until_rest(process)
    journal = world.existing_journal()
    assert journal.current is not None
    # Cognito never has none: somebody else's secret is beside it.
    world.cognito.add_for_test("Z" * 64)
    world.cognito.delete_for_test(journal.current.id)
    world.run_for(process, 2 * HOUR)
    assert process.telemetry.drifts == [Drift.COGNITO]


def test_a_previous_secret_that_somebody_else_deleted_in_the_overlap_is_a_drift() -> None:
    world = World()
    process = world.process()
    world.run_until(process, lambda: _is_in_overlap(world))
    journal = world.existing_journal()
    assert journal.previous is not None
    world.cognito.delete_for_test(journal.previous.id)
    world.run_for(process, 2 * HOUR)
    assert world.cognito.deletes == []
    assert process.telemetry.drifts == [Drift.COGNITO]
