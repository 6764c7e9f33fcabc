"""What every Cognito must do: our adapter in front of the emulator, and the fake of the tests."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import pytest

from cognito_secret_operator.adapters.cognito import Cognito
from cognito_secret_operator.adapters.quota import QuotaLimiter
from cognito_secret_operator.adapters.token_endpoint import TokenEndpoint
from cognito_secret_operator.domain.model import ClientRef, Verdict
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.errors import (
    AccessDeniedError,
    AnswerLostError,
    LimitReachedError,
    NotFoundError,
    RefusedError,
    RetryLaterError,
    ThrottledError,
)
from cognito_secret_operator.service.ports import CognitoPort, EndpointPort

from emulator import CognitoEmulator
from emulator.knobs import Failure
from support.fakes import FakeCognito, FakeEndpoint
from support.fakes.faults import Faults
from support.fakes.process import FakeClock

ORIGINAL = "Original".ljust(64, "o")
NEW = SecretValue("New".ljust(64, "n"))
THIRD = SecretValue("Third".ljust(64, "t"))
FULL_NAMES = {
    "List": "ListUserPoolClientSecrets",
    "Describe": "DescribeUserPoolClient",
    "Add": "AddUserPoolClientSecret",
    "Delete": "DeleteUserPoolClientSecret",
}


class Rig(Protocol):
    """A Cognito with one confidential app client, whose secret is `ORIGINAL`."""

    @property
    def port(self) -> CognitoPort: ...

    @property
    def endpoint(self) -> EndpointPort: ...

    @property
    def client(self) -> ClientRef: ...

    @property
    def url(self) -> str | None:
        """The token endpoint."""

    def lose_answer(self, operation: str) -> None:
        """Carry the next call of an operation out, and lose its answer."""

    def throttle(self, operation: str) -> None:
        """Throttle the next call of an operation."""

    def deny(self, operation: str) -> None:
        """Take the permission away."""

    def missing(self) -> ClientRef:
        """Name a client that is not there."""

    def accepts(self, value: SecretValue) -> bool:
        """Tell whether an application could use a value now."""


@dataclass
class EmulatorRig:
    """Our adapters, over HTTP, in front of the emulator."""

    port: Cognito
    endpoint: TokenEndpoint
    client: ClientRef
    url: str | None
    emulator: CognitoEmulator

    def lose_answer(self, operation: str) -> None:
        self.emulator.set_knobs(lose_answer={FULL_NAMES[operation]: 1})

    def throttle(self, operation: str) -> None:
        self.emulator.set_knobs(throttle={FULL_NAMES[operation]: 1})

    def deny(self, operation: str) -> None:
        denial = Failure(code="AccessDeniedException", count=1)
        self.emulator.set_knobs(fail={FULL_NAMES[operation]: [denial]})

    def missing(self) -> ClientRef:
        return ClientRef(self.client.pool_id, "nobody")

    def accepts(self, value: SecretValue) -> bool:
        return self.emulator.accepts(self.client.client_id, value.reveal())


@dataclass
class FakeRig:
    """The fake of the sequence tests."""

    port: FakeCognito
    endpoint: FakeEndpoint
    client: ClientRef
    url: str | None
    faults: Faults

    def lose_answer(self, operation: str) -> None:
        del operation
        self.faults.lose_answer_for_test(len(self.faults.calls))

    def throttle(self, operation: str) -> None:
        self.faults.refuse_for_test(len(self.faults.calls), ThrottledError(operation))

    def deny(self, operation: str) -> None:
        self.port.denied.add(operation)

    def missing(self) -> ClientRef:
        self.port.is_missing = True
        return self.client

    def accepts(self, value: SecretValue) -> bool:
        return self.port.accepts(value.reveal())


@asynccontextmanager
async def emulated(emulator: CognitoEmulator) -> AsyncIterator[Rig]:
    emulator.reset()
    made = emulator.create_client(emulator.create_pool(), secret=ORIGINAL)
    client = ClientRef(made.pool_id, made.client_id)
    cognito = Cognito(quota=QuotaLimiter(1.0), on_call=lambda *_: None)
    url = emulator.token_endpoint(client.pool_id)
    async with TokenEndpoint(cognito) as endpoint:
        yield EmulatorRig(cognito, endpoint, client, url, emulator)
    cognito.close()


@asynccontextmanager
async def faked(emulator: CognitoEmulator) -> AsyncIterator[Rig]:
    del emulator
    faults = Faults()
    cognito = FakeCognito(FakeClock(), faults)
    cognito.add_for_test(ORIGINAL)
    endpoint = FakeEndpoint(cognito, faults)
    yield FakeRig(cognito, endpoint, ClientRef("eu-west-1_a", "1"), None, faults)


RIGS: tuple[Callable[[CognitoEmulator], AbstractAsyncContextManager[Rig]], ...] = (
    emulated,
    faked,
)


@pytest.fixture(scope="module")
def emulator() -> Iterator[CognitoEmulator]:
    with CognitoEmulator() as running:
        yield running


@pytest.fixture(params=RIGS, ids=["adapter", "fake"])
async def rig(
    request: pytest.FixtureRequest, emulator: CognitoEmulator, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Rig]:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    async with request.param(emulator) as made:
        yield made


async def ids(rig: Rig) -> list[str]:
    return [secret.id for secret in await rig.port.list_secrets(rig.client)]


async def add(rig: Rig, value: SecretValue = NEW) -> str:
    return (await rig.port.add_secret(rig.client, value, may_send=lambda: True)).id


async def test_an_added_secret_is_listed_youngest_last_and_accepted(rig: Rig) -> None:
    [original] = await ids(rig)
    added = await add(rig)
    assert await ids(rig) == [original, added]
    assert rig.accepts(NEW)
    assert rig.accepts(SecretValue(ORIGINAL))


async def test_list_never_shows_a_value_and_its_dates_are_aware(rig: Rig) -> None:
    await add(rig)
    listed = await rig.port.list_secrets(rig.client)
    assert ORIGINAL not in repr(listed)
    assert NEW.reveal() not in repr(listed)
    assert all(secret.created_at.tzinfo is not None for secret in listed)


async def test_a_client_has_two_secrets_at_most(rig: Rig) -> None:
    await add(rig)
    with pytest.raises(LimitReachedError):
        await add(rig, THIRD)
    assert len(await ids(rig)) == 2
    assert not rig.accepts(THIRD)


async def test_the_last_secret_cannot_be_deleted(rig: Rig) -> None:
    [original] = await ids(rig)
    with pytest.raises(RefusedError):
        await rig.port.delete_secret(rig.client, original)
    assert await ids(rig) == [original]


async def test_a_deleted_secret_is_gone_at_once(rig: Rig) -> None:
    [original] = await ids(rig)
    added = await add(rig)
    await rig.port.delete_secret(rig.client, original)
    assert await ids(rig) == [added]
    assert not rig.accepts(SecretValue(ORIGINAL))


async def test_deleting_an_unknown_id_counts_as_deleted(rig: Rig) -> None:
    [original] = await ids(rig)
    added = await add(rig)
    await rig.port.delete_secret(rig.client, original)
    await rig.port.delete_secret(rig.client, original)
    assert await ids(rig) == [added]


async def test_describe_shows_the_original_only_while_it_lives(rig: Rig) -> None:
    [original] = await ids(rig)
    await add(rig)
    assert (await rig.port.describe_client(rig.client)).original == SecretValue(ORIGINAL)
    await rig.port.delete_secret(rig.client, original)
    assert (await rig.port.describe_client(rig.client)).original is None


async def test_an_add_whose_answer_is_lost_was_carried_out(rig: Rig) -> None:
    rig.lose_answer("Add")
    with pytest.raises(AnswerLostError):
        await add(rig)
    assert len(await ids(rig)) == 2
    assert rig.accepts(NEW)


async def test_a_delete_whose_answer_is_lost_was_carried_out(rig: Rig) -> None:
    [original] = await ids(rig)
    added = await add(rig)
    rig.lose_answer("Delete")
    with pytest.raises(AnswerLostError):
        await rig.port.delete_secret(rig.client, original)
    assert await ids(rig) == [added]


async def test_a_throttled_add_was_not_carried_out(rig: Rig) -> None:
    rig.throttle("Add")
    with pytest.raises(ThrottledError):
        await add(rig)
    assert len(await ids(rig)) == 1
    assert not rig.accepts(NEW)


async def test_nothing_is_sent_after_the_deadline(rig: Rig) -> None:
    with pytest.raises(RetryLaterError) as caught:
        await rig.port.add_secret(rig.client, NEW, may_send=lambda: False)
    assert not isinstance(caught.value, AnswerLostError)
    assert len(await ids(rig)) == 1


async def test_a_client_that_is_not_there_is_named(rig: Rig) -> None:
    client = rig.missing()
    with pytest.raises(NotFoundError, match=client.client_id):
        await rig.port.list_secrets(client)


@pytest.mark.parametrize("operation", ["List", "Describe", "Add", "Delete"])
async def test_a_denied_operation_is_named(rig: Rig, operation: str) -> None:
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "List": lambda: rig.port.list_secrets(rig.client),
        "Describe": lambda: rig.port.describe_client(rig.client),
        "Add": lambda: add(rig),
        "Delete": lambda: rig.port.delete_secret(rig.client, "any"),
    }
    rig.deny(operation)
    with pytest.raises(AccessDeniedError, match=operation):
        await calls[operation]()


async def test_a_probe_tells_an_accepted_value_from_a_refused_one(rig: Rig) -> None:
    accepted = await rig.endpoint.probe(rig.client, SecretValue(ORIGINAL), endpoint=rig.url)
    refused = await rig.endpoint.probe(rig.client, NEW, endpoint=rig.url)
    assert (accepted.verdict, refused.verdict) == (Verdict.ACCEPTED, Verdict.REFUSED)


async def test_without_a_domain_a_probe_still_tells(rig: Rig) -> None:
    accepted = await rig.endpoint.probe(rig.client, SecretValue(ORIGINAL), endpoint=None)
    refused = await rig.endpoint.probe(rig.client, NEW, endpoint=None)
    assert (accepted.verdict, refused.verdict) == (Verdict.ACCEPTED, Verdict.REFUSED)
