"""What the journal notes when a secret leaked: which one gives way to which."""

from dataclasses import replace
from datetime import datetime

from ..model import Trigger
from ..spec import EmergencyRequest
from .journal import (
    Emergency,
    Journal,
    Outcome,
    Rotation,
    finished,
    kept,
    next_entry,
)
from .rollback import can_turn_back, turned_back

__all__ = ["declared"]


def declared(
    journal: Journal, request: EmergencyRequest, *, at: datetime, turns_back: bool = True
) -> Journal:
    """Record that a secret leaked: its value is not published any more.

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
    current, previous, pending = journal.current, journal.previous, journal.pending
    if pending is not None and pending.secret and pending.secret.id == request.secret_id:
        changes["marked_id"] = request.secret_id
    elif (
        turns_back
        and current is not None
        and current.id == request.secret_id
        and previous is not None
        and can_turn_back(journal)
    ):
        return turned_back(journal, **changes, **_begun(journal, previous.id, at))
    return next_entry(journal, **changes)


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


def _begun(journal: Journal, previous_id: str, at: datetime) -> dict[str, object]:
    """End the rotation that is on, and begin the one that the leak makes necessary."""
    rotations = journal.rotations
    if journal.rotation is not None:
        rotations = kept(journal, finished(journal.rotation, at, Outcome.LEAKED))
    return {
        "rotation": Rotation(Trigger.EMERGENCY, started_at=at, secret_id=previous_id),
        "rotations": rotations,
    }
