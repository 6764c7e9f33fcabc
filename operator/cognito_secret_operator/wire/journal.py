"""The journal on the wire, both ways.

The journal's Secret has one key, ``journal.json``, for everything except values, and a key for each
value (``value.current`` and so on): the document can be read without any value. Every fault of a
journal raises a `JournalProblemError`, which makes the operator hold.
"""

import json
from typing import Any, Final

from ..domain.journal.journal import FORMAT, Journal
from ..domain.model import ClientRef, StoredSecret
from ..domain.value import SecretValue
from ..errors import ActionNeededError
from ..names import TAKE_OVER_ANNOTATION
from ..reasons import Reason
from .journal_document import DamagedError, document_of, journal_of, values_of

__all__ = [
    "DOCUMENT",
    "JournalForeignError",
    "JournalFormatUnknownError",
    "JournalOfAnotherClientError",
    "JournalProblemError",
    "JournalUnreadableError",
    "journal_data",
    "journal_from",
]

DOCUMENT: Final = "journal.json"
"""Data key of everything except values."""

VALUE_PREFIX: Final = "value."
"""Data keys of the values: ``value.current``, ``value.previous``, and so on."""

_START_ANEW: Final = (
    "then delete this Secret and the resource, and create the resource again, which adopts the "
    "client's secret from the target Secret"
)


class JournalProblemError(ActionNeededError):
    """A journal that must not be used; the operator holds until a person acts."""


class JournalFormatUnknownError(JournalProblemError):
    """The journal has the format of another version of the operator."""

    reason = Reason.JOURNAL_FORMAT_UNKNOWN


class JournalForeignError(JournalProblemError):
    """The journal was written for another Secret: it was copied or restored."""

    reason = Reason.JOURNAL_FOREIGN


class JournalOfAnotherClientError(JournalProblemError):
    """The journal belongs to an app client other than the resource's."""

    reason = Reason.JOURNAL_OF_ANOTHER_CLIENT


class JournalUnreadableError(JournalProblemError):
    """The journal is damaged."""

    reason = Reason.JOURNAL_UNREADABLE


def journal_from(
    stored: StoredSecret, client: ClientRef, *, taken_from: str | None = None
) -> Journal:
    """Read a journal; a Secret without data is an empty journal.

    Args:
        stored: the journal's Secret.
        client: the app client that the resource names.
        taken_from: the uid in a journal from elsewhere that is accepted.

    Raises:
        JournalFormatUnknownError: another version of the operator wrote the journal.
        JournalForeignError: the journal was copied or restored from elsewhere.
        JournalOfAnotherClientError: the journal belongs to another app client.
        JournalUnreadableError: the journal is damaged.

    """
    if not stored.data:
        return Journal(uid=stored.uid, namespace=stored.namespace, client=client)
    document = _document(stored)
    if "format" not in document:
        raise _unreadable(stored, f"{DOCUMENT} has no format")
    if repr(document["format"]) != repr(FORMAT):  # in Python, True and 1.0 equal 1
        raise JournalFormatUnknownError(
            f"{_named(stored)} has a format that this version of the operator does not know: "
            f"upgrade the operator to the version that wrote it (this one knows format {FORMAT})"
        )
    journal = _journal(stored, document)
    is_ours = (journal.uid, journal.namespace) == (stored.uid, stored.namespace)
    if not is_ours and journal.uid != taken_from:
        raise JournalForeignError(
            f"{_named(stored)} was written for the Secret with uid {journal.uid} in namespace "
            f"{journal.namespace}, so it was copied or restored: make sure that no other cluster "
            f"or namespace rotates client {journal.client.client_id} (the operator cannot detect "
            "operators of other clusters), then annotate the resource with "
            f"{TAKE_OVER_ANNOTATION}: {journal.uid}"
        )
    if journal.client != client:
        raise JournalOfAnotherClientError(
            f"{_named(stored)} belongs to client {journal.client.client_id} of pool "
            f"{journal.client.pool_id}, the resource to client {client.client_id} of pool "
            f"{client.pool_id}: give the resource another name; or, if the other client's record "
            "is no longer needed, delete this Secret"
        )
    return journal


def journal_data(journal: Journal) -> dict[str, SecretValue]:
    """Return a journal as the data of its Secret."""
    text = json.dumps(document_of(journal), indent=1)
    values = {VALUE_PREFIX + slot: value for slot, value in values_of(journal).items()}
    return {DOCUMENT: SecretValue(text), **values}


def _document(stored: StoredSecret) -> dict[str, Any]:
    text = stored.data.get(DOCUMENT)
    document = None if text is None else _decoded(text)
    if not isinstance(document, dict):
        raise _unreadable(stored, f"{DOCUMENT} is missing or not a JSON object")
    return document


def _decoded(text: SecretValue) -> object:
    # The error is raised outside the handler: a JSONDecodeError contains the whole document, and
    # even `raise … from None` would keep it as the context.
    try:
        return json.loads(text.reveal())
    except (ValueError, RecursionError):
        return None


def _journal(stored: StoredSecret, document: dict[str, Any]) -> Journal:
    values = {
        key.removeprefix(VALUE_PREFIX): value
        for key, value in stored.data.items()
        if key.startswith(VALUE_PREFIX)
    }
    try:
        return journal_of(document, values)
    except DamagedError as error:
        problem = str(error)
    raise _unreadable(stored, problem)


def _unreadable(stored: StoredSecret, problem: str) -> JournalUnreadableError:
    return JournalUnreadableError(
        f"{_named(stored)} cannot be read ({problem}): put its data back from a backup, or upgrade "
        f"the operator if a newer version wrote it; if neither is possible, {_START_ANEW}"
    )


def _named(stored: StoredSecret) -> str:
    return f"the journal, Secret {stored.namespace}/{stored.name},"
