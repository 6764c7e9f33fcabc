"""SECRET_HASH and client secrets in the sign-in operations."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator import Client, CognitoEmulator

SECOND = "second_second_second_second"
PASSWORD = "Correct-horse-1"
USER = "ada"


@dataclass(frozen=True)
class Shop:
    """A client with two secrets, and a user who can sign in."""

    emulator: CognitoEmulator
    client: Client

    def hash(self, value: str | None, username: str = USER) -> str:
        message = f"{username}{self.client.client_id}".encode()
        digest = hmac.new((value or "").encode(), message, hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    def sign_in(self, **more: str) -> dict[str, Any]:
        parameters = {"USERNAME": USER, "PASSWORD": PASSWORD, **more}
        answer = self.emulator.cognito.initiate_auth(
            ClientId=self.client.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters=parameters,
        )
        return dict(answer["AuthenticationResult"])


def open_shop(emulator: CognitoEmulator, **extra: object) -> Shop:
    pool = emulator.create_pool()
    client = emulator.create_client(pool, extra=extra)
    emulator.cognito.add_user_pool_client_secret(
        UserPoolId=pool, ClientId=client.client_id, ClientSecret=SECOND
    )
    emulator.cognito.admin_create_user(UserPoolId=pool, Username=USER)
    emulator.cognito.admin_set_user_password(
        UserPoolId=pool, Username=USER, Password=PASSWORD, Permanent=True
    )
    return Shop(emulator, client)


@pytest.fixture
def shop(emulator: CognitoEmulator) -> Shop:
    return open_shop(emulator)


def test_either_active_secret_signs_in(shop: Shop) -> None:
    assert shop.sign_in(SECRET_HASH=shop.hash(shop.client.value))["AccessToken"]
    assert shop.sign_in(SECRET_HASH=shop.hash(SECOND))["AccessToken"]


def test_a_deleted_secret_signs_in_no_more(shop: Shop) -> None:
    original = shop.emulator.secrets(shop.client.client_id)[0]
    shop.emulator.cognito.delete_user_pool_client_secret(
        UserPoolId=shop.client.pool_id,
        ClientId=shop.client.client_id,
        ClientSecretId=original.secret_id,
    )
    with pytest.raises(ClientError, match="Unable to verify secret hash for client"):
        shop.sign_in(SECRET_HASH=shop.hash(shop.client.value))
    assert shop.sign_in(SECRET_HASH=shop.hash(SECOND))["AccessToken"]


Call = Callable[[Shop, dict[str, str]], object]


def _initiate(shop: Shop, hashed: dict[str, str]) -> object:
    return shop.sign_in(USERNAME="nobody", **hashed)


def _srp(shop: Shop, hashed: dict[str, str]) -> object:
    return shop.emulator.cognito.initiate_auth(
        ClientId=shop.client.client_id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": "nobody", "SRP_A": "1", **hashed},
    )


def _challenge(shop: Shop, hashed: dict[str, str]) -> object:
    return shop.emulator.cognito.respond_to_auth_challenge(
        ClientId=shop.client.client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        ChallengeResponses={"USERNAME": "nobody", "NEW_PASSWORD": PASSWORD, **hashed},
    )


def _admin(shop: Shop, hashed: dict[str, str]) -> object:
    return shop.emulator.cognito.admin_initiate_auth(
        UserPoolId=shop.client.pool_id,
        ClientId=shop.client.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "nobody", "PASSWORD": PASSWORD, **hashed},
    )


def _named(operation: str, **more: str) -> Call:
    def call(shop: Shop, hashed: dict[str, str]) -> object:
        given = {"SecretHash": hashed["SECRET_HASH"]} if hashed else {}
        do = getattr(shop.emulator.cognito, operation)
        return do(ClientId=shop.client.client_id, Username="nobody", **more, **given)

    return call


CALLS = [
    pytest.param(_initiate, id="InitiateAuth with a password"),
    pytest.param(_srp, id="InitiateAuth with SRP"),
    pytest.param(_challenge, id="RespondToAuthChallenge"),
    pytest.param(_admin, id="AdminInitiateAuth"),
    pytest.param(_named("sign_up", Password=PASSWORD), id="SignUp"),
    pytest.param(_named("confirm_sign_up", ConfirmationCode="1"), id="ConfirmSignUp"),
    pytest.param(_named("resend_confirmation_code"), id="ResendConfirmationCode"),
    pytest.param(_named("forgot_password"), id="ForgotPassword"),
    pytest.param(
        _named("confirm_forgot_password", ConfirmationCode="1", Password=PASSWORD),
        id="ConfirmForgotPassword",
    ),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_hash_is_refused_before_the_user_is_looked_up(shop: Shop, call: Call) -> None:
    wrong = shop.hash("wrong", "nobody")
    with pytest.raises(ClientError, match="Unable to verify secret hash for client") as caught:
        call(shop, {"SECRET_HASH": wrong})
    assert caught.value.response["Error"]["Code"] == "NotAuthorizedException"


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_hash_is_refused_before_the_user_is_looked_up(shop: Shop, call: Call) -> None:
    with pytest.raises(ClientError, match="SECRET_HASH was not received") as caught:
        call(shop, {})
    assert caught.value.response["Error"]["Code"] == "NotAuthorizedException"


@pytest.mark.parametrize("call", CALLS)
def test_a_right_hash_lets_the_call_go_on_to_the_user(shop: Shop, call: Call) -> None:
    try:
        call(shop, {"SECRET_HASH": shop.hash(SECOND, "nobody")})
    except ClientError as error:
        assert error.response["Error"]["Code"] in {  # noqa: PT017 -- success is good as well
            "UserNotFoundException",
            "ResourceNotFoundException",
        }


def test_a_public_client_signs_in_without_a_hash_and_is_refused_with_one(
    emulator: CognitoEmulator,
) -> None:
    shop = open_shop(emulator)
    public = emulator.create_client(shop.client.pool_id, generate=False)
    public_shop = Shop(emulator, public)
    assert public_shop.sign_in()["AccessToken"]
    with pytest.raises(ClientError, match="not configured for secret"):
        public_shop.sign_in(SECRET_HASH=public_shop.hash(SECOND))


def test_a_made_up_user_tells_nothing_where_the_client_hides_users(
    emulator: CognitoEmulator,
) -> None:
    shop = open_shop(emulator, PreventUserExistenceErrors="ENABLED")
    with pytest.raises(ClientError, match="Incorrect username or password"):
        shop.sign_in(USERNAME="nobody", SECRET_HASH=shop.hash(SECOND, "nobody"))


def test_a_flow_that_is_off_is_refused(emulator: CognitoEmulator) -> None:
    shop = open_shop(emulator, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])
    with pytest.raises(ClientError, match="USER_PASSWORD_AUTH flow not enabled for this client"):
        shop.sign_in(SECRET_HASH=shop.hash(SECOND))


def test_a_refresh_token_works_with_the_other_secret(shop: Shop) -> None:
    tokens = shop.sign_in(SECRET_HASH=shop.hash(shop.client.value))

    def refresh(value: str) -> dict[str, Any]:
        answer = shop.emulator.cognito.initiate_auth(
            ClientId=shop.client.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={
                "REFRESH_TOKEN": tokens["RefreshToken"],
                "SECRET_HASH": shop.hash(value),
            },
        )
        return dict(answer["AuthenticationResult"])

    assert refresh(SECOND)["AccessToken"]
    with pytest.raises(ClientError, match="Unable to verify secret hash"):
        refresh("wrong")


ROTATION = {
    "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
}


def test_each_refresh_gives_a_new_refresh_token_where_they_rotate(
    emulator: CognitoEmulator,
) -> None:
    shop = open_shop(emulator, **ROTATION)

    def refresh(token: str, secret: str = SECOND) -> dict[str, Any]:
        answer = emulator.cognito.get_tokens_from_refresh_token(
            RefreshToken=token, ClientId=shop.client.client_id, ClientSecret=secret
        )
        return dict(answer["AuthenticationResult"])

    first = shop.sign_in(SECRET_HASH=shop.hash(SECOND))["RefreshToken"]
    second = refresh(first)["RefreshToken"]
    assert refresh(second, str(shop.client.value))["RefreshToken"] not in {first, second}
    for used_up in (first, "made-up"):
        with pytest.raises(ClientError, match="Invalid Refresh Token") as caught:
            refresh(used_up)
        assert caught.value.response["Error"]["Code"] == "NotAuthorizedException"
    with pytest.raises(ClientError, match="client secret") as caught:
        refresh(first, "wrong_wrong_wrong_wrong_wrong")
    assert caught.value.response["Error"]["Code"] == "NotAuthorizedException"
    with pytest.raises(ClientError, match="REFRESH_TOKEN_AUTH flow not enabled"):
        emulator.cognito.initiate_auth(
            ClientId=shop.client.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": second, "SECRET_HASH": shop.hash(SECOND)},
        )


def test_no_new_refresh_token_is_given_where_they_do_not_rotate(shop: Shop) -> None:
    token = shop.sign_in(SECRET_HASH=shop.hash(SECOND))["RefreshToken"]
    answer = shop.emulator.cognito.get_tokens_from_refresh_token(
        RefreshToken=token, ClientId=shop.client.client_id, ClientSecret=SECOND
    )
    assert "RefreshToken" not in answer["AuthenticationResult"]


def test_a_revoked_refresh_token_is_no_good(shop: Shop) -> None:
    token = shop.sign_in(SECRET_HASH=shop.hash(SECOND))["RefreshToken"]
    client_id, cognito = shop.client.client_id, shop.emulator.cognito
    with pytest.raises(ClientError, match="client secret"):
        cognito.revoke_token(Token=token, ClientId=client_id)
    cognito.revoke_token(Token=token, ClientId=client_id, ClientSecret=SECOND)
    with pytest.raises(ClientError, match="Invalid Refresh Token"):
        cognito.get_tokens_from_refresh_token(
            RefreshToken=token, ClientId=client_id, ClientSecret=SECOND
        )
