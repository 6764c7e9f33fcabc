"""A fake Cognito: one app client and its laws, and the token endpoint in front of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cognito_secret_operator.domain.model import (
    ClientDescription,
    ClientRef,
    Probe,
    RemoteSecret,
    Verdict,
)
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.errors import (
    AccessDeniedError,
    ClientNotFoundError,
    EndpointUnknownError,
    LimitReachedError,
    RefusedError,
    RetryLaterError,
)

from .faults import Faults
from .process import FakeClock

__all__ = ["FakeCognito", "FakeEndpoint", "Held"]

MOST_SECRETS = 2


@dataclass(frozen=True)
class Held:
    """A secret as Cognito holds it; its value never leaves again."""

    id: str
    value: str
    created_at: datetime
    active_at: datetime
    by_operator: bool

    @property
    def remote(self) -> RemoteSecret:
        """What a List shows of it."""
        return RemoteSecret(self.id, self.created_at)


@dataclass
class FakeCognito:
    """One app client: at most two secrets, never none, no value twice told."""

    clock: FakeClock
    faults: Faults
    held: list[Held] = field(default_factory=list)
    list_lag: timedelta = timedelta()
    """How far Lists lag behind."""

    activation_lag: timedelta = timedelta()
    """From an Add until its value is accepted."""

    deactivation_lag: timedelta = timedelta()
    """From a deletion until the value is refused."""

    refuses_new: bool = False
    """Whether values added from now on are never accepted."""

    adds: list[str] = field(default_factory=list)
    """Ids of all secrets that the operator added."""

    deletes: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    is_missing: bool = False
    describes: bool = True
    """Whether Describe tells the original's value."""

    names: dict[str, str] = field(default_factory=dict)
    """The id of every value that was ever here."""

    _past: list[tuple[datetime, tuple[RemoteSecret, ...]]] = field(default_factory=list)
    _gone_at: dict[str, datetime] = field(default_factory=dict)
    _named: int = 0

    async def list_secrets(self, client: ClientRef) -> tuple[RemoteSecret, ...]:
        """List, as of a while ago where Lists lag."""

        def effect() -> tuple[RemoteSecret, ...]:
            self._ask("List", client)
            return self._shown()

        return await self.faults.pass_through("cognito.list", effect)

    async def describe_client(self, client: ClientRef) -> ClientDescription:
        """Describe: the original secret's value while it lives."""

        def effect() -> ClientDescription:
            self._ask("Describe", client)
            first = next((one for one in self.held if one.id == "A"), None)
            tells = first is not None and self.describes
            return ClientDescription(SecretValue(first.value) if first and tells else None)

        return await self.faults.pass_through("cognito.describe", effect)

    async def add_secret(
        self, client: ClientRef, value: SecretValue, *, may_send: Callable[[], bool]
    ) -> RemoteSecret:
        """Add a value, if the caller's right to send holds at this very moment."""

        def effect() -> RemoteSecret:
            if not may_send():
                raise RetryLaterError("the right to send has lapsed")
            self._ask("Add", client)
            if len(self.held) >= MOST_SECRETS:
                raise LimitReachedError("the client has two secrets")
            added = self._hold(value.reveal(), by_operator=True)
            self.adds.append(added.id)
            return replace(added.remote, request_id=f"add {added.id}")

        return await self.faults.pass_through("cognito.add", effect, is_write=True)

    async def delete_secret(self, client: ClientRef, secret_id: str) -> str:
        """Delete a secret; one that is unknown counts as deleted."""

        def effect() -> str:
            self._ask("Delete", client)
            if self.get(secret_id) is None:
                return "delete in vain"
            if len(self.held) == 1:
                raise RefusedError("the last secret cannot be deleted")
            self.deletes.append(secret_id)
            self._change([one for one in self.held if one.id != secret_id])
            return f"delete {secret_id}"

        return await self.faults.pass_through("cognito.delete", effect, is_write=True)

    def get(self, secret_id: str) -> Held | None:
        """Find a secret."""
        return next((one for one in self.held if one.id == secret_id), None)

    def accepts(self, value: str) -> bool:
        """Tell whether a client that presents *value* is let in now."""
        now, gone_at = self.clock.now(), self._gone_at.get(value)
        if gone_at is not None:
            return now < gone_at + self.deactivation_lag
        return any(one.value == value and one.active_at <= now for one in self.held)

    def add_for_test(self, value: str, *, age: timedelta = timedelta()) -> str:
        """Let somebody else add a secret."""
        return self._hold(value, by_operator=False, age=age).id

    def delete_for_test(self, secret_id: str) -> None:
        """Let somebody else delete a secret."""
        self._change([one for one in self.held if one.id != secret_id])

    def restore_for_test(self, secret: Held) -> None:
        """Let a secret be there again that only Lists lacked."""
        self._change([secret, *self.held])

    def _ask(self, operation: str, client: ClientRef) -> None:
        self.requests.append(operation)
        if operation in self.denied:
            raise AccessDeniedError(f"cognito-idp: {operation} is not allowed")
        if self.is_missing:
            raise ClientNotFoundError(f"there is no app client {client.client_id}")

    def _hold(self, value: str, *, by_operator: bool, age: timedelta = timedelta()) -> Held:
        now = self.clock.now()
        name = chr(ord("A") + self._named)
        self._named += 1
        self.names[value] = name
        active_at = now + (self.activation_lag if by_operator else timedelta())
        if by_operator and self.refuses_new:
            active_at = datetime.max.replace(tzinfo=now.tzinfo)
        secret = Held(name, value, (now - age).replace(microsecond=0), active_at, by_operator)
        self._change([*self.held, secret])
        return secret

    def _change(self, held: list[Held]) -> None:
        kept = {one.id for one in held}
        gone = [one.value for one in self.held if one.id not in kept]
        self._gone_at.update(dict.fromkeys(gone, self.clock.now()))
        self.held = held
        listed = sorted((one.remote for one in held), key=lambda one: (one.created_at, one.id))
        self._past.append((self.clock.now(), tuple(listed)))

    def _shown(self) -> tuple[RemoteSecret, ...]:
        as_of = self.clock.now() - self.list_lag
        known = [listed for at, listed in self._past if at <= as_of]
        return known[-1] if known else self._past[0][1]


@dataclass
class FakeEndpoint:
    """A token endpoint; silent where a pool has none."""

    cognito: FakeCognito
    faults: Faults
    is_silent: bool = False
    url: str | None = None
    """Where the pool's token endpoint is found, if anywhere."""

    async def find(self, client: ClientRef) -> str:
        """Find the endpoint."""

        def effect() -> str:
            if self.url is None:
                raise EndpointUnknownError(f"user pool {client.pool_id} has no domain")
            return self.url

        return await self.faults.pass_through("endpoint.find", effect)

    async def probe(
        self,
        client: ClientRef,  # noqa: ARG002 - there is one client
        value: SecretValue,
        *,
        endpoint: str | None,  # noqa: ARG002 - and one endpoint
    ) -> Probe:
        """Tell whether Cognito accepts a value."""

        def effect() -> Probe:
            if self.is_silent:
                return Probe(Verdict.UNKNOWN, "the pool has no token endpoint")
            if self.cognito.accepts(value.reveal()):
                return Probe(Verdict.ACCEPTED, "invalid_grant")
            return Probe(Verdict.REFUSED, "invalid_client")

        return await self.faults.pass_through("endpoint.probe", effect)
