"""The Lease that elects the replica that works (``coordination.k8s.io/v1``)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ..service.ports import Clock, LeaseRecord
from .kube_api import AS_WRITER, KubeApi
from .kube_response import Answer, api_path

__all__ = ["LeaseStore"]

_API: Final = "coordination.k8s.io/v1"


class LeaseStore:
    """One Lease; implements `service.ports.LeasePort`. Requires ``get``, ``create``, ``update``."""

    def __init__(self, api: KubeApi, namespace: str, name: str, clock: Clock) -> None:
        self._api = api
        self._namespace = namespace
        self._name = name
        self._clock = clock

    async def read(self) -> LeaseRecord | None:
        """Read the Lease; None if it does not exist."""
        answer = await self._api.find(self._path(self._name))
        return None if answer is None else _record(answer)

    async def write(
        self, seen: LeaseRecord | None, *, holder: str, duration: timedelta
    ) -> LeaseRecord:
        """Create the Lease, or replace it if it is unchanged since *seen*.

        Raises:
            ConflictError: another process wrote the Lease first.

        """
        now = _text(self._clock.now())
        is_new = seen is None or seen.holder != holder
        spec = {
            "holderIdentity": holder,
            "leaseDurationSeconds": max(1, round(duration.total_seconds())),
            "acquireTime": now if seen is None or is_new else seen.acquired,
            "renewTime": now,
            "leaseTransitions": (seen.transitions if seen else 0) + (is_new and seen is not None),
        }
        metadata: dict[str, Any] = {"name": self._name, "namespace": self._namespace}
        body = {"apiVersion": _API, "kind": "Lease", "metadata": metadata, "spec": spec}
        if seen is None:
            return _record(await self._request("POST", self._path(), body))
        metadata |= {"uid": seen.uid, "resourceVersion": seen.resource_version}
        return _record(await self._request("PUT", self._path(self._name), body))

    async def _request(self, method: str, path: str, body: Mapping[str, Any]) -> Answer:
        return await self._api.request(method, path, query=AS_WRITER, body=body)

    def _path(self, name: str = "") -> str:
        return api_path(_API, "leases", self._namespace, name)


def _record(answer: Answer) -> LeaseRecord:
    metadata, spec = answer.body["metadata"], answer.body.get("spec") or {}
    return LeaseRecord(
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        holder=spec.get("holderIdentity") or "",
        duration=timedelta(seconds=spec.get("leaseDurationSeconds") or 0),
        acquired=spec.get("acquireTime") or "",
        transitions=spec.get("leaseTransitions") or 0,
    )


def _text(moment: datetime) -> str:
    """Return a time as ``MicroTime``, for people only: the operator does not decide by it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
