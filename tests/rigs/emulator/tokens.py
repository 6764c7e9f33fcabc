"""Tokens: signed with the pool's key, which moto serves at `/<pool>/.well-known/jwks.json`."""

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypedDict

from joserfc import jwt
from moto.cognitoidp.models import CognitoIdpUserPool, CognitoIdpUserPoolClient

LIFETIME: Final = 3600
"""Seconds for which access and id tokens are good."""

KEY_ID: Final = "dummy"
"""The id under which moto serves its key."""


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """What a code from `/oauth2/authorize` stands for; it is good once."""

    client_id: str
    redirect_uri: str
    username: str
    scopes: Sequence[str]
    nonce: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """The sign-in that a refresh token continues."""

    username: str
    origin: str
    """The claim `origin_jti`, the same in all tokens of one sign-in."""


class UserTokens(TypedDict):
    """An id token and an access token."""

    id_token: str
    access_token: str


def machine_token(
    pool: CognitoIdpUserPool, client_id: str, scopes: Sequence[str], now: float
) -> str:
    """Sign an access token of the grant `client_credentials`; `now` in epoch seconds."""
    claims = {
        "iss": f"https://cognito-idp.{pool.region}.amazonaws.com/{pool.id}",
        "sub": client_id,
        "client_id": client_id,
        "token_use": "access",
        "scope": " ".join(scopes),
        "version": 2,
        "auth_time": int(now),
        "iat": int(now),
        "exp": int(now) + LIFETIME,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode({"kid": KEY_ID, "alg": "RS256"}, claims, pool.json_web_key)


def user_tokens(
    pool: CognitoIdpUserPool,
    client_id: str,
    session: Session,
    *,
    scopes: Sequence[str] = ("aws.cognito.signin.user.admin",),
    nonce: str | None = None,
) -> UserTokens:
    """Sign the tokens of a user, and let moto know the access token for `GetUser` and the like."""
    origin = {"origin_jti": session.origin}
    access_token, _ = pool.create_jwt(
        client_id,
        session.username,
        "access",
        LIFETIME,
        {**origin, "scope": " ".join(scopes), "version": 2},
    )
    pool.access_tokens[access_token] = (client_id, session.username)
    claims = pool.get_user_extra_data_by_client_id(client_id, session.username) | origin
    if nonce is not None:
        claims["nonce"] = nonce
    id_token, _ = pool.create_jwt(client_id, session.username, "id", LIFETIME, claims)
    pool.id_tokens[id_token] = (client_id, session.username)
    return UserTokens(id_token=id_token, access_token=access_token)


class RefreshTokens:
    """Refresh tokens and their rotation; moto's own dictionary holds the living ones.

    Source: `RefreshTokenRotation` in `CreateUserPoolClient`, and `GetTokensFromRefreshToken`.
    """

    def __init__(self) -> None:
        self._retired: dict[str, float] = {}

    def open(self, pool: CognitoIdpUserPool, client_id: str, username: str) -> tuple[Session, str]:
        """Sign a user in and give the session with its first refresh token."""
        session, token = Session(username, str(uuid.uuid4())), str(uuid.uuid4())
        pool.refresh_tokens[token] = (client_id, session.username, session.origin)
        return session, token

    def session(
        self, pool: CognitoIdpUserPool, client_id: str, token: str, tick: float
    ) -> Session | None:
        """Give the sign-in behind a client's refresh token, `None` if the token is no good."""
        owner = pool.refresh_tokens.get(token)
        is_retired = self._retired.get(token, math.inf) <= tick
        if owner is None or owner[0] != client_id or is_retired:
            return None
        return Session(username=owner[1], origin=owner[2])

    def rotate(
        self,
        pool: CognitoIdpUserPool,
        client: CognitoIdpUserPoolClient,
        token: str,
        tick: float,
    ) -> str | None:
        """Give the token that replaces this one, `None` where the client does not rotate them."""
        if not rotates(client):
            return None
        owner = pool.refresh_tokens[token]
        successor = str(uuid.uuid4())
        pool.refresh_tokens[successor] = owner
        grace = client.extended_config["RefreshTokenRotation"].get("RetryGracePeriodSeconds", 0)
        self._retired.setdefault(token, tick + grace)
        return successor

    def clear(self) -> None:
        """Forget the retired tokens."""
        self._retired.clear()


def rotates(client: CognitoIdpUserPoolClient) -> bool:
    """Tell whether the client has refresh-token rotation on."""
    rotation = client.extended_config.get("RefreshTokenRotation") or {}
    return bool(rotation.get("Feature") == "ENABLED")
