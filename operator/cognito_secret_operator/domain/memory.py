"""The transitions of `Memory`: what a process remembers after a read and after an effect."""

from dataclasses import replace
from datetime import datetime

from .evidence import Remaining, remaining_after
from .journal.journal import Journal, JournaledSecret, Rotation
from .model import Listing, RemoteSecret, StoredSecret, Verdict
from .observed import Fact, Memory, Observed, Problem
from .projection import marks_of
from .rollout import Consumers, Workload

__all__ = [
    "after_add",
    "after_delete",
    "after_read",
    "after_stamp",
    "after_unanswered_add",
    "without_add",
]


def after_read(observed: Observed) -> Memory:
    """Return the memory after what this pass has read so far."""
    memory = observed.memory
    if isinstance(observed.listing, Listing):
        missing = _missing(observed, observed.listing)
        memory = replace(
            memory, listing=observed.listing, missing=missing, client_missing_since=None
        )
    if isinstance(observed.listing, Problem) and observed.listing.missing:
        memory = replace(memory, client_missing_since=memory.client_missing_since or observed.now)
    if Fact.PREVIOUS_VALUE_PROBE in observed.probes:
        memory = replace(memory, still_accepted=_still_accepted(observed))
    if isinstance(observed.consumers, Consumers):
        memory = replace(
            memory,
            clear=_clear(observed, observed.consumers),
            remaining=_remaining(observed, observed.consumers),
            previewed_at=observed.now,
        )
    return memory


def without_add(memory: Memory) -> Memory:
    """Return the memory after a new claim, or after the journal recorded the added secret."""
    return replace(memory, added=None, add_sent=False)


def after_add(memory: Memory, rotation: Rotation, secret: RemoteSecret) -> Memory:
    """Return the memory after the response to the Add of *rotation*'s pending value."""
    return replace(memory, added=(rotation, secret), add_sent=True)


def after_unanswered_add(memory: Memory) -> Memory:
    """Return the memory after an Add that may have been carried out."""
    return replace(memory, add_sent=True)


def after_delete(memory: Memory, secret_id: str, request_id: str) -> Memory:
    """Return the memory after the response to a Delete."""
    return replace(
        memory,
        deleted=memory.deleted | {secret_id},
        delete_requests={**memory.delete_requests, secret_id: request_id},
    )


def after_stamp(memory: Memory, workload: Workload, stamp: str) -> Memory:
    """Return the memory after a stamp on *workload*'s pod template."""
    return replace(memory, stamped=memory.stamped | {(workload.uid, stamp)})


def _missing(observed: Observed, listed: Listing) -> dict[str, datetime]:
    if not isinstance(observed.journal_read, Journal):
        return {}
    wanted = {
        secret.id
        for secret in (observed.journal_read.current, observed.journal_read.previous)
        if secret is not None and not _too_young(secret, listed, observed)
    }
    wanted |= _shown_by_the_target(observed, observed.journal_read)
    return {
        secret_id: observed.memory.missing.get(secret_id, listed.at)
        for secret_id in wanted
        if listed.get(secret_id) is None
    }


def _shown_by_the_target(observed: Observed, journal: Journal) -> set[str]:
    """Name the target's current secret where the journal does not know it: it was lost."""
    if not isinstance(observed.target, StoredSecret):
        return set()
    marks = marks_of(observed.target, observed.resource)
    known = {one.id for one in (journal.current, journal.previous) if one is not None}
    return {marks.current_id} - known if marks is not None else set()


def _too_young(secret: JournaledSecret, listed: Listing, observed: Observed) -> bool:
    return listed.at < secret.created_at + observed.timing.list_distrust


def _still_accepted(observed: Observed) -> tuple[str, datetime] | None:
    journal, before = observed.journal_read, observed.memory.still_accepted
    previous = journal.previous if isinstance(journal, Journal) else None
    accepted = observed.probes[Fact.PREVIOUS_VALUE_PROBE].verdict is Verdict.ACCEPTED
    if previous is None or not accepted:
        return None
    return before if before and before[0] == previous.id else (previous.id, observed.now)


def _clear(observed: Observed, found: Consumers) -> tuple[str, datetime] | None:
    proof = observed.evidence if observed.known_journal else None
    if proof is None or found.missing or observed.holders:
        return None
    before = observed.memory.clear
    if before is not None and before[0] == proof.stamp:
        return before
    return (proof.stamp, found.read_at)


def _remaining(observed: Observed, found: Consumers) -> Remaining | None:
    proof = observed.evidence if observed.known_journal else None
    if proof is None:
        return None
    return remaining_after(found, proof.stamp, observed.pod_holders, observed.memory.remaining)
