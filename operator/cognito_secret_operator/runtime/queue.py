# ruff: noqa: A005  # the design's name for it; inside a package nothing is shadowed
"""A level-triggered work queue: keys with due times, each worked on by one pass at a time.

kopf never retries an event handler and its timers cannot be woken early, so when to look again is
decided here. A key carries no event: whatever woke it, a pass looks at everything afresh.
"""

import asyncio
import heapq
import itertools
import logging
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from ..domain.model import ResourceKey
from ..errors import OutsideError
from .logs import describe_error

__all__ = ["Schedule", "WorkQueue", "backoff"]

_LOG: Final = logging.getLogger(__name__)

BACKOFF_BASE: Final = 1.0
BACKOFF_CAP: Final = 300.0
"""Seconds: the span from which the first, and every late, wait after a failure is drawn."""

TICK: Final = 1.0
"""Seconds: the loop turns at least this often, so that its heartbeat shows it alive."""

DRAIN: Final = 20.0
"""Seconds that passes get to finish at the end: below a pod's usual 30 s of grace."""


def backoff(failures: int, chance: float) -> float:
    """Seconds to wait after the *failures*-th failure in a row; *chance* is from [0, 1).

    Full jitter, so that resources which failed together do not come back together:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    # The exponent is bounded: a float overflows after a thousand failures.
    return chance * min(BACKOFF_CAP, BACKOFF_BASE * 2.0 ** min(failures - 1, 32))


class Schedule:
    """Which key is due when, and which are being worked on. Time is an argument throughout.

    A key has at most one due time, the earliest that was asked for. The heap may hold outdated
    entries; `_due` tells them apart and they are skipped.
    """

    def __init__(self) -> None:
        self._due: dict[ResourceKey, float] = {}
        self._heap: list[tuple[float, int, ResourceKey]] = []
        self._order = itertools.count()  # first come, first served among equal times
        self._started: dict[ResourceKey, None] = {}  # in the order in which they began

    def add(self, key: ResourceKey, due: float) -> None:
        """Have *key* worked on at *due*, or earlier where that was asked for already.

        A key that is being worked on is given out once more after that.
        """
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        if key not in self._started:
            self._push(key, due)

    def take(self, now: float) -> ResourceKey | None:
        """Give out the key that is due longest; it stays with the caller until `done`."""
        self._drop_outdated()
        if not self._heap or self._heap[0][0] > now:
            return None
        _, _, key = heapq.heappop(self._heap)
        del self._due[key]
        self._started[key] = None
        return key

    def done(self, key: ResourceKey) -> None:
        """Take *key* back; if it was added meanwhile it will be given out again."""
        del self._started[key]
        if key in self._due:
            self._push(key, self._due[key])

    def forget(self, key: ResourceKey) -> None:
        """Drop what was asked for *key*.

        What was asked during its pass stays: that may be the news of a resource which was created
        again after this pass saw it gone.
        """
        if key not in self._started:
            self._due.pop(key, None)

    def next_due(self) -> float | None:
        """When the next key can be given out."""
        self._drop_outdated()
        return self._heap[0][0] if self._heap else None

    def depth(self, now: float) -> int:
        """How many keys are due and not being worked on."""
        return sum(due <= now and key not in self._started for key, due in self._due.items())

    def oldest(self, now: float) -> float:
        """Seconds since the key that waits longest is due; 0 when none waits."""
        waiting = (due for key, due in self._due.items() if key not in self._started)
        return max(0.0, now - min(waiting, default=now))

    @property
    def running(self) -> tuple[ResourceKey, ...]:
        """The keys that are being worked on."""
        return tuple(self._started)

    def _push(self, key: ResourceKey, due: float) -> None:
        heapq.heappush(self._heap, (due, next(self._order), key))
        if len(self._heap) > 2 * len(self._due) + 64:  # a key woken early leaves its old entry
            self._heap = [entry for entry in self._heap if self._is_valid(entry)]
            heapq.heapify(self._heap)

    def _is_valid(self, entry: tuple[float, int, ResourceKey]) -> bool:
        due, _, key = entry
        # A running key may be due again: `done` pushes it anew.
        return self._due.get(key) == due and key not in self._started

    def _drop_outdated(self) -> None:
        while self._heap and not self._is_valid(self._heap[0]):
            heapq.heappop(self._heap)


class WorkQueue:
    """Runs passes: up to *workers* at a time, never two for one key.

    All methods belong to the event loop's thread.
    """

    def __init__(
        self,
        work: Callable[[ResourceKey], Awaitable[float | None]],
        workers: int,
        monotonic: Callable[[], float],
        *,
        chance: Callable[[], float] = random.random,
        drain: float = DRAIN,
    ) -> None:
        """Prepare a queue; nothing is worked on before `run`.

        Args:
            work: one pass; it returns after how many seconds the next one is due, None for not
                before something happens to the resource. Where it raises, the key is tried again.
            workers: how many passes run at the same time.
            monotonic: seconds on a clock that never jumps.
            chance: draws from [0, 1), for the jitter of retries.
            drain: seconds that running passes get when the queue stops.

        """
        self._work = work
        self._workers = workers
        self._monotonic = monotonic
        self._chance = chance
        self._drain = drain
        self._schedule = Schedule()
        self._failures: dict[ResourceKey, int] = {}
        self._passes: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._heartbeat: float | None = None
        self._running_since: float | None = None

    def enqueue(self, key: ResourceKey) -> None:
        """Have *key* worked on as soon as a worker is free, once, however often this is asked."""
        self.enqueue_after(key, 0)

    def enqueue_after(self, key: ResourceKey, seconds: float) -> None:
        """Have *key* worked on in *seconds*, or earlier where that was asked for already."""
        self._schedule.add(key, self._monotonic() + max(0.0, seconds))
        self._wake.set()

    def forget(self, key: ResourceKey) -> None:
        """Drop everything asked and remembered for *key*: the resource is gone."""
        self._schedule.forget(key)
        self._failures.pop(key, None)

    @property
    def depth(self) -> int:
        """How many keys are due and wait for a worker."""
        return self._schedule.depth(self._monotonic())

    @property
    def oldest_age(self) -> float:
        """Seconds for which the key that waits longest could have had a worker; 0 when none waits.

        A standby's keys wait for nobody: they count from the moment at which it leads.
        """
        if self._running_since is None:
            return 0.0
        now = self._monotonic()
        return min(self._schedule.oldest(now), now - self._running_since)

    @property
    def makes_passes(self) -> bool:
        """Whether `run` is on: not before the first listing, and not while standing by."""
        return self._running_since is not None

    @property
    def running(self) -> int:
        """How many passes run."""
        return len(self._schedule.running)

    def heartbeat_age(self) -> float:
        """Seconds since the loop last turned; 0 while it is not meant to: a standby is healthy."""
        return 0.0 if self._heartbeat is None else self._monotonic() - self._heartbeat

    async def run(self, stop: asyncio.Event) -> None:
        """Work until *stop* is set, then let running passes finish, and cancel what does not."""
        self._running_since = self._monotonic()
        stopping = asyncio.create_task(self._wake_on(stop), name="queue: stop")
        try:
            while not stop.is_set():
                self._wake.clear()
                self._start_due()
                await self._sleep()
            self._heartbeat = None
            await self._finish()
        finally:
            self._heartbeat = self._running_since = None
            stopping.cancel()
            for task in self._passes:
                task.cancel()
            await asyncio.gather(stopping, *self._passes, return_exceptions=True)

    async def _wake_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    def _start_due(self) -> None:
        now = self._heartbeat = self._monotonic()
        while len(self._passes) < self._workers:
            key = self._schedule.take(now)
            if key is None:
                return
            task = asyncio.create_task(self._pass(key), name=f"pass: {key}")
            self._passes.add(task)
            task.add_done_callback(partial(self._ended, key))

    def _ended(self, key: ResourceKey, task: asyncio.Task[None]) -> None:
        self._passes.discard(task)
        self._schedule.done(key)
        self._wake.set()

    async def _sleep(self) -> None:
        seconds = TICK
        due = self._schedule.next_due()
        if due is not None and len(self._passes) < self._workers:
            seconds = min(seconds, max(0.0, due - self._monotonic()))
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _pass(self, key: ResourceKey) -> None:
        """Run one pass and put the key back for when it asked for."""
        try:
            seconds = await self._work(key)
        except asyncio.CancelledError:
            self._retry(key)
            raise
        except Exception as error:  # noqa: BLE001  # whatever it was: the key must not get lost
            self._report(key, error, self._retry(key))
        else:
            self._failures.pop(key, None)
            if seconds is not None:
                self.enqueue_after(key, seconds)

    def _retry(self, key: ResourceKey) -> float:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        seconds = backoff(failures, self._chance())
        self.enqueue_after(key, seconds)
        return seconds

    def _report(self, key: ResourceKey, error: Exception, seconds: float) -> None:
        if isinstance(error, OutsideError):
            _LOG.warning(
                "pass failed, next try in %.1f s: %s",
                seconds,
                error.message,
                extra={"key": key, "reason": error.reason, "code": error.code},
            )
        else:
            # Types and places only: the text of a foreign exception may carry a secret value.
            _LOG.error(
                "pass failed on a defect, next try in %.1f s: %s",
                seconds,
                type(error).__name__,
                extra={"key": key, "reason": "Defect", "trace": describe_error(error)},
            )

    async def _finish(self) -> None:
        if not self._passes:
            return
        _LOG.info("waiting for %d passes to finish", len(self._passes))
        await asyncio.wait(self._passes, timeout=self._drain)
        for key in self._schedule.running:
            _LOG.warning("pass cut off at the end of the process", extra={"key": key})
