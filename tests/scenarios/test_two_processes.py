"""Two processes at once, interleaved at every call in many orders: one rotation, every law kept."""

from datetime import timedelta

import pytest

from support.rivalry import Rivalry
from support.world import World

DAY = timedelta(days=1)


@pytest.mark.parametrize("seed", range(60))
def test_in_any_order_there_is_one_rotation(seed: int) -> None:
    world = World()
    rivalry = Rivalry(world, seed)
    assert rivalry.run_for(DAY, until_rest=True)
    world.assert_rotated_once()
    world.assert_silent()
    assert sum(len(process.telemetry.finished) for process in world.processes) <= 2


@pytest.mark.parametrize("seed", range(60))
def test_in_any_order_with_crashes_and_lost_answers_too(seed: int) -> None:
    world = World()
    rivalry = Rivalry(world, 1000 + seed, crash=0.01, lose=0.03)
    rivalry.run_for(timedelta(hours=3))
    rivalry.calm()
    assert rivalry.run_for(DAY, until_rest=True)
    world.assert_rotated_once()
    world.assert_silent()


@pytest.mark.parametrize("seed", range(20))
def test_where_nothing_can_be_asked_no_doubtful_secret_is_published(seed: int) -> None:
    world = World()
    world.endpoint.is_silent = True
    rivalry = Rivalry(world, 2000 + seed, crash=0.01, lose=0.03)
    rivalry.run_for(timedelta(hours=6))
    rivalry.calm()
    rivalry.run_for(timedelta(hours=6), until_rest=True)
    rivalry.close()
    assert world.journal() is not None
    if world.is_at_rest():
        world.assert_rotated_once()
    else:
        assert world.condition("Stalled")["reason"] == "PendingUnconfirmed"
        assert (world.target_current(), world.cognito.deletes) == ("A", [])
