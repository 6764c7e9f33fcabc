"""Events and status: each thing a person should hear of is told once."""

from datetime import timedelta

from support.world import KEY, SPEC, World

HOUR = timedelta(hours=1)


def _events(world: World, reason: str) -> list[str]:
    return [event.type for event in world.events.recorded if event.reason == reason]


def test_a_spec_that_cannot_be_understood_stalls_and_stays_in_the_metrics() -> None:
    world = World()
    process = world.process()
    world.resources.change_spec_for_test(KEY, policy="Perhaps")
    world.run_for(process, 2 * HOUR)
    assert world.condition("Stalled")["reason"] == "InvalidSpec"
    assert "spec.policy" in world.condition("Stalled")["message"]
    assert _events(world, "InvalidSpec") == ["Warning"]
    assert process.telemetry.reports[KEY].client.client_id == SPEC["clientId"]
    world.resources.change_spec_for_test(KEY, policy="Rotate")
    world.run_until_rest(process)
    world.assert_rotated_once()


def test_an_approval_that_is_waited_for_is_told_once() -> None:
    world = World(spec={**SPEC, "adoption": {"retireOriginal": "Approve"}})
    world.run_for(world.process(), 12 * HOUR)
    assert world.condition("Rotating")["reason"] == "AwaitingApproval"
    assert _events(world, "AwaitingApproval") == ["Normal"]


def test_an_overlap_that_lasts_too_long_is_told_once() -> None:
    overlaps = {"minOverlap": "1h", "maxOverlap": "4h"}
    world = World(spec={**SPEC, "adoption": {"retireOriginal": "Approve"}, "retirement": overlaps})
    world.run_for(world.process(), 12 * HOUR)
    assert world.condition("RolledOver")["reason"] == "MaxOverlapExceeded"
    assert _events(world, "MaxOverlapExceeded") == ["Warning"]


def test_a_restart_tells_nothing_again() -> None:
    world = World(spec={**SPEC, "adoption": {"retireOriginal": "Approve"}})
    world.run_for(world.process(), 12 * HOUR)
    told = len(world.events.recorded)
    world.run_for(world.process(), 2 * HOUR)
    assert len(world.events.recorded) == told


def test_the_record_of_a_rotation_names_the_requests_that_cloudtrail_shows() -> None:
    world = World()
    world.run_until_rest(world.process())
    [rotation] = world.status()["rotations"]
    assert (rotation["addRequestId"], rotation["deleteRequestId"]) == ("add B", "delete A")


def test_a_request_whose_answer_was_lost_is_not_named() -> None:
    world = World()
    world.faults.lose_next_answer_for_test("cognito.add")
    world.run_until_rest(world.process())
    [rotation] = world.status()["rotations"]
    assert "addRequestId" not in rotation
    assert rotation["deleteRequestId"] == "delete A"
