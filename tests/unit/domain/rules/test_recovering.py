"""What is made good: secrets that somebody deleted in the middle of a rotation."""

from dataclasses import replace

import pytest

from cognito_secret_operator.domain.journal import journal as journals
from cognito_secret_operator.domain.journal.journal import Origin, Outcome
from cognito_secret_operator.domain.journal.recovery import reinstated
from cognito_secret_operator.domain.observed import Memory, Observed
from cognito_secret_operator.domain.plan import plan
from cognito_secret_operator.domain.spec import Recovery

from support.builders import (
    NOON,
    at,
    journal,
    listing,
    resource,
    rules_of,
    said,
    secret,
    spec,
    view,
)

RULES = rules_of("recovering")
OVERLAP = journal("B", "A", published=-60)
ADOPTED = journal("B", secret("A", origin=Origin.DESCRIBE), published=-60)
MANUAL = resource(spec(recovery=Recovery.MANUAL))
MANUAL_AND_ASKED = resource(spec(recovery=Recovery.MANUAL), rotate="heal")
GONE = Memory(first_pass_at=NOON, listing=listing("A"), missing={"B": at(-6)})
BOTH_GONE = Memory(first_pass_at=NOON, listing=listing("X"), missing={"B": at(-6), "A": at(-6)})
ONE_GONE = Memory(first_pass_at=NOON, listing=listing("X"), missing={"B": at(-6), "A": at(0)})
HERE = "current_is_missing_in_the_overlap"

TABLE = [
    (HERE, view(OVERLAP), "", "nobody misses it"),
    (HERE, view(journal("B"), memory=GONE), "", "no rotation is on: that is another rule's"),
    (
        HERE,
        view(OVERLAP, memory=replace(GONE, missing={"B": at(-1)})),
        "",
        "Lists lack it for a minute only",
    ),
    (HERE, view(OVERLAP, memory=GONE), "Look LISTING", "two Lists lacked it: what is there now?"),
    (HERE, view(OVERLAP, memory=GONE, listed="A B"), "", "this List shows it again"),
    (
        HERE,
        view(OVERLAP, memory=GONE, listed="A"),
        "Reinstate CurrentSecretMissing",
        "the previous one is still there",
    ),
    (
        HERE,
        view(ADOPTED, memory=GONE, listed="A X"),
        "Reinstate CurrentSecretMissing",
        "the previous one awaits approval, and somebody took the free slot",
    ),
    (HERE, view(OVERLAP, memory=ONE_GONE, listed="X"), "", "the previous one may be gone too"),
    (
        HERE,
        view(OVERLAP, memory=BOTH_GONE, listed="X"),
        "DropFromJournal CurrentSecretMissing",
        "both are gone",
    ),
    (
        HERE,
        view(OVERLAP, memory=GONE, listed="A", of=MANUAL),
        "Hold CurrentSecretMissing",
        "a person is to decide",
    ),
    (
        HERE,
        view(OVERLAP, memory=GONE, listed="A", of=MANUAL_AND_ASKED),
        "Reinstate CurrentSecretMissing",
        "a person has decided",
    ),
]


@pytest.mark.parametrize(
    ("rule", "observed", "expected"),
    [pytest.param(*row[:3], id=f"{row[0]}: {row[3]}") for row in TABLE],
)
def test_recovering(rule: str, observed: Observed, expected: str) -> None:
    assert said(RULES[rule](observed)) == expected


def test_every_rule_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(RULES)


def test_nothing_of_a_roll_out_comes_before_a_lost_secret() -> None:
    assert said(plan(view(ADOPTED, memory=GONE, listed="A"))) == "Reinstate CurrentSecretMissing"


def test_the_previous_secret_is_reinstated_as_a_new_publication() -> None:
    book = replace(OVERLAP, marked_id="A", retired=secret("Z"))
    after = reinstated(book, at=at(0))
    assert (after.current, after.previous) == (book.previous, book.current)
    assert (after.retired, after.marked_id, after.rotation) == (None, None, None)
    assert after.publication == journals.Publication(8)
    assert after.sequence == book.sequence + 1
    assert [one.outcome for one in after.rotations] == [Outcome.LOST]


def test_a_secret_whose_value_nobody_knows_is_no_secret_to_publish() -> None:
    book = journal("B", secret("A", has_value=False, origin=Origin.UNKNOWN))
    after = reinstated(book, at=at(0))
    assert (after.current, after.previous, after.retired) == (book.previous, None, book.current)


def test_without_a_previous_secret_there_is_nothing_to_go_back_to() -> None:
    with pytest.raises(ValueError, match="no previous secret"):
        reinstated(journal("B"), at=at(0))
