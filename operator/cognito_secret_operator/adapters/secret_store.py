"""Kubernetes Secrets: read by name, created empty, replaced by compare-and-swap.

Data travel in a PUT of the whole object only, never in a patch, and nothing is listed or watched.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ..domain.model import StoredSecret
from ..domain.ownership import Owner, owners_text
from ..domain.value import SecretValue
from ..errors import ConflictError, NotFoundError, RefusedError
from ..names import FIELD_MANAGER
from .exchange import Answer, api_path
from .kube_api import APPLY_PATCH, AS_WRITER, KubeApi

__all__ = ["SecretStore", "data_owner", "data_written_at"]

_DATA_FIELD: Final = "f:data"


class SecretStore:
    """The Secrets of a cluster; fulfils `service.ports.SecretStorePort`.

    Takes the verbs ``get``, ``create``, ``patch`` and ``update`` on ``secrets``, which RBAC can
    limit to names.
    """

    def __init__(self, api: KubeApi) -> None:
        self._api = api

    async def read(self, namespace: str, name: str) -> StoredSecret | None:
        """Read a Secret from etcd; None where the API server itself says there is none.

        Raises:
            OutsideError: it could not be read; whether it exists is unknown.

        """
        answer = await self._api.find(_path(namespace, name))
        return None if answer is None else _stored(answer)

    async def create_empty(
        self, namespace: str, name: str, *, annotations: Mapping[str, str]
    ) -> StoredSecret:
        """Create a Secret without data by server-side apply, which RBAC can grant by name.

        One that exists keeps its data, and gets *annotations* where nobody else owns them.

        Raises:
            ConflictError: it exists and another manager owns one of *annotations*.
            AnswerLostError: it may or may not have been created.

        """
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "annotations": dict(annotations),
            },
        }
        answer = await self._api.request(
            "PATCH",
            _path(namespace, name),
            query=(("fieldManager", FIELD_MANAGER), ("force", "false")),
            body=body,
            content_type=APPLY_PATCH,
        )
        return _stored(answer)

    async def replace(
        self,
        stored: StoredSecret,
        *,
        data: Mapping[str, SecretValue],
        annotations: Mapping[str, str],
    ) -> StoredSecret:
        """PUT *data* in place of all data and merge *annotations*, if *stored* is still current.

        The object is read again for what `StoredSecret` does not carry (type, owner references,
        finalizers); uid and resourceVersion of *stored* go into the PUT, so that the API server
        itself refuses it when somebody wrote in between.

        Raises:
            ConflictError: uid or resourceVersion differ by now, or it is gone.
            AnswerLostError: it may or may not have been written.
            RefusedError: the Secret is immutable.

        """
        path = _path(stored.namespace, stored.name)
        what = f"Secret {stored.namespace}/{stored.name}"
        answer = await self._api.find(path)
        if answer is None:
            raise ConflictError(f"{what} is gone")
        metadata = answer.body["metadata"]
        if (metadata["uid"], metadata["resourceVersion"]) != (stored.uid, stored.resource_version):
            raise ConflictError(f"{what} was written by somebody else meanwhile")
        if answer.body.get("immutable"):
            raise RefusedError(f"{what} is immutable: delete it, or name another target")
        body = _replaced(answer.body, data, annotations)
        try:
            written = await self._api.request("PUT", path, query=AS_WRITER, body=body)
        except NotFoundError:
            raise ConflictError(f"{what} is gone") from None
        return _stored(written)


def data_owner(metadata: Mapping[str, Any], *, has_data: bool) -> str:
    """Tell who wrote a Secret's data when, from ``metadata.managedFields``.

    The text differs after every write that changed data, and stays when another manager changes
    labels or annotations only. It may differ after less: a manager of data who changes something
    else gets a new time too. The names of the keys are in it, since a manager who removes a key
    owns nothing by that. Two writes by one manager within a second that end as they began are not
    told apart, nor need they be.

    Args:
        metadata: the Secret's ``metadata``.
        has_data: whether there are any data. Where managedFields were cleared, nobody owns them,
            and every write counts.

    """
    entries = [
        _owner(entry)
        for entry in metadata.get("managedFields") or ()
        if _DATA_FIELD in (entry.get("fieldsV1") or {})
    ]
    if not entries and has_data:
        return f"unknown@{metadata['resourceVersion']}"
    return owners_text(entries)


def data_written_at(metadata: Mapping[str, Any]) -> datetime | None:
    """Tell when somebody last wrote data, from ``metadata.managedFields``."""
    times = [
        datetime.fromisoformat(entry["time"])
        for entry in metadata.get("managedFields") or ()
        if _DATA_FIELD in (entry.get("fieldsV1") or {}) and entry.get("time")
    ]
    return max(times, default=None)


def _owner(entry: Mapping[str, Any]) -> Owner:
    keys = frozenset(key.removeprefix("f:") for key in entry["fieldsV1"][_DATA_FIELD])
    return Owner(
        manager=str(entry.get("manager") or ""),
        operation=str(entry.get("operation") or ""),
        subresource=str(entry.get("subresource") or ""),
        time=str(entry.get("time") or ""),
        keys=keys,
    )


def _path(namespace: str, name: str) -> str:
    return api_path("v1", "secrets", namespace, name)


def _stored(answer: Answer) -> StoredSecret:
    metadata = answer.body["metadata"]
    data = {key: _decoded(text) for key, text in (answer.body.get("data") or {}).items()}
    return StoredSecret(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        annotations=dict(metadata.get("annotations") or {}),
        data=data,
        data_owner=data_owner(metadata, has_data=bool(data)),
        read_at=answer.date,
        labels=dict(metadata.get("labels") or {}),
        data_written_at=data_written_at(metadata),
    )


def _replaced(
    body: Mapping[str, Any], data: Mapping[str, SecretValue], annotations: Mapping[str, str]
) -> dict[str, Any]:
    metadata = {key: part for key, part in body["metadata"].items() if key != "managedFields"}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **annotations}
    encoded = {key: _encoded(value) for key, value in data.items()}
    return {**body, "metadata": metadata, "data": encoded}


def _decoded(text: str) -> SecretValue:
    return SecretValue(base64.b64decode(text).decode("utf-8", "surrogateescape"))


def _encoded(value: SecretValue) -> str:
    raw = value.reveal().encode("utf-8", "surrogateescape")
    return base64.b64encode(raw).decode("ascii")
