"""Takes turns with other replicas: only the holder of the Lease makes passes.

This is an optimisation, not a safety mechanism: two leaders do no harm, since every write is a
compare-and-swap on the journal or the target. The existing packages
(``kubernetes.leaderelection`` and its asynchronous twin) compare wall clocks, load the typed models
and never release.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from ..errors import ActionNeededError, OutsideError, RetryLaterError
from ..service.ports import LeasePort, LeaseRecord

__all__ = ["Leadership"]

_LOG: Final = logging.getLogger(__name__)

RENEWALS: Final = 7.5
"""How often a Lease is read within its duration: every 2 s of 15."""

GIVE_UP: Final = 2 / 3
"""Part of the duration after which a holder that cannot renew stops: before others may begin."""

RELEASED: Final = timedelta(seconds=1)
"""Duration of a Lease that is free."""


class Leadership:
    """One process's candidacy. A Lease lapses by our own clock, from when we saw it change."""

    def __init__(
        self,
        lease: LeasePort,
        *,
        identity: str,
        duration: timedelta,
        monotonic: Callable[[], float],
    ) -> None:
        """Begin without the Lease; nothing is read yet.

        Args:
            lease: the Lease.
            identity: this process, different from every other.
            duration: how long others wait for a holder that does not renew.
            monotonic: seconds on a clock that never jumps.

        """
        self._lease = lease
        self._identity = identity
        self._duration = duration
        self._monotonic = monotonic
        self._seen: LeaseRecord | None = None
        self._changed_at = 0.0
        self._renewed_at: float | None = None

    @property
    def is_leader(self) -> bool:
        """Whether the Lease is ours and was renewed in time."""
        return (
            self._renewed_at is not None
            and self._monotonic() - self._renewed_at < GIVE_UP * self._duration.total_seconds()
        )

    async def acquire(self, stop: asyncio.Event) -> bool:
        """Wait until the Lease is ours; return False where *stop* is set first.

        Raises:
            ActionNeededError: the Lease may not be read or written.

        """
        waits = False
        while not stop.is_set():
            try:
                if await self._try():
                    _LOG.info("leading: the lease is ours")
                    return True
            except ActionNeededError:
                raise
            except OutsideError as error:
                _LOG.warning("the lease cannot be acquired: %s", error.message)
            if not waits:
                _LOG.info("standing by: another process holds the lease")
            waits = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._period)
        return False

    async def keep(self) -> None:
        """Renew the Lease until it is lost.

        Raises:
            RetryLaterError: it was lost; the process should end, and start anew as a standby.

        """
        while self.is_leader:
            await asyncio.sleep(self._period)
            try:
                # No longer than it may take: a request's own time limit is longer.
                async with asyncio.timeout(self._left):
                    if not await self._try():
                        break
            except (OutsideError, TimeoutError) as error:
                text = error.message if isinstance(error, OutsideError) else "no answer in time"
                _LOG.warning("the lease was not renewed: %s", text)
        self._renewed_at = None
        raise RetryLaterError("the lease was lost: another process may lead now", code="LeaseLost")

    async def release(self) -> None:
        """Let another process begin at once; harmless where the Lease is not ours."""
        if not self.is_leader:
            return
        self._renewed_at = None
        try:
            async with asyncio.timeout(self._period):
                # Read first: a renewal may have been cut off after it was carried out.
                found = await self._lease.read()
                if found is not None and found.holder == self._identity:
                    await self._lease.write(found, holder="", duration=RELEASED)
        except (OutsideError, TimeoutError):
            _LOG.info("the lease was not released; others wait until it lapses")

    @property
    def _period(self) -> float:
        return self._duration.total_seconds() / RENEWALS

    @property
    def _left(self) -> float:
        """Seconds until this process has to stop making passes."""
        if self._renewed_at is None:
            return 0.0
        deadline = self._renewed_at + GIVE_UP * self._duration.total_seconds()
        return max(0.0, deadline - self._monotonic())

    async def _try(self) -> bool:
        """Read the Lease, and take or renew it where that is right."""
        # Before the request: it may have been renewed for as long as this at most.
        sent_at = self._monotonic()
        found = await self._lease.read()
        if found is not None and found != self._seen:
            self._changed_at = self._monotonic()
        self._seen = found
        if found is not None and not self._may_take(found):
            return False
        self._seen = await self._lease.write(found, holder=self._identity, duration=self._duration)
        self._changed_at = self._monotonic()
        self._renewed_at = sent_at
        return True

    def _may_take(self, found: LeaseRecord) -> bool:
        if found.holder in {"", self._identity}:
            return True
        return self._monotonic() - self._changed_at >= found.duration.total_seconds()
