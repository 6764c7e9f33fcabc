"""The token endpoint: each grant and each error of RFC 6749, section 5.2."""

import time
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlparse

import pytest
import requests
from joserfc import jwk, jwt

from emulator import Client, CognitoEmulator
from emulator.remote import REDIRECT_URI, SCOPE

VALUE = "plus+plus+plus+plus+plus+plus"
CODE_FLOW = {
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid"],
    "CallbackURLs": [REDIRECT_URI],
    "SupportedIdentityProviders": ["COGNITO"],
}


@pytest.fixture
def machine(emulator: CognitoEmulator, pool: str) -> Client:
    return emulator.create_client(pool, secret=VALUE)


@pytest.fixture
def web(emulator: CognitoEmulator, pool: str) -> Client:
    emulator.cognito.admin_create_user(UserPoolId=pool, Username="ada")
    return emulator.create_client(pool, secret=VALUE, extra=CODE_FLOW)


def ask(
    emulator: CognitoEmulator, client: Client, secret: str | None = VALUE, **form: str
) -> requests.Response:
    """Ask with HTTP Basic; without a secret the client names itself in the form."""
    auth = None if secret is None else (client.client_id, secret)
    if auth is None:
        form["client_id"] = client.client_id
    return requests.post(emulator.token_endpoint(client.pool_id), data=form, auth=auth, timeout=10)


def authorize(emulator: CognitoEmulator, client: Client, **more: str) -> requests.Response:
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": REDIRECT_URI,
        "state": "s",
        **more,
    }
    return requests.get(
        emulator.authorization_endpoint(client.pool_id),
        params=asked,
        allow_redirects=False,
        timeout=10,
    )


def code_of(response: requests.Response) -> str:
    [code] = parse_qs(urlparse(response.headers["Location"]).query)["code"]
    return code


def claims(emulator: CognitoEmulator, pool: str, token: str) -> dict[str, Any]:
    keys = requests.get(f"{emulator.url}/{pool}/.well-known/jwks.json", timeout=10).json()
    return dict(jwt.decode(token, jwk.KeySet.import_key_set(keys)).claims)


def test_a_machine_gets_a_token_signed_by_the_pool(
    emulator: CognitoEmulator, machine: Client
) -> None:
    response = ask(emulator, machine, grant_type="client_credentials")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    token = claims(emulator, machine.pool_id, response.json()["access_token"])
    assert (token["client_id"], token["scope"]) == (machine.client_id, SCOPE)
    assert abs(token["iat"] - time.time()) < 60


@pytest.mark.parametrize(
    "as_sent",
    [
        pytest.param(VALUE, id="the secret is sent in Basic as it is"),
        pytest.param(quote_plus(VALUE), id="the secret is form-encoded first, as the RFC has it"),
    ],
)
def test_basic_authentication_is_read_either_way(
    emulator: CognitoEmulator, machine: Client, as_sent: str
) -> None:
    assert ask(emulator, machine, as_sent, grant_type="client_credentials").ok


def test_the_form_authenticates_too_and_one_endpoint_serves_all_pools(
    emulator: CognitoEmulator, machine: Client
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": machine.client_id,
        "client_secret": VALUE,
        "scope": SCOPE,
    }
    assert requests.post(f"{emulator.url}/oauth2/token", data=form, timeout=10).ok


def test_the_endpoint_is_found_by_the_host_name_of_the_domain(emulator: CognitoEmulator) -> None:
    pools = [emulator.create_pool(domain=domain) for domain in ("shop", "bank")]
    client = emulator.create_client(pools[0])
    for domain, status in (("shop", 200), ("bank", 400)):
        response = requests.post(
            f"{emulator.url}/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(client.client_id, str(client.value)),
            headers={"Host": f"{domain}.auth.eu-west-1.amazoncognito.com"},
            timeout=10,
        )
        assert response.status_code == status


def test_a_code_is_exchanged_once_and_its_refresh_token_works(
    emulator: CognitoEmulator, web: Client
) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": code_of(authorize(emulator, web, login_hint="ada", nonce="n")),
        "redirect_uri": REDIRECT_URI,
    }
    tokens = ask(emulator, web, **form).json()
    identity = claims(emulator, web.pool_id, tokens["id_token"])
    assert (identity["cognito:username"], identity["nonce"]) == ("ada", "n")
    assert emulator.cognito.admin_get_user(UserPoolId=web.pool_id, Username="ada")
    again = ask(emulator, web, **form)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    refreshed = ask(
        emulator, web, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert refreshed.json().keys() == {"access_token", "id_token", "expires_in", "token_type"}


def test_a_code_is_good_only_for_its_redirect_uri(emulator: CognitoEmulator, web: Client) -> None:
    response = ask(
        emulator,
        web,
        grant_type="authorization_code",
        code=code_of(authorize(emulator, web)),
        redirect_uri="https://elsewhere.example.com",
    )
    assert response.json() == {"error": "invalid_grant"}


def test_a_refresh_rotates_the_token_where_that_is_on(
    emulator: CognitoEmulator, pool: str, web: Client
) -> None:
    extra = CODE_FLOW | {"RefreshTokenRotation": {"Feature": "ENABLED"}}
    client = emulator.create_client(pool, secret=VALUE, extra=extra)
    code = code_of(authorize(emulator, client))
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    first = ask(emulator, client, **form).json()["refresh_token"]
    second = ask(emulator, client, grant_type="refresh_token", refresh_token=first).json()
    assert second["refresh_token"] != first
    assert not ask(emulator, client, grant_type="refresh_token", refresh_token=first).ok
    assert web.client_id != client.client_id


MADE_UP_CODE = {"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT_URI}
MADE_UP_REFRESH = {"grant_type": "refresh_token", "refresh_token": "x"}


@pytest.mark.parametrize(
    ("error", "secret", "form"),
    [
        pytest.param("invalid_request", VALUE, {}, id="no grant is named"),
        pytest.param(
            "invalid_request", VALUE, {"grant_type": "refresh_token"}, id="no refresh token is sent"
        ),
        pytest.param(
            "invalid_request",
            VALUE,
            {"grant_type": "refresh_token", "client_id": "another"},
            id="header and form name two clients",
        ),
        pytest.param(
            "unsupported_grant_type", VALUE, {"grant_type": "password"}, id="the grant is unknown"
        ),
        pytest.param("invalid_client", "wrong", MADE_UP_REFRESH, id="the secret is wrong"),
        pytest.param("invalid_client", None, MADE_UP_REFRESH, id="there is no secret"),
        pytest.param(
            "invalid_grant", VALUE, MADE_UP_REFRESH, id="the secret is right, the token made up"
        ),
        pytest.param(
            "unauthorized_client", VALUE, MADE_UP_CODE, id="the client may not use the grant"
        ),
        pytest.param(
            "invalid_scope",
            VALUE,
            {"grant_type": "client_credentials", "scope": "orders/write"},
            id="the scope is not the client's",
        ),
    ],
)
def test_the_error_tells_what_is_wrong(
    emulator: CognitoEmulator, machine: Client, error: str, secret: str | None, form: dict[str, str]
) -> None:
    response = ask(emulator, machine, secret, **form)
    assert (response.status_code, response.json()) == (400, {"error": error})
    assert emulator.calls("Token")[-1]["outcome"] == error


def test_a_made_up_code_with_a_right_secret_is_an_invalid_grant(
    emulator: CognitoEmulator, web: Client
) -> None:
    assert ask(emulator, web, **MADE_UP_CODE).json() == {"error": "invalid_grant"}


def test_a_client_of_another_pool_is_an_invalid_client(
    emulator: CognitoEmulator, machine: Client
) -> None:
    stranger = Client(emulator.create_pool(), machine.client_id, machine.value)
    assert ask(emulator, stranger, **MADE_UP_REFRESH).json() == {"error": "invalid_client"}


def test_a_public_client_needs_no_secret_and_is_refused_with_one(
    emulator: CognitoEmulator, pool: str
) -> None:
    public = emulator.create_client(pool, generate=False)
    assert ask(emulator, public, None, **MADE_UP_REFRESH).json() == {"error": "invalid_grant"}
    assert ask(emulator, public, VALUE, **MADE_UP_REFRESH).json() == {"error": "invalid_client"}


def test_a_deleted_secret_is_an_invalid_client_at_once(
    emulator: CognitoEmulator, machine: Client
) -> None:
    client_id, pool_id, second = machine.client_id, machine.pool_id, f"{VALUE}2"
    emulator.cognito.add_user_pool_client_secret(
        UserPoolId=pool_id, ClientId=client_id, ClientSecret=second
    )
    emulator.cognito.delete_user_pool_client_secret(
        UserPoolId=pool_id,
        ClientId=client_id,
        ClientSecretId=emulator.secrets(client_id)[0].secret_id,
    )
    assert ask(emulator, machine, **MADE_UP_REFRESH).json() == {"error": "invalid_client"}
    assert ask(emulator, machine, second, **MADE_UP_REFRESH).json() == {"error": "invalid_grant"}
