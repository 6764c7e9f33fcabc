"""Shares Cognito's request rates among all resources of this process.

Cognito allows 5 requests a second for each operation in a pool, and 15 a second for reads and for
updates of app clients in an account and region ("Quotas in Amazon Cognito"). We take a share of
them and leave the rest to others. At a share up to 0.8 no second ever sees more than the quota.
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
"""Any other operation has a category to itself."""

_BURST: Final = 0.2
"""Seconds' worth of tokens that a bucket keeps, but one token at least."""

_SLOWEST: Final = 1 / 16
"""Lowest part of a bucket's rate that throttling leaves."""

_SAME_ANSWER: Final = 1.0
"""Seconds: throttled answers closer together than this are one (8 calls may be under way)."""

_SLOW_FOR: Final = 10.0
"""Seconds from a throttled answer until the rate begins to rise again."""

_RECOVERY: Final = 60.0
"""Seconds in which the rate rises from nothing to the whole."""

_ALMOST: Final = 1e-9
"""Rounding: a token that lacks less than this is whole."""


class Bucket:
    """A token bucket; the time, in seconds on a clock that never jumps, is an argument."""

    def __init__(self, rate: float, now: float) -> None:
        """Begin full.

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
        """Tell the tokens a second at *now*: the whole rate, or what throttling left of it."""
        since_rising = max(0.0, now - self._slowed_at - _SLOW_FOR)
        return self._full_rate * min(1.0, self._slowed_to + since_rising / _RECOVERY)

    def wait(self, now: float) -> float:
        """Tell the seconds from *now* until there is a token; 0 where there is one."""
        self._fill(now)
        missing = 1.0 - self._tokens
        return 0.0 if missing <= _ALMOST else missing / self.rate(now)

    def take(self, now: float) -> None:
        """Take a token that `wait` showed."""
        self._fill(now)
        self._tokens -= 1.0

    def slow_down(self, now: float) -> None:
        """Halve the rate, down to a sixteenth, and empty the bucket: Cognito throttled us."""
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
    """Those who wait to send one operation to one pool, first come first served."""

    own: Bucket
    shared: Bucket
    """The category's, in the account and region."""

    waiters: deque[tuple[int, asyncio.Future[None]]] = field(default_factory=deque)
    """Ticket number and the turn that is waited for."""

    def wait(self, now: float) -> float:
        return max(self.own.wait(now), self.shared.wait(now))


class QuotaLimiter:
    """Makes callers wait for their share of the quotas (`adapters.cognito.Quota`).

    Belongs to one event loop. Who came first goes first, except that nobody waits behind a pool
    whose own rate is used up.
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
            share: the part of the quotas to use, above 0 and at most 1.
            on_wait: told operation and seconds waited, after each wait.
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
        # Whoever is cancelled here stays in line; `_serve` passes over turns that are done.
        await turn
        if self._on_wait is not None:
            self._on_wait(operation, self._monotonic() - began)

    def throttled(self, operation: str, client: ClientRef) -> None:
        """Go slower with *operation* in *client*'s pool: Cognito throttled it."""
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
        """Give a turn to everybody who may go now, and come back when the next one may."""
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
        """Give the lanes in which somebody still waits, cancelled ones taken out of the front."""
        for lane in self._lanes.values():
            while lane.waiters and lane.waiters[0][1].done():
                lane.waiters.popleft()
        return [lane for lane in self._lanes.values() if lane.waiters]


class FreezableQuota:
    """A quota that lets no write to Cognito through while everything is frozen.

    Fulfils `adapters.cognito.Quota`.
    """

    def __init__(self, quota: Quota, frozen: Callable[[], str | None]) -> None:
        """Keep both.

        Args:
            quota: is waited for first.
            frozen: says why everything is frozen; None while it is not.

        """
        self._quota = quota
        self._frozen = frozen

    async def acquire(self, operation: str, client: ClientRef) -> None:
        """Wait until *operation* may be sent for *client*'s pool.

        Raises:
            RetryLaterError: it is a write, and everything was frozen meanwhile.

        """
        await self._quota.acquire(operation, client)
        why = self._frozen() if operation in WRITES else None
        if why is not None:
            raise RetryLaterError(f"{operation} was not sent: {why}", code="NotSent")

    def throttled(self, operation: str, client: ClientRef) -> None:
        """Go slower with *operation* in *client*'s pool: Cognito throttled it."""
        self._quota.throttled(operation, client)
