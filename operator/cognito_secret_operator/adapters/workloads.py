"""Workloads and pods that use a Secret, read in full, and the stamp on pod templates."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from ..domain.consumers import ConsumerMode, Listed, Search
from ..domain.rollout import Consumers, Pod, Workload, WorkloadRef
from ..errors import AccessDeniedError, ConflictError, NotFoundError, RetryLaterError
from ..names import FIELD_MANAGER, GROUP
from .kinds import KNOWN, POD, REPLICA_SET, Kind, Kinds
from .kube_api import AS_WRITER, MERGE_PATCH, METADATA_LIST, KubeApi
from .pods import Controller, FoundPod, controller_of, found_pod
from .progress import progress_of
from .references import secret_names

__all__ = ["WorkloadStore"]


@dataclass(frozen=True, slots=True)
class _Found:
    """A workload that may own pods."""

    uid: str
    labels: frozenset[tuple[str, str]]
    controller: Controller | None
    refers: bool
    """Whether the pod template refers to the Secret."""

    workload: Workload


@dataclass(frozen=True, slots=True)
class _Namespace:
    """Result of one read; resolves ownership and coverage."""

    search: Search
    by_uid: Mapping[str, _Found]

    def covers(self, ref: WorkloadRef, uid: str) -> bool:
        """Return whether the spec covers a workload or one of its owners as a consumer."""
        found = self.by_uid.get(uid)
        if self.search.chosen.covers(ref, found.labels if found else frozenset()):
            return True
        above = found.controller if found else None
        return above is not None and above.uid != uid and self.covers(above.ref, above.uid)

    def uses(self, found: _Found) -> bool:
        """Return whether to report a workload: it refers to the Secret, or the spec names it.

        For a ReplicaSet with an owner, the owner is reported instead.
        """
        if found.refers:
            return True
        if _is_replica_set(found.workload.ref) and found.controller is not None:
            return False
        named = self.search.chosen.names_them
        return named and self.covers(found.workload.ref, found.uid)

    def judged(self, one: FoundPod) -> Pod | None:
        """Return a pod with its owner; None for a pod unrelated to the Secret."""
        controller, chosen = one.controller, self.search.chosen
        covered = chosen.covers(WorkloadRef(POD.name, one.pod.name, POD.group), one.labels) or (
            controller is not None and self.covers(controller.ref, controller.uid)
        )
        if not one.refers and not (covered and chosen.names_them):
            return None
        return replace(one.pod, owner=self._owner(controller), covered=covered)

    def _owner(self, controller: Controller | None) -> WorkloadRef | None:
        """Return the workload that replaces a pod: a listed one, else the ReplicaSet's owner."""
        owners = list(self._above(controller))
        if self.search.chosen.mode is ConsumerMode.LISTED:
            for owner in owners:
                if self.search.chosen.covers(owner.ref, frozenset()):
                    return owner.ref
        is_set = bool(owners) and _is_replica_set(owners[0].ref)
        return next((one.ref for one in owners[1:2] if is_set), owners[0].ref if owners else None)

    def _above(self, controller: Controller | None) -> Iterator[Controller]:
        seen: set[str] = set()
        while controller is not None and controller.uid not in seen:
            yield controller
            seen.add(controller.uid)
            found = self.by_uid.get(controller.uid)
            controller = found.controller if found else None


class WorkloadStore:
    """The workloads of a cluster; implements `service.ports.WorkloadPort`.

    Requires ``list`` on pods, replicasets, jobs, cronjobs, deployments, statefulsets and
    daemonsets, and ``patch`` on the last three; ``get`` and ``patch`` on custom kinds that the spec
    lists.
    """

    def __init__(self, api: KubeApi) -> None:
        self._api = api
        self._kinds = Kinds(api)

    async def consumers(self, search: Search) -> Consumers:
        """Read all pods and workloads that refer to the Secret or are listed, uncached.

        Pods are read first, so that `Consumers.read_at` is the time of the evidence: a pod of that
        time that may hold the Secret is in the list, whatever its workload does meanwhile.
        Workloads are used for stamps and progress only; for one that changed in between, the stamp
        conflicts.

        Raises:
            RetryLaterError: a list could not be read to its end.
            AccessDeniedError: the message names the list, or the rule to add.

        """
        pods, read_at = await self._pods(search)
        found = [one for kind in KNOWN for one in await self._workloads(kind, search)]
        found += await self._replica_sets(search, pods)
        others, missing = await self._listed(search, found, pods)
        found += others
        namespace = _Namespace(search, {one.uid: one for one in found})
        judged = (namespace.judged(one) for one in pods)
        return Consumers(
            workloads=tuple(
                replace(one.workload, covered=namespace.covers(one.workload.ref, one.uid))
                for one in found
                if namespace.uses(one)
            ),
            pods=tuple(pod for pod in judged if pod is not None),
            read_at=read_at,
            missing=missing,
        )

    async def stamp(self, namespace: str, workload: Workload, *, key: str, value: str) -> None:
        """Set an annotation on the pod template if the workload is unchanged since its read.

        Raises:
            ConflictError: uid or resourceVersion have changed, or the workload was deleted.
            AccessDeniedError: the message names the rule to add.
            AnswerLostError: the annotation may or may not have been written.

        """
        kind = self._kinds.known(workload.ref.group, workload.ref.kind)
        if kind is None:
            raise ConflictError(f"{workload.ref} in namespace {namespace} has to be read first")
        body = {
            "metadata": {"uid": workload.uid, "resourceVersion": workload.resource_version},
            "spec": {"template": {"metadata": {"annotations": {key: value}}}},
        }
        try:
            await self._api.request(
                "PATCH",
                kind.path(namespace, workload.ref.name),
                query=AS_WRITER,
                body=body,
                content_type=MERGE_PATCH,
            )
        except NotFoundError:
            raise ConflictError(f"{workload.ref} in namespace {namespace} is gone") from None
        except AccessDeniedError as error:
            raise _naming_the_rule(error, kind) from None

    async def _pods(self, search: Search) -> tuple[list[FoundPod], datetime]:
        """Return the pods; each page is reduced when it arrives."""
        found: list[FoundPod] = []
        read_at: datetime | None = None
        async for page in self._api.pages(POD.path(search.namespace)):
            read_at = read_at or page.date
            some = (found_pod(body, search) for body in page.body["items"])
            found += [one for one in some if one.refers or search.chosen.names_them]
        if read_at is None:
            raise RetryLaterError(f"the list of pods in namespace {search.namespace} has no page")
        return found, read_at

    async def _workloads(self, kind: Kind, search: Search) -> list[_Found]:
        """Return the workloads of *kind*; each page is reduced when it arrives."""
        return [
            _found(kind, body, search)
            async for page in self._api.pages(kind.path(search.namespace))
            for body in page.body["items"]
        ]

    async def _replica_sets(self, search: Search, pods: Iterable[FoundPod]) -> list[_Found]:
        """Return the ReplicaSets' metadata; read only if a pod has one or the spec lists one."""
        refs = [one.controller.ref for one in pods if one.controller is not None]
        refs += [one.ref for one in search.chosen.workloads]
        if not any(_is_replica_set(ref) for ref in refs):
            return []
        path = REPLICA_SET.path(search.namespace)
        return [
            _found(REPLICA_SET, body, search)
            async for page in self._api.pages(path, accept=METADATA_LIST)
            for body in page.body["items"]
        ]

    async def _listed(
        self, search: Search, found: Iterable[_Found], pods: Iterable[FoundPod]
    ) -> tuple[list[_Found], tuple[WorkloadRef, ...]]:
        """Read the listed workloads of other kinds; return the missing ones of the whole list."""
        there = {one.workload.ref for one in found}
        there |= {WorkloadRef(POD.name, one.pod.name, POD.group) for one in pods}
        others: list[_Found] = []
        missing: list[WorkloadRef] = []
        for listed in search.chosen.workloads:
            known = self._kinds.known(listed.ref.group, listed.ref.kind)
            if listed.ref in there or (known is not None and known.is_transient):
                continue
            one = await self._get(listed, search)
            if one is None:
                missing.append(listed.ref)
            else:
                others.append(one)
                there.add(listed.ref)
        return others, tuple(missing)

    async def _get(self, listed: Listed, search: Search) -> _Found | None:
        """Read a workload of a kind that is not part of every read."""
        if listed.ref.kind in _ALWAYS_LISTED.get(listed.ref.group, ()):
            return None
        kind = await self._kinds.find(listed)
        if kind is None:
            return None
        try:
            answer = await self._api.find(kind.path(search.namespace, listed.ref.name))
        except AccessDeniedError as error:
            raise _naming_the_rule(error, kind) from None
        return _found(kind, answer.body, search) if answer is not None else None


_ALWAYS_LISTED: Mapping[str, frozenset[str]] = {
    group: frozenset(kind.name for kind in (*KNOWN, REPLICA_SET, POD) if kind.group == group)
    for group in {kind.group for kind in (*KNOWN, REPLICA_SET, POD)}
}


def _found(kind: Kind, body: Mapping[str, Any], search: Search) -> _Found:
    """Convert a workload, or its metadata, to the needed fields."""
    metadata = body["metadata"]
    template = _at(body, *kind.template)
    secrets = secret_names(_at(template, "spec"))
    annotations = _at(template, "metadata", "annotations")
    # Items of a list lack their kind.
    progress, detail = progress_of({**body, "kind": kind.name})
    workload = Workload(
        ref=WorkloadRef(kind.name, metadata["name"], kind.group),
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        stamp=annotations.get(search.stamp_annotation),
        progress=progress,
        detail=detail,
        restarts=kind.restarts and bool(template),
        stamped_at=_stamped_at(metadata),
        secrets=secrets,
    )
    return _Found(
        uid=metadata["uid"],
        labels=frozenset((metadata.get("labels") or {}).items()),
        controller=controller_of(body),
        refers=search.secret_name in secrets,
        workload=workload,
    )


_STAMPS: Final = ("f:spec", "f:template", "f:metadata", "f:annotations")


def _stamped_at(metadata: Mapping[str, Any]) -> datetime | None:
    """Return when the operator last wrote the present stamps, which are all that it writes."""
    for entry in metadata.get("managedFields") or ():
        if entry.get("manager") != FIELD_MANAGER or "time" not in entry:
            continue
        if any(key.startswith(f"f:{GROUP}/") for key in _at(entry.get("fieldsV1") or {}, *_STAMPS)):
            return datetime.fromisoformat(entry["time"])
    return None


def _at(body: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        body = body.get(key) or {}
    return body


def _is_replica_set(ref: WorkloadRef) -> bool:
    return (ref.group, ref.kind) == (REPLICA_SET.group, REPLICA_SET.name)


def _naming_the_rule(error: AccessDeniedError, kind: Kind) -> AccessDeniedError:
    """Return *error* with the missing rule of RBAC."""
    return AccessDeniedError(
        f'{error.message}: add apiGroups ["{kind.group}"], resources [{kind.plural}], verbs '
        "[get, patch] to its Role",
        code=error.code,
        request_id=error.request_id,
    )
