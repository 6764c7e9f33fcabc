"""Probing against a real HTTP server on the loopback that answers by a script."""

import asyncio
import base64
import socket
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from cognito_secret_operator.adapters.cognito_answers import PoolDomain
from cognito_secret_operator.adapters.token_endpoint import TokenEndpoint
from cognito_secret_operator.domain.model import ClientRef, Probe, Verdict
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.errors import EndpointUnknownError, NotFoundError

CLIENT = ClientRef("eu-west-1_AbCdEfGhI", "1example23456789")
MARKER = "MarkerMarkerMarkerMarkerMarker32"
VALUE = SecretValue(MARKER)


@dataclass
class ScriptedEndpoint:
    """Answers from the front of `answers`: status and JSON document, or a response."""

    url: str = ""
    answers: deque[Any] = field(default_factory=deque)
    forms: list[Mapping[str, str]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    redirected: bool = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        self.forms.append({name: str(value) for name, value in form.items()})
        self.authorizations.append(request.headers.get("Authorization"))
        answer = self.answers.popleft()
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer == "hang":
            await asyncio.sleep(1)
            return web.Response()
        status, document = answer
        return web.json_response(document, status=status)

    async def elsewhere(self, request: web.Request) -> web.StreamResponse:
        del request
        self.redirected = True
        return web.json_response({"error": "invalid_grant"}, status=400)


@dataclass
class ScriptedFinder:
    """Stands in for `Cognito`."""

    domain: PoolDomain | Exception = field(default_factory=lambda: PoolDomain(None, "no domain"))

    async def pool_domain(self, client: ClientRef) -> PoolDomain:
        assert client == CLIENT
        if isinstance(self.domain, Exception):
            raise self.domain
        return self.domain

    async def probe_by_refresh(self, client: ClientRef, value: SecretValue) -> Probe:
        assert (client, value) == (CLIENT, VALUE)
        return Probe(Verdict.ACCEPTED, "asked by refresh")


@pytest.fixture
async def server() -> AsyncIterator[ScriptedEndpoint]:
    scripted = ScriptedEndpoint()
    app = web.Application()
    app.router.add_post("/oauth2/token", scripted.answer)
    app.router.add_route("*", "/elsewhere", scripted.elsewhere)
    test_server = TestServer(app)
    await test_server.start_server()
    scripted.url = str(test_server.make_url("/oauth2/token"))
    yield scripted
    await test_server.close()


@pytest.fixture
async def finder() -> ScriptedFinder:
    return ScriptedFinder()


@pytest.fixture
async def endpoint(finder: ScriptedFinder) -> AsyncIterator[TokenEndpoint]:
    async with TokenEndpoint(finder, timeout=0.3) as opened:
        yield opened


def error(code: str, status: int = 400) -> tuple[int, dict[str, str]]:
    return status, {"error": code}


async def test_the_question_is_a_refresh_with_a_made_up_token_and_basic_authentication(
    server: ScriptedEndpoint, endpoint: TokenEndpoint
) -> None:
    server.answers.append(error("invalid_grant"))
    await endpoint.probe(CLIENT, VALUE, endpoint=server.url)
    [form], [authorization] = server.forms, server.authorizations
    assert form["grant_type"] == "refresh_token"
    assert form["client_id"] == CLIENT.client_id
    assert MARKER not in form.values()
    assert authorization is not None
    credentials = base64.b64decode(authorization.removeprefix("Basic ")).decode()
    assert credentials == f"{CLIENT.client_id}:{MARKER}"


async def test_a_value_that_basic_would_have_to_encode_goes_into_the_form(
    server: ScriptedEndpoint, endpoint: TokenEndpoint
) -> None:
    value = MARKER + "+"
    server.answers.append(error("invalid_grant"))
    await endpoint.probe(CLIENT, SecretValue(value), endpoint=server.url)
    assert server.authorizations == [None]
    assert server.forms[0]["client_secret"] == value


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([error("invalid_grant")], Verdict.ACCEPTED),
        ([error("invalid_client")], Verdict.REFUSED),
        ([error("invalid_client", 401)], Verdict.REFUSED),
        ([error("unauthorized_client"), error("invalid_grant")], Verdict.ACCEPTED),
        ([error("unsupported_grant_type"), error("invalid_client")], Verdict.REFUSED),
        ([error("unauthorized_client"), error("unauthorized_client")], Verdict.UNKNOWN),
        ([error("unsupported_grant_type"), error("invalid_request")], Verdict.UNKNOWN),
        ([error("invalid_request")], Verdict.UNKNOWN),
        ([error("invalid_grant", 500)], Verdict.UNKNOWN),
        ([error("invalid_client", 403)], Verdict.UNKNOWN),
        ([error(MARKER)], Verdict.UNKNOWN),
        ([(429, {})], Verdict.UNKNOWN),
        ([(200, {"access_token": "x"})], Verdict.UNKNOWN),
        ([(400, ["invalid_grant"])], Verdict.UNKNOWN),
        ([(400, {"error": ["invalid_grant"]})], Verdict.UNKNOWN),
        ([web.Response(status=400, text="<html>")], Verdict.UNKNOWN),
        ([web.Response(status=400, body=b"\xff\xfe\xfd")], Verdict.UNKNOWN),
        ([web.Response(status=400, body=b"x" * 200_000)], Verdict.UNKNOWN),
        (["hang"], Verdict.UNKNOWN),
    ],
)
async def test_only_two_answers_prove_anything(
    server: ScriptedEndpoint, endpoint: TokenEndpoint, answers: list[Any], verdict: Verdict
) -> None:
    server.answers += answers
    probe = await endpoint.probe(CLIENT, VALUE, endpoint=server.url)
    assert probe.verdict is verdict
    assert probe.detail
    assert MARKER not in probe.detail
    assert len(server.forms) == len(answers)


async def test_the_second_question_is_a_made_up_code(
    server: ScriptedEndpoint, endpoint: TokenEndpoint
) -> None:
    server.answers += [error("unauthorized_client"), error("invalid_grant")]
    await endpoint.probe(CLIENT, VALUE, endpoint=server.url)
    assert server.forms[1]["grant_type"] == "authorization_code"
    assert server.forms[1].keys() >= {"code", "redirect_uri", "client_id"}


async def test_a_redirect_is_not_followed(
    server: ScriptedEndpoint, endpoint: TokenEndpoint
) -> None:
    server.answers.append(web.Response(status=307, headers={"Location": "/elsewhere"}))
    probe = await endpoint.probe(CLIENT, VALUE, endpoint=server.url)
    assert probe == Probe(Verdict.UNKNOWN, "the token endpoint answered HTTP 307")
    assert not server.redirected


@pytest.mark.parametrize("url", ["not a url", "http://", "ftp://localhost/", "https://["])
async def test_a_url_that_is_none_is_no_error(endpoint: TokenEndpoint, url: str) -> None:
    assert (await endpoint.probe(CLIENT, VALUE, endpoint=url)).verdict is Verdict.UNKNOWN


async def test_where_nobody_listens_nothing_is_known(endpoint: TokenEndpoint) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    probe = await endpoint.probe(CLIENT, VALUE, endpoint=f"http://127.0.0.1:{port}/oauth2/token")
    assert probe.verdict is Verdict.UNKNOWN
    assert MARKER not in probe.detail


async def test_a_server_without_tls_is_not_spoken_to_in_the_clear(
    server: ScriptedEndpoint, endpoint: TokenEndpoint
) -> None:
    url = server.url.replace("http://", "https://")
    assert (await endpoint.probe(CLIENT, VALUE, endpoint=url)).verdict is Verdict.UNKNOWN
    assert server.forms == []


async def test_an_endpoint_that_nobody_named_is_found(
    server: ScriptedEndpoint, finder: ScriptedFinder, endpoint: TokenEndpoint
) -> None:
    finder.domain = PoolDomain(server.url, "")
    server.answers.append(error("invalid_client"))
    assert (await endpoint.probe(CLIENT, VALUE, endpoint=None)).verdict is Verdict.REFUSED


async def test_without_an_endpoint_cognito_itself_is_asked_and_the_reason_is_said(
    finder: ScriptedFinder, endpoint: TokenEndpoint
) -> None:
    finder.domain = PoolDomain(None, "the pool has no domain")
    probe = await endpoint.probe(CLIENT, VALUE, endpoint=None)
    assert probe.verdict is Verdict.ACCEPTED
    assert "the pool has no domain" in probe.detail


@pytest.mark.parametrize("trouble", [NotFoundError("no such pool"), RuntimeError(MARKER)])
async def test_trouble_in_finding_the_endpoint_is_not_raised(
    finder: ScriptedFinder, endpoint: TokenEndpoint, trouble: Exception
) -> None:
    finder.domain = trouble
    probe = await endpoint.probe(CLIENT, VALUE, endpoint=None)
    assert probe.verdict is Verdict.UNKNOWN
    assert MARKER not in probe.detail


async def test_the_address_of_the_pools_endpoint_is_told(
    endpoint: TokenEndpoint, finder: ScriptedFinder
) -> None:
    finder.domain = PoolDomain("https://shop.example.com/oauth2/token", "")
    assert await endpoint.find(CLIENT) == "https://shop.example.com/oauth2/token"


async def test_a_pool_without_an_address_is_an_error_that_says_why(
    endpoint: TokenEndpoint, finder: ScriptedFinder
) -> None:
    finder.domain = PoolDomain(None, "user pool p has no domain")
    with pytest.raises(EndpointUnknownError, match="has no domain") as caught:
        await endpoint.find(CLIENT)
    assert caught.value.reason == "TokenEndpointUnknown"
