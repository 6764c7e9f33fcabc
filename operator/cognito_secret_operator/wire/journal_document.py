"""The journal's JSON document: its dataclasses field by field, with a mark in place of each value.

Every field is there, null where it is empty. Reading is strict: a journal is understood completely
or not at all. No error quotes the document, since a secret may have been pasted into it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from types import UnionType
from typing import Any, Final, get_args, get_origin

from ..domain.journal.journal import FORMAT, Journal
from ..domain.value import SecretValue

__all__ = ["DamagedError", "document_of", "journal_of", "values_of"]

_STORED: Final = "stored"
"""In place of a value: it has a data key of its own."""

_SLOTS: Final = ("current", "previous", "retired", "pending")
"""The fields of a journal that have a value each."""


class DamagedError(Exception):
    """A part of the document is missing or odd; the message names the part, never its content."""


def document_of(journal: Journal) -> dict[str, Any]:
    """Write everything but the values."""
    return {"format": FORMAT, **_object(journal)}


def values_of(journal: Journal) -> dict[str, SecretValue]:
    """Collect the values by the slot that they belong to."""
    holders = {slot: getattr(journal, slot) for slot in _SLOTS}
    return {slot: one.value for slot, one in holders.items() if one is not None and one.value}


def journal_of(document: Mapping[str, Any], values: Mapping[str, SecretValue]) -> Journal:
    """Put a journal together again from its document and its values.

    Raises:
        DamagedError: something is missing, odd, or more than this version knows.

    """
    journal: Journal = _Reader(values).record(Journal, document, "")
    if document_of(journal) != document:
        # An unknown field, for one: the next write would drop it.
        raise DamagedError("something in it is unknown to this version of the operator")
    unaccounted = values.keys() - values_of(journal).keys()
    if unaccounted:
        raise DamagedError(f"the value of {', '.join(sorted(unaccounted))} has no record")
    return journal


def _recorded(kind: Any) -> Iterator[tuple[str, Field[Any]]]:  # noqa: ANN401  # a dataclass
    """List the fields that make a value what it is, by their names in the document."""
    for field in fields(kind):
        if field.compare:
            first, *rest = field.name.split("_")
            yield first + "".join(word.capitalize() for word in rest), field


def _object(record: object) -> dict[str, Any]:
    return {name: _written(getattr(record, field.name)) for name, field in _recorded(record)}


def _written(content: object) -> object:
    match content:
        case SecretValue():
            return _STORED
        case Enum():
            return content.value
        case datetime():
            return content.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case tuple():
            return [_written(one) for one in content]
        case _:
            return _object(content) if is_dataclass(content) else content


class _Reader:
    """Reads each part of a document as the type that its field has in the journal."""

    def __init__(self, values: Mapping[str, SecretValue]) -> None:
        self._values = values

    def record(self, kind: Any, body: object, path: str) -> Any:  # noqa: ANN401  # a dataclass
        """Read an object, field by field."""
        if not isinstance(body, dict):
            raise _damaged(path)
        read = {}
        for name, field in _recorded(kind):
            inner = f"{path}.{name}" if path else name
            if name not in body:
                raise _damaged(inner)
            read[field.name] = self._read(field.type, body[name], inner)
        return kind(**read)

    def _read(self, kind: Any, body: object, path: str) -> object:  # noqa: ANN401  # any type
        if get_origin(kind) is UnionType:
            return None if body is None else self._read(get_args(kind)[0], body, path)
        if get_origin(kind) is tuple:
            if not isinstance(body, list):
                raise _damaged(path)
            return tuple(self._read(get_args(kind)[0], item, path) for item in body)
        if is_dataclass(kind):
            return self.record(kind, body, path)
        if kind is SecretValue:
            return self._value(body, path)
        return _scalar(kind, body, path)

    def _value(self, body: object, path: str) -> SecretValue:
        slot = path.partition(".")[0]
        if body != _STORED:
            raise _damaged(path)
        value = self._values.get(slot)
        if not value:
            raise DamagedError(f"the value of {slot} is missing or empty")
        return value


def _scalar(kind: Any, body: object, path: str) -> object:  # noqa: ANN401  # any type
    if issubclass(kind, Enum):
        for member in kind:
            if member.value == body:
                return member
        raise _damaged(path)
    if type(body) is not (str if kind is datetime else kind):  # a Boolean is no number
        raise _damaged(path)
    return _time(str(body), path) if kind is datetime else body


def _time(text: str, path: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
        at = None if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        at = None  # Raised below: as the context, this error would quote the text.
    if at is None:
        raise _damaged(path)
    return at


def _damaged(path: str) -> DamagedError:
    return DamagedError(f"{path} is missing or damaged")
