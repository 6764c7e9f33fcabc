"""The journal on the wire, both ways.

The journal's Secret has one key, ``journal.json``, for everything but values, and a key for each
value (``value.current`` and so on): whoever debugs it can look at the document alone. Whatever is
odd about a journal is a `JournalProblemError`, which makes the operator hold.
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
"""Data key of everything but the values."""

VALUE_PREFIX: Final = "value."
"""Data keys of the values: ``value.current``, ``value.previous``, and so on."""

_START_ANEW: Final = (
    "then delete this Secret and the resource, and create the resource again, which takes the "
    "client's secret over from the target Secret"
)


class JournalProblemError(ActionNeededError):
    """A journal that must not be used; the operator holds until a person has acted."""


class JournalFormatUnknownError(JournalProblemError):
    """Another version of the operator wrote it."""

    reason = Reason.JOURNAL_FORMAT_UNKNOWN


class JournalForeignError(JournalProblemError):
    """It was written for another Secret: somebody copied or restored it."""

    reason = Reason.JOURNAL_FOREIGN


class JournalOfAnotherClientError(JournalProblemError):
    """It is about another app client than the resource names."""

    reason = Reason.JOURNAL_OF_ANOTHER_CLIENT


class JournalUnreadableError(JournalProblemError):
    """Somebody damaged it."""

    reason = Reason.JOURNAL_UNREADABLE


def journal_from(
    stored: StoredSecret, client: ClientRef, *, taken_from: str | None = None
) -> Journal:
    """Read a journal; a Secret without data is an empty journal.

    Args:
        stored: the journal's Secret.
        client: the app client that the resource names.
        taken_from: the uid in a journal from elsewhere that is to be read all the same.

    Raises:
        JournalFormatUnknownError: another version of the operator wrote it.
        JournalForeignError: it was copied or restored from elsewhere.
        JournalOfAnotherClientError: it is about another app client.
        JournalUnreadableError: it is damaged.

    """
    if not stored.data:
        return Journal(uid=stored.uid, namespace=stored.namespace, client=client)
    document = _document(stored)
    if "format" not in document:
        raise _unreadable(stored, f"{DOCUMENT} has no format")
    if repr(document["format"]) != repr(FORMAT):  # true and 1.0 equal 1 and are not it
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
            f"or namespace rotates client {journal.client.client_id}, since operators of other "
            "clusters cannot be seen from here, then annotate the resource with "
            f"{TAKE_OVER_ANNOTATION}: {journal.uid}"
        )
    if journal.client != client:
        raise JournalOfAnotherClientError(
            f"{_named(stored)} is about client {journal.client.client_id} of pool "
            f"{journal.client.pool_id}, the resource names client {client.client_id} of pool "
            f"{client.pool_id}: give the resource another name; or, if nobody needs the other "
            "client's record any more, delete this Secret"
        )
    return journal


def journal_data(journal: Journal) -> dict[str, SecretValue]:
    """Write a journal as the data of its Secret."""
    text = json.dumps(document_of(journal), indent=1)
    values = {VALUE_PREFIX + slot: value for slot, value in values_of(journal).items()}
    return {DOCUMENT: SecretValue(text), **values}


def _document(stored: StoredSecret) -> dict[str, Any]:
    text = stored.data.get(DOCUMENT)
    document = None if text is None else _decoded(text)
    if not isinstance(document, dict):
        raise _unreadable(stored, f"{DOCUMENT} is missing or no JSON object")
    return document


def _decoded(text: SecretValue) -> object:
    # The error is raised elsewhere: a JSONDecodeError carries the whole document, and even
    # `raise … from None` would keep it as the context.
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
