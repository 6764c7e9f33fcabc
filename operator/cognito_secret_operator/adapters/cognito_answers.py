"""Interpretation of Cognito's responses: plain functions, without AWS's client library.

Only a principal's ARN and a field's name are taken from an error's text: Cognito's
``InvalidParameterException`` repeats the refused value.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ..domain.model import ClientRef, Probe, RemoteSecret, Verdict
from ..errors import (
    AccessDeniedError,
    AnswerLostError,
    ClientNotFoundError,
    LimitReachedError,
    OutsideError,
    RefusedError,
    RetryLaterError,
    ThrottledError,
)
from ..names import FIELD_MANAGER

__all__ = [
    "ADD",
    "ASSUME_ROLE",
    "DELETE",
    "DESCRIBE_CLIENT",
    "DESCRIBE_POOL",
    "LIST",
    "MADE_UP",
    "OPERATIONS",
    "REFRESH",
    "WRITES",
    "PoolDomain",
    "Refusal",
    "domain_of",
    "error_of",
    "request_id_of",
    "secret_of",
    "verdict_of",
]

ADD: Final = "AddUserPoolClientSecret"
DELETE: Final = "DeleteUserPoolClientSecret"
DESCRIBE_CLIENT: Final = "DescribeUserPoolClient"
DESCRIBE_POOL: Final = "DescribeUserPool"
LIST: Final = "ListUserPoolClientSecrets"
REFRESH: Final = "GetTokensFromRefreshToken"
ASSUME_ROLE: Final = "AssumeRole"
WRITES: Final = frozenset({ADD, DELETE})
OPERATIONS: Final = (ADD, LIST, DELETE, DESCRIBE_CLIENT, DESCRIBE_POOL, REFRESH)

MADE_UP: Final = f"{FIELD_MANAGER}-probe"
"""A refresh token, or a code, that was never issued."""

_THROTTLED: Final = re.compile(r"TooManyRequests.*|Throttl.*|RequestLimitExceeded|SlowDown")
_SESSION: Final = re.compile(
    r"arn:(?P<partition>[-a-z]+):sts::(?P<account>[0-9]+):assumed-role/(?P<role>[^/]+)/.*"
)
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "NotAuthorizedException"})
_BAD_CREDENTIALS: Final = re.compile(
    r"UnrecognizedClient.*|ExpiredToken.*|InvalidClientTokenId|InvalidIdentityToken|"
    r"InvalidSignature.*|SignatureDoesNotMatch|IncompleteSignature.*|MissingAuthenticationToken.*"
)
_LOST: Final = re.compile(r"Internal.*|RequestTimeout.*|ServiceUnavailable.*")

_PRINCIPAL: Final = re.compile(r"User: (arn:[\w:/+=,.@-]+)")
_FIELD: Final = re.compile(r" at '([a-zA-Z]{1,40})' failed to satisfy")
_WRONG_SECRET: Final = re.compile(
    r"client secret (does not|doesn't) match|invalid client secret|"
    r"unable to verify (client secret|secret hash)",
    re.IGNORECASE,
)

_REFUSED: Final[Mapping[str, str]] = {
    ADD: "does the client have a secret (a public client cannot have one)",
    DELETE: "is this the client's last secret, which Cognito never deletes",
}
"""Operation -> most likely reason for ``InvalidParameterException``."""

_DOMAIN_LABELS: Final[Mapping[str, str]] = {"aws": "auth", "aws-us-gov": "auth-fips"}
"""Partition -> label before the region in a domain hosted by Cognito.

GovCloud has FIPS domains only (GovCloud user guide, "Amazon Cognito"). No hosted domains are known
for other partitions.
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error response."""

    operation: str
    """Operation that answered: one of `OPERATIONS`, or the operation of STS before it."""

    code: str
    status: int
    """HTTP status; 0 if unknown."""

    text: str
    """Cognito's text: it may contain a value and is never passed on."""

    request_id: str


@dataclass(frozen=True, slots=True)
class PoolDomain:
    """A pool's token endpoint, or the reason for its absence."""

    url: str | None
    """``https://…/oauth2/token``; None if the pool has none or it cannot be found."""

    reason: str
    """Reason for *url* being None, for users; else empty."""


def secret_of(descriptor: Mapping[str, Any], request_id: str = "") -> RemoteSecret:
    """Read a ``ClientSecretDescriptorType``; *request_id* is that of the Add.

    Raises:
        KeyError: a field is missing.

    """
    created: datetime = descriptor["ClientSecretCreateDate"]
    return RemoteSecret(descriptor["ClientSecretId"], created.astimezone(UTC), request_id)


def request_id_of(answer: Mapping[str, Any]) -> str:
    """Return AWS's id of the request from any response; empty if missing."""
    return str(answer.get("ResponseMetadata", {}).get("RequestId", ""))


def domain_of(pool: Mapping[str, Any], client: ClientRef, partition: str) -> PoolDomain:
    """Return the token endpoint of a ``UserPoolType``; a custom domain takes precedence.

    Args:
        pool: as ``DescribeUserPool`` returns it.
        client: any client of the pool.
        partition: AWS's partition of the pool's region, such as ``aws``.

    """
    if custom := pool.get("CustomDomain"):
        return PoolDomain(f"https://{custom}/oauth2/token", "")
    prefix = pool.get("Domain")
    if not prefix:
        return PoolDomain(None, f"user pool {client.pool_id} has no domain")
    label = _DOMAIN_LABELS.get(partition)
    if label is None:
        return PoolDomain(None, f"hosted domains of partition {partition} are not known")
    host = f"{prefix}.{label}.{client.region}.amazoncognito.com"
    return PoolDomain(f"https://{host}/oauth2/token", "")


def verdict_of(refusal: Refusal) -> Probe | None:
    """Return the verdict of ``GetTokensFromRefreshToken``; None for a throttled or lost call."""
    if _THROTTLED.fullmatch(refusal.code) or _is_lost(refusal):
        return None
    if refusal.code in {"NotAuthorizedException", "InvalidParameterException"}:
        if _WRONG_SECRET.search(refusal.text):
            return Probe(Verdict.REFUSED, f"{REFRESH} does not accept the client secret")
        if "invalid refresh token" in refusal.text.lower():
            return Probe(Verdict.ACCEPTED, f"{REFRESH} refuses only the made-up token")
    return Probe(Verdict.UNKNOWN, f"{REFRESH} answered {refusal.code}")


def error_of(operation: str, client: ClientRef, refusal: Refusal) -> OutsideError:
    """Return the error for a refused *operation*, with the remedy in its message."""
    kind, message = _reading(operation, client, refusal)
    return kind(message, code=refusal.code, request_id=refusal.request_id)


def _reading(operation: str, client: ClientRef, refusal: Refusal) -> tuple[type[OutsideError], str]:
    code = refusal.code
    where = f"client {client.client_id} of user pool {client.pool_id}"
    if _THROTTLED.fullmatch(code) or refusal.status == 429:  # noqa: PLR2004
        return ThrottledError, f"AWS throttled {refusal.operation}"
    if refusal.operation != operation:
        return _without_credentials(operation, client, refusal)
    if _is_lost(refusal):
        kind = AnswerLostError if operation in WRITES else RetryLaterError
        return kind, f"{operation} answered {code} for {where}"
    if code in _DENIED:
        who = _principal(refusal)
        return AccessDeniedError, (
            f"{who} may not cognito-idp:{operation} on user pool {client.pool_id};"
            " allow it in the IAM policy"
        )
    if _BAD_CREDENTIALS.fullmatch(code):
        return AccessDeniedError, (
            f"AWS does not accept the operator's credentials ({code}) for cognito-idp:{operation}"
            f" on user pool {client.pool_id}"
        )
    return _refused(operation, where, refusal)


def _refused(operation: str, where: str, refusal: Refusal) -> tuple[type[OutsideError], str]:
    if refusal.code == "ResourceNotFoundException":
        return (
            ClientNotFoundError,
            f"Cognito does not find {where}, or the object of {operation} in it",
        )
    if refusal.code == "LimitExceededException":
        if operation == ADD:
            return LimitReachedError, f"{where} has two secrets already"
        return RetryLaterError, f"{operation} answered {refusal.code} for {where}"
    if refusal.status in {401, 403}:  # from a firewall or proxy, not from IAM
        return AccessDeniedError, (
            f"{operation} (cognito-idp:{operation}) for {where} was refused with {refusal.code}"
        )
    field = _FIELD.search(refusal.text)
    if field is not None:
        return RefusedError, f"{operation} refuses the field {field[1]} for {where}"
    hint = f": {_REFUSED[operation]}?" if operation in _REFUSED else ""
    return RefusedError, f"{operation} answered {refusal.code} for {where}{hint}"


def _without_credentials(
    operation: str, client: ClientRef, refusal: Refusal
) -> tuple[type[OutsideError], str]:
    """Return the error for a refusal by STS: the request itself was never sent."""
    role = client.caller.role_arn if refusal.operation == ASSUME_ROLE else None
    of_role = f" of spec.aws.roleArn {role}" if role else ""
    what = f"sts:{refusal.operation}{of_role} answered {refusal.code}"
    if _is_lost(refusal):
        return RetryLaterError, f"no credentials at present: {what}"
    if role and refusal.code in _DENIED:
        return AccessDeniedError, (
            f"{what}; allow the operator sts:AssumeRole (with EKS Pod Identity sts:TagSession too)"
            " on the role in its IAM policy, and in the role's trust policy:"
            f" {_trust(_principal(refusal))}"
        )
    return AccessDeniedError, (
        f"no credentials for cognito-idp:{operation} on user pool {client.pool_id}: {what};"
        " check the service account's role and its trust policy"
    )


def _trust(principal: str) -> str:
    """Return the statement that lets *principal* assume a role; for a session: its role."""
    session = _SESSION.fullmatch(principal)
    if session is not None:
        principal = f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}"
    elif not principal.startswith("arn:"):
        principal = "<the operator's role>"
    who = {"AWS": principal}
    # EKS Pod Identity's session tags are transitive: the role must allow them as well.
    actions = ["sts:AssumeRole", "sts:TagSession"]
    return json.dumps({"Effect": "Allow", "Principal": who, "Action": actions})


def _is_lost(refusal: Refusal) -> bool:
    """Return whether the request may have been carried out: 5xx, a time-out, no status."""
    return (
        not 400 <= refusal.status < 500  # noqa: PLR2004
        or _LOST.fullmatch(refusal.code) is not None
    )


def _principal(refusal: Refusal) -> str:
    found = _PRINCIPAL.search(refusal.text)
    return found[1] if found else "the operator"
