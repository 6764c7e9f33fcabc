"""Before the first rotation of a client: who would be restarted, and what could not be proved."""

from dataclasses import dataclass
from typing import Final

from ..names import APPROVE_TOKEN
from .journal import Journal, Origin
from .observed import UNREAD, Observed, Problem
from .rollout import Consumers, Pod, Progress, unfinished
from .spec import Policy, RetireOriginal

__all__ = ["Preview", "is_previewed", "preview_is_due", "preview_of"]

KEPT_LIST_PERIODS: Final = 6
"""A full read of a namespace costs the API server far more than a List costs Cognito."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the first rotation would do, as far as anybody can tell now."""

    would_restart: tuple[str, ...]
    cannot_prove: tuple[str, ...]


def is_previewed(observed: Observed) -> bool:
    """Tell whether the first rotation is still to come: we only watch, or have only adopted."""
    if observed.resource.spec.policy is Policy.OBSERVE:
        return True
    journal = observed.journal
    if not isinstance(journal, Journal) or journal.current is None:
        return False
    is_at_rest = journal.pending is None and journal.previous is None
    return is_at_rest and journal.current.origin is not Origin.OPERATOR


def preview_is_due(observed: Observed) -> bool:
    """Tell whether the namespace is to be read for a preview.

    Not before this process has looked at Cognito: a restart asks nothing at once.
    """
    if not is_previewed(observed) or observed.consumers is not UNREAD:
        return False
    if observed.memory.listing is None:
        return False
    last = observed.memory.previewed_at
    return last is None or observed.now >= last + KEPT_LIST_PERIODS * observed.timing.list_period


def preview_of(observed: Observed) -> Preview | None:
    """Give the preview; None where this pass read nothing to tell one from."""
    match observed.consumers:
        case Consumers() as found:
            return Preview(_would_restart(found), (*_cannot_prove(found), _outside(observed)))
        case Problem() as problem:
            who = f"who uses the Secret: {problem.message}"
            return Preview((), (who, _outside(observed)))
        case _:
            return None


def _would_restart(found: Consumers) -> tuple[str, ...]:
    owners = {pod.owner for pod in _live(found) if not pod.terminating}
    workloads = sorted(found.workloads, key=lambda one: one.ref)
    return tuple(str(one.ref) for one in workloads if one.ref in owners)


def _cannot_prove(found: Consumers) -> tuple[str, ...]:
    if not (found.workloads or found.pods):
        return ("who uses the Secret: no pod and no workload of the namespace refers to it",)
    known = {workload.ref for workload in found.workloads}
    others = sorted({_named(pod) for pod in _live(found) if pod.owner not in known})
    # A roll-out that runs ends by itself: naming it would only make status restless.
    stuck = [one for one in unfinished(found) if one.progress is not Progress.RUNNING]
    return (
        *(f"{who}: the operator does not restart it" for who in others),
        *sorted(f"{one.ref}: {one.detail}" for one in stuck),
    )


def _outside(observed: Observed) -> str:
    """No read of a namespace shows who else was given a secret that we did not make."""
    what = f"its deletion waits for the annotation {APPROVE_TOKEN}"
    if observed.resource.spec.adoption.retire_original is RetireOriginal.AUTOMATIC:
        what = "adoption.retireOriginal is Automatic, so nobody is asked before its deletion"
    return f"who else holds the secret outside the namespace's pods; {what}"


def _live(found: Consumers) -> tuple[Pod, ...]:
    return tuple(pod for pod in found.pods if not pod.finished)


def _named(pod: Pod) -> str:
    return str(pod.owner) if pod.owner is not None else f"Pod/{pod.name}"
