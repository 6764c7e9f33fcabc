"""The command, the process, and what it does with requests that it does not know."""

import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
import requests

from emulator import CognitoEmulator

RIGS = Path(__file__).parents[2] / "rigs"


def test_the_command_writes_its_port_and_ends_with_its_parent(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "--port-file", str(port_file), "--while-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(RIGS)},
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url == f"http://127.0.0.1:{port_file.read_text(encoding='ascii').strip()}"
    assert requests.get(f"{url}/_emulator/calls", timeout=10).json() == {"calls": []}
    assert process.stdin is not None
    process.stdin.close()
    assert "list-user-pool-client-secrets" in process.stdout.read()
    process.stdout.close()
    assert process.wait(timeout=10) == 0


def test_two_emulators_share_nothing(emulator: CognitoEmulator) -> None:
    with CognitoEmulator() as second:
        second.create_pool()
        assert emulator.calls() == []
        url = second.url
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/_emulator/calls", timeout=10)


def test_an_unknown_operation_gets_an_error_that_sdks_understand(
    emulator: CognitoEmulator,
) -> None:
    response = requests.post(
        emulator.url,
        headers={"X-Amz-Target": "AWSCognitoIdentityProviderService.RotateEverything"},
        json={},
        timeout=10,
    )
    assert response.status_code == 400
    assert response.json()["__type"] == "UnknownOperationException"
    assert response.headers["Content-Type"] == "application/json"


def test_a_control_path_that_does_not_exist_is_not_found(emulator: CognitoEmulator) -> None:
    response = requests.get(f"{emulator.url}/_emulator/nothing", timeout=10)
    assert response.status_code == 404


def test_a_call_with_a_lent_role_is_recorded_with_it_and_finds_the_same_pools(
    emulator: CognitoEmulator, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    role = "arn:aws:iam::111122223333:role/rotate"
    lent = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    cognito = boto3.client(
        "cognito-idp",
        aws_access_key_id=lent["AccessKeyId"],
        aws_secret_access_key=lent["SecretAccessKey"],
        aws_session_token=lent["SessionToken"],
    )
    cognito.describe_user_pool(UserPoolId=pool)
    *_, assumed, described = emulator.calls()
    assert (assumed["operation"], assumed["outcome"]) == ("AssumeRole", "OK")
    assert (described["operation"], described["role"]) == ("DescribeUserPool", role)


def test_every_answer_has_an_id_which_is_on_record(emulator: CognitoEmulator) -> None:
    pool_id = emulator.create_pool()
    answer = emulator.cognito.list_user_pool_clients(UserPoolId=pool_id)
    with pytest.raises(emulator.cognito.exceptions.ResourceNotFoundException) as caught:
        emulator.cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId="nobody")
    told = [one["ResponseMetadata"]["RequestId"] for one in (answer, caught.value.response)]
    assert [call["request_id"] for call in emulator.calls()][-2:] == told
    assert told[0] != told[1]
