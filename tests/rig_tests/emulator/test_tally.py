"""What the emulator counts by itself: sign-ins accepted and refused, for each secret."""

import requests

from emulator import CognitoEmulator

FIRST = "A" * 24
SECOND = "B" * 24


def ask(emulator: CognitoEmulator, pool: str, client_id: str, value: str) -> int:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": value}
    return requests.post(emulator.token_endpoint(pool), data=form, timeout=10).status_code


def test_sign_ins_are_counted_by_the_secret_that_was_shown(
    emulator: CognitoEmulator, pool: str
) -> None:
    client = emulator.create_client(pool, secret=FIRST)
    added = emulator.cognito.add_user_pool_client_secret(
        UserPoolId=pool, ClientId=client.client_id, ClientSecret=SECOND
    )
    first, second = (one.secret_id for one in emulator.secrets(client.client_id))
    assert added["ClientSecretDescriptor"]["ClientSecretId"] == second
    for value in (FIRST, SECOND, SECOND, "C" * 24):
        ask(emulator, pool, client.client_id, value)
    emulator.forget_calls()
    rows = [row for row in emulator.tally() if row["flow"] == "client_credentials"]
    assert [(row["secret"], row["outcome"], row["count"]) for row in rows] == [
        (first, "OK", 1),
        (second, "OK", 2),
        (None, "invalid_client", 1),
    ]


def test_a_pause_lasts_from_one_accepted_call_to_the_next(
    emulator: CognitoEmulator, pool: str
) -> None:
    client = emulator.create_client(pool, secret=FIRST)
    for value in (FIRST, SECOND, FIRST):
        ask(emulator, pool, client.client_id, value)
    accepted, _refused = (row for row in emulator.tally() if row["flow"] == "client_credentials")
    (pause,) = (one for one in emulator.pauses() if one["flow"] == "client_credentials")
    assert pause["seconds"] == accepted["last_at"] - accepted["first_at"] > 0
