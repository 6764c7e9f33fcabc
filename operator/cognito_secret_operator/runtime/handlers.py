"""The watch: the only module that imports kopf.

One ``on.event`` handler, which hands the object over and returns. No other kind of handler: timers
and daemons force finalizers on objects (https://github.com/nolar/kopf/issues/1001), changing
handlers store annotations, indexes are quadratic at start.
"""

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import kopf

from ..domain.model import ResourceKey
from ..errors import RetryLaterError
from ..names import GROUP, PLURAL, VERSION
from .logs import describe_error, log_loop_error

__all__ = ["Interest", "Sightings", "interest_of", "watch"]

_LOG: Final = logging.getLogger(__name__)

LOGIN_PERIOD: Final = timedelta(minutes=5)
"""The service account's token is read anew after one to two of these."""

LONGEST_STOP: Final = 15.0
"""Seconds that kopf gets to end: its workers get 2, its leftover tasks 5."""


@dataclass(frozen=True, slots=True)
class Interest:
    """What of a resource a pass depends on. Our own status patches change nothing of it."""

    uid: str
    created_at: str
    generation: int
    deleted_at: str | None
    annotations: tuple[tuple[str, str], ...]
    """Those with our prefix, sorted: requests and approvals."""


def interest_of(body: Mapping[str, Any]) -> tuple[ResourceKey, Interest]:
    """Reduce a resource's body to its key and what a pass depends on."""
    meta = body["metadata"]
    annotations = meta.get("annotations") or {}
    return ResourceKey(meta["namespace"], meta["name"]), Interest(
        uid=meta["uid"],
        created_at=meta.get("creationTimestamp") or "",
        generation=meta.get("generation") or 0,
        deleted_at=meta.get("deletionTimestamp"),
        annotations=tuple(
            sorted(item for item in annotations.items() if item[0].startswith(f"{GROUP}/"))
        ),
    )


class Sightings:
    """Passes on what is new about resources, and only that.

    All methods belong to the event loop's thread. The first listing, which the caller makes before
    the watch, goes through `note` as well, so that kopf's own listing wakes nobody again.
    """

    def __init__(self, on_seen: Callable[[Mapping[str, Any], bool], None]) -> None:
        """Remember nothing yet.

        Args:
            on_seen: gets the body and whether the resource is gone; it updates the index of
                clients by key and enqueues. Called at the first sight, when the `Interest`
                changes, and when the resource is gone, unless another of its name was seen since.

        """
        self._on_seen = on_seen
        self._known: dict[ResourceKey, Interest] = {}

    def note(self, body: Mapping[str, Any], *, gone: bool = False) -> None:
        """Look at a resource's *body*; never raises: kopf would log the error and move on."""
        try:
            self._note(body, gone=gone)
        except Exception as error:  # noqa: BLE001  # one odd object must not end the watch
            _LOG.error("a sighting was lost", extra={"trace": describe_error(error)})

    def forget(self, key: ResourceKey) -> None:
        """Drop what is known of a resource that a read no longer finds.

        Deletions during a gap of the watch are never signalled.
        """
        self._known.pop(key, None)

    def _note(self, body: Mapping[str, Any], *, gone: bool) -> None:
        key, interest = interest_of(body)
        known = self._known.get(key)
        if (
            known is not None
            and known.uid != interest.uid
            and (
                # kopf handles objects in parallel: news of a deleted one can outlive it.
                gone or interest.created_at < known.created_at
            )
        ):
            return
        if gone:
            self._known.pop(key, None)
        elif known == interest:
            return
        self._on_seen(body, gone)
        if not gone:
            self._known[key] = interest


async def watch(
    *,
    sightings: Sightings,
    namespaces: Sequence[str],
    kubeconfig: Path | None,
    stop: asyncio.Event,
    on_running: Callable[[], None],
) -> None:
    """Watch the resources until *stop* is set.

    kopf gets a thread with an event loop of its own: at its end it cancels every task of its loop
    that it did not find there at its start (ours inside a running pass too), and it takes over
    SIGTERM where it runs in the main thread (https://docs.kopf.dev/en/stable/embedding/).

    The caller reads the resources once before: without the CRD kopf would wait for ever and only
    warn.

    Args:
        sightings: gets every event, in this event loop.
        namespaces: what to watch; none means the whole cluster.
        kubeconfig: credentials; None takes the service account's, else the usual kubeconfig.
        stop: ends the watch.
        on_running: called once, when kopf has started.

    Raises:
        RetryLaterError: the watch ended by itself; the process should end too, and start anew.

    """
    loop = asyncio.get_running_loop()
    halt = threading.Event()
    started: concurrent.futures.Future[None] = concurrent.futures.Future()
    started.add_done_callback(lambda _: loop.call_soon_threadsafe(on_running))

    async def operate() -> None:
        asyncio.get_running_loop().set_exception_handler(log_loop_error)
        try:
            await kopf.operator(
                registry=_registry(loop, sightings, kubeconfig),
                settings=_settings(),
                standalone=True,  # https://github.com/nolar/kopf/issues/734
                clusterwide=not namespaces,
                namespaces=namespaces,
                stop_flag=halt,
                ready_flag=started,
            )
        finally:
            halt.set()  # frees the thread in which kopf waits for it

    ended = _run_in_thread(lambda: asyncio.run(operate()))
    stopping = asyncio.create_task(stop.wait(), name="watch: stop")
    try:
        either: list[asyncio.Future[Any]] = [ended, stopping]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        halt.set()
        await asyncio.wait({ended}, timeout=LONGEST_STOP)
    _judge(ended, asked=stop.is_set())


def _judge(ended: asyncio.Future[None], *, asked: bool) -> None:
    """Tell an end that was asked for from one that was not."""
    if not ended.done():
        _LOG.warning("the watch did not end in %.0f s and is left behind", LONGEST_STOP)
        return
    error = ended.exception()
    if asked:
        if error is not None:
            _LOG.warning("the watch failed while it ended: %s", type(error).__name__)
        return
    what = "by itself" if error is None else f"with {type(error).__name__}"
    # An APIError of kopf knows the status.
    code = str(getattr(error, "status", "") or "")
    raise RetryLaterError(f"the watch of {PLURAL}.{GROUP} ended {what}", code=code) from error


def _run_in_thread(run: Callable[[], None]) -> asyncio.Future[None]:
    """Run *run* in a thread that never holds up the end of the process."""
    outcome: concurrent.futures.Future[None] = concurrent.futures.Future()

    def body() -> None:
        try:
            run()
        except BaseException as error:  # noqa: BLE001  # handed to whoever waits
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    # kopf warns on every start that it leaves signals alone outside of the main thread; we mean it.
    logging.getLogger("kopf._core.reactor.running").addFilter(_is_not_about_signals)
    threading.Thread(target=body, name="kopf", daemon=True).start()
    return asyncio.wrap_future(outcome)


def _is_not_about_signals(record: logging.LogRecord) -> bool:
    return "OS signals are ignored" not in str(record.msg)


def _registry(
    loop: asyncio.AbstractEventLoop, sightings: Sightings, kubeconfig: Path | None
) -> kopf.OperatorRegistry:
    """Declare the login and the one event handler; *loop* is where *sightings* lives."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry, id="login")
    async def login(settings: kopf.OperatorSettings, **_: Any) -> kopf.ConnectionInfo | None:
        try:
            return _log_in(settings, kubeconfig)
        except Exception as error:  # noqa: BLE001  # see below
            # No credentials end the operator. An exception does not: kopf waits for ever, since
            # only root tasks end it and the one that logs in is none (`running:spawn_tasks`).
            _LOG.error("no Kubernetes credentials", extra={"trace": describe_error(error)})
            return None

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry, id="seen")
    async def seen(event: kopf.RawEvent, **_: Any) -> None:
        gone = event["type"] == "DELETED"
        # RuntimeError: the other loop is closed, the process ends.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_note, sightings, event["object"], gone)

    return registry


def _note(sightings: Sightings, body: Mapping[str, Any], gone: bool) -> None:  # noqa: FBT001  # call_soon takes no keywords
    sightings.note(body, gone=gone)


def _log_in(settings: kopf.OperatorSettings, kubeconfig: Path | None) -> kopf.ConnectionInfo | None:
    """Give kopf credentials: a named kubeconfig, else the service account, else the usual one."""
    if kubeconfig is None:
        info = kopf.login_with_service_account(settings=settings)
        if info is not None:
            # Without an expiration kopf reads the token once and goes on until a 401.
            expiration = _expiration(datetime.now(UTC))
            return replace(info, server=_server(info.server), expiration=expiration)
    with _kubeconfig_in_environment(kubeconfig):
        return kopf.login_with_kubeconfig(settings=settings)


def _server(by_name: str) -> str:
    """Give the API server's URL as a kubelet tells it to each pod, which takes no cluster DNS.

    kopf asks for ``kubernetes.default.svc``; the writes of ours go to the address anyway.
    """
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{part}") for part in ("HOST", "PORT"))
    if not host or not port:
        return by_name
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _expiration(now: datetime) -> datetime:
    """Round up to a multiple of the period, one ahead.

    Two logins in a row with the same token are equal by that: kopf recognises credentials that the
    API server refused a moment ago, and fails, where it would try them for ever otherwise.
    """
    period = LOGIN_PERIOD.total_seconds()
    return datetime.fromtimestamp((now.timestamp() // period + 2) * period, UTC)


@contextlib.contextmanager
def _kubeconfig_in_environment(path: Path | None) -> Iterator[None]:
    """Name the file to kopf, which knows no other way, while it logs in."""
    if path is None:
        yield
        return
    before = os.environ.get("KUBECONFIG")
    os.environ["KUBECONFIG"] = str(path)
    try:
        yield
    finally:
        if before is None:
            del os.environ["KUBECONFIG"]
        else:
            os.environ["KUBECONFIG"] = before


def _settings() -> kopf.OperatorSettings:
    """Set kopf up to watch one kind, with few rights and little memory."""
    settings = kopf.OperatorSettings()
    settings.scanning.disabled = True  # no list or watch on CRDs and namespaces
    settings.posting.enabled = False
    settings.peering.standalone = True
    # An idle worker holds its last body: 5,000 resources cost 68 MiB with the default of 5 s.
    settings.queueing.idle_timeout = 0.1
    settings.watching.chunk_size = 500
    # Dead connections behind load balancers: https://github.com/nolar/kopf/issues/957. Bookmarks
    # come every minute, so silence means that; and a watch is renewed now and then anyway, not by
    # all operators at once. Whole seconds: the API server refuses others.
    settings.watching.inactivity_timeout = 70
    settings.watching.server_timeout = 290 + random.randrange(60)  # noqa: S311  # spreads load
    settings.watching.client_timeout = settings.watching.server_timeout + 30
    settings.watching.connect_timeout = 10
    # Every 410 lists anew; with the default of 0.1 s ten full lists a second were seen.
    settings.watching.reconnect_backoff = 1.0
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 10
    settings.process.ultimate_exiting_timeout = 25
    settings.execution.max_workers = 1  # no handler of ours is synchronous
    settings.execution.default_backoff = 5
    return settings
