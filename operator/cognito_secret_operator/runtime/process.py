"""The process's life: probes up, first listing, passes and watch together, an orderly end."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..service.ports import RawResource
from .handlers import watch
from .leadership import Leadership
from .logs import log_loop_error
from .probes import ProbeServer, Readiness
from .queue import Work, WorkQueue
from .roster import Roster

__all__ = ["Endpoint", "Scope", "Serving", "serve"]

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is watched, and with which credentials."""

    namespaces: tuple[str, ...]
    """Empty means the whole cluster."""

    kubeconfig: Path | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where probes and metrics are served."""

    address: str
    """Empty means every address, of both families."""

    port: int
    port_file: Path | None


@dataclass(frozen=True, kw_only=True)
class Serving:
    """The parts of a running process."""

    scope: Scope
    endpoint: Endpoint
    list_all: Callable[[], Awaitable[tuple[RawResource, ...]]]
    """Lists every resource in scope, completely."""

    roster: Roster
    queue: WorkQueue
    reconcile: Work
    probes: ProbeServer
    readiness: Readiness

    leadership: Leadership | None
    """None where there is one replica only, which needs no Lease."""

    watch_files: Callable[[], Awaitable[None]]
    """Wakes resources when the platform team's files change; runs until it is cancelled."""


async def serve(serving: Serving) -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        OutsideError: the first listing failed, the watch ended by itself, or the Lease was lost;
            the process should end too, and start anew.
        OSError: the port cannot be opened.

    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log_loop_error)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    endpoint = serving.endpoint
    port = await serving.probes.start(endpoint.address, endpoint.port, endpoint.port_file)
    _LOG.info("probes and metrics on port %d", port)
    try:
        await _work(serving, stop)
    finally:
        await serving.probes.stop()


async def _work(serving: Serving, stop: asyncio.Event) -> None:
    """List everything first: an index with gaps would let two resources rotate one client."""
    for raw in await serving.list_all():
        serving.roster.seen(raw.body)
    serving.readiness.listed = True
    # Not a TaskGroup: a watch that breaks must not cancel the passes that run.
    watching = asyncio.create_task(_watch(serving, stop), name="watch")
    try:
        if serving.leadership is None:
            await _make_passes(serving, stop)
        elif await serving.leadership.acquire(stop):
            await _lead(serving, serving.leadership, stop)
    finally:
        stop.set()
        await watching


async def _lead(serving: Serving, leadership: Leadership, stop: asyncio.Event) -> None:
    """Make passes while the Lease is ours; release it when they have ended."""
    keeping = asyncio.create_task(_ending(leadership.keep, stop), name="lease")
    try:
        await _make_passes(serving, stop)
    finally:
        keeping.cancel()
        # Raises where the Lease was lost.
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
        await leadership.release()


async def _make_passes(serving: Serving, stop: asyncio.Event) -> None:
    watching = asyncio.create_task(_ending(serving.watch_files, stop), name="platform's files")
    try:
        await serving.queue.run(serving.reconcile, stop)
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def _ending(work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Run *work*; the process ends with it."""
    try:
        await work()
    finally:
        stop.set()


async def _watch(serving: Serving, stop: asyncio.Event) -> None:
    def running() -> None:
        serving.readiness.watching = True

    try:
        await watch(
            roster=serving.roster,
            namespaces=serving.scope.namespaces,
            kubeconfig=serving.scope.kubeconfig,
            stop=stop,
            on_running=running,
        )
    finally:
        stop.set()
