"""Every call of a rotation, broken in every way: each time it converges, with every law kept.

The calls are not picked: each scenario is recorded, and each call of the recording becomes a test.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cognito_secret_operator.errors import (
    AccessDeniedError,
    ConflictError,
    OutsideError,
    RetryLaterError,
    ThrottledError,
)

from support.beginnings import (
    GIVEN,
    LONG_OVERLAP,
    assert_merged,
    failing,
    merging,
    migrating,
    rested,
)
from support.fakes import Call, Faults
from support.world import World

NEVER_RAISE = ("endpoint.probe", "events.record")
COMPARE_AND_SWAP = (
    "secrets.replace",
    "secrets.create",
    "secrets.decorate",
    "workloads.stamp",
    "resources.status",
)


def _every(_: Call) -> bool:
    return True


def _writes(call: Call) -> bool:
    return call.is_write


def _can_raise(call: Call) -> bool:
    return not call.name.startswith(NEVER_RAISE)


def _compares(call: Call) -> bool:
    return call.name.startswith(COMPARE_AND_SWAP)


def _reaches_a_secret_or_the_endpoint(call: Call) -> bool:
    return call.name.startswith(("secrets.", "endpoint.find"))


@dataclass(frozen=True)
class Fault:
    """One way in which a call breaks, and the calls that can break so."""

    name: str
    strike: Callable[[Faults, int], None]
    can_strike: Callable[[Call], bool]
    kills: bool = False


def _refusal(name: str, can_strike: Callable[[Call], bool], error: OutsideError) -> Fault:
    return Fault(name, lambda faults, index: faults.refuse_for_test(index, error), can_strike)


CRASHES_AND_CONFLICTS = (
    Fault("dies before", Faults.crash_before_for_test, _every, kills=True),
    Fault("dies after", Faults.crash_after_for_test, _every, kills=True),
    Fault("answer lost of", Faults.lose_answer_for_test, _writes),
    _refusal("written first at", _compares, ConflictError("another client wrote first")),
)
THROTTLED = _refusal("throttled once at", _can_raise, ThrottledError("slow down"))
REFUSALS = (
    _refusal("fails once at", _can_raise, RetryLaterError("it did not work out")),
    _refusal(
        "denied once at", _can_raise, AccessDeniedError("a permission is missing for a moment")
    ),
    THROTTLED,
)


@dataclass(frozen=True)
class Scenario:
    """How a world begins and lives, what breaks in it, and what holds at its end."""

    name: str
    begin: Callable[[], World]
    assert_ended_well: Callable[[World], None]
    faults: tuple[Fault, ...] = CRASHES_AND_CONFLICTS
    strikes: Callable[[Call], bool] = _writes
    live: Callable[[World], None] = World.live_until_rest

    def __str__(self) -> str:
        return self.name

    def recorded(self) -> list[Call]:
        """Record one whole life without a fault."""
        world = self.begin()
        self.live(world)
        return world.faults.calls


def _of_a_leak(*, now: bool) -> World:
    world = rested(LONG_OVERLAP)
    world.faults.calls.clear()
    world.leak("A", now=now)
    return world


def _live_through_a_leak(world: World) -> None:
    """Go on past the rest before it, which lasts until the report is in the journal."""
    world.process()
    world.live_until(lambda: world.is_at_rest() and "A" not in world.held_ids())


def _is_replaced_after_the_leak(world: World) -> None:
    previous = world.existing_target().data["client-secret-previous"].reveal()
    assert (world.held_ids(), world.cognito.names[previous]) == (["B"], "B")
    assert len(world.cognito.adds) == 1


def _is_migrated(world: World) -> None:
    current = world.existing_journal().current
    assert current is not None
    assert current.origin.value == "Initial"
    assert world.existing_target().data["client-secret"].reveal() == GIVEN
    assert world.cognito.adds == ["B"]


def _published_but_failing() -> World:
    world = failing()
    world.run_until(world.processes[0], lambda: world.target_current() == "B")
    world.faults.calls.clear()
    return world


def _is_rolled_back(world: World) -> None:
    assert (world.held_ids(), world.target_current()) == (["A"], "A")
    assert len(world.cognito.adds) == 1


def _live_through_a_rollback(world: World) -> None:
    world.live_until(lambda: world.target_current() == "A")
    world.workloads.repair_for_test("web")
    world.live_until(lambda: world.condition("Stalled")["reason"] == "RolledBack")


ROTATION = Scenario(
    "rotation",
    World,
    World.assert_rotated_once,
    faults=(*CRASHES_AND_CONFLICTS, *REFUSALS),
    strikes=_every,
)
SCENARIOS = (
    ROTATION,
    Scenario(
        "merge",
        merging,
        assert_merged,
        faults=(*CRASHES_AND_CONFLICTS, THROTTLED),
        strikes=_reaches_a_secret_or_the_endpoint,
    ),
    Scenario(
        "leak, when pods have moved",
        lambda: _of_a_leak(now=False),
        _is_replaced_after_the_leak,
        live=_live_through_a_leak,
    ),
    Scenario(
        "leak, at once",
        lambda: _of_a_leak(now=True),
        _is_replaced_after_the_leak,
        live=_live_through_a_leak,
    ),
    Scenario("migration", lambda: migrating(GIVEN), _is_migrated),
    Scenario("rollback", _published_but_failing, _is_rolled_back, live=_live_through_a_rollback),
)
RECORDED = {scenario.name: scenario.recorded() for scenario in SCENARIOS}


def _assert_counted_once(world: World) -> None:
    process = world.processes[-1]
    process.reconcile()  # the result of a call whose answer was lost shows in the next pass
    assert len(process.telemetry.finished) == 1


def test_the_recording_holds_every_kind_of_write() -> None:
    writes = Counter(call.name for call in RECORDED[ROTATION.name] if call.is_write)
    writes.pop("resources.status")
    assert writes == {
        "secrets.create journal": 1,
        "secrets.replace journal": 8,
        "secrets.replace target": 2,
        "cognito.add": 1,
        "workloads.stamp": 1,
        "cognito.delete": 1,
    }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_a_scenario_ends_well_without_faults(scenario: Scenario) -> None:
    world = scenario.begin()
    scenario.live(world)
    scenario.assert_ended_well(world)
    _assert_counted_once(world)


@pytest.mark.parametrize(
    ("scenario", "fault", "call"),
    [
        pytest.param(scenario, fault, call, id=f"{scenario}: {fault.name} {call}")
        for scenario in SCENARIOS
        for fault in scenario.faults
        for call in RECORDED[scenario.name]
        if scenario.strikes(call) and fault.can_strike(call)
    ],
)
def test_a_scenario_ends_well_with_a_fault(scenario: Scenario, fault: Fault, call: Call) -> None:
    world = scenario.begin()
    fault.strike(world.faults, call.index)
    scenario.live(world)
    scenario.assert_ended_well(world)
    world.assert_silent()
    assert world.faults.calls[call.index] == call, "the fault struck the call that was recorded"
    if not fault.kills:
        _assert_counted_once(world)
