"""Kubernetes Secrets: read by name, created empty, replaced by compare-and-swap.

Data are sent only in a PUT of the whole object, never in a patch; nothing is listed or watched.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ..domain.model import StoredSecret, TargetMetadata
from ..domain.ownership import Owner, owners_text
from ..domain.value import SecretValue
from ..errors import ConflictError, NotFoundError, RefusedError
from ..names import FIELD_MANAGER, GROUP, KIND, METADATA_MANAGER, VERSION
from .kube_api import APPLY_PATCH, AS_WRITER, KubeApi
from .kube_response import Answer, api_path

__all__ = ["SecretStore", "data_owner", "data_written_at"]

_DATA_FIELD: Final = "f:data"
_TEXT_FIELD: Final = "f:stringData"
"""Field that server-side apply records instead of `_DATA_FIELD` for data given as text.

The API server converts the text to data afterwards, and the key keeps its earlier owner: "The
stringData field does not work well with server-side apply" (Kubernetes' page on Secrets).
"""

_TEXT: Final = "text of "


class SecretStore:
    """The Secrets of a cluster; implements `service.ports.SecretStorePort`.

    Requires ``get``, ``create``, ``patch`` and ``update`` on ``secrets``, which RBAC can limit to
    names.
    """

    def __init__(self, api: KubeApi) -> None:
        self._api = api

    async def read(self, namespace: str, name: str) -> StoredSecret | None:
        """Read a Secret from etcd; None where the API server reports that it does not exist.

        Raises:
            OutsideError: the Secret could not be read; its existence is unknown.

        """
        answer = await self._api.find(_path(namespace, name))
        return None if answer is None else _stored(answer)

    async def create_empty(
        self, namespace: str, name: str, *, annotations: Mapping[str, str]
    ) -> StoredSecret:
        """Create a Secret without data by server-side apply, which RBAC can grant by name.

        An existing Secret keeps its data and gets those *annotations* that have no other owner.

        Raises:
            ConflictError: the Secret exists and another manager owns one of *annotations*.
            AnswerLostError: the Secret may or may not have been created.

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
        """Replace *stored*'s data by *data* and merge *annotations*, if *stored* is still current.

        Keys of the object that *stored* lacks are kept.

        The object is read again for the parts that `StoredSecret` lacks (type, owner references,
        finalizers); the PUT contains uid and resourceVersion of *stored*, so that the API server
        refuses the PUT after any other write.

        Raises:
            ConflictError: uid or resourceVersion have changed, or the Secret was deleted.
            AnswerLostError: the Secret may or may not have been written.
            RefusedError: the Secret is immutable.

        """
        path = _path(stored.namespace, stored.name)
        what = f"Secret {stored.namespace}/{stored.name}"
        answer = await self._api.find(path)
        if answer is None:
            raise ConflictError(f"{what} is gone")
        metadata = answer.body["metadata"]
        if (metadata["uid"], metadata["resourceVersion"]) != (stored.uid, stored.resource_version):
            raise ConflictError(f"{what} was changed by another writer meanwhile")
        if answer.body.get("immutable"):
            raise RefusedError(f"{what} is immutable: delete it, or name another target")
        body = _replaced(answer.body, stored.data, data, annotations)
        try:
            written = await self._api.request("PUT", path, query=AS_WRITER, body=body)
        except NotFoundError:
            raise ConflictError(f"{what} is gone") from None
        return _stored(written)

    async def decorate(self, stored: StoredSecret, target_metadata: TargetMetadata) -> StoredSecret:
        """Apply *decoration* instead of an earlier one, if *stored* is still current.

        A separate field manager applies it, so that the dates of data writes stay unchanged; the
        API server removes metadata that this manager applied before and no longer applies.

        Raises:
            ConflictError: uid or resourceVersion have changed, or the Secret was deleted.
            AnswerLostError: the Secret may or may not have been written.

        """
        metadata: dict[str, Any] = {
            "name": stored.name,
            "namespace": stored.namespace,
            "uid": stored.uid,
            "resourceVersion": stored.resource_version,
            "labels": dict(target_metadata.labels),
            "annotations": dict(target_metadata.annotations),
        }
        if target_metadata.owner is not None:
            name, uid = target_metadata.owner
            owner = {"apiVersion": f"{GROUP}/{VERSION}", "kind": KIND, "name": name, "uid": uid}
            metadata["ownerReferences"] = [owner]
        try:
            answer = await self._api.request(
                "PATCH",
                _path(stored.namespace, stored.name),
                query=(("fieldManager", METADATA_MANAGER), ("force", "true")),
                body={"apiVersion": "v1", "kind": "Secret", "metadata": metadata},
                content_type=APPLY_PATCH,
            )
        except NotFoundError:
            raise ConflictError(f"Secret {stored.namespace}/{stored.name} is gone") from None
        return _stored(answer)


def data_owner(metadata: Mapping[str, Any], *, has_data: bool) -> str:
    """Return a text of the writers of a Secret's data and the times, from ``managedFields``.

    The text changes with every write that changes data, and is unchanged when another manager
    changes only labels or annotations. It may change more often: a manager of data that changes
    another field gets a new time too. The text includes the keys' names, since the removal of a key
    leaves no owner. Two writes by one manager within a second that restore the data are not
    distinguished, which is harmless.

    Args:
        metadata: the Secret's ``metadata``.
        has_data: whether there are any data. After managedFields were cleared, data have no owner,
            and every write counts.

    """
    entries = [
        _owner(entry)
        for entry in metadata.get("managedFields") or ()
        if {_DATA_FIELD, _TEXT_FIELD} & (entry.get("fieldsV1") or {}).keys()
    ]
    if not entries and has_data:
        return f"unknown@{metadata['resourceVersion']}"
    return owners_text(entries)


def data_written_at(metadata: Mapping[str, Any]) -> datetime | None:
    """Return the time of the last data write, from ``metadata.managedFields``."""
    times = [
        datetime.fromisoformat(entry["time"])
        for entry in metadata.get("managedFields") or ()
        if _DATA_FIELD in (entry.get("fieldsV1") or {}) and entry.get("time")
    ]
    return max(times, default=None)


def _owner(entry: Mapping[str, Any], only: str | None = None) -> Owner:
    """Read an entry, of all data keys or of one; a key applied as text is marked."""
    keys = {*_data_keys(entry), *(f"{_TEXT}{key}" for key in _data_keys(entry, _TEXT_FIELD))}
    if only is not None:
        keys &= {only, f"{_TEXT}{only}"}
    return Owner(
        manager=str(entry.get("manager") or ""),
        operation=str(entry.get("operation") or ""),
        subresource=str(entry.get("subresource") or ""),
        time=str(entry.get("time") or ""),
        keys=frozenset(keys),
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
        owners=frozenset(one["uid"] for one in metadata.get("ownerReferences") or ()),
        decorated=_decorated(metadata),
        key_owners=_key_owners(metadata),
        own_keys=_own_keys(metadata),
    )


def _decorated(metadata: Mapping[str, Any]) -> frozenset[str]:
    """Return the labels, annotations and owners that `SecretStore.decorate` applied."""
    parts: list[str] = []
    for entry in _entries(metadata, METADATA_MANAGER):
        fields = entry["fieldsV1"].get("f:metadata") or {}
        for kind, name in (("label", "f:labels"), ("annotation", "f:annotations")):
            keys = [key.removeprefix("f:") for key in fields.get(name) or {} if key != "."]
            parts += [f"{kind} {key}" for key in keys]
        items = [key for key in fields.get("f:ownerReferences") or {} if key.startswith("k:")]
        parts += [f"owner {json.loads(key.removeprefix('k:'))['uid']}" for key in items]
    return frozenset(parts)


def _own_keys(metadata: Mapping[str, Any]) -> frozenset[str]:
    """Return the data keys that the operator wrote last."""
    ours = _entries(metadata, FIELD_MANAGER)
    return frozenset(key for entry in ours for key in _data_keys(entry))


def _key_owners(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Return for each data key the writers of its value and the times.

    For a key that the operator owns, other owners are irrelevant: a changed value would have taken
    the key from the operator, so they have applied the same value. Managers of text count.
    """
    ours, owners = _own_keys(metadata), dict[str, list[Owner]]()
    for entry in metadata.get("managedFields") or ():
        keys, texts = set(_data_keys(entry)), set(_data_keys(entry, _TEXT_FIELD))
        if entry.get("manager") != FIELD_MANAGER:
            keys -= ours
        for key in keys | texts:
            owners.setdefault(key, []).append(_owner(entry, only=key))
    return {key: owners_text(found) for key, found in owners.items()}


def _data_keys(entry: Mapping[str, Any], field: str = _DATA_FIELD) -> list[str]:
    fields = (entry.get("fieldsV1") or {}).get(field) or {}
    return [key.removeprefix("f:") for key in fields if key != "."]


def _entries(metadata: Mapping[str, Any], manager: str) -> list[Mapping[str, Any]]:
    found = metadata.get("managedFields") or ()
    return [one for one in found if one.get("manager") == manager and one.get("fieldsV1")]


def _replaced(
    body: Mapping[str, Any],
    seen: Mapping[str, SecretValue],
    data: Mapping[str, SecretValue],
    annotations: Mapping[str, str],
) -> dict[str, Any]:
    metadata = {key: part for key, part in body["metadata"].items() if key != "managedFields"}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **annotations}
    encoded = {key: _encoded(value) for key, value in data.items()}
    others = {key: text for key, text in (body.get("data") or {}).items() if key not in seen}
    return {**body, "metadata": metadata, "data": {**others, **encoded}}


def _decoded(text: str) -> SecretValue:
    return SecretValue(base64.b64decode(text).decode("utf-8", "surrogateescape"))


def _encoded(value: SecretValue) -> str:
    raw = value.reveal().encode("utf-8", "surrogateescape")
    return base64.b64encode(raw).decode("ascii")
