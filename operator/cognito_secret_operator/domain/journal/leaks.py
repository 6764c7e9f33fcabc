"""What the journal notes when a secret leaked: which one gives way to which."""

from dataclasses import replace
from datetime import datetime

from ..model import Trigger
from ..spec import EmergencyRequest
from .journal import (
    Emergency,
    Journal,
    Outcome,
    Publication,
    Rotation,
    finished,
    kept,
    next_entry,
)

__all__ = ["can_turn_back", "declared"]


def declared(
    journal: Journal, request: EmergencyRequest, *, at: datetime, turns_back: bool = True
) -> Journal:
    """Record that a secret leaked: from now on its value is handed out to nobody.

    A leaked current secret gives way to the previous one, where that is there and usable. A secret
    that is gone already needs nothing but the record of the token. *turns_back* is False where
    Cognito does not have the previous one any more.
    """
    if request.secret_id not in journal.ids:
        return next_entry(journal, handled_emergency=request)
    changes: dict[str, object] = {
        "emergency": _with_leaked(journal, request, at),
        "handled_emergency": request,
    }
    current, pending = journal.current, journal.pending
    if pending is not None and pending.secret and pending.secret.id == request.secret_id:
        changes["marked_id"] = request.secret_id
    elif current is not None and current.id == request.secret_id and turns_back:
        changes |= _turned_back(journal, at) if can_turn_back(journal) else {}
    return next_entry(journal, **changes)


def can_turn_back(journal: Journal) -> bool:
    """Tell whether the previous secret can be current again.

    Not where it leaked as well, nor where it is doomed: its Delete may be under way.
    """
    previous = journal.previous
    if previous is None or previous.value is None or journal.marked_id == previous.id:
        return False
    return not journal.is_leaked(previous.id)


def _with_leaked(journal: Journal, request: EmergencyRequest, at: datetime) -> Emergency:
    before = journal.emergency or Emergency((), now=False, at=at, renews=False)
    leaked = tuple(dict.fromkeys([*before.leaked, request.secret_id]))
    # A leaked previous secret has been replaced by the current one already.
    is_replaced = journal.previous is not None and journal.previous.id == request.secret_id
    return replace(
        before,
        leaked=leaked,
        now=before.now or request.now,
        renews=before.renews or not is_replaced,
    )


def _turned_back(journal: Journal, at: datetime) -> dict[str, object]:
    """Make the previous secret current again, in a new publication."""
    previous, number = journal.previous, journal.publication.number if journal.publication else 0
    rotations = journal.rotations
    if journal.rotation is not None:
        rotations = kept(journal, finished(journal.rotation, at, Outcome.LEAKED))
    return {
        "current": previous,
        "previous": journal.current,
        "returned": (*journal.returned, *([previous.id] if previous else [])),
        "publication": Publication(number=number + 1),
        "rotation": Rotation(
            Trigger.EMERGENCY, started_at=at, secret_id=previous.id if previous else ""
        ),
        "rotations": rotations,
    }
