"""Before the first rotation of a client: who would be restarted, and what could not be proved."""

from dataclasses import dataclass
from typing import Final

from ..names import APPROVE_ANNOTATION
from .consumers import ConsumerMode
from .journal.journal import Journal, Origin
from .observed import UNREAD, Observed, Problem
from .rollout import Consumers, Pod, Progress, never_restarted, restartable, unfinished
from .spec import Policy, RetireOriginal, RolloutSpec, RolloutStrategy

__all__ = ["Preview", "is_previewed", "preview_is_due", "preview_of"]

KEPT_LIST_PERIODS: Final = 6
"""A full read of a namespace costs the API server far more than a List costs Cognito."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the first rotation would do, as far as anybody can tell now."""

    would_restart: tuple[str, ...]
    cannot_prove: tuple[str, ...]


def is_previewed(observed: Observed) -> bool:
    """Return whether the first rotation is still to come: we only watch, or have only adopted."""
    if observed.resource.spec.policy is Policy.OBSERVE:
        return True
    journal = observed.journal_read
    if not isinstance(journal, Journal) or journal.current is None:
        return False
    is_at_rest = journal.pending is None and journal.previous is None
    return is_at_rest and journal.current.origin is not Origin.OPERATOR


def preview_is_due(observed: Observed) -> bool:
    """Return whether the namespace is to be read for a preview.

    Not before this process has looked at Cognito: a restart asks nothing at once.
    """
    if not is_previewed(observed) or observed.consumers is not UNREAD:
        return False
    if observed.memory.listing is None:
        return False
    last = observed.memory.previewed_at
    return last is None or observed.now >= last + KEPT_LIST_PERIODS * observed.timing.list_period


def preview_of(observed: Observed) -> Preview | None:
    """Return the preview; None where this pass read nothing to tell one from."""
    match observed.consumers:
        case Consumers() as found:
            unproved = (*_cannot_prove(found, observed.resource.spec.rollout), _outside(observed))
            return Preview(_would_restart(found, observed.resource.spec.rollout), unproved)
        case Problem() as problem:
            who = f"who uses the Secret: {problem.message}"
            return Preview((), (who, _outside(observed)))
        case _:
            return None


def _would_restart(found: Consumers, rollout: RolloutSpec) -> tuple[str, ...]:
    if rollout.strategy is RolloutStrategy.WATCH:
        return ()
    owners = {pod.owner for pod in _live(found) if not pod.terminating}
    return tuple(str(one.ref) for one in restartable(found) if one.ref in owners)


def _cannot_prove(found: Consumers, rollout: RolloutSpec) -> tuple[str, ...]:
    declared = rollout.consumers.mode is ConsumerMode.NONE
    if not (found.workloads or found.pods or found.missing or declared):
        return ("who uses the Secret: no pod and no workload of the namespace refers to it",)
    watched = rollout.strategy is RolloutStrategy.WATCH
    others = _live(found) if watched else never_restarted(found)
    # A roll-out that runs ends by itself: naming it would only make status restless.
    stuck = [one for one in unfinished(found) if one.progress is not Progress.RUNNING]
    return (
        *(f"{ref}: it is listed and not there" for ref in found.missing),
        *(f"{who}: {why}" for who, why in sorted({_left_alone(pod) for pod in others})),
        *sorted(f"{one.ref}: {one.detail}" for one in stuck),
    )


def _left_alone(pod: Pod) -> tuple[str, str]:
    """Name a pod's owner, and tell what the operator leaves to others."""
    who = str(pod.owner) if pod.owner is not None else f"Pod/{pod.name}"
    if pod.owner is not None and pod.owner.ends_by_itself:
        return who, "its pods hold the old secret until they end"
    return who, "the operator does not restart it"


def _outside(observed: Observed) -> str:
    """No read of a namespace shows who else was given a secret that we did not make."""
    what = f"its deletion waits for the annotation {APPROVE_ANNOTATION}"
    if observed.resource.spec.adoption.retire_original is RetireOriginal.AUTOMATIC:
        what = "adoption.retireOriginal is Automatic, so nobody is asked before its deletion"
    return f"who else holds the secret outside the namespace's pods; {what}"


def _live(found: Consumers) -> tuple[Pod, ...]:
    return tuple(pod for pod in found.pods if not pod.finished)
