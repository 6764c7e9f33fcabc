"""The platform team's orders: a namespace that may not, and the freeze switch."""

from datetime import timedelta

import pytest

from cognito_secret_operator.domain.model import ResourceKey

from support.world import KEY, World

HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return World()


def _writes(world: World) -> int:
    return world.faults.count_writes(with_status=False)


def test_a_namespace_that_may_not_asks_cognito_nothing(world: World) -> None:
    world.platform.denied = frozenset({KEY.namespace})
    world.run_for(world.process(), 5 * HOUR)
    assert world.cognito.requests == []
    assert _writes(world) == 0
    assert world.condition("Stalled")["reason"] == "NotAllowed"
    assert '"namespaces": ["shop"]' in world.condition("Stalled")["message"]


@pytest.mark.parametrize("minutes", [1, 2, 30, 61])
def test_a_permission_that_is_taken_away_in_the_middle_stops_all_and_given_back_goes_on(
    world: World, minutes: int
) -> None:
    process = world.process()
    world.run_for(process, timedelta(minutes=minutes))
    world.platform.denied = frozenset({KEY.namespace})
    asked, writes = len(world.cognito.requests), _writes(world)
    world.run_for(process, 24 * HOUR)
    assert (len(world.cognito.requests), _writes(world)) == (asked, writes)
    world.platform.denied = frozenset()
    world.run_until_rest(process)
    world.assert_rotated_once()


def test_a_rival_that_may_not_reach_the_pool_blocks_nobody(world: World) -> None:
    world.roster.others = (ResourceKey("mallory", "orders-api"),)
    world.platform.denied = frozenset({"mallory"})
    world.run_until_rest(world.process())
    world.assert_rotated_once()


@pytest.mark.parametrize("minutes", [0, 1, 2, 30, 61])
def test_frozen_at_any_time_nothing_is_written_until_it_is_lifted(minutes: int) -> None:
    world = World()
    process = world.process()
    if minutes:
        world.run_for(process, timedelta(minutes=minutes))
    world.platform.frozen = "the platform team froze the operator"
    writes = _writes(world)
    world.run_for(process, 24 * HOUR)
    assert _writes(world) == writes
    assert world.status()["waitsFor"]["reason"] == "Frozen"
    assert world.condition("Stalled")["status"] == "False"
    world.platform.frozen = None
    world.run_until_rest(process)
    world.assert_rotated_once()


def test_frozen_while_a_pass_looks_at_cognito_it_writes_nothing_more(world: World) -> None:
    process = world.process()

    def freeze() -> None:
        world.platform.frozen = "the platform team froze the operator"

    world.faults.before_next_for_test("cognito.list", freeze)
    world.run_for(process, 5 * HOUR)
    assert _writes(world) == 0


def test_frozen_at_rest_cognito_is_still_looked_at_and_status_written_once(world: World) -> None:
    process = world.process()
    world.run_until_rest(process)
    world.platform.frozen = "the platform team froze the operator"
    process.reconcile()
    listed, told = world.faults.count("cognito.list"), world.faults.count("resources.status")
    world.run_for(process, 2 * HOUR)
    assert world.faults.count("cognito.list") >= listed + 10
    assert world.faults.count("resources.status") == told
    assert world.condition("Ready")["status"] == "True"


@pytest.mark.parametrize("adopted", [False, True], ids=["new", "adopted before a restart"])
def test_who_is_denied_costs_next_to_nothing(world: World, adopted: bool) -> None:  # noqa: FBT001
    if adopted:
        world.run_until_rest(world.process())
    world.platform.denied = frozenset({KEY.namespace})
    process = world.process()
    process.reconcile()
    read = world.faults.count("resources.read")
    world.run_for(process, 5 * HOUR)
    assert world.faults.count("resources.read") <= read + 5 * 6 + 1
