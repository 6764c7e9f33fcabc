"""Fakes of the resources, their events, and of the other resources of a cluster."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cognito_secret_operator.domain.model import ClientRef, ResourceKey
from cognito_secret_operator.errors import ConflictError
from cognito_secret_operator.names import GROUP, KIND, VERSION
from cognito_secret_operator.service.ports import KubernetesEvent, RawResource

from .faults import Faults
from .process import FakeClock

__all__ = ["FakeEvents", "FakeResources", "FakeRoster"]


@dataclass
class FakeResources:
    """The `CognitoClientSecret` resources, as bodies."""

    clock: FakeClock
    faults: Faults
    bodies: dict[ResourceKey, dict[str, Any]] = field(default_factory=dict)
    at_each_read: Callable[[], None] = lambda: None
    _counter: int = 0

    async def read(self, key: ResourceKey) -> RawResource | None:
        """Read afresh."""

        def effect() -> RawResource | None:
            self.at_each_read()
            body = self.bodies.get(key)
            return RawResource(copy.deepcopy(body), self.clock.date()) if body else None

        return await self.faults.pass_through("resources.read", effect)

    async def write_status(
        self, key: ResourceKey, *, uid: str, resource_version: str, status: Mapping[str, Any]
    ) -> None:
        """Merge *status*, if nobody wrote in between."""

        def effect() -> None:
            metadata = self.bodies[key]["metadata"] if key in self.bodies else {}
            seen = (metadata.get("uid"), metadata.get("resourceVersion"))
            if seen != (uid, resource_version):
                raise ConflictError("the resource was written meanwhile")
            merged = _merged(self.bodies[key].get("status") or {}, status)
            if merged != self.bodies[key].get("status"):
                self.bodies[key]["status"] = merged
                self._touch(key)

        await self.faults.pass_through("resources.status", effect, is_write=True)

    def create_for_test(
        self, key: ResourceKey, spec: Mapping[str, Any], annotations: Mapping[str, str]
    ) -> None:
        """Let a person create a resource."""
        self.bodies[key] = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KIND,
            "metadata": {
                "namespace": key.namespace,
                "name": key.name,
                "uid": f"resource-{self._counter}",
                "generation": 1,
                "creationTimestamp": f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ}",
                "annotations": dict(annotations),
            },
            "spec": dict(spec),
        }
        self._touch(key)

    def delete_for_test(self, key: ResourceKey) -> None:
        """Let a person delete a resource."""
        del self.bodies[key]

    def delete_later_for_test(self, key: ResourceKey) -> None:
        """Let a person delete a resource that somebody's finalizer keeps for now."""
        self.bodies[key]["metadata"]["deletionTimestamp"] = f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        self._touch(key)

    def annotate_for_test(self, key: ResourceKey, marks: Mapping[str, str | None]) -> None:
        """Let a person set annotations, or take them away by None."""
        annotations = self.bodies[key]["metadata"]["annotations"]
        annotations.update(marks)
        for name in [name for name, value in marks.items() if value is None]:
            del annotations[name]
        self._touch(key)

    def change_spec_for_test(self, key: ResourceKey, **changes: object) -> None:
        """Let a person change the spec."""
        self.bodies[key]["spec"].update(changes)
        self.bodies[key]["metadata"]["generation"] += 1
        self._touch(key)

    def status(self, key: ResourceKey) -> Mapping[str, Any]:
        """Give the status as it stands."""
        status: Mapping[str, Any] = self.bodies[key].get("status") or {}
        return status

    def _touch(self, key: ResourceKey) -> None:
        self._counter += 1
        self.bodies[key]["metadata"]["resourceVersion"] = str(self._counter)


def _merged(old: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(old.get(key), Mapping):
            merged[key] = _merged(old[key], value)
        else:
            merged[key] = value
    return merged


@dataclass
class FakeEvents:
    """Keeps the events."""

    faults: Faults
    recorded: list[KubernetesEvent] = field(default_factory=list)

    async def record(
        self,
        key: ResourceKey,  # noqa: ARG002 - tests have one resource that matters
        uid: str,  # noqa: ARG002
        event: KubernetesEvent,
    ) -> None:
        """Post an event."""
        await self.faults.pass_through("events.record", lambda: self.recorded.append(event))


@dataclass
class FakeRoster:
    """Other resources that name the same client."""

    others: tuple[ResourceKey, ...] = ()

    def others_naming(
        self,
        client: ClientRef,  # noqa: ARG002 - there is one client
        key: ResourceKey,
    ) -> tuple[ResourceKey, ...]:
        """List them."""
        return tuple(other for other in self.others if other != key)

    def forget(self, key: ResourceKey) -> None:
        """Drop one."""
        self.others = tuple(other for other in self.others if other != key)
