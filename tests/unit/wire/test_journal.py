import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cognito_secret_operator.domain.journal.journal import (
    Claim,
    Emergency,
    Journal,
    JournaledSecret,
    Origin,
    Outcome,
    Pending,
    Publication,
    Published,
    RetiredBy,
    Rotation,
)
from cognito_secret_operator.domain.model import (
    ClientRef,
    RemoteSecret,
    StoredSecret,
    Trigger,
    Verdict,
)
from cognito_secret_operator.domain.spec import EmergencyRequest
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.errors import ActionNeededError
from cognito_secret_operator.wire.journal import (
    DOCUMENT,
    JournalForeignError,
    JournalFormatUnknownError,
    JournalOfAnotherClientError,
    JournalProblemError,
    JournalUnreadableError,
    journal_data,
    journal_from,
)

CLIENT = ClientRef("eu-west-1_AbCdEfGhI", "1example23456789")
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRETS = {name: f"{name}-value-Zq7" for name in ("current", "previous", "retired", "pending")}


def secret(slot: str, *, has_value: bool = True) -> JournaledSecret:
    return JournaledSecret(
        id=f"id-{slot}",
        created_at=AT,
        value=SecretValue(SECRETS[slot]) if has_value else None,
        origin=Origin.OPERATOR,
        verified=True,
    )


ROTATION = Rotation(Trigger.SCHEDULE, AT)
FULL = Journal(
    uid="uid-1",
    namespace="shop",
    client=CLIENT,
    sequence=12,
    current=secret("current"),
    previous=secret("previous"),
    retired=secret("retired"),
    pending=Pending(
        value=SecretValue(SECRETS["pending"]),
        before=("id-current",),
        claim=Claim("process-1", AT),
        rotation=ROTATION,
        secret=RemoteSecret("id-pending", AT),
        recorded_at=AT,
    ),
    publication=Publication(7, Published("uid-2", "writer@12:00", AT, "orders-api")),
    rotation=replace(ROTATION, secret_id="id-current"),
    marked_id="id-previous",
    marked_by=RetiredBy.OVERRIDE,
    handled_rotate="2026-11",
    rotations=(
        replace(ROTATION, finished_at=AT, outcome=Outcome.REFUSED),
        replace(ROTATION, finished_at=AT, outcome=Outcome.SUCCESS, retired_verdict=Verdict.REFUSED),
    ),
    token_endpoint="https://auth.example.com/oauth2/token",
    earlier_rotates=("2026-09", "2026-10"),
    emergency=Emergency(("id-previous",), now=True, at=AT, renews=False),
    handled_emergency=EmergencyRequest("id-previous", now=True),
)


def stored(data: Mapping[str, SecretValue], **changes: Any) -> StoredSecret:
    secret_object = StoredSecret(
        namespace="shop",
        name="orders-api-cognito-journal",
        uid="uid-1",
        resource_version="5",
        annotations={},
        data=data,
        data_owner="writer@12:00",
        read_at=AT,
    )
    return replace(secret_object, **changes)


def edited(edit: Callable[[dict[str, Any]], object]) -> dict[str, SecretValue]:
    """The data of the full journal, with its document edited."""
    data = journal_data(FULL)
    document = json.loads(data[DOCUMENT].reveal())
    edit(document)
    return {**data, DOCUMENT: SecretValue(json.dumps(document))}


def problem(data: Mapping[str, SecretValue], **changes: Any) -> JournalProblemError:
    with pytest.raises(JournalProblemError) as caught:
        journal_from(stored(data, **changes), CLIENT)
    return caught.value


def everything_told(error: BaseException) -> str:
    """All text that a log could take from an error and the errors it hangs on."""
    told = "".join(traceback.format_exception(error))
    chained = error.__cause__ or error.__context__
    while chained is not None:
        told += f"{chained!r} {vars(chained)}"
        chained = chained.__cause__ or chained.__context__
    return f"{told} {error!r} {error} {vars(error)}"


# --- round trip -----------------------------------------------------------------------------------

texts = st.text(max_size=8)
times = st.datetimes(timezones=st.just(UTC))
values = st.text(min_size=1, max_size=8).map(SecretValue)
secrets = st.builds(
    JournaledSecret,
    id=texts,
    created_at=times,
    value=st.none() | values,
    origin=st.sampled_from(Origin),
    verified=st.booleans(),
)
rotations = st.builds(
    Rotation,
    trigger=st.sampled_from(Trigger),
    started_at=times,
    secret_id=texts,
    retired_id=texts,
    finished_at=st.none() | times,
    outcome=st.none() | st.sampled_from(Outcome),
    retired_verdict=st.none() | st.sampled_from(Verdict),
    retired_by=st.none() | st.sampled_from(RetiredBy),
    add_request_id=texts,
    delete_request_id=texts,
)
pendings = st.builds(
    Pending,
    value=values,
    before=st.lists(texts, max_size=2).map(tuple),
    claim=st.builds(Claim, owner=texts, at=times),
    rotation=rotations,
    secret=st.none() | st.builds(RemoteSecret, id=texts, created_at=times),
    recorded_at=st.none() | times,
    origin=st.sampled_from(Origin),
)
publications = st.builds(
    Publication,
    number=st.integers(min_value=0),
    published=st.none()
    | st.builds(Published, target_uid=texts, data_owner=texts, at=times, target_name=texts),
)
emergencies = st.builds(
    Emergency,
    leaked=st.lists(texts, max_size=2).map(tuple),
    now=st.booleans(),
    at=times,
    renews=st.booleans(),
)
journals = st.builds(
    Journal,
    uid=st.just("uid-1"),
    namespace=st.just("shop"),
    client=st.just(CLIENT),
    sequence=st.integers(min_value=0),
    current=st.none() | secrets,
    previous=st.none() | secrets,
    retired=st.none() | secrets,
    pending=st.none() | pendings,
    publication=st.none() | publications,
    rotation=st.none() | rotations,
    marked_id=st.none() | texts,
    marked_by=st.none() | st.sampled_from(RetiredBy),
    handled_rotate=st.none() | texts,
    rotations=st.lists(rotations, max_size=5).map(tuple),
    token_endpoint=st.none() | texts,
    earlier_rotates=st.lists(texts, max_size=3).map(tuple),
    initial_is_wanted=st.booleans(),
    emergency=st.none() | emergencies,
    handled_emergency=st.none() | st.builds(EmergencyRequest, secret_id=texts, now=st.booleans()),
    returned=st.lists(texts, max_size=2).map(tuple),
)


@given(journals)
def test_every_journal_is_read_as_it_was_written(journal: Journal) -> None:
    assert journal_from(stored(journal_data(journal)), CLIENT) == journal


@given(journals)
def test_the_same_journal_is_always_written_the_same(journal: Journal) -> None:
    again = journal_from(stored(journal_data(journal)), CLIENT)
    assert journal_data(again) == journal_data(journal)


def test_a_secret_without_data_is_an_empty_journal_of_its_own() -> None:
    journal = journal_from(stored({}), CLIENT)
    assert journal == Journal(uid="uid-1", namespace="shop", client=CLIENT, sequence=0)


def test_the_document_holds_no_value_and_each_value_has_a_key() -> None:
    data = journal_data(FULL)
    document = data.pop(DOCUMENT).reveal()
    assert [text for text in SECRETS.values() if text in document] == []
    assert data == {f"value.{slot}": SecretValue(text) for slot, text in SECRETS.items()}


def test_the_format_is_pinned_since_stored_journals_have_it() -> None:
    # From the first release on, change this only with FORMAT and a way to read the old one.
    document = json.loads(journal_data(FULL)[DOCUMENT].reveal())
    at = "2026-11-21T12:00:00Z"
    rotation = {
        "trigger": "Schedule",
        "startedAt": at,
        "secretId": "",
        "retiredId": "",
        "finishedAt": None,
        "outcome": None,
        "retiredVerdict": None,
        "retiredBy": None,
        "addRequestId": "",
        "deleteRequestId": "",
    }
    one = {"createdAt": at, "value": "stored", "origin": "Operator", "verified": True}
    assert document == {
        "format": 1,
        "uid": "uid-1",
        "namespace": "shop",
        "client": {"poolId": "eu-west-1_AbCdEfGhI", "clientId": "1example23456789"},
        "sequence": 12,
        "current": {"id": "id-current", **one},
        "previous": {"id": "id-previous", **one},
        "retired": {"id": "id-retired", **one},
        "pending": {
            "value": "stored",
            "before": ["id-current"],
            "claim": {"owner": "process-1", "at": at},
            "rotation": rotation,
            "secret": {"id": "id-pending", "createdAt": at},
            "recordedAt": at,
            "origin": "Operator",
        },
        "publication": {
            "number": 7,
            "published": {
                "targetUid": "uid-2",
                "dataOwner": "writer@12:00",
                "at": at,
                "targetName": "orders-api",
            },
        },
        "tokenEndpoint": "https://auth.example.com/oauth2/token",
        "rotation": {**rotation, "secretId": "id-current"},
        "rotations": [
            {**rotation, "finishedAt": at, "outcome": "Refused"},
            {
                **rotation,
                "finishedAt": at,
                "outcome": "Success",
                "retiredVerdict": "Refused",
            },
        ],
        "markedId": "id-previous",
        "markedBy": "Override",
        "handledRotate": "2026-11",
        "earlierRotates": ["2026-09", "2026-10"],
        "initialIsWanted": False,
        "emergency": {"leaked": ["id-previous"], "now": True, "at": at, "renews": False},
        "handledEmergency": {"secretId": "id-previous", "now": True},
        "returned": [],
    }


# --- problems -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", [2, 0, "1", None, True], ids=["newer", "older", "a text", "null", "a Boolean"]
)
def test_another_format_is_held_whatever_else_stands_there(form: object) -> None:
    def edit(document: dict[str, Any]) -> None:
        document.clear()
        document.update(format=form, shape="unheard of")

    error = problem(edited(edit))
    assert isinstance(error, JournalFormatUnknownError)
    assert error.reason == "JournalFormatUnknown"
    assert "upgrade the operator" in error.message


@pytest.mark.parametrize("changes", [{"uid": "uid-9"}, {"namespace": "other"}], ids=str)
def test_a_journal_that_was_copied_or_restored_is_held(changes: dict[str, str]) -> None:
    error = problem(journal_data(FULL), **changes)
    assert isinstance(error, JournalForeignError)
    assert error.reason == "JournalForeign"
    assert "make sure that no other cluster" in error.message


@pytest.mark.parametrize(
    "client",
    [ClientRef(CLIENT.pool_id, "another"), ClientRef("eu-west-1_Other", CLIENT.client_id)],
    ids=["client", "pool"],
)
def test_a_journal_of_another_client_is_held(client: ClientRef) -> None:
    with pytest.raises(JournalOfAnotherClientError) as caught:
        journal_from(stored(journal_data(FULL)), client)
    assert caught.value.reason == "JournalOfAnotherClient"
    assert client.client_id in caught.value.message
    assert "give the resource another name" in caught.value.message


def without(key: str) -> dict[str, SecretValue]:
    data = journal_data(FULL)
    del data[key]
    return data


DAMAGED: dict[str, tuple[Mapping[str, SecretValue], str]] = {
    "no document": (without(DOCUMENT), DOCUMENT),
    "cut off": (
        {**journal_data(FULL), DOCUMENT: SecretValue(journal_data(FULL)[DOCUMENT].reveal()[:-9])},
        DOCUMENT,
    ),
    "no JSON": ({DOCUMENT: SecretValue(SECRETS["current"])}, DOCUMENT),
    "a list": ({DOCUMENT: SecretValue("[]")}, DOCUMENT),
    "nested without end": ({DOCUMENT: SecretValue("[" * 100_000)}, DOCUMENT),
    "a Boolean as sequence": (edited(lambda document: document.update(sequence=True)), "sequence"),
    "current is text": (
        edited(lambda document: document.update(current=SECRETS["current"])),
        "current",
    ),
    "an origin nobody knows": (
        edited(lambda document: document["current"].update(origin=SECRETS["current"])),
        "current.origin",
    ),
    "no time": (
        edited(lambda document: document["current"].update(createdAt=SECRETS["current"])),
        "current.createdAt",
    ),
    "a time without a zone": (
        edited(lambda document: document["current"].update(createdAt="2026-11-21T12:00:00")),
        "current.createdAt",
    ),
    "a number among the ids": (
        edited(lambda document: document["pending"].update(before=[1])),
        "pending.before",
    ),
    "a time out of range": (
        edited(lambda document: document["current"].update(createdAt="0001-01-01T00:00:00+01:00")),
        "current.createdAt",
    ),
    "a time of another zone": (
        edited(lambda document: document["current"].update(createdAt="2026-11-21T13:00:00+01:00")),
        "unknown to this version",
    ),
    "no object": (edited(lambda document: document.update(client=[])), "client"),
    "no list": (edited(lambda document: document.update(returned=None)), "returned"),
    "a value in the document": (
        edited(lambda document: document["current"].update(value=SECRETS["current"])),
        "current.value",
    ),
    "a field nobody knows": (
        edited(lambda document: document["pending"].update(note=SECRETS["current"])),
        "unknown to this version",
    ),
    "the current value is missing": (without("value.current"), "value of current"),
    "the pending value is missing": (without("value.pending"), "value of pending"),
    "a value is empty": (
        {**journal_data(FULL), "value.previous": SecretValue("")},
        "value of previous",
    ),
    "a value without a record": (
        edited(lambda document: document.update(retired=None)),
        "value of retired",
    ),
}


DAMAGED |= {
    f"no {key}": (edited(lambda document, key=key: document.pop(key)), key)  # type: ignore[misc]
    for key in json.loads(journal_data(FULL)[DOCUMENT].reveal())
}


@pytest.mark.parametrize(("data", "part"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_journal_is_held_and_its_damaged_part_named(
    data: Mapping[str, SecretValue], part: str
) -> None:
    error = problem(data)
    assert isinstance(error, JournalUnreadableError)
    assert isinstance(error, ActionNeededError)
    assert error.reason == "JournalUnreadable"
    assert part in error.message
    assert "shop/orders-api-cognito-journal" in error.message
    assert "put its data back" in error.message


@pytest.mark.parametrize("data", [data for data, _ in DAMAGED.values()], ids=DAMAGED.keys())
def test_no_error_tells_a_value_even_one_pasted_into_the_document(
    data: Mapping[str, SecretValue],
) -> None:
    told = everything_told(problem(data))
    assert [text for text in SECRETS.values() if text in told] == []


def test_nothing_that_holds_a_journal_prints_a_value() -> None:
    data = journal_data(FULL)
    for thing in (FULL, data, stored(data), journal_from(stored(data), CLIENT)):
        told = f"{thing} {thing!r} {thing!s}"
        assert [text for text in SECRETS.values() if text in told] == []
