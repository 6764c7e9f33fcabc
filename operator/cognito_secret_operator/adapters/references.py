"""Whether a pod's spec hands a Secret's data to one of its containers."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["refers_to"]

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
    return secret_name in set(_secret_names(pod_spec))


def _secret_names(pod_spec: Mapping[str, Any]) -> Iterator[str | None]:
    for kind in _CONTAINER_LISTS:
        for container in pod_spec.get(kind) or ():
            for variable in container.get("env") or ():
                yield _within(variable, "valueFrom", "secretKeyRef").get("name")
            for source in container.get("envFrom") or ():
                yield _within(source, "secretRef").get("name")
    for volume in pod_spec.get("volumes") or ():
        yield _within(volume, "secret").get("secretName")
        for source in _within(volume, "projected").get("sources") or ():
            yield _within(source, "secret").get("name")


def _within(value: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Follow *keys*; an absent or null part is empty."""
    for key in keys:
        value = value.get(key) or {}
    return value
