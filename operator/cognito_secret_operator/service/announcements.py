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
from ..domain.report import ConditionType, Report, Truth
from ..domain.rules.publishing import is_untouched
from .ports import Drift, KubernetesEvent

__all__ = [
    "EFFECT_EVENTS",
    "drift_of",
    "event_of_effect",
    "events_of_conditions",
    "events_of_schedule",
]

EFFECT_EVENTS: Final[Mapping[type[object], str]] = {
    Adopt: "SecretAdopted",
    Declare: "EmergencyDeclared",
    Rebuild: "JournalRebuilt",
    TakeOver: "JournalTakenOver",
    Stage: "RotationStarted",
    Add: "SecretAdded",
    Record: "SecretRecorded",
    Promote: "SecretPromoted",
    Publish: "SecretPublished",
    Republish: "TargetRestored",
    Stamp: "WorkloadRestarted",
    MarkForDeletion: "RetirementDecided",
    Delete: "SecretDeleted",
    DropFromJournal: "RotationFinished",
    Reinstate: "SecretReinstated",
    RollBack: "SecretRolledBack",
}
"""Reasons of the events for effects; the others only follow or prepare one of these."""

FOREIGN_REASON: Final = "RetiringForeign"
"""Reason of all that is done to a secret which is not ours, by order of the resource."""

_ALARMS: Final = (
    (ConditionType.STALLED, Truth.TRUE),
    (ConditionType.READY, Truth.FALSE),
    (ConditionType.OVERDUE, Truth.TRUE),
)
"""Conditions that are worth a warning when they turn to this."""

_NOTICES: Final = (
    (ConditionType.ROTATING, "AwaitingApproval", "Normal"),
    (ConditionType.VERIFIED, "RetiredStillAccepted", "Warning"),
    (ConditionType.ROLLED_OVER, "MaxOverlapExceeded", "Warning"),
    (ConditionType.ROTATING, "SlotTaken", "Warning"),
)
"""Reasons that a person should hear of although nothing is wrong, or not yet."""


def event_of_effect(effect: Effect, plan: Plan) -> KubernetesEvent | None:
    """Return the event for an effect that was carried out."""
    reason = EFFECT_EVENTS.get(type(effect))
    if reason is None:
        return None
    is_alarming = _is_alarming(effect) or plan.reason in {FOREIGN_REASON, "EmergencyNow"}
    return KubernetesEvent("Warning" if is_alarming else "Normal", reason, plan.message)


def _is_alarming(effect: Effect) -> bool:
    """Return whether the effect corrects an external change or was ordered by a person."""
    match effect:
        case Stage(trigger=Trigger.RECOVERY):
            return True
        case DropFromJournal(outcome=outcome):
            return outcome is Outcome.LOST
        case MarkForDeletion(order=order) | Delete(order=order):
            return order is not None
        case _:
            return isinstance(
                effect, Republish | Declare | Reinstate | RollBack | Rebuild | TakeOver
            )


def drift_of(effect: Effect, reason: str, observed: Observed) -> Drift | None:
    """Return which external change an effect corrects; None for the operator's own course.

    Args:
        effect: what was done.
        reason: the plan's: the same effect follows our own Delete and an external one.
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
        case DropFromJournal() if reason == "DeletedElsewhere":
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
    events: dict[str, KubernetesEvent] = {}
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
    if reason != "NotDue":
        text = f"{text} ({message})"
    return (KubernetesEvent("Warning", "WindowMissed", text),)


def _was_ready(before: set[tuple[Any, Any, Any]]) -> bool:
    return any(kind == "Ready" and status == "True" for kind, status, _ in before)
