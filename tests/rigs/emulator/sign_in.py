"""Sign-in and sign-up with a client secret: every active secret counts, and none is optional.

The secret is checked before the user is looked up, as AWS does. Sources: "Computing secret hash
values" and "Authentication flows" in the developer guide; `GetTokensFromRefreshToken`.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

from moto.cognitoidp.models import (
    CognitoIdpUser,
    CognitoIdpUserPool,
    CognitoIdpUserPoolClient,
)

from emulator.aws_calls import AwsCall
from emulator.errors import AwsError, InvalidParameterError, NotAuthorizedError
from emulator.moto_bridge import Answer, Moto
from emulator.operations import Handler
from emulator.tokens import LIFETIME, rotates, user_tokens
from emulator.world import World

REFRESH_FLOWS: Final = frozenset({"REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"})
DEFAULT_FLOWS: Final = ("ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH")
ENABLED_BY: Final[Mapping[str, frozenset[str]]] = {
    "ADMIN_NO_SRP_AUTH": frozenset({"ADMIN_NO_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"}),
    "ADMIN_USER_PASSWORD_AUTH": frozenset({"ADMIN_NO_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"}),
    "CUSTOM_AUTH": frozenset({"CUSTOM_AUTH_FLOW_ONLY", "ALLOW_CUSTOM_AUTH"}),
    "USER_PASSWORD_AUTH": frozenset({"USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH"}),
    "USER_SRP_AUTH": frozenset({"ALLOW_USER_SRP_AUTH"}),
}
"""Flow -> the values of `ExplicitAuthFlows` that switch it on."""


def secret_hash(value: str, username: str, client_id: str) -> str:
    """Compute `SECRET_HASH` (developer guide, "Computing secret hash values")."""
    digest = hmac.new(value.encode(), (username + client_id).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def initiate_auth(world: World, moto: Moto, call: AwsCall) -> Answer:
    """`InitiateAuth`, `AdminInitiateAuth`: flow enabled, secret hash, then the user."""
    given: dict[str, str] = call.parameters.get("AuthParameters") or {}
    flow = call.text("AuthFlow")
    pool, client = _client(world, call)
    _check_flow(client, flow)
    if flow in REFRESH_FLOWS:
        _check_refresh(world, pool, call, given)
    else:
        username = given.get("USERNAME")
        if username is None:
            raise InvalidParameterError("Missing required parameter USERNAME")
        check_secret_hash(world, client.id, (username,), given.get("SECRET_HASH"))
    try:
        return moto.answer(call)
    except AwsError as error:
        hides_users = client.extended_config.get("PreventUserExistenceErrors") == "ENABLED"
        if error.code == "UserNotFoundException" and hides_users:
            raise NotAuthorizedError("Incorrect username or password.") from error
        raise


def respond_to_challenge(world: World, moto: Moto, call: AwsCall) -> Answer:
    """`RespondToAuthChallenge`, `AdminRespondToAuthChallenge`."""
    given: dict[str, str] = call.parameters.get("ChallengeResponses") or {}
    _, client = _client(world, call)
    check_secret_hash(world, client.id, (given.get("USERNAME", ""),), given.get("SECRET_HASH"))
    return moto.answer(call)


def sign_up(world: World, moto: Moto, call: AwsCall) -> Answer:
    """`SignUp`, `ConfirmSignUp`, `ForgotPassword`, `ConfirmForgotPassword`."""
    _check_named_user(world, call)
    return moto.answer(call)


def resend_confirmation_code(world: World, _moto: Moto, call: AwsCall) -> Answer:
    """`ResendConfirmationCode`, which moto lacks: nothing is sent, any code will do."""
    _check_named_user(world, call)
    pool, _ = _client(world, call)
    if call.text("Username") not in pool.users:
        raise AwsError("UserNotFoundException", "Username/client id combination not found.")
    delivery = {"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "u***@e***"}
    return {"CodeDeliveryDetails": delivery}


def get_tokens_from_refresh_token(world: World, _moto: Moto, call: AwsCall) -> Answer:
    """`GetTokensFromRefreshToken`: a new refresh token each time where the client rotates them."""
    pool, client = _client(world, call)
    _check_secret(world, call)
    token, tick = call.text("RefreshToken"), world.knobs.now().tick
    session = world.refresh_tokens.session(pool, client.id, token, tick)
    if session is None:
        raise NotAuthorizedError("Invalid Refresh Token")
    tokens = user_tokens(pool, client.id, session)
    result: dict[str, Any] = {
        "AccessToken": tokens["access_token"],
        "IdToken": tokens["id_token"],
        "ExpiresIn": LIFETIME,
        "TokenType": "Bearer",
    }
    successor = world.refresh_tokens.rotate(pool, client, token, tick)
    if successor is not None:
        result["RefreshToken"] = successor
    return {"AuthenticationResult": result}


def revoke_token(world: World, _moto: Moto, call: AwsCall) -> Answer:
    """`RevokeToken`, which moto lacks; a token that is unknown or used up is no error."""
    pool, _ = _client(world, call)
    _check_secret(world, call)
    pool.refresh_tokens.pop(call.text("Token"), None)
    return {}


def check_secret_hash(
    world: World, client_id: str, usernames: tuple[str, ...], given: str | None
) -> None:
    """Check a `SECRET_HASH` against every accepted secret, for any of the user's names.

    Raises:
        NotAuthorizedError: it is missing, wrong, or given to a public client.
    """
    if world.secrets_of(client_id).is_public:
        if given is not None:
            raise NotAuthorizedError(
                f"Client {client_id} is not configured for secret but secret hash was received"
            )
        return
    if given is None:
        raise NotAuthorizedError(
            f"Client {client_id} is configured with secret but SECRET_HASH was not received"
        )

    def fits(value: str) -> bool:
        return any(
            hmac.compare_digest(secret_hash(value, name, client_id).encode(), given.encode())
            for name in usernames
        )

    if world.accepted(client_id, fits) is None:
        raise NotAuthorizedError(f"Unable to verify secret hash for client {client_id}")


def _client(world: World, call: AwsCall) -> tuple[CognitoIdpUserPool, CognitoIdpUserPoolClient]:
    # Fails for a client of another pool than the one that the admin operations name.
    world.secrets_of(call.text("ClientId"), call.pool_id)
    return world.client(call.text("ClientId"))


def _check_flow(client: CognitoIdpUserPoolClient, flow: str) -> None:
    enabled = frozenset(client.extended_config.get("ExplicitAuthFlows") or DEFAULT_FLOWS)
    if flow in REFRESH_FLOWS:
        # The values without ALLOW_ came first and included the refresh of tokens.
        legacy = not any(value.startswith("ALLOW_") for value in enabled)
        is_enabled = (legacy or "ALLOW_REFRESH_TOKEN_AUTH" in enabled) and not rotates(client)
    else:
        is_enabled = not enabled.isdisjoint(ENABLED_BY.get(flow, enabled))
    if not is_enabled:
        raise InvalidParameterError(f"{flow} flow not enabled for this client")


def _check_refresh(
    world: World, pool: CognitoIdpUserPool, call: AwsCall, given: Mapping[str, str]
) -> None:
    client_id = call.text("ClientId")
    token = given.get("REFRESH_TOKEN", "")
    session = world.refresh_tokens.session(pool, client_id, token, world.knobs.now().tick)
    # moto's type hides that there may be no such user; this is its only way to a user by alias.
    user: CognitoIdpUser | None = pool._get_user(session.username) if session else None
    usernames: tuple[str, ...] = ()
    if session is not None and user is not None:
        usernames = (session.username, user.username, user.id)
    elif given.get("SECRET_HASH") is not None or world.secrets_of(client_id).is_public:
        # The hash is made with the token's user: without one there is nothing to check it against.
        raise NotAuthorizedError("Invalid Refresh Token")
    check_secret_hash(world, client_id, usernames, given.get("SECRET_HASH"))


def _check_named_user(world: World, call: AwsCall) -> None:
    given = call.parameters.get("SecretHash")
    check_secret_hash(world, call.text("ClientId"), (call.text("Username"),), given)


def _check_secret(world: World, call: AwsCall) -> None:
    client_id = call.text("ClientId")
    given = call.parameters.get("ClientSecret")
    if world.secrets_of(client_id).is_public and given is None:
        return
    if given is None or world.accepted(client_id, lambda value: value == given) is None:
        raise NotAuthorizedError(f"Unable to verify client secret for client {client_id}")


HANDLERS: Final[dict[str, Handler]] = {
    "AdminInitiateAuth": initiate_auth,
    "AdminRespondToAuthChallenge": respond_to_challenge,
    "ConfirmForgotPassword": sign_up,
    "ConfirmSignUp": sign_up,
    "ForgotPassword": sign_up,
    "GetTokensFromRefreshToken": get_tokens_from_refresh_token,
    "InitiateAuth": initiate_auth,
    "ResendConfirmationCode": resend_confirmation_code,
    "RespondToAuthChallenge": respond_to_challenge,
    "RevokeToken": revoke_token,
    "SignUp": sign_up,
}
