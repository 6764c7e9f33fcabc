"""What somebody destroys is made good, and every pod ends up with a secret that works."""

from datetime import timedelta

import pytest

from cognito_secret_operator.domain.journal.journal import Outcome
from cognito_secret_operator.domain.model import StoredSecret, Trigger
from cognito_secret_operator.names import ROTATE_ANNOTATION, TAKE_OVER_ANNOTATION, journal_name

from support.beginnings import rested
from support.world import KEY, ORIGINAL, SPEC, TARGET, World

HOUR = timedelta(hours=1)
JOURNAL = journal_name(KEY.name)


def _works_everywhere(world: World, secret_id: str) -> None:
    assert world.target_current() == secret_id
    assert world.cognito.get(secret_id) is not None
    assert [world.laws.may_hold(pod) for pod in world.workloads.pods] == [{secret_id}] * 2
    assert world.condition("Ready")["status"] == "True"


def _trigger_and_outcomes(world: World) -> list[tuple[Trigger, Outcome | None]]:
    journal = world.existing_journal()
    return [(one.trigger, one.outcome) for one in journal.rotations]


def _warnings(world: World) -> list[str]:
    return [event.reason for event in world.events.recorded if event.type == "Warning"]


def test_a_current_secret_that_somebody_deleted_is_replaced_by_itself() -> None:
    world = rested()
    foreign = world.cognito.add_for_test("somebody's")
    world.cognito.delete_for_test("A")
    process = world.process()
    world.run_for(process, 2 * HOUR)
    _works_everywhere(world, "C")
    assert _trigger_and_outcomes(world) == [(Trigger.RECOVERY, Outcome.SUCCESS)]
    assert "RotationStarted" in _warnings(world)
    assert world.cognito.get(foreign) is not None
    assert world.cognito.deletes == []


def test_one_list_that_lacks_the_current_secret_changes_nothing() -> None:
    world = rested()
    process = world.process()
    foreign = world.cognito.add_for_test("somebody's")
    lost = world.cognito.get("A")
    assert lost is not None
    world.cognito.delete_for_test("A")
    world.run_for(process, timedelta(minutes=12))
    world.cognito.restore_for_test(lost)
    world.run_for(process, HOUR)
    assert world.cognito.adds == []
    assert {held.id for held in world.cognito.held} == {"A", foreign}


@pytest.mark.parametrize("minutes", [12, 30, 50])
@pytest.mark.parametrize("approval", ["Automatic", "Approve"])
def test_the_new_secret_is_deleted_in_the_overlap(minutes: int, approval: str) -> None:
    world = World(spec={**SPEC, "adoption": {"retireOriginal": approval}})
    process = world.process()
    world.run_for(process, timedelta(minutes=minutes))
    world.cognito.delete_for_test("B")
    world.run_for(process, HOUR)
    assert _trigger_and_outcomes(world)[0] == (Trigger.SCHEDULE, Outcome.LOST)
    assert "SecretReinstated" in _warnings(world)
    world.run_for(process, 3 * HOUR)
    current = world.cognito.held[-1].id
    assert current not in {"A", "B"}, "the schedule rotates A away as before"
    _works_everywhere(world, current)


def test_a_young_secret_that_was_reinstated_stays() -> None:
    world = rested()
    process = world.process()
    world.request_rotation("now")
    world.run_for(process, timedelta(minutes=20))
    world.cognito.delete_for_test("B")
    world.run_for(process, 4 * HOUR)
    _works_everywhere(world, "A")
    assert world.cognito.adds == ["B"]
    assert world.cognito.deletes == []


def test_both_secrets_are_deleted_in_the_overlap() -> None:
    world = World()
    process = world.process()
    world.run_for(process, timedelta(minutes=20))
    world.cognito.delete_for_test("B")
    world.cognito.add_for_test("somebody's")
    world.cognito.delete_for_test("A")
    world.run_for(process, 2 * HOUR)
    _works_everywhere(world, "D")
    assert _trigger_and_outcomes(world) == [
        (Trigger.SCHEDULE, Outcome.LOST),
        (Trigger.RECOVERY, Outcome.SUCCESS),
    ]


def test_the_new_secret_is_deleted_and_nobody_knows_the_value_of_the_old_one() -> None:
    world = World(target_exists=False)
    world.cognito.describes = False
    process = world.process()
    world.run_for(process, timedelta(minutes=20))
    world.cognito.delete_for_test("B")
    world.run_for(process, 2 * HOUR)
    _works_everywhere(world, "C")


def test_a_new_secret_that_is_deleted_before_it_is_published_leaves_the_old_one() -> None:
    world = rested()
    process = world.process()
    world.cognito.activation_lag = timedelta(days=1)
    world.request_rotation("now")
    world.run_for(process, timedelta(minutes=2))
    world.cognito.delete_for_test("B")
    world.run_for(process, HOUR)
    assert world.target_current() == "A"
    assert _trigger_and_outcomes(world) == [(Trigger.REQUEST, Outcome.REFUSED)]
    assert world.condition("Ready")["status"] == "True"


def test_the_current_secret_is_deleted_while_a_new_one_is_on_its_way() -> None:
    world = rested()
    process = world.process()
    world.cognito.activation_lag = timedelta(minutes=3)
    world.request_rotation("now")
    world.run_for(process, timedelta(minutes=1))
    world.cognito.delete_for_test("A")
    world.run_for(process, 2 * HOUR)
    _works_everywhere(world, "B")


def test_manual_recovery_waits_for_a_person_and_says_so() -> None:
    world = World(spec={**SPEC, "recovery": "Manual"})
    process = world.process()
    world.run_for(process, timedelta(minutes=20))
    world.cognito.delete_for_test("B")
    world.run_for(process, 4 * HOUR)
    assert world.condition("Stalled")["reason"] == "CurrentSecretMissing"
    assert "spec.recovery" in world.condition("Stalled")["message"]
    assert world.condition("Ready")["reason"] == "CurrentSecretMissing"
    world.request_rotation("heal")
    world.run_for(process, 4 * HOUR)
    _works_everywhere(world, world.cognito.held[-1].id)


def test_nothing_begins_while_the_resource_is_being_deleted() -> None:
    world = rested()
    process = world.processes[0]
    world.resources.delete_later_for_test(KEY)
    world.request_rotation("now")
    world.run_for(process, 4 * HOUR)
    assert world.cognito.adds == []


def _lose(world: World, name: str) -> None:
    world.laws.journal_may_be_lost = True
    world.secrets.delete_for_test(KEY.namespace, name)


def _kept(world: World) -> StoredSecret:
    found = world.journal_secret()
    assert found is not None
    return found


def _writes_at_cognito(world: World) -> int:
    return world.faults.count("cognito.add") + world.faults.count("cognito.delete")


def _rotated_at_rest() -> World:
    world = rested()
    world.request_rotation("one")
    process = world.process()
    world.run_for(process, 3 * HOUR)
    assert world.held_ids() == ["B"]
    return world


def test_a_journal_lost_at_rest_is_written_anew_and_nothing_else_is() -> None:
    world = _rotated_at_rest()
    sequence, target = world.status()["journalSequence"], world.target()
    stamps, writes = list(world.workloads.stamps), _writes_at_cognito(world)
    _lose(world, JOURNAL)
    world.request_rotation("two")
    world.run_for(world.process(), 3 * HOUR)
    journal = world.existing_journal()
    assert journal.sequence > sequence
    assert world.target() == target, "not even written again"
    assert list(world.workloads.stamps) == stamps
    assert _writes_at_cognito(world) == writes, "a token that is there is recorded, not executed"
    assert "JournalRebuilt" in _warnings(world)
    world.assert_silent()
    world.request_rotation("three")
    process = world.process()
    world.run_for(process, 3 * HOUR)
    _works_everywhere(world, "C")
    world.approve("B") if world.condition("Rotating")["reason"] == "AwaitingApproval" else None
    world.run_for(process, 3 * HOUR)
    assert world.held_ids() == ["C"]


@pytest.mark.parametrize("minutes", [1, 2, 20, 45])
def test_a_journal_lost_in_the_overlap_begins_the_roll_out_again(minutes: int) -> None:
    world = World(spec={**SPEC, "adoption": {"retireOriginal": "Approve"}})
    process = world.process()
    world.run_for(process, timedelta(minutes=minutes))
    _lose(world, JOURNAL)
    world.run_for(process, 4 * HOUR)
    _works_everywhere(world, "B")
    assert world.condition("Rotating")["reason"] == "AwaitingApproval"
    world.approve("A")
    world.run_for(process, 4 * HOUR)
    assert world.held_ids() == ["B"]


def test_a_pending_secret_lost_with_the_journal_is_named_and_left() -> None:
    world = rested()
    process = world.process()
    world.cognito.activation_lag = timedelta(days=1)
    world.request_rotation("now")
    world.run_for(process, timedelta(minutes=1))
    _lose(world, JOURNAL)
    world.run_for(process, 3 * HOUR)
    assert world.target_current() == "A"
    assert world.held_ids() == ["A", "B"]
    told = [event.message for event in world.events.recorded if event.reason == "JournalRebuilt"]
    assert "whose B is" in told[0]
    assert world.condition("Ready")["status"] == "True"


def test_journal_and_target_are_lost_and_the_original_secret_is_still_the_one() -> None:
    world = rested()
    _lose(world, JOURNAL)
    _lose(world, TARGET)
    world.run_for(world.process(), HOUR)
    assert world.target_current() == "A"
    assert world.cognito.adds == []
    assert world.condition("Ready")["status"] == "True"


def test_journal_and_target_are_lost_and_a_new_secret_is_added() -> None:
    world = _rotated_at_rest()
    _lose(world, JOURNAL)
    _lose(world, TARGET)
    world.run_for(world.process(), 2 * HOUR)
    _works_everywhere(world, "C")
    assert world.condition("Stalled")["reason"] == "ForeignSecret"
    assert world.held_ids() == ["B", "C"]


def test_both_are_lost_with_two_secrets_at_cognito() -> None:
    world = World()
    process = world.process()
    world.run_for(process, timedelta(minutes=20))
    _lose(world, JOURNAL)
    _lose(world, TARGET)
    world.run_for(process, 2 * HOUR)
    assert world.condition("Stalled")["reason"] == "SlotsBlocked"
    assert "A and B" in world.condition("Stalled")["message"]
    assert world.cognito.adds == ["B"]


@pytest.mark.parametrize("status_too", [False, True])
def test_an_old_journal_is_restored_whose_secret_is_gone(status_too: bool) -> None:  # noqa: FBT001
    world = rested()
    old = _kept(world)
    world.request_rotation("one")
    world.run_for(world.process(), 3 * HOUR)
    target = world.target()
    world.laws.journal_may_be_lost = True
    world.secrets.restore_for_test(old)
    if status_too:
        world.resources.bodies[KEY]["status"] = {}
    world.run_for(world.process(), 3 * HOUR)
    assert world.target() == target
    _works_everywhere(world, "B")
    assert world.cognito.adds == ["B"]


def test_old_journal_target_and_status_are_restored_together() -> None:
    world = rested()
    old, shown, status = _kept(world), world.target(), dict(world.status())
    world.request_rotation("one")
    world.run_for(world.process(), 3 * HOUR)
    assert shown is not None
    world.laws.journal_may_be_lost = True
    world.secrets.restore_for_test(old)
    world.secrets.restore_for_test(shown)
    world.laws.published = ORIGINAL
    world.resources.bodies[KEY]["status"] = status
    world.resources.annotate_for_test(KEY, {ROTATE_ANNOTATION: None})
    world.run_for(world.process(), 3 * HOUR)
    _works_everywhere(world, "C")
    assert world.held_ids() == ["B", "C"]


def test_an_old_target_is_restored() -> None:
    world = rested()
    shown = world.target()
    world.request_rotation("one")
    world.run_for(world.process(), 3 * HOUR)
    assert shown is not None
    writes = _writes_at_cognito(world)
    world.secrets.restore_for_test(shown)
    world.run_for(world.process(), HOUR)
    assert world.target_current() == "B"
    assert _writes_at_cognito(world) == writes


def test_a_journal_from_elsewhere_is_taken_over_on_an_order_only() -> None:
    world = _rotated_at_rest()
    old = _kept(world)
    _lose(world, JOURNAL)
    world.secrets.copy_for_test(old, namespace=KEY.namespace, name=JOURNAL)
    copied = world.journal_secret()
    world.run_for(world.process(), 3 * HOUR)
    assert world.condition("Stalled")["reason"] == "JournalForeign"
    assert f"cognito-secrets.dev/take-over: {old.uid}" in world.condition("Stalled")["message"]
    assert world.journal_secret() == copied
    world.resources.annotate_for_test(KEY, {TAKE_OVER_ANNOTATION: "something-else"})
    world.run_for(world.process(), HOUR)
    assert world.condition("Stalled")["reason"] == "JournalForeign"
    world.resources.annotate_for_test(KEY, {TAKE_OVER_ANNOTATION: old.uid})
    world.run_for(world.process(), HOUR)
    _works_everywhere(world, "B")
    assert world.condition("Stalled")["status"] == "False"
    assert "JournalTakenOver" in _warnings(world)


@pytest.mark.parametrize("change", [{"suspend": True}, {"policy": "Observe"}])
def test_nothing_is_taken_over_or_rebuilt_where_nothing_may_be_written(
    change: dict[str, object],
) -> None:
    world = _rotated_at_rest()
    old = _kept(world)
    _lose(world, JOURNAL)
    world.resources.change_spec_for_test(KEY, **change)
    world.run_for(world.process(), HOUR)
    assert world.journal_secret() is None
    world.secrets.copy_for_test(old, namespace=KEY.namespace, name=JOURNAL)
    copied = world.journal_secret()
    world.resources.annotate_for_test(KEY, {TAKE_OVER_ANNOTATION: old.uid})
    world.run_for(world.process(), HOUR)
    assert world.journal_secret() == copied


def test_a_journal_read_before_another_process_publishes_is_no_old_one() -> None:
    world = World()
    one, two = world.process(), world.process()
    world.faults.before_next_for_test("secrets.read target", lambda: world.run_for(two, HOUR))
    one.reconcile()
    assert "JournalRebuilt" not in _warnings(world)
    assert world.condition("Stalled")["reason"] != "JournalRolledBack"


def test_a_foreign_secret_is_told_at_once_and_after_a_restart() -> None:
    world = rested()
    foreign = world.cognito.add_for_test("somebody's")
    world.run_for(world.process(), HOUR)
    told = world.condition("Rotating")
    assert (told["status"], told["reason"]) == ("False", "SlotTaken")
    assert foreign in told["message"]
    assert "spec.adoption.retireSecretIds" in told["message"]
    assert world.condition("Stalled")["status"] == "False", "what works goes on"
    warned = len(_warnings(world))
    status = world.status()
    world.process().reconcile()
    assert world.status() == status, "a restart says the same"
    world.run_for(world.process(), HOUR)
    assert len(_warnings(world)) == warned
    world.cognito.delete_for_test(foreign)
    world.run_for(world.process(), HOUR)
    assert world.condition("Rotating")["reason"] == "AtRest"


def test_a_foreign_secret_that_the_resource_names_is_deleted_and_counted() -> None:
    world = rested()
    foreign = world.cognito.add_for_test("somebody's")
    process = world.process()
    world.run_for(process, HOUR)
    world.resources.change_spec_for_test(KEY, adoption={"retireSecretIds": [foreign]})
    process.reconcile()
    assert world.held_ids() == ["A"]
    assert world.cognito.deletes == [foreign]
    assert process.telemetry.foreign == 1
    assert _warnings(world)[-2:] == ["RetirementDecided", "SecretDeleted"]
    world.run_for(process, HOUR)
    assert world.condition("Rotating")["reason"] == "AtRest"


def test_of_two_foreign_secrets_at_adoption_the_one_that_is_named_goes() -> None:
    world = World(target_exists=False)
    foreign = world.cognito.add_for_test("somebody's")
    process = world.process()
    process.reconcile()
    assert world.condition("Stalled")["reason"] == "SlotsBlocked"
    world.resources.change_spec_for_test(
        KEY, adoption={"retireSecretIds": [foreign], "retireOriginal": "Automatic"}
    )
    world.run_for(process, 4 * HOUR)
    assert world.cognito.deletes[0] == foreign
    _works_everywhere(world, "C")


def test_where_both_are_named_none_goes() -> None:
    world = World(spec={**SPEC, "adoption": {"retireSecretIds": ["A", "B"]}})
    world.cognito.add_for_test("somebody's")
    world.run_for(world.process(), 4 * HOUR)
    assert world.condition("Stalled")["reason"] == "SlotsBlocked"
    assert world.cognito.deletes == []


def test_a_foreign_secret_that_blocks_a_rotation_is_named_in_the_middle_of_it() -> None:
    world = World()
    foreign: list[str] = []
    world.faults.before_next_for_test(
        "cognito.add", lambda: foreign.append(world.cognito.add_for_test("somebody's"))
    )
    process = world.process()
    world.run_for(process, HOUR)
    assert world.condition("Stalled")["reason"] == "PendingUnconfirmed"
    world.resources.change_spec_for_test(
        KEY, adoption={"retireSecretIds": foreign, "retireOriginal": "Automatic"}
    )
    world.run_for(process, 4 * HOUR)
    assert world.cognito.deletes == [*foreign, "A"]
    assert world.condition("Ready")["status"] == "True"
