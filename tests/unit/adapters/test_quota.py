import asyncio
import time

import pytest

from cognito_secret_operator.adapters.quota import (
    CATEGORY_RATE,
    POOL_RATE,
    Bucket,
    QuotaLimiter,
)
from cognito_secret_operator.domain.model import ClientRef

ADD = "AddUserPoolClientSecret"
LIST = "ListUserPoolClientSecrets"
CLIENT = ClientRef("eu-west-1_a", "1")
OTHER_POOL = ClientRef("eu-west-1_b", "1")


def sends(bucket: Bucket, until: float) -> list[float]:
    """Take every token as soon as it is there, and note when."""
    now, sent = 0.0, []
    while (now := now + bucket.wait(now)) < until:
        bucket.take(now)
        sent.append(now)
    return sent


@pytest.mark.parametrize("quota", [POOL_RATE, CATEGORY_RATE])
@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.8])
def test_no_second_sees_more_than_the_quota(quota: float, share: float) -> None:
    sent = sends(Bucket(quota * share, 0.0), 60.0)
    busiest = max(sum(first <= at < first + 1.0 for at in sent) for first in sent)
    assert busiest <= quota


@pytest.mark.parametrize("quota", [POOL_RATE, CATEGORY_RATE])
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_the_whole_share_is_used(quota: float, share: float) -> None:
    assert len(sends(Bucket(quota * share, 0.0), 60.0)) >= quota * share * 60.0


def test_idling_saves_up_no_more_than_a_small_burst() -> None:
    bucket = Bucket(POOL_RATE, 0.0)
    for _ in range(10_000):
        assert bucket.wait(1_000.0) >= 0.0
    bucket.take(1_000.0)
    assert bucket.wait(1_000.0) == pytest.approx(0.2)


def test_a_throttled_answer_halves_the_rate_and_it_comes_back_slowly() -> None:
    bucket = Bucket(4.0, 0.0)
    bucket.slow_down(100.0)
    assert bucket.rate(100.0) == 2.0
    assert bucket.rate(110.0) == 2.0
    assert bucket.rate(125.0) == pytest.approx(3.0)
    assert bucket.rate(140.0) == pytest.approx(4.0)
    assert bucket.rate(9_999.0) == 4.0
    assert bucket.wait(100.0) == pytest.approx(0.5)


def test_throttled_answers_that_come_together_count_once() -> None:
    bucket = Bucket(4.0, 0.0)
    for answer in range(8):
        bucket.slow_down(100.0 + answer / 10)
    assert bucket.rate(101.0) == 2.0


def test_throttling_again_and_again_never_stops_everything() -> None:
    bucket = Bucket(4.0, 0.0)
    for answer in range(50):
        bucket.slow_down(100.0 + answer * 2)
    assert bucket.rate(200.0) == 0.25


def test_a_clock_that_stands_still_gives_nothing() -> None:
    bucket = Bucket(1.0, 5.0)
    bucket.take(5.0)
    assert bucket.wait(5.0) == bucket.wait(4.0) == 1.0


@pytest.mark.parametrize("share", [0.0, -0.5, 1.01, float("nan")])
def test_a_share_is_above_zero_and_at_most_one(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        QuotaLimiter(share)


async def test_waiters_go_in_the_order_in_which_they_came_at_the_rate() -> None:
    limiter, order, waits = QuotaLimiter(1.0), list[int](), list[tuple[str, float]]()
    limiter = QuotaLimiter(1.0, on_wait=lambda operation, wait: waits.append((operation, wait)))

    async def send(number: int) -> None:
        await limiter.acquire(ADD, CLIENT)
        order.append(number)

    began = time.monotonic()
    await asyncio.gather(*(send(number) for number in range(4)))
    assert order == [0, 1, 2, 3]
    assert time.monotonic() - began >= 0.59
    assert [operation for operation, _ in waits] == [ADD] * 4
    assert waits[0][1] < 0.1
    assert waits[3][1] >= 0.59


async def test_nobody_waits_behind_another_pools_or_operations_queue() -> None:
    limiter = QuotaLimiter(1.0)
    queue = [asyncio.ensure_future(limiter.acquire(ADD, CLIENT)) for _ in range(20)]
    await asyncio.sleep(0)
    async with asyncio.timeout(0.15):
        await limiter.acquire(ADD, OTHER_POOL)
        await limiter.acquire(LIST, CLIENT)
    for waiter in queue:
        waiter.cancel()
    await asyncio.gather(*queue, return_exceptions=True)


async def test_all_pools_of_a_region_share_the_categorys_rate() -> None:
    limiter = QuotaLimiter(1.0)
    began = time.monotonic()
    pools = [ClientRef(f"eu-west-1_{number}", "1") for number in range(9)]
    await asyncio.gather(*(limiter.acquire(ADD, pool) for pool in pools))
    assert time.monotonic() - began >= (9 - 3) / 15 - 0.01
    async with asyncio.timeout(0.05):
        await limiter.acquire(ADD, ClientRef("us-east-1_a", "1"))


async def test_a_cancelled_waiter_takes_no_token() -> None:
    limiter = QuotaLimiter(1.0)
    await limiter.acquire(ADD, CLIENT)
    impatient = asyncio.ensure_future(limiter.acquire(ADD, CLIENT))
    patient = asyncio.ensure_future(limiter.acquire(ADD, CLIENT))
    await asyncio.sleep(0)
    impatient.cancel()
    async with asyncio.timeout(0.35):
        await patient
    assert impatient.cancelled()


async def test_a_throttled_answer_slows_that_operation_in_that_pool_only() -> None:
    limiter = QuotaLimiter(1.0)
    limiter.throttled(ADD, CLIENT)
    async with asyncio.timeout(0.15):
        await limiter.acquire(LIST, CLIENT)
        await limiter.acquire(ADD, OTHER_POOL)
    began = time.monotonic()
    await limiter.acquire(ADD, CLIENT)
    assert time.monotonic() - began >= 0.3
