"""References from a pod's spec to a Secret: which containers read it, and how."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..domain.rollout import Reader

__all__ = ["all_readers", "readers", "refers_to", "secret_names"]

_CONTAINER_LISTS: Final = ("containers", "initContainers", "ephemeralContainers")


def refers_to(pod_spec: Mapping[str, Any], secret_name: str) -> bool:
    """Return whether a container of *pod_spec* can have read the Secret's data through kubelet.

    Counted: ``env`` and ``envFrom`` of all containers, init and ephemeral ones included, and
    volumes, projected ones included, mounted or not. Optional references and single keys count
    like all others.

    Not counted: ``imagePullSecrets`` and the Secrets that volume drivers use
    (``csi.nodePublishSecretRef``, ``flexVolume``, ``rbd`` and so on). kubelet passes those to the
    runtime or the driver to sign in with; a container sees only the image or the volume. An app
    client's secret is useless there, and counting such pods would block a rotation for ever
    because of a value that they cannot hold.

    Args:
        pod_spec: ``spec`` of a pod or of a pod template, as the API server returned it.
        secret_name: the Secret's name, in the pod's namespace.

    """
    return secret_name in secret_names(pod_spec)


def secret_names(pod_spec: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of all Secrets for which `refers_to` is true."""
    found = {
        *(name for one in _containers(pod_spec) for name in _names_in_environment(one)),
        *(name for one in pod_spec.get("volumes") or () for name in _names_in_volume(one)),
    }
    return frozenset(name for name in found if name)


def readers(pod_spec: Mapping[str, Any], secret_name: str) -> tuple[Reader, ...]:
    """Return the containers that read the Secret, and whether each can read it again.

    A volume without a mount makes no reader, although `refers_to` counts it.
    """
    volumes = {
        volume["name"]
        for volume in pod_spec.get("volumes") or ()
        if secret_name in set(_names_in_volume(volume))
    }
    found = []
    for container in _containers(pod_spec):
        mounts = [one for one in container.get("volumeMounts") or () if one.get("name") in volumes]
        fixed = secret_name in set(_names_in_environment(container)) or any(
            one.get("subPath") or one.get("subPathExpr") for one in mounts
        )
        if fixed or mounts:
            found.append(Reader(container["name"], reloads=not fixed))
    return tuple(found)


def all_readers(pod_spec: Mapping[str, Any]) -> tuple[Reader, ...]:
    """Return every container as a reader of the Secret through the API server."""
    return tuple(Reader(one["name"], reloads=True) for one in _containers(pod_spec))


def _containers(pod_spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in _CONTAINER_LISTS:
        yield from pod_spec.get(kind) or ()


def _names_in_environment(container: Mapping[str, Any]) -> Iterator[str | None]:
    for variable in container.get("env") or ():
        yield _within(variable, "valueFrom", "secretKeyRef").get("name")
    for source in container.get("envFrom") or ():
        yield _within(source, "secretRef").get("name")


def _names_in_volume(volume: Mapping[str, Any]) -> Iterator[str | None]:
    yield _within(volume, "secret").get("secretName")
    for source in _within(volume, "projected").get("sources") or ():
        yield _within(source, "secret").get("name")


def _within(value: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return the value at *keys*; an absent or null part is empty."""
    for key in keys:
        value = value.get(key) or {}
    return value
