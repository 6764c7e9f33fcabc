import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from cognito_secret_operator.errors import (
    AccessDeniedError,
    ConflictError,
    OutsideError,
    RetryLaterError,
)
from cognito_secret_operator.runtime.leadership import Leadership
from cognito_secret_operator.service.ports import LeaseRecord

SHORT = timedelta(milliseconds=75)
"""Ten milliseconds between two looks."""

OURS = "process-1"
RECORD = LeaseRecord("uid", "1", "", timedelta(seconds=15), "then", 0)


@dataclass
class FakeLease:
    """A Lease, with the clock that its candidates have."""

    record: LeaseRecord | None = None
    error: OutsideError | None = None
    now: float = 0.0
    writes: list[str] = field(default_factory=list)

    async def read(self) -> LeaseRecord | None:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self.record

    async def write(
        self, seen: LeaseRecord | None, *, holder: str, duration: timedelta
    ) -> LeaseRecord:
        if seen != self.record:
            raise ConflictError("somebody else was first")
        version = str(int(seen.resource_version) + 1) if seen else "1"
        self.record = replace(
            seen or RECORD, holder=holder, duration=duration, resource_version=version
        )
        self.writes.append(holder)
        return self.record

    def held_by(self, other: str, version: str = "1") -> None:
        self.record = replace(RECORD, holder=other, resource_version=version)


@pytest.fixture
def lease() -> FakeLease:
    return FakeLease()


def candidate(lease: FakeLease, identity: str = OURS) -> Leadership:
    return Leadership(lease, identity=identity, duration=SHORT, monotonic=lambda: lease.now)


@contextlib.asynccontextmanager
async def waiting(leadership: Leadership) -> AsyncIterator[asyncio.Task[bool]]:
    stop = asyncio.Event()
    task = asyncio.create_task(leadership.acquire(stop))
    yield task
    stop.set()
    await asyncio.wait({task})


async def test_a_lease_that_nobody_made_is_made(lease: FakeLease) -> None:
    leadership = candidate(lease)
    assert await leadership.acquire(asyncio.Event())
    assert leadership.is_leader
    assert lease.writes == [OURS]


async def test_a_lease_that_was_given_up_is_taken_at_once(lease: FakeLease) -> None:
    lease.record = RECORD
    assert await candidate(lease).acquire(asyncio.Event())


async def test_another_one_is_waited_for_until_it_is_silent_for_its_own_duration(
    lease: FakeLease,
) -> None:
    leadership = candidate(lease)
    lease.held_by("process-2")
    async with waiting(leadership) as taking:
        for version, now in (("2", 14.0), ("3", 28.0)):
            lease.held_by("process-2", version)
            await seen(leadership, lease)
            lease.now = now
        lease.now = 28.9
        await seen(leadership, lease)
        assert not taking.done()
        lease.now = 29.0
        assert await taking
    assert lease.writes == [OURS]


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise TimeoutError


async def seen(leadership: Leadership, lease: FakeLease) -> None:
    """Wait until the candidate has looked at the Lease as it is."""
    await until(lambda: leadership._seen == lease.record)


async def test_who_is_told_to_stop_stops_waiting(lease: FakeLease) -> None:
    lease.held_by("process-2")
    async with waiting(candidate(lease)) as taking:
        await asyncio.sleep(0)
    assert taking.result() is False


async def test_of_two_one_gets_it(lease: FakeLease) -> None:
    first, second = candidate(lease, "process-1"), candidate(lease, "process-2")
    async with waiting(first) as one, waiting(second) as other:
        await asyncio.wait({one, other}, return_when=asyncio.FIRST_COMPLETED)
        assert (first.is_leader, second.is_leader) in {(True, False), (False, True)}


async def test_a_right_that_is_missing_is_told_not_waited_for(lease: FakeLease) -> None:
    lease.error = AccessDeniedError("the operator lacks the permission to get leases")
    with pytest.raises(AccessDeniedError):
        await candidate(lease).acquire(asyncio.Event())


async def test_an_api_server_that_is_away_is_waited_for(lease: FakeLease) -> None:
    lease.error = RetryLaterError("no answer")
    async with waiting(candidate(lease)) as taking:
        await asyncio.sleep(0)
        lease.error = None
        assert await taking


async def test_a_lease_is_lost_when_it_cannot_be_renewed_before_others_may_take_it(
    lease: FakeLease, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    leadership = candidate(lease)
    await leadership.acquire(asyncio.Event())
    lease.error = RetryLaterError("no answer")
    keeping = asyncio.create_task(leadership.keep())
    await until(lambda: "was not renewed" in caplog.text)
    assert leadership.is_leader, "one failure is no loss"
    lease.now = 0.051
    with pytest.raises(RetryLaterError, match="was lost"):
        await keeping
    assert not leadership.is_leader


async def test_a_lease_that_somebody_else_took_is_lost(lease: FakeLease) -> None:
    leadership = candidate(lease)
    await leadership.acquire(asyncio.Event())
    lease.held_by("process-2", "9")
    with pytest.raises(RetryLaterError, match="was lost"):
        await leadership.keep()
    assert lease.writes == [OURS]


async def test_a_holder_renews(lease: FakeLease) -> None:
    leadership = candidate(lease)
    await leadership.acquire(asyncio.Event())
    keeping = asyncio.create_task(leadership.keep())
    await until(lambda: len(lease.writes) >= 4)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert set(lease.writes) == {OURS}


async def test_who_ends_gives_it_up_and_the_next_one_need_not_wait(lease: FakeLease) -> None:
    leadership = candidate(lease)
    await leadership.acquire(asyncio.Event())
    await leadership.release()
    assert lease.writes == [OURS, ""]
    assert not leadership.is_leader
    assert await candidate(lease, "process-2").acquire(asyncio.Event())


async def test_a_lease_of_somebody_else_is_not_given_up(lease: FakeLease) -> None:
    leadership = candidate(lease)
    await leadership.release()
    await leadership.acquire(asyncio.Event())
    lease.held_by("process-2", "9")
    await leadership.release()
    assert lease.writes == [OURS]
