"""Kubernetes permissions that the operator needs, and those that it must never have.

Tests compare the chart's Roles, ``examples/access`` and a table of ``docs/security.md`` with this.
"""

from dataclasses import dataclass
from typing import Final

from ..names import GROUP, PLURAL

__all__ = ["FORBIDDEN", "LEASE_RIGHTS", "NEEDED", "SECRET_RIGHTS", "Right"]


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource type."""

    verb: str
    resource: str
    """The plural, with ``/<subresource>`` for a subresource."""

    group: str = ""

    def __str__(self) -> str:
        """Return the right in the form of ``kubectl auth can-i``."""
        plural, slash, subresource = self.resource.partition("/")
        group = f".{self.group}" if self.group else ""
        return f"{self.verb} {plural}{group}{slash}{subresource}"


def _rights(group: str, resources: str, verbs: str) -> tuple[Right, ...]:
    return tuple(
        Right(verb, resource, group) for resource in resources.split() for verb in verbs.split()
    )


SECRET_RIGHTS: Final = _rights("", "secrets", "get create patch update")
"""Rights on targets and journals: by name in strict mode, else on all Secrets of the namespace."""

NEEDED: Final = (
    *_rights(GROUP, PLURAL, "get list watch"),
    *_rights(GROUP, f"{PLURAL}/status", "patch"),
    *_rights("", "pods", "list"),
    *_rights("apps", "deployments statefulsets daemonsets", "list patch"),
    *_rights("apps", "replicasets", "list"),
    *_rights("batch", "jobs cronjobs", "list"),
    *_rights("", "events", "create patch"),
)
"""Rights in each served namespace, in addition to `SECRET_RIGHTS`."""

LEASE_RIGHTS: Final = _rights("coordination.k8s.io", "leases", "get create update")
"""Rights in the operator's own namespace, only with ``CSO_LEASE_NAME``."""

FORBIDDEN: Final = (
    *_rights("", "secrets", "list watch delete deletecollection *"),
    *_rights("", "pods/exec pods/attach pods/portforward", "create"),
    *_rights("", "pods", "create delete patch update"),
    *_rights("", "configmaps", "get list update patch"),
    *_rights("", "serviceaccounts/token", "create"),
    *_rights("", "serviceaccounts users groups", "impersonate"),
    *_rights("rbac.authorization.k8s.io", "roles rolebindings", "create update patch"),
    *_rights("rbac.authorization.k8s.io", "roles", "bind escalate"),
    *_rights("apps", "deployments statefulsets daemonsets", "create update delete"),
    *_rights("batch", "jobs cronjobs", "create update patch delete"),
    *_rights(GROUP, PLURAL, "create update patch delete"),
    *_rights("*", "*", "*"),
)
"""Rights that must be absent in served namespaces, in the operator's own, and over all."""
