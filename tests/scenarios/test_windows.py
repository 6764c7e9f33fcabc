"""Windows: rotations that start and deletions that happen within them, once an opening."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from cognito_secret_operator.domain.model import Trigger
from cognito_secret_operator.domain.report import Report

from support.world import KEY, SPEC, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NIGHT = {"schedule": "0 2 * * *", "duration": "2h"}
"""Worlds begin at midnight, UTC."""

ALONE = {**SPEC, "rotation": {"windows": [NIGHT]}}
GATED = {**SPEC, "rotation": {"interval": "30d", "windows": [NIGHT]}}


def _events(world: World, reason: str) -> list[str]:
    return [event.message for event in world.events.recorded if event.reason == reason]


def _report(world: World) -> Report:
    return world.processes[-1].telemetry.reports[KEY]


def _started(world: World) -> list[datetime]:
    journal = world.existing_journal()
    return [one.started_at for one in journal.rotations]


def test_what_is_due_waits_for_its_window_and_says_when_it_opens() -> None:
    world = World(spec=GATED)
    process = world.process()
    world.run_for(process, HOUR)
    assert world.cognito.adds == []
    promised = datetime.fromisoformat(world.status()["nextRotationAt"])
    assert promised.hour == 2
    assert world.status()["waitsFor"]["reason"] == "AwaitingWindow"
    writes = world.faults.count_writes()
    world.run_for(process, HOUR - MINUTE)
    assert world.faults.count_writes() == writes, "waiting writes nothing"
    world.run_for(process, 2 * HOUR)
    world.run_until_rest(process)
    world.assert_rotated_once()
    assert abs(_started(world)[0] - promised) <= timedelta(seconds=1)
    assert _events(world, "WindowMissed") == []


def test_a_request_waits_for_no_window() -> None:
    world = World(spec=GATED, age=timedelta(days=1))
    process = world.process()
    world.run_for(process, MINUTE)
    world.request_rotation("now")
    world.run_for(process, MINUTE)
    assert world.cognito.adds == ["B"]


def test_with_windows_alone_each_opening_has_one_rotation() -> None:
    world = World(spec=ALONE)
    process = world.process()
    for _ in range(3):
        world.run_for(process, 12 * HOUR)
        process = world.process()  # a restart means nothing
        world.run_for(process, 12 * HOUR)
    journal = world.existing_journal()
    assert [one.trigger for one in journal.rotations] == [Trigger.SCHEDULE] * 3
    assert [at.hour for at in _started(world)] == [2, 2, 2]
    assert [at.day for at in _started(world)] == [1, 2, 3]
    assert _events(world, "WindowMissed") == []


def test_an_opening_that_was_missed_is_told_once_and_not_made_up_for() -> None:
    world = World(spec=ALONE)
    process = world.process()
    world.run_for(process, MINUTE)
    world.sleep(6 * 3600)  # the operator is down all night
    late = world.process()
    world.run_for(late, 12 * HOUR)
    assert world.cognito.adds == []
    (told,) = _events(world, "WindowMissed")
    assert "it is not made up for" in told
    world.run_for(late, 12 * HOUR)
    assert [at.day for at in _started(world)] == [2]
    assert len(_events(world, "WindowMissed")) == 1


def test_a_missed_start_is_remembered_until_a_rotation_begins() -> None:
    world = World(spec=ALONE)
    world.run_for(world.process(), MINUTE)
    promised = datetime.fromisoformat(world.status()["nextRotationAt"])
    world.sleep(6 * 3600)  # the operator is down all night
    late = world.process()
    world.run_for(late, MINUTE)
    assert _report(world).missed_since == promised
    world.run_for(late, 12 * HOUR)
    assert _report(world).missed_since == promised
    assert datetime.fromisoformat(world.status()["nextRotationAt"]) > world.clock.now()
    world.run_for(late, 12 * HOUR)
    assert len(_started(world)) == 1
    assert _report(world).missed_since is None


def test_the_first_of_several_missed_starts_is_remembered() -> None:
    world = World(spec=ALONE)
    world.workloads.run_pod_for_test("lost")
    process = world.process()
    world.run_for(process, timedelta(days=1, hours=8))
    first = _report(world).missed_since
    world.run_for(process, timedelta(days=1))
    assert len(_events(world, "WindowMissed")) == 2
    assert first is not None
    assert _report(world).missed_since == first


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"suspend": True}, id="suspended"),
        pytest.param({"policy": "Observe"}, id="observed"),
        pytest.param({"rotation": {"windows": [{**NIGHT, "schedule": "0 5 * * *"}]}}, id="moved"),
    ],
)
def test_a_resource_that_is_changed_and_changed_back_has_missed_nothing(
    changes: dict[str, Any],
) -> None:
    world = World(spec=ALONE)
    process = world.process()
    world.run_for(process, MINUTE)
    world.resources.change_spec_for_test(KEY, **changes)
    world.run_for(process, 4 * HOUR + 30 * MINUTE)
    assert _report(world).missed_since is None
    world.resources.change_spec_for_test(
        KEY, suspend=False, policy="Rotate", rotation=ALONE["rotation"]
    )
    world.run_for(process, 4 * HOUR)
    assert _report(world).missed_since is None


def test_an_opening_during_a_rotation_that_is_held_up_is_told_with_the_reason() -> None:
    world = World(spec=ALONE)
    world.workloads.run_pod_for_test("lost")
    world.run_for(world.process(), timedelta(days=2, hours=8))
    told = _events(world, "WindowMissed")
    assert len(set(told)) == len(told) == 2, "of the second and the third night"
    assert all("Pod/lost" in message for message in told)
    assert world.cognito.adds == ["B"]
    assert world.condition("Overdue")["status"] == "True"


@pytest.mark.parametrize("hours", [1, 5])
def test_a_resource_that_is_made_anew_outside_of_a_window_rotates_nothing(hours: int) -> None:
    world = World(spec=ALONE)
    world.run_for(world.process(), hours * HOUR)
    adds = list(world.cognito.adds)
    world.resources.delete_for_test(KEY)
    world.resources.create_for_test(KEY, ALONE, {})
    world.run_for(world.process(), timedelta(minutes=50))
    assert world.cognito.adds == adds


def test_a_schedule_that_cannot_be_kept_stalls_and_never_means_now() -> None:
    bad: dict[str, Any] = {"windows": [{**NIGHT, "timeZone": "Europe/Atlantis"}]}
    world = World(spec={**SPEC, "rotation": bad})
    process = world.process()
    world.run_for(process, 50 * HOUR)
    assert world.cognito.adds == []
    assert world.condition("Stalled")["reason"] == "InvalidSpec"
    assert "spec.rotation.windows[0].timeZone" in world.condition("Stalled")["message"]


def test_a_deletion_waits_for_its_window() -> None:
    noon = {"schedule": "0 12 * * *", "duration": "30m"}
    world = World(spec={**SPEC, "retirement": {"windows": [noon]}})
    process = world.process()
    world.run_for(process, 11 * HOUR)
    assert world.held_ids() == ["A", "B"]
    assert world.condition("Rotating")["reason"] == "AwaitingWindow"
    assert "2030-01-01 12:00:00 UTC" in world.condition("Rotating")["message"]
    world.run_for(process, timedelta(hours=1, minutes=10))
    world.assert_rotated_once()


def test_an_order_waits_for_the_window_too() -> None:
    noon = {"schedule": "0 12 * * *", "duration": "30m"}
    retirement = {"maxOverlap": "2h", "onMaxOverlap": "Delete", "windows": [noon]}
    world = World(spec={**SPEC, "retirement": retirement})
    world.workloads.run_pod_for_test("lost")
    process = world.process()
    world.run_for(process, 11 * HOUR)
    assert world.held_ids() == ["A", "B"]
    world.run_for(process, timedelta(hours=1, minutes=10))
    assert world.held_ids() == ["B"]
