"""Probes and metrics over HTTP, on one port, up before anything else.

kopf's own endpoint returns 200 while its task lives, has no readiness, and starts after the
start-up handlers (https://docs.kopf.dev/en/stable/probing/).
"""

import asyncio
import collections
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

__all__ = ["LoopLag", "ProbeServer", "Readiness", "health_problem"]

LAG_INTERVAL: Final = 0.5
"""Seconds that the measuring task sleeps."""

LAG_SAMPLES: Final = 20
"""How many of the last samples count: those of ten seconds."""

WORST_LAG: Final = 5.0
"""Seconds of lag from which on the loop counts as blocked."""

OLDEST_HEARTBEAT: Final = 30.0
"""Seconds without a turn of the queue from which on it counts as dead; it turns every second."""


@dataclass(slots=True)
class Readiness:
    """What has to be true before this process counts as ready; others set it."""

    listed: bool = False
    """The first listing of resources is complete."""

    watching: bool = False
    """The watch runs."""

    def problem(self) -> str | None:
        """Return what is missing; None when ready."""
        if not self.listed:
            return "the first listing of resources is not complete"
        if not self.watching:
            return "the watch does not run"
        return None


class LoopLag:
    """How late the event loop wakes tasks."""

    def __init__(self) -> None:
        self._samples: collections.deque[float] = collections.deque(maxlen=LAG_SAMPLES)

    @property
    def worst(self) -> float:
        """Seconds: the worst of the last samples."""
        return max(self._samples, default=0.0)

    def add(self, planned: float, slept: float) -> None:
        """Add a sleep of *slept* seconds that was to take *planned* seconds."""
        self._samples.append(max(0.0, slept - planned))

    async def measure(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(LAG_INTERVAL)
            self.add(LAG_INTERVAL, loop.time() - before)


def health_problem(*, lag: float, heartbeat_age: float) -> str | None:
    """Return why the process should be restarted; None while it is healthy.

    The watch does not count: an idle cluster sends nothing, and a broken watch ends the process.
    """
    if lag > WORST_LAG:
        return f"the event loop was blocked for {lag:.1f} s"
    if heartbeat_age > OLDEST_HEARTBEAT:
        return f"the work queue has not turned for {heartbeat_age:.0f} s"
    return None


class ProbeServer:
    """``/healthz``, ``/readyz`` and ``/metrics``."""

    def __init__(
        self,
        *,
        metrics: Callable[[], tuple[bytes, str]],
        heartbeat_age: Callable[[], float],
        readiness: Callable[[], str | None],
        lag: LoopLag,
    ) -> None:
        """Prepare a server; `start` opens the port.

        Args:
            metrics: renders the metrics and names their content type.
            heartbeat_age: seconds since the work queue last turned.
            readiness: what is missing, None when ready.
            lag: measured by a task of this server while it runs.

        """
        self._metrics = metrics
        self._heartbeat_age = heartbeat_age
        self._readiness = readiness
        self._lag = lag
        self._runner: web.AppRunner | None = None
        self._measuring: asyncio.Task[None] | None = None

    async def start(self, address: str, port: int, port_file: Path | None = None) -> int:
        """Open the port and return it: the one that the system chose where *port* is 0.

        Args:
            address: to listen on; empty: every address, IPv4 and IPv6.
            port: to listen on; 0 lets the system choose one.
            port_file: where the port in use is written to.

        Raises:
            OSError: the address cannot be used, or *port_file* not be written.

        """
        app = web.Application()
        app.router.add_get("/healthz", self._answer_health)
        app.router.add_get("/readyz", self._answer_readiness)
        app.router.add_get("/metrics", self._answer_metrics)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=1.0
        )
        await self._runner.setup()
        if address:
            await web.TCPSite(self._runner, address, port).start()
        else:
            await web.SockSite(self._runner, _listen_everywhere(port)).start()
        self._measuring = asyncio.create_task(self._lag.measure(), name="loop lag")
        chosen: int = self._runner.addresses[0][1]
        if port_file is not None:
            _write_whole(port_file, f"{chosen}\n")
        return chosen

    async def stop(self) -> None:
        """Close the port; harmless where it was never open."""
        if self._measuring is not None:
            self._measuring.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._measuring
            self._measuring = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer_health(self, _: web.Request) -> web.Response:
        return _verdict(health_problem(lag=self._lag.worst, heartbeat_age=self._heartbeat_age()))

    async def _answer_readiness(self, _: web.Request) -> web.Response:
        return _verdict(self._readiness())

    async def _answer_metrics(self, _: web.Request) -> web.Response:
        body, content_type = self._metrics()
        # Not the argument `content_type`: aiohttp refuses one with a charset there.
        return web.Response(body=body, headers={"Content-Type": content_type})


def _verdict(problem: str | None) -> web.Response:
    return web.Response(text=f"{problem or 'ok'}\n", status=200 if problem is None else 503)


def _listen_everywhere(port: int) -> socket.socket:
    """Open one socket for both families, so that they share the port that the system chooses.

    IPv4 alone where the kernel has no IPv6. An IPv6-only pod is probed at its IPv6 address.
    """
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def _write_whole(path: Path, text: str) -> None:
    """Write a file at once, so that a waiting reader never sees a part of it."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.replace(path)
