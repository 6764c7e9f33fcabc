"""kstatus' verdict on a custom resource, by which Flux and Helm 4 wait.

The rules and their order are those of `checkGenericProperties` and `Compute`:
https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/status/generic.go
https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/status/status.go
"""

from collections.abc import Mapping
from typing import Any, Final

_BY_CONDITION: Final = {"Reconciling": "InProgress", "Stalled": "Failed"}


def kstatus(obj: Mapping[str, Any]) -> str:
    """Give ``Terminating``, ``InProgress``, ``Failed`` or ``Current``."""
    metadata, status = obj["metadata"], obj.get("status") or {}
    if metadata.get("deletionTimestamp"):
        return "Terminating"
    observed = status.get("observedGeneration")
    if observed is not None and observed != metadata["generation"]:
        return "InProgress"
    for condition in status.get("conditions") or ():
        if condition["type"] in _BY_CONDITION and condition["status"] == "True":
            return _BY_CONDITION[condition["type"]]
    # Nothing says otherwise: so a resource that nobody has looked at yet would be current, if the
    # schema did not give it an observedGeneration of -1.
    return "Current"
