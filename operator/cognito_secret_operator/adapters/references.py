"""Whether a pod's spec hands a Secret's data to its containers, and to which of them how."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..domain.rollout import Reader

__all__ = ["all_readers", "readers", "refers_to", "secret_names"]

_CONTAINER_LISTS: Final = ("containers", "initContainers", "ephemeralContainers")


def refers_to(pod_spec: Mapping[str, Any], secret_name: str) -> bool:
    """Tell whether a container of *pod_spec* can have read the Secret's data through kubelet.

    Looked at: ``env`` and ``envFrom`` of all containers, init and ephemeral ones included, and
    volumes, projected ones included, mounted or not. Optional references and single keys count
    like all others.

    Not looked at: ``imagePullSecrets`` and the Secrets that volume drivers use
    (``csi.nodePublishSecretRef``, ``flexVolume``, ``rbd`` and so on). kubelet hands those to the
    runtime or the driver to sign in with; what a container sees is the image or the volume. An
    app client's secret is of no use there, and to suspect such pods would hold a rotation up
    for ever in the name of a value that they cannot hold.

    Args:
        pod_spec: ``spec`` of a pod or of a pod template, as the API server gave it.
        secret_name: the Secret's name, in the pod's namespace.

    """
    return secret_name in secret_names(pod_spec)


def secret_names(pod_spec: Mapping[str, Any]) -> frozenset[str]:
    """Name all Secrets that `refers_to` says yes to."""
    found = {
        *(name for one in _containers(pod_spec) for name in _names_in_environment(one)),
        *(name for one in pod_spec.get("volumes") or () for name in _names_in_volume(one)),
    }
    return frozenset(name for name in found if name)


def readers(pod_spec: Mapping[str, Any], secret_name: str) -> tuple[Reader, ...]:
    """List the containers that read the Secret, and whether each can read it again.

    A volume that no container mounts makes no reader: `refers_to` counts it all the same.
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
    """Count every container as one that asks the API server for the Secret."""
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
    """Follow *keys*; an absent or null part is empty."""
    for key in keys:
        value = value.get(key) or {}
    return value
