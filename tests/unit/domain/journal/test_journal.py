"""The journal's transitions: each is one write, one sequence number higher."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cognito_secret_operator.domain.journal import journal as journals
from cognito_secret_operator.domain.journal.journal import (
    Claim,
    Journal,
    Origin,
    Outcome,
    Publication,
)
from cognito_secret_operator.domain.model import Trigger
from cognito_secret_operator.domain.value import SecretValue

from support.builders import NOON, at, journal, pending, remote, secret, target

EMPTY = journal(None, published=None, sequence=0)
RESTING = journal("A")
STAGED = journal("A", pending=pending())
RECORDED = journal("A", pending=pending("B"))
ROLLING = journal("B", "A", published=-10)
CLAIM = Claim("process-2", at(5))


def _staged(book: Journal, token: str | None = None) -> Journal:
    return journals.staged(
        book,
        value=SecretValue("value of B"),
        before=("A",),
        claim=CLAIM,
        trigger=Trigger.REQUEST,
        rotate_token=token,
    )


def _adopted(book: Journal) -> Journal:
    return journals.adopted(book, secret("A"), publication_number=1, rotate_token="old")


TRANSITIONS: list[tuple[str, Callable[[], Journal], Journal]] = [
    ("adopted", lambda: _adopted(EMPTY), EMPTY),
    ("staged", lambda: _staged(RESTING), RESTING),
    ("claimed", lambda: journals.claimed(STAGED, claim=CLAIM, before=()), STAGED),
    ("recorded", lambda: journals.recorded(STAGED, remote("B"), at=NOON), STAGED),
    ("promoted", lambda: journals.promoted(RECORDED, verified=True), RECORDED),
    ("published", lambda: journals.published(ROLLING, target(ROLLING)), ROLLING),
    ("republished", lambda: journals.republished(ROLLING), ROLLING),
    ("doomed", lambda: journals.marked(ROLLING, "A"), ROLLING),
    ("forgotten", lambda: journals.forgotten(ROLLING, "A", at=NOON), ROLLING),
]


@pytest.mark.parametrize(
    ("write", "before"), [pytest.param(*row[1:], id=row[0]) for row in TRANSITIONS]
)
def test_every_write_raises_the_sequence_by_one(
    write: Callable[[], Journal], before: Journal
) -> None:
    after = write()
    assert after.sequence == before.sequence + 1
    assert (after.uid, after.namespace, after.client) == (
        before.uid,
        before.namespace,
        before.client,
    )


def test_adoption_records_a_token_that_is_there_already() -> None:
    after = _adopted(EMPTY)
    assert after.is_adopted
    assert (after.handled_rotate, after.publication) == ("old", Publication(1))


def test_a_staged_value_is_durable_with_its_claim_and_nothing_else_changes() -> None:
    after = _staged(RESTING, token="new")
    assert after.pending is not None
    assert (after.pending.claim, after.pending.before) == (CLAIM, ("A",))
    assert (after.current, after.publication) == (RESTING.current, RESTING.publication)
    assert after.handled_rotate == "new"


def test_a_handled_token_stays_handled_while_the_annotation_is_away() -> None:
    assert _staged(journal("A", handled="old"), token=None).handled_rotate == "old"


def test_a_claim_keeps_the_value_and_the_rotation() -> None:
    after = journals.claimed(STAGED, claim=CLAIM, before=("A",))
    assert STAGED.pending is not None
    assert after.pending == replace(STAGED.pending, claim=CLAIM, before=("A",))


def test_a_recorded_value_counts_as_known_at_cognito() -> None:
    after = journals.recorded(STAGED, remote("B"), at=NOON)
    assert after.ids == {"A", "B"}
    assert STAGED.ids == {"A"}


@pytest.mark.parametrize("verified", [True, False])
def test_promotion_makes_the_pending_secret_current_and_wants_a_publication(
    *,
    verified: bool,
) -> None:
    after = journals.promoted(RECORDED, verified=verified)
    assert after.current is not None
    assert (after.current.id, after.current.origin) == ("B", Origin.OPERATOR)
    assert after.current.verified is verified
    assert (after.previous, after.pending) == (RECORDED.current, None)
    assert after.publication == Publication(8)
    assert after.rotation is not None
    assert after.rotation.secret_id == "B"


def test_a_publication_is_recorded_as_it_was_read() -> None:
    after = journals.published(ROLLING, target(ROLLING, owner="me@1", uid="target-9"))
    assert after.publication is not None
    assert after.publication.number == 7
    assert after.publication.published is not None
    assert after.publication.published.data_owner == "me@1"
    assert after.publication.published.target_uid == "target-9"
    assert after.publication.published.at == NOON


def test_a_new_publication_has_a_new_number_and_no_record() -> None:
    assert journals.republished(ROLLING).publication == Publication(8)


def test_the_forgotten_previous_secret_ends_the_rotation_and_is_still_shown() -> None:
    after = journals.forgotten(journals.marked(ROLLING, "A"), "A", at=at(70))
    assert (after.previous, after.marked_id, after.rotation) == (None, None, None)
    assert after.shown_previous == ROLLING.previous
    last = after.rotations[-1]
    assert (last.outcome, last.retired_id, last.finished_at) == (Outcome.SUCCESS, "A", at(70))


def test_a_forgotten_refused_secret_ends_its_rotation_and_nothing_else() -> None:
    after = journals.forgotten(journals.marked(RECORDED, "B"), "B", at=at(6))
    assert (after.pending, after.marked_id, after.current) == (None, None, RECORDED.current)
    last = after.rotations[-1]
    assert (last.outcome, last.secret_id, last.retired_id) == (Outcome.REFUSED, "B", "")


def test_the_next_promotion_takes_the_retired_secret_off_the_target() -> None:
    retired = replace(RECORDED, retired=secret("Z"))
    assert journals.promoted(retired, verified=True).shown_previous == RECORDED.current


def test_the_last_five_rotations_are_kept() -> None:
    book = RESTING
    for number in range(7):
        book = _staged(book)
        book = journals.recorded(book, remote(f"S{number}"), at=at(number))
        book = journals.forgotten(book, f"S{number}", at=at(number))
    assert [one.secret_id for one in book.rotations] == ["S2", "S3", "S4", "S5", "S6"]


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(
            lambda: journals.promoted(STAGED, verified=True), id="promote what is not added"
        ),
        pytest.param(lambda: journals.promoted(RESTING, verified=True), id="promote nothing"),
        pytest.param(lambda: journals.recorded(RESTING, remote("B"), at=NOON), id="record nothing"),
        pytest.param(lambda: journals.claimed(RESTING, claim=CLAIM, before=()), id="claim nothing"),
        pytest.param(
            lambda: journals.forgotten(ROLLING, "B", at=NOON), id="forget the current one"
        ),
        pytest.param(lambda: journals.forgotten(RESTING, "X", at=NOON), id="forget a stranger"),
        pytest.param(lambda: journals.published(EMPTY, target(ROLLING)), id="publish nothing"),
    ],
)
def test_it_is_impossible_to(write: Callable[[], Journal]) -> None:
    with pytest.raises(ValueError, match=r"."):
        write()


def test_the_tokens_of_older_requests_stay_handled() -> None:
    book = journal("A")
    for token in ("one", "two", "one", "three"):
        book = replace(_staged(book, token=token), pending=None)
    assert (book.handled_rotate, book.earlier_rotates) == ("three", ("two", "one"))
    assert all(book.has_handled(token) for token in ("one", "two", "three"))
    assert not book.has_handled("four")


def test_a_bounded_number_of_tokens_is_kept() -> None:
    book = journal("A")
    for number in range(30):
        book = replace(_staged(book, token=str(number)), pending=None)
    assert book.handled_rotate == "29"
    assert book.earlier_rotates == tuple(str(number) for number in range(9, 29))
