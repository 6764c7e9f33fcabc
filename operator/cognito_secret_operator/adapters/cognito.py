"""Amazon Cognito through boto3.

boto3 blocks, so its calls run in their own threads: the loop's default executor also resolves host
names, which slow AWS calls would delay. Nothing is retried here. The text of an error is dropped,
since ``ParamValidationError`` and Cognito's ``InvalidParameterException`` repeat the refused value.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from botocore import exceptions

from ..domain.model import ClientDescription, ClientRef, Probe, RemoteSecret, Verdict
from ..domain.value import SecretValue
from ..errors import (
    AccessDeniedError,
    AnswerLostError,
    ClientNotFoundError,
    OutsideError,
    RefusedError,
    RetryLaterError,
    ThrottledError,
)
from . import cognito_answers as answers
from .aws_clients import THREADS, AwsClients, NotSentError
from .cognito_answers import PoolDomain, Refusal

if TYPE_CHECKING:  # the operator does not depend on the stubs
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

__all__ = ["Cognito", "Quota"]

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

_MOST_PAGES: Final = 5
"""Page limit of a list: two secrets need fewer, and an endless list would use up the quota."""

_DOMAIN_KEPT: Final = 3600.0
"""Seconds for which a pool's domain, or the denial of access to it, is cached."""

_NOT_SENT: Final = (
    exceptions.ConnectTimeoutError,
    exceptions.EndpointConnectionError,
    exceptions.ProxyConnectionError,
)
"""Errors without a connection: the request was not sent."""


class Quota(Protocol):
    """Limiter of Cognito's request rates; both methods are called in the event loop's thread."""

    async def acquire(self, operation: str, client: ClientRef) -> None:
        """Wait until *operation* may be sent for *client*'s pool."""

    def throttled(self, operation: str, client: ClientRef) -> None:
        """Record that Cognito answered *operation* with ``TooManyRequestsException``."""


class Cognito:
    """Cognito's operations on app clients (`service.ports.CognitoPort`); each is sent once.

    Credentials, region-wide settings and ``AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER`` come from
    boto3's own environment; the region is each pool id's prefix.
    """

    def __init__(
        self,
        *,
        quota: Quota,
        on_call: Callable[[str, str, float], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare, without a call yet.

        Args:
            quota: waited for before each call.
            on_call: called from a worker thread after each attempted call, with operation,
                ``OK`` or the error's code, and seconds.
            monotonic: seconds on a clock that never jumps.

        """
        self._quota = quota
        self._on_call = on_call
        self._monotonic = monotonic
        self._clients = AwsClients()
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="aws")
        self._domains: dict[tuple[str, str | None], tuple[float, PoolDomain]] = {}
        self._domain_locks: dict[tuple[str, str | None], asyncio.Lock] = {}

    def close(self) -> None:
        """Accept no further calls; calls in progress end by themselves within 13 seconds."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._clients.close()

    async def list_secrets(self, client: ClientRef) -> tuple[RemoteSecret, ...]:
        """Return all pages of ``ListUserPoolClientSecrets``, oldest secret first.

        Raises:
            ClientNotFoundError: no such pool or client, or not yet.
            AccessDeniedError: the message names the missing action and the pool.

        """
        secrets: list[RemoteSecret] = []
        token = ""
        for _ in range(_MOST_PAGES):
            page, token = await self._call(answers.LIST, client, _list_page(client, token))
            secrets += page
            if not token:
                return tuple(sorted(secrets, key=lambda secret: (secret.created_at, secret.id)))
        raise RetryLaterError(
            f"{answers.LIST} returned more pages than expected", code="EndlessPages"
        )

    async def describe_client(self, client: ClientRef) -> ClientDescription:
        """Return ``DescribeUserPoolClient``: the original secret's value while the secret exists.

        Raises:
            ClientNotFoundError: no such pool or client, or not yet.
            AccessDeniedError: the message names the missing action and the pool.

        """

        def describe(api: "CognitoIdentityProviderClient") -> ClientDescription:
            answer = api.describe_user_pool_client(**_names(client))
            text = answer["UserPoolClient"].get("ClientSecret")
            return ClientDescription(original=SecretValue(text) if text else None)

        return await self._call(answers.DESCRIBE_CLIENT, client, describe)

    async def add_secret(
        self, client: ClientRef, value: SecretValue, *, may_send: Callable[[], bool]
    ) -> RemoteSecret:
        """Send ``AddUserPoolClientSecret`` once.

        *may_send* is called in the worker thread when credentials, signature and connection pool
        are ready and the next step is the request itself, so that a slow STS cannot delay it.

        Raises:
            RetryLaterError: the request was not sent: *may_send* returned False, or there was no
                connection.
            AnswerLostError: the request may have been carried out (time-out, connection, 5xx).
            ThrottledError: the request was not carried out.
            LimitReachedError: the client has two secrets.

        """

        def add(api: "CognitoIdentityProviderClient") -> RemoteSecret:
            answer = api.add_user_pool_client_secret(**_names(client), ClientSecret=value.reveal())
            return answers.secret_of(
                answer["ClientSecretDescriptor"], answers.request_id_of(answer)
            )

        return await self._call(answers.ADD, client, add, may_send=may_send)

    async def delete_secret(self, client: ClientRef, secret_id: str) -> str:
        """Send ``DeleteUserPoolClientSecret`` once; an unknown id counts as deleted.

        Returns:
            AWS's id of the request.

        Raises:
            AnswerLostError: the request may have been carried out.
            RefusedError: the secret is the client's last one.
            ClientNotFoundError: the pool or the client is not there, or List still shows the id.

        """

        def delete(api: "CognitoIdentityProviderClient") -> str:
            answer = api.delete_user_pool_client_secret(**_names(client), ClientSecretId=secret_id)
            return answers.request_id_of(answer or {})

        try:
            return await self._call(answers.DELETE, client, delete, secret_id=secret_id)
        except ClientNotFoundError as error:
            missing = error
        # Cognito returns the same for an unknown client: only a List distinguishes the two.
        if any(secret.id == secret_id for secret in await self.list_secrets(client)):
            raise missing
        return missing.request_id

    async def pool_domain(self, client: ClientRef) -> PoolDomain:
        """Return the token endpoint of *client*'s pool (``DescribeUserPool``), cached for an hour.

        Denied access is cached too: the permission is optional.

        Raises:
            OutsideError: Cognito did not answer; nothing is cached.

        """
        # Roles may differ in this permission.
        kept = (client.pool_id, client.caller.role_arn)
        async with self._domain_locks.setdefault(kept, asyncio.Lock()):
            until, known = self._domains.get(kept, (0.0, None))
            if known is None or self._monotonic() >= until:
                known = await self._find_domain(client)
                self._domains[kept] = (self._monotonic() + _DOMAIN_KEPT, known)
            return known

    async def probe_by_refresh(self, client: ClientRef, value: SecretValue) -> Probe:
        """Verify *value* by ``GetTokensFromRefreshToken`` with an invalid token, unsigned.

        That AWS checks the secret before the token is an inference: see the documentation on
        verification. `OutsideError` is never raised.
        """

        def refresh(api: "CognitoIdentityProviderClient") -> Probe:
            try:
                api.get_tokens_from_refresh_token(
                    RefreshToken=answers.MADE_UP,
                    ClientId=client.client_id,
                    ClientSecret=value.reveal(),
                )
            except exceptions.ClientError as error:
                if (probe := answers.verdict_of(_refusal(error))) is not None:
                    return probe
                raise
            return Probe(Verdict.UNKNOWN, f"{answers.REFRESH} accepted a made-up token")

        try:
            return await self._call(answers.REFRESH, client, refresh)
        except OutsideError as error:
            return Probe(Verdict.UNKNOWN, f"{answers.REFRESH} answered {error.code}")

    async def _find_domain(self, client: ClientRef) -> PoolDomain:
        def find(api: "CognitoIdentityProviderClient") -> PoolDomain:
            pool = api.describe_user_pool(UserPoolId=client.pool_id)["UserPool"]
            return answers.domain_of(pool, client, api.meta.partition)

        try:
            return await self._call(answers.DESCRIBE_POOL, client, find)
        except AccessDeniedError as error:
            return PoolDomain(None, error.message)

    async def _call(
        self,
        operation: str,
        client: ClientRef,
        send: Callable[["CognitoIdentityProviderClient"], _T],
        *,
        may_send: Callable[[], bool] | None = None,
        secret_id: str = "",
    ) -> _T:
        """Wait for the quota, then call *send* in a thread.

        Raises:
            OutsideError: the call failed; exceptions of boto3 are translated here.

        """
        await self._quota.acquire(operation, client)
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._send, operation, client, send, may_send, secret_id
            )
        except ThrottledError:
            self._quota.throttled(operation, client)
            raise

    def _send(
        self,
        operation: str,
        client: ClientRef,
        send: Callable[["CognitoIdentityProviderClient"], _T],
        may_send: Callable[[], bool] | None,
        secret_id: str,
    ) -> _T:
        """Make one call in this thread, count and log it; a cancellation loses neither."""
        sending = self._clients.sending
        sending.begin(client, may_send)
        began = self._monotonic()
        outcome: _T | OutsideError
        try:
            outcome = send(self._clients.cognito(client.region))
        except Exception as error:  # noqa: BLE001  # the text of any error stays here
            outcome = _translate(operation, client, error, is_sent=sending.is_sent)
        code = outcome.code if isinstance(outcome, OutsideError) else "OK"
        self._on_call(operation, code, self._monotonic() - began)
        if operation in answers.WRITES:
            shown = outcome.id if isinstance(outcome, RemoteSecret) else secret_id
            self._log_write(operation, client, code, shown, sending.request_id)
        if isinstance(outcome, OutsideError):
            # Raised outside the handler: a chained error's frames and text contain the value.
            raise outcome
        return outcome

    def _log_write(
        self, operation: str, client: ClientRef, code: str, secret_id: str, request_id: str
    ) -> None:
        fields = {
            "operation": operation,
            "user_pool_id": client.pool_id,
            "client_id": client.client_id,
            "secret_id": secret_id,
            "code": code,
            "request_id": request_id,
        }
        _LOG.info("%s for client %s: %s", operation, client.client_id, code, extra=fields)


def _names(client: ClientRef) -> dict[str, str]:
    return {"UserPoolId": client.pool_id, "ClientId": client.client_id}


def _list_page(
    client: ClientRef, token: str
) -> Callable[["CognitoIdentityProviderClient"], tuple[list[RemoteSecret], str]]:
    def send(api: "CognitoIdentityProviderClient") -> tuple[list[RemoteSecret], str]:
        more = {"NextToken": token} if token else {}
        answer = api.list_user_pool_client_secrets(**_names(client), **more)
        return [answers.secret_of(found) for found in answer["ClientSecrets"]], answer.get(
            "NextToken", ""
        )

    return send


def _refusal(error: exceptions.ClientError) -> Refusal:
    answer = error.response
    return Refusal(
        operation=error.operation_name,
        code=str(answer.get("Error", {}).get("Code", "")),
        status=answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0),
        text=str(answer.get("Error", {}).get("Message", "")),
        request_id=answers.request_id_of(answer),
    )


def _translate(
    operation: str, client: ClientRef, error: Exception, *, is_sent: bool
) -> OutsideError:
    """Return the `OutsideError` for an exception of boto3, without its text."""
    where = f"client {client.client_id} of user pool {client.pool_id}"
    kind = type(error).__name__
    match error:
        case exceptions.ClientError():
            return answers.error_of(operation, client, _refusal(error))
        case NotSentError():
            message = f"{operation} for {where} was not sent: its deadline had passed"
            return RetryLaterError(message, code="NotSent")
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            message = f"no credentials for cognito-idp:{operation} on user pool {client.pool_id}"
            return AccessDeniedError(message, code=kind)
        case exceptions.ParamValidationError():
            return RefusedError(f"a parameter of {operation} for {where} is invalid", code=kind)
        case exceptions.InvalidRegionError():
            message = f"user pool id {client.pool_id} does not begin with a region"
            return RefusedError(message, code=kind)
        case _ if operation in answers.WRITES and is_sent and not isinstance(error, _NOT_SENT):
            message = f"{operation} for {where} may or may not have been carried out: {kind}"
            return AnswerLostError(message, code=kind)
        case _:
            return RetryLaterError(f"{operation} for {where} was not answered: {kind}", code=kind)
