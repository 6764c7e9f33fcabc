"""A typed way to a running emulator: its AWS API, its token endpoint, its control endpoints."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Unpack

import boto3
import requests
from botocore.config import Config

from emulator.calls import Pause, RecordedCall, TallyRow
from emulator.knobs import Knobs

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

REGION: Final = "eu-west-1"
SCOPE: Final = "orders/read"
FLOWS: Final = (
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)
REDIRECT_URI: Final = "https://app.example.com/callback"
TIMEOUT: Final = 30.0
"""Seconds to wait for an answer of the emulator."""


@dataclass(frozen=True, slots=True)
class Client:
    """An app client that was created for a test."""

    pool_id: str
    client_id: str
    value: str | None
    """Its first secret; `None` for a public client."""


@dataclass(frozen=True, slots=True)
class SecretState:
    """One secret of a client, deleted ones too; without its value."""

    secret_id: str
    created: datetime
    active: bool
    original: bool


class RemoteEmulator:
    """An emulated Cognito that runs somewhere.

    Attributes:
        url: where it listens, without a slash at the end.
    """

    def __init__(self, url: str) -> None:
        """Reach the emulator at *url*."""
        self.url = url
        self._clients: dict[str, CognitoIdentityProviderClient] = {}

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that point any AWS SDK at the emulator."""
        return {
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": self.url,
            "AWS_ENDPOINT_URL_STS": self.url,
            "AWS_ACCESS_KEY_ID": "emulator",
            "AWS_SECRET_ACCESS_KEY": "emulator",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def token_endpoint(self, pool_id: str) -> str:
        """Give the URL of a pool's token endpoint."""
        return f"{self.url}/{pool_id}/oauth2/token"

    def authorization_endpoint(self, pool_id: str) -> str:
        """Give the URL of a pool's authorization endpoint, which asks nobody anything."""
        return f"{self.url}/{pool_id}/oauth2/authorize"

    @property
    def cognito(self) -> "CognitoIdentityProviderClient":
        """A boto3 client that tries once; good for the pools of all regions."""
        return self.cognito_in(REGION)

    def cognito_in(self, region: str) -> "CognitoIdentityProviderClient":
        """Give a boto3 client that tries once and signs for a region."""
        if region not in self._clients:
            # With a session of its own: boto3's default one may not be used from many threads.
            self._clients[region] = boto3.session.Session().client(
                "cognito-idp",
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id="emulator",
                aws_secret_access_key="emulator",
                config=Config(retries={"total_max_attempts": 1}, max_pool_connections=32),
            )
        return self._clients[region]

    # --- what tests begin with ---

    def create_pool(
        self, name: str = "shop", *, region: str = REGION, domain: str | None = None
    ) -> str:
        """Create a pool with a resource server that knows `SCOPE`, and on wish with a domain.

        Returns:
            The pool's id.
        """
        # Creating names no pool yet, so here alone the region that signs counts.
        pool_id = self.cognito_in(region).create_user_pool(PoolName=name)["UserPool"]["Id"]
        identifier, scope_name = SCOPE.split("/")
        self.cognito.create_resource_server(
            UserPoolId=pool_id,
            Identifier=identifier,
            Name=identifier,
            Scopes=[{"ScopeName": scope_name, "ScopeDescription": scope_name}],
        )
        if domain is not None:
            self.cognito.create_user_pool_domain(UserPoolId=pool_id, Domain=domain)
        return pool_id

    def create_client(
        self,
        pool_id: str,
        *,
        secret: str | None = None,
        generate: bool = True,
        age: timedelta = timedelta(0),
        flows: Iterable[str] = FLOWS,
        extra: Mapping[str, object] | None = None,
    ) -> Client:
        """Create an app client: for `client_credentials` if it has a secret, else for `code`.

        AWS allows no client both; `extra` makes a confidential one for `code`.

        Args:
            pool_id: the pool.
            secret: its first secret; drawn by Cognito if `None`.
            generate: `False`, with no `secret`, makes a public client.
            age: how long ago its secret was made.
            flows: its `ExplicitAuthFlows`.
            extra: further parameters of `CreateUserPoolClient`; they win.
        """
        is_confidential = generate or secret is not None
        grants = ["client_credentials"] if is_confidential else ["code"]
        parameters: dict[str, Any] = {
            "ClientName": "orders",
            "ExplicitAuthFlows": list(flows),
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthFlows": grants,
            "AllowedOAuthScopes": [SCOPE],
        }
        if secret is not None:
            parameters["ClientSecret"] = secret
        elif generate:
            parameters["GenerateSecret"] = True
        parameters |= extra or {}
        answer = self.cognito.create_user_pool_client(UserPoolId=pool_id, **parameters)
        created = answer["UserPoolClient"]
        client = Client(pool_id, created["ClientId"], created.get("ClientSecret"))
        if age:
            self.age_secrets(client.client_id, age)
        return client

    # --- knobs and control endpoints ---

    def set_knobs(self, **knobs: Unpack[Knobs]) -> None:
        """Set the knobs that are named and leave the others; `Knobs` says what each does."""
        self._control("PUT", "/knobs", knobs)

    def knobs(self) -> Knobs:
        """Give the knobs in force; counts show how many faults are still to come."""
        in_force: Knobs = self._control("GET", "/knobs")
        return in_force

    def calls(self, operation: str | None = None) -> list[RecordedCall]:
        """Give the calls so far, the oldest first, of one operation or of all."""
        calls: list[RecordedCall] = self._control("GET", "/calls")["calls"]
        return [call for call in calls if operation in {None, call["operation"]}]

    def tally(self) -> list[TallyRow]:
        """Give how often each client was answered, also what `calls` has forgotten."""
        rows: list[TallyRow] = self._control("GET", "/tally")["tally"]
        return rows

    def pauses(self) -> list[Pause]:
        """Give the longest pause between two accepted calls, by client, operation and flow."""
        pauses: list[Pause] = self._control("GET", "/tally")["pauses"]
        return pauses

    def forget_calls(self) -> None:
        """Forget the calls so far."""
        self._control("DELETE", "/calls")

    def reset(self) -> None:
        """Forget everything: pools, clients, users, calls; put the knobs back."""
        self._control("POST", "/reset")

    def secrets(self, client_id: str) -> list[SecretState]:
        """Give all secrets a client ever had, in the order of their addition."""
        return _states(self._control("GET", f"/clients/{client_id}/secrets"))

    def age_secrets(
        self, client_id: str, age: timedelta, *, secret_id: str | None = None
    ) -> list[SecretState]:
        """Let a client's secret, or all of them, have been made `age` ago; ids stay as they are.

        Returns:
            All its secrets, as they are now.
        """
        body = {"secret_age_seconds": age.total_seconds(), "secret_id": secret_id}
        return _states(self._control("POST", f"/clients/{client_id}/age", body))

    def accepts(self, client_id: str, value: str) -> bool:
        """Tell whether the token endpoint would accept a value now; recorded nowhere."""
        return self.accepted_id(client_id, value) is not None

    def accepted_id(self, client_id: str, value: str) -> str | None:
        """Give the id of the secret which a value that is accepted now belongs to."""
        body = {"client_id": client_id, "value": value}
        secret_id: str | None = self._control("POST", "/accepts", body)["secret_id"]
        return secret_id

    def _control(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 -- JSON
        url = f"{self.url}/_emulator{path}"
        response = requests.request(method, url, json=body, timeout=TIMEOUT)
        if not response.ok:
            raise ValueError(f"{method} {path}: {response.text}")
        return response.json()


def _states(answer: Mapping[str, Any]) -> list[SecretState]:
    return [
        SecretState(
            secret_id=secret["secret_id"],
            created=datetime.fromisoformat(secret["created"]),
            active=secret["active"],
            original=secret["original"],
        )
        for secret in answer["secrets"]
    ]
