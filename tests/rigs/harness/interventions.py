"""What a test does to a write on its way: kill whoever sent it, or keep it waiting."""

import asyncio
import enum
import threading
from typing import Protocol, Self

from cluster.waiting import wait_for
from harness.operator_process import OperatorProcess
from harness.shop import WHOLE_SECONDS
from harness.writes import Write


class Side(enum.Enum):
    """On which side of a write something happens."""

    BEFORE = "before"
    """It has arrived and was not passed on."""

    AFTER = "after"
    """It was answered, and its sender has not heard of it."""


class Intervention(Protocol):
    """Looks at every write twice."""

    async def lets_pass(self, write: Write, side: Side) -> bool:
        """Tell whether a write is passed on, or its answer passed back; may take its time."""


class Kill:
    """Kills the operator at one side of one write: SIGKILL, once."""

    def __init__(self, operator: OperatorProcess, write: Write, side: Side) -> None:
        """Lie in wait."""
        self._operator = operator
        self._at = (write, side)
        self._fired = threading.Event()

    @property
    def is_done(self) -> bool:
        """Whether the operator was killed."""
        return self._fired.is_set()

    async def lets_pass(self, write: Write, side: Side) -> bool:
        """Stop the write for which this was made, and its sender."""
        if (write, side) != self._at or self._fired.is_set():
            return True
        await asyncio.to_thread(self._operator.kill)
        self._fired.set()
        return False


class Hold:
    """Keeps one write waiting before it is passed on, at the longest until this is left."""

    def __init__(self, write: Write) -> None:
        """Lie in wait."""
        self._write = write
        self._released = threading.Event()
        self._arrived = threading.Event()

    def wait_for_arrival(self) -> None:
        """Wait until the write is held."""
        wait_for(f"{self._write} is on its way", self._arrived.is_set, WHOLE_SECONDS)

    def release(self) -> None:
        """Let it go on; its sender may have vanished meanwhile."""
        self._released.set()

    async def lets_pass(self, write: Write, side: Side) -> bool:
        """Hold the write for which this was made, then let it pass, as all others."""
        if (write, side) == (self._write, Side.BEFORE):
            self._arrived.set()
            await asyncio.to_thread(self._released.wait)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()


class Refuse:
    """Does not pass on any write of one signature, until this is lifted."""

    def __init__(self, signature: str) -> None:
        """Begin."""
        self._signature = signature
        self._lifted = threading.Event()

    def lift(self) -> None:
        """Let everything pass from now on."""
        self._lifted.set()

    async def lets_pass(self, write: Write, side: Side) -> bool:
        """Stop the writes for which this was made, on their way there."""
        is_refused = write.signature == self._signature and side is Side.BEFORE
        return not is_refused or self._lifted.is_set()
