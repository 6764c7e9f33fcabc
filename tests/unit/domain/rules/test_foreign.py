"""Foreign secrets: they stay, unless the resource names them."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from cognito_secret_operator.domain.journal.journal import Origin
from cognito_secret_operator.domain.journal.recovery import unmarked
from cognito_secret_operator.domain.observed import Fact, Memory, Observed
from cognito_secret_operator.domain.windows import Window

from support.builders import (
    NOON,
    journal,
    listing,
    pending,
    probe,
    remote,
    resource,
    rules_of,
    said,
    secret,
    spec,
    view,
)

RULES = rules_of("foreign", "retiring")
NAMES_X = resource(spec(adoption={"retire_secret_ids": frozenset("X")}))
NAMES_XY = resource(spec(adoption={"retire_secret_ids": frozenset("XY")}))
NAMES_A = resource(spec(adoption={"retire_secret_ids": frozenset("A")}))
REST, MARKED = journal("A"), journal("A", marked_id="X")
EMPTY = journal(None, sequence=0)
SEEN = Memory(first_pass_at=NOON, listing=listing("A X"))
OK, BAD = {Fact.CURRENT_PROBE: probe("Accepted")}, {Fact.CURRENT_PROBE: probe("Refused")}

TABLE = [
    ("foreign_secret_can_be_deleted", view(REST, listed="A X"), "", "nobody names it"),
    (
        "foreign_secret_can_be_deleted",
        view(None, of=NAMES_X),
        "",
        "there is no journal to mark it in",
    ),
    (
        "foreign_secret_can_be_deleted",
        view(REST, of=NAMES_X),
        "",
        "it was not seen: no List for its sake",
    ),
    (
        "foreign_secret_can_be_deleted",
        view(REST, of=NAMES_X, memory=SEEN),
        "Look LISTING",
        "it was seen",
    ),
    (
        "foreign_secret_can_be_deleted",
        view(REST, of=NAMES_X, listed="A X"),
        "MarkForDeletion RetiringForeign",
        "it is there",
    ),
    ("foreign_secret_can_be_deleted", view(REST, of=NAMES_X, listed="A"), "", "it is gone"),
    (
        "foreign_secret_can_be_deleted",
        view(REST, of=NAMES_A, listed="A X"),
        "",
        "the current one is not foreign",
    ),
    ("foreign_secret_can_be_deleted", view(REST, of=NAMES_X, listed="X"), "", "it is the last one"),
    (
        "foreign_secret_can_be_deleted",
        view(REST, of=NAMES_XY, listed="X Y"),
        "",
        "both are foreign and named",
    ),
    (
        "foreign_secret_can_be_deleted",
        view(REST, of=NAMES_X, listed="X Y"),
        "MarkForDeletion RetiringForeign",
        "both are foreign and one is named",
    ),
    (
        "foreign_secret_can_be_deleted",
        view(EMPTY, of=NAMES_X, listed="A X"),
        "MarkForDeletion RetiringForeign",
        "the client is to be adopted, and has two",
    ),
    (
        "foreign_secret_can_be_deleted",
        view(journal("B", "A"), of=NAMES_X, listed="B X"),
        "",
        "a rotation is on",
    ),
    (
        "foreign_secret_can_be_deleted",
        view(journal("A", published=None), of=NAMES_X, listed="A X"),
        "",
        "the target comes first",
    ),
    (
        "foreign_secret_can_be_deleted",
        view(journal("A", pending=pending()), of=NAMES_X, listed="A X", minutes=1),
        "",
        "an Add may be under way: it may be our own",
    ),
    (
        "foreign_secret_can_be_deleted",
        view(journal("A", pending=pending()), of=NAMES_X, listed="A X", minutes=2),
        "MarkForDeletion RetiringForeign",
        "the Add is judged: nothing confirms that it is our own, and the user names it",
    ),
    (
        "foreign_secret_can_be_deleted",
        view(
            journal("A", pending=pending()),
            of=NAMES_X,
            listed="A X",
            minutes=2,
            memory=Memory(NOON, added=(pending().rotation, remote("X"))),
        ),
        "",
        "it is our own, as Cognito answered",
    ),
    ("foreign_secret_is_marked", view(REST, of=NAMES_X, listed="A X"), "", "it is not marked"),
    (
        "foreign_secret_is_marked",
        view(journal("B", "A", marked_id="A")),
        "",
        "the marked one is our own",
    ),
    ("foreign_secret_is_marked", view(MARKED, of=NAMES_X), "Look LISTING", "what is there now?"),
    (
        "foreign_secret_is_marked",
        view(MARKED, of=NAMES_X, listed="A X"),
        "Look CURRENT_PROBE",
        "does the current one work?",
    ),
    (
        "foreign_secret_is_marked",
        view(MARKED, of=NAMES_X, listed="A X", probes=OK),
        "Delete RetiringForeign",
        "all evidence is there",
    ),
    (
        "foreign_secret_is_marked",
        view(MARKED, of=NAMES_X, listed="A X", probes=BAD),
        "Hold CurrentRefused",
        "it may be the only one that works",
    ),
    (
        "foreign_secret_is_marked",
        view(replace(EMPTY, marked_id="X"), of=NAMES_X, listed="A X"),
        "Delete RetiringForeign",
        "nothing is adopted yet",
    ),
    (
        "foreign_secret_is_marked",
        view(MARKED, listed="A X"),
        "Unmark RetiringForeign",
        "it is not named",
    ),
    (
        "foreign_secret_is_marked",
        view(MARKED, of=NAMES_X, listed="X"),
        "Unmark RetiringForeign",
        "it is the last one by now",
    ),
    (
        "foreign_secret_is_marked",
        view(MARKED, of=NAMES_X, listed="A"),
        "Unmark RetiringForeign",
        "it is gone",
    ),
    (
        "foreign_secret_is_marked",
        view(MARKED, of=NAMES_X, memory=Memory(NOON, deleted=frozenset("X"))),
        "Unmark RetiringForeign",
        "this process has deleted it",
    ),
    (
        "origin_is_unknown",
        view(journal("B", secret("A", has_value=False, origin=Origin.UNKNOWN)), of=NAMES_A),
        "",
        "a previous secret whose value nobody knew may go where it is named",
    ),
    (
        "deletion_awaits_approval",
        view(journal("B", secret("A", origin=Origin.DESCRIBE)), of=NAMES_A),
        "",
        "naming an adopted secret is an approval",
    ),
]


@pytest.mark.parametrize(
    ("rule", "observed", "expected"),
    [pytest.param(*row[:3], id=f"{row[0]}: {row[3]}") for row in TABLE],
)
def test_foreign(rule: str, observed: Observed, expected: str) -> None:
    assert said(RULES[rule](observed)) == expected


def test_only_a_foreign_mark_is_taken_off() -> None:
    assert unmarked(MARKED).marked_id is None
    with pytest.raises(ValueError, match="foreign"):
        unmarked(journal("B", "A", marked_id="A"))


def test_a_foreign_secret_goes_within_the_windows_for_deletions_only() -> None:
    nightly = Window("0 2 * * *", timedelta(hours=2), UTC)
    waits = replace(NAMES_X, spec=spec(NAMES_X.spec, retirement={"windows": (nightly,)}))
    assert RULES["foreign_secret_can_be_deleted"](view(REST, of=waits, listed="A X")) is None
    night = view(REST, of=waits, listed="A X", minutes=14.5 * 60)
    assert said(RULES["foreign_secret_can_be_deleted"](night)) == "MarkForDeletion RetiringForeign"
