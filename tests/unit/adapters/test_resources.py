from typing import Any

import pytest

from cognito_secret_operator.adapters.kube_api import KubeApi
from cognito_secret_operator.adapters.resources import ResourceStore
from cognito_secret_operator.domain.model import ResourceKey
from cognito_secret_operator.errors import ConflictError, NotFoundError, RetryLaterError

from support.loopback import Loopback, failure

KEY = ResourceKey("shop", "orders-api")
ALL = "/apis/cognito-secrets.dev/v1alpha1/cognitoclientsecrets"
IN_SHOP = "/apis/cognito-secrets.dev/v1alpha1/namespaces/shop/cognitoclientsecrets"
ONE = f"{IN_SHOP}/orders-api"
NO_CRD = failure(404, "NotFound", details={})


async def test_a_resource_is_read_with_the_servers_time(server: Loopback, api: KubeApi) -> None:
    server.answers("GET", ONE, {"spec": {}})
    found = await ResourceStore(api).read(KEY)
    assert found is not None
    assert found.body == {"spec": {}}
    assert found.read_at.isoformat() == "2026-11-21T03:44:00+00:00"


async def test_a_resource_that_is_gone_is_none(server: Loopback, api: KubeApi) -> None:
    gone = failure(404, "NotFound", details={"name": "orders-api"})
    server.answers("GET", ONE, gone, status=404)
    assert await ResourceStore(api).read(KEY) is None


async def test_a_missing_resource_type_is_not_a_missing_resource(
    server: Loopback, api: KubeApi
) -> None:
    server.answers("GET", ONE, NO_CRD, status=404)
    server.answers("GET", ALL, "404 page not found", status=404)
    with pytest.raises(NotFoundError, match="install crds/"):
        await ResourceStore(api).read(KEY)
    with pytest.raises(NotFoundError, match="install crds/"):
        await ResourceStore(api).list_all()


async def test_status_is_written_only_over_the_version_that_was_read(
    server: Loopback, api: KubeApi
) -> None:
    path = f"{ONE}/status"
    server.answers("PATCH", path, {})
    server.answers("PATCH", path, failure(409, "Conflict"), status=409)
    server.answers("PATCH", path, failure(404, "NotFound"), status=404)
    store = ResourceStore(api)
    status: dict[str, Any] = {"conditions": [], "holders": None}
    await store.write_status(KEY, uid="u", resource_version="7", status=status)
    assert server.seen[0].headers["Content-Type"] == "application/merge-patch+json"
    assert server.seen[0].body == {
        "metadata": {"uid": "u", "resourceVersion": "7"},
        "status": status,
    }
    for _ in range(2):
        with pytest.raises(ConflictError):
            await store.write_status(KEY, uid="u", resource_version="7", status={})


async def test_all_resources_are_listed_over_pages_and_namespaces(
    server: Loopback, api: KubeApi
) -> None:
    server.answers("GET", ALL, {"items": [{"a": 1}], "metadata": {"continue": "more"}})
    server.answers("GET", ALL, {"items": [{"a": 2}], "metadata": {}})
    server.answers("GET", IN_SHOP, {"items": [{"a": 3}]})
    server.answers("GET", IN_SHOP.replace("shop", "bank"), {"items": []})
    store = ResourceStore(api)
    assert [one.body for one in await store.list_all()] == [{"a": 1}, {"a": 2}]
    assert [one.body for one in await store.list_all(["shop", "bank"])] == [{"a": 3}]
    assert await store.list_all([]) == ()


async def test_a_listing_that_breaks_off_is_none(server: Loopback, api: KubeApi) -> None:
    server.answers("GET", ALL, {"items": [{"a": 1}], "metadata": {"continue": "more"}})
    server.answers("GET", ALL, failure(410, "Expired"), status=410)
    with pytest.raises(RetryLaterError):
        await ResourceStore(api).list_all()
