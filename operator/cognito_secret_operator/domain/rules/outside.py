"""Who holds the secret outside this namespace's pods, where that cannot be seen from here."""

from typing import Final

from ...reasons import Reason
from ..actions import Plan
from ..model import StoredSecret
from ..observed import Observed
from .needs import hold

_REPLICATORS: Final = (
    "reflector.v1.k8s.emberstack.com/",
    "replicator.v1.mittwald.de/",
    "kubed.appscode.com/sync",
)
"""How annotations begin by which another tool copies a Secret to other namespaces or clusters."""


def target_is_replicated(observed: Observed) -> Plan | None:
    """Another tool copies the target elsewhere, and no user of the copies is declared."""
    target = observed.target
    if observed.rolling is None or not isinstance(target, StoredSecret):
        return None
    if observed.journal.deletes_previous_at_once:
        return None
    found = sorted(
        key
        for key, value in target.annotations.items()
        if key.startswith(_REPLICATORS) and value.strip().lower() != "false"
    )
    if not found or observed.resource.spec.acknowledgements:
        return None
    return hold(
        Reason.REPLICATED_TARGET,
        f"Secret {target.name} is copied elsewhere by {found[0]}: who holds the previous secret "
        "there is unknown",
        "declare who uses the copies in spec.acknowledgements, or take the annotation off",
    )
