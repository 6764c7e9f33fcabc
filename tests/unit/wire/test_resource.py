from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from cognito_secret_operator import names
from cognito_secret_operator.domain.consumers import AUTOMATIC, ConsumerMode, ConsumersSpec
from cognito_secret_operator.domain.model import ClientRef, ResourceKey
from cognito_secret_operator.domain.spec import (
    AdoptionSpec,
    Policy,
    Resource,
    RetirementSpec,
    RetireOriginal,
    RolloutSpec,
    RolloutStrategy,
    RotationSpec,
    Spec,
    StatusFacts,
    TargetSpec,
    VerificationSpec,
)
from cognito_secret_operator.domain.target_keys import TargetKeys
from cognito_secret_operator.errors import ActionNeededError, InvalidResourceError
from cognito_secret_operator.wire.resource.parse import parse
from cognito_secret_operator.wire.resource.sections import span


def body(
    *,
    metadata: Mapping[str, Any] | None = None,
    status: object = None,
    **spec: object,
) -> dict[str, Any]:
    """The smallest resource as the API server stores it, with changes."""
    stored: dict[str, Any] = {
        "apiVersion": f"{names.GROUP}/{names.VERSION}",
        "kind": names.KIND,
        "metadata": {
            "name": "orders-api",
            "namespace": "shop",
            "uid": "8a1f",
            "generation": 3,
            "creationTimestamp": "2026-11-21T03:25:00Z",
            **(metadata or {}),
        },
        "spec": {"userPoolId": "eu-west-1_AbCdEfGhI", "clientId": "1example23456789", **spec},
    }
    if status is not None:
        stored["status"] = status
    return stored


def error_of(stored: Mapping[str, Any]) -> str:
    with pytest.raises(InvalidResourceError) as caught:
        parse(stored)
    return caught.value.message


def test_the_smallest_resource_has_every_default() -> None:
    assert parse(body()) == Resource(
        key=ResourceKey("shop", "orders-api"),
        uid="8a1f",
        generation=3,
        spec=Spec(
            client=ClientRef("eu-west-1_AbCdEfGhI", "1example23456789"),
            policy=Policy.ROTATE,
            suspended=False,
            rotation=RotationSpec(interval=timedelta(days=90), max_age=timedelta(days=99)),
            verification=VerificationSpec(
                token_endpoint=None, activation_delay=timedelta(seconds=60)
            ),
            target=TargetSpec(
                "orders-api",
                TargetKeys(
                    clientId="client-id",
                    current="client-secret",
                    previous="client-secret-previous",
                ),
            ),
            rollout=RolloutSpec(RolloutStrategy.RESTART, AUTOMATIC, timedelta(minutes=30)),
            retirement=RetirementSpec(
                min_overlap=timedelta(hours=1), max_overlap=timedelta(hours=72)
            ),
            adoption=AdoptionSpec(RetireOriginal.APPROVE),
        ),
        rotate_token=None,
        approved_id=None,
        emergency=None,
        status=StatusFacts(journal_sequence=0),
    )


def test_every_field_is_read() -> None:
    spec = parse(
        body(
            aws={"roleArn": "arn:aws:iam::111122223333:role/cognito-shop"},
            policy="Observe",
            suspend=True,
            rotation={"interval": "30d", "maxAge": "40d"},
            verification={"tokenEndpoint": "https://a.example.com/t", "activationDelay": "0s"},
            target={"name": "oauth", "keys": {"clientId": "a", "current": "b", "previous": "c"}},
            rollout={
                "strategy": "Watch",
                "progressDeadline": "2h",
                "consumers": {
                    "mode": "Selected",
                    "selector": {"matchLabels": {"app": "orders", "team": ""}},
                },
            },
            retirement={"minOverlap": "15m", "maxOverlap": "7d"},
            adoption={"retireOriginal": "Automatic"},
        )
    ).spec
    assert spec == Spec(
        client=ClientRef("eu-west-1_AbCdEfGhI", "1example23456789"),
        policy=Policy.OBSERVE,
        suspended=True,
        rotation=RotationSpec(interval=timedelta(days=30), max_age=timedelta(days=40)),
        verification=VerificationSpec("https://a.example.com/t", activation_delay=timedelta(0)),
        target=TargetSpec("oauth", TargetKeys(clientId="a", current="b", previous="c")),
        rollout=RolloutSpec(
            RolloutStrategy.WATCH,
            ConsumersSpec(
                ConsumerMode.SELECTED, labels=frozenset({("app", "orders"), ("team", "")})
            ),
            timedelta(hours=2),
        ),
        retirement=RetirementSpec(timedelta(minutes=15), max_overlap=timedelta(days=7)),
        adoption=AdoptionSpec(RetireOriginal.AUTOMATIC),
    )
    assert spec.client.caller.role_arn == "arn:aws:iam::111122223333:role/cognito-shop"


@pytest.mark.parametrize(
    ("interval", "max_age", "max_overlap"),
    [
        pytest.param("30d", timedelta(days=33), timedelta(hours=72), id="a month: 72h"),
        pytest.param("6d", timedelta(days=6.6), timedelta(hours=72), id="six days: half is 72h"),
        pytest.param("2d", timedelta(days=2.2), timedelta(hours=24), id="two days: half"),
        pytest.param("2h", timedelta(hours=2.2), timedelta(hours=1), id="2h: exactly minOverlap"),
    ],
)
def test_the_other_defaults_follow_the_interval(
    interval: str, max_age: timedelta, max_overlap: timedelta
) -> None:
    spec = parse(body(rotation={"interval": interval})).spec
    assert (spec.rotation.max_age, spec.retirement.max_overlap) == (max_age, max_overlap)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"rotation": None, "target": None, "suspend": None}, id="null sections"),
        pytest.param({"rotation": {}, "target": {"keys": {}}}, id="empty sections"),
        pytest.param({"rotation": {"interval": None}, "policy": None}, id="null fields"),
    ],
)
def test_what_is_empty_counts_as_not_given(spec: Mapping[str, Any]) -> None:
    assert parse(body(**spec)) == parse(body())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0s", timedelta(0)),
        ("1s", timedelta(seconds=1)),
        ("15m", timedelta(minutes=15)),
        ("72h", timedelta(hours=72)),
        ("90d", timedelta(days=90)),
        ("999999d", timedelta(days=999999)),
    ],
)
def test_a_span_has_one_number_and_one_unit(text: str, expected: timedelta) -> None:
    assert span(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "90",
        "s",
        "0m",
        "00s",
        "01d",
        "1.5h",
        "1h30m",
        "-1s",
        " 1s",
        "1s\n",
        "1w",
        "1D",
        "٣d",
        "1000000s",
    ],
)
def test_anything_else_is_no_span(text: str) -> None:
    with pytest.raises(InvalidResourceError, match="write 90s"):
        span(text)


@pytest.mark.parametrize(
    ("stored", "field"),
    [
        pytest.param({"metadata": body()["metadata"]}, "spec.userPoolId", id="no spec"),
        pytest.param({**body(), "spec": "text"}, "spec", id="spec is text"),
        pytest.param(body(userPoolId=""), "spec.userPoolId", id="an empty pool id"),
        pytest.param(body(clientId=7), "spec.clientId", id="a number as client id"),
        pytest.param(body(clientId="a\n"), "spec.clientId", id="a line break"),
        pytest.param(body(clientId="é"), "spec.clientId", id="a letter outside ASCII"),
        pytest.param(body(suspend="true"), "spec.suspend", id="text as a switch"),
        pytest.param(body(policy=1), "spec.policy", id="a number as a choice"),
        pytest.param(body(rotation=[]), "spec.rotation", id="a list as a section"),
        pytest.param(body(rotation={"interval": 90}), "spec.rotation.interval", id="a bare number"),
        pytest.param(body(rotation={"jitter": "1h"}), "spec.rotation.jitter", id="a later field"),
        pytest.param(
            body(target={"keys": {"realm": "r"}}), "spec.target.keys.realm", id="a later key"
        ),
        pytest.param(
            body(retirement={"notBefore": "2031-01-01"}),
            "spec.retirement.notBefore",
            id="a later field that would forbid a deletion",
        ),
        pytest.param(body(metadata={"name": "a" * 48}), "metadata.name", id="too long a name"),
        pytest.param(body(metadata={"name": "a.b"}), "metadata.name", id="a name with a dot"),
        pytest.param(body(metadata={"uid": ""}), "metadata.uid", id="no uid"),
        pytest.param(
            body(status={"listedAt": "yesterday"}),
            "status.listedAt",
            id="no time",
        ),
        pytest.param(
            body(status={"listedAt": "2026-11-21T03:25:00"}),
            "status.listedAt",
            id="a time without a zone",
        ),
        pytest.param(
            body(metadata={"generation": "3"}), "metadata.generation", id="text as generation"
        ),
        pytest.param(
            body(status={"journalSequence": "many"}), "status.journalSequence", id="text as number"
        ),
        pytest.param(
            body(status={"journalSequence": -1}), "status.journalSequence", id="below zero"
        ),
        pytest.param(
            body(status={"journalSequence": True}), "status.journalSequence", id="a Boolean"
        ),
    ],
)
def test_an_error_begins_with_the_field(stored: Mapping[str, Any], field: str) -> None:
    assert error_of(stored).startswith(f"{field}: ")


def test_a_person_has_to_act_on_an_invalid_resource() -> None:
    with pytest.raises(ActionNeededError) as caught:
        parse(body(policy="rotate"))
    assert caught.value.reason == "InvalidSpec"


@pytest.mark.parametrize("field", ["userPoolId", "clientId", "policy"])
def test_an_error_does_not_quote_what_may_be_a_secret_in_the_wrong_place(field: str) -> None:
    pasted = "pasted secret 51l5fa"
    assert pasted not in error_of(body(metadata=None, status=None, **{field: pasted}))


def _with_window(**changes: object) -> dict[str, Any]:
    return body(rotation={"windows": [{"schedule": "0 2 * * *", "duration": "2h", **changes}]})


@pytest.mark.parametrize(
    ("stored", "field", "problem"),
    [
        pytest.param(
            _with_window(schedule="61 2 * * *"), "schedule", "Bad minute", id="no such minute"
        ),
        pytest.param(
            _with_window(schedule="0 2 31 2 *"), "schedule", "Bad day-of-month", id="no such day"
        ),
        pytest.param(
            _with_window(timeZone="Europe/Atlantis"),
            "timeZone",
            "is not in the IANA time zone database",
            id="no such place",
        ),
        pytest.param(
            _with_window(timeZone="America"),
            "timeZone",
            "is not in the IANA time zone database",
            id="a continent",
        ),
    ],
)
def test_what_only_the_operator_can_tell_of_a_window_is_refused(
    stored: Mapping[str, Any], field: str, problem: str
) -> None:
    """The API server knows neither calendars nor time zones."""
    message = error_of(stored)
    assert message.startswith(f"spec.rotation.windows[0].{field}: ")
    assert problem in message


def test_with_windows_alone_the_spans_follow_the_openings() -> None:
    window = {"schedule": "0 2 * * 2-4", "duration": "2h"}
    rotation = parse(body(rotation={"windows": [window]})).spec.rotation
    assert rotation.is_by_windows
    assert rotation.interval == timedelta(days=5)
    assert rotation.max_age == timedelta(days=5, hours=2) * 11 / 10
    both = parse(body(rotation={"windows": [window], "interval": "30d"})).spec.rotation
    assert not both.is_by_windows
    assert (both.interval, both.max_age) == (timedelta(days=30), timedelta(days=33))


def test_orders_and_acknowledgements_are_read_from_annotations() -> None:
    annotations = {
        names.OVERRIDE_ANNOTATION: " id-1 ",
        names.consumer_ack_annotation("billing"): "id-2",
        names.consumer_ack_annotation("edge"): "",
    }
    resource = parse(body(metadata={"annotations": annotations}))
    assert resource.override_id == "id-1"
    assert resource.acknowledged == {"billing": "id-2", "edge": ""}


def test_tokens_are_read_from_annotations() -> None:
    annotations = {
        names.ROTATE_ANNOTATION: "2026-11",
        names.APPROVE_ANNOTATION: "id-1",
        "other": "x",
    }
    resource = parse(body(metadata={"annotations": annotations}))
    assert (resource.rotate_token, resource.approved_id) == ("2026-11", "id-1")


@pytest.mark.parametrize("row", names.REQUESTS, ids=lambda row: row.key)
def test_every_request_changes_what_is_parsed(row: names.Annotation) -> None:
    annotations = {row.key.replace("<name>", "billing"): "id-1"}
    changed = parse(body(metadata={"annotations": annotations}))
    assert changed != parse(body()), "read it in wire/resource/parse.py"


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_token_is_none(text: str) -> None:
    annotations = {names.ROTATE_ANNOTATION: text, names.APPROVE_ANNOTATION: text}
    resource = parse(body(metadata={"annotations": annotations}))
    assert (resource.rotate_token, resource.approved_id) == (None, None)


def test_of_status_only_the_journals_sequence_is_read() -> None:
    status = {"journalSequence": 12, "step": "Nonsense", "conditions": 7}
    assert parse(body(status=status)) == parse(body(status={"journalSequence": 12}))
    assert parse(body(status=status)).status == StatusFacts(journal_sequence=12)


@pytest.mark.parametrize(("policy", "read"), [("Rotate", ["X"]), ("Observe", ["A", "B", "X"])])
def test_of_the_secrets_in_status_those_that_no_journal_can_name_are_read(
    policy: str, read: list[str]
) -> None:
    roles = {"A": "Previous", "B": "Current", "X": "Foreign"}
    shown = [
        {"id": name, "role": role, "createdAt": "2026-11-21T03:25:00Z"}
        for name, role in roles.items()
    ]
    resource = parse(body(policy=policy, status={"secrets": shown}))
    assert [one.id for one in resource.status.foreign] == read
