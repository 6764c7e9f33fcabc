"""`/oauth2/token` and the small `/oauth2/authorize` that yields codes for it.

Sources: RFC 6749, sections 2.3.1, 4.1, 4.4, 5 and 6; "Token endpoint" in the developer guide.
"""

import base64
import binascii
import secrets
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus, urlencode

from moto.cognitoidp.models import CognitoIdpUserPool, CognitoIdpUserPoolClient
from werkzeug.wrappers import Request

from emulator.errors import NotFoundError, OAuthError
from emulator.tokens import LIFETIME, AuthorizationCode, machine_token, user_tokens
from emulator.world import World

Tokens = dict[str, Any]
FLOW_OF: Final = {"authorization_code": "code", "client_credentials": "client_credentials"}
"""Grant -> the value of `AllowedOAuthFlows` that switches it on; refreshing needs none."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who a client says it is."""

    client_id: str
    values: tuple[str, ...]
    """The ways to read the secret that it showed; empty if it showed none."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request whose client has proved itself."""

    world: World
    pool: CognitoIdpUserPool
    client: CognitoIdpUserPoolClient
    form: dict[str, str]

    def required(self, name: str) -> str:
        """Give a parameter.

        Raises:
            OAuthError: `invalid_request`, it is missing.
        """
        if not self.form.get(name):
            raise OAuthError("invalid_request")
        return self.form[name]


def read_credentials(request: Request) -> Credentials:
    """Read the client's credentials from the header or from the form (RFC 6749, 2.3.1).

    Raises:
        OAuthError: `invalid_request`, there are none, or two that differ.
    """
    form_id, form_value = request.form.get("client_id"), request.form.get("client_secret")
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        if not form_id:
            raise OAuthError("invalid_request")
        return Credentials(form_id, () if form_value is None else (form_value,))
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OAuthError("invalid_request") from error
    client_id, _, value = pair.partition(":")
    if form_id not in {None, client_id}:
        raise OAuthError("invalid_request")
    # The RFC has the secret form-encoded before Base64; many clients do not, and a secret may
    # hold a plus sign. Either reading is good.
    return Credentials(client_id, (value, unquote_plus(value)))


def exchange(world: World, request: Request, pool_id: str | None) -> Tokens:
    """Answer a request to the token endpoint of a pool, or of any pool where none is named.

    Raises:
        OAuthError: with a code of RFC 6749, section 5.2.
    """
    grant = request.form.get("grant_type")
    if grant is None:
        raise OAuthError("invalid_request")
    if grant not in GRANTS:
        raise OAuthError("unsupported_grant_type")
    credentials = read_credentials(request)
    pool, client = _authenticate(world, credentials, pool_id)
    if grant in FLOW_OF and FLOW_OF[grant] not in _allowed_flows(client):
        raise OAuthError("unauthorized_client")
    return GRANTS[grant](TokenRequest(world, pool, client, request.form.to_dict()))


def client_credentials(request: TokenRequest) -> Tokens:
    """Grant to a machine the scopes that it asks for, or all that it may have (section 4.4)."""
    servers = request.pool.resource_servers.values()
    known = {f"{s.identifier}/{scope['ScopeName']}" for s in servers for scope in s.scopes or []}
    allowed = request.client.extended_config.get("AllowedOAuthScopes") or []
    available = [scope for scope in allowed if scope in known]
    asked = request.form.get("scope", "").split() or available
    if not asked or not set(asked) <= set(available):
        raise OAuthError("invalid_scope")
    now = request.world.time()
    token = machine_token(request.pool, request.client.id, asked, now)
    return {"access_token": token, "expires_in": LIFETIME, "token_type": "Bearer"}


def authorization_code(request: TokenRequest) -> Tokens:
    """Exchange a code, once, for the client and the address that it was given to (4.1.3)."""
    code = request.world.codes.pop(request.required("code"), None)
    if code is None or code.client_id != request.client.id:
        raise OAuthError("invalid_grant")
    if code.redirect_uri != request.required("redirect_uri"):
        raise OAuthError("invalid_grant")
    pool, client_id = request.pool, request.client.id
    session, refresh_token = request.world.refresh_tokens.open(pool, client_id, code.username)
    tokens = user_tokens(pool, client_id, session, scopes=code.scopes, nonce=code.nonce)
    return {
        **tokens,
        "refresh_token": refresh_token,
        "expires_in": LIFETIME,
        "token_type": "Bearer",
    }


def refresh_token(request: TokenRequest) -> Tokens:
    """Refresh a user's tokens (section 6); rotate the refresh token where that is on."""
    token, refresh_tokens = request.required("refresh_token"), request.world.refresh_tokens
    pool, client, tick = request.pool, request.client, request.world.knobs.now().tick
    session = refresh_tokens.session(pool, client.id, token, tick)
    if session is None:
        raise OAuthError("invalid_grant")
    answer: Tokens = {**user_tokens(pool, client.id, session)}
    successor = refresh_tokens.rotate(pool, client, token, tick)
    if successor is not None:
        answer["refresh_token"] = successor
    return {**answer, "expires_in": LIFETIME, "token_type": "Bearer"}


GRANTS: Final = {
    "authorization_code": authorization_code,
    "client_credentials": client_credentials,
    "refresh_token": refresh_token,
}


def authorize(world: World, request: Request) -> str:
    """Sign a user in without asking and give the address to go back to, with a code.

    Parameters are those of RFC 6749, section 4.1.1. `login_hint` names the user; without it the
    pool's first user is signed in.

    Raises:
        OAuthError: a parameter is wrong, the flow is off, or the pool has no such user.
    """
    asked = request.args
    client_id, redirect_uri = asked.get("client_id", ""), asked.get("redirect_uri", "")
    try:
        pool, client = world.client(client_id)
    except NotFoundError as error:
        raise OAuthError("invalid_request") from error
    addresses = client.extended_config.get("CallbackURLs") or []
    if asked.get("response_type") != "code" or redirect_uri not in addresses:
        raise OAuthError("invalid_request")
    if "code" not in _allowed_flows(client):
        raise OAuthError("unauthorized_client")
    username = asked.get("login_hint") or next(iter(pool.users), "")
    if username not in pool.users:
        raise OAuthError("access_denied")
    scopes = asked.get("scope", "openid").split()
    code = secrets.token_urlsafe(24)
    world.codes[code] = AuthorizationCode(
        client_id, redirect_uri, username, scopes, asked.get("nonce")
    )
    back = {"code": code} | ({"state": asked["state"]} if "state" in asked else {})
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(back)}"


def _authenticate(
    world: World, credentials: Credentials, pool_id: str | None
) -> tuple[CognitoIdpUserPool, CognitoIdpUserPoolClient]:
    try:
        pool, client = world.client(credentials.client_id)
    except NotFoundError as error:
        raise OAuthError("invalid_client") from error
    is_public = world.secrets[client.id].is_public
    if is_public:
        is_proved = not credentials.values
    else:
        is_proved = world.accepted(client.id, credentials.values.__contains__) is not None
    if not is_proved or pool_id not in {None, pool.id}:
        raise OAuthError("invalid_client")
    return pool, client


def _allowed_flows(client: CognitoIdpUserPoolClient) -> list[str]:
    config = client.extended_config
    flows: list[str] = config.get("AllowedOAuthFlows") or []
    return flows if config.get("AllowedOAuthFlowsUserPoolClient") else []
