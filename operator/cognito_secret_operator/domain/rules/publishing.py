"""The target Secret follows the journal: created, written, compared, recorded, restored."""

from dataclasses import replace

from ...names import RESOURCE_ANNOTATION
from ...reasons import Reason
from ..actions import (
    ApplyMetadata,
    CreateTarget,
    Plan,
    Publish,
    RecordPublication,
    RecordRedaction,
    Republish,
)
from ..journal.journal import Journal, Publication
from ..model import StoredSecret
from ..observed import UNREAD, Fact, Observed, Problem
from ..ownership import only_we_wrote
from ..projection import is_projection, is_untouched
from ..rollout import Consumers
from ..scope import has_target_metadata, target_metadata_of
from ..spec import CreationPolicy
from .needs import hold, look

_NAMED = 10


def target_is_missing(observed: Observed) -> Plan | None:
    """There is no target: create it, or begin a new publication if it existed before."""
    publication = _publication(observed.journal)
    if publication is None or observed.target is not None:
        return None
    name = observed.resource.spec.target.name
    if observed.resource.spec.target.creation_policy is CreationPolicy.MERGE:
        return hold(
            Reason.TARGET_MISSING,
            f"Secret {name} (spec.target.name) does not exist, and target.creationPolicy is Merge:"
            " the operator writes into a Secret that others have created",
            f"create it with the annotation {RESOURCE_ANNOTATION}: {observed.resource.key.name}",
        )
    if publication.published is not None:
        return Plan(
            Republish(), Reason.TARGET_RESTORED, f"Secret {name} was deleted; writing it again"
        )
    return Plan(CreateTarget(), Reason.PUBLISHING, f"creating Secret {name}")


def leaked_value_is_shown(observed: Observed) -> Plan | None:
    """The recorded target still shows a leaked value as previous: remove it, restart nothing."""
    publication, target = _publication(observed.journal), observed.target
    if publication is None or not isinstance(target, StoredSecret):
        return None
    if not is_untouched(publication, target) or observed.journal.emergency is None:
        return None
    as_before = replace(observed.journal, emergency=None)
    if is_projection(target, observed.journal, observed.resource):
        return None
    if not is_projection(target, as_before, observed.resource):
        return None
    return Plan(Publish(), Reason.EMERGENCY, f"taking the leaked value out of Secret {target.name}")


def redaction_is_not_recorded(observed: Observed) -> Plan | None:
    """The leaked value was removed from the target; the current value never changed: record that.

    Only the rule above writes our data over a recorded publication, and only by compare-and-swap
    on data that no other writer had touched: pods that have moved need not move again.
    """
    publication, target = _publication(observed.journal), observed.target
    if publication is None or not isinstance(target, StoredSecret):
        return None
    record = publication.published
    if record is None or observed.journal.emergency is None or target.uid != record.target_uid:
        return None
    if target.data_owner == record.data_owner:
        return None
    if not only_we_wrote(record.data_owner, target.data_owner):
        return None
    if not is_projection(target, observed.journal, observed.resource):
        return None
    return Plan(
        RecordRedaction(), Reason.EMERGENCY, f"the leaked value is out of Secret {target.name}"
    )


def target_was_edited(observed: Observed) -> Plan | None:
    """The recorded target was edited or replaced: pods created since may have read any value."""
    publication, target = _publication(observed.journal), observed.target
    if publication is None or not isinstance(target, StoredSecret):
        return None
    record = publication.published
    if record is None:
        return None
    untouched = is_untouched(publication, target)
    if untouched and is_projection(target, observed.journal, observed.resource):
        return None
    if untouched:
        return Plan(
            Republish(),
            Reason.TARGET_RESTORED,
            f"Secret {target.name} does not fit spec.target any more",
        )
    restored = f"Secret {target.name} was edited by another writer; restoring it"
    if observed.rolling is not None:
        return Plan(
            Republish(),
            Reason.TARGET_RESTORED,
            f"{restored} as a new publication, to which every pod moves",
        )
    if observed.consumers is UNREAD:
        return look(Fact.CONSUMERS)
    return Plan(
        Republish(),
        Reason.TARGET_RESTORED,
        f"{restored}; {_born_meanwhile(observed.consumers, target)}",
    )


def target_lacks_metadata(observed: Observed) -> Plan | None:
    """The target lacks a label, an annotation or the owner that the resource gives it."""
    target, wanted = observed.target, target_metadata_of(observed.resource)
    if _publication(observed.journal) is None or not isinstance(target, StoredSecret):
        return None
    if has_target_metadata(target, wanted):
        return None
    return Plan(
        ApplyMetadata(wanted),
        Reason.PUBLISHING,
        f"setting labels, annotations and owner of {target.name}",
    )


def target_is_not_yet_written(observed: Observed) -> Plan | None:
    """The target does not contain the publication's data: write it."""
    publication, target = _publication(observed.journal), observed.target
    if publication is None or not isinstance(target, StoredSecret):
        return None
    if is_projection(target, observed.journal, observed.resource):
        return None
    return Plan(
        Publish(), Reason.PUBLISHING, f"writing publication {publication.number} to {target.name}"
    )


def publication_is_not_recorded(observed: Observed) -> Plan | None:
    """The target was read and contains the publication's data: record what was read, and when."""
    publication, target = _publication(observed.journal), observed.target
    if publication is None or publication.published is not None:
        return None
    if not isinstance(target, StoredSecret):
        return None
    return Plan(
        RecordPublication(),
        Reason.PUBLISHING,
        f"publication {publication.number} is in {target.name}",
    )


def _born_meanwhile(found: Consumers | Problem, target: StoredSecret) -> str:
    """Name the pods that started since the edit: at rest nothing restarts them."""
    if isinstance(found, Problem):
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
