"""The journal's JSON document, which holds everything but the values.

Reading is strict: a journal is understood completely or not at all. No error quotes what stands in
the document, since somebody may have pasted a secret into it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from ..domain.journal.journal import (
    FORMAT,
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
from ..domain.model import ClientRef, RemoteSecret, Trigger, Verdict
from ..domain.spec import EmergencyRequest
from ..domain.value import SecretValue

__all__ = ["DamagedError", "document_of", "journal_of", "values_of"]

_Read = TypeVar("_Read")
_Choice = TypeVar("_Choice", bound=Enum)


class DamagedError(Exception):
    """A part of the document is missing or odd; the message names the part, never its content."""


def document_of(journal: Journal) -> dict[str, Any]:
    """Write everything but the values."""
    return {
        "format": FORMAT,
        "uid": journal.uid,
        "namespace": journal.namespace,
        "client": {"poolId": journal.client.pool_id, "clientId": journal.client.client_id},
        "sequence": journal.sequence,
        "current": _secret_document(journal.current),
        "previous": _secret_document(journal.previous),
        "retired": _secret_document(journal.retired),
        "pending": _pending_document(journal.pending),
        "publication": _publication_document(journal.publication),
        "rotation": _rotation_document(journal.rotation),
        "rotations": [_rotation_document(rotation) for rotation in journal.rotations],
        "markedForDeletion": journal.marked_id,
        "handledRotate": journal.handled_rotate,
        **_present("tokenEndpoint", journal.token_endpoint),
        **_present("earlierRotates", list(journal.earlier_rotates) or None),
        **_present("initialIsWanted", journal.initial_is_wanted or None),
        **_present("markedBy", _value_of(journal.marked_by)),
        **_present("returned", list(journal.returned) or None),
        **_present("emergency", _emergency_document(journal.emergency)),
        **_present("handledEmergency", _request_document(journal.handled_emergency)),
    }


def _present(key: str, body: object) -> dict[str, Any]:
    """Write a key of a later version only where it is used: journals without it stay readable."""
    return {} if body is None else {key: body}


def _value_of(member: Enum | None) -> object:
    return None if member is None else member.value


def values_of(journal: Journal) -> dict[str, SecretValue]:
    """Collect the values by the slot that they belong to."""
    holders = {
        "current": journal.current,
        "previous": journal.previous,
        "retired": journal.retired,
        "pending": journal.pending,
    }
    return {
        slot: holder.value
        for slot, holder in holders.items()
        if holder is not None and holder.value is not None
    }


def journal_of(document: Mapping[str, Any], values: Mapping[str, SecretValue]) -> Journal:
    """Put a journal together again from its document and its values.

    Raises:
        DamagedError: something is missing, odd, or more than this version knows.

    """
    journal = _journal(_Part("", document), values)
    if document_of(journal) != document:
        # An unknown field, for one: the next write would drop it.
        raise DamagedError("something in it is unknown to this version of the operator")
    unaccounted = values.keys() - values_of(journal).keys()
    if unaccounted:
        raise DamagedError(f"the value of {', '.join(sorted(unaccounted))} has no record")
    return journal


def _secret_document(secret: JournaledSecret | None) -> dict[str, Any] | None:
    if secret is None:
        return None
    return {
        "id": secret.id,
        "createdAt": _time_text(secret.created_at),
        "origin": secret.origin.value,
        "known": secret.known,
        "verified": secret.verified,
        "hasValue": secret.value is not None,
    }


def _pending_document(pending: Pending | None) -> dict[str, Any] | None:
    if pending is None:
        return None
    remote = pending.secret
    return {
        "before": list(pending.before),
        "claim": {"owner": pending.claim.owner, "at": _time_text(pending.claim.at)},
        "rotation": _rotation_document(pending.rotation),
        "secret": remote and {"id": remote.id, "createdAt": _time_text(remote.created_at)},
        "recordedAt": _time_text(pending.recorded_at),
        **_present("origin", _origin_of_value(pending.origin)),
    }


def _origin_of_value(origin: Origin) -> str | None:
    """Write where a pending value came from, unless we drew it."""
    return None if origin is Origin.OPERATOR else origin.value


def _publication_document(publication: Publication | None) -> dict[str, Any] | None:
    if publication is None:
        return None
    record = publication.published
    return {
        "number": publication.number,
        "published": record
        and {
            "targetUid": record.target_uid,
            "dataOwner": record.data_owner,
            "at": _time_text(record.at),
            **_present("targetName", record.target_name or None),
        },
    }


def _rotation_document(rotation: Rotation | None) -> dict[str, Any] | None:
    if rotation is None:
        return None
    document = {
        "trigger": rotation.trigger.value,
        "startedAt": _time_text(rotation.started_at),
        "secretId": rotation.secret_id,
        "retiredId": rotation.retired_id,
        "finishedAt": _time_text(rotation.finished_at),
        "outcome": rotation.outcome.value if rotation.outcome else None,
        **_present("retiredVerdict", _value_of(rotation.retired_verdict)),
        **_present("retiredBy", _value_of(rotation.retired_by)),
    }
    # Younger than the format: a record without them is written as it was read.
    requests = {
        "addRequestId": rotation.add_request_id,
        "deleteRequestId": rotation.delete_request_id,
    }
    return document | {key: given for key, given in requests.items() if given}


def _emergency_document(emergency: Emergency | None) -> dict[str, Any] | None:
    if emergency is None:
        return None
    return {
        "leaked": list(emergency.leaked),
        "now": emergency.now,
        "at": _time_text(emergency.at),
        "renews": emergency.renews,
    }


def _request_document(request: EmergencyRequest | None) -> dict[str, Any] | None:
    return None if request is None else {"secretId": request.secret_id, "now": request.now}


def _time_text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


class _Part:
    """One object of the document; knows its path, so that an error names it."""

    def __init__(self, path: str, body: object) -> None:
        self._path = path
        if not isinstance(body, dict):
            raise DamagedError(f"{path} is missing or damaged")
        self._body = body

    def one(self, key: str, kind: type[_Read]) -> _Read:
        """Read a field that must be there and of a type (a Boolean is no number)."""
        value = self._body.get(key)
        if type(value) is not kind:
            raise self._damaged(key)
        return value

    def optional(self, key: str, read: Callable[[str], _Read]) -> _Read | None:
        """Read a field that may be null, but must be there."""
        if key not in self._body:
            raise self._damaged(key)
        return None if self._body[key] is None else read(key)

    def where_given(self, key: str, read: Callable[[str], _Read]) -> _Read | None:
        """Read a field that is there only where it says something."""
        return read(key) if key in self._body else None

    def added(self, key: str, read: Callable[["_Part"], _Read]) -> _Read | None:
        """Read an object of a later version, which is there only where it is used."""
        return read(self.part(key)) if key in self._body else None

    def is_set(self, key: str) -> bool:
        """Read a mark of a later version, which is there only where it is set."""
        return key in self._body and self.one(key, bool)

    def part(self, key: str) -> "_Part":
        """Read an object."""
        return _Part(self._of(key), self._body.get(key))

    def parts(self, key: str) -> tuple["_Part", ...]:
        """Read a list of objects."""
        return tuple(_Part(self._of(key), item) for item in self.one(key, list))

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of strings."""
        items = self.one(key, list)
        if not all(isinstance(item, str) for item in items):
            raise self._damaged(key)
        return tuple(items)

    def text(self, key: str) -> str:
        """Read a string."""
        return self.one(key, str)

    def time(self, key: str) -> datetime:
        """Read a time."""
        at = _time_of(self.text(key))
        if at is None or at.tzinfo is None:
            raise self._damaged(key)
        return at

    def choice(self, key: str, kind: type[_Choice]) -> _Choice:
        """Read one of an enumeration's values."""
        text = self.text(key)
        for member in kind:
            if member.value == text:
                return member
        raise self._damaged(key)

    def _of(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _damaged(self, key: str) -> DamagedError:
        return DamagedError(f"{self._of(key)} is missing or damaged")


def _journal(document: _Part, values: Mapping[str, SecretValue]) -> Journal:
    client = document.part("client")
    return Journal(
        uid=document.text("uid"),
        namespace=document.text("namespace"),
        client=ClientRef(pool_id=client.text("poolId"), client_id=client.text("clientId")),
        sequence=document.one("sequence", int),
        current=document.optional("current", lambda key: _secret(document, key, values)),
        previous=document.optional("previous", lambda key: _secret(document, key, values)),
        retired=document.optional("retired", lambda key: _secret(document, key, values)),
        pending=document.optional("pending", lambda key: _pending(document.part(key), values)),
        publication=document.optional("publication", lambda key: _publication(document.part(key))),
        rotation=document.optional("rotation", lambda key: _rotation(document.part(key))),
        marked_id=document.optional("markedForDeletion", document.text),
        marked_by=document.where_given("markedBy", lambda key: document.choice(key, RetiredBy)),
        handled_rotate=document.optional("handledRotate", document.text),
        rotations=tuple(_rotation(part) for part in document.parts("rotations")),
        token_endpoint=document.where_given("tokenEndpoint", document.text),
        earlier_rotates=document.where_given("earlierRotates", document.texts) or (),
        initial_is_wanted=document.is_set("initialIsWanted"),
        returned=document.where_given("returned", document.texts) or (),
        emergency=document.added("emergency", _emergency),
        handled_emergency=document.added("handledEmergency", _request),
    )


def _emergency(part: _Part) -> Emergency:
    return Emergency(
        leaked=part.texts("leaked"),
        now=part.one("now", bool),
        at=part.time("at"),
        renews=part.one("renews", bool),
    )


def _request(part: _Part) -> EmergencyRequest:
    return EmergencyRequest(secret_id=part.text("secretId"), now=part.one("now", bool))


def _secret(document: _Part, slot: str, values: Mapping[str, SecretValue]) -> JournaledSecret:
    part = document.part(slot)
    return JournaledSecret(
        id=part.text("id"),
        created_at=part.time("createdAt"),
        value=_value(values, slot) if part.one("hasValue", bool) else None,
        origin=part.choice("origin", Origin),
        known=part.one("known", bool),
        verified=part.one("verified", bool),
    )


def _value(values: Mapping[str, SecretValue], slot: str) -> SecretValue:
    value = values.get(slot)
    if not value:
        raise DamagedError(f"the value of {slot} is missing or empty")
    return value


def _pending(part: _Part, values: Mapping[str, SecretValue]) -> Pending:
    claim = part.part("claim")
    return Pending(
        value=_value(values, "pending"),
        before=part.texts("before"),
        claim=Claim(owner=claim.text("owner"), at=claim.time("at")),
        rotation=_rotation(part.part("rotation")),
        secret=part.optional("secret", lambda key: _remote(part.part(key))),
        recorded_at=part.optional("recordedAt", part.time),
        origin=part.where_given("origin", lambda key: part.choice(key, Origin)) or Origin.OPERATOR,
    )


def _remote(part: _Part) -> RemoteSecret:
    return RemoteSecret(id=part.text("id"), created_at=part.time("createdAt"))


def _publication(part: _Part) -> Publication:
    return Publication(
        number=part.one("number", int),
        published=part.optional("published", lambda key: _published(part.part(key))),
    )


def _published(part: _Part) -> Published:
    return Published(
        target_uid=part.text("targetUid"),
        data_owner=part.text("dataOwner"),
        at=part.time("at"),
        target_name=part.where_given("targetName", part.text) or "",
    )


def _rotation(part: _Part) -> Rotation:
    return Rotation(
        trigger=part.choice("trigger", Trigger),
        started_at=part.time("startedAt"),
        secret_id=part.text("secretId"),
        retired_id=part.text("retiredId"),
        finished_at=part.optional("finishedAt", part.time),
        outcome=part.optional("outcome", lambda key: part.choice(key, Outcome)),
        retired_verdict=part.where_given("retiredVerdict", lambda key: part.choice(key, Verdict)),
        retired_by=part.where_given("retiredBy", lambda key: part.choice(key, RetiredBy)),
        add_request_id=part.where_given("addRequestId", part.text) or "",
        delete_request_id=part.where_given("deleteRequestId", part.text) or "",
    )


def _time_of(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
