"""What a process keeps in mind from one pass to the next."""

from dataclasses import replace
from datetime import datetime

from .journal import Journal, JournaledSecret
from .model import Listing
from .observed import Memory, Observed
from .rollout import Consumers
from .rules.rolling_out import evidence, suspects

__all__ = ["remembered"]


def remembered(observed: Observed) -> Memory:
    """Give the memory after what this pass has read."""
    memory = observed.memory
    if isinstance(observed.listing, Listing):
        missing = _missing(observed, observed.listing)
        memory = replace(memory, listing=observed.listing, missing=missing)
    if isinstance(observed.consumers, Consumers):
        clear = _clear(observed, observed.consumers)
        memory = replace(memory, clear=clear, previewed_at=observed.now)
    return memory


def _missing(observed: Observed, listed: Listing) -> dict[str, datetime]:
    if not isinstance(observed.journal, Journal):
        return {}
    return {
        secret.id: observed.memory.missing.get(secret.id, listed.at)
        for secret in (observed.journal.current, observed.journal.previous)
        if secret is not None
        and listed.get(secret.id) is None
        and not _too_young(secret, listed, observed)
    }


def _too_young(secret: JournaledSecret, listed: Listing, observed: Observed) -> bool:
    return listed.at < secret.created_at + observed.timing.answer_outranks


def _clear(observed: Observed, found: Consumers) -> tuple[str, datetime] | None:
    proof = evidence(observed) if isinstance(observed.journal, Journal) else None
    if proof is None or suspects(observed, found, proof):
        return None
    before = observed.memory.clear
    if before is not None and before[0] == proof.stamp:
        return before
    return (proof.stamp, found.read_at)
