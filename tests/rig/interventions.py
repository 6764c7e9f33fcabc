"""What a test does to a write on its way: kill whoever sent it, or keep it waiting."""

import asyncio
import enum
import threading
from typing import Final, Protocol

from rig.operator_process import OperatorProcess
from rig.writes import Write

LONGEST_HOLD: Final = 600.0


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
        self.fired = threading.Event()

    async def lets_pass(self, write: Write, side: Side) -> bool:
        """Stop the write for which this was made, and its sender."""
        if (write, side) != self._at or self.fired.is_set():
            return True
        await asyncio.to_thread(self._operator.kill)
        self.fired.set()
        return False


class Hold:
    """Keeps one write waiting before it is passed on; its sender may vanish meanwhile."""

    def __init__(self, write: Write) -> None:
        """Lie in wait."""
        self._write = write
        self._released = threading.Event()
        self.arrived = threading.Event()

    def release(self) -> None:
        """Let it go on."""
        self._released.set()

    async def lets_pass(self, write: Write, side: Side) -> bool:
        """Hold the write for which this was made, then let it pass, as all others."""
        if (write, side) == (self._write, Side.BEFORE):
            self.arrived.set()
            await asyncio.to_thread(self._released.wait, LONGEST_HOLD)
        return True
