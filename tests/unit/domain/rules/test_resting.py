"""At rest: requests, the schedule, and a current secret that is gone."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from cognito_secret_operator.domain.actions import Stage, Wait
from cognito_secret_operator.domain.journal.journal import Origin, Outcome
from cognito_secret_operator.domain.model import Trigger
from cognito_secret_operator.domain.observed import Memory, Observed
from cognito_secret_operator.domain.plan import plan
from cognito_secret_operator.domain.spec import Recovery, SecretKeyRef, StatusFacts
from cognito_secret_operator.domain.windows import Window

from support.builders import (
    NOON,
    at,
    journal,
    listing,
    problem,
    refused,
    remote,
    resource,
    rules_of,
    said,
    secret,
    spec,
    view,
)

RULES = rules_of("resting")
YOUNG, OLD = journal("A"), journal(secret("A", days=30))
VALUELESS = journal(secret("A", has_value=False), published=None)
ASKED = resource(rotate="now")
WANTED = replace(YOUNG, initial_is_wanted=True)
GIVEN = resource(spec(rotation={"initial_value_from": SecretKeyRef("old-provider", "value")}))
MANUAL = resource(spec(recovery=Recovery.MANUAL))
DELETED = replace(resource(), is_being_deleted=True)
GONE = Memory(first_pass_at=NOON, listing=listing("X"), missing={"A": at(-6)})

TWO_HOURS = timedelta(hours=2)
NIGHTLY = resource(spec(rotation={"windows": (Window("0 2 * * *", TWO_HOURS, UTC),)}))
AT_NOON = resource(spec(rotation={"windows": (Window("0 12 * * *", TWO_HOURS, UTC),)}))
BY_WINDOWS = resource(spec(AT_NOON.spec, rotation={"is_by_windows": True}))
ADOPTED = journal(secret("A", origin=Origin.DESCRIBE))
LISTED = Memory(first_pass_at=NOON, listing=listing("A"))

TABLE = [
    (
        "first_rotation_is_previewed",
        view(ADOPTED, memory=LISTED),
        "Look CONSUMERS",
        "adopted and never rotated",
    ),
    (
        "first_rotation_is_previewed",
        view(ADOPTED),
        "",
        "adopted, but this process has not looked at Cognito: a restart asks nothing",
    ),
    (
        "first_rotation_is_previewed",
        view(ADOPTED, memory=replace(LISTED, previewed_at=at(-59))),
        "",
        "adopted, and it was read less than six List periods ago",
    ),
    (
        "first_rotation_is_previewed",
        view(ADOPTED, memory=replace(LISTED, previewed_at=at(-60))),
        "Look CONSUMERS",
        "adopted, and it was read six List periods ago",
    ),
    (
        "first_rotation_is_previewed",
        view(ADOPTED, memory=LISTED, seen=problem()),
        "",
        "adopted, and reading it failed",
    ),
    (
        "first_rotation_is_previewed",
        view(journal("A"), memory=LISTED),
        "",
        "the current secret is the operator's own",
    ),
    ("rotation_is_requested", view(YOUNG), "", "nobody asks"),
    ("rotation_is_requested", view(YOUNG, of=ASKED), "Look LISTING", "a token: what is there?"),
    ("rotation_is_requested", view(YOUNG, of=ASKED, listed="A"), "Stage Staging", "a new token"),
    (
        "rotation_is_requested",
        view(journal(handled="now"), of=ASKED, listed="A"),
        "",
        "a token that was handled",
    ),
    (
        "rotation_is_requested",
        view(YOUNG, of=ASKED, listed="A X"),
        "Hold SlotsBlocked",
        "a new token, but both slots are taken",
    ),
    ("current_is_missing", view(YOUNG), "", "nobody misses it"),
    (
        "current_is_missing",
        view(YOUNG, memory=GONE, of=MANUAL),
        "Hold CurrentSecretMissing",
        "two Lists lack it, and a person is to decide",
    ),
    ("current_is_missing", view(YOUNG, memory=GONE), "Look LISTING", "two Lists lack it"),
    (
        "current_is_missing",
        view(YOUNG, memory=GONE, listed="X"),
        "Stage Staging",
        "two Lists lack it, and there is a free slot",
    ),
    (
        "current_is_missing",
        view(YOUNG, memory=GONE, listed="X Y"),
        "Hold SlotsBlocked",
        "two Lists lack it, and somebody else took both slots",
    ),
    (
        "current_is_missing",
        view(
            replace(YOUNG, rotations=(refused(finished=-59, trigger=Trigger.RECOVERY),)),
            memory=GONE,
            listed="X",
        ),
        "Wait CurrentSecretMissing",
        "two Lists lack it, and its replacement was refused just now",
    ),
    (
        "current_is_missing",
        view(replace(YOUNG, rotations=(refused(finished=-59),)), memory=GONE, listed="X"),
        "Stage Staging",
        "two Lists lack it; that the schedule's last try failed does not matter",
    ),
    (
        "current_is_missing",
        view(YOUNG, memory=GONE, listed="X", of=DELETED),
        "Wait BeingDeleted",
        "two Lists lack it, but the resource is being deleted",
    ),
    (
        "current_is_missing",
        view(YOUNG, memory=replace(GONE, missing={"A": at(-1)})),
        "",
        "Lists lack it for a minute only",
    ),
    ("initial_value_is_wanted", view(YOUNG), "", "no value of the user's is to be added"),
    ("initial_value_is_wanted", view(WANTED), "", "the resource does not name a value any more"),
    (
        "initial_value_is_wanted",
        view(WANTED, of=GIVEN),
        "Look INITIAL_VALUE",
        "the client was made without the value: which one is it?",
    ),
    ("value_is_unknown", view(YOUNG, listed="A"), "", "its value is known"),
    ("value_is_unknown", view(VALUELESS, listed="A"), "Stage Staging", "nobody knows its value"),
    (
        "value_is_unknown",
        view(replace(VALUELESS, rotations=(refused(finished=-59),)), listed="A"),
        "",
        "nobody knows its value, and a try has just failed",
    ),
    (
        "value_is_unknown",
        view(replace(VALUELESS, rotations=(refused(finished=-60),)), listed="A"),
        "Stage Staging",
        "nobody knows its value, and a try failed an hour ago",
    ),
    ("rollback_waits_for_a_person", view(OLD), "", "the last rotation went well"),
    (
        "rollback_waits_for_a_person",
        view(replace(OLD, rotations=(replace(refused(finished=-5), outcome=Outcome.ROLLED_BACK),))),
        "Hold RolledBack",
        "the last rotation was rolled back",
    ),
    ("rotation_is_due", view(YOUNG, listed="A"), "", "it is young"),
    ("rotation_is_due", view(OLD, listed="A"), "Stage Staging", "it is old"),
    (
        "rotation_is_due",
        view(OLD, listed="A", of=DELETED),
        "Wait BeingDeleted",
        "it is old, but the resource is being deleted",
    ),
    (
        "rotation_is_due",
        view(replace(OLD, rotations=(refused(finished=-59),)), listed="A"),
        "",
        "it is old, but a try has just failed",
    ),
    (
        "rotation_is_due",
        view(OLD, listed=""),
        "Hold PublicClient",
        "it is old, and the client has no secret at all",
    ),
    ("rotation_is_due", view(OLD, of=NIGHTLY, listed="A"), "", "it is old, and no window is open"),
    (
        "rotation_is_due",
        view(OLD, of=AT_NOON, listed="A", minutes=60),
        "Stage Staging",
        "it is old, and a window is open",
    ),
    ("rotation_is_due", view(YOUNG, of=AT_NOON, listed="A", minutes=60), "", "it is young"),
    (
        "rotation_is_due",
        view(YOUNG, of=BY_WINDOWS, listed="A", minutes=60),
        "Stage Staging",
        "it is young, and windows alone are the schedule",
    ),
    (
        "rotation_is_requested",
        view(YOUNG, of=replace(NIGHTLY, rotate_token="now"), listed="A"),
        "Stage Staging",
        "a person's request waits for no window",
    ),
    (
        "value_is_unknown",
        view(VALUELESS, of=NIGHTLY, listed="A"),
        "Stage Staging",
        "nobody knows its value: the first secret of our own waits for no window",
    ),
    (
        "rotation_waits_for_its_window",
        view(OLD, of=NIGHTLY),
        "Wait AwaitingWindow",
        "it is old, and the window opens at night",
    ),
    ("rotation_waits_for_its_window", view(YOUNG, of=NIGHTLY), "", "it is young"),
    ("rotation_waits_for_its_window", view(OLD, of=AT_NOON, minutes=60), "", "a window is open"),
    ("rotation_waits_for_its_window", view(OLD), "", "there are no windows"),
    ("slot_is_taken", view(YOUNG), "", "nobody has looked yet"),
    ("slot_is_taken", view(YOUNG, listed="A"), "", "the other slot is free"),
    ("slot_is_taken", view(YOUNG, listed="A X"), "Wait SlotTaken", "a foreign secret has a slot"),
    (
        "slot_is_taken",
        view(YOUNG, memory=Memory(NOON, listing=listing("A X"))),
        "Wait SlotTaken",
        "a foreign secret had a slot at the last look",
    ),
    (
        "slot_is_taken",
        view(YOUNG, of=resource(status=StatusFacts(listed_at=NOON, foreign=(remote("X"),)))),
        "Wait SlotTaken",
        "a foreign secret had a slot as status tells, and this process has not looked yet",
    ),
    ("nothing_is_to_be_done", view(YOUNG), "Wait NotDue", "there is nothing to do"),
]


@pytest.mark.parametrize(
    ("rule", "observed", "expected"),
    [pytest.param(*row[:3], id=f"{row[0]}: {row[3]}") for row in TABLE],
)
def test_resting(rule: str, observed: Observed, expected: str) -> None:
    assert said(RULES[rule](observed)) == expected


def test_every_rule_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(RULES)


@pytest.mark.parametrize(
    ("observed", "trigger"),
    [
        pytest.param(view(YOUNG, of=ASKED, listed="A"), Trigger.REQUEST, id="by request"),
        pytest.param(view(OLD, of=ASKED, listed="A"), Trigger.REQUEST, id="a request comes first"),
        pytest.param(view(OLD, listed="A"), Trigger.SCHEDULE, id="by schedule"),
        pytest.param(view(VALUELESS, listed="A"), Trigger.INITIAL, id="for a first value"),
        pytest.param(
            view(journal("C"), memory=replace(GONE, missing={"C": at(-6)}), listed="A"),
            Trigger.RECOVERY,
            id="to recover",
        ),
    ],
)
def test_why_a_rotation_begins(observed: Observed, trigger: Trigger) -> None:
    action = plan(observed).action
    assert isinstance(action, Stage)
    assert (action.trigger, action.before) == (trigger, ("A",))
    assert action.rotate_token == observed.resource.rotate_token


def test_a_request_heals_a_client_whose_current_secret_is_gone() -> None:
    assert said(plan(view(YOUNG, of=ASKED, memory=GONE, listed="X"))) == "Stage Staging"


def test_rest_ends_at_the_next_look_at_the_latest() -> None:
    assert plan(view(YOUNG)).action == Wait(at(10))


def test_rest_ends_when_a_failed_rotation_may_be_tried_again() -> None:
    book = replace(OLD, rotations=(refused(finished=-55),))
    assert plan(view(book, memory=Memory(NOON, listing=listing("A")))).action == Wait(at(5))
