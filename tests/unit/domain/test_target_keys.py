"""The table of target keys: what each shows, and that no two have one name."""

from itertools import permutations
from typing import Final

import pytest

from cognito_secret_operator.domain.target_keys import TARGET_KEYS, Shown, TargetKey, TargetKeys
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.errors import InvalidResourceError

from support.builders import CLIENT

SHOWN: Final = Shown(
    client=CLIENT,
    current=SecretValue("value of B"),
    current_id="B",
    previous=SecretValue("value of A"),
    token_endpoint="https://auth.example.com/oauth2/token",
)
TEXTS: Final = {
    "clientId": CLIENT.client_id,
    "current": "value of B",
    "previous": "value of A",
    "userPoolId": CLIENT.pool_id,
    "issuer": f"https://cognito-idp.eu-west-1.amazonaws.com/{CLIENT.pool_id}",
    "tokenEndpoint": "https://auth.example.com/oauth2/token",
    "secretId": "B",
}
"""Field -> what the key shows of `SHOWN`."""

EVERY: Final = {row.field: f"key-of-{row.field}" for row in TARGET_KEYS}


def test_every_key_shows_what_it_should() -> None:
    data = TargetKeys(**EVERY).data(SHOWN)
    found = {field: data[name].reveal() for field, name in EVERY.items() if name in data}
    assert found == TEXTS, "add the new key to TEXTS, with the text that it should show"


def test_a_key_without_a_default_is_there_only_where_it_is_named() -> None:
    assert set(TargetKeys().data(SHOWN)) == {row.default for row in TARGET_KEYS if row.default}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(one, other, id=f"{one.field} named like {other.field}")
        for one, other in permutations(TARGET_KEYS, 2)
    ],
)
def test_no_two_keys_have_one_name(one: TargetKey, other: TargetKey) -> None:
    chosen = {**EVERY, one.field: EVERY[other.field]}
    with pytest.raises(InvalidResourceError, match="must differ from each other"):
        TargetKeys(**chosen)
    if other.default:
        with pytest.raises(InvalidResourceError, match="must differ from each other"):
            TargetKeys(**{one.field: other.default})


def test_fields_and_default_names_are_unique() -> None:
    for names in (
        [row.field for row in TARGET_KEYS],
        [row.default for row in TARGET_KEYS if row.default],
    ):
        assert len(set(names)) == len(names)


def test_a_field_that_no_row_has_is_refused() -> None:
    with pytest.raises(TypeError, match="realm"):
        TargetKeys(realm="r")
