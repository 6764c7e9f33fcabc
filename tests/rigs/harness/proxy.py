"""A reverse proxy between one operator and its two outside systems, which sees every write."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp
import yaml
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from harness.interventions import Intervention, Side
from harness.shop import Shop
from harness.writes import Ledger, Write, cognito_write, kubernetes_write

START_SECONDS: Final = 60
LARGEST_BODY: Final = 16 * 1024 * 1024
NOT_PASSED_ON: Final = frozenset(
    {"connection", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers of one connection (RFC 9110, section 7.6.1), and the name of the other server."""

Naming = Callable[[str, str, Mapping[str, str]], str | None]
"""Method, path, headers -> the signature of a write, or None."""


class Gateway:
    """Two proxies in a thread: before the API server of a shop and before its Cognito.

    They speak plain HTTP to the operator, and pass everything on as it comes, watches too. Writes
    are noted in one ledger, and shown to an intervention before and after.

    Attributes:
        ledger: the writes so far.
        intervention: may be set before the operator runs.
        refusal: status of the answer to a write that the intervention does not let pass.
        clock_offset: added to the time in the API server's header ``Date``; may be set at any time.
    """

    def __init__(self, shop: Shop) -> None:
        """Prepare the proxies for *shop*."""
        self._shop = shop
        self.ledger = Ledger()
        self.intervention: Intervention | None = None
        self.refusal = HTTPStatus.BAD_GATEWAY
        self.clock_offset = timedelta()
        self._ports: Future[tuple[int, int]] = Future()
        self._thread = threading.Thread(target=self._run, name="gateway", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def write_kubeconfig(self, path: Path) -> Path:
        """Write a kubeconfig like the shop's that leads here."""
        document = yaml.safe_load(self._shop.kubeconfig.read_text())
        url = f"http://127.0.0.1:{self._ports.result()[0]}"
        document["clusters"][0]["cluster"] = {"server": url}
        path.write_text(yaml.safe_dump(document))
        return path

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point the operator's AWS client here."""
        url = f"http://127.0.0.1:{self._ports.result()[1]}"
        return {
            **self._shop.cognito.environment,
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": url,
        }

    def __enter__(self) -> Self:
        self._thread.start()
        self._ports.result(START_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._ports.done():
                raise
            self._ports.set_exception(error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        trust = ssl.create_default_context(cafile=str(self._shop.cluster.ca_file))
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust, limit=0),
            timeout=aiohttp.ClientTimeout(),
            auto_decompress=False,
        ) as session:
            kubernetes = _Proxy(
                self, session, self._shop.cluster.url, kubernetes_write, tells_time=True
            )
            cognito = _Proxy(self, session, self._shop.cognito.url, cognito_write, tells_time=False)
            try:
                self._ports.set_result((await kubernetes.listen(), await cognito.listen()))
                await self._stop.wait()
            finally:
                await kubernetes.close()
                await cognito.close()

    async def lets_pass(self, write: Write | None, side: Side) -> bool:
        """Ask the intervention about a write."""
        if write is None or self.intervention is None:
            return True
        return await self.intervention.lets_pass(write, side)


class _Proxy:
    """One listening port, and the server behind it."""

    def __init__(
        self,
        gateway: Gateway,
        session: aiohttp.ClientSession,
        upstream: str,
        naming: Naming,
        *,
        tells_time: bool,
    ) -> None:
        self._gateway = gateway
        self._session = session
        self._upstream = upstream.rstrip("/")
        self._naming = naming
        self._tells_time = tells_time
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        # A write goes on to its end when its sender is killed: handlers are not cancelled.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=False, shutdown_timeout=0.01
        )

    async def listen(self) -> int:
        """Begin to serve, and give the port."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port: int = self._runner.addresses[0][1]
        return port

    async def close(self) -> None:
        """End everything, watches too."""
        await self._runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        signature = self._naming(request.method, request.path, request.headers)
        write = None if signature is None else self._gateway.ledger.note(signature)
        body = await request.read()
        if not await self._gateway.lets_pass(write, Side.BEFORE):
            return self._refused()
        async with self._session.request(
            request.method,
            URL(self._upstream + request.raw_path, encoded=True),
            headers=_passed_on(request.headers),
            data=body or None,  # an empty one would get a content type, which is refused
            allow_redirects=False,
        ) as answer:
            if not await self._gateway.lets_pass(write, Side.AFTER):
                return self._refused()
            headers = _passed_on(answer.headers)
            if self._tells_time:
                _shift_date(headers, self._gateway.clock_offset)
            return await _passed_back(request, answer, headers)

    def _refused(self) -> web.Response:
        return web.Response(status=self._gateway.refusal)


async def _passed_back(
    request: web.Request, answer: aiohttp.ClientResponse, headers: CIMultiDict[str]
) -> web.StreamResponse:
    """Send an answer as it arrives, as long as somebody listens."""
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
    with contextlib.suppress(ConnectionError):
        await response.prepare(request)
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
    return response


def _passed_on(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    kept = [(name, value) for name, value in headers.items() if name.lower() not in NOT_PASSED_ON]
    return CIMultiDict(kept)


def _shift_date(headers: CIMultiDict[str], offset: timedelta) -> None:
    """Let an answer be of another time."""
    if offset and "Date" in headers:
        shifted = parsedate_to_datetime(headers["Date"]) + offset
        headers["Date"] = format_datetime(shifted, usegmt=True)
