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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import kopf

from ..errors import RetryLaterError
from ..names import GROUP, PLURAL, VERSION
from .logs import describe_error, log_loop_error
from .roster import Roster

__all__ = ["watch"]

_LOG: Final = logging.getLogger(__name__)

LOGIN_PERIOD: Final = timedelta(minutes=5)
"""The service account's token is read anew after one to two of these."""

LONGEST_STOP: Final = 15.0
"""Seconds that kopf gets to end: its workers get 2, its leftover tasks 5."""


async def watch(
    *,
    roster: Roster,
    namespaces: Sequence[str],
    kubeconfig: Path | None,
    stop: asyncio.Event,
    on_running: Callable[[], None],
) -> None:
    """Watch the resources until *stop* is set.

    kopf gets a thread with an event loop of its own: at its end it cancels every task of its loop
    that did not exist at its start (ours inside a running pass too), and it takes over SIGTERM
    where it runs in the main thread (https://docs.kopf.dev/en/stable/embedding/).

    The caller lists the resources once before: without the CRD kopf would only warn, and wait for
    ever.

    Args:
        roster: gets every event, in this event loop.
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
                registry=_registry(loop, roster, kubeconfig),
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
    _check_end(ended, was_stopped=stop.is_set())


def _check_end(ended: asyncio.Future[None], *, was_stopped: bool) -> None:
    """Log how the watch ended; raise where it was not stopped by this process."""
    if not ended.done():
        _LOG.warning("the watch did not end in %.0f s and is left behind", LONGEST_STOP)
        return
    error = ended.exception()
    if was_stopped:
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
        except BaseException as error:  # noqa: BLE001  # handed to the waiting task
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
    loop: asyncio.AbstractEventLoop, roster: Roster, kubeconfig: Path | None
) -> kopf.OperatorRegistry:
    """Declare the login and the one event handler; *loop* is where *roster* lives."""
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
        receive = roster.gone if event["type"] == "DELETED" else roster.seen
        # RuntimeError: the other loop is closed, the process ends.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(receive, event["object"])

    return registry


def _log_in(settings: kopf.OperatorSettings, kubeconfig: Path | None) -> kopf.ConnectionInfo | None:
    """Return kopf's credentials: a named kubeconfig, the service account, or the usual one."""
    if kubeconfig is None:
        info = kopf.login_with_service_account(settings=settings)
        if info is not None:
            # Without an expiration kopf reads the token once and goes on until a 401.
            expiration = _expiration(datetime.now(UTC))
            return replace(info, server=_server(info.server), expiration=expiration)
    with _kubeconfig_in_environment(kubeconfig):
        return kopf.login_with_kubeconfig(settings=settings)


def _server(by_name: str) -> str:
    """Return the API server's URL as a kubelet writes it into each pod: it takes no cluster DNS.

    kopf uses ``kubernetes.default.svc``; our own requests go to the address anyway.
    """
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{part}") for part in ("HOST", "PORT"))
    if not host or not port:
        return by_name
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _expiration(now: datetime) -> datetime:
    """Round *now* up to a multiple of the period, plus one period.

    Two logins in a row with the same token are equal by that. So kopf recognises credentials that
    the API server refused a moment ago and fails; otherwise it would try them for ever.
    """
    period = LOGIN_PERIOD.total_seconds()
    return datetime.fromtimestamp((now.timestamp() // period + 2) * period, UTC)


@contextlib.contextmanager
def _kubeconfig_in_environment(path: Path | None) -> Iterator[None]:
    """Set ``KUBECONFIG`` while kopf logs in: kopf takes a path in no other way."""
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
