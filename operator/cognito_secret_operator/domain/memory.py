"""What a process keeps in mind from one pass to the next."""

from dataclasses import replace
from datetime import datetime

from .evidence import Remaining, remaining_after
from .journal.journal import Journal, JournaledSecret
from .model import Listing, StoredSecret, Verdict
from .observed import Fact, Memory, Observed
from .projection import marks_of
from .rollout import Consumers

__all__ = ["remembered"]


def remembered(observed: Observed) -> Memory:
    """Give the memory after what this pass has read."""
    memory = observed.memory
    if isinstance(observed.listing, Listing):
        missing = _missing(observed, observed.listing)
        memory = replace(memory, listing=observed.listing, missing=missing)
    if Fact.PREVIOUS_VALUE_PROBE in observed.probes:
        memory = replace(memory, lingers=_lingers(observed))
    if isinstance(observed.consumers, Consumers):
        memory = replace(
            memory,
            clear=_clear(observed, observed.consumers),
            remaining=_remaining(observed, observed.consumers),
            previewed_at=observed.now,
        )
    return memory


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


def _lingers(observed: Observed) -> tuple[str, datetime] | None:
    journal, before = observed.journal_read, observed.memory.lingers
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
