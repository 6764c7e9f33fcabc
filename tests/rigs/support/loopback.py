"""A tiny HTTP server on loopback in the API server's place: what a test scripts, it answers."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from kubernetes.aio.client import Configuration

from cognito_secret_operator.adapters.kube_api import KubeApi

DATE = "Sat, 21 Nov 2026 03:44:00 GMT"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Seen:
    """A request that arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass
class Loopback:
    """The server: answers by method and path, in order; the last one is repeated."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    _answers: dict[tuple[str, str], list[Handler]] = field(default_factory=dict)

    def answers(
        self,
        method: str,
        path: str,
        body: object,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Script the next answer to *method* on *path*; a string is sent as it is."""
        text = body if isinstance(body, str) else json.dumps(body)

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status, text=text, headers={"Date": DATE, **(headers or {})})

        self.does(method, path, answer)

    def does(self, method: str, path: str, handler: Handler) -> None:
        """Script whatever *handler* does as the next answer."""
        self._answers.setdefault((method, path), []).append(handler)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Record a request and answer as scripted."""
        text = await request.text()
        self.seen.append(
            Seen(
                request.method,
                request.path,
                dict(request.query),
                dict(request.headers),
                json.loads(text) if text else None,
            )
        )
        answers = self._answers[request.method, request.path]
        handler = answers.pop(0) if len(answers) > 1 else answers[0]
        return await handler(request)

    @asynccontextmanager
    async def api(self, *, total_seconds: float = 10.0) -> AsyncIterator[KubeApi]:
        """Open a client of this server."""
        configuration = Configuration(host=self.url, api_key={"BearerToken": "Bearer token"})
        async with KubeApi(configuration, total_seconds=total_seconds, per_second=1000) as api:
            yield api


@asynccontextmanager
async def loopback() -> AsyncIterator[Loopback]:
    """Run a server on a port of the kernel's choice."""
    server = Loopback()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handle_signals=False, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        server.url = f"http://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()


def failure(code: int, reason: str, **parts: object) -> dict[str, object]:
    """Write a Status as the API server does."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "reason": reason,
        "code": code,
        **parts,
    }
