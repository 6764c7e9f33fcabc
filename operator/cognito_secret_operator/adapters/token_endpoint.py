"""A pool's token endpoint, asked about a value without having a token issued.

RFC 6749 section 5.2: a made-up refresh token answers ``invalid_grant`` where the client's secret
is right and ``invalid_client`` where it is not. Any other answer proves neither way.
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
"""Seconds for one question, from name resolution to the last byte."""

_LONGEST_ANSWER: Final = 65536

_QUESTIONS: Final = (
    {"grant_type": "refresh_token", "refresh_token": MADE_UP},
    # Only where the first grant is switched off: it needs a redirect URI, and a wrong one may
    # answer before the secret is looked at.
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
"""Codes that may be shown; an unknown one could repeat what was sent."""


class CognitoProbes(Protocol):
    """What `Cognito` does for a pool whose token endpoint nobody named."""

    async def pool_domain(self, client: ClientRef) -> PoolDomain:
        """Find the token endpoint of *client*'s pool."""

    async def probe_by_refresh(self, client: ClientRef, value: SecretValue) -> Probe:
        """Ask about *value* without a token endpoint."""


@dataclass(frozen=True, slots=True)
class _Answer:
    code: str
    """RFC 6749's error code, or empty."""

    shown: str
    """What the answer was, for people."""


class TokenEndpoint:
    """Asks about values (`service.ports.EndpointPort`); an asynchronous context manager."""

    def __init__(self, cognito: CognitoProbes, *, timeout: float = _TIMEOUT) -> None:
        """Prepare.

        Args:
            cognito: finds endpoints, and asks where there is none.
            timeout: seconds for one question.

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
        """Ask whether Cognito accepts *value*; never raises, an odd answer is UNKNOWN.

        Args:
            client: whose value it is.
            value: what to ask about.
            endpoint: URL from the spec; None has it found by ``DescribeUserPool``, and where the
                pool has none, ``GetTokensFromRefreshToken`` is asked instead.

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
        except Exception as error:  # noqa: BLE001  # its text may hold the request
            kind = type(error).__name__
            return Probe(Verdict.UNKNOWN, f"the token endpoint gave no answer: {kind}")
        return Probe(probe.verdict, f"{probe.detail} (no token endpoint: {domain.reason})")

    async def find(self, client: ClientRef) -> str:
        """Find the token endpoint of *client*'s pool by ``DescribeUserPool``.

        Raises:
            EndpointUnknownError: the pool has none that we know of, or we may not ask.
            OutsideError: Cognito gave no answer.

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
    """Give headers and form that authenticate the client (RFC 6749 section 2.3.1).

    HTTP Basic wants the secret form-urlencoded, which not every server undoes. A secret that this
    would change goes into the form, where its encoding is beyond doubt.
    """
    headers = {"Accept": "application/json", "User-Agent": FIELD_MANAGER}
    form = question | {"client_id": client.client_id}
    secret = value.reveal()
    if quote_plus(secret) != secret:
        return headers, form | {"client_secret": secret}
    basic = aiohttp.encode_basic_auth(quote_plus(client.client_id), secret)
    return headers | {"Authorization": basic}, form


def _read(status: int, body: bytes) -> _Answer:
    """Find the error code of RFC 6749 section 5.2; only a 400 or a 401 can carry one."""
    if status not in {400, 401}:
        return _Answer("", f"HTTP {status}")
    try:
        document = json.loads(body)
    except ValueError:  # not JSON, or not even text
        return _Answer("", f"HTTP {status} without JSON")
    code = document.get("error") if isinstance(document, dict) else None
    if not isinstance(code, str) or code not in _CODES:
        return _Answer("", f"HTTP {status} with an unknown error code")
    return _Answer(code, code)
