"""What a process keeps of one resource: its memory, its claim, and what reports need."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cognito_secret_operator.domain.actions import Hold, Plan
from cognito_secret_operator.domain.journal.journal import Journal, Outcome, Rotation
from cognito_secret_operator.domain.observed import Memory
from cognito_secret_operator.domain.report import Step
from cognito_secret_operator.domain.reporting import build_report
from cognito_secret_operator.reasons import Reason
from cognito_secret_operator.service.state import OwnClaim, ResourceState

from support.builders import (
    NOON,
    at,
    consumers,
    deployment,
    journal,
    listing,
    pending,
    pod,
    remote,
    view,
)

REST = journal("A")
ROLLING = journal("B", "A", published=-10)
CLAIM = OwnClaim(sequence=1, send_before=30.0)
CLAIMED = journal("A", pending=pending(owner="process-1"))
ROTATION = pending().rotation
WEB = deployment()
HELD = consumers(pod("old", born=-60))


@pytest.fixture
def state() -> ResourceState:
    return ResourceState(uid="u1", memory=Memory(first_pass_at=NOON))


def _finished(rotation: Rotation) -> Rotation:
    return replace(rotation, outcome=Outcome.SUCCESS, finished_at=NOON)


def test_what_a_pass_reads_is_remembered(state: ResourceState) -> None:
    state.read(view(REST, listed="A"))
    assert state.memory.listing == listing("A")


def test_an_answered_add_keeps_the_claim_until_the_secret_is_recorded(
    state: ResourceState,
) -> None:
    state.claimed(CLAIM)
    state.added(ROTATION, remote("B"))
    assert state.memory.added == (ROTATION, remote("B"))
    assert state.memory.add_sent
    claims = [state.claim]
    state.recorded()
    assert state.memory == Memory(first_pass_at=NOON)
    assert [*claims, state.claim] == [CLAIM, None]


def test_an_unanswered_add_is_remembered_until_the_next_claim(state: ResourceState) -> None:
    state.claimed(CLAIM)
    state.add_unanswered()
    assert (state.memory.added, state.memory.add_sent) == (None, True)
    assert state.claim == CLAIM
    state.claimed(replace(CLAIM, sequence=2))
    assert not state.memory.add_sent


def test_a_delete_is_remembered_with_its_request(state: ResourceState) -> None:
    state.deleted("A", "request-1")
    state.deleted("X", "request-2")
    assert state.memory.deleted == {"A", "X"}
    assert state.memory.delete_requests == {"A": "request-1", "X": "request-2"}


def test_a_workload_is_remembered_with_its_stamp(state: ResourceState) -> None:
    state.stamped(WEB, "B.7")
    assert state.memory.stamped == {(WEB.uid, "B.7")}


def test_every_other_write_ends_the_claim(state: ResourceState) -> None:
    for write in (
        state.written,
        state.recorded,
        lambda: state.deleted("A", ""),
        lambda: state.stamped(WEB, "B.7"),
    ):
        state.claimed(CLAIM)
        write()
        assert state.claim is None


@pytest.mark.parametrize(
    ("book", "identity", "monotonic", "holds"),
    [
        pytest.param(CLAIMED, "process-1", 29.9, True, id="it is ours and fresh"),
        pytest.param(CLAIMED, "process-1", 30.0, False, id="its time is over"),
        pytest.param(CLAIMED, "process-2", 0.0, False, id="another process's"),
        pytest.param(journal("A"), "process-1", 0.0, False, id="no value is pending"),
    ],
)
def test_when_a_claim_holds(book: Journal, identity: str, monotonic: float, *, holds: bool) -> None:
    claim = OwnClaim(book.sequence, send_before=30.0)
    assert claim.holds(book, identity=identity, monotonic=monotonic) is holds
    assert not replace(claim, sequence=book.sequence - 1).holds(
        book, identity=identity, monotonic=monotonic
    )


def test_a_rotation_that_finishes_is_new_once_and_older_ones_never(state: ResourceState) -> None:
    older = _finished(replace(ROTATION, started_at=at(-900)))
    running = replace(ROTATION, started_at=at(-60))
    for rotations, new in (
        ((older, running), ()),
        ((older, _finished(running)), (_finished(running),)),
        ((older, _finished(running)), ()),
    ):
        assert state.newly_finished(replace(REST, rotations=rotations)) == new


def test_a_step_is_timed_from_its_first_to_its_last_pass(state: ResourceState) -> None:
    begun = replace(view(ROLLING, seen=HELD), now=at(5))
    assert state.follow_step(view(REST)) is None
    assert state.follow_step(begun) is None
    assert state.step_of(begun) == (Step.ROLLING_OUT, at(5))
    assert state.follow_step(replace(begun, now=at(7))) is None
    assert state.follow_step(replace(view(REST), now=at(9))) == (
        Step.ROLLING_OUT,
        timedelta(minutes=4),
    )


def test_a_step_that_began_before_the_process_is_not_timed(state: ResourceState) -> None:
    assert state.follow_step(view(ROLLING, seen=HELD)) is None
    assert state.follow_step(view(REST)) is None


def test_a_pass_that_read_no_pods_reports_the_last_step(state: ResourceState) -> None:
    state.follow_step(view(REST))
    state.follow_step(view(ROLLING, seen=HELD))
    unread = replace(view(ROLLING), now=at(3))
    assert state.follow_step(unread) is None
    assert state.step_of(unread) == (Step.ROLLING_OUT, NOON)


def test_a_reason_is_new_once_and_its_repeats_are_counted(state: ResourceState) -> None:
    observed, plan = view(REST), Plan(Hold(stalled=False), Reason("TargetMissing"), "there is none")
    new = [state.follow_reason(observed, plan) for _ in range(3)]
    assert (new, state.repeats) == ([True, False, False], 2)
    assert state.follow_reason(observed, replace(plan, message="still none"))
    assert state.repeats == 0


def test_a_missed_start_is_kept_until_no_start_is_promised(state: ResourceState) -> None:
    observed = view(REST)
    reported = build_report(
        observed, Plan(Hold(stalled=False), Reason("TargetMissing"), "there is none")
    )
    missed = replace(reported, missed_opening_at=at(-5), next_rotation_at=at(60))
    assert state.follow_schedule(observed, missed) == at(-5)
    assert state.follow_schedule(observed, replace(missed, next_rotation_at=None)) is None
