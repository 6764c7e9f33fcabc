"""At rest: is the current secret there, is a rotation asked for or due?"""

from datetime import datetime

from ...names import ROTATE_ANNOTATION
from ...reasons import Reason
from ..actions import Hold, Plan
from ..journal.rollback import was_rolled_back
from ..model import Trigger
from ..observed import Fact, Observed
from ..preview import preview_is_due
from ..schedule import due_at, overdue_at, retry_at, starts_at
from ..spec import Recovery
from ..text import moment_text
from .adoption import was_deleted_lately
from .needs import initial_value, look, wait
from .recovering import current_is_held
from .staging import stage


def initial_value_is_wanted(observed: Observed) -> Plan | None:
    """The client was created without the user's own value: add it, once."""
    if not observed.journal.initial_is_wanted:
        return None
    if observed.resource.spec.rotation.initial_value_from is None:
        return None
    retry = retry_at(observed.journal, observed.timing)
    if retry is not None and observed.now < retry:
        return None
    value = initial_value(observed)
    return stage(observed, Trigger.MIGRATION, "it is the client's value elsewhere", value)


def rotation_is_requested(observed: Observed) -> Plan | None:
    """The rotate annotation contains a token that was not handled yet."""
    token = observed.resource.rotate_token
    if token is None or observed.journal.has_handled(token):
        return None
    return stage(observed, Trigger.REQUEST, "the rotate annotation asks for a rotation")


def current_is_missing(observed: Observed) -> Plan | None:
    """Two Lists, far enough apart, lack the current secret: it was deleted at Cognito by others."""
    current = observed.journal.current
    if current is None or not observed.is_surely_missing(current.id):
        return None
    if observed.resource.spec.recovery is Recovery.MANUAL:
        return current_is_held(current.id)
    retry = _retry_of_recovery(observed)
    if retry is not None and observed.now < retry:
        return wait(
            Reason.CURRENT_SECRET_MISSING,
            f"Cognito does not have the current secret {current.id} any more, and refused the one "
            "that was to replace it; the next try is due",
            retry,
        )
    return stage(
        observed,
        Trigger.RECOVERY,
        f"Cognito no longer has the current secret {current.id}, which was deleted by others",
    )


def value_is_unknown(observed: Observed) -> Plan | None:
    """The client's secret was kept although its value is unknown: add a new one."""
    current = observed.journal.current
    if current is None or current.value is not None or _backs_off(observed):
        return None
    return stage(observed, Trigger.INITIAL, "the client's first secret of our own")


def rollback_waits_for_a_person(observed: Observed) -> Plan | None:
    """The last rotation was rolled back, and the next one would fail the same way: wait."""
    if not was_rolled_back(observed.journal):
        return None
    last = observed.journal.rotations[-1]
    return Plan(
        Hold(stalled=True, until=_next_date(observed)),
        Reason.ROLLED_BACK,
        f"the roll-out of secret {last.retired_id} failed and was rolled back; the secret from "
        "before is current and no rotation starts by itself; repair the workload, then annotate "
        f"the resource with {ROTATE_ANNOTATION} and any new value",
    )


def rotation_is_due(observed: Observed) -> Plan | None:
    """The current secret has reached the age at which it is replaced, and a window is open."""
    start = _start(observed)
    if start is None or observed.now < start:
        return None
    why = "the current secret has reached rotation.interval"
    if observed.resource.spec.rotation.is_by_windows:
        why = "one of rotation.windows is open"
    return stage(observed, Trigger.SCHEDULE, why)


def rotation_waits_for_its_window(observed: Observed) -> Plan | None:
    """The current secret has reached its age, and no window is open: the rotation waits."""
    start, due = _start(observed), due_at(observed.resource, observed.journal, observed.timing)
    if start is None or due is None or not due <= observed.now < start:
        return None
    return wait(
        Reason.AWAITING_WINDOW,
        f"a rotation is due and starts within rotation.windows, at {moment_text(start)}",
        _next_date(observed),
    )


def first_rotation_is_previewed(observed: Observed) -> Plan | None:
    """The first rotation is still to come: read from time to time what it would restart."""
    return look(Fact.CONSUMERS) if preview_is_due(observed) else None


def slot_is_taken(observed: Observed) -> Plan | None:
    """A foreign secret occupies the slot that the next rotation needs: report it early."""
    foreign = [one for one in observed.foreign if not was_deleted_lately(observed, one.id)]
    if not foreign:
        return None
    return wait(
        Reason.SLOT_TAKEN,
        f"secret {foreign[0].id}, made {moment_text(foreign[0].created_at)}, is not the "
        "operator's and has the slot that the next rotation needs; find out who uses it and delete "
        "it at Cognito (delete-user-pool-client-secret), or name it in "
        "spec.adoption.retireSecretIds",
        _next_date(observed),
    )


def nothing_is_to_be_done(observed: Observed) -> Plan | None:
    """Wait for the schedule, the age limit, or the next look at Cognito."""
    return wait(Reason.NOT_DUE, "nothing to do", _next_date(observed))


def _start(observed: Observed) -> datetime | None:
    return starts_at(observed.resource, observed.journal, observed.timing, observed.now)


def _next_date(observed: Observed) -> datetime:
    dates = [
        _start(observed),
        overdue_at(observed.resource, observed.journal),
        retry_at(observed.journal, observed.timing),
        observed.next_look,
    ]
    return min(date for date in dates if date is not None and date > observed.now)


def _retry_of_recovery(observed: Observed) -> datetime | None:
    """Return when a recovery may be tried again: the schedule's failures do not make it wait."""
    last = observed.journal.rotations[-1] if observed.journal.rotations else None
    if last is None or last.trigger is not Trigger.RECOVERY:
        return None
    return retry_at(observed.journal, observed.timing)


def _backs_off(observed: Observed) -> bool:
    retry = retry_at(observed.journal, observed.timing)
    return retry is not None and observed.now < retry
