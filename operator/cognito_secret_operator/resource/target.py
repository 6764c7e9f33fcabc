"""``spec.target``: the Secret that applications read."""

import re
from typing import Final, TypeVar

from ..domain.spec import TargetKeys, TargetSpec
from ..errors import InvalidResourceError
from ..names import JOURNAL_SUFFIX
from .sections import LABEL, Section

__all__ = ["target_spec"]

_Default = TypeVar("_Default", str, None)

_SECRET_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){LABEL.pattern}([.]{LABEL.pattern})*")
_DATA_KEY: Final = re.compile(r"(?![.]\Z|[.][.])[-._a-zA-Z0-9]{1,253}")


def target_spec(target: Section, resource_name: str) -> TargetSpec:
    """Read the section; the Secret is called like the resource where it is given no name."""
    spec = TargetSpec(_target_name(target, resource_name), _target_keys(target.section("keys")))
    target.refuse_the_rest()
    return spec


def _target_name(target: Section, name: str) -> str:
    given = target.matching(
        "name",
        _SECRET_NAME,
        "must be a valid name of a Secret: write lower-case letters, digits, '-' and '.'",
    )
    target_name = name if given is None else given
    if target_name.endswith(JOURNAL_SUFFIX):
        raise target.invalid(
            "name",
            f"must not end with {JOURNAL_SUFFIX}, which is how the operator calls its own "
            "Secrets: choose another target.name (the resource's name is its default)",
        )
    return target_name


def _target_keys(keys: Section) -> TargetKeys:
    defaults = TargetKeys()

    def read(key: str, default: _Default) -> str | _Default:
        text = keys.matching(
            key,
            _DATA_KEY,
            "must be a valid key of a Secret: write letters, digits, '-', '_' and '.'",
        )
        return default if text is None else text

    chosen = TargetKeys(
        client_id=read("clientId", defaults.client_id),
        current=read("current", defaults.current),
        previous=read("previous", defaults.previous),
        user_pool_id=read("userPoolId", None),
        issuer=read("issuer", None),
        token_endpoint=read("tokenEndpoint", None),
        secret_id=read("secretId", None),
    )
    keys.refuse_the_rest()
    _refuse_equal_keys(chosen)
    return chosen


def _refuse_equal_keys(chosen: TargetKeys) -> None:
    named = {
        "clientId": chosen.client_id,
        "current": chosen.current,
        "previous": chosen.previous,
        "userPoolId": chosen.user_pool_id,
        "issuer": chosen.issuer,
        "tokenEndpoint": chosen.token_endpoint,
        "secretId": chosen.secret_id,
    }
    given = {field: key for field, key in named.items() if key is not None}
    if len(set(given.values())) < len(given):
        shown = ", ".join(f"{field} {key}" for field, key in given.items())
        raise InvalidResourceError(
            f"spec.target.keys: must differ from each other, and are {shown}: give each key a name "
            "of its own"
        )
