"""The effects that change nothing but the journal, each as the journal's next entry."""

from ..domain import journal as journals
from ..domain.actions import (
    Adopt,
    Declare,
    Doom,
    Forget,
    Promote,
    Record,
    RecordPublication,
    Redact,
    Republish,
)
from ..domain.emergency import declared
from ..domain.journal import Journal
from ..domain.model import StoredSecret
from ..domain.observed import Observed

__all__ = ["Entry", "next_journal"]

Entry = Adopt | Declare | Record | Promote | RecordPublication | Redact | Republish | Doom | Forget


def next_journal(observed: Observed, effect: Entry) -> Journal:
    """Give the journal as it is to be written."""
    book, resource = observed.book, observed.resource
    match effect:
        case Adopt(secret, number, wants_initial):
            return journals.adopted(
                book,
                secret,
                publication_number=number,
                rotate_token=resource.rotate_token,
                emergency=resource.emergency,
                wants_initial=wants_initial,
            )
        case Declare(request):
            return declared(book, request, at=observed.now)
        case Record(remote):
            return journals.recorded(book, remote, at=observed.now)
        case Promote(verified):
            return journals.promoted(book, verified=verified)
        case Doom(secret_id, order):
            return journals.doomed(book, secret_id, order)
        case Forget(secret_id):
            request_id = observed.memory.delete_requests.get(secret_id, "")
            return journals.forgotten(book, secret_id, at=observed.now, request_id=request_id)
        case _:
            return _about_the_target(observed, effect)


def _about_the_target(
    observed: Observed, effect: RecordPublication | Redact | Republish
) -> Journal:
    if isinstance(effect, Republish):
        return journals.republished(observed.book)
    if not isinstance(observed.target, StoredSecret):
        raise TypeError("what the target holds is recorded from a read of it")
    if isinstance(effect, Redact):
        return journals.redacted(observed.book, observed.target)
    return journals.published(observed.book, observed.target)
