"""A secret leaked: the rules, and what the journal notes."""

from dataclasses import replace

import pytest

from cognito_secret_operator.domain.journal.journal import (
    Emergency,
    Journal,
    Outcome,
    Pending,
    forgotten,
    promoted,
)
from cognito_secret_operator.domain.journal.leaks import declared
from cognito_secret_operator.domain.model import RemoteSecret
from cognito_secret_operator.domain.observed import Fact, Memory, Observed
from cognito_secret_operator.domain.projection import target_data
from cognito_secret_operator.domain.spec import EmergencyRequest

from support.builders import (
    NOON,
    at,
    consumers,
    deployment,
    journal,
    pending,
    pod,
    probe,
    resource,
    rules_of,
    said,
    secret,
    view,
)

LEAK_OF = {name: EmergencyRequest(name, now=False) for name in "ABCZ"}
STAMP = "B.7"
MOVED = consumers(deployment(stamp=STAMP), pod("new", born=-30))
OLD = consumers(deployment(stamp=STAMP), pod("old", born=-60))

RULES = rules_of("emergency")


def leaked(
    book: Journal, *ids: str, now: bool = False, renews: bool = False, marked_id: str | None = None
) -> Journal:
    return replace(book, emergency=Emergency(ids, now, NOON, renews), marked_id=marked_id)


def asked(book: Journal, leak: str, **others: object) -> Observed:
    return view(book, of=resource(emergency=LEAK_OF[leak]), **others)  # type: ignore[arg-type]


RESTING = journal("A")
ROLLING = journal("B", "A", published=-40)
HANDLED = replace(RESTING, handled_emergency=LEAK_OF["A"])
RETIRED = replace(journal("B"), retired=secret("A"))
AT_ONCE = leaked(ROLLING, "A", now=True)
MARKED = leaked(ROLLING, "A", now=True, marked_id="A")
ACCEPTED = {Fact.CURRENT_PROBE: probe("Accepted")}
REFUSED = {Fact.CURRENT_PROBE: probe("Refused")}
DELETED = Memory(first_pass_at=NOON, deleted=frozenset("A"))

TABLE = [
    ("emergency_is_declared", view(RESTING), "", "nobody reports a leak"),
    ("emergency_is_declared", asked(RESTING, "A"), "Declare Emergency", "the current one leaked"),
    ("emergency_is_declared", asked(ROLLING, "A"), "Declare Emergency", "the previous one leaked"),
    ("emergency_is_declared", asked(RETIRED, "A"), "Declare Emergency", "it is gone already"),
    ("emergency_is_declared", asked(HANDLED, "A"), "", "the report is written down"),
    ("emergency_is_declared", asked(RESTING, "Z"), "", "nobody knows the id"),
    (
        "emergency_is_declared",
        view(HANDLED, of=resource(emergency=EmergencyRequest("A", now=True))),
        "Declare Emergency",
        "the report became louder",
    ),
    (
        "emergency_is_declared",
        asked(journal("A", pending=pending()), "A", ours=True),
        "",
        "our Add comes first: another write of the journal would end the right to send it",
    ),
    (
        "emergency_names_an_unknown_secret",
        asked(RESTING, "Z"),
        "Hold EmergencyUnknown",
        "the id is nobody's",
    ),
    ("emergency_names_an_unknown_secret", asked(RESTING, "A"), "", "the id is ours"),
    ("emergency_names_an_unknown_secret", asked(RETIRED, "A"), "", "the id was ours"),
    ("leaked_secret_is_deleted_at_once", view(ROLLING), "", "nothing leaked"),
    ("leaked_secret_is_deleted_at_once", view(leaked(ROLLING, "A")), "", "pods may move first"),
    (
        "leaked_secret_is_deleted_at_once",
        view(AT_ONCE),
        "MarkForDeletion Emergency",
        "another secret is published",
    ),
    (
        "leaked_secret_is_deleted_at_once",
        view(leaked(journal("B", "A", published=None), "A", now=True)),
        "",
        "the other secret is not published yet",
    ),
    (
        "leaked_secret_is_deleted_at_once",
        view(MARKED),
        "Look LISTING",
        "List is asked before the Delete",
    ),
    (
        "leaked_secret_is_deleted_at_once",
        view(MARKED, listed="A B"),
        "Look CURRENT_PROBE",
        "the other one is asked for once more",
    ),
    (
        "leaked_secret_is_deleted_at_once",
        view(MARKED, listed="A B", probes=ACCEPTED),
        "Delete EmergencyNow",
        "the other one works",
    ),
    (
        "leaked_secret_is_deleted_at_once",
        view(MARKED, listed="A B", probes=REFUSED),
        "Hold CurrentRefused",
        "the leaked one is the only one that works",
    ),
    (
        "leaked_secret_is_deleted_at_once",
        view(MARKED, listed="A"),
        "Wait Emergency",
        "it would be the last",
    ),
    ("leaked_secret_is_deleted_at_once", view(MARKED, memory=DELETED), "", "it is deleted"),
    ("leaked_secret_is_deleted_at_once", view(MARKED, listed="B"), "", "List lacks it"),
    (
        "leaked_is_gone_and_pods_have_moved",
        view(MARKED, memory=DELETED),
        "DropFromJournal Retired",
        "no rule before has named a holder",
    ),
    ("leaked_is_gone_and_pods_have_moved", view(MARKED, listed="A B"), "", "it is still there"),
    ("emergency_needs_a_new_secret", view(RESTING), "", "nothing leaked"),
    (
        "emergency_needs_a_new_secret",
        view(leaked(RESTING, "A", renews=True), listed="A"),
        "Stage Staging",
        "the current one leaked",
    ),
    (
        "emergency_needs_a_new_secret",
        view(leaked(RESTING, "A", renews=True), listed="A X"),
        "Hold SlotsBlocked",
        "a foreign secret takes the slot",
    ),
]


@pytest.mark.parametrize(
    ("rule", "observed", "expected"),
    [pytest.param(*row[:3], id=f"{row[0]}: {row[3]}") for row in TABLE],
)
def test_emergency(rule: str, observed: Observed, expected: str) -> None:
    assert said(RULES[rule](observed)) == expected


def test_every_rule_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(RULES)


def shown(book: Journal) -> tuple[str, str]:
    data = target_data(book, resource())
    assert data is not None
    return tuple(data[key].reveal() for key in ("client-secret", "client-secret-previous"))  # type: ignore[return-value]


def test_a_leaked_current_secret_without_another_one_waits_for_a_new_one() -> None:
    book = declared(RESTING, LEAK_OF["A"], at=NOON)
    assert book.current is not None
    assert book.current.id == "A"
    assert book.emergency == Emergency(("A",), now=False, at=NOON, renews=True)
    added = replace(
        book, pending=replace(pending(), secret=RemoteSecret("B", NOON), recorded_at=NOON)
    )
    after = promoted(added, verified=True)
    assert "value of A" not in shown(after)
    assert after.emergency == Emergency(("A",), now=False, at=NOON, renews=False)
    assert forgotten(after, "A", at=at(5)).emergency is None


def test_a_leaked_previous_secret_is_shown_no_more_and_the_publication_stays() -> None:
    book = declared(ROLLING, LEAK_OF["A"], at=NOON)
    assert book.publication == ROLLING.publication
    assert shown(book) == ("value of B", "value of B")
    assert book.emergency is not None
    assert not book.emergency.renews
    gone = forgotten(book, "A", at=at(5))
    assert (gone.retired, gone.emergency) == (None, None)


def test_a_leaked_new_secret_gives_way_to_the_one_before_it() -> None:
    book = declared(ROLLING, LEAK_OF["B"], at=NOON)
    assert (book.current, book.previous) == (ROLLING.previous, ROLLING.current)
    assert book.publication is not None
    assert (book.publication.number, book.publication.published) == (8, None)
    assert [one.outcome for one in book.rotations] == [Outcome.LEAKED]
    assert book.emergency is not None
    assert book.emergency.renews


@pytest.mark.parametrize(
    "book",
    [
        pytest.param(replace(ROLLING, marked_id="A"), id="its Delete may be under way"),
        pytest.param(
            journal("B", secret("A", has_value=False), published=-40), id="its value is unknown"
        ),
        pytest.param(leaked(ROLLING, "A"), id="it leaked as well"),
    ],
)
def test_the_previous_secret_does_not_come_back_where(book: Journal) -> None:
    after = declared(book, LEAK_OF["B"], at=NOON)
    assert (after.current, after.previous) == (book.current, book.previous)
    assert after.emergency is not None
    assert after.emergency.renews


def test_a_leaked_pending_secret_is_doomed() -> None:
    recorded: Pending = replace(pending(), secret=RemoteSecret("C", NOON), recorded_at=NOON)
    book = declared(journal("A", pending=recorded), LEAK_OF["C"], at=NOON)
    assert book.marked_id == "C"
    after = forgotten(book, "C", at=at(1))
    assert [one.outcome for one in after.rotations] == [Outcome.LEAKED]
    assert after.emergency is not None, "a new one is still to be added"


def test_a_secret_that_is_gone_needs_only_a_note() -> None:
    book = declared(RETIRED, LEAK_OF["A"], at=NOON)
    assert book == replace(RETIRED, sequence=11, handled_emergency=LEAK_OF["A"])
