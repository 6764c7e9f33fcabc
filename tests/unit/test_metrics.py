import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from cognito_secret_operator import __version__
from cognito_secret_operator.adapters.cognito_answers import OPERATIONS
from cognito_secret_operator.domain.journal.journal import Origin, Outcome, RetiredBy, Rotation
from cognito_secret_operator.domain.model import ClientRef, ResourceKey, Trigger
from cognito_secret_operator.domain.report import (
    Condition,
    ConditionType,
    Report,
    ReportedSecret,
    Role,
    Step,
    Truth,
)
from cognito_secret_operator.metrics import AWS_OPERATIONS, METRICS, RESULTS, Metrics
from cognito_secret_operator.reasons import Reason
from cognito_secret_operator.service.ports import Drift

KEY = ResourceKey("shop", "orders-api")
WHERE = {"namespace": "shop", "name": "orders-api"}
NOW = datetime(2030, 1, 1, tzinfo=UTC)
OBJECT = "cognito_client_secret_"
PROCESS = "cognito_secret_operator_"


def rotation(outcome: Outcome, days: int) -> Rotation:
    begin = NOW - timedelta(days=days)
    return Rotation(Trigger.SCHEDULE, begin, finished_at=begin, outcome=outcome)


REPORT = Report(
    client=ClientRef("eu-west-1_AbC", "1example"),
    target_name="orders-secret",
    generation=1,
    conditions=(
        Condition(
            ConditionType.READY, Truth.TRUE, Reason.PUBLISHED, "a message that nobody shall see"
        ),
        Condition(
            ConditionType.VERIFIED,
            Truth.UNKNOWN,
            Reason.VERIFICATION_UNAVAILABLE,
            "neither this one",
        ),
    ),
    step=Step.OVERLAP,
    suspended=False,
    interval=timedelta(days=90),
    max_age=timedelta(days=99),
    max_overlap=timedelta(hours=72),
    journal_sequence=7,
    secrets=(
        ReportedSecret("A", Role.PREVIOUS, NOW - timedelta(days=90), Origin.DESCRIBE),
        ReportedSecret("B", Role.CURRENT, NOW - timedelta(hours=1), Origin.OPERATOR),
    ),
    listed_at=NOW,
    holders=("pod/a", "pod/b"),
    next_rotation_at=NOW + timedelta(days=89),
    waits_for=(Reason.NOT_DUE, "nothing to do"),
    rotation_started_at=NOW - timedelta(hours=2),
    step_started_at=NOW - timedelta(minutes=10),
    rotations=(rotation(Outcome.SUCCESS, 180), rotation(Outcome.SUCCESS, 90)),
)


def samples(metrics: Metrics) -> Iterator[Sample]:
    body, content_type = metrics.render()
    assert content_type.startswith("text/plain")
    for family in text_string_to_metric_families(body.decode()):
        yield from family.samples


def value(metrics: Metrics, series: str, /, **labels: str) -> float | None:
    found = [
        sample.value
        for sample in samples(metrics)
        if sample.name == series and sample.labels.items() >= labels.items()
    ]
    assert len(found) <= 1
    return found[0] if found else None


def of_object(report: Report, name: str, /, **labels: str) -> float | None:
    metrics = Metrics()
    metrics.publish(KEY, report)
    return value(metrics, OBJECT + name, **WHERE, **labels)


def object_series(metrics: Metrics) -> list[Sample]:
    return [sample for sample in samples(metrics) if sample.name.startswith(OBJECT)]


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("info", {"user_pool_id": "eu-west-1_AbC", "region": "eu-west-1"}, 1),
        ("info", {"client_id": "1example", "target_secret": "orders-secret"}, 1),
        ("status_condition", {"type": "Ready", "status": "True"}, 1),
        ("status_condition", {"type": "Ready", "status": "False"}, 0),
        ("status_condition", {"type": "Verified", "status": "Unknown"}, 1),
        ("created_timestamp_seconds", {"slot": "current"}, NOW.timestamp() - 3600),
        ("created_timestamp_seconds", {"slot": "previous"}, NOW.timestamp() - 90 * 86400),
        ("last_rotation_timestamp_seconds", {}, NOW.timestamp() - 90 * 86400),
        ("next_rotation_timestamp_seconds", {}, NOW.timestamp() + 89 * 86400),
        ("rotation_interval_seconds", {}, 90 * 86400),
        ("max_age_seconds", {}, 99 * 86400),
        ("max_overlap_seconds", {}, 72 * 3600),
        ("rotation_started_timestamp_seconds", {}, NOW.timestamp() - 7200),
        ("rotation_step_started_timestamp_seconds", {}, NOW.timestamp() - 600),
        ("waits_for", {"reason": "NotDue"}, 1),
        ("foreign_secrets", {}, 0),
        ("rotation_step", {"step": "Overlap"}, 1),
        ("rotation_step", {"step": "Idle"}, 0),
        ("active_secrets", {}, 2),
        ("pods_on_previous", {}, 2),
        ("suspended", {}, 0),
        ("observed_timestamp_seconds", {}, NOW.timestamp()),
    ],
)
def test_a_report_is_rendered(name: str, labels: dict[str, str], expected: float) -> None:
    assert of_object(REPORT, name, **labels) == expected


def test_a_suspended_resource_has_no_next_rotation() -> None:
    suspended = replace(REPORT, suspended=True)
    assert of_object(suspended, "suspended") == 1
    assert of_object(suspended, "next_rotation_timestamp_seconds") == 0


def test_a_start_that_was_missed_is_told_until_it_is_made_good() -> None:
    missed = replace(REPORT, missed_since=NOW - timedelta(hours=5))
    assert of_object(missed, "next_rotation_timestamp_seconds") == NOW.timestamp() - 5 * 3600
    resting = replace(missed, suspended=True)
    assert of_object(resting, "next_rotation_timestamp_seconds") == 0


@pytest.mark.parametrize(
    ("name", "report"),
    [
        ("next_rotation_timestamp_seconds", replace(REPORT, next_rotation_at=None)),
        ("observed_timestamp_seconds", replace(REPORT, listed_at=None)),
        ("last_rotation_timestamp_seconds", replace(REPORT, rotations=())),
        (
            "last_rotation_timestamp_seconds",
            replace(REPORT, rotations=(rotation(Outcome.REFUSED, 1),)),
        ),
    ],
)
def test_a_time_that_never_was_is_zero(name: str, report: Report) -> None:
    assert of_object(report, name) == 0


def test_nobody_asked_is_not_nobody_left() -> None:
    unknown = replace(REPORT, holders=None)
    assert of_object(unknown, "pods_on_previous") is None
    alone = replace(unknown, secrets=REPORT.secrets[1:])
    assert of_object(alone, "pods_on_previous") == 0
    assert of_object(replace(REPORT, holders=()), "pods_on_previous") == 0


def test_declared_consumers_are_counted_apart_from_pods() -> None:
    everybody = ("Pod/a", "Acknowledgement/b", "Acknowledgement/delayed")
    both = replace(REPORT, holders=everybody, outside_holders=2, missing_acknowledgements=1)
    assert of_object(both, "pods_on_previous") == 1
    assert of_object(both, "acknowledgements_missing") == 1


def test_a_slot_that_is_empty_has_no_creation_date() -> None:
    alone = replace(REPORT, secrets=REPORT.secrets[1:])
    assert of_object(alone, "created_timestamp_seconds", slot="previous") is None


def test_a_forgotten_resource_leaves_no_series() -> None:
    metrics = Metrics()
    other = ResourceKey("shop", "billing")
    metrics.publish(KEY, REPORT)
    metrics.publish(other, REPORT)
    metrics.forget(KEY)
    assert {sample.labels["name"] for sample in object_series(metrics)} == {"billing"}
    metrics.forget(other)
    metrics.forget(other)
    assert object_series(metrics) == []


def test_a_new_report_replaces_the_old_one_with_all_its_labels() -> None:
    metrics = Metrics()
    metrics.publish(KEY, REPORT)
    metrics.publish(KEY, replace(REPORT, target_name="other-secret"))
    assert value(metrics, f"{OBJECT}info", **WHERE, target_secret="orders-secret") is None
    assert value(metrics, f"{OBJECT}info", **WHERE, target_secret="other-secret") == 1


def test_a_resource_costs_few_series_and_tells_no_message() -> None:
    metrics = Metrics()
    every = tuple(
        Condition(kind, Truth.FALSE, Reason.AT_REST, "secret text") for kind in ConditionType
    )
    metrics.publish(KEY, replace(REPORT, conditions=every))
    series = object_series(metrics)
    assert len(series) <= 46
    assert "secret text" not in str(series)


def test_known_series_begin_at_zero() -> None:
    metrics = Metrics()
    for trigger in Trigger:
        for outcome in Outcome:
            labels = {"result": outcome.name.lower(), "trigger": trigger.name.lower()}
            assert value(metrics, f"{PROCESS}rotations_total", **labels) == 0
    for result in RESULTS:
        assert value(metrics, f"{PROCESS}reconciles_total", result=result) == 0
    for operation in OPERATIONS:
        name = f"{PROCESS}aws_requests_total"
        assert value(metrics, name, operation=operation, code="OK") == 0
    unknown = {"version": __version__, "revision": "unknown"}
    assert value(metrics, f"{PROCESS}build_info", **unknown) == 1


def test_the_revision_tells_which_commit_runs() -> None:
    built = {"version": __version__, "revision": "0ff1ce"}
    assert value(Metrics("0ff1ce"), f"{PROCESS}build_info", **built) == 1


def test_the_operations_are_those_of_the_adapter() -> None:
    assert AWS_OPERATIONS == OPERATIONS


def test_what_happens_is_counted() -> None:
    metrics = Metrics()
    metrics.rotation_finished(Trigger.REQUEST, Outcome.SUCCESS)
    metrics.rotation_took(timedelta(hours=2), timedelta(hours=1))
    metrics.rotation_took(timedelta(hours=2), None)
    metrics.step_took(Step.SETTLING, timedelta(seconds=61))
    metrics.drifted(Drift.TARGET)
    metrics.reconcile_took(0.5)
    metrics.retired_by_order(RetiredBy.MAX_OVERLAP)
    metrics.reconciled("effect")
    metrics.aws_call("AddUserPoolClientSecret", "OK", 0.2)
    metrics.quota_waited("AddUserPoolClientSecret", 1.5)
    metrics.watch_queue(depth=lambda: 3, oldest_age=lambda: 5.0, heartbeat_age=lambda: 60.0)
    labels = {"result": "success", "trigger": "request"}
    add = {"operation": "AddUserPoolClientSecret"}
    assert value(metrics, f"{PROCESS}rotations_total", **labels) == 1
    assert value(metrics, f"{PROCESS}rotation_duration_seconds_count") == 2
    assert value(metrics, f"{PROCESS}rotation_duration_seconds_bucket", le="7200.0") == 2
    assert value(metrics, f"{PROCESS}overlap_seconds_sum") == 3600
    assert value(metrics, f"{PROCESS}step_duration_seconds_sum", step="Settling") == 61
    assert value(metrics, f"{PROCESS}step_duration_seconds_count", step="Overlap") == 0
    assert value(metrics, f"{PROCESS}drift_total", kind="target") == 1
    assert value(metrics, f"{PROCESS}drift_total", kind="journal") == 0
    assert value(metrics, f"{PROCESS}reconcile_duration_seconds_count") == 1
    assert value(metrics, f"{PROCESS}forced_retirements_total", retired_by="max_overlap") == 1
    assert value(metrics, f"{PROCESS}forced_retirements_total", retired_by="override") == 0
    assert value(metrics, f"{PROCESS}reconciles_total", result="effect") == 1
    assert value(metrics, f"{PROCESS}aws_requests_total", code="OK", **add) == 1
    assert value(metrics, f"{PROCESS}aws_request_duration_seconds_count", **add) == 1
    assert value(metrics, f"{PROCESS}aws_request_duration_seconds_sum", **add) == 0.2
    assert value(metrics, f"{PROCESS}aws_ratelimit_wait_seconds_total", **add) == 1.5
    assert value(metrics, f"{PROCESS}queue_depth") == 3
    oldest = value(metrics, f"{PROCESS}queue_oldest_timestamp_seconds")
    assert oldest is not None
    assert datetime.now(UTC).timestamp() - oldest == pytest.approx(5.0, abs=5.0)
    heartbeat = value(metrics, f"{PROCESS}heartbeat_timestamp_seconds")
    assert heartbeat is not None
    assert datetime.now(UTC).timestamp() - heartbeat == pytest.approx(60.0, abs=5.0)


@pytest.mark.parametrize("code", ["", "a sentence that somebody else wrote", "x" * 65, 'a"b'])
def test_no_foreign_text_becomes_a_label(code: str) -> None:
    metrics = Metrics()
    metrics.aws_call("ListUserPoolClientSecrets", code, 0.1)
    assert value(metrics, f"{PROCESS}aws_requests_total", code="Other") == 1


def test_every_metric_is_described_with_its_labels_and_no_other_is_exposed() -> None:
    metrics = Metrics()
    metrics.publish(KEY, REPORT)
    metrics.aws_call("AddUserPoolClientSecret", "OK", 0.1)
    described = {about.name: about for about in METRICS}
    assert len(described) == len(METRICS)
    seen: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics.render()[0].decode()):
        if family.name.startswith("process_"):
            continue
        name = family.name + ("_total" if family.type == "counter" else "")
        assert family.documentation == described[name].help
        assert family.type == described[name].kind
        labels = {label for sample in family.samples for label in sample.labels}
        seen[name] = labels - {"le"}
    assert seen == {name: set(about.labels) for name, about in described.items()}


def test_a_foreign_secret_is_counted_as_one() -> None:
    foreign = ReportedSecret("F", Role.FOREIGN, NOW, Origin.UNKNOWN)
    report = replace(REPORT, secrets=(*REPORT.secrets[1:], foreign))
    assert of_object(report, "foreign_secrets") == 1
    assert of_object(report, "active_secrets") == 2


def test_nothing_waits_and_nothing_goes_on() -> None:
    report = replace(REPORT, rotation_started_at=None, step_started_at=None, step=Step.IDLE)
    assert of_object(report, "rotation_started_timestamp_seconds") == 0
    assert of_object(report, "rotation_step_started_timestamp_seconds") == 0
    metrics = Metrics()
    metrics.watch_queue(depth=lambda: 0, oldest_age=lambda: 0.0, heartbeat_age=lambda: 0.0)
    assert value(metrics, f"{PROCESS}queue_oldest_timestamp_seconds") == 0


def test_names_follow_the_rules() -> None:
    for about in METRICS:
        assert re.fullmatch(r"cognito_(client_secret|secret_operator)_[a-z_]+", about.name)
        assert about.name.endswith("_total") == (about.kind == "counter")
        assert about.help.endswith(".")


def test_the_platforms_orders_are_asked_at_the_scrape() -> None:
    metrics = Metrics()
    state = {"frozen": False, "valid": True}
    metrics.watch_platform(frozen=lambda: state["frozen"], allow_file_valid=lambda: state["valid"])
    names = (f"{PROCESS}frozen", f"{PROCESS}allow_file_valid")
    assert [value(metrics, name) for name in names] == [0.0, 1.0]
    state.update(frozen=True, valid=False)
    assert [value(metrics, name) for name in names] == [1.0, 0.0]


def test_who_leads_is_asked_at_the_scrape() -> None:
    metrics = Metrics()
    leads = [False, True]
    metrics.watch_leadership(lambda: leads.pop(0))
    assert [value(metrics, f"{PROCESS}leader") for _ in range(2)] == [0.0, 1.0]
