"""The target Secret follows the journal: created, written, compared, recorded, restored."""

from typing import Final

from ..actions import CreateTarget, Look, Plan, Publish, RecordPublication, Republish
from ..journal import Journal, Publication
from ..model import StoredSecret
from ..observed import Observed
from ..projection import is_projection
from ..rollout import Consumers
from . import Rule
from .needs import read_consumers
from .rolling_out import rolling

__all__ = ["PUBLISHING"]

_NAMED = 10


def target_is_missing(observed: Observed) -> Plan | None:
    """There is no target: create it, or begin a new publication if it was there before."""
    publication = _publication(observed.book)
    if publication is None or observed.target is not None:
        return None
    name = observed.resource.spec.target.name
    if publication.published is not None:
        return Plan(Republish(), "TargetRestored", f"Secret {name} was deleted; writing it again")
    return Plan(CreateTarget(), "Publishing", f"creating Secret {name}")


def target_was_edited(observed: Observed) -> Plan | None:
    """Somebody wrote or replaced the recorded target: pods born since may have read anything."""
    publication, target = _publication(observed.book), observed.target
    if publication is None or not isinstance(target, StoredSecret):
        return None
    record = publication.published
    if record is None:
        return None
    untouched = (target.uid, target.data_owner) == (record.target_uid, record.data_owner)
    if untouched and is_projection(target, observed.book, observed.resource):
        return None
    if untouched:
        return Plan(
            Republish(), "TargetRestored", f"Secret {target.name} does not fit spec.target any more"
        )
    restored = f"Secret {target.name} was edited by somebody else; restoring it"
    if rolling(observed) is not None:
        return Plan(
            Republish(),
            "TargetRestored",
            f"{restored} as a new publication, to which every pod moves",
        )
    found = read_consumers(observed)
    if isinstance(found, Plan) and isinstance(found.action, Look):
        return found
    return Plan(Republish(), "TargetRestored", f"{restored}; {_born_meanwhile(found, target)}")


def target_is_not_yet_written(observed: Observed) -> Plan | None:
    """The target does not hold the publication's data: write it."""
    publication, target = _publication(observed.book), observed.target
    if publication is None or not isinstance(target, StoredSecret):
        return None
    if is_projection(target, observed.book, observed.resource):
        return None
    return Plan(
        Publish(), "Publishing", f"writing publication {publication.number} to {target.name}"
    )


def publication_is_not_recorded(observed: Observed) -> Plan | None:
    """The target was read and holds the publication's data: record what was read, and when."""
    publication, target = _publication(observed.book), observed.target
    if publication is None or publication.published is not None:
        return None
    if not isinstance(target, StoredSecret):
        return None
    return Plan(
        RecordPublication(), "Publishing", f"publication {publication.number} is in {target.name}"
    )


def _born_meanwhile(found: Consumers | Plan, target: StoredSecret) -> str:
    """Name the pods that started since the edit: at rest nothing restarts them."""
    if isinstance(found, Plan):
        return "restart pods that started meanwhile, they may hold other values"
    edited_at = target.data_written_at
    born = sorted(
        f"Pod/{pod.name}"
        for pod in found.pods
        if not pod.finished and (edited_at is None or pod.created_at >= edited_at)
    )
    if not born:
        return "no pod started meanwhile"
    more = f" and {len(born) - _NAMED} more" if len(born) > _NAMED else ""
    return (
        f"restart {', '.join(born[:_NAMED])}{more}: started meanwhile, they may hold other values"
    )


def _publication(journal: Journal) -> Publication | None:
    if journal.current is None or journal.current.value is None:
        return None
    return journal.publication


PUBLISHING: Final[tuple[Rule, ...]] = (
    target_is_missing,
    target_was_edited,
    target_is_not_yet_written,
    publication_is_not_recorded,
)
