from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cognito_secret_operator.domain.journal.journal import Origin, Outcome, Rotation
from cognito_secret_operator.domain.model import ClientRef, Trigger
from cognito_secret_operator.domain.preview import Preview
from cognito_secret_operator.domain.report import (
    Condition,
    ConditionType,
    Report,
    ReportedSecret,
    Role,
    Step,
    Truth,
)
from cognito_secret_operator.domain.reporting import invalid_report
from cognito_secret_operator.reasons import Reason
from cognito_secret_operator.wire.status import invalid_status, status_of, status_patch

NOW = datetime(2026, 11, 21, 12, 0, 0, 999_999, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)

READY = Condition(ConditionType.READY, Truth.TRUE, Reason.PUBLISHED, "the target is usable")
ROTATION = Rotation(
    trigger=Trigger.SCHEDULE,
    started_at=NOW - timedelta(hours=3),
    secret_id="two",
    retired_id="one",
    finished_at=NOW - timedelta(hours=1),
    outcome=Outcome.SUCCESS,
    add_request_id="request-1",
    delete_request_id="request-2",
)
REPORT = Report(
    client=ClientRef("eu-west-1_AbCdEfGhI", "1example23456789"),
    target_name="orders",
    generation=3,
    conditions=(
        READY,
        Condition(ConditionType.OVERDUE, Truth.FALSE, Reason.WITHIN_MAX_AGE, "3 days old"),
    ),
    step=Step.IDLE,
    suspended=False,
    interval=timedelta(days=90),
    max_age=timedelta(days=99),
    max_overlap=timedelta(hours=72),
    journal_sequence=7,
    secrets=(ReportedSecret("two", Role.CURRENT, NOW - timedelta(days=3), Origin.OPERATOR),),
    listed_at=NOW,
    holders=("Pod a", "Pod b"),
    next_rotation_at=datetime(2027, 2, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    waits_for=(Reason.NOT_DUE, "nothing to do"),
    rotations=(ROTATION,),
    publication=2,
)


def transitions(status: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["type"], one["lastTransitionTime"]) for one in status["conditions"]]


def test_a_report_is_rendered_whole() -> None:
    assert status_of(REPORT, {}, NOW) == {
        "observedGeneration": 3,
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "observedGeneration": 3,
                "lastTransitionTime": "2026-11-21T12:00:00Z",
                "reason": "Published",
                "message": "the target is usable",
            },
            {
                "type": "Overdue",
                "status": "False",
                "observedGeneration": 3,
                "lastTransitionTime": "2026-11-21T12:00:00Z",
                "reason": "WithinMaxAge",
                "message": "3 days old",
            },
        ],
        "step": "Idle",
        "journalSequence": 7,
        "targetName": "orders",
        "publication": 2,
        "secrets": [
            {
                "id": "two",
                "role": "Current",
                "createdAt": "2026-11-18T12:00:00Z",
                "origin": "Operator",
            }
        ],
        "secretCount": 1,
        "currentCreatedAt": "2026-11-18T12:00:00Z",
        "listedAt": "2026-11-21T12:00:00Z",
        "podsToMove": {"count": 2, "names": ["Pod a", "Pod b"]},
        "nextRotationAt": "2027-02-01T00:00:00Z",
        "waitsFor": {"reason": "NotDue", "message": "nothing to do"},
        "lastRotationAt": "2026-11-21T11:00:00Z",
        "rotations": [
            {
                "trigger": "Schedule",
                "startedAt": "2026-11-21T09:00:00Z",
                "finishedAt": "2026-11-21T11:00:00Z",
                "outcome": "Success",
                "secretId": "two",
                "retiredId": "one",
                "addRequestId": "request-1",
                "deleteRequestId": "request-2",
            }
        ],
    }


def test_what_is_not_known_is_not_there() -> None:
    unknown = replace(
        REPORT,
        secrets=(),
        listed_at=None,
        holders=None,
        next_rotation_at=None,
        rotations=(),
        publication=None,
    )
    status = status_of(unknown, {}, NOW)
    assert set(status) == {
        "observedGeneration",
        "conditions",
        "step",
        "journalSequence",
        "targetName",
        "waitsFor",
        "rotations",
    }


def test_a_client_without_secrets_has_the_count_zero_once_somebody_looked() -> None:
    assert status_of(replace(REPORT, secrets=()), {}, NOW)["secretCount"] == 0


def test_at_most_ten_names_are_shown_and_all_are_counted() -> None:
    status = status_of(replace(REPORT, holders=tuple(f"Pod {n}" for n in range(12))), {}, NOW)
    assert status["podsToMove"]["count"] == 12
    assert status["podsToMove"]["names"] == [f"Pod {n}" for n in range(10)]


def test_the_last_five_rotations_are_shown_the_newest_first() -> None:
    rotations = tuple(replace(ROTATION, secret_id=str(number)) for number in range(7))
    status = status_of(replace(REPORT, rotations=rotations), {}, NOW)
    assert [one["secretId"] for one in status["rotations"]] == ["6", "5", "4", "3", "2"]


def test_a_refused_rotation_is_shown_and_is_not_the_last_successful_one() -> None:
    refused = replace(ROTATION, outcome=Outcome.REFUSED, finished_at=NOW, retired_id="")
    status = status_of(replace(REPORT, rotations=(ROTATION, refused)), {}, NOW)
    assert status["rotations"][0]["outcome"] == "Refused"
    assert "retiredId" not in status["rotations"][0]
    assert status["lastRotationAt"] == "2026-11-21T11:00:00Z"


def test_a_condition_keeps_its_transition_time_while_its_status_stays() -> None:
    before = status_of(REPORT, {}, NOW)
    reworded = replace(
        REPORT,
        generation=4,
        conditions=(replace(READY, reason=Reason.OBSERVING), REPORT.conditions[1]),
    )
    after = status_of(reworded, before, LATER)
    assert transitions(after) == transitions(before)
    assert after["conditions"][0]["reason"] == "Observing"
    assert after["conditions"][0]["observedGeneration"] == 4


@pytest.mark.parametrize("status", [Truth.FALSE, Truth.UNKNOWN])
def test_a_condition_whose_status_changes_gets_a_new_transition_time(status: Truth) -> None:
    before = status_of(REPORT, {}, NOW)
    changed = replace(REPORT, conditions=(replace(READY, status=status), REPORT.conditions[1]))
    assert transitions(status_of(changed, before, LATER)) == [
        ("Ready", "2026-11-21T12:10:00Z"),
        ("Overdue", "2026-11-21T12:00:00Z"),
    ]


def test_a_condition_without_a_transition_time_gets_one() -> None:
    old = {"conditions": [{"type": "Ready", "status": "True"}]}
    assert status_of(REPORT, old, NOW)["conditions"][0]["lastTransitionTime"]


def test_the_highest_sequence_of_the_journal_is_never_lowered() -> None:
    assert status_of(REPORT, {"journalSequence": 9}, NOW)["journalSequence"] == 9
    assert status_of(REPORT, {"journalSequence": 5}, NOW)["journalSequence"] == 7


def test_a_message_too_long_for_the_schema_is_cut() -> None:
    long = replace(REPORT, conditions=(replace(READY, message="x" * 40_000),))
    message = status_of(long, {}, NOW)["conditions"][0]["message"]
    assert len(message) == 1024
    assert message.endswith("x…")


def test_an_invalid_spec_stalls_the_resource_and_leaves_the_rest_of_status() -> None:
    before = status_of(REPORT, {}, NOW)
    client = ClientRef("eu-west-1_AbCdEfGhI", "1example")
    report = invalid_report(client, 4, Reason.INVALID_SPEC, "spec.policy: must be something else")
    after = invalid_status(report, before, LATER)
    said = {one["type"]: (one["status"], one["reason"]) for one in after["conditions"]}
    assert said == {
        "Ready": ("False", "InvalidSpec"),
        "Reconciling": ("False", "InvalidSpec"),
        "Stalled": ("True", "InvalidSpec"),
        "Overdue": ("False", "WithinMaxAge"),
    }
    assert after["observedGeneration"] == 4
    assert after["secrets"] == before["secrets"]
    assert status_patch(after, invalid_status(report, after, LATER + timedelta(1))) is None


class TestPatch:
    def test_an_identical_report_is_not_written(self) -> None:
        before = status_of(REPORT, {}, NOW)
        assert status_patch(before, status_of(REPORT, before, LATER)) is None

    def test_another_look_at_cognito_alone_is_not_written(self) -> None:
        before = status_of(REPORT, {}, NOW)
        looked = status_of(replace(REPORT, listed_at=LATER), before, LATER)
        assert status_patch(before, looked) is None

    def test_the_time_of_the_look_goes_along_with_other_changes(self) -> None:
        before = status_of(REPORT, {}, NOW)
        moved = replace(REPORT, listed_at=LATER, step=Step.STAGED)
        assert status_patch(before, status_of(moved, before, LATER)) == {
            "step": "Staged",
            "listedAt": "2026-11-21T12:10:00Z",
        }

    def test_a_key_that_vanished_is_deleted(self) -> None:
        before = status_of(REPORT, {}, NOW)
        after = status_of(replace(REPORT, next_rotation_at=None), before, LATER)
        assert status_patch(before, after) == {"nextRotationAt": None}

    def test_a_key_that_an_older_version_wrote_is_deleted(self) -> None:
        status = status_of(REPORT, {}, NOW)
        assert status_patch({**status, "phase": "Old"}, status) == {"phase": None}

    def test_a_patch_holds_the_whole_list_of_conditions(self) -> None:
        before = status_of(REPORT, {}, NOW)
        worse = replace(
            REPORT,
            conditions=(replace(READY, reason=Reason.OBSERVATION_STALE), REPORT.conditions[1]),
        )
        after = status_of(worse, before, LATER)
        assert status_patch(before, after) == {"conditions": after["conditions"]}

    def test_inside_an_object_only_what_changed_is_written(self) -> None:
        old = {"podsToMove": {"count": 2, "names": ["a"], "since": "x"}}
        assert status_patch(old, {"podsToMove": {"count": 3, "names": ["a"]}}) == {
            "podsToMove": {"count": 3, "since": None}
        }

    def test_the_first_status_is_written_whole(self) -> None:
        status = status_of(REPORT, {}, NOW)
        assert status_patch({}, status) == status


def test_a_preview_stays_until_another_is_made_or_the_first_rotation_begins() -> None:
    preview = Preview(("Deployment/web",), ("Pod/shell: nobody restarts it",))
    shown = {"wouldRestart": ["Deployment/web"], "cannotProve": ["Pod/shell: nobody restarts it"]}
    made = status_of(replace(REPORT, previewed=True, preview=preview), {}, NOW)
    kept = status_of(replace(REPORT, previewed=True), made, NOW)
    over = status_of(REPORT, kept, NOW)
    assert [made["preview"], kept["preview"], over.get("preview")] == [shown, shown, None]


def test_of_a_long_preview_ten_names_and_a_number_are_shown() -> None:
    many = Preview(tuple(f"Deployment/{number}" for number in range(13)), ())
    status = status_of(replace(REPORT, previewed=True, preview=many), {}, NOW)
    assert status["preview"]["wouldRestart"][9:] == ["Deployment/9", "and 3 more"]
