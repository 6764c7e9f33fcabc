"""The effects that change nothing but the journal, each as the journal's next entry."""

from .actions import (
    Adopt,
    Declare,
    DropFromJournal,
    MarkForDeletion,
    NoteEndpoint,
    Promote,
    Rebuild,
    Record,
    RecordPublication,
    RecordRedaction,
    Reinstate,
    Republish,
    RollBack,
    TakeOver,
    Unmark,
)
from .journal import journal as journals
from .journal.journal import Journal
from .journal.leaks import declared
from .journal.recovery import rebuilt, reinstated, taken_over, unmarked
from .journal.rollback import rolled_back
from .model import StoredSecret
from .observed import Observed

__all__ = ["Entry", "next_journal"]

Entry = (
    Adopt
    | Rebuild
    | TakeOver
    | Declare
    | Record
    | Promote
    | NoteEndpoint
    | RecordPublication
    | RecordRedaction
    | Republish
    | MarkForDeletion
    | DropFromJournal
    | Reinstate
    | RollBack
    | Unmark
)


def next_journal(observed: Observed, effect: Entry) -> Journal:
    """Return the journal as it is to be written."""
    book = observed.journal
    match effect:
        case Adopt() | Rebuild() | TakeOver():
            return _begun(observed, effect)
        case Declare(request, turns_back):
            return declared(book, request, at=observed.now, turns_back=turns_back)
        case Record(remote):
            return journals.recorded(book, remote, at=observed.now)
        case Promote(verified):
            return journals.promoted(book, verified=verified)
        case MarkForDeletion(secret_id, order):
            return journals.marked(book, secret_id, order)
        case NoteEndpoint(url):
            return journals.endpoint_noted(book, url)
        case DropFromJournal() | Reinstate() | RollBack() | Unmark():
            return _ended(observed, effect)
        case _:
            return _about_the_target(observed, effect)


def _begun(observed: Observed, effect: Adopt | Rebuild | TakeOver) -> Journal:
    """Begin a journal: by adoption, from what is left of a lost one, or with one from elsewhere."""
    book, stored, resource = observed.journal, observed.journal_secret, observed.resource
    match effect:
        case Adopt(secret, number) if book.is_adopted or resource.status.journal_sequence:
            return _begun(observed, Rebuild(secret, None, None, number))
        case Adopt(secret, number, wants_initial):
            return journals.adopted(
                book,
                secret,
                publication_number=number,
                rotate_token=resource.rotate_token,
                emergency=resource.emergency,
                wants_initial=wants_initial,
            )
        case Rebuild(current, previous, retired, number):
            return rebuilt(
                book,
                current=current,
                previous=previous,
                retired=retired,
                publication_number=number,
                rotate_token=resource.rotate_token,
                emergency=resource.emergency,
                seen_sequence=resource.status.journal_sequence,
            )
        case TakeOver():
            if not isinstance(stored, StoredSecret):
                raise TypeError("a journal is taken over by the Secret that it is in")
            return taken_over(book, uid=stored.uid, namespace=stored.namespace)


def _ended(observed: Observed, effect: DropFromJournal | Reinstate | RollBack | Unmark) -> Journal:
    """Note that a secret is gone, or stays after all."""
    match effect:
        case DropFromJournal(secret_id, outcome, verdict):
            return journals.forgotten(
                observed.journal,
                secret_id,
                at=observed.now,
                outcome=outcome,
                request_id=observed.memory.delete_requests.get(secret_id, ""),
                verdict=verdict,
            )
        case Reinstate():
            return reinstated(observed.journal, at=observed.now)
        case RollBack():
            return rolled_back(observed.journal)
        case Unmark():
            return unmarked(observed.journal)


def _about_the_target(
    observed: Observed, effect: RecordPublication | RecordRedaction | Republish
) -> Journal:
    if isinstance(effect, Republish):
        return journals.republished(observed.journal)
    if not isinstance(observed.target, StoredSecret):
        raise TypeError("what the target holds is recorded from a read of it")
    if isinstance(effect, RecordRedaction):
        return journals.redacted(observed.journal, observed.target)
    return journals.published(observed.journal, observed.target)
