import asyncio

import pytest

from cognito_secret_operator.adapters.cognito_answers import OPERATIONS, WRITES
from cognito_secret_operator.adapters.quota import FreezableQuota
from cognito_secret_operator.domain.model import ClientRef
from cognito_secret_operator.errors import AnswerLostError, RetryLaterError

CLIENT = ClientRef("eu-west-1_AbC", "1example")


class SlowQuota:
    """Lets nobody go before it is told to."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.throttles: list[str] = []

    async def acquire(self, operation: str, client: ClientRef) -> None:
        del operation, client
        await self.open.wait()

    def throttled(self, operation: str, client: ClientRef) -> None:
        del client
        self.throttles.append(operation)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_write_that_waited_while_everything_was_frozen_is_not_sent(operation: str) -> None:
    switch: list[str | None] = [None]
    slow = SlowQuota()
    quota = FreezableQuota(slow, lambda: switch[0])
    waiting = asyncio.create_task(quota.acquire(operation, CLIENT))
    await asyncio.sleep(0)
    switch[0] = "the platform team froze the operator"
    slow.open.set()
    if operation not in WRITES:
        await waiting
        return
    with pytest.raises(RetryLaterError, match="was not sent: the platform team froze") as caught:
        await waiting
    assert not isinstance(caught.value, AnswerLostError)


async def test_while_nothing_is_frozen_all_go_and_throttling_is_passed_on() -> None:
    slow = SlowQuota()
    slow.open.set()
    quota = FreezableQuota(slow, lambda: None)
    for operation in OPERATIONS:
        await quota.acquire(operation, CLIENT)
    quota.throttled("AddUserPoolClientSecret", CLIENT)
    assert slow.throttles == ["AddUserPoolClientSecret"]
