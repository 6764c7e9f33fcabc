"""Limits of Cognito's request rates, shared by all resources of this process.

Cognito allows 5 requests a second for each operation in a pool, and 15 a second for reads and for
updates of app clients in an account and region ("Quotas in Amazon Cognito"). The operator uses a
share of these quotas. With a share up to 0.8, no second exceeds the quota.
"""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..domain.model import ClientRef
from ..errors import RetryLaterError
from .cognito import Quota
from .cognito_answers import ADD, DELETE, DESCRIBE_CLIENT, LIST, WRITES

__all__ = ["Bucket", "FreezableQuota", "QuotaLimiter"]

POOL_RATE: Final = 5.0
"""Requests a second for one operation in one pool."""

CATEGORY_RATE: Final = 15.0
"""Requests a second for one category in an account and region."""

_CATEGORIES: Final[Mapping[str, str]] = {
    ADD: "UserPoolClientUpdate",
    DELETE: "UserPoolClientUpdate",
    DESCRIBE_CLIENT: "UserPoolClientRead",
    LIST: "UserPoolClientRead",
}
"""Every other operation has its own category."""

_BURST: Final = 0.2
"""Capacity of a bucket, as seconds of its rate; at least one token."""

_SLOWEST: Final = 1 / 16
"""Lowest fraction of a bucket's rate after throttling."""

_SAME_ANSWER: Final = 1.0
"""Seconds within which throttled answers count as one (8 calls may be in progress)."""

_SLOW_FOR: Final = 10.0
"""Seconds from a throttled answer until the rate starts to rise again."""

_RECOVERY: Final = 60.0
"""Seconds in which the rate rises from 0 to the full rate."""

_ALMOST: Final = 1e-9
"""Rounding tolerance: a token that lacks less than this is complete."""


class Bucket:
    """A token bucket; the time, in seconds on a clock that never jumps, is an argument."""

    def __init__(self, rate: float, now: float) -> None:
        """Start with a full bucket.

        Args:
            rate: tokens a second, above 0.
            now: the time.

        """
        self._full_rate = rate
        self._capacity = max(1.0, rate * _BURST)
        self._tokens = self._capacity
        self._filled_at = now
        self._slowed_at = float("-inf")
        self._slowed_to = 1.0

    def rate(self, now: float) -> float:
        """Return the tokens a second at *now*: the full rate, or the rest after throttling."""
        since_rising = max(0.0, now - self._slowed_at - _SLOW_FOR)
        return self._full_rate * min(1.0, self._slowed_to + since_rising / _RECOVERY)

    def wait(self, now: float) -> float:
        """Return the seconds from *now* until a token is available; 0 if one is."""
        self._fill(now)
        missing = 1.0 - self._tokens
        return 0.0 if missing <= _ALMOST else missing / self.rate(now)

    def take(self, now: float) -> None:
        """Take a token after `wait` returned 0."""
        self._fill(now)
        self._tokens -= 1.0

    def slow_down(self, now: float) -> None:
        """Halve the rate, at least to a sixteenth, and empty the bucket after throttling."""
        if now - self._slowed_at < _SAME_ANSWER:
            return
        self._fill(now)
        self._slowed_to = max(_SLOWEST, self.rate(now) / self._full_rate / 2)
        self._slowed_at = now
        self._tokens = min(self._tokens, 0.0)

    def _fill(self, now: float) -> None:
        gained = max(0.0, now - self._filled_at) * self.rate(self._filled_at)
        self._tokens = min(self._capacity, self._tokens + gained)
        self._filled_at = max(now, self._filled_at)


@dataclass(slots=True)
class _Lane:
    """Queue of callers that wait to send one operation to one pool, first come first served."""

    own: Bucket
    shared: Bucket
    """Bucket of the operation's category in the account and region."""

    waiters: deque[tuple[int, asyncio.Future[None]]] = field(default_factory=deque)
    """Ticket number and the future of the turn."""

    def wait(self, now: float) -> float:
        return max(self.own.wait(now), self.shared.wait(now))


class QuotaLimiter:
    """Limiter that lets callers wait for their share of the quotas (`adapters.cognito.Quota`).

    Belongs to one event loop. Callers are served in their order, except that callers of a pool
    whose own rate is used up do not block the callers of other pools.
    """

    def __init__(
        self,
        share: float,
        *,
        on_wait: Callable[[str, float], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            share: the share of the quotas to use, above 0 and at most 1.
            on_wait: called after each wait with operation and seconds.
            monotonic: seconds on a clock that never jumps.

        Raises:
            ValueError: *share* is out of range.

        """
        if not 0 < share <= 1:
            message = "the share of the quota is above 0 and at most 1"
            raise ValueError(message)
        self._share = share
        self._on_wait = on_wait
        self._monotonic = monotonic
        self._tickets = itertools.count()
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._shared: dict[tuple[str, str], Bucket] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def acquire(self, operation: str, client: ClientRef) -> None:
        """Wait until *operation* may be sent for *client*'s pool."""
        began = self._monotonic()
        turn = asyncio.get_running_loop().create_future()
        self._lane(operation, client).waiters.append((next(self._tickets), turn))
        self._serve()
        # A cancelled caller stays in the queue; `_serve` skips turns that are done.
        await turn
        if self._on_wait is not None:
            self._on_wait(operation, self._monotonic() - began)

    def throttled(self, operation: str, client: ClientRef) -> None:
        """Reduce the rate of *operation* in *client*'s pool after throttling by Cognito."""
        self._lane(operation, client).own.slow_down(self._monotonic())

    def _lane(self, operation: str, client: ClientRef) -> _Lane:
        key = (operation, client.pool_id)
        if key not in self._lanes:
            now = self._monotonic()
            place = (_CATEGORIES.get(operation, operation), client.region)
            if place not in self._shared:
                self._shared[place] = Bucket(CATEGORY_RATE * self._share, now)
            own = Bucket(POOL_RATE * self._share, now)
            self._lanes[key] = _Lane(own=own, shared=self._shared[place])
        return self._lanes[key]

    def _serve(self) -> None:
        """Let run to all callers that may send now, and schedule the next call of itself."""
        now = self._monotonic()
        while ready := [lane for lane in self._waiting() if lane.wait(now) == 0.0]:
            first = min(ready, key=lambda lane: lane.waiters[0][0])
            _, turn = first.waiters.popleft()
            first.own.take(now)
            first.shared.take(now)
            turn.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
        waits = [lane.wait(now) for lane in self._waiting()]
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(min(waits), self._serve) if waits else None

    def _waiting(self) -> list[_Lane]:
        """Return the lanes with waiting callers, after removing cancelled ones at their front."""
        for lane in self._lanes.values():
            while lane.waiters and lane.waiters[0][1].done():
                lane.waiters.popleft()
        return [lane for lane in self._lanes.values() if lane.waiters]


class FreezableQuota:
    """A quota that refuses writes to Cognito while everything is frozen.

    Implements `adapters.cognito.Quota`.
    """

    def __init__(self, quota: Quota, frozen: Callable[[], str | None]) -> None:
        """Wrap *quota*.

        Args:
            quota: waited for first.
            frozen: returns why everything is frozen; None if it is not.

        """
        self._quota = quota
        self._frozen = frozen

    async def acquire(self, operation: str, client: ClientRef) -> None:
        """Wait until *operation* may be sent for *client*'s pool.

        Raises:
            RetryLaterError: *operation* is a write, and everything is frozen.

        """
        await self._quota.acquire(operation, client)
        why = self._frozen() if operation in WRITES else None
        if why is not None:
            raise RetryLaterError(f"{operation} was not sent: {why}", code="NotSent")

    def throttled(self, operation: str, client: ClientRef) -> None:
        """Reduce the rate of *operation* in *client*'s pool after throttling by Cognito."""
        self._quota.throttled(operation, client)
