"""The operations on app clients and their secrets; those that moto lacks or has differently.

Sources: the operations of the same names in the API reference.
"""

import secrets
import string
from collections.abc import Callable
from typing import Any, Final

from moto.cognitoidp.models import CognitoIdpUserPoolDomain

from emulator.aws_calls import AwsCall
from emulator.errors import InvalidParameterError
from emulator.laws import ClientSecret, ClientSecrets, check_format
from emulator.moto_bridge import Answer, Moto
from emulator.world import World

Handler = Callable[[World, Moto, AwsCall], Answer]
"""Carries a call out. Raises `AwsError`."""

DRAWN_LENGTH: Final = 52
_ALPHABET: Final = string.ascii_lowercase + string.digits


def draw_value() -> str:
    """Draw a value the way Cognito does: 52 small letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(DRAWN_LENGTH))


def add_client_secret(world: World, _moto: Moto, call: AwsCall) -> Answer:
    """`AddUserPoolClientSecret`: the value is shown only if Cognito drew it, and only now."""
    known = world.secrets_of(call.text("ClientId"), call.text("UserPoolId"))
    given = call.parameters.get("ClientSecret")
    value = draw_value() if given is None else str(given)
    descriptor = _descriptor(known.add(value, world.knobs.now()))
    if given is None:
        descriptor["ClientSecretValue"] = value
    return {"ClientSecretDescriptor": descriptor}


def list_client_secrets(world: World, _moto: Moto, call: AwsCall) -> Answer:
    """`ListUserPoolClientSecrets`: two descriptors at most fit on one page."""
    known = world.secrets_of(call.text("ClientId"), call.text("UserPoolId"))
    tick = world.knobs.now().tick - world.knobs.list_lag()
    return {"ClientSecrets": [_descriptor(secret) for secret in known.active(tick)]}


def delete_client_secret(world: World, _moto: Moto, call: AwsCall) -> Answer:
    """`DeleteUserPoolClientSecret`."""
    known = world.secrets_of(call.text("ClientId"), call.text("UserPoolId"))
    known.delete(call.text("ClientSecretId"), world.knobs.now())
    return {}


def create_client(world: World, moto: Moto, call: AwsCall) -> Answer:
    """`CreateUserPoolClient`: public, or with a secret that is drawn or given."""
    wanted: dict[str, Any] = dict(call.parameters)
    given, generate = wanted.pop("ClientSecret", None), wanted.pop("GenerateSecret", False)
    if given is not None and generate:
        raise InvalidParameterError("GenerateSecret and ClientSecret exclude each other.")
    if given is not None:
        check_format(str(given))
    answer = moto.answer(call, wanted)
    client_id = answer["UserPoolClient"]["ClientId"]
    original = draw_value() if generate else given
    world.secrets[client_id] = ClientSecrets(client_id, original, world.knobs.now())
    return _with_secret(world, answer)


def show_client(world: World, moto: Moto, call: AwsCall) -> Answer:
    """`DescribeUserPoolClient`, `UpdateUserPoolClient`: with the original value while it lives."""
    return _with_secret(world, moto.answer(call))


def delete_client(world: World, moto: Moto, call: AwsCall) -> Answer:
    """`DeleteUserPoolClient`: its secrets go with it."""
    answer = moto.answer(call)
    world.secrets.pop(call.text("ClientId"), None)
    return answer


def describe_pool(world: World, moto: Moto, call: AwsCall) -> Answer:
    """`DescribeUserPool`: with the domains, which moto does not tell apart."""
    answer = moto.answer(call)
    described = answer["UserPool"]
    described.pop("Domain", None)
    for domain in _domains(world, call.text("UserPoolId")):
        described["CustomDomain" if domain.custom_domain_config else "Domain"] = domain.domain
    return answer


def _domains(world: World, pool_id: str) -> list[CognitoIdpUserPoolDomain]:
    domains = world.pool(pool_id).backend.user_pool_domains.values()
    return [domain for domain in domains if domain.user_pool_id == pool_id]


def _with_secret(world: World, answer: Answer) -> Answer:
    client = answer["UserPoolClient"]
    original = world.secrets[client["ClientId"]].original_value(world.knobs.now().tick)
    if original is not None:
        client["ClientSecret"] = original
    return answer


def _descriptor(secret: ClientSecret) -> dict[str, Any]:
    return {
        "ClientSecretId": secret.secret_id,
        "ClientSecretCreateDate": secret.created.timestamp(),
    }


HANDLERS: Final[dict[str, Handler]] = {
    "AddUserPoolClientSecret": add_client_secret,
    "CreateUserPoolClient": create_client,
    "DeleteUserPoolClient": delete_client,
    "DeleteUserPoolClientSecret": delete_client_secret,
    "DescribeUserPool": describe_pool,
    "DescribeUserPoolClient": show_client,
    "ListUserPoolClientSecrets": list_client_secrets,
    "UpdateUserPoolClient": show_client,
}
