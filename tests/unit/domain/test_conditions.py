"""What a pass tells: conditions, figures, and nothing that is not known."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cognito_secret_operator.domain.journal.journal import Journal
from cognito_secret_operator.domain.observed import Memory, Observed
from cognito_secret_operator.domain.plan import plan
from cognito_secret_operator.domain.platform_policy import PlatformPolicy
from cognito_secret_operator.domain.report import ConditionType, Step
from cognito_secret_operator.domain.reporting import build_report
from cognito_secret_operator.domain.spec import Policy, Recovery, StatusFacts
from cognito_secret_operator.domain.steps import step_of

from support.builders import (
    NOON,
    SPEC,
    at,
    consumers,
    deployment,
    journal,
    listing,
    pending,
    pod,
    problem,
    resource,
    secret,
    target,
    view,
)

RESTING = journal("A")
STAGED = journal("A", pending=pending())
VERIFYING = journal("A", pending=pending("B"))
UNPUBLISHED = journal("B", "A", published=None)
ROLLING = journal("B", "A", published=-10)
MARKED = journal("B", "A", published=-10, marked_id="A")
HELD = consumers(deployment(stamp="B.7"), pod("old", born=-60))
MOVED = consumers(deployment(stamp="B.7"), pod("new", born=-5))
GONE = Memory(first_pass_at=NOON, listing=listing("X"), missing={"A": at(-6)})
SEEN = Memory(first_pass_at=NOON, listing=listing("A", minutes=-5))
STALE = Memory(first_pass_at=NOON, listing=listing("A", minutes=-31))
MANUAL = resource(replace(SPEC, recovery=Recovery.MANUAL))
OBSERVING = resource(replace(SPEC, policy=Policy.OBSERVE))
UNSEEN = resource(replace(SPEC, policy=Policy.OBSERVE), status=StatusFacts())
SUSPENDED = resource(replace(SPEC, policy=Policy.OBSERVE, suspended=True))
FROZEN = PlatformPolicy(frozen="frozen by the platform team")
EDITED = target(RESTING, data={"client-secret": "nonsense"})


def _told(observed: Observed, kind: str) -> tuple[str, str]:
    condition = build_report(observed, plan(observed)).condition(ConditionType(kind))
    return condition.status.value, condition.reason


TABLE = [
    ("Ready", view(RESTING), "True", "Published", "the target is published"),
    ("Ready", view(ROLLING, seen=HELD), "True", "Published", "in the middle of a rotation"),
    ("Ready", view(None), "False", "Reading", "nothing is there yet"),
    (
        "Ready",
        view(RESTING, target_secret=EDITED),
        "False",
        "TargetRestored",
        "somebody edited the target",
    ),
    (
        "Ready",
        view(RESTING, memory=GONE, of=MANUAL),
        "False",
        "CurrentSecretMissing",
        "the current secret is gone at Cognito",
    ),
    (
        "Ready",
        view(RESTING, memory=STALE, listed=problem()),
        "Unknown",
        "ObservationStale",
        "nobody could look at Cognito for half an hour",
    ),
    ("Ready", view(None, of=OBSERVING), "True", "Observing", "it is only observed"),
    (
        "Ready",
        view(None, of=OBSERVING, listed=problem("AccessDenied", needs_action=True)),
        "False",
        "AccessDenied",
        "it is to be observed and cannot be",
    ),
    (
        "Ready",
        view(None, of=UNSEEN, listed=problem()),
        "False",
        "TemporarilyUnavailable",
        "it is to be observed, and nobody ever could look",
    ),
    (
        "Ready",
        view(None, of=OBSERVING, listed=problem(), memory=SEEN),
        "True",
        "Observing",
        "it is only observed, and one look failed",
    ),
    (
        "Ready",
        view(None, of=OBSERVING, listed=problem(), memory=STALE),
        "Unknown",
        "ObservationStale",
        "it is only observed, and nobody could look for half an hour",
    ),
    (
        "Ready",
        replace(view(None, of=OBSERVING, memory=SEEN), platform=FROZEN),
        "True",
        "Observing",
        "it is only observed, and everything is frozen",
    ),
    (
        "Ready",
        view(None, of=SUSPENDED, memory=SEEN),
        "True",
        "Observing",
        "it is only observed, and suspended",
    ),
    ("Rotating", view(RESTING), "False", "AtRest", "nothing goes on"),
    ("Rotating", view(STAGED), "True", "AwaitingAnswer", "a value is pending"),
    ("Rotating", view(ROLLING, seen=HELD), "True", "PodsNotRolled", "pods move"),
    ("RolledOver", view(None), "Unknown", "NothingPublished", "nothing is published"),
    ("RolledOver", view(RESTING), "True", "Retired", "one secret is in use"),
    ("RolledOver", view(UNPUBLISHED), "False", "NotPublished", "the new one is not published"),
    ("RolledOver", view(ROLLING), "Unknown", "Reading", "nobody looked at the pods"),
    ("RolledOver", view(ROLLING, seen=problem()), "Unknown", "TemporarilyUnavailable", "no read"),
    ("RolledOver", view(ROLLING, seen=HELD), "False", "PodsNotRolled", "a pod holds the old one"),
    ("RolledOver", view(ROLLING, seen=MOVED), "True", "PodsRolled", "every pod has moved"),
    (
        "RolledOver",
        view(journal("B", "A", published=-60 * 73), seen=HELD),
        "False",
        "MaxOverlapExceeded",
        "both are valid for too long",
    ),
    ("Verified", view(None), "Unknown", "NothingAdopted", "nothing is adopted"),
    ("Verified", view(RESTING), "True", "Accepted", "Cognito accepted it"),
    (
        "Verified",
        view(journal(secret("A", verified=False))),
        "Unknown",
        "VerificationUnavailable",
        "nothing could be asked",
    ),
    ("Overdue", view(None), "Unknown", "NothingAdopted", "nothing is adopted"),
    ("Overdue", view(RESTING), "False", "WithinMaxAge", "the secret is young"),
    (
        "Overdue",
        view(journal(secret("A", days=34))),
        "True",
        "MaxAgeExceeded",
        "the secret is old",
    ),
    ("Reconciling", view(None), "True", "Reading", "the first pass"),
    ("Reconciling", view(RESTING), "False", "Published", "at rest"),
    ("Reconciling", view(ROLLING, seen=HELD), "False", "Published", "in an overlap"),
    ("Reconciling", view(None, listed="A X"), "False", "SlotsBlocked", "it is stalled"),
    ("Stalled", view(RESTING), "False", "NotStalled", "at rest"),
    ("Stalled", view(None, listed="A X"), "True", "SlotsBlocked", "a person is needed"),
    ("Stalled", view(None, listed=problem()), "False", "NotStalled", "a read failed for once"),
]


@pytest.mark.parametrize(
    ("kind", "observed", "status", "reason"),
    [pytest.param(*row[:4], id=f"{row[0]} is {row[2]}: {row[4]}") for row in TABLE],
)
def test_conditions(kind: str, observed: Observed, status: str, reason: str) -> None:
    assert _told(observed, kind) == (status, reason)


def test_every_condition_is_in_the_table_and_told_in_every_report() -> None:
    assert {row[0] for row in TABLE} == {kind.value for kind in ConditionType}
    for row in TABLE:
        told = build_report(row[1], plan(row[1])).conditions
        assert [condition.type for condition in told] == list(ConditionType)


@pytest.mark.parametrize(
    ("observed", "step"),
    [
        pytest.param(view(None), Step.IDLE, id="nothing"),
        pytest.param(view(RESTING), Step.IDLE, id="at rest"),
        pytest.param(view(STAGED), Step.STAGED, id="a value is staged"),
        pytest.param(view(VERIFYING), Step.VERIFYING, id="Cognito has it"),
        pytest.param(view(UNPUBLISHED), Step.PUBLISHING, id="it is promoted"),
        pytest.param(view(ROLLING, minutes=-9.5), Step.SETTLING, id="it is published"),
        pytest.param(view(ROLLING, seen=HELD), Step.ROLLING_OUT, id="pods move"),
        pytest.param(view(ROLLING, seen=MOVED), Step.OVERLAP, id="pods have moved"),
        pytest.param(view(MARKED, seen=MOVED), Step.RETIRING, id="the previous one is doomed"),
    ],
)
def test_the_step_is_derived(observed: Observed, step: Step) -> None:
    assert step_of(observed) is step


def test_a_report_names_every_secret_by_its_role() -> None:
    seen = view(ROLLING, listed="A B", seen=MOVED)
    seen = replace(
        seen, memory=replace(seen.memory, listing=listing("A B X")), listing=listing("A B X")
    )
    told = build_report(seen, plan(seen))
    assert {one.id: one.role.value for one in told.secrets} == {
        "A": "Previous",
        "B": "Current",
        "X": "Foreign",
    }


@pytest.mark.parametrize(
    ("book", "listed", "told"),
    [
        pytest.param(RESTING, "A", {"A": "Current"}, id="Cognito shows what the journal knows"),
        pytest.param(
            RESTING, "A X", {"A": "Previous", "X": "Current"}, id="somebody added one by hand"
        ),
        pytest.param(RESTING, "X", {"X": "Current"}, id="somebody replaced the journal's by hand"),
        pytest.param(ROLLING, "A B", {"A": "Previous", "B": "Current"}, id="a rotation was on"),
        pytest.param(ROLLING, "A", {"A": "Current"}, id="somebody deleted the new one by hand"),
        pytest.param(
            VERIFYING, "A B", {"A": "Current", "B": "Pending"}, id="the new one was not published"
        ),
        pytest.param(
            None, "A X", {"A": "Previous", "X": "Current"}, id="there never was a journal"
        ),
    ],
)
def test_where_we_only_observe_the_newest_secret_that_cognito_shows_is_the_current_one(
    book: Journal | None, listed: str, told: dict[str, str]
) -> None:
    gone = {one: at(-6) for one in "AB" if one not in listed}
    memory = Memory(first_pass_at=NOON, listing=listing(listed), missing=gone)
    seen = view(book, of=OBSERVING, memory=memory)
    secrets = build_report(seen, plan(seen)).secrets
    assert {one.id: one.role.value for one in secrets} == told
    assert len(secrets) == len(told)


def test_the_sequence_never_falls_behind_what_status_saw() -> None:
    seen = view(None, of=resource(status=StatusFacts(journal_sequence=99)))
    assert build_report(seen, plan(seen)).journal_sequence == 99


@pytest.mark.parametrize("changes", [{"suspended": True}, {"policy": Policy.OBSERVE}])
def test_no_next_rotation_is_promised_where_none_will_come(changes: dict[str, object]) -> None:
    seen = view(RESTING, of=resource(replace(SPEC, **changes)))  # type: ignore[arg-type]
    assert build_report(seen, plan(seen)).next_rotation_at is None


def test_the_next_rotation_is_told() -> None:
    told = build_report(view(RESTING), plan(view(RESTING))).next_rotation_at
    assert told is not None
    assert NOON + timedelta(days=28) <= told <= NOON + timedelta(days=29)


def test_a_secret_whose_delete_was_answered_is_not_told_as_foreign_by_a_stale_list() -> None:
    memory = Memory(first_pass_at=NOON, listing=listing("A B"), deleted=frozenset("A"))
    seen = view(journal("B"), memory=memory)
    assert [one.id for one in build_report(seen, plan(seen)).secrets] == ["B"]


def test_a_report_holds_no_value() -> None:
    for row in TABLE:
        assert "value of" not in repr(build_report(row[1], plan(row[1])))


@pytest.mark.parametrize(
    ("book", "told"),
    [
        pytest.param(journal("B", "A", published=-10), 7, id="it was read back and recorded"),
        pytest.param(journal("B", "A", published=None), None, id="it is on its way"),
        pytest.param(None, None, id="there is no journal"),
    ],
)
def test_the_publication_is_told_once_it_is_recorded(
    book: Journal | None, told: int | None
) -> None:
    seen = view(book)
    assert build_report(seen, plan(seen)).publication == told
