"""The laws of client secrets, over HTTP with boto3."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from emulator import Client, CognitoEmulator

VALUE = "abcdefghijklmnopqrstuvwxyz_ABC+123"


@pytest.fixture
def client(emulator: CognitoEmulator, pool: str) -> Client:
    return emulator.create_client(pool)


def add(emulator: CognitoEmulator, client: Client, value: str = VALUE) -> str:
    answer = emulator.cognito.add_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id, ClientSecret=value
    )
    return answer["ClientSecretDescriptor"]["ClientSecretId"]


def delete(emulator: CognitoEmulator, client: Client, secret_id: str) -> None:
    emulator.cognito.delete_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id, ClientSecretId=secret_id
    )


def list_ids(emulator: CognitoEmulator, client: Client) -> list[str]:
    answer = emulator.cognito.list_user_pool_client_secrets(
        UserPoolId=client.pool_id, ClientId=client.client_id
    )
    return [secret["ClientSecretId"] for secret in answer["ClientSecrets"]]


def describe(emulator: CognitoEmulator, client: Client) -> str | None:
    answer = emulator.cognito.describe_user_pool_client(
        UserPoolId=client.pool_id, ClientId=client.client_id
    )
    return answer["UserPoolClient"].get("ClientSecret")


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


def test_a_value_that_cognito_draws_is_shown_once_and_matches_the_pattern(
    emulator: CognitoEmulator, client: Client
) -> None:
    answer = emulator.cognito.add_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id
    )
    value = answer["ClientSecretDescriptor"]["ClientSecretValue"]
    assert re.fullmatch(r"[\w+]{24,64}", value)
    assert emulator.accepts(client.client_id, value)
    listed = emulator.cognito.list_user_pool_client_secrets(
        UserPoolId=client.pool_id, ClientId=client.client_id, NextToken="page"
    )
    assert [sorted(secret) for secret in listed["ClientSecrets"]] == [
        ["ClientSecretCreateDate", "ClientSecretId"]
    ] * 2


def test_a_value_that_the_caller_gives_is_not_shown(
    emulator: CognitoEmulator, client: Client
) -> None:
    answer = emulator.cognito.add_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id, ClientSecret=VALUE
    )
    assert "ClientSecretValue" not in answer["ClientSecretDescriptor"]
    assert emulator.accepted_id(client.client_id, VALUE) == list_ids(emulator, client)[1]


def test_ids_made_within_one_second_differ(emulator: CognitoEmulator, client: Client) -> None:
    ids = list_ids(emulator, client)
    for _ in range(3):
        ids.append(add(emulator, client))
        delete(emulator, client, ids[-1])
    assert len(set(ids)) == 4
    assert all(re.fullmatch(rf"{client.client_id}--\d+", secret_id) for secret_id in ids)


def test_a_third_secret_is_over_the_limit(emulator: CognitoEmulator, client: Client) -> None:
    add(emulator, client)
    with pytest.raises(ClientError) as caught:
        add(emulator, client)
    assert code(caught) == "LimitExceededException"
    assert len(list_ids(emulator, client)) == 2


def test_the_last_secret_cannot_be_deleted(emulator: CognitoEmulator, client: Client) -> None:
    [last] = list_ids(emulator, client)
    with pytest.raises(ClientError) as caught:
        delete(emulator, client, last)
    assert code(caught) == "InvalidParameterException"
    assert list_ids(emulator, client) == [last]


def test_a_deleted_secret_cannot_be_deleted_again(
    emulator: CognitoEmulator, client: Client
) -> None:
    added = add(emulator, client)
    delete(emulator, client, added)
    with pytest.raises(ClientError) as caught:
        delete(emulator, client, added)
    assert code(caught) == "ResourceNotFoundException"
    assert not emulator.accepts(client.client_id, VALUE)
    assert [secret.active for secret in emulator.secrets(client.client_id)] == [True, False]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("abcdefghijklmnopqrstuvw-x", id="a dash is outside the pattern"),
        pytest.param("abcdefghijklmnopqrstuvwé", id="a letter beyond ASCII is outside the pattern"),
    ],
)
def test_a_malformed_value_is_refused(
    emulator: CognitoEmulator, client: Client, value: str
) -> None:
    with pytest.raises(ClientError) as caught:
        add(emulator, client, value)
    assert code(caught) == "InvalidParameterException"
    assert value not in str(caught.value)


def test_a_public_client_can_be_given_no_secret(emulator: CognitoEmulator, pool: str) -> None:
    public = emulator.create_client(pool, generate=False)
    assert public.value is None
    assert list_ids(emulator, public) == []
    with pytest.raises(ClientError) as caught:
        add(emulator, public)
    assert code(caught) == "InvalidParameterException"


@pytest.mark.parametrize(
    ("pool_id", "client_id"),
    [
        pytest.param("eu-west-1_nothing", None, id="the pool does not exist"),
        pytest.param("atlantis-1_nothing", None, id="the region does not exist"),
        pytest.param(None, "nobody", id="the client does not exist"),
    ],
)
def test_what_does_not_exist_is_not_found(
    emulator: CognitoEmulator, client: Client, pool_id: str | None, client_id: str | None
) -> None:
    stranger = Client(pool_id or client.pool_id, client_id or client.client_id, None)
    with pytest.raises(ClientError) as caught:
        list_ids(emulator, stranger)
    assert code(caught) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as caught:
        describe(emulator, stranger)
    assert code(caught) == "ResourceNotFoundException"


def test_describe_shows_the_original_only_while_it_lives(
    emulator: CognitoEmulator, client: Client
) -> None:
    [original] = list_ids(emulator, client)
    add(emulator, client)
    assert describe(emulator, client) == client.value
    delete(emulator, client, original)
    assert describe(emulator, client) is None
    updated = emulator.cognito.update_user_pool_client(
        UserPoolId=client.pool_id, ClientId=client.client_id, ClientName="renamed"
    )
    assert "ClientSecret" not in updated["UserPoolClient"]


def test_a_client_can_begin_with_a_known_value(emulator: CognitoEmulator, pool: str) -> None:
    client = emulator.create_client(pool, secret=VALUE)
    assert client.value == VALUE
    assert describe(emulator, client) == VALUE
    assert emulator.accepts(client.client_id, VALUE)


def test_a_known_value_and_a_drawn_one_exclude_each_other(
    emulator: CognitoEmulator, pool: str
) -> None:
    with pytest.raises(ClientError) as caught:
        emulator.create_client(pool, secret=VALUE, extra={"GenerateSecret": True})
    assert code(caught) == "InvalidParameterException"


def test_pools_of_several_regions_live_side_by_side(emulator: CognitoEmulator) -> None:
    pools = [emulator.create_pool(region=region) for region in ("eu-west-1", "us-gov-west-1")]
    clients = [emulator.create_client(pool) for pool in pools]
    assert [client.pool_id.partition("_")[0] for client in clients] == [
        "eu-west-1",
        "us-gov-west-1",
    ]
    assert all(len(list_ids(emulator, client)) == 1 for client in clients)
    with pytest.raises(ClientError) as caught:
        list_ids(emulator, Client(pools[0], clients[1].client_id, None))
    assert code(caught) == "ResourceNotFoundException"


def test_a_secret_can_be_made_long_ago(emulator: CognitoEmulator, pool: str) -> None:
    client = emulator.create_client(pool, age=timedelta(days=91))
    [secret] = emulator.cognito.list_user_pool_client_secrets(
        UserPoolId=pool, ClientId=client.client_id
    )["ClientSecrets"]
    age = datetime.now(tz=UTC) - secret["ClientSecretCreateDate"]
    assert timedelta(days=91) <= age < timedelta(days=91, minutes=1)


def test_a_deleted_client_takes_its_secrets_along(
    emulator: CognitoEmulator, client: Client
) -> None:
    emulator.cognito.delete_user_pool_client(UserPoolId=client.pool_id, ClientId=client.client_id)
    with pytest.raises(ClientError) as caught:
        list_ids(emulator, client)
    assert code(caught) == "ResourceNotFoundException"
    with pytest.raises(ValueError, match="does not exist"):
        emulator.secrets(client.client_id)


def test_describe_user_pool_shows_its_domains(emulator: CognitoEmulator) -> None:
    pool = emulator.create_pool(domain="shop")
    emulator.cognito.create_user_pool_domain(
        UserPoolId=pool,
        Domain="login.example.com",
        CustomDomainConfig={"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"},
    )
    described = emulator.cognito.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert (described["Domain"], described["CustomDomain"]) == ("shop", "login.example.com")
