"""Each knob, over HTTP."""

import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
from botocore.exceptions import ClientError, ConnectionClosedError

from emulator import FOREVER, Client, CognitoEmulator, Failure

VALUE = "a_value_that_a_caller_drew_itself"
LAG = 0.4


@pytest.fixture
def client(emulator: CognitoEmulator, pool: str) -> Client:
    return emulator.create_client(pool)


def add(emulator: CognitoEmulator, client: Client) -> str:
    answer = emulator.cognito.add_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id, ClientSecret=VALUE
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


def ask(emulator: CognitoEmulator, client: Client, secret: str) -> requests.Response:
    return requests.post(
        emulator.token_endpoint(client.pool_id),
        data={"grant_type": "client_credentials"},
        auth=(client.client_id, secret),
        timeout=10,
    )


def error_code(do: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as caught:
        do()
    return caught.value.response["Error"]["Code"]


def wait_until(condition: Callable[[], bool]) -> None:
    """Poll until the condition holds, for ten seconds at most."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.01)


def test_throttle_answers_so_many_calls_with_too_many_requests(
    emulator: CognitoEmulator, client: Client
) -> None:
    emulator.set_knobs(throttle={"ListUserPoolClientSecrets": 2})
    for _ in range(2):
        assert error_code(lambda: list_ids(emulator, client)) == "TooManyRequestsException"
    assert len(list_ids(emulator, client)) == 1


def test_the_token_endpoint_can_be_throttled(emulator: CognitoEmulator, client: Client) -> None:
    emulator.set_knobs(throttle={"Token": 1})
    assert [ask(emulator, client, str(client.value)).status_code for _ in range(2)] == [429, 200]


def test_a_lost_answer_leaves_the_secret_behind(emulator: CognitoEmulator, client: Client) -> None:
    emulator.set_knobs(lose_answer={"AddUserPoolClientSecret": 1})
    with pytest.raises(ConnectionClosedError):
        add(emulator, client)
    assert emulator.accepts(client.client_id, VALUE)
    assert len(list_ids(emulator, client)) == 2
    [call] = emulator.calls("AddUserPoolClientSecret")
    assert (call["outcome"], call["lost"]) == ("OK", True)


def test_a_refused_call_loses_no_answer(emulator: CognitoEmulator, client: Client) -> None:
    add(emulator, client)
    emulator.set_knobs(lose_answer={"AddUserPoolClientSecret": 1})
    assert error_code(lambda: add(emulator, client)) == "LimitExceededException"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        pytest.param("AccessDeniedException", 400, id="access denied"),
        pytest.param("ResourceNotFoundException", 400, id="not found"),
        pytest.param("InternalErrorException", 500, id="internal error"),
    ],
)
def test_fail_answers_the_error_and_does_nothing(
    emulator: CognitoEmulator, client: Client, code: str, status: int
) -> None:
    emulator.set_knobs(fail={"AddUserPoolClientSecret": [{"code": code, "count": 1}]})
    with pytest.raises(ClientError) as caught:
        add(emulator, client)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert not emulator.accepts(client.client_id, VALUE)
    assert add(emulator, client)


def test_failures_come_in_order_and_one_without_end_stays(
    emulator: CognitoEmulator, client: Client
) -> None:
    emulator.set_knobs(
        fail={
            "ListUserPoolClientSecrets": [
                {"code": "InternalErrorException", "count": 1},
                {"code": "AccessDeniedException", "count": FOREVER},
            ]
        }
    )
    codes = [error_code(lambda: list_ids(emulator, client)) for _ in range(3)]
    assert codes == ["InternalErrorException", "AccessDeniedException", "AccessDeniedException"]
    emulator.set_knobs(fail={})
    assert list_ids(emulator, client)


def test_a_failure_can_be_for_one_pool_only(emulator: CognitoEmulator, client: Client) -> None:
    other = emulator.create_client(emulator.create_pool())
    denied: Failure = {
        "code": "AccessDeniedException",
        "count": FOREVER,
        "pool": client.pool_id,
    }
    emulator.set_knobs(fail={"ListUserPoolClientSecrets": [denied]})
    assert error_code(lambda: list_ids(emulator, client)) == "AccessDeniedException"
    assert list_ids(emulator, other)


def test_the_token_endpoint_can_fail_with_any_code(
    emulator: CognitoEmulator, client: Client
) -> None:
    emulator.set_knobs(fail={"Token": [{"code": "unauthorized_client", "count": 1}]})
    response = ask(emulator, client, str(client.value))
    assert (response.status_code, response.json()) == (400, {"error": "unauthorized_client"})


def test_delay_slows_one_operation_and_no_other(emulator: CognitoEmulator, client: Client) -> None:
    emulator.set_knobs(delay={"ListUserPoolClientSecrets": 2 * LAG})
    with ThreadPoolExecutor() as threads:
        begun = time.monotonic()
        slow = threads.submit(list_ids, emulator, client)
        assert add(emulator, client)
        assert not slow.done()
        assert len(slow.result()) == 2
    assert time.monotonic() - begun >= 2 * LAG


def test_a_new_secret_is_refused_until_the_activation_lag_is_over(
    emulator: CognitoEmulator, client: Client
) -> None:
    emulator.set_knobs(activation_lag=LAG)
    add(emulator, client)
    assert ask(emulator, client, VALUE).json() == {"error": "invalid_client"}
    assert ask(emulator, client, str(client.value)).ok
    assert len(list_ids(emulator, client)) == 2
    wait_until(lambda: ask(emulator, client, VALUE).ok)


def test_a_deleted_secret_is_accepted_until_the_deactivation_lag_is_over(
    emulator: CognitoEmulator, client: Client
) -> None:
    added = add(emulator, client)
    emulator.set_knobs(deactivation_lag=LAG)
    delete(emulator, client, added)
    assert ask(emulator, client, VALUE).ok
    assert len(list_ids(emulator, client)) == 1
    wait_until(lambda: not ask(emulator, client, VALUE).ok)


def test_list_lags_behind(emulator: CognitoEmulator, client: Client) -> None:
    emulator.set_knobs(list_lag=LAG)
    added = add(emulator, client)
    assert len(list_ids(emulator, client)) == 1
    assert emulator.accepts(client.client_id, VALUE)
    wait_until(lambda: added in list_ids(emulator, client))
    delete(emulator, client, added)
    assert added in list_ids(emulator, client)
    wait_until(lambda: added not in list_ids(emulator, client))


def test_clock_offset_shifts_creation_dates_and_tokens(
    emulator: CognitoEmulator, pool: str
) -> None:
    ago = timedelta(days=400)
    emulator.set_knobs(clock_offset=-ago.total_seconds())
    client = emulator.create_client(pool)
    [secret] = emulator.secrets(client.client_id)
    token = ask(emulator, client, str(client.value)).json()["access_token"]
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    then = datetime.now(tz=UTC) - ago
    assert abs(secret.created - then) < timedelta(minutes=1)
    assert abs(claims["iat"] - then.timestamp()) < 60


def test_one_of_two_secrets_can_be_made_older(emulator: CognitoEmulator, client: Client) -> None:
    added = add(emulator, client)
    original, second = emulator.age_secrets(client.client_id, timedelta(days=91), secret_id=added)
    assert second.secret_id == added
    assert timedelta(days=90) < original.created - second.created < timedelta(days=92)


def test_quota_lets_five_requests_a_second_pass_in_one_pool(
    emulator: CognitoEmulator, client: Client
) -> None:
    other = emulator.create_client(emulator.create_pool())
    emulator.set_knobs(quota=True)
    with ThreadPoolExecutor(16) as threads:
        begun = time.monotonic()
        answers = [threads.submit(list_ids, emulator, client) for _ in range(16)]
        refused = [answer for answer in answers if answer.exception()]
        allowed = 5 + 5 * (time.monotonic() - begun)
    assert 5 <= 16 - len(refused) <= allowed
    assert {call["outcome"] for call in emulator.calls("ListUserPoolClientSecrets")} == {
        "OK",
        "TooManyRequestsException",
    }
    assert list_ids(emulator, other)
    assert emulator.cognito.describe_user_pool(UserPoolId=client.pool_id)


def test_knobs_that_are_not_named_stay(emulator: CognitoEmulator) -> None:
    emulator.set_knobs(throttle={"Token": 3})
    emulator.set_knobs(quota=True)
    assert emulator.knobs()["throttle"] == {"Token": 3}
    emulator.reset()
    assert emulator.knobs()["throttle"] == {}


def test_a_knob_that_does_not_exist_is_refused(emulator: CognitoEmulator) -> None:
    response = requests.put(f"{emulator.url}/_emulator/knobs", json={"thrott": {}}, timeout=10)
    assert response.status_code == 400
    assert "thrott" in response.json()["error"]


def test_calls_are_recorded_in_order_and_without_values(
    emulator: CognitoEmulator, client: Client
) -> None:
    emulator.forget_calls()
    add(emulator, client)
    error_code(lambda: add(emulator, client))
    ask(emulator, client, "wrong")
    calls = emulator.calls()
    assert [(call["operation"], call["flow"], call["outcome"]) for call in calls] == [
        ("AddUserPoolClientSecret", None, "OK"),
        ("AddUserPoolClientSecret", None, "LimitExceededException"),
        ("Token", "client_credentials", "invalid_client"),
    ]
    assert {(call["pool"], call["client"]) for call in calls} == {
        (client.pool_id, client.client_id)
    }
    numbers = [call["sequence"] for call in calls]
    assert numbers == sorted(set(numbers))
    assert "Boto3" in calls[0]["user_agent"]
    assert VALUE not in json.dumps(calls)


def test_many_threads_at_once_keep_the_limit_of_two(
    emulator: CognitoEmulator, client: Client
) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = [threads.submit(add, emulator, client) for _ in range(16)]
    assert sum(answer.exception() is None for answer in answers) == 1
    assert len(list_ids(emulator, client)) == 2
