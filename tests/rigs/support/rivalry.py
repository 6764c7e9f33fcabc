"""Two processes over one world, interleaved at every call by a seeded generator."""

import random
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cognito_secret_operator.errors import OutsideError

from .fakes import Crashed
from .world import KEY, Process, World

__all__ = ["Rivalry"]

FREEZES = (1.0, 20.0, 45.0, 100.0, 700.0)
"""Seconds for which everything may stand still between two calls."""


@dataclass
class Runner:
    """A process, and the pass that it is in the middle of."""

    process: Process
    wakes_at: datetime
    work: Coroutine[Any, Any, float | None] | None = None


class Rivalry:
    """Drives processes call by call; who goes next, who freezes and who dies is chance."""

    def __init__(
        self,
        world: World,
        seed: int,
        *,
        processes: int = 2,
        freeze: float = 0.01,
        crash: float = 0.0,
        lose: float = 0.0,
    ) -> None:
        """Start the processes; *freeze*, *crash* and *lose* are probabilities at each call."""
        self._world = world
        self._chance = random.Random(seed)
        self._freeze, self._crash, self._lose = freeze, crash, lose
        self._runners = [Runner(world.process(), world.clock.now()) for _ in range(processes)]
        self.steps = 0
        world.faults.interleaved = True

    def run_for(self, span: timedelta, *, until_rest: bool = False) -> bool:
        """Let the processes work for a while, or until rest; tell whether the world rests."""
        end = self._world.clock.now() + span
        while self._world.clock.now() < end:
            ready = [one for one in self._runners if one.wakes_at <= self._world.clock.now()]
            if not ready:
                self._sleep_until(min(one.wakes_at for one in self._runners))
                continue
            self._step(self._chance.choice(ready))
            if until_rest and self._idle() and self._world.is_at_rest():
                return True
        return self._world.is_at_rest()

    def calm(self) -> None:
        """Let chance break nothing from now on."""
        self._freeze = self._crash = self._lose = 0.0

    def close(self) -> None:
        """End the passes that are in the middle of something."""
        for runner in self._runners:
            if runner.work is not None:
                runner.work.close()

    def _step(self, runner: Runner) -> None:
        self.steps += 1
        if runner.work is None:
            runner.work = runner.process.reconciler.reconcile(KEY)
        if self._chance.random() < self._freeze:
            self._world.sleep(self._chance.choice(FREEZES))
        self._break()
        try:
            runner.work.send(None)
        except StopIteration as end:
            self._rest(runner, end.value or 60)
        except Crashed:
            runner.process = self._world.process()
            self._rest(runner, 2)
        except OutsideError:
            self._rest(runner, 5)

    def _break(self) -> None:
        """Decide what happens to the next call, whoever makes it."""
        faults, index = self._world.faults, len(self._world.faults.calls)
        if self._chance.random() < self._crash:
            if self._chance.random() < 0.5:
                faults.crash_before_for_test(index)
            else:
                faults.crash_after_for_test(index)
        elif self._chance.random() < self._lose:
            faults.lose_answer_of_a_write_for_test(index)

    def _rest(self, runner: Runner, pause: float) -> None:
        runner.work = None
        runner.wakes_at = self._world.clock.now() + timedelta(seconds=pause)

    def _idle(self) -> bool:
        return all(runner.work is None for runner in self._runners)

    def _sleep_until(self, moment: datetime) -> None:
        self._world.sleep((moment - self._world.clock.now()).total_seconds())
