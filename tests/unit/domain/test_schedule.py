"""When a rotation is due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cognito_secret_operator.domain.journal.journal import Journal, Outcome, Rotation
from cognito_secret_operator.domain.model import ClientRef, Timing
from cognito_secret_operator.domain.schedule import (
    due_at,
    early_by,
    is_owed,
    missed_opening,
    overdue_at,
    retry_at,
    starts_at,
)
from cognito_secret_operator.domain.spec import Resource, StatusFacts
from cognito_secret_operator.domain.windows import Window, last_opening

from support.builders import NOON, SPEC, at, journal, refused, resource, secret, spec

EMPTY = journal(None, published=None)
ADOPTED = journal(secret("A", days=10))
INTERVALS = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=9999))


def test_nothing_is_due_before_anything_is_adopted() -> None:
    assert due_at(resource(), EMPTY, Timing()) is None
    assert overdue_at(resource(), EMPTY) is None


def test_it_is_due_an_interval_after_the_secrets_creation_less_the_spread() -> None:
    due = due_at(resource(), ADOPTED, Timing())
    assert due == NOON + timedelta(days=20) - early_by(resource())


def test_it_is_overdue_when_it_is_older_than_max_age() -> None:
    assert overdue_at(resource(), ADOPTED) == NOON + timedelta(days=23)


@given(INTERVALS)
def test_it_is_early_by_a_tenth_or_a_day_at_most_and_never_late(interval: timedelta) -> None:
    early = early_by(resource(spec(rotation={"interval": interval})))
    assert timedelta() <= early <= min(interval / 10, timedelta(hours=24))


def test_two_clients_are_spread_and_one_client_is_always_the_same() -> None:
    another = replace(SPEC, client=ClientRef(SPEC.client.pool_id, "another"))
    assert early_by(resource()) == early_by(resource(rotate="x"))
    assert early_by(resource()) != early_by(resource(another))


SUCCEEDED = replace(refused(finished=-5), outcome=Outcome.SUCCESS)


@pytest.mark.parametrize(
    ("book", "minutes"),
    [
        pytest.param(ADOPTED, None, id="no rotation yet"),
        pytest.param(replace(ADOPTED, rotations=(SUCCEEDED,)), None, id="the last one succeeded"),
        pytest.param(
            replace(ADOPTED, rotations=(refused(finished=-5),)), 55, id="the last one failed"
        ),
        pytest.param(
            replace(ADOPTED, rotations=(refused(finished=-90), SUCCEEDED)),
            None,
            id="an earlier one failed, the last one succeeded",
        ),
    ],
)
def test_after_a_failure_the_next_try_waits_for_an_hour(
    book: Journal, minutes: float | None
) -> None:
    assert retry_at(book, Timing()) == (None if minutes is None else at(minutes))


def test_a_failure_postpones_only_what_would_be_due_sooner() -> None:
    old = journal(secret("A", days=60), rotations=(refused(finished=-5),))
    young = journal(secret("A", days=1), rotations=(refused(finished=-5),))
    assert due_at(resource(), old, Timing()) == at(55)
    assert due_at(resource(), young, Timing()) == due_at(
        resource(), replace(young, rotations=()), Timing()
    )


# --- windows --------------------------------------------------------------------------------------

HOURS = 60
DAYS = 24 * HOURS


def _windows(*schedules: str, hours: float = 2, alone: bool = False) -> Resource:
    """Ask for rotations in windows, in UTC; *alone*: each opening is a due time."""
    windows = tuple(Window(one, timedelta(hours=hours), UTC) for one in schedules)
    return resource(spec(rotation={"windows": windows, "is_by_windows": alone}))


def _minutes(of: Resource, book: Journal, *, now: float) -> float:
    """Tell when the next rotation starts, in minutes from noon, less the client's own delay."""
    start = starts_at(of, book, Timing(), at(now))
    assert start is not None
    return (start - _delay(of) - NOON) / timedelta(minutes=1)


def _delay(of: Resource) -> timedelta:
    """The client's own delay within a window, from an opening that nobody has used."""
    alone = resource(spec(of.spec, rotation={"is_by_windows": True}))
    start = starts_at(alone, journal(secret("A", days=400)), Timing(), at(3 * DAYS))
    assert start is not None
    return start - start.replace(minute=0, second=0)


NIGHTLY = _windows("0 2 * * *")
ALONE = _windows("0 2 * * *", alone=True)
BORN = {"old": journal(secret("A", days=60)), "young": journal(secret("A", days=1))}
TODAY, TONIGHT, TOMORROW = -10 * HOURS, 14 * HOURS, 38 * HOURS
"""Openings at two o'clock: this morning's, the next night's, and the one after."""


@pytest.mark.parametrize(
    ("of", "book", "now", "expected"),
    [
        pytest.param(NIGHTLY, BORN["old"], 0, TONIGHT, id="due, closed: the next opening"),
        pytest.param(NIGHTLY, BORN["old"], TONIGHT + 70, TONIGHT, id="due, open: this opening"),
        pytest.param(NIGHTLY, BORN["old"], TONIGHT + 119, TONIGHT, id="due, open a minute more"),
        pytest.param(NIGHTLY, BORN["old"], TONIGHT + 120, TOMORROW, id="due, just closed"),
        pytest.param(ALONE, BORN["young"], 0, TONIGHT, id="windows alone: the next opening"),
        pytest.param(ALONE, BORN["young"], TONIGHT + 70, TONIGHT, id="windows alone, open"),
        pytest.param(
            ALONE,
            journal(secret("A", days=-(TONIGHT + 70) / DAYS)),
            TONIGHT + 80,
            TOMORROW,
            id="windows alone: one rotation an opening",
        ),
        pytest.param(
            ALONE,
            replace(
                BORN["young"],
                rotations=(
                    replace(SUCCEEDED, started_at=at(TONIGHT), finished_at=at(TONIGHT + 5)),
                ),
            ),
            TONIGHT + 80,
            TOMORROW,
            id="windows alone: Cognito's clock is late, our own record tells",
        ),
        pytest.param(
            ALONE,
            replace(BORN["young"], rotations=(refused(finished=TONIGHT + 20),)),
            TONIGHT + 30,
            None,
            id="windows alone: after a failure it tries again within the opening",
        ),
        pytest.param(
            ALONE,
            replace(BORN["young"], rotations=(refused(finished=TONIGHT + 70),)),
            TONIGHT + 80,
            TOMORROW,
            id="windows alone: after a failure the opening was too short for another try",
        ),
        pytest.param(
            _windows("0 2 * * *", "0 14 * * *", alone=True),
            BORN["young"],
            TONIGHT + 200,
            26 * HOURS,
            id="several windows: whichever opens first",
        ),
    ],
)
def test_a_rotation_starts_within_a_window(
    of: Resource, book: Journal, now: float, expected: float | None
) -> None:
    if expected is None:
        assert starts_at(of, book, Timing(), at(now)) == retry_at(book, Timing())
    else:
        assert _minutes(of, book, now=now) == expected


def test_what_comes_due_within_a_window_starts_when_it_is_due() -> None:
    wide = _windows("0 0 * * *", hours=24)
    due = due_at(wide, ADOPTED, Timing())
    assert due is not None
    start = starts_at(wide, ADOPTED, Timing(), NOON)
    assert start is not None
    midnight = due.replace(hour=0, minute=0, second=0)
    assert start == max(due, midnight + _delay(wide)) or start > due
    assert (start - midnight) < timedelta(hours=24)


@given(
    schedule=st.sampled_from(["0 2 * * *", "*/30 * * * *", "0 2 * * 1", "15 3 1 * *"]),
    minutes=st.integers(min_value=1, max_value=300),
    now=st.integers(min_value=-3 * DAYS, max_value=40 * DAYS),
    alone=st.booleans(),
)
def test_it_never_starts_outside_of_a_window_nor_in_the_past_of_one(
    *, schedule: str, minutes: int, now: int, alone: bool
) -> None:
    of = _windows(schedule, hours=minutes / 60, alone=alone)
    start = starts_at(of, BORN["old"], Timing(), at(now))
    assert start is not None
    window = of.spec.rotation.windows[0]
    opening = last_opening(window, max(start, at(now)))
    assert opening is not None
    closes_at = opening.opens_at + opening.window.duration
    assert opening.opens_at <= start < closes_at or start <= at(now)


def test_many_clients_begin_at_their_own_time_within_the_first_half_of_a_window() -> None:
    starts = set()
    for number in range(50):
        client = ClientRef(SPEC.client.pool_id, f"client-{number}")
        start = starts_at(
            resource(replace(NIGHTLY.spec, client=client)), BORN["old"], Timing(), NOON
        )
        assert start is not None
        starts.add(start)
    assert len(starts) > 40
    assert min(starts) >= at(TONIGHT)
    assert max(starts) < at(TONIGHT + 60)


def _promised(of: Resource, minutes: float) -> Resource:
    return replace(of, status=StatusFacts(next_rotation_at=at(minutes)))


def _missed(of: Resource, book: Journal, *, now: float) -> datetime | None:
    start = starts_at(of, book, Timing(), at(now))
    assert start is not None
    return missed_opening(of, book, start, at(now))


RUNNING = replace(
    BORN["young"], rotation=replace(refused(finished=0), started_at=at(-60), outcome=None)
)


@pytest.mark.parametrize(
    ("of", "book", "now", "missed"),
    [
        pytest.param(ALONE, BORN["young"], TONIGHT + 119, False, id="it is still open"),
        pytest.param(ALONE, BORN["young"], TONIGHT + 121, True, id="it closed without a rotation"),
        pytest.param(NIGHTLY, BORN["old"], TONIGHT + 121, True, id="what was due did not begin"),
        pytest.param(ALONE, BORN["young"], TONIGHT - 121, False, id="it is still to come"),
        pytest.param(ALONE, RUNNING, TONIGHT + 121, True, id="the rotation before still ran"),
        pytest.param(
            ALONE,
            journal(secret("A", days=-(TONIGHT + 70) / DAYS)),
            TONIGHT + 121,
            False,
            id="it had its rotation",
        ),
        pytest.param(
            ALONE,
            replace(BORN["young"], rotations=(refused(finished=TONIGHT + 119),)),
            TONIGHT + 121,
            False,
            id="it had a rotation, which failed",
        ),
        pytest.param(
            _windows("0 20 * * *", alone=True),
            BORN["young"],
            TONIGHT + 121,
            False,
            id="the schedule was changed: nothing was promised for this one",
        ),
        pytest.param(resource(), BORN["old"], TONIGHT + 121, False, id="there are no windows"),
    ],
)
def test_an_opening_that_passed_without_its_rotation_is_told(
    of: Resource, book: Journal, now: float, *, missed: bool
) -> None:
    found = _missed(_promised(of, TONIGHT + 10), book, now=now)
    assert found == (at(TONIGHT + 10) if missed else None)


def _begun(minutes: float) -> Rotation:
    return replace(refused(finished=0), started_at=at(minutes), finished_at=None, outcome=None)


@pytest.mark.parametrize(
    ("of", "book", "owed"),
    [
        pytest.param(ALONE, BORN["young"], True, id="nothing began"),
        pytest.param(NIGHTLY, BORN["old"], True, id="what was due did not begin"),
        pytest.param(ALONE, RUNNING, True, id="the rotation before still runs"),
        pytest.param(
            ALONE, replace(RUNNING, rotation=_begun(TONIGHT + 300)), False, id="one has begun"
        ),
        pytest.param(
            ALONE,
            replace(BORN["young"], rotations=(refused(finished=TONIGHT + 300),)),
            False,
            id="one has failed: there is another alert for that",
        ),
        pytest.param(
            ALONE, journal(secret("A", days=-(TONIGHT + 70) / DAYS)), False, id="a new secret came"
        ),
        pytest.param(NIGHTLY, BORN["young"], False, id="the interval was changed: it is not due"),
        pytest.param(
            _windows("0 20 * * *", alone=True), BORN["young"], False, id="the windows were changed"
        ),
        pytest.param(resource(), BORN["old"], False, id="the windows were taken away"),
        pytest.param(ALONE, EMPTY, False, id="there is no secret"),
    ],
)
def test_a_missed_start_is_owed_until_a_rotation_begins(
    of: Resource, book: Journal, *, owed: bool
) -> None:
    assert is_owed(of, book, Timing(), at(TONIGHT + 10)) is owed
