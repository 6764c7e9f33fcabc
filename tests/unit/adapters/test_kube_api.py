import asyncio
import json
import socket
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client import Configuration

from cognito_secret_operator.adapters.kube_api import (
    APPLY_PATCH,
    MERGE_PATCH,
    METADATA_LIST,
    KubeApi,
)
from cognito_secret_operator.adapters.kube_response import api_path
from cognito_secret_operator.errors import (
    AccessDeniedError,
    ActionNeededError,
    AnswerLostError,
    ConflictError,
    NotFoundError,
    OutsideError,
    RefusedError,
    RetryLaterError,
    ThrottledError,
)

from support.loopback import Loopback, failure

MARKER = "s3cr3tMarkerValue0123456789"
SECRET = api_path("v1", "secrets", "shop", "orders-api")
DEPLOYMENT = api_path("apps/v1", "deployments", "shop", "web")
PODS = api_path("v1", "pods", "shop")


async def error_of(api: KubeApi, method: str, path: str, **parts: Any) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        await api.request(method, path, **parts)
    return caught.value


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("v1", "secrets", "shop", "a"), "/api/v1/namespaces/shop/secrets/a"),
        (("apps/v1", "deployments", "shop"), "/apis/apps/v1/namespaces/shop/deployments"),
        (("g.dev/v1", "things", None), "/apis/g.dev/v1/things"),
        (("g.dev/v1", "things", "n", "a", "status"), "/apis/g.dev/v1/namespaces/n/things/a/status"),
        (("v1", "secrets", "shop", "../x"), "/api/v1/namespaces/shop/secrets/..%2Fx"),
    ],
    ids=[
        "a core object",
        "a collection of a group",
        "a collection of all namespaces",
        "a subresource",
        "a name cannot leave its place",
    ],
)
def test_path(arguments: tuple[Any, ...], path: str) -> None:
    assert api_path(*arguments) == path


async def test_an_answer_has_the_body_and_the_servers_time(server: Loopback, api: KubeApi) -> None:
    server.answers("GET", SECRET, {"kind": "Secret"})
    answer = await api.request("GET", SECRET)
    assert answer.body == {"kind": "Secret"}
    assert answer.date == datetime(2026, 11, 21, 3, 44, tzinfo=UTC)
    assert answer.date.tzinfo is UTC
    assert "Secret" not in repr(answer)


async def test_a_request_says_who_it_is_from_and_what_it_carries(
    server: Loopback, api: KubeApi
) -> None:
    server.answers("PATCH", SECRET, {})
    query = (("fieldManager", "me"), ("force", "false"))
    await api.request(
        "PATCH", SECRET, query=query, body={"a": ["ü", None]}, content_type=MERGE_PATCH
    )
    (seen,) = server.seen
    assert seen.headers["Authorization"] == "Bearer token"
    assert seen.headers["User-Agent"].startswith("cognito-secret-operator/")
    assert seen.headers["Content-Type"] == MERGE_PATCH
    assert seen.query == {"fieldManager": "me", "force": "false"}
    assert seen.body == {"a": ["ü", None]}


@pytest.mark.parametrize(
    ("method", "status", "reason", "kind"),
    [
        ("GET", 400, "BadRequest", RefusedError),
        ("GET", 401, "Unauthorized", AccessDeniedError),
        ("GET", 403, "Forbidden", AccessDeniedError),
        ("GET", 404, "NotFound", NotFoundError),
        ("PUT", 409, "Conflict", ConflictError),
        ("GET", 410, "Expired", RetryLaterError),
        ("PUT", 413, "RequestEntityTooLarge", RefusedError),
        ("PUT", 422, "Invalid", RefusedError),
        ("GET", 429, "TooManyRequests", ThrottledError),
        ("PUT", 429, "TooManyRequests", ThrottledError),
        ("GET", 500, "InternalError", RetryLaterError),
        ("GET", 503, "ServiceUnavailable", RetryLaterError),
        ("PUT", 500, "InternalError", AnswerLostError),
        ("PATCH", 504, "Timeout", AnswerLostError),
    ],
)
async def test_each_status_becomes_the_error_that_says_who_acts(
    server: Loopback, api: KubeApi, method: str, status: int, reason: str, kind: type[OutsideError]
) -> None:
    audit = {"Audit-Id": "e4b0-1"}
    server.answers(method, SECRET, failure(status, reason), status=status, headers=audit)
    body = None if method == "GET" else {"a": 1}
    error = await error_of(api, method, SECRET, body=body)
    assert type(error) is kind
    assert (error.code, error.request_id) == (reason, "e4b0-1")
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("method", "path", "content_type", "words"),
    [
        ("GET", SECRET, "", 'get secrets "orders-api" in namespace "shop"'),
        ("PUT", SECRET, "application/json", 'update secrets "orders-api" in namespace "shop"'),
        ("PATCH", SECRET, APPLY_PATCH, 'create and patch secrets "orders-api" in namespace "shop"'),
        ("PATCH", DEPLOYMENT, MERGE_PATCH, 'patch deployments.apps "web" in namespace "shop"'),
        ("GET", PODS, "", 'list pods in namespace "shop"'),
        ("GET", "/apis/g.dev/v1/things", "", "list things.g.dev"),
        (
            "PATCH",
            "/apis/g.dev/v1/namespaces/shop/things/a/status",
            MERGE_PATCH,
            'patch things/status.g.dev "a" in namespace "shop"',
        ),
    ],
)
async def test_a_denial_names_the_permission_from_our_own_request(
    server: Loopback, api: KubeApi, method: str, path: str, content_type: str, words: str
) -> None:
    server.answers(method, path, failure(403, "Forbidden", message=MARKER), status=403)
    parts = {"body": {"a": 1}, "content_type": content_type} if content_type else {}
    error = await error_of(api, method, path, **parts)
    assert error.message == f"the operator lacks the permission to {words}"


async def test_a_422_that_quotes_a_secret_shows_nothing_of_it(
    server: Loopback, api: KubeApi
) -> None:
    causes = [
        {"reason": "FieldValueInvalid", "message": f'"{MARKER}"', "field": "data[client-secret]"},
        {"reason": "FieldValueInvalid", "message": MARKER, "field": f"data: {MARKER}"},
        {"reason": "FieldValueInvalid", "message": MARKER, "field": {"odd": MARKER}},
        MARKER,
    ]
    body = failure(
        422,
        "Invalid",
        message=f'Secret "orders-api" is invalid: data: Invalid value: "{MARKER}"',
        details={"name": MARKER, "causes": causes},
        data={"client-secret": MARKER},
    )
    server.answers("PUT", SECRET, body, status=422, headers={"Audit-Id": f"{MARKER} !"})
    error = await error_of(api, "PUT", SECRET, body={"data": {"client-secret": MARKER}})
    assert isinstance(error, RefusedError)
    assert error.message.endswith("was answered by 422 Invalid: data[client-secret]")
    assert_silent(error)


async def test_a_name_that_belongs_to_another_object_now_is_a_conflict(
    server: Loopback, api: KubeApi
) -> None:
    body = failure(422, "Invalid", details={"causes": [{"field": "metadata.uid"}]})
    server.answers("PATCH", DEPLOYMENT, body, status=422)
    error = await error_of(api, "PATCH", DEPLOYMENT, body={}, content_type=MERGE_PATCH)
    assert type(error) is ConflictError


@pytest.mark.parametrize("status", [200, 400, 403, 409, 422, 500, 502])
async def test_an_answer_that_is_no_json_shows_nothing_of_it(
    server: Loopback, api: KubeApi, status: int
) -> None:
    server.answers("PUT", SECRET, f'{{"data": "{MARKER}', status=status)
    assert_silent(await error_of(api, "PUT", SECRET, body={"data": MARKER}))


def assert_silent(error: BaseException) -> None:
    """Look for the marker wherever a log or an error tracker would."""
    seen = [str(error), repr(error), repr(error.args), repr(vars(error))]
    seen += traceback.format_exception(error)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert MARKER not in json.dumps(seen)


@pytest.mark.parametrize(
    ("method", "kind"), [("GET", RetryLaterError), ("PUT", AnswerLostError)], ids=["read", "write"]
)
@pytest.mark.parametrize(
    ("body", "headers"),
    [("<html>", {}), ("[]", {}), ("{}", {"Date": "yesterday"})],
    ids=["a page of a proxy", "a list instead of an object", "an answer without a date"],
)
async def test_a_success_that_nobody_can_read_is_none(
    server: Loopback,
    api: KubeApi,
    method: str,
    kind: type[OutsideError],
    body: str,
    headers: dict[str, str],
) -> None:
    server.answers(method, SECRET, body, headers=headers)
    assert type(await error_of(api, method, SECRET)) is kind


@pytest.mark.parametrize(
    ("method", "kind"), [("GET", RetryLaterError), ("PUT", AnswerLostError)], ids=["read", "write"]
)
async def test_a_dropped_connection_is_not_tried_again(
    server: Loopback, api: KubeApi, method: str, kind: type[OutsideError]
) -> None:
    async def drop(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    # The first answer leaves a kept connection, on which aiohttp would send a second time.
    server.answers("GET", PODS, {"items": []})
    server.does(method, SECRET, drop)
    await api.request("GET", PODS)
    error = await error_of(api, method, SECRET, body={"data": MARKER})
    assert type(error) is kind
    assert [one.path for one in server.seen] == [PODS, SECRET]
    assert_silent(error)


@pytest.mark.parametrize(
    ("method", "kind"), [("GET", RetryLaterError), ("PUT", AnswerLostError)], ids=["read", "write"]
)
async def test_an_answer_that_breaks_off_is_a_lost_one(
    server: Loopback, api: KubeApi, method: str, kind: type[OutsideError]
) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b'{"data": "')
        assert request.transport is not None
        request.transport.abort()
        return response

    server.does(method, SECRET, half)
    assert type(await error_of(api, method, SECRET)) is kind


@pytest.mark.parametrize(
    ("method", "kind"), [("GET", RetryLaterError), ("PUT", AnswerLostError)], ids=["read", "write"]
)
async def test_a_silent_server_is_not_waited_for_longer_than_the_limit(
    server: Loopback, method: str, kind: type[OutsideError]
) -> None:
    asked = asyncio.Event()

    async def sleep(_: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.sleep(60)
        return web.Response()

    server.does(method, SECRET, sleep)
    async with server.api(total_seconds=0.2) as api:
        error = await error_of(api, method, SECRET)
    assert asked.is_set()
    assert type(error) is kind
    assert error.code == "TimeoutError"


async def test_a_write_that_never_left_is_not_a_lost_one() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        async with KubeApi(Configuration(host=url)) as api:
            error = await error_of(api, "PUT", SECRET, body={"data": MARKER})
    assert type(error) is RetryLaterError
    assert_silent(error)


async def test_a_redirect_is_not_followed_with_a_secret_in_the_body(
    server: Loopback, api: KubeApi
) -> None:
    server.answers("PUT", SECRET, "", status=307, headers={"Location": f"{server.url}/elsewhere"})
    error = await error_of(api, "PUT", SECRET, body={"data": MARKER})
    assert type(error) is AnswerLostError
    assert [one.path for one in server.seen] == [SECRET]


NOT_FOUND = {
    "the object is not there": (failure(404, "NotFound", details={"name": "orders-api"}), True),
    "the resource type is not there": (failure(404, "NotFound", details={}), False),
    "the namespace is not there": (failure(404, "NotFound", details={"name": "shop"}), False),
    "a proxy knows no such path": ("404 page not found", False),
    "something else says so in JSON": ({"details": {"name": "orders-api"}}, False),
}


@pytest.mark.parametrize(("body", "is_true"), NOT_FOUND.values(), ids=NOT_FOUND.keys())
async def test_only_a_true_404_means_that_there_is_none(
    server: Loopback, api: KubeApi, body: object, *, is_true: bool
) -> None:
    server.answers("GET", SECRET, body, status=404)
    if is_true:
        assert await api.find(SECRET) is None
    else:
        with pytest.raises(NotFoundError):
            await api.find(SECRET)


async def test_a_list_is_read_to_its_end(server: Loopback, api: KubeApi) -> None:
    server.answers("GET", PODS, {"items": [1, 2], "metadata": {"continue": "next+/="}})
    server.answers("GET", PODS, {"items": None, "metadata": {"continue": ""}})
    pages = [page async for page in api.pages(PODS, accept=METADATA_LIST)]
    assert [page.body["items"] for page in pages] == [[1, 2], []]
    assert [one.query for one in server.seen] == [
        {"limit": "500"},
        {"limit": "500", "continue": "next+/="},
    ]
    assert server.seen[0].headers["Accept"] == METADATA_LIST


async def test_a_list_that_expired_is_no_list(server: Loopback, api: KubeApi) -> None:
    server.answers("GET", PODS, {"items": [1], "metadata": {"continue": "next"}})
    server.answers("GET", PODS, failure(410, "Expired"), status=410)
    with pytest.raises(RetryLaterError):
        _ = [page async for page in api.pages(PODS)]


async def test_an_object_is_no_empty_list(server: Loopback, api: KubeApi) -> None:
    server.answers("GET", PODS, {"kind": "Pod"})
    with pytest.raises(RetryLaterError):
        _ = [page async for page in api.pages(PODS)]


async def test_at_most_ten_requests_are_on_their_way(server: Loopback, api: KubeApi) -> None:
    now = most = 0

    async def count(_: web.Request) -> web.StreamResponse:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1
        return web.json_response({})

    server.does("GET", SECRET, count)
    await asyncio.gather(*(api.request("GET", SECRET) for _ in range(40)))
    assert most == 10


async def test_requests_beyond_a_burst_wait_for_their_turn(server: Loopback) -> None:
    server.answers("GET", SECRET, {})
    loop = asyncio.get_running_loop()
    async with KubeApi(Configuration(host=server.url), per_second=10) as api:
        began = loop.time()
        for _ in range(12):
            await api.request("GET", SECRET)
    assert loop.time() - began >= 0.15


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: test
clusters: [{{name: test, cluster: {{server: "{url}"}}}}]
contexts: [{{name: test, context: {{cluster: test, user: me}}}}]
users: [{{name: me, user: {user}}}]
"""
EXEC = """{exec: {apiVersion: client.authentication.k8s.io/v1, command: echo, args: ['
  {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
   "status": {"token": "from-plugin"}}']}}"""


@pytest.mark.parametrize(
    ("user", "header"),
    [("{token: from-file}", "Bearer from-file"), (EXEC, "Bearer from-plugin"), ("{}", None)],
    ids=["a token", "an exec plugin", "no credentials"],
)
@pytest.mark.parametrize("named", ["by argument", "by the environment"])
async def test_a_kubeconfig_is_used(
    server: Loopback,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    user: str,
    header: str | None,
    named: str,
) -> None:
    path = tmp_path / "config"
    path.write_text(KUBECONFIG.format(url=server.url, user=user))
    if named == "by the environment":
        monkeypatch.setenv("KUBECONFIG", str(path))
    server.answers("GET", SECRET, {})
    async with await KubeApi.connect(path if named == "by argument" else None) as api:
        await api.request("GET", SECRET)
    assert server.seen[0].headers.get("Authorization") == header


async def test_a_broken_kubeconfig_is_told_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "config"
    user = f"{{token: {MARKER}}}"
    path.write_text(KUBECONFIG.format(url="https://localhost", user=user).replace("clusters", "x"))
    with pytest.raises(ActionNeededError, match="kubectl") as caught:
        await KubeApi.connect(path)
    assert_silent(caught.value)


async def test_a_kubeconfig_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ActionNeededError, match="missing"):
        await KubeApi.connect(tmp_path / "missing")


async def test_a_pod_without_a_token_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    with pytest.raises(ActionNeededError, match="ServiceAccount"):
        await KubeApi.connect()
