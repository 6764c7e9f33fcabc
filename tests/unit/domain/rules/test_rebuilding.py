"""A journal written anew: what is taken from the target, from List, and from an old journal."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from cognito_secret_operator.domain.actions import Rebuild
from cognito_secret_operator.domain.journal.journal import Journal, Origin
from cognito_secret_operator.domain.journal.recovery import rebuilt, taken_over
from cognito_secret_operator.domain.model import StoredSecret
from cognito_secret_operator.domain.observed import Fact, Memory, Observed
from cognito_secret_operator.domain.spec import StatusFacts, VerificationMode

from support.builders import (
    NOON,
    at,
    journal,
    listing,
    pending,
    probe,
    resource,
    rules_of,
    said,
    secret,
    spec,
    view,
)
from support.builders import target as target_of

[RULE] = rules_of("rebuilding").values()
EMPTY = journal(None, sequence=0)
REMEMBERED = resource(status=StatusFacts(journal_sequence=40, listed_at=NOON))
ACCEPTED = {Fact.TARGET_PROBE: probe("Accepted"), Fact.TARGET_PREVIOUS_PROBE: probe("Accepted")}
SILENT = {Fact.TARGET_PROBE: probe("Unknown"), Fact.TARGET_PREVIOUS_PROBE: probe("Unknown")}
EDITED = {Fact.TARGET_PROBE: probe("Refused"), Fact.TARGET_PREVIOUS_PROBE: probe("Accepted")}
RESTING = target_of(replace(journal("B"), retired=secret("A")))
OVERLAP = target_of(journal("B", "A"))
GONE = Memory(first_pass_at=NOON, listing=listing("A"), missing={"B": at(-6)})
ALL_GONE = Memory(first_pass_at=NOON, listing=listing("X"), missing={"B": at(-6), "A": at(-6)})


def seen(
    shown: StoredSecret | None,
    listed: str,
    *,
    book: Journal = EMPTY,
    probes: Mapping[Fact, object] = ACCEPTED,
    memory: Memory | None = None,
) -> Observed:
    return view(
        book,
        target_secret=shown,
        has_target=shown is not None,
        of=REMEMBERED,
        listed=listed,
        probes=probes,  # type: ignore[arg-type]
        memory=memory,
    )


TABLE = [
    (view(None), "", "there is no journal and never was"),
    (view(EMPTY, has_target=False), "", "an empty journal that nobody wrote to yet"),
    (view(journal(sequence=40), of=REMEMBERED), "", "the journal is the one that status saw"),
    (view(EMPTY, target_secret=RESTING), "Look LISTING", "nobody but the target remembers one"),
    (seen(RESTING, "B", probes={}), "Look TARGET_PROBE", "is what the target holds still right?"),
    (seen(RESTING, "B"), "Rebuild JournalRebuilt", "the target holds what Cognito has"),
    (seen(RESTING, "B", probes=SILENT), "Rebuild JournalRebuilt", "nobody can be asked"),
    (
        replace(
            seen(RESTING, "B", probes=SILENT),
            resource=replace(
                REMEMBERED, spec=spec(verification={"mode": VerificationMode.REQUIRED})
            ),
        ),
        "Hold VerificationRequired",
        "nobody can be asked, and the resource wants it",
    ),
    (seen(OVERLAP, "A B"), "Rebuild JournalRebuilt", "both secrets of an overlap are left"),
    (seen(RESTING, "B X"), "Rebuild JournalRebuilt", "there is another secret that nobody knows"),
    (seen(OVERLAP, "A"), "Wait JournalRebuilt", "one List lacks what the target calls current"),
    (
        seen(OVERLAP, "A", memory=GONE),
        "Rebuild JournalRebuilt",
        "two Lists lack it, and the previous one is left",
    ),
    (seen(OVERLAP, "A B", probes=EDITED), "Rebuild JournalRebuilt", "the current value was edited"),
    (
        seen(RESTING, "B", probes=EDITED),
        "Look DESCRIPTION",
        "the target was edited: as at adoption",
    ),
    (seen(None, "A"), "Look DESCRIPTION", "journal and target are lost: as at adoption"),
    (seen(None, "A B"), "Hold SlotsBlocked", "both are lost, and there are two secrets"),
    (
        seen(RESTING, "X", memory=ALL_GONE, probes=SILENT),
        "Look DESCRIPTION",
        "an old target was restored: its value is not taken for another secret's",
    ),
    (
        seen(RESTING, "B", book=journal("A", number=3)),
        "Rebuild JournalRebuilt",
        "an old journal was restored beside a newer target",
    ),
    (
        seen(target_of(journal("A", number=3)), "A B", book=journal("B", "A"), probes={}),
        "Rebuild JournalRebuilt",
        "an old journal was restored, and a target that is older still",
    ),
    (
        seen(RESTING, "X", book=journal("A", number=3), memory=ALL_GONE, probes=SILENT),
        "Look DESCRIPTION",
        "an old journal was restored, and nothing that it knows is left",
    ),
]


@pytest.mark.parametrize(
    ("observed", "expected"), [pytest.param(*row[:2], id=row[2]) for row in TABLE]
)
def test_journal_must_be_rebuilt(observed: Observed, expected: str) -> None:
    assert said(RULE(observed)) == expected


def _rebuild(observed: Observed) -> Rebuild:
    says = RULE(observed)
    assert says is not None
    assert isinstance(says.action, Rebuild)
    return says.action


def test_at_rest_nothing_changes_for_applications() -> None:
    found = _rebuild(seen(RESTING, "B"))
    assert (found.current.id, found.current.verified) == ("B", True)
    assert found.previous is None
    assert found.retired is not None
    assert found.retired.id == "A"
    assert found.publication_number == 7, "the target is as it should be: it is not written"


def test_in_an_overlap_the_roll_out_begins_again_and_the_deletion_waits_for_approval() -> None:
    found = _rebuild(seen(OVERLAP, "A B"))
    assert found.publication_number == 8
    assert found.previous is not None
    assert (found.previous.id, found.previous.origin) == ("A", Origin.TARGET)
    assert found.retired is None


def test_what_our_own_old_record_says_of_a_secret_holds() -> None:
    found = _rebuild(seen(OVERLAP, "A B", book=journal("A", number=6)))
    assert found.current.id == "B"
    assert found.previous == secret("A")


def test_a_pending_secret_of_an_old_record_is_no_foreign_one() -> None:
    book = journal("A", pending=pending("B"), number=7)
    shown = target_of(journal("A", number=7))
    found = _rebuild(seen(shown, "A B", book=book))
    assert found.current.id == "A"
    assert found.previous is not None
    assert found.previous.id == "B"


def test_an_unconfirmed_value_is_not_called_verified() -> None:
    found = _rebuild(seen(RESTING, "B", probes=SILENT))
    assert not found.current.verified


def test_a_foreign_secret_is_named() -> None:
    says = RULE(seen(RESTING, "B X"))
    assert says is not None
    assert "whose X is" in says.message


def test_the_sequence_goes_on_above_what_status_saw_and_the_token_is_only_recorded() -> None:
    book = journal("A", pending=pending("B"), marked_id="A", handled="old", sequence=12)
    after = rebuilt(
        book,
        current=secret("B"),
        publication_number=8,
        rotate_token="new",
        seen_sequence=40,
    )
    assert after.sequence > 40 + 40, "more than what one process writes in a row"
    assert after.handled_rotate == "new"
    assert (after.pending, after.marked_id, after.previous) == (None, None, None)
    assert (after.uid, after.namespace, after.client) == (book.uid, book.namespace, book.client)


def test_a_journal_that_is_taken_over_does_not_pass_for_a_newer_one() -> None:
    after = taken_over(journal(sequence=9), uid="journal-2", namespace="here")
    assert (after.uid, after.namespace, after.sequence) == ("journal-2", "here", 9)
