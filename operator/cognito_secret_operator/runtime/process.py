"""The process's life: probes up, first listing, passes and watch together, an orderly end."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..domain.model import ResourceKey
from .handlers import Sightings, interest_of, watch
from .leadership import Leadership
from .logs import log_loop_error
from .probes import ProbeServer, Readiness
from .queue import WorkQueue
from .roster import Claimants

__all__ = ["Endpoint", "Scope", "Serving", "farewell", "route", "serve"]

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is watched, and with which credentials."""

    namespaces: tuple[str, ...]
    """None at all means the whole cluster."""

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
    """The pieces that a running process puts together."""

    scope: Scope
    endpoint: Endpoint
    queue: WorkQueue
    probes: ProbeServer
    readiness: Readiness
    sightings: Sightings
    list_all: Callable[[], Awaitable[tuple[Mapping[str, Any], ...]]]
    """Lists every resource in scope, completely."""

    leadership: Leadership | None
    """None where this process takes no turns with others."""

    watch_files: Callable[[], Awaitable[None]]
    """Wakes resources when the platform team changes its mind; runs until it is cancelled."""


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
    for body in await serving.list_all():
        serving.sightings.note(body)
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
    """Make passes while the Lease is ours; let another process have it when they have ended."""
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
    attending = asyncio.create_task(_ending(serving.watch_files, stop), name="platform's orders")
    try:
        await serving.queue.run(stop)
    finally:
        attending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await attending


async def _ending(work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Do *work*, and end the process with it."""
    try:
        await work()
    finally:
        stop.set()


async def _watch(serving: Serving, stop: asyncio.Event) -> None:
    def running() -> None:
        serving.readiness.watching = True

    try:
        await watch(
            sightings=serving.sightings,
            namespaces=serving.scope.namespaces,
            kubeconfig=serving.scope.kubeconfig,
            stop=stop,
            on_running=running,
        )
    finally:
        stop.set()


def route(queue: WorkQueue, claimants: Claimants) -> Callable[[Mapping[str, Any], bool], None]:
    """Make the receiver of sightings: it keeps the index and enqueues who is concerned."""

    def seen(body: Mapping[str, Any], gone: bool) -> None:  # noqa: FBT001  # Sightings' signature
        key: ResourceKey = interest_of(body)[0]
        others = claimants.forget(key) if gone else claimants.note(key, body.get("spec") or {})
        for one in (key, *others):
            queue.enqueue(one)

    return seen


def farewell(
    queue: WorkQueue, claimants: Claimants, sightings: Sightings
) -> Callable[[ResourceKey], None]:
    """Make the receiver of keys that a read no longer finds: the watch may have missed their end.

    A stale claimant would hold up the other resource of its client for ever.
    """

    def gone(key: ResourceKey) -> None:
        sightings.forget(key)
        queue.forget(key)
        for other in claimants.forget(key):
            queue.enqueue(other)

    return gone
