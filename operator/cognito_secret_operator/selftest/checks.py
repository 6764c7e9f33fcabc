"""Checks of an installation, without changes: the resource type, the process, its access.

Access is checked in both directions: needed rights must be granted, forbidden ones refused.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from ..errors import NotFoundError, OutsideError
from ..names import GROUP, KIND, VERSION
from .rights import FORBIDDEN, LEASE_RIGHTS, NEEDED, SECRET_RIGHTS, Right

__all__ = ["AccessPort", "Check", "Installation", "OwnPort", "SelfTest", "ServedType", "TypePort"]

TRIES: Final = 30
TYPE_TRIES: Final = 10
"""Tries to read the type: an API server publishes a schema some time after its installation."""

PAUSE_SECONDS: Final = 2.0
"""Pause between two tries: a Service may still route to pods that are ending."""

PATIENCE_SECONDS: Final = 180.0
"""Limit for all tries together, each of which may wait; `helm test` times out after 300."""

EVERY_CLUSTER_HAS: Final = ("default", "kube-system")
"""Namespaces to check by name: no access review covers the Roles of all namespaces at once."""

UNGRANTED: Final = "cognito-secret-operator-selftest"
"""Name of a Secret that no Role grants."""


@dataclass(frozen=True, slots=True)
class ServedType:
    """The resource type as the API server serves it."""

    subresources: frozenset[str]
    spec_fields: frozenset[str]
    """Fields of the first level."""


class AccessPort(Protocol):
    """The API server's access reviews for the process's credentials."""

    async def may(self, right: Right, namespace: str = "", name: str = "") -> bool:
        """Return whether *right* is granted; no namespace means all, no name any object."""


class TypePort(Protocol):
    """The API server's discovery."""

    async def served(self) -> ServedType:
        """Read the resource type.

        Raises:
            NotFoundError: the API server does not serve the type.

        """


class OwnPort(Protocol):
    """The operator's own HTTP endpoints, from outside."""

    async def readiness(self) -> str | None:
        """Return why the operator is not ready; None if it is."""

    async def version(self) -> str:
        """Read the operator's version from its metrics.

        Raises:
            OutsideError: the metrics cannot be read.

        """


@dataclass(frozen=True, slots=True)
class Check:
    """One check and its result."""

    what: str
    problem: str = ""
    """Problem and remedy; empty if the check passed."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The expected installation."""

    version: str
    spec_fields: frozenset[str]
    namespaces: tuple[str, ...]
    """Served namespaces; empty: the whole cluster."""

    secrets: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Namespace -> names of Secrets, if access is by name."""

    lease: tuple[str, str] | None = None
    """Namespace and name of the Lease."""


class SelfTest:
    """Self-test of an installation."""

    def __init__(
        self,
        installation: Installation,
        types: TypePort,
        access: AccessPort,
        own: OwnPort | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare, without a request yet; without *own* the process is not checked."""
        self._monotonic, self._until = monotonic, math.inf
        self._installation = installation
        self._types = types
        self._access = access
        self._own = own

    async def checks(self) -> AsyncIterator[Check]:
        """Yield one check after the other.

        Raises:
            OutsideError: the API server does not answer.

        """
        self._until = self._monotonic() + PATIENCE_SECONDS
        yield await self._type_is_served()
        if self._own is not None:
            yield await self._process_is_ready(self._own)
            yield await self._process_has_the_version(self._own)
        for namespace in self._installation.namespaces or ("",):
            yield await self._needed_is_allowed(namespace)
            yield await self._secrets_are_allowed(namespace)
            yield await self._forbidden_is_refused(namespace)
        if self._installation.lease is not None:
            yield await self._lease_is_allowed(*self._installation.lease)
            if self._installation.lease[0] not in self._installation.namespaces:
                yield await self._forbidden_is_refused(self._installation.lease[0])
        if self._installation.namespaces:
            for namespace in ("", *self._not_served()):
                yield await self._nothing_is_allowed(namespace)

    async def _type_is_served(self) -> Check:
        what = f"the API server serves {KIND} in {GROUP}/{VERSION} as this version reads it"
        return Check(what, await self._tried(self._problem_of_type, TYPE_TRIES))

    async def _problem_of_type(self) -> str:
        try:
            served = await self._types.served()
        except NotFoundError:
            return "the type is not served: install the resource type (crds.enabled=true)"
        missing = sorted(self._installation.spec_fields - served.spec_fields)
        if "status" not in served.subresources:
            missing.append("the subresource status")
        return f"the type lacks {', '.join(missing)}: upgrade it" if missing else ""

    async def _process_is_ready(self, own: OwnPort) -> Check:
        async def problem() -> str:
            return await own.readiness() or ""

        return Check("the operator is ready", await self._tried(problem, TRIES))

    async def _process_has_the_version(self, own: OwnPort) -> Check:
        wanted = self._installation.version

        async def problem() -> str:
            try:
                found = await own.version()
            except OutsideError as error:
                return error.message
            if found == wanted:
                return ""
            return f"found {found or 'none'}: wait for the roll-out and try again"

        what = f"the operator's metrics show version {wanted}"
        return Check(what, await self._tried(problem, TRIES))

    async def _tried(self, problem_of: Callable[[], Awaitable[str]], tries: int) -> str:
        """Return the problem of the last of *tries*, which end early at the time limit."""
        problem = await problem_of()
        for _ in range(tries - 1):
            if not problem or self._monotonic() >= self._until:
                break
            await asyncio.sleep(PAUSE_SECONDS)
            problem = await problem_of()
        return problem

    async def _needed_is_allowed(self, namespace: str) -> Check:
        refused = [right for right in NEEDED if not await self._access.may(right, namespace)]
        return _allowed("needed rights are granted", namespace, refused)

    async def _secrets_are_allowed(self, namespace: str) -> Check:
        names = self._names(namespace)
        checked = names or ("",)
        missing = [
            f"{right} {name}".strip()
            for name in checked
            for right in SECRET_RIGHTS
            if not await self._access.may(right, namespace, name)
        ]
        return _allowed(f"access to Secrets ({_by_name(names)}) is granted", namespace, missing)

    async def _forbidden_is_refused(self, namespace: str) -> Check:
        names = self._names(namespace)
        granted = [str(right) for right in FORBIDDEN if await self._access.may(right, namespace)]
        if names:
            granted += [
                f"{right} {UNGRANTED}"
                for right in SECRET_RIGHTS
                if await self._access.may(right, namespace, UNGRANTED)
            ]
        return _refused("forbidden rights are refused", namespace, granted)

    async def _lease_is_allowed(self, namespace: str, name: str) -> Check:
        missing = [
            right
            for right in LEASE_RIGHTS
            # A POST is authorised without a name.
            if not await self._access.may(right, namespace, "" if right.verb == "create" else name)
        ]
        return _allowed(f"access to the Lease {name} is granted", namespace, missing)

    async def _nothing_is_allowed(self, namespace: str) -> Check:
        """Check a namespace that is not served; without a name, all namespaces at once."""
        rights = (*NEEDED, *SECRET_RIGHTS)
        granted = [right for right in rights if await self._access.may(right, namespace)]
        return _refused("rights for served namespaces are refused", namespace, granted)

    def _not_served(self) -> list[str]:
        home = (self._installation.lease or ("",))[0]
        known = {home, *EVERY_CLUSTER_HAS} - {"", *self._installation.namespaces}
        return sorted(known)

    def _names(self, namespace: str) -> tuple[str, ...]:
        return tuple(self._installation.secrets.get(namespace, ()))


def _by_name(names: Collection[str]) -> str:
    return f"{len(names)} by name" if names else "all"


def _where(namespace: str) -> str:
    return f"in namespace {namespace}" if namespace else "in all namespaces at once"


def _allowed(what: str, namespace: str, missing: Collection[object]) -> Check:
    whole = f"{what} {_where(namespace)}"
    return Check(whole, f"refused: {_join(missing)}: grant it" if missing else "")


def _refused(what: str, namespace: str, granted: Collection[object]) -> Check:
    whole = f"{what} {_where(namespace)}"
    problem = f"granted: {_join(granted)}: remove it from the operator's ServiceAccount"
    return Check(whole, problem if granted else "")


def _join(rights: Collection[object]) -> str:
    return ", ".join(str(right) for right in rights)
