"""Kinds of workloads: their API paths, and whether their pods follow a template."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..domain.consumers import Listed
from ..errors import NotFoundError
from .kube_api import KubeApi
from .kube_response import api_path

__all__ = ["KNOWN", "POD", "REPLICA_SET", "Kind", "Kinds"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind as discovery describes it."""

    api_version: str
    name: str
    plural: str
    is_transient: bool = False
    """Objects of the kind are short-lived: a listed one that is missing has ended."""

    restarts: bool = True
    """The kind's controller replaces pods when the template changes."""

    template: tuple[str, ...] = ("spec", "template")
    """Path of the pod template in an object."""

    @property
    def group(self) -> str:
        """The API group; empty for the core one."""
        return self.api_version.rpartition("/")[0]

    def path(self, namespace: str, name: str = "") -> str:
        """Return the API path of an object, or of a namespace's collection."""
        return api_path(self.api_version, self.plural, namespace, name)


KNOWN: Final = (
    Kind("apps/v1", "Deployment", "deployments"),
    Kind("apps/v1", "StatefulSet", "statefulsets"),
    Kind("apps/v1", "DaemonSet", "daemonsets"),
    # A running Job's pods end by themselves; the next run of a CronJob reads the Secret anew.
    Kind("batch/v1", "Job", "jobs", is_transient=True, restarts=False),
    Kind(
        "batch/v1",
        "CronJob",
        "cronjobs",
        restarts=False,
        template=("spec", "jobTemplate", "spec", "template"),
    ),
)
"""The kinds that are listed in every read."""

REPLICA_SET: Final = Kind("apps/v1", "ReplicaSet", "replicasets", restarts=False)
"""Read for its owner references; a bare ReplicaSet keeps its pods when the template changes."""

POD: Final = Kind("v1", "Pod", "pods", is_transient=True, restarts=False, template=())


class Kinds:
    """Cache of kinds, whose plurals are found by discovery."""

    def __init__(self, api: KubeApi) -> None:
        """Use *api*, without a request yet."""
        self._api = api
        self._found: dict[tuple[str, str], Kind] = {
            (kind.group, kind.name): kind for kind in (*KNOWN, REPLICA_SET, POD)
        }

    def known(self, group: str, name: str) -> Kind | None:
        """Return a kind that needs no discovery, or that was discovered before; else None."""
        return self._found.get((group, name))

    async def find(self, listed: Listed) -> Kind | None:
        """Return the kind of a listed workload; None if the API server does not serve it.

        Raises:
            OutsideError: discovery failed otherwise.

        """
        group, kind = listed.ref.group, listed.ref.kind
        found = self._found.get((group, kind))
        if found is not None and found.api_version == listed.api_version:
            return found
        plural = await self._plural(listed.api_version, kind)
        if plural is None:
            return None
        # Another version of a known kind behaves like the known one.
        other = Kind(listed.api_version, kind, plural)
        self._found[group, kind] = (
            replace(found, api_version=listed.api_version, plural=plural) if found else other
        )
        return self._found[group, kind]

    async def _plural(self, api_version: str, kind: str) -> str | None:
        root = "/api" if api_version == "v1" else "/apis"
        try:
            answer = await self._api.request("GET", f"{root}/{api_version}")
        except NotFoundError:
            return None
        served: list[Mapping[str, str]] = answer.body.get("resources") or []
        plurals = [one["name"] for one in served if one["kind"] == kind and "/" not in one["name"]]
        return plurals[0] if plurals else None
