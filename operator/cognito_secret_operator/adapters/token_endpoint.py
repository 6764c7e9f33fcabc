"""Verification of a value at a pool's token endpoint, without having a token issued.

RFC 6749 section 5.2: with an invalid refresh token the endpoint returns ``invalid_grant`` if the
client's secret is right, and ``invalid_client`` if it is wrong. Other responses prove nothing.
"""

import json
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self
from urllib.parse import quote_plus

import aiohttp

from ..domain.model import ClientRef, Probe, Verdict
from ..domain.value import SecretValue
from ..errors import EndpointUnknownError, OutsideError
from ..names import FIELD_MANAGER
from .cognito_answers import MADE_UP, PoolDomain

__all__ = ["CognitoProbes", "TokenEndpoint"]

_TIMEOUT: Final = 10.0
"""Seconds for one request, from name resolution to the last byte."""

_LONGEST_ANSWER: Final = 65536

_QUESTIONS: Final = (
    {"grant_type": "refresh_token", "refresh_token": MADE_UP},
    # Only where the first grant is disabled: this grant needs a redirect URI, and a wrong URI may
    # be refused before the secret is checked.
    {
        "grant_type": "authorization_code",
        "code": MADE_UP,
        "redirect_uri": "https://localhost/cognito-secret-operator-probe",
    },
)

_ASK_OTHERWISE: Final = frozenset({"unsupported_grant_type", "unauthorized_client"})

_CODES: Final = _ASK_OTHERWISE | {
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
}
"""Codes that may be shown; an unknown code could repeat parts of the request."""


class CognitoProbes(Protocol):
    """The part of `Cognito` for pools without a token endpoint in the spec."""

    async def pool_domain(self, client: ClientRef) -> PoolDomain:
        """Return the token endpoint of *client*'s pool."""

    async def probe_by_refresh(self, client: ClientRef, value: SecretValue) -> Probe:
        """Verify *value* without a token endpoint."""


@dataclass(frozen=True, slots=True)
class _Answer:
    code: str
    """RFC 6749's error code, or empty."""

    shown: str
    """The response in words, for people."""


class TokenEndpoint:
    """Verifier of values (`service.ports.EndpointPort`); an asynchronous context manager."""

    def __init__(self, cognito: CognitoProbes, *, timeout: float = _TIMEOUT) -> None:
        """Prepare.

        Args:
            cognito: finds endpoints, and verifies values of pools without one.
            timeout: seconds for one request.

        """
        self._cognito = cognito
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the HTTP session; proxies come from the environment, as boto3's do."""
        self._session = aiohttp.ClientSession(
            timeout=self._timeout, trust_env=True, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the HTTP session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def probe(self, client: ClientRef, value: SecretValue, *, endpoint: str | None) -> Probe:
        """Return whether Cognito accepts *value*; never raises, an unclear response is UNKNOWN.

        Args:
            client: the app client of *value*.
            value: the value to verify.
            endpoint: URL from the spec; with None, ``DescribeUserPool`` finds it, and for a pool
                without one ``GetTokensFromRefreshToken`` is used instead.

        """
        try:
            if endpoint is not None:
                return await self._ask(endpoint, client, value)
            domain = await self._cognito.pool_domain(client)
            if domain.url is not None:
                return await self._ask(domain.url, client, value)
            probe = await self._cognito.probe_by_refresh(client, value)
        except OutsideError as error:
            return Probe(Verdict.UNKNOWN, error.message)
        except Exception as error:  # noqa: BLE001  # the error's text may contain the request
            kind = type(error).__name__
            return Probe(Verdict.UNKNOWN, f"the token endpoint gave no answer: {kind}")
        return Probe(probe.verdict, f"{probe.detail} (no token endpoint: {domain.reason})")

    async def find(self, client: ClientRef) -> str:
        """Return the token endpoint of *client*'s pool, found by ``DescribeUserPool``.

        Raises:
            EndpointUnknownError: the pool has no known endpoint, or access is denied.
            OutsideError: Cognito did not answer.

        """
        domain = await self._cognito.pool_domain(client)
        if domain.url is None:
            raise EndpointUnknownError(domain.reason)
        return domain.url

    async def _ask(self, url: str, client: ClientRef, value: SecretValue) -> Probe:
        answer = _Answer("", "nothing")
        for question in _QUESTIONS:
            answer = await self._post(url, client, value, question)
            if answer.code == "invalid_grant":
                return Probe(
                    Verdict.ACCEPTED, "the token endpoint refuses only the made-up credential"
                )
            if answer.code == "invalid_client":
                return Probe(Verdict.REFUSED, "the token endpoint does not accept the secret")
            if answer.code not in _ASK_OTHERWISE:
                break
        return Probe(Verdict.UNKNOWN, f"the token endpoint answered {answer.shown}")

    async def _post(
        self, url: str, client: ClientRef, value: SecretValue, question: dict[str, str]
    ) -> _Answer:
        if self._session is None:
            message = "TokenEndpoint is used outside its context"
            raise RuntimeError(message)
        headers, form = _authenticated(client, value, question)
        async with self._session.post(
            url, data=form, headers=headers, allow_redirects=False
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(_LONGEST_ANSWER):
                body += chunk
                if len(body) > _LONGEST_ANSWER:
                    break
            return _read(response.status, bytes(body))


def _authenticated(
    client: ClientRef, value: SecretValue, question: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return headers and form that authenticate the client (RFC 6749 section 2.3.1).

    HTTP Basic requires a form-urlencoded secret, which some servers do not decode. A secret that
    the encoding would change is sent in the form, where its encoding is unambiguous.
    """
    headers = {"Accept": "application/json", "User-Agent": FIELD_MANAGER}
    form = question | {"client_id": client.client_id}
    secret = value.reveal()
    if quote_plus(secret) != secret:
        return headers, form | {"client_secret": secret}
    basic = aiohttp.encode_basic_auth(quote_plus(client.client_id), secret)
    return headers | {"Authorization": basic}, form


def _read(status: int, body: bytes) -> _Answer:
    """Read the error code of RFC 6749 section 5.2; only a 400 or a 401 can contain one."""
    if status not in {400, 401}:
        return _Answer("", f"HTTP {status}")
    try:
        document = json.loads(body)
    except ValueError:  # not JSON, or not text
        return _Answer("", f"HTTP {status} without JSON")
    code = document.get("error") if isinstance(document, dict) else None
    if not isinstance(code, str) or code not in _CODES:
        return _Answer("", f"HTTP {status} with an unknown error code")
    return _Answer(code, code)
