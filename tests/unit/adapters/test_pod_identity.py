"""Credentials as EKS Pod Identity gives them: an agent hands them out to the pod's token.

The agent and Cognito are a real HTTP server on loopback, which the SDK allows as the agent's host.
"""

import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from botocore.utils import ContainerMetadataFetcher

from cognito_secret_operator.adapters.cognito import Cognito
from cognito_secret_operator.domain.model import ClientRef
from cognito_secret_operator.errors import RetryLaterError

CLIENT = ClientRef("eu-west-1_AbCdEfGhI", "1example23456789")

OTHER_SOURCES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)


class NoQuota:
    async def acquire(self, operation: str, client: ClientRef) -> None:
        """Let every call through."""

    def throttled(self, operation: str, client: ClientRef) -> None:
        """Take no notice."""


@dataclass
class Aws:
    """The agent on the node, and Cognito."""

    token_file: Path
    valid: timedelta = timedelta(hours=6)
    token: str = ""
    """The only one that the agent takes."""

    handed_out: list[str] = field(default_factory=list)
    """Access key ids, in order."""

    signed: list[Mapping[str, str]] = field(default_factory=list)
    """Headers of what arrived at Cognito."""

    def project_token(self) -> None:
        """Put a new token into the pod's file, as the kubelet does; the agent forgets the old."""
        self.token = secrets.token_hex(16)
        self.token_file.write_text(self.token)

    async def credentials(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != self.token:
            return web.json_response({"message": "not your token"}, status=401)
        self.handed_out.append(f"ASIA{secrets.token_hex(8).upper()}")
        return web.json_response(
            {
                "AccessKeyId": self.handed_out[-1],
                "SecretAccessKey": "made up",
                "Token": f"session of {self.handed_out[-1]}",
                "Expiration": (datetime.now(UTC) + self.valid).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )

    async def cognito(self, request: web.Request) -> web.StreamResponse:
        self.signed.append(dict(request.headers))
        return web.json_response({"ClientSecrets": []})


@pytest.fixture
async def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Aws]:
    aws = Aws(tmp_path / "eks-pod-identity-token")
    aws.project_token()
    app = web.Application()
    app.router.add_get("/v1/credentials", aws.credentials)
    app.router.add_post("/", aws.cognito)
    async with TestServer(app) as server:
        for name in OTHER_SOURCES:
            monkeypatch.delenv(name, raising=False)
        environment = {
            # The two that EKS sets in a pod whose ServiceAccount has an association.
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": str(server.make_url("/v1/credentials")),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(aws.token_file),
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": str(server.make_url("")).rstrip("/"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield aws


@pytest.fixture
def cognito(aws: Aws) -> Iterator[Cognito]:
    del aws  # whose environment it reads
    made = Cognito(quota=NoQuota(), on_call=lambda *_: None)
    yield made
    made.close()


async def test_what_the_agent_hands_out_to_the_pods_token_signs_the_requests(
    aws: Aws, cognito: Cognito
) -> None:
    for _ in range(2):
        assert await cognito.list_secrets(CLIENT) == ()
    [key_id] = aws.handed_out
    for headers in aws.signed:
        assert f"Credential={key_id}/" in headers["Authorization"]
        assert headers["X-Amz-Security-Token"] == f"session of {key_id}"
    assert len(aws.signed) == 2


async def test_credentials_are_renewed_with_the_token_that_is_in_the_file_by_then(
    aws: Aws, cognito: Cognito
) -> None:
    aws.valid = timedelta(minutes=1)  # which is too short to be kept
    await cognito.list_secrets(CLIENT)
    aws.project_token()
    await cognito.list_secrets(CLIENT)
    key_ids = [one["Authorization"].partition("Credential=")[2][:20] for one in aws.signed]
    assert key_ids[-1] == aws.handed_out[-1] != key_ids[0]


async def test_where_the_agent_refuses_the_token_nothing_is_sent_and_no_write_is_in_doubt(
    aws: Aws, cognito: Cognito, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ContainerMetadataFetcher, "SLEEP_TIME", 0)
    aws.token_file.write_text("of another pod")
    with pytest.raises(RetryLaterError, match="CredentialRetrievalError") as caught:
        await cognito.delete_secret(CLIENT, "id-1")
    assert type(caught.value) is RetryLaterError
    assert aws.handed_out == []
    assert aws.signed == []
