import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from cognito_secret_operator.domain.model import ResourceKey
from cognito_secret_operator.errors import ThrottledError
from cognito_secret_operator.runtime.queue import Schedule, Work, WorkQueue, backoff

A = ResourceKey("shop", "a")
B = ResourceKey("shop", "b")
C = ResourceKey("bank", "c")

HANG = 30.0
"""Seconds after which a test that waits for something that never comes is cut off."""


@pytest.fixture
def schedule() -> Schedule:
    return Schedule()


class TestSchedule:
    def test_a_key_is_given_out_when_it_is_due_and_not_before(self, schedule: Schedule) -> None:
        schedule.add(A, 10)
        assert schedule.take(9.9) is None
        assert schedule.next_due() == 10
        assert schedule.take(10) == A
        assert schedule.take(10) is None

    def test_the_earliest_due_time_wins_when_it_comes_first(self, schedule: Schedule) -> None:
        schedule.add(A, 5)
        schedule.add(A, 10)
        assert schedule.take(5) == A
        schedule.done(A)
        assert schedule.take(100) is None

    def test_the_earliest_due_time_wins_when_it_comes_last(self, schedule: Schedule) -> None:
        schedule.add(A, 10)
        schedule.add(A, 5)
        assert schedule.take(5) == A
        schedule.done(A)
        assert schedule.next_due() is None
        assert schedule.take(100) is None

    def test_the_longest_due_comes_first_and_equals_in_order_of_asking(
        self, schedule: Schedule
    ) -> None:
        for key, due in ((C, 2), (B, 1), (A, 1)):
            schedule.add(key, due)
        assert [schedule.take(5) for _ in range(4)] == [B, A, C, None]

    def test_a_key_in_work_is_not_given_out_a_second_time(self, schedule: Schedule) -> None:
        schedule.add(A, 0)
        assert schedule.take(0) == A
        schedule.add(A, 1)
        assert schedule.take(5) is None
        assert schedule.next_due() is None

    def test_a_key_asked_for_during_its_work_comes_once_more(self, schedule: Schedule) -> None:
        schedule.add(A, 0)
        schedule.take(0)
        schedule.add(A, 2)
        schedule.add(A, 1)
        schedule.add(A, 3)
        schedule.done(A)
        assert schedule.next_due() == 1
        assert schedule.take(1) == A
        schedule.done(A)
        assert schedule.take(100) is None

    def test_others_are_given_out_while_a_key_is_in_work(self, schedule: Schedule) -> None:
        schedule.add(A, 0)
        schedule.add(B, 1)
        schedule.take(0)
        schedule.add(A, 0)
        assert schedule.take(1) == B

    def test_a_forgotten_key_is_not_given_out(self, schedule: Schedule) -> None:
        schedule.add(A, 0)
        schedule.forget(A)
        assert schedule.take(5) is None
        schedule.add(A, 6)
        assert schedule.take(6) == A

    def test_forgetting_keeps_what_was_asked_during_the_pass(self, schedule: Schedule) -> None:
        # The resource was created again after the pass had seen it gone.
        schedule.add(A, 0)
        schedule.take(0)
        schedule.add(A, 1)
        schedule.forget(A)
        schedule.done(A)
        assert schedule.take(1) == A

    def test_forgetting_an_unknown_key_is_harmless(self, schedule: Schedule) -> None:
        schedule.forget(A)
        assert schedule.next_due() is None

    def test_depth_counts_what_is_due_and_waits(self, schedule: Schedule) -> None:
        for key, due in ((A, 0), (B, 1), (C, 9)):
            schedule.add(key, due)
        assert schedule.depth(1) == 2
        schedule.take(1)
        schedule.add(A, 1)
        assert schedule.depth(1) == 1
        assert schedule.running == (A,)

    def test_the_longest_wait_is_known(self, schedule: Schedule) -> None:
        assert schedule.oldest(100) == 0
        schedule.add(A, 10)
        schedule.add(B, 20)
        assert schedule.oldest(5) == 0
        assert schedule.oldest(100) == 90
        schedule.take(100)
        assert schedule.oldest(100) == 80

    def test_keys_woken_early_again_and_again_do_not_fill_the_memory(
        self, schedule: Schedule
    ) -> None:
        for now in range(1000):
            schedule.add(A, now + 100_000)
            schedule.add(A, now)
            assert schedule.take(now) == A
            schedule.done(A)
        assert len(schedule._heap) < 100


class TestBackoff:
    @pytest.mark.parametrize(
        ("failures", "longest"),
        [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (100_000, 300)],
    )
    def test_the_longest_wait_doubles_up_to_the_cap(self, failures: int, longest: float) -> None:
        assert backoff(failures, 1.0) == longest

    def test_the_jitter_is_full(self) -> None:
        assert backoff(5, 0.0) == 0
        assert backoff(5, 0.25) == 4


class FakeTime:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Passes:
    """Passes that a test sees begin, and ends with an answer."""

    def __init__(self) -> None:
        self.started: asyncio.Queue[ResourceKey] = asyncio.Queue()
        self.answers: asyncio.Queue[float | Exception | None] = asyncio.Queue()

    async def __call__(self, key: ResourceKey) -> float | None:
        self.started.put_nowait(key)
        answer = await self.answers.get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def answer(self, answer: float | Exception | None) -> None:
        self.answers.put_nowait(answer)

    async def next(self) -> ResourceKey:
        async with asyncio.timeout(HANG):
            return await self.started.get()


@asynccontextmanager
async def running(queue: WorkQueue, work: Work) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(queue.run(work, stop))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(HANG):
            await task


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def passes() -> Passes:
    return Passes()


@pytest.fixture
def spans() -> list[float]:
    return []


MakeQueue = Callable[..., WorkQueue]


@pytest.fixture
def make_queue(time: FakeTime, spans: list[float]) -> MakeQueue:
    def make(*, workers: int = 2, chance: float = 0.0, drain: float = 0.0) -> WorkQueue:
        return WorkQueue(workers, time, on_pass=spans.append, chance=lambda: chance, drain=drain)

    return make


async def settled(condition: Callable[[], bool]) -> None:
    """Give other tasks their turns until *condition* holds."""
    async with asyncio.timeout(HANG):
        while not condition():  # noqa: ASYNC110  # there is no event: it waits for the loop's turns
            await asyncio.sleep(0)


class TestWorkQueue:
    async def test_many_requests_for_a_key_make_one_pass(
        self, make_queue: MakeQueue, passes: Passes
    ) -> None:
        queue = make_queue()
        for _ in range(5):
            queue.enqueue(A)
        assert queue.depth == 1
        async with running(queue, passes):
            assert await passes.next() == A
            passes.answer(None)
            await settled(lambda: queue.running == 0)
            assert queue.depth == 0
            assert passes.started.empty()

    async def test_a_key_enqueued_during_its_pass_runs_once_more_and_never_twice_at_a_time(
        self, make_queue: MakeQueue, passes: Passes
    ) -> None:
        queue = make_queue()
        async with running(queue, passes):
            queue.enqueue(A)
            assert await passes.next() == A
            queue.enqueue(A)
            queue.enqueue(A)
            queue.enqueue(B)
            assert await passes.next() == B  # a worker is free, and still A waits
            assert queue.running == 2
            passes.answer(None)
            assert await passes.next() == A
            passes.answer(None)
            passes.answer(None)
            await settled(lambda: queue.running == 0)
            assert passes.started.empty()

    async def test_no_more_passes_than_workers_run_at_the_same_time(
        self, make_queue: MakeQueue, passes: Passes
    ) -> None:
        queue = make_queue(workers=2)
        async with running(queue, passes):
            for key in (A, B, C):
                queue.enqueue(key)
            assert [await passes.next(), await passes.next()] == [A, B]
            assert (queue.running, queue.depth) == (2, 1)
            passes.answer(None)
            assert await passes.next() == C
            for _ in range(2):
                passes.answer(None)
            await settled(lambda: queue.running == 0)

    async def test_a_pass_says_when_to_come_back(
        self, make_queue: MakeQueue, passes: Passes, time: FakeTime
    ) -> None:
        queue = make_queue()
        async with running(queue, passes):
            queue.enqueue(A)
            await passes.next()
            passes.answer(60)
            await settled(lambda: queue.running == 0)
            assert queue._schedule.next_due() == time.now + 60
            time.now += 60
            queue.enqueue(B)  # wakes the loop, which looks at the clock
            assert [await passes.next(), await passes.next()] in ([A, B], [B, A])
            for _ in range(2):
                passes.answer(None)
            await settled(lambda: queue.running == 0)

    async def test_a_request_wakes_a_key_that_waits_for_later(
        self, make_queue: MakeQueue, passes: Passes
    ) -> None:
        queue = make_queue()
        async with running(queue, passes):
            queue.enqueue_after(A, 3600)
            queue.enqueue(A)
            assert await passes.next() == A
            passes.answer(None)
            await settled(lambda: queue.running == 0)
            assert queue._schedule.next_due() is None

    async def test_a_failed_pass_is_repeated_after_a_growing_wait_and_success_resets_it(
        self, make_queue: MakeQueue, passes: Passes, time: FakeTime
    ) -> None:
        queue = make_queue(chance=0.5)
        waits = []
        async with running(queue, passes):
            for answer in (
                ThrottledError("slow down"),
                ThrottledError("slow down"),
                ValueError("x"),
                0,
                ValueError("x"),
            ):
                queue.enqueue(A)
                await passes.next()
                passes.answer(answer)
                await settled(lambda: queue.running == 0)
                waits.append((queue._schedule.next_due() or 0) - time.now)
                queue._schedule.forget(A)
        assert waits == [0.5, 1.0, 2.0, 0.0, 0.5]

    async def test_of_a_foreign_exception_only_type_and_place_are_logged(
        self, make_queue: MakeQueue, passes: Passes, caplog: pytest.LogCaptureFixture
    ) -> None:
        queue = make_queue(chance=0.9)
        async with running(queue, passes):
            queue.enqueue(A)
            await passes.next()
            passes.answer(ValueError("value s3cr3t"))
            await settled(lambda: bool(caplog.records))
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert record.__dict__["key"] == A
        assert "ValueError" in record.getMessage()
        assert "test_queue.py" in record.__dict__["trace"]
        assert "s3cr3t" not in repr(record.__dict__)

    async def test_of_our_own_errors_the_message_is_logged(
        self, make_queue: MakeQueue, passes: Passes, caplog: pytest.LogCaptureFixture
    ) -> None:
        queue = make_queue(chance=0.9)
        async with running(queue, passes):
            queue.enqueue(A)
            await passes.next()
            passes.answer(ThrottledError("Cognito asks for fewer requests"))
            await settled(lambda: bool(caplog.records))
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        assert "Cognito asks for fewer requests" in record.getMessage()
        assert record.__dict__["reason"] == "Throttled"

    async def test_a_forgotten_key_loses_its_failures_and_its_due_time(
        self, make_queue: MakeQueue, passes: Passes
    ) -> None:
        queue = make_queue(chance=0.9)
        async with running(queue, passes):
            queue.enqueue(A)
            await passes.next()
            passes.answer(ValueError())
            await settled(lambda: queue.running == 0)
            queue.forget(A)
            assert queue._schedule.next_due() is None
            assert queue._failures == {}

    async def test_each_pass_is_timed_also_one_that_fails(
        self, make_queue: MakeQueue, passes: Passes, time: FakeTime, spans: list[float]
    ) -> None:
        queue = make_queue(chance=0.9)
        async with running(queue, passes):
            for answer in (None, ValueError()):
                queue.enqueue(A)
                await passes.next()
                time.now += 3
                passes.answer(answer)
                await settled(lambda: queue.running == 0)
        assert spans == [3, 3]

    async def test_a_stopped_queue_starts_nothing_and_awaits_what_runs(
        self, make_queue: MakeQueue, passes: Passes
    ) -> None:
        queue = make_queue(workers=1, drain=HANG)
        stop = asyncio.Event()
        run = asyncio.create_task(queue.run(passes, stop))
        queue.enqueue(A)
        queue.enqueue(B)
        await passes.next()
        stop.set()
        passes.answer(None)
        async with asyncio.timeout(HANG):
            await run
        assert queue.running == 0
        assert queue.depth == 1
        assert passes.started.empty()

    async def test_a_pass_that_outlasts_the_stop_is_cancelled_and_named(
        self, make_queue: MakeQueue, passes: Passes, caplog: pytest.LogCaptureFixture
    ) -> None:
        queue = make_queue(drain=0.0)
        async with running(queue, passes):
            queue.enqueue(A)
            await passes.next()
        assert queue.running == 0
        (record,) = [r for r in caplog.records if r.levelno == logging.WARNING]
        assert record.__dict__["key"] == A

    async def test_a_pass_cancelled_by_somebody_else_is_repeated(
        self, make_queue: MakeQueue
    ) -> None:
        calls: asyncio.Queue[ResourceKey] = asyncio.Queue()

        async def work(key: ResourceKey) -> float | None:
            calls.put_nowait(key)
            if calls.qsize() == 1:
                raise asyncio.CancelledError
            return None

        queue = make_queue()
        async with running(queue, work):
            queue.enqueue(A)
            await settled(lambda: calls.qsize() == 2 and queue.running == 0)

    async def test_the_heartbeat_is_fresh_while_the_loop_turns_and_not_asked_otherwise(
        self, make_queue: MakeQueue, passes: Passes, time: FakeTime
    ) -> None:
        queue = make_queue()
        time.now += 500
        assert queue.heartbeat_age() == 0  # a standby is healthy
        async with running(queue, passes):
            queue.enqueue(A)
            await passes.next()
            time.now += 40
            assert queue.heartbeat_age() == 40
            queue.enqueue(B)
            await passes.next()
            assert queue.heartbeat_age() == 0
            for _ in range(2):
                passes.answer(None)
            await settled(lambda: queue.running == 0)
        time.now += 500
        assert queue.heartbeat_age() == 0

    async def test_what_waits_counts_from_the_moment_at_which_the_queue_runs(
        self, make_queue: MakeQueue, passes: Passes, time: FakeTime
    ) -> None:
        queue = make_queue(workers=1)
        queue.enqueue(A)
        queue.enqueue(B)
        time.now += 500
        assert queue.oldest_age == 0  # a standby keeps nobody waiting
        passing = [queue.makes_passes]
        async with running(queue, passes):
            assert await passes.next() == A
            passing.append(queue.makes_passes)
            time.now += 7
            assert queue.oldest_age == 7
            for _ in range(2):
                passes.answer(None)
            assert await passes.next() == B
            await settled(lambda: queue.running == 0)
            assert queue.oldest_age == 0
            queue.enqueue(C)
            assert await passes.next() == C
            queue.enqueue(A)
            time.now += 3
            assert queue.oldest_age == 3
            for _ in range(2):
                passes.answer(None)
            assert await passes.next() == A
            await settled(lambda: queue.running == 0)
        time.now += 500
        assert queue.oldest_age == 0
        assert [*passing, queue.makes_passes] == [False, True, False]
