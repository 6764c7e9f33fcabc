"""What a process keeps in mind: dated facts, which postpone looks and justify nothing."""

from dataclasses import replace

import pytest

from cognito_secret_operator.domain.evidence import Remaining
from cognito_secret_operator.domain.memory import after_read
from cognito_secret_operator.domain.observed import Fact, Memory, Observed
from cognito_secret_operator.domain.rollout import Consumers, WorkloadRef

from support.builders import (
    NOON,
    at,
    consumers,
    journal,
    listing,
    pod,
    probe,
    problem,
    secret,
    view,
)

OLD = journal("B", "A", published=-10)
STAMP = "B.7"
MOVED = consumers(pod("new", born=-5))
HELD = consumers(pod("old", born=-60))


def _memory(**changes: object) -> Memory:
    return replace(Memory(first_pass_at=NOON), **changes)  # type: ignore[arg-type]


def test_the_last_good_list_is_kept() -> None:
    assert after_read(view(OLD, listed="A B")).listing == listing("A B")


def test_a_list_that_failed_leaves_the_last_good_one() -> None:
    memory = _memory(listing=listing("A", minutes=-5))
    assert after_read(view(OLD, listed=problem(), memory=memory)) == memory


def test_a_pass_without_looks_changes_nothing() -> None:
    memory = _memory(missing={"A": at(-3)}, clear=(STAMP, at(-5)))
    assert after_read(view(OLD, memory=memory)) == memory


@pytest.mark.parametrize(
    ("observed", "missing"),
    [
        pytest.param(view(OLD, listed="A B"), {}, id="both are there"),
        pytest.param(view(OLD, listed="B"), {"A": NOON}, id="one is missing for the first time"),
        pytest.param(
            view(OLD, listed="B", memory=_memory(missing={"A": at(-20)})),
            {"A": at(-20)},
            id="it was missing before",
        ),
        pytest.param(
            view(OLD, listed="A B", memory=_memory(missing={"A": at(-20)})),
            {},
            id="it is back",
        ),
        pytest.param(
            view(journal(secret("B", days=0)), listed="A"),
            {},
            id="it is so young that the List may be older",
        ),
        pytest.param(view(None, listed="A"), {}, id="there is no journal"),
    ],
)
def test_what_lists_lack(observed: Observed, missing: dict[str, object]) -> None:
    assert after_read(observed).missing == missing


@pytest.mark.parametrize(
    ("seen", "before", "after"),
    [
        pytest.param(MOVED, None, (STAMP, at(0)), id="the first read without a holder"),
        pytest.param(MOVED, (STAMP, at(-30)), (STAMP, at(-30)), id="a later one keeps the date"),
        pytest.param(HELD, (STAMP, at(-30)), None, id="a holder appears: it begins again"),
        pytest.param(
            MOVED, ("B.6", at(-30)), (STAMP, at(0)), id="another publication begins again"
        ),
    ],
)
def test_since_when_no_holder_is_seen(
    seen: Consumers, before: tuple[str, object] | None, after: tuple[str, object] | None
) -> None:
    assert after_read(view(OLD, seen=seen, memory=_memory(clear=before))).clear == after


def test_while_a_listed_workload_is_missing_nobody_knows_who_holds_the_secret() -> None:
    seen = consumers(pod("new", born=-8), missing=WorkloadRef("Deployment", "web"))
    assert after_read(view(OLD, seen=seen, memory=_memory())).clear is None


@pytest.mark.parametrize(
    ("seen", "since"),
    [
        pytest.param(HELD, -20, id="the same pods as before: no progress"),
        pytest.param(MOVED, 0, id="a pod less: progress"),
    ],
)
def test_since_when_a_roll_out_makes_no_progress(seen: Consumers, since: float) -> None:
    before = _memory(
        remaining=Remaining(STAMP, frozenset(f"Pod/{one.name}" for one in HELD.pods), at(-20))
    )
    remaining = after_read(view(OLD, seen=seen, memory=before)).remaining
    assert remaining is not None
    assert remaining.since == at(since)


def test_a_read_that_failed_keeps_the_date() -> None:
    memory = _memory(clear=(STAMP, at(-30)))
    assert after_read(view(OLD, seen=problem(), memory=memory)).clear == (STAMP, at(-30))


def test_an_unrecorded_publication_is_never_clear() -> None:
    unrecorded = journal("B", "A", published=None)
    assert after_read(view(unrecorded, seen=MOVED)).clear is None


@pytest.mark.parametrize(
    ("minutes", "sure"),
    [pytest.param(-4, False, id="four minutes"), pytest.param(-5, True, id="five minutes")],
)
def test_two_lists_far_enough_apart_are_believed(minutes: float, *, sure: bool) -> None:
    memory = _memory(listing=listing("B"), missing={"A": at(minutes)})
    assert view(OLD, memory=memory).is_surely_missing("A") is sure


@pytest.mark.parametrize(
    ("verdict", "before", "after"),
    [
        pytest.param("Accepted", None, ("A", NOON), id="seen for the first time"),
        pytest.param("Accepted", ("A", at(-3)), ("A", at(-3)), id="seen before"),
        pytest.param("Accepted", ("X", at(-3)), ("A", NOON), id="an older one was seen before"),
        pytest.param("Refused", ("A", at(-3)), None, id="refused by now"),
    ],
)
def test_since_when_a_deleted_secret_is_accepted_nevertheless(
    verdict: str, before: object, after: object
) -> None:
    seen = view(
        replace(OLD, marked_id="A"),
        memory=_memory(still_accepted=before),
        probes={Fact.PREVIOUS_VALUE_PROBE: probe(verdict)},
    )
    assert after_read(seen).still_accepted == after
