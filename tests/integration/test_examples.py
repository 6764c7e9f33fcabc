"""The examples for other projects: their Secrets have the keys that those projects document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pytest
import yaml

from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import REPOSITORY, Shop

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

POOL_ID: Final = "eu-west-1_AbCdEfGhI"
CLIENT_ID: Final = "1example23456789"
"""What a reader puts their own in place of; everything else is applied as it stands."""


@dataclass(frozen=True)
class Documented:
    """An example, and the keys that the project's own documentation asks for."""

    folder: str
    keys: Mapping[str, str]
    """Key -> what it holds: ``id``, ``secret``, ``issuer`` or a text of the example itself."""

    def __str__(self) -> str:
        return self.folder


DOCUMENTED: Final = [
    # Files of a configuration tree are properties:
    # https://docs.spring.io/spring-boot/reference/features/external-config.html
    # and the properties are those of
    # https://docs.spring.io/spring-security/reference/servlet/oauth2/login/core.html
    Documented(
        "10-spring-boot",
        {
            "spring.security.oauth2.client.registration.cognito.client-id": "id",
            "spring.security.oauth2.client.registration.cognito.client-secret": "secret",
            "spring.security.oauth2.client.provider.cognito.issuer-uri": "issuer",
        },
    ),
    # https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/
    Documented("11-aws-load-balancer-controller", {"clientID": "id", "clientSecret": "secret"}),
    # OIDCClientIDKey and OIDCClientSecretKey of
    # https://github.com/envoyproxy/gateway/blob/main/api/v1alpha1/oidc_types.go
    Documented("12-envoy-gateway", {"client-id": "id", "client-secret": "secret"}),
    # config.existingSecret in
    # https://github.com/oauth2-proxy/manifests/blob/main/helm/oauth2-proxy/values.yaml
    Documented(
        "13-oauth2-proxy",
        {
            "client-id": "id",
            "client-secret": "secret",
            "cookie-secret": "<yours>",
        },
    ),
]


@pytest.mark.parametrize("example", DOCUMENTED, ids=str)
def test_the_secret_has_the_keys_that_the_project_documents(
    example: Documented, shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    first = shop.active_ids(client)
    name = apply(example.folder, shop, client)
    start_operator()
    shop.wait_ready(client, name)
    assert shown(example, shop, client, name) == (first[0], dict.fromkeys(example.keys, True))
    shop.annotate(name, rotate="drill-1")
    shop.wait(
        "a new secret is published", lambda: shown(example, shop, client, name)[0] not in first
    )
    assert shown(example, shop, client, name)[1] == dict.fromkeys(example.keys, True)


def apply(folder: str, shop: Shop, client: Client) -> str:
    """Apply a folder's files as a reader does; give the resource's name."""
    name = ""
    for path in sorted((REPOSITORY / "examples" / folder).glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        text = text.replace(POOL_ID, client.pool_id).replace(CLIENT_ID, client.client_id)
        documents = list(yaml.safe_load_all(text))
        shop.apply(*documents)
        found = [
            one["metadata"]["name"] for one in documents if one["apiVersion"].startswith("cog")
        ]
        name = (*found, name)[0]
    return name


def shown(
    example: Documented, shop: Shop, client: Client, name: str
) -> tuple[str | None, dict[str, bool]]:
    """Give the id of the secret under the current key, and which keys hold what they should."""
    data = shop.secret(name)
    wanted = {
        "id": client.client_id,
        "issuer": f"https://cognito-idp.eu-west-1.amazonaws.com/{client.pool_id}",
    }
    value = next(data.get(key, "") for key, what in example.keys.items() if what == "secret")
    accepted = shop.cognito.accepted_id(client.client_id, value)
    fits = {
        key: data.get(key) == wanted.get(what, what) if what != "secret" else accepted is not None
        for key, what in example.keys.items()
    }
    return accepted, fits
