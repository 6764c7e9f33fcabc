"""A journal that was lost, or that is older than what it wrote: write it anew from what is left.

What is left are the target with its annotations, the List, and an old journal. Which value belongs
to which id never changes, so an old journal is right about that, and about nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...reasons import Reason
from ..actions import Plan, Rebuild
from ..journal.journal import Journal, JournaledSecret, Origin
from ..model import Listing, Probe, StoredSecret, Verdict
from ..observed import Fact, Observed
from ..projection import Marks, publication_number, target_data
from ..value import SecretValue
from .adoption import adopted_anew, client_is_public
from .needs import NeedsError, listing, probe, target_marks, unverified, wait


@dataclass(frozen=True, slots=True)
class _Record:
    """A secret that something which is left tells of."""

    secret: JournaledSecret
    asks: Fact | None
    """How to ask Cognito about the value; None where the operator's own record has it."""


def journal_must_be_rebuilt(observed: Observed) -> Plan | None:
    """The journal is empty although there was one, or older than status or the target shows.

    The secret that the target calls current stays current while Cognito has it: nothing changes
    for applications. No new secret and no deletion follow from this alone.
    """
    if observed.journal_read is None or not _is_lost_or_old(observed):
        return None
    listed = listing(observed)
    marks = target_marks(observed)
    leader = _leader(observed.journal, marks)
    if leader and listed.get(leader) is None and not observed.is_surely_missing(leader):
        return wait(
            Reason.JOURNAL_REBUILT,
            f"the journal is to be written anew, and List lacks the current secret {leader}: "
            "waiting until that is sure",
        )
    records = _records(observed.journal, marks, listed)
    for record in sorted(records, key=lambda one: _preference(one, leader), reverse=True):
        if record.asks is not None:
            asked = _asked(observed, record.secret.id, record.asks)
            if asked.verdict is Verdict.REFUSED:
                continue
            record = _verified(record, asked.verdict)  # noqa: PLW2901
        if record.secret.value is not None:
            return _rebuild(observed, record.secret, [one.secret for one in records], listed)
    return client_is_public(observed, listed) or adopted_anew(observed, listed)


def _asked(observed: Observed, secret_id: str, fact: Fact) -> Probe:
    """Verify a value; hold where that is impossible and the resource requires it."""
    asked = probe(observed, fact)
    held = unverified(observed, secret_id, asked.detail)
    if asked.verdict is Verdict.UNKNOWN and held is not None:
        raise NeedsError(held)
    return asked


def _is_lost_or_old(observed: Observed) -> bool:
    """Return whether the journal is not the one that was written last.

    Status remembers a later one, or the target shows what only a later one can have written.
    """
    book, seen, marks = (
        observed.journal,
        observed.resource.status.journal_sequence,
        target_marks(observed),
    )
    if not book.is_adopted:
        return bool(seen) or marks is not None
    target = observed.target
    shown = publication_number(target.annotations) if isinstance(target, StoredSecret) else 0
    return book.sequence < seen or (
        book.publication is not None and shown > book.publication.number
    )


def _leader(book: Journal, marks: Marks | None) -> str:
    """Name the current secret by what was written last: the target, or an old journal."""
    number = book.publication_number
    if marks is not None and (book.current is None or marks.number >= number):
        return marks.current_id
    return book.current.id if book.current else ""


def _preference(record: _Record, leader: str) -> tuple[bool, object]:
    return record.secret.id == leader, record.secret.created_at


def _records(book: Journal, marks: Marks | None, listed: Listing) -> list[_Record]:
    """Collect the secrets that Cognito has and something tells of; our own record comes first."""
    found: dict[str, _Record] = {}
    for secret in _journaled(book):
        found.setdefault(secret.id, _Record(secret, None))
    for secret_id, value, fact in _pairs(marks):
        remote = listed.get(secret_id)
        if remote is not None and value is not None:
            made = JournaledSecret(secret_id, remote.created_at, value, Origin.TARGET)
            found.setdefault(secret_id, _Record(made, fact))
    return [record for record in found.values() if listed.get(record.secret.id) is not None]


def _pairs(marks: Marks | None) -> tuple[tuple[str, SecretValue | None, Fact], ...]:
    if marks is None:
        return ()
    return (
        (marks.current_id, marks.current, Fact.TARGET_PROBE),
        (marks.previous_id, marks.previous, Fact.TARGET_PREVIOUS_PROBE),
    )


def _journaled(book: Journal) -> Iterable[JournaledSecret]:
    yield from (one for one in (book.current, book.previous) if one is not None)
    if book.pending is not None and book.pending.secret is not None:
        new = book.pending.secret
        yield JournaledSecret(new.id, new.created_at, book.pending.value, book.pending.origin)


def _verified(record: _Record, verdict: Verdict) -> _Record:
    secret = replace(record.secret, verified=verdict is Verdict.ACCEPTED)
    return replace(record, secret=secret)


def _rebuild(
    observed: Observed, current: JournaledSecret, known: list[JournaledSecret], listed: Listing
) -> Plan:
    previous = next((one for one in known if one.id != current.id), None)
    marks, book = target_marks(observed), observed.journal
    number = max(marks.number if marks else 0, book.publication_number)
    rests = marks is not None and marks.current_id == current.id and previous is None
    retired = _retired(marks, current) if marks is not None and rests else None
    wanted = replace(book, current=current, previous=None, retired=retired)
    is_shown = rests and isinstance(observed.target, StoredSecret)
    if is_shown and isinstance(observed.target, StoredSecret):
        is_shown = target_data(wanted, observed.resource) == observed.target.data
    foreign = [one for one in listed.ids if one not in {current.id, previous and previous.id}]
    return Plan(
        Rebuild(current, previous, retired, number if is_shown else number + 1),
        Reason.JOURNAL_REBUILT,
        "the journal was lost, or an old one was restored: it is written anew from the target "
        f"Secret and List; {current.id} is current"
        + (f", {previous.id} previous" if previous else "")
        + (f"; whose {foreign[0]} is and its value are not known" if foreign else ""),
    )


def _retired(marks: Marks, current: JournaledSecret) -> JournaledSecret | None:
    """Keep what the target shows as previous: nothing is written where nothing changes."""
    value = marks.previous
    if marks.previous_id == current.id or value is None:
        return None
    return JournaledSecret(marks.previous_id, current.created_at, value, Origin.TARGET)
