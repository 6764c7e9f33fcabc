import base64
from typing import Any

import pytest

from cognito_secret_operator.adapters.kube_api import KubeApi
from cognito_secret_operator.adapters.secret_store import SecretStore, data_owner
from cognito_secret_operator.domain.model import StoredSecret
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.errors import (
    AnswerLostError,
    ConflictError,
    NotFoundError,
    RefusedError,
)

from support.loopback import Loopback, failure

PATH = "/api/v1/namespaces/shop/secrets/orders-api"
BINARY = b"\xff\x00\xe9"
GONE = failure(404, "NotFound", details={"name": "orders-api"})


def entry(manager: str, fields: dict[str, Any], **parts: str) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": "2026-11-21T03:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **parts,
    }


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


OURS = entry("cognito-secret-operator", {"f:data": {".": {}, "f:a": {}, "f:b": {}}})
LABELS = entry("kubectl-label", {"f:metadata": {"f:labels": {"f:x": {}}}})


def secret(**parts: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "orders-api",
            "namespace": "shop",
            "uid": "u1",
            "resourceVersion": "7",
            "labels": {"app": "orders"},
            "annotations": {"kept": "yes", "changed": "before"},
            "ownerReferences": [{"uid": "o"}],
            "managedFields": [OURS],
        },
        "type": "example.com/kind",
        "data": {"text": encoded("wört".encode()), "binary": encoded(BINARY)},
        **parts,
    }


async def stored(server: Loopback, api: KubeApi) -> StoredSecret:
    server.answers("GET", PATH, secret())
    found = await SecretStore(api).read("shop", "orders-api")
    assert found is not None
    return found


async def test_data_are_read_as_values_that_nobody_prints(server: Loopback, api: KubeApi) -> None:
    found = await stored(server, api)
    assert found.data["text"].reveal() == "wört"
    assert found.data["binary"].reveal().encode("utf-8", "surrogateescape") == BINARY
    assert "wört" not in repr(found)
    assert found.labels == {"app": "orders"}
    assert (found.uid, found.resource_version) == ("u1", "7")


async def test_a_secret_without_data_is_read(server: Loopback, api: KubeApi) -> None:
    metadata = {"name": "a", "namespace": "shop", "uid": "u", "resourceVersion": "1"}
    server.answers("GET", PATH, {"metadata": metadata, "data": None})
    found = await SecretStore(api).read("shop", "orders-api")
    assert found is not None
    assert (found.data, found.annotations, found.data_owner) == ({}, {}, "")


async def test_none_is_read_only_where_there_is_none(server: Loopback, api: KubeApi) -> None:
    server.answers("GET", PATH, GONE, status=404)
    server.answers("GET", PATH, "nothing here", status=404)
    assert await SecretStore(api).read("shop", "orders-api") is None
    with pytest.raises(NotFoundError):
        await SecretStore(api).read("shop", "orders-api")


async def test_an_empty_one_is_applied_without_force_or_data(
    server: Loopback, api: KubeApi
) -> None:
    server.answers("PATCH", PATH, secret(data=None), status=201)
    await SecretStore(api).create_empty("shop", "orders-api", annotations={"a": "b"})
    (seen,) = server.seen
    assert seen.headers["Content-Type"] == "application/apply-patch+yaml"
    assert seen.query == {"fieldManager": "cognito-secret-operator", "force": "false"}
    assert seen.body == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "orders-api", "namespace": "shop", "annotations": {"a": "b"}},
    }


async def test_a_replacement_keeps_all_but_data_and_our_annotations(
    server: Loopback, api: KubeApi
) -> None:
    found = await stored(server, api)
    server.answers("PUT", PATH, secret())
    await SecretStore(api).replace(
        found,
        data={"new": SecretValue("v"), "binary": found.data["binary"]},
        annotations={"changed": "after", "added": "too"},
    )
    put = server.seen[-1]
    expected = secret(data={"new": encoded(b"v"), "binary": encoded(BINARY)})
    del expected["metadata"]["managedFields"]
    expected["metadata"]["annotations"] = {"kept": "yes", "changed": "after", "added": "too"}
    assert put.body == expected
    assert put.query == {"fieldManager": "cognito-secret-operator"}
    assert [one.method for one in server.seen] == ["GET", "GET", "PUT"]


@pytest.mark.parametrize("part", ["uid", "resourceVersion"])
async def test_a_secret_that_changed_is_not_written(
    server: Loopback, api: KubeApi, part: str
) -> None:
    changed = secret()
    changed["metadata"][part] = "other"
    server.answers("GET", PATH, secret())
    server.answers("GET", PATH, changed)
    found = await SecretStore(api).read("shop", "orders-api")
    assert found is not None
    with pytest.raises(ConflictError):
        await SecretStore(api).replace(found, data={}, annotations={})
    assert {one.method for one in server.seen} == {"GET"}


async def test_a_secret_that_is_gone_is_a_conflict(server: Loopback, api: KubeApi) -> None:
    found = await stored(server, api)
    server.answers("PUT", PATH, GONE, status=404)
    with pytest.raises(ConflictError):
        await SecretStore(api).replace(found, data={}, annotations={})


async def test_an_immutable_secret_is_refused_with_a_remedy(server: Loopback, api: KubeApi) -> None:
    server.answers("GET", PATH, secret(immutable=True))
    found = await SecretStore(api).read("shop", "orders-api")
    assert found is not None
    with pytest.raises(RefusedError, match="delete it"):
        await SecretStore(api).replace(found, data={}, annotations={})


async def test_a_write_without_an_answer_may_have_happened(server: Loopback, api: KubeApi) -> None:
    found = await stored(server, api)
    server.answers("PUT", PATH, failure(500, "InternalError"), status=500)
    with pytest.raises(AnswerLostError):
        await SecretStore(api).replace(found, data={}, annotations={})


CHANGES: dict[str, list[dict[str, Any]]] = {
    "another manager took a key over": [
        entry("cognito-secret-operator", {"f:data": {".": {}, "f:a": {}}}),
        entry("kubectl-edit", {"f:data": {"f:b": {}}}),
    ],
    "another manager took a key away and owns nothing": [
        entry("cognito-secret-operator", {"f:data": {".": {}, "f:a": {}}})
    ],
    "the same manager wrote again": [{**OURS, "time": "2026-11-21T03:00:01Z"}],
    "the same manager applied": [{**OURS, "operation": "Apply"}],
    "a subresource wrote": [{**OURS, "subresource": "odd"}],
    "managedFields were cleared": [],
}
NO_CHANGES: dict[str, list[dict[str, Any]]] = {
    "another manager set labels": [OURS, LABELS],
    "another manager set labels again": [OURS, {**LABELS, "time": "2026-11-21T09:00:00Z"}],
    "the entries come in another order": [LABELS, OURS],
    "an entry has no fields": [OURS, {**LABELS, "fieldsV1": None}],
}


def owner(entries: list[dict[str, Any]], version: str = "7") -> str:
    metadata = {"resourceVersion": version, "managedFields": entries}
    return data_owner(metadata, has_data=True)


@pytest.mark.parametrize("entries", CHANGES.values(), ids=CHANGES.keys())
def test_the_owner_of_data_changes_when(entries: list[dict[str, Any]]) -> None:
    assert owner(entries) != owner([OURS])


@pytest.mark.parametrize("entries", NO_CHANGES.values(), ids=NO_CHANGES.keys())
def test_the_owner_of_data_stays_when(entries: list[dict[str, Any]]) -> None:
    assert owner(entries, version="8") == owner([OURS])


def test_data_without_an_owner_change_with_every_write() -> None:
    assert owner([], version="7") != owner([], version="8")
