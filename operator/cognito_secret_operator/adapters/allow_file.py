"""Parser of the allow-list: YAML (and thus JSON) -> rules."""

import re
from collections.abc import Mapping
from typing import Final

import yaml

from ..domain.platform_policy import AllowList, AllowRule

__all__ = ["UnusableError", "read_rules"]

_KEYS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "namespaces": (re.compile(r"[-a-z0-9*]{1,63}"), 'a namespace like shop, or "team-*"'),
    "userPools": (
        re.compile(r"[-_0-9A-Za-z*]{1,55}"),
        'a user pool\'s id like eu-west-1_AbCdEfGhI, or "eu-west-1_*"',
    ),
    "roles": (
        re.compile(r"[*]|arn:aws[-a-z*]*:iam::[!-~]+"),
        'a role\'s ARN like "arn:aws:iam::111122223333:role/cognito-*"',
    ),
}
"""Key of a rule -> form of its entries, and an example for the error message."""


class UnusableError(Exception):
    """The text is not a valid list of rules; the message names the place, after the file's name."""


def read_rules(raw: bytes) -> AllowList:
    """Read ``rules: [{namespaces: […], userPools: […], roles: […]}]``.

    Raises:
        UnusableError: any part is invalid. A partly understood rule might allow too much.

    """
    try:
        document = yaml.safe_load(raw.decode("utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise UnusableError(f"is not valid YAML{line}") from None
    if not isinstance(document, dict) or list(document) != ["rules"]:
        raise UnusableError("must have exactly one key, rules, with a list")
    rules = document["rules"]
    if not isinstance(rules, list):
        raise UnusableError("must have a list under rules; an empty list, [], allows nothing")
    return AllowList(tuple(_rule(f"rules[{at}]", rule) for at, rule in enumerate(rules)))


def _rule(where: str, rule: object) -> AllowRule:
    if not isinstance(rule, dict):
        raise UnusableError(f"{where}: must be a mapping of {', '.join(_KEYS)}")
    if unknown := sorted(str(key) for key in rule if key not in _KEYS):
        raise UnusableError(f"{where}: unknown key {unknown[0]}; write {', '.join(_KEYS)}")
    return AllowRule(
        namespaces=_patterns(where, "namespaces", rule),
        user_pools=_patterns(where, "userPools", rule),
        roles=_patterns(where, "roles", rule) if "roles" in rule else (),
    )


def _patterns(where: str, key: str, rule: Mapping[object, object]) -> tuple[str, ...]:
    form, example = _KEYS[key]
    entries = rule.get(key)
    if not isinstance(entries, list) or not entries:
        raise UnusableError(f"{where}.{key}: must be a list with at least one entry")
    for entry in entries:
        if not isinstance(entry, str) or not form.fullmatch(entry):
            raise UnusableError(f"{where}.{key}: each entry must be {example}")
    return tuple(entries)
