"""When a rotation is due."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cognito_secret_operator.domain.journal import Journal, Outcome
from cognito_secret_operator.domain.model import ClientRef, Timing
from cognito_secret_operator.domain.schedule import due_at, early_by, overdue_at, retry_at

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
