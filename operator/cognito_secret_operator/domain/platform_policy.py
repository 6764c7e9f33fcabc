"""What the platform team decided: which namespace may reach which pools, and the freeze switch."""

import json
import re
from dataclasses import dataclass

from .model import ClientRef

__all__ = ["AllowList", "AllowRule", "Denial", "PlatformPolicy", "rule_text"]


@dataclass(frozen=True, slots=True)
class AllowRule:
    """Who may reach what, as patterns in which ``*`` stands for anything.

    A rule without roles allows the operator's own credentials only, and one with roles nothing but
    these roles: a wide pattern of pools may rest on what a role can do.
    """

    namespaces: tuple[str, ...]
    user_pools: tuple[str, ...]
    roles: tuple[str, ...] = ()

    def reaches(self, namespace: str, pool_id: str) -> bool:
        """Return whether it is about this namespace and pool, whatever the role."""
        return _fits_one(self.namespaces, namespace) and _fits_one(self.user_pools, pool_id)

    def allows(self, namespace: str, client: ClientRef) -> bool:
        """Return whether a resource in *namespace* may name *client*, with its role."""
        if not self.reaches(namespace, client.pool_id):
            return False
        role = client.caller.role_arn
        return not self.roles if role is None else _fits_one(self.roles, role)


@dataclass(frozen=True, slots=True)
class AllowList:
    """The platform team's rules; what none of them allows is forbidden."""

    rules: tuple[AllowRule, ...] = ()

    def allows(self, namespace: str, client: ClientRef) -> bool:
        """Return whether any rule allows it."""
        return any(rule.allows(namespace, client) for rule in self.rules)

    def reaches(self, namespace: str, pool_id: str) -> bool:
        """Return whether any rule lets the namespace reach the pool, whatever the role."""
        return any(rule.reaches(namespace, pool_id) for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Denial:
    """No rule allows it: where the list is, and the rule that would."""

    where: str
    rule: str


@dataclass(frozen=True, slots=True)
class PlatformPolicy:
    """The platform team's word on one resource, read afresh in every pass."""

    denial: Denial | None = None
    frozen: str | None = None
    """Why nothing may be written at all, in words; None while it may."""


def rule_text(namespace: str, client: ClientRef) -> str:
    """Write the narrowest rule that allows it, in JSON, which is YAML too."""
    rule = {"namespaces": [namespace], "userPools": [client.pool_id]}
    if client.caller.role_arn is not None:
        rule["roles"] = [client.caller.role_arn]
    return json.dumps(rule)


def _fits_one(patterns: tuple[str, ...], text: str) -> bool:
    return any(_fits(pattern, text) for pattern in patterns)


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None
