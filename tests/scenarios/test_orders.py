"""Named orders and outside consumers, from a new resource to rest, and with faults."""

from datetime import timedelta
from typing import Any

import pytest

from cognito_secret_operator.domain.journal.journal import RetiredBy
from cognito_secret_operator.names import (
    OVERRIDE_ANNOTATION,
    RESOURCE_ANNOTATION,
    consumer_ack_annotation,
)

from support.fakes import Call
from support.world import KEY, ORIGINAL, SPEC, World

HOUR = timedelta(hours=1)
DELETES = {**SPEC, "retirement": {"maxOverlap": "4h", "onMaxOverlap": "Delete"}}
OUTSIDE = {**SPEC, "acknowledgements": [{"name": "billing"}, {"name": "edge", "delay": "2h"}]}
RETIRING = ("secrets.replace journal", "cognito.delete", "resources.status")


def _held(**parts: Any) -> World:
    """Make a world in which a bare pod holds the original secret for ever."""
    world = World(**parts)
    world.workloads.run_pod_for_test("lost")
    return world


def _events(world: World, reason: str) -> list[tuple[str, str]]:
    found = [event for event in world.events.recorded if event.reason == reason]
    return [(event.type, event.message) for event in found]


def _assert_ordered(world: World, order: RetiredBy) -> None:
    world.processes[-1].reconcile()  # what a lost answer was about shows in the next pass
    journal = world.existing_journal()
    assert world.held_ids() == ["B"]
    assert (journal.previous, journal.marked_id, journal.marked_by) == (None, None, None)
    assert [one.retired_by for one in journal.rotations] == [order]
    assert world.status()["rotations"][0]["retiredBy"] == order.value
    for reason in ("RetirementDecided", "SecretDeleted"):
        told = _events(world, reason)
        assert {kind for kind, _ in told} <= {"Warning"}
        assert all("Pod/lost" in message for _, message in told)
    world.assert_silent()


def test_after_max_overlap_the_order_deletes_under_a_pod_and_says_so() -> None:
    world = _held(spec=DELETES)
    process = world.process()
    world.run_for(process, timedelta(hours=3, minutes=50))
    assert world.held_ids() == ["A", "B"]
    world.run_for(process, HOUR)
    _assert_ordered(world, RetiredBy.MAX_OVERLAP)
    assert process.telemetry.orders == [RetiredBy.MAX_OVERLAP]


def test_an_override_deletes_under_a_pod_and_says_so() -> None:
    world = _held()
    process = world.process()
    world.run_for(process, 3 * HOUR)
    assert world.condition("Rotating")["reason"] == "PodsNotRolled"
    world.resources.annotate_for_test(KEY, {OVERRIDE_ANNOTATION: "A"})
    world.run_for(process, timedelta(minutes=5))
    _assert_ordered(world, RetiredBy.OVERRIDE)
    assert process.telemetry.orders == [RetiredBy.OVERRIDE]


def test_an_order_that_was_not_needed_is_not_named() -> None:
    world = World(annotations={OVERRIDE_ANNOTATION: "X"}, spec=DELETES)
    process = world.process()
    world.run_until_rest(process)
    world.assert_rotated_once()
    assert process.telemetry.orders == []
    assert {kind for kind, _ in _events(world, "SecretDeleted")} == {"Normal"}


def _last_calls() -> list[Call]:
    """Record an ordered deletion; give its writes."""
    world = _held(annotations={OVERRIDE_ANNOTATION: "A"})
    world.run_until_rest(world.process())
    writes = [call for call in world.faults.calls if call.is_write]
    assert [call.name for call in writes if call.name == "cognito.delete"]
    return [call for call in writes if call.name.startswith(RETIRING)][-8:]


@pytest.mark.parametrize("call", _last_calls(), ids=str)
@pytest.mark.parametrize("fault", ["dies before", "dies after", "loses the answer of"])
def test_an_ordered_deletion_survives_a_process_that(call: Call, fault: str) -> None:
    world = _held(annotations={OVERRIDE_ANNOTATION: "A"})
    break_it = {
        "dies before": world.faults.crash_before_for_test,
        "dies after": world.faults.crash_after_for_test,
        "loses the answer of": world.faults.lose_answer_for_test,
    }[fault]
    break_it(call.index)
    world.live_until_rest()
    _assert_ordered(world, RetiredBy.OVERRIDE)


def test_manual_approval_asks_for_every_secret() -> None:
    world = World(spec={**SPEC, "retirement": {"approval": "Manual"}})
    process = world.process()
    for previous, following in (("A", "B"), ("B", "C")):
        world.run_for(process, 5 * HOUR)
        assert world.held_ids() == [previous, following]
        assert world.condition("Rotating")["reason"] == "AwaitingApproval"
        world.approve(previous)
        world.run_until_rest(process)
        assert world.held_ids() == [following]
        world.request_rotation(f"after {following}")


def test_a_declared_consumer_is_waited_for_and_its_delay_is_a_named_risk() -> None:
    world = World(spec=OUTSIDE)
    process = world.process()
    world.run_for(process, 5 * HOUR)
    assert world.status()["podsToMove"]["names"] == ["Acknowledgement/billing"]
    assert world.condition("Rotating")["reason"] == "AwaitingAcknowledgement"
    world.resources.annotate_for_test(KEY, {consumer_ack_annotation("billing"): "B"})
    world.run_until_rest(process)
    world.assert_rotated_once()
    ((kind, message),) = _events(world, "SecretDeleted")
    assert kind == "Normal"
    assert "an accepted risk: Acknowledgement/edge" in message


def test_a_target_that_is_copied_elsewhere_is_held_until_its_users_are_declared() -> None:
    world = World(target_exists=False)
    mark = {RESOURCE_ANNOTATION: KEY.name, "replicator.v1.mittwald.de/replicate-to": "other"}
    world.secrets.create_for_test(KEY.namespace, KEY.name, {"client-secret": ORIGINAL}, **mark)
    process = world.process()
    world.run_for(process, 5 * HOUR)
    assert world.condition("Stalled")["reason"] == "ReplicatedTarget"
    world.resources.change_spec_for_test(KEY, acknowledgements=[{"name": "copy", "delay": "1h"}])
    world.run_for(process, 2 * HOUR)
    world.assert_rotated_once()
