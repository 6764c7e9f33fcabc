"""Builds the Kubernetes events: for effects, and for conditions that change."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..domain.actions import (
    Add,
    Adopt,
    Declare,
    Delete,
    DropFromJournal,
    Effect,
    MarkForDeletion,
    Plan,
    Promote,
    Publish,
    Rebuild,
    Record,
    Reinstate,
    Republish,
    RollBack,
    Stage,
    Stamp,
    TakeOver,
)
from ..domain.journal.journal import Outcome
from ..domain.model import StoredSecret, Trigger
from ..domain.observed import Observed
from ..domain.projection import is_untouched
from ..domain.report import ConditionType, Report, Truth
from ..reasons import Reason
from .ports import Drift, KubernetesEvent

__all__ = [
    "EFFECT_EVENTS",
    "drift_of",
    "event_of_effect",
    "events_of_conditions",
    "events_of_schedule",
]

EFFECT_EVENTS: Final[Mapping[type[object], Reason]] = {
    Adopt: Reason.SECRET_ADOPTED,
    Declare: Reason.EMERGENCY_DECLARED,
    Rebuild: Reason.JOURNAL_REBUILT,
    TakeOver: Reason.JOURNAL_TAKEN_OVER,
    Stage: Reason.ROTATION_STARTED,
    Add: Reason.SECRET_ADDED,
    Record: Reason.SECRET_RECORDED,
    Promote: Reason.SECRET_PROMOTED,
    Publish: Reason.SECRET_PUBLISHED,
    Republish: Reason.TARGET_RESTORED,
    Stamp: Reason.WORKLOAD_RESTARTED,
    MarkForDeletion: Reason.RETIREMENT_DECIDED,
    Delete: Reason.SECRET_DELETED,
    DropFromJournal: Reason.ROTATION_FINISHED,
    Reinstate: Reason.SECRET_REINSTATED,
    RollBack: Reason.SECRET_ROLLED_BACK,
}
"""Reasons of the events for effects; the others only follow or prepare one of these."""

_ALARMS: Final = (
    (ConditionType.STALLED, Truth.TRUE),
    (ConditionType.READY, Truth.FALSE),
    (ConditionType.OVERDUE, Truth.TRUE),
)
"""Conditions that are worth a warning when they turn to this."""

_NOTICES: Final = (
    (ConditionType.ROTATING, Reason.AWAITING_APPROVAL, "Normal"),
    (ConditionType.VERIFIED, Reason.RETIRED_STILL_ACCEPTED, "Warning"),
    (ConditionType.ROLLED_OVER, Reason.MAX_OVERLAP_EXCEEDED, "Warning"),
    (ConditionType.ROTATING, Reason.SLOT_TAKEN, "Warning"),
)
"""Reasons that a person should hear of although nothing is wrong, or not yet."""


def event_of_effect(effect: Effect, plan: Plan) -> KubernetesEvent | None:
    """Return the event for an effect that was carried out."""
    reason = EFFECT_EVENTS.get(type(effect))
    if reason is None:
        return None
    return KubernetesEvent("Warning" if _is_alarming(effect) else "Normal", reason, plan.message)


def _is_alarming(effect: Effect) -> bool:
    """Return whether the effect corrects an external change or was ordered by a person."""
    match effect:
        case Stage(trigger=Trigger.RECOVERY):
            return True
        case DropFromJournal(outcome=outcome):
            return outcome is Outcome.LOST
        case MarkForDeletion(order=order, foreign=foreign):
            return foreign or order is not None
        case Delete(order=order, foreign=foreign, urgent=urgent):
            return foreign or urgent or order is not None
        case _:
            return isinstance(
                effect, Republish | Declare | Reinstate | RollBack | Rebuild | TakeOver
            )


def drift_of(effect: Effect, observed: Observed) -> Drift | None:
    """Return which external change an effect corrects; None for the operator's own course.

    Args:
        effect: what was done.
        observed: what it was planned from.

    """
    match effect:
        case Republish():
            publication, target = observed.journal.publication, observed.target
            edited = (
                publication is None
                or not isinstance(target, StoredSecret)
                or not is_untouched(publication, target)
            )
            # An untouched target is written anew because the resource's own spec changed.
            return Drift.TARGET if edited else None
        case Rebuild() | TakeOver():
            return Drift.JOURNAL
        case Stage(trigger=Trigger.RECOVERY) | Reinstate() | DropFromJournal(outcome=Outcome.LOST):
            return Drift.COGNITO
        case DropFromJournal(deleted_elsewhere=True):
            # A current secret that was lost was counted when its recovery began.
            rotation = observed.journal.rotation
            is_counted = rotation is not None and rotation.trigger is Trigger.RECOVERY
            return None if is_counted else Drift.COGNITO
        case _:
            return None


def events_of_conditions(
    report: Report, old_conditions: Iterable[Mapping[str, Any]]
) -> tuple[KubernetesEvent, ...]:
    """Return a warning for each alarming condition that is new or has a new reason.

    Where Stalled and Ready turn alarming for the same reason, there is one event.
    """
    before = {(one.get("type"), one.get("status"), one.get("reason")) for one in old_conditions}
    events: dict[Reason, KubernetesEvent] = {}
    for kind, alarming in _ALARMS:
        condition = report.condition(kind)
        if condition.status is not alarming or condition.reason in events:
            continue
        if kind is ConditionType.READY and not _was_ready(before):
            continue
        if (kind.value, alarming.value, condition.reason) not in before:
            event = KubernetesEvent("Warning", condition.reason, condition.message)
            events[condition.reason] = event
    for kind, reason, type_ in _NOTICES:
        condition = report.condition(kind)
        key = (kind.value, condition.status.value, reason)
        if condition.reason == reason and key not in before:
            events[reason] = KubernetesEvent(type_, reason, condition.message)
    return tuple(events.values())


def events_of_schedule(report: Report) -> tuple[KubernetesEvent, ...]:
    """Return a warning for an opening that passed without its rotation.

    There is one event only: the status that is written next promises another opening.
    """
    missed, following = report.missed_opening_at, report.next_rotation_at
    if missed is None or following is None:
        return ()
    text = (
        f"a rotation was to begin at {missed:%Y-%m-%d %H:%M:%S} UTC, and rotation.windows closed "
        f"without it; it is not made up for, the next begins at {following:%Y-%m-%d %H:%M:%S} UTC"
    )
    reason, message = report.waits_for
    if reason is not Reason.NOT_DUE:
        text = f"{text} ({message})"
    return (KubernetesEvent("Warning", Reason.WINDOW_MISSED, text),)


def _was_ready(before: set[tuple[Any, Any, Any]]) -> bool:
    return any(kind == "Ready" and status == "True" for kind, status, _ in before)
