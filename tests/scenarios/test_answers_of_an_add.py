"""The Add: its answer is lost, late or never comes; Lists lag; a process freezes before sending."""

from datetime import timedelta

import pytest

from cognito_secret_operator.domain.journal.journal import Outcome
from cognito_secret_operator.errors import LimitReachedError, ThrottledError

from support.fakes import Crashed
from support.world import World

HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return World()


def test_a_lost_answer_that_nothing_can_confirm_is_held_and_named(world: World) -> None:
    world.endpoint.is_silent = True
    world.faults.lose_next_answer_for_test("cognito.add")
    process = world.process()
    world.run_for(process, 3 * HOUR)
    stalled = world.condition("Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "PendingUnconfirmed")
    assert "A and B" in stalled["message"]
    assert world.target_current() == "A"
    assert (world.cognito.adds, world.cognito.deletes) == (["B"], [])
    assert world.condition("Ready")["status"] == "True"


def test_once_the_unconfirmed_secret_is_deleted_a_new_one_is_added(world: World) -> None:
    world.endpoint.is_silent = True
    world.faults.lose_next_answer_for_test("cognito.add")
    process = world.process()
    world.run_for(process, HOUR)
    world.cognito.delete_for_test("B")
    world.run_for(process, 4 * HOUR)
    assert world.held_ids() == ["C"]
    assert world.target_current() == "C"


def test_an_add_that_was_never_carried_out_is_claimed_again(world: World) -> None:
    world.faults.before_next_for_test("cognito.add", _dies)
    world.live_until_rest()
    world.assert_rotated_once()
    assert world.faults.count("cognito.add") == 2


def test_an_answer_that_came_outranks_a_list_that_lags(world: World) -> None:
    world.cognito.list_lag = timedelta(seconds=50)
    world.run_until_rest(world.process())
    world.assert_rotated_once()


def test_a_list_that_lags_after_a_lost_answer_only_makes_us_wait(world: World) -> None:
    world.cognito.list_lag = timedelta(seconds=50)
    world.faults.lose_next_answer_for_test("cognito.add")
    world.run_until_rest(world.process())
    world.assert_rotated_once()


def test_a_list_that_lags_after_the_delete_changes_nothing(world: World) -> None:
    world.cognito.list_lag = timedelta(minutes=5)
    process = world.process()
    world.run_until_rest(process)
    writes, asked = world.faults.count("secrets.replace"), len(world.cognito.requests)
    world.run_for(process, timedelta(minutes=4))
    process.reconciler._states.clear()  # a restart within the lag knows of no Delete
    world.run_for(process, HOUR)
    assert len(world.cognito.requests) > asked
    assert world.faults.count("secrets.replace") == writes
    world.assert_rotated_once()


def test_a_process_that_freezes_before_it_sends_does_not_send(world: World) -> None:
    world.faults.before_next_for_test("cognito.add", lambda: world.sleep(600))
    process = world.process()
    process.reconcile()
    assert world.cognito.adds == []
    world.run_until_rest(process)
    world.assert_rotated_once()


def test_the_right_to_send_lapses_in_time_though_the_claim_was_written_late(world: World) -> None:
    """The claim's date is the pass's beginning; its deadline must not count from any later."""
    process = world.process()
    sent_at: list[timedelta] = []
    lists = iter([0, 0, 50, 25])

    def slow() -> None:
        world.sleep(next(lists, 0))
        world.faults.before_next_for_test("cognito.list", slow)

    world.faults.before_next_for_test("cognito.list", slow)
    world.faults.before_next_for_test("cognito.add", lambda: sent_at.append(_since_claim(world)))
    world.run_until_rest(process)
    world.assert_rotated_once()
    assert sent_at[-1] <= world.timing.add_deadline


def _since_claim(world: World) -> timedelta:
    journal = world.existing_journal()
    assert journal.pending is not None
    return world.clock.now() - journal.pending.claim.at


def test_an_answer_is_never_taken_for_a_later_pending_value(world: World) -> None:
    """A process that kept an answer goes on after another one has finished that rotation."""
    early, late = world.process(), world.process()
    # The answer of Record, the write after the Add, is lost: the process still wants to record B.
    world.faults.before_next_for_test(
        "cognito.add", lambda: world.faults.lose_next_answer_for_test("secrets.replace journal")
    )
    early.reconcile()
    world.run_until_rest(late)
    world.request_rotation("again")
    world.faults.before_next_for_test("cognito.add", _dies)
    with pytest.raises(Crashed):
        late.reconcile()
    world.run_for(early, 5 * HOUR)
    journal = world.existing_journal()
    assert [one.outcome for one in journal.rotations] == [Outcome.SUCCESS, Outcome.SUCCESS]
    assert world.held_ids() == ["C"]


def _dies() -> None:
    raise Crashed


def test_a_throttled_add_is_tried_again_under_the_same_claim(world: World) -> None:
    _refuse_next_add(world, ThrottledError("slow down"))
    process = world.process()
    process.reconcile()
    assert world.cognito.adds == []
    world.sleep(5)
    process.reconcile()
    assert world.cognito.adds == ["B"]


def test_a_third_secret_refused_by_cognito_is_told_and_changes_nothing(world: World) -> None:
    _refuse_next_add(world, LimitReachedError("the client has two secrets"))
    process = world.process()
    process.reconcile()
    assert world.condition("Stalled")["reason"] == "SlotsBlocked"
    world.sleep(5)
    world.live_until_rest()
    world.assert_rotated_once()


def test_an_event_says_that_a_secret_was_added_only_when_it_is_known(world: World) -> None:
    world.faults.lose_next_answer_for_test("cognito.add")
    process = world.process()
    process.reconcile()
    assert "SecretAdded" not in [event.reason for event in world.events.recorded]
    world.run_until_rest(process)
    assert "SecretRecorded" in [event.reason for event in world.events.recorded]


def _refuse_next_add(world: World, error: Exception) -> None:
    def throw() -> None:
        raise error

    world.faults.before_next_for_test("cognito.add", throw)
