"""A raw-JSON client of the API server: the only module that imports the `kubernetes` package.

The package provides configuration, authentication and a transport; its typed models, 80 MiB, stay
unloaded. No request is sent twice, and an error contains no part of a response that could contain a
value: a 422 can quote a whole Secret.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import (
    ConfigException,
    load_incluster_config,
    load_kube_config,
    refresh_token,
)

from .. import __version__
from ..errors import ActionNeededError, AnswerLostError, OutsideError, RetryLaterError
from ..names import FIELD_MANAGER
from .kube_response import Answer, Exchange

__all__ = [
    "APPLY_PATCH",
    "AS_WRITER",
    "MERGE_PATCH",
    "METADATA_LIST",
    "KubeApi",
]

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"
METADATA_LIST: Final = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"
"""Accept header for a list of metadata only."""

AS_WRITER: Final = (("fieldManager", FIELD_MANAGER),)
"""Query of a write: the operator's name in ``managedFields``."""

CONNECT_SECONDS: Final = 10.0
TOTAL_SECONDS: Final = 30.0
"""Time limit of one request, from the end of its wait for a slot."""

AT_ONCE: Final = 10
PER_SECOND: Final = 20.0
PAGE: Final = 500
REFRESH_SECONDS: Final = 60

_LOG = logging.getLogger(__name__)


class KubeApi:
    """Requests to one API server: bounded in number and rate, each sent at most once.

    Args:
        configuration: where the API server is and how to authenticate.
        total_seconds: time limit of one request.
        per_second: average number of requests a second, and largest burst.

    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        total_seconds: float = TOTAL_SECONDS,
        per_second: float = PER_SECOND,
    ) -> None:
        configuration.retries = None
        configuration.client_go_retries = False
        configuration.client_session_kwargs = {"middlewares": (_send_once,)}
        self._client: Any = ApiClient(configuration)
        self._client.user_agent = f"{FIELD_MANAGER}/{__version__}"
        self._timeout = aiohttp.ClientTimeout(
            total=total_seconds, connect=min(CONNECT_SECONDS, total_seconds)
        )
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._pace = _Pace(per_second)
        self._refresh: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, kubeconfig: Path | None = None) -> Self:
        """Load the configuration of a cluster, without a request yet.

        The first that exists is used, in the order of kopf's login: *kubeconfig*, the pod's
        ServiceAccount (its token is read again every minute), the files in ``KUBECONFIG``,
        ``~/.kube/config``. Exec plugins are run again every minute.

        Raises:
            ActionNeededError: there is no usable configuration.

        """
        configuration = Configuration()
        if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            _load_service_account(configuration)
            return cls(configuration)
        usual = os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config"
        files = str(kubeconfig or usual)
        loader = await _load_kubeconfig(files, configuration)
        api = cls(configuration)
        if "BearerToken" in configuration.api_key:
            api._refresh = asyncio.create_task(_keep_fresh(loader, configuration))
        return api

    async def close(self) -> None:
        """Close all connections."""
        if self._refresh is not None:
            self._refresh.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._refresh
        await self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: Mapping[str, Any] | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Answer:
        """Send a request once and read its answer.

        Args:
            method: ``GET``, ``POST``, ``PUT`` or ``PATCH``.
            path: of the object or collection, see `api_path`.
            query: parameters.
            body: the object or patch.
            content_type: of the body; it states the kind of a patch.
            accept: content type of the answer.

        Raises:
            AnswerLostError: a write may or may not have been carried out (5xx, a broken
                connection, a time-out).
            RetryLaterError: a read failed in such a way, or a write was not sent.
            OutsideError: the other errors of `error_for_status`.

        """
        exchange = await self._exchange(method, path, query, body, (content_type, accept))
        if not exchange.is_success:
            raise exchange.refusal()
        return exchange.answer()

    async def find(self, path: str) -> Answer | None:
        """Read an object; None where the API server itself reports that it does not exist.

        Raises:
            NotFoundError: another 404: of an unknown resource type, or from a proxy.
            OutsideError: as `request`.

        """
        exchange = await self._exchange("GET", path, (), None, (JSON, JSON))
        if exchange.is_true_not_found:
            return None
        if not exchange.is_success:
            raise exchange.refusal()
        return exchange.answer()

    async def pages(self, path: str, *, accept: str = JSON) -> AsyncIterator[Answer]:
        """Yield a collection page by page: a consistent list from etcd.

        Every answer's body has ``items``, a list. A failed page ends the iteration with its error:
        only an iteration that reaches its end yields the complete list.

        Raises:
            RetryLaterError: also where the list expired while being read (410).
            OutsideError: as `request`.

        """
        token = ""
        while True:
            query = [("limit", str(PAGE))] + ([("continue", token)] if token else [])
            answer = await self.request("GET", path, query=query, accept=accept)
            if "items" not in answer.body:
                raise RetryLaterError(f"GET {path} did not return a list")
            items = answer.body["items"] or []
            yield Answer(answer.status, {**answer.body, "items": items}, answer.date)
            token = answer.body.get("metadata", {}).get("continue") or ""
            if not token:
                return

    async def _exchange(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        body: Mapping[str, Any] | None,
        types: tuple[str, str],
    ) -> Exchange:
        """Send and read; a broken exchange becomes an error without the original as its context."""
        await self._pace.take()
        async with self._slots:
            try:
                return await self._send(method, path, query, body, types)
            except (aiohttp.ClientError, OSError, TimeoutError, ConfigException) as error:
                broken = _broken(method, path, error)
        raise broken

    async def _send(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        body: Mapping[str, Any] | None,
        types: tuple[str, str],
    ) -> Exchange:
        content_type, accept = types
        verb, url, headers, sent, post = await self._client.param_serialize(
            method,
            path,
            query_params=list(query),
            header_params={"Accept": accept, "Content-Type": content_type},
            body=None if body is None else dict(body),
            auth_settings=["BearerToken"],
        )
        response = await self._client.call_api(
            verb, url, headers, sent, post, _request_timeout=self._timeout
        )
        return Exchange.read(
            method,
            path,
            is_apply=content_type == APPLY_PATCH,
            status=response.status,
            headers=response.headers,
            raw=await response.read(),
        )


class _SentOnceError(aiohttp.ClientError):
    """A request that may have arrived broke or was redirected."""


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Prevent aiohttp from sending a request again.

    By default aiohttp repeats a GET or PUT when a kept connection turns out to be closed, and
    follows redirects with the body, which may be a Secret.
    """
    try:
        response = await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise  # never connected, never sent
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        broken = "the connection broke"
    else:
        if response.status // 100 != 3:  # noqa: PLR2004
            return response
        response.close()
        broken = "the API server redirects"
    raise _SentOnceError(broken)


class _Pace:
    """A token bucket for one second's requests."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0

    async def take(self) -> None:
        """Wait for a token."""
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now - 1) + self._gap
        if self._next > now:
            await asyncio.sleep(self._next - now)


def _broken(method: str, path: str, error: Exception) -> OutsideError:
    """Return the error for a broken exchange; it names only the type of *error*."""
    not_sent = (
        aiohttp.ClientConnectorError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.InvalidURL,
        ConfigException,
    )
    kind: type[OutsideError] = AnswerLostError
    if method == "GET" or isinstance(error, not_sent):
        kind = RetryLaterError
    name = type(error).__name__.lstrip("_")
    return kind(f"{method} {path} got no answer ({name})", code=name)


def _load_service_account(configuration: Configuration) -> None:
    try:
        load_incluster_config(  # type: ignore[no-untyped-call]
            client_configuration=configuration
        )
    except (ConfigException, OSError) as error:
        kind = type(error).__name__
    else:
        return
    raise ActionNeededError(f"the pod's ServiceAccount token cannot be used ({kind}): mount it")


async def _load_kubeconfig(files: str, configuration: Configuration) -> Any:  # noqa: ANN401
    """Load kubeconfig files; an error shows only its type, since its text can quote a token."""
    try:
        return await load_kube_config(  # type: ignore[no-untyped-call]
            config_file=files, client_configuration=configuration, persist_config=False
        )
    except Exception as error:  # noqa: BLE001  # a missing file is a TypeError there, and so on
        kind = type(error).__name__
    raise ActionNeededError(f"the kubeconfig {files} cannot be used ({kind}): try it with kubectl")


async def _keep_fresh(loader: Any, configuration: Configuration) -> None:  # noqa: ANN401
    """Run an exec plugin again every minute, as the package does, but survive its failures."""
    while True:
        try:
            await refresh_token(  # type: ignore[no-untyped-call]
                loader, configuration, interval=REFRESH_SECONDS
            )
        except Exception as error:  # noqa: BLE001  # any failure of a plugin
            _LOG.warning("credentials cannot be refreshed (%s)", type(error).__name__)
        else:
            return  # nothing to refresh
