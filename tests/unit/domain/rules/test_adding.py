"""From a pending value to a secret that Cognito accepts."""

from dataclasses import replace

import pytest

from cognito_secret_operator.domain.actions import Claim, Promote, Record, Wait
from cognito_secret_operator.domain.model import Probe
from cognito_secret_operator.domain.observed import Fact, Memory, Observed
from cognito_secret_operator.domain.plan import plan
from cognito_secret_operator.domain.spec import VerificationMode

from support.builders import (
    NOON,
    at,
    journal,
    pending,
    probe,
    remote,
    resource,
    rules_of,
    said,
    spec,
    view,
)

RULES = rules_of("adding")
STAGED = journal(pending=pending())
RECORDED = journal(pending=pending("B"))
MARKED = journal(pending=pending("B"), marked_id="B")
RESTING = journal()
REQUIRING = resource(spec(verification={"mode": VerificationMode.REQUIRED}))
SKIPPING = resource(spec(verification={"mode": VerificationMode.SKIP}))


def _memory(**changes: object) -> Memory:
    return replace(Memory(first_pass_at=NOON), **changes)  # type: ignore[arg-type]


def _asked(verdict: str) -> dict[Fact, Probe]:
    return {Fact.PENDING_PROBE: probe(verdict)}


def _answer(book_pending: object) -> Memory:
    return _memory(added=(getattr(book_pending, "rotation", None), remote("B", days=0)))


TABLE = [
    (
        "pending_is_recorded",
        view(RECORDED, of=REQUIRING, probes=_asked("Unknown"), minutes=30, listed="A B"),
        "Hold VerificationRequired",
        "verification is required and nobody can be asked: nothing is published, ever so late",
    ),
    (
        "pending_is_recorded",
        view(RECORDED, of=REQUIRING, probes=_asked("Accepted")),
        "Promote Promoting",
        "verification is required, and Cognito accepts it",
    ),
    (
        "pending_is_recorded",
        view(RECORDED, of=SKIPPING),
        "Wait Verifying",
        "nobody is to be asked: the activation delay runs",
    ),
    (
        "pending_is_recorded",
        view(RECORDED, of=SKIPPING, minutes=1, listed="A B"),
        "Promote Promoting",
        "nobody is to be asked: the activation delay has passed, and List shows it",
    ),
    (
        "claim_has_lapsed",
        view(STAGED, of=SKIPPING, minutes=2, listed="A B"),
        "Hold PendingUnconfirmed",
        "nobody is to be asked, so nothing confirms whose the new secret is",
    ),
    ("add_was_answered", view(RESTING), "", "nothing is pending"),
    ("add_was_answered", view(STAGED), "", "no Add was answered"),
    (
        "add_was_answered",
        view(STAGED, memory=_answer(STAGED.pending)),
        "Record Recording",
        "our Add was answered",
    ),
    (
        "add_was_answered",
        view(RECORDED, memory=_answer(STAGED.pending)),
        "",
        "the id is recorded already",
    ),
    (
        "add_was_answered",
        view(STAGED, memory=_answer(pending(claimed=-999))),
        "",
        "the answer is an older rotation's",
    ),
    ("own_claim_sends_the_add", view(RESTING, ours=True), "", "nothing is pending"),
    ("own_claim_sends_the_add", view(STAGED), "", "the claim is another process's"),
    (
        "own_claim_sends_the_add",
        view(STAGED, ours=True),
        "Look LISTING",
        "List is asked before an Add",
    ),
    (
        "own_claim_sends_the_add",
        view(STAGED, ours=True, listed="A"),
        "Add Adding",
        "List shows what it did before",
    ),
    (
        "own_claim_sends_the_add",
        view(STAGED, ours=True, listed="A X"),
        "Hold SlotsBlocked",
        "somebody else took the free slot",
    ),
    (
        "own_claim_sends_the_add",
        view(STAGED, ours=True, memory=_memory(add_sent=True)),
        "",
        "an Add was sent under this claim",
    ),
    ("claim_still_runs", view(RESTING), "", "nothing is pending"),
    ("claim_still_runs", view(STAGED), "Wait AwaitingAnswer", "a claim that was just written"),
    (
        "claim_still_runs",
        view(STAGED, minutes=1.5),
        "Wait AwaitingAnswer",
        "at the very end of deadline and lag",
    ),
    ("claim_still_runs", view(STAGED, minutes=1.6), "", "deadline and lag have passed"),
    ("claim_has_lapsed", view(RESTING), "", "nothing is pending"),
    ("claim_has_lapsed", view(STAGED, minutes=2), "Look LISTING", "only a List can judge"),
    (
        "claim_has_lapsed",
        view(STAGED, minutes=2, listed="A"),
        "Claim Claiming",
        "nothing new appeared: the next try",
    ),
    (
        "claim_has_lapsed",
        view(STAGED, minutes=2, listed="A X"),
        "Look PENDING_PROBE",
        "one new secret: is it ours?",
    ),
    (
        "claim_has_lapsed",
        view(STAGED, minutes=2, listed="A X", probes=_asked("Accepted")),
        "Record Recording",
        "the new secret is ours",
    ),
    (
        "claim_has_lapsed",
        view(STAGED, minutes=2, listed="A X", probes=_asked("Refused")),
        "Hold PendingUnconfirmed",
        "the pending value is refused: the new secret is somebody's",
    ),
    (
        "claim_has_lapsed",
        view(STAGED, minutes=2, listed="A X", probes=_asked("Unknown")),
        "Hold PendingUnconfirmed",
        "nothing can be asked: a date confirms nothing",
    ),
    (
        "claim_has_lapsed",
        view(STAGED, minutes=2, listed="X Y"),
        "Hold PendingUnconfirmed",
        "two new secrets",
    ),
    ("refused_secret_is_marked", view(RECORDED), "", "nothing is doomed"),
    ("refused_secret_is_marked", view(MARKED), "Look LISTING", "List is asked before a Delete"),
    (
        "refused_secret_is_marked",
        view(MARKED, listed="A B"),
        "Delete NewSecretRefused",
        "both are there",
    ),
    (
        "refused_secret_is_marked",
        view(MARKED, listed="B"),
        "Hold SlotsBlocked",
        "the doomed one is the last that can be seen",
    ),
    (
        "refused_secret_is_marked",
        view(MARKED, memory=_memory(deleted=frozenset("B"))),
        "DropFromJournal NewSecretRefused",
        "our Delete was answered",
    ),
    (
        "refused_secret_is_marked",
        view(MARKED, minutes=9, listed="A"),
        "Wait NewSecretRefused",
        "a List without it may be older than the Add",
    ),
    (
        "refused_secret_is_marked",
        view(MARKED, minutes=10, listed="A"),
        "DropFromJournal NewSecretRefused",
        "a List without it that is surely younger than the Add",
    ),
    ("pending_is_recorded", view(STAGED), "", "Cognito does not have it yet"),
    ("pending_is_recorded", view(RECORDED), "Look PENDING_PROBE", "is it accepted?"),
    (
        "pending_is_recorded",
        view(RECORDED, probes=_asked("Accepted")),
        "Promote Promoting",
        "it is accepted",
    ),
    (
        "pending_is_recorded",
        view(RECORDED, minutes=4.9, probes=_asked("Refused")),
        "Wait Verifying",
        "it is refused so far",
    ),
    (
        "pending_is_recorded",
        view(RECORDED, minutes=5, probes=_asked("Refused")),
        "MarkForDeletion NewSecretRefused",
        "it is refused for good",
    ),
    (
        "pending_is_recorded",
        view(RECORDED, minutes=0.9, probes=_asked("Unknown")),
        "Wait Verifying",
        "nothing can be asked: the activation delay runs",
    ),
    (
        "pending_is_recorded",
        view(RECORDED, minutes=1, probes=_asked("Unknown")),
        "Look LISTING",
        "nothing can be asked: the activation delay has passed; is it still there?",
    ),
    (
        "pending_is_recorded",
        view(RECORDED, minutes=1, listed="A B", probes=_asked("Unknown")),
        "Promote Promoting",
        "nothing can be asked: the activation delay has passed, and List shows it",
    ),
    (
        "pending_is_recorded",
        view(RECORDED, minutes=9, listed="A", probes=_asked("Unknown")),
        "Wait Verifying",
        "nothing can be asked, and a List that may be older than the Add lacks it",
    ),
    (
        "pending_is_recorded",
        view(RECORDED, minutes=10, listed="A", probes=_asked("Unknown")),
        "MarkForDeletion NewSecretRefused",
        "nothing can be asked, and somebody deleted it meanwhile",
    ),
]


@pytest.mark.parametrize(
    ("rule", "observed", "expected"),
    [pytest.param(*row[:3], id=f"{row[0]}: {row[3]}") for row in TABLE],
)
def test_adding(rule: str, observed: Observed, expected: str) -> None:
    assert said(RULES[rule](observed)) == expected


def test_every_rule_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(RULES)


def test_the_answer_outranks_a_list_that_does_not_show_the_secret() -> None:
    seen = view(STAGED, listed="A", memory=_answer(STAGED.pending))
    assert plan(seen).action == Record(remote("B", days=0))


def test_a_claim_remembers_what_list_shows_now() -> None:
    seen = view(journal(pending=pending(before="A X")), minutes=2, listed="A")
    assert plan(seen).action == Claim(before=("A",))


def test_only_an_accepted_value_counts_as_verified() -> None:
    assert plan(view(RECORDED, probes=_asked("Accepted"))).action == Promote(verified=True)
    late = view(RECORDED, minutes=1, listed="A B", probes=_asked("Unknown"))
    assert plan(late).action == Promote(verified=False)


def test_the_wait_for_an_answer_ends_when_it_can_be_judged() -> None:
    assert plan(view(STAGED)).action == Wait(at(1.5))
