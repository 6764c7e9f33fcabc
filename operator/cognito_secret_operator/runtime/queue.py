# ruff: noqa: A005  # the design's name for it; inside a package nothing is shadowed
"""A level-triggered work queue: keys with due times, each worked on by one pass at a time.

kopf never retries an event handler and its timers cannot be woken early, so the time of the next
pass is decided here. A key carries no event: a pass reads everything afresh.
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

__all__ = ["Schedule", "Work", "WorkQueue", "backoff"]

_LOG: Final = logging.getLogger(__name__)

BACKOFF_BASE: Final = 1.0
BACKOFF_CAP: Final = 300.0
"""Seconds: the span from which the first, and every late, wait after a failure is drawn."""

TICK: Final = 1.0
"""Seconds: the loop turns at least this often, so that its heartbeat shows it alive."""

DRAIN: Final = 20.0
"""Seconds that passes get to finish at the end: below a pod's usual 30 s of grace."""


Work = Callable[[ResourceKey], Awaitable[float | None]]
"""One pass. It returns the seconds until the next, or None: not before an event."""


def backoff(failures: int, chance: float) -> float:
    """Return the seconds to wait after the *failures*-th failure in a row.

    *chance* is from [0, 1).

    Full jitter, so that resources which failed together do not come back together:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    # The exponent is bounded: a float overflows after a thousand failures.
    return chance * min(BACKOFF_CAP, BACKOFF_BASE * 2.0 ** min(failures - 1, 32))


class Schedule:
    """Which key is due when, and which are being worked on. Time is an argument throughout.

    A key has at most one due time, the earliest that was given. The heap may hold outdated entries,
    which differ from `_due` and are skipped.
    """

    def __init__(self) -> None:
        self._due: dict[ResourceKey, float] = {}
        self._heap: list[tuple[float, int, ResourceKey]] = []
        self._order = itertools.count()  # first come, first served among equal times
        self._started: set[ResourceKey] = set()

    def add(self, key: ResourceKey, due: float) -> None:
        """Schedule *key* for *due*; an earlier time that it is scheduled for stays.

        A key that is being worked on is given out once more after that.
        """
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        if key not in self._started:
            self._push(key, due)

    def take(self, now: float) -> ResourceKey | None:
        """Return the key that is due longest; it counts as being worked on until `done`."""
        self._drop_outdated()
        if not self._heap or self._heap[0][0] > now:
            return None
        _, _, key = heapq.heappop(self._heap)
        del self._due[key]
        self._started.add(key)
        return key

    def done(self, key: ResourceKey) -> None:
        """Take *key* back; if it was added meanwhile it will be given out again."""
        self._started.remove(key)
        if key in self._due:
            self._push(key, self._due[key])

    def forget(self, key: ResourceKey) -> None:
        """Drop the due time of *key*.

        A due time that was given during its pass stays: the resource may have been created again
        after this pass found it gone.
        """
        if key not in self._started:
            self._due.pop(key, None)

    def next_due(self) -> float | None:
        """Return when the next key can be given out."""
        self._drop_outdated()
        return self._heap[0][0] if self._heap else None

    def depth(self, now: float) -> int:
        """Return how many keys are due and not being worked on."""
        return sum(due <= now and key not in self._started for key, due in self._due.items())

    def oldest(self, now: float) -> float:
        """Return the seconds since the key that waits longest is due; 0 when none waits."""
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
        workers: int,
        monotonic: Callable[[], float],
        *,
        on_pass: Callable[[float], None] = lambda _: None,
        chance: Callable[[], float] = random.random,
        drain: float = DRAIN,
    ) -> None:
        """Prepare a queue; nothing is worked on before `run`.

        Args:
            workers: how many passes run at the same time.
            monotonic: seconds on a clock that never jumps.
            on_pass: called after each pass with the seconds that it took.
            chance: draws from [0, 1), for the jitter of retries.
            drain: seconds that running passes get when the queue stops.

        """
        self._workers = workers
        self._monotonic = monotonic
        self._on_pass = on_pass
        self._chance = chance
        self._drain = drain
        self._schedule = Schedule()
        self._failures: dict[ResourceKey, int] = {}
        self._passes: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._heartbeat: float | None = None
        self._running_since: float | None = None

    def enqueue(self, key: ResourceKey) -> None:
        """Schedule *key* for as soon as a worker is free; twice is once."""
        self.enqueue_after(key, 0)

    def enqueue_after(self, key: ResourceKey, seconds: float) -> None:
        """Schedule *key* for in *seconds*; an earlier time that it is scheduled for stays."""
        self._schedule.add(key, self._monotonic() + max(0.0, seconds))
        self._wake.set()

    def forget(self, key: ResourceKey) -> None:
        """Drop the due time and the count of failures of *key*: the resource is gone."""
        self._schedule.forget(key)
        self._failures.pop(key, None)

    @property
    def depth(self) -> int:
        """How many keys are due and wait for a worker."""
        return self._schedule.depth(self._monotonic())

    @property
    def oldest_age(self) -> float:
        """Seconds for which the key that waits longest could have had a worker; 0 when none waits.

        A standby's keys count from the moment at which it leads.
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

    async def run(self, work: Work, stop: asyncio.Event) -> None:
        """Run passes until *stop* is set, then let running ones finish, and cancel the rest.

        Args:
            work: one pass; where it raises, the key is tried again later.
            stop: ends the passes.

        """
        self._running_since = self._monotonic()
        stopping = asyncio.create_task(self._wake_on(stop), name="queue: stop")
        try:
            while not stop.is_set():
                self._wake.clear()
                self._start_due(work)
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

    def _start_due(self, work: Work) -> None:
        now = self._heartbeat = self._monotonic()
        while len(self._passes) < self._workers:
            key = self._schedule.take(now)
            if key is None:
                return
            task = asyncio.create_task(self._pass(work, key), name=f"pass: {key}")
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

    async def _pass(self, work: Work, key: ResourceKey) -> None:
        """Run one pass and schedule the key's next."""
        began = self._monotonic()
        try:
            seconds = await work(key)
        except asyncio.CancelledError:
            self._retry(key)
            raise
        except Exception as error:  # noqa: BLE001  # the key must not get lost
            self._report(key, error, self._retry(key))
        else:
            self._failures.pop(key, None)
            if seconds is not None:
                self.enqueue_after(key, seconds)
        finally:
            self._on_pass(self._monotonic() - began)

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
