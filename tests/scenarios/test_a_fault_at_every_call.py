"""Every call of a whole rotation, broken in every way: each time it converges, with every law kept.

The calls are not picked: a rotation is recorded, and each call of the recording becomes a test.
"""

from collections import Counter

import pytest

from cognito_secret_operator.errors import (
    AccessDeniedError,
    ConflictError,
    OutsideError,
    RetryLaterError,
    ThrottledError,
)

from support.fakes import Call
from support.world import World

NEVER_RAISE = ("endpoint.probe", "events.record")
COMPARE_AND_SWAP = ("secrets.replace", "secrets.create", "workloads.stamp", "resources.status")


def recorded() -> list[Call]:
    """Record one whole rotation, from a new resource to rest."""
    world = World()
    world.run_until_rest(world.process())
    return world.faults.calls


CALLS = recorded()
WRITES = [call for call in CALLS if call.is_write]
READS_AND_WRITES = [call for call in CALLS if not call.name.startswith(NEVER_RAISE)]
SWAPS = [call for call in WRITES if call.name.startswith(COMPARE_AND_SWAP)]


@pytest.fixture
def world() -> World:
    return World()


def _converges(world: World) -> None:
    world.live_until_rest()
    world.assert_rotated_once()
    world.assert_silent()


def test_the_recording_holds_every_kind_of_write() -> None:
    writes = Counter(call.name for call in WRITES)
    writes.pop("resources.status")
    assert writes == {
        "secrets.create journal": 1,
        "secrets.replace journal": 8,
        "secrets.replace target": 2,
        "cognito.add": 1,
        "workloads.stamp": 1,
        "cognito.delete": 1,
    }


def test_a_rotation_is_counted_once_without_faults(world: World) -> None:
    _converges(world)
    assert len(world.processes[0].telemetry.finished) == 1


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_process_dies_before(world: World, call: Call) -> None:
    world.faults.crash_before_for_test(call.index)
    _converges(world)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_process_dies_after(world: World, call: Call) -> None:
    world.faults.crash_after_for_test(call.index)
    _converges(world)


@pytest.mark.parametrize("call", WRITES, ids=str)
def test_the_answer_is_lost_of(world: World, call: Call) -> None:
    world.faults.lose_answer_for_test(call.index)
    _converges(world)
    process = world.processes[0]
    process.reconcile()  # what the lost answer was about shows in the next pass
    assert world.processes == [process]
    assert len(process.telemetry.finished) == 1


@pytest.mark.parametrize("call", SWAPS, ids=str)
def test_somebody_else_wrote_first_at(world: World, call: Call) -> None:
    world.faults.refuse_for_test(call.index, ConflictError("somebody else wrote first"))
    _converges(world)


@pytest.mark.parametrize(
    "error",
    [
        RetryLaterError("it did not work out"),
        ThrottledError("slow down"),
        AccessDeniedError("a permission is missing for a moment"),
    ],
    ids=lambda error: error.reason,
)
@pytest.mark.parametrize("call", READS_AND_WRITES, ids=str)
def test_a_call_fails_once(world: World, call: Call, error: OutsideError) -> None:
    world.faults.refuse_for_test(call.index, error)
    _converges(world)
