import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from cognito_secret_operator.runtime.probes import (
    LoopLag,
    ProbeServer,
    Readiness,
    health_problem,
)


class TestHealth:
    @pytest.mark.parametrize(
        ("lag", "heartbeat_age", "word"),
        [
            pytest.param(0.0, 0.0, None, id="nothing is late"),
            pytest.param(5.0, 30.0, None, id="both are late and within bounds"),
            pytest.param(5.1, 0.0, "event loop", id="the event loop was blocked"),
            pytest.param(0.0, 30.1, "work queue", id="the queue stands still"),
        ],
    )
    def test_the_problem_is_named(self, lag: float, heartbeat_age: float, word: str | None) -> None:
        problem = health_problem(lag=lag, heartbeat_age=heartbeat_age)
        assert problem is None if word is None else problem is not None and word in problem


class TestReadiness:
    def test_it_takes_the_listing_and_the_watch(self) -> None:
        readiness = Readiness()
        assert "listing" in (readiness.problem() or "")
        readiness.listed = True
        assert "watch" in (readiness.problem() or "")
        readiness.watching = True
        assert readiness.problem() is None


class TestLoopLag:
    def test_the_worst_of_the_last_samples_counts(self) -> None:
        lag = LoopLag()
        assert lag.worst == 0
        lag.add(planned=0.5, slept=3.5)
        lag.add(planned=0.5, slept=0.4)
        assert lag.worst == 3.0

    def test_an_old_sample_is_forgotten(self) -> None:
        lag = LoopLag()
        lag.add(planned=0.5, slept=10.5)
        for _ in range(20):
            lag.add(planned=0.5, slept=0.5)
        assert lag.worst == 0


class State:
    """What the server asks for, to be set by a test."""

    def __init__(self) -> None:
        self.heartbeat_age = 0.0
        self.readiness = Readiness()
        self.lag = LoopLag()
        self.server = ProbeServer(
            metrics=lambda: (b"up 1\n", "text/plain; version=1.0.0; charset=utf-8"),
            heartbeat_age=lambda: self.heartbeat_age,
            readiness=self.readiness.problem,
            lag=self.lag,
        )


@pytest.fixture
async def state() -> AsyncIterator[State]:
    state = State()
    yield state
    await state.server.stop()


async def _get(url: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text(), response.headers["Content-Type"]


class TestProbeServer:
    async def test_it_serves_on_the_port_that_it_wrote_to_the_file(
        self, state: State, tmp_path: Path
    ) -> None:
        port_file = tmp_path / "port"
        port = await state.server.start("127.0.0.1", 0, port_file)
        assert port_file.read_text() == f"{port}\n"
        assert not port_file.with_name("port.new").exists()  # no draft is left
        assert (await _get(f"http://127.0.0.1:{port}/healthz"))[:2] == (200, "ok\n")

    @pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="THIS KERNEL HAS NO IPv6")
    async def test_without_an_address_both_families_reach_it_at_one_port(
        self, state: State, tmp_path: Path
    ) -> None:
        port = await state.server.start("", 0, tmp_path / "port")
        assert (tmp_path / "port").read_text() == f"{port}\n"
        for host in ("127.0.0.1", "[::1]"):
            assert (await _get(f"http://{host}:{port}/healthz"))[:2] == (200, "ok\n"), host

    async def test_without_an_address_ipv4_is_served_where_the_kernel_has_no_ipv6(
        self, state: State, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
        port = await state.server.start("", 0)
        assert (await _get(f"http://127.0.0.1:{port}/healthz"))[:2] == (200, "ok\n")

    async def test_a_stale_heartbeat_is_503_with_the_reason_in_one_line(self, state: State) -> None:
        port = await state.server.start("127.0.0.1", 0)
        state.heartbeat_age = 99
        status, text, _ = await _get(f"http://127.0.0.1:{port}/healthz")
        assert (status, text) == (503, "the work queue has not turned for 99 s\n")

    async def test_a_blocked_loop_is_503(self, state: State) -> None:
        port = await state.server.start("127.0.0.1", 0)
        state.lag.add(planned=0, slept=60)
        status, text, _ = await _get(f"http://127.0.0.1:{port}/healthz")
        assert status == 503
        assert "event loop" in text

    async def test_readiness_follows_what_others_set(self, state: State) -> None:
        port = await state.server.start("127.0.0.1", 0)
        assert (await _get(f"http://127.0.0.1:{port}/readyz"))[0] == 503
        state.readiness.listed = state.readiness.watching = True
        assert (await _get(f"http://127.0.0.1:{port}/readyz"))[:2] == (200, "ok\n")

    async def test_metrics_keep_their_content_type(self, state: State) -> None:
        port = await state.server.start("127.0.0.1", 0)
        assert await _get(f"http://127.0.0.1:{port}/metrics") == (
            200,
            "up 1\n",
            "text/plain; version=1.0.0; charset=utf-8",
        )

    async def test_after_the_stop_nothing_listens_and_nothing_measures(self, state: State) -> None:
        before = asyncio.all_tasks()
        port = await state.server.start("127.0.0.1", 0)
        await state.server.stop()
        await state.server.stop()
        with pytest.raises(aiohttp.ClientConnectionError):
            await _get(f"http://127.0.0.1:{port}/healthz")
        assert asyncio.all_tasks() <= before

    async def test_a_server_that_was_never_started_can_be_stopped(self, state: State) -> None:
        await state.server.stop()
