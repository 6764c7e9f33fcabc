"""Waiting for conditions with a deadline."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

POLL_SECONDS: Final = 0.1
"""Pause between two looks at a condition."""


class DeadlineError(TimeoutError):
    """A condition did not come true before its deadline."""


def wait_for(what: str, condition: Callable[[], T | None], seconds: float = 60) -> T:
    """Wait until a condition gives something true.

    Args:
        what: The condition in words, for the error.
        condition: Asked every tenth of a second. A false value means not yet;
            an exception ends the wait.
        seconds: The deadline, in seconds from now.

    Returns:
        The first true value that the condition gave.

    Raises:
        DeadlineError: The condition was still false at the deadline.
    """
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise DeadlineError(f"not within {seconds:g} s: {what}")
        time.sleep(POLL_SECONDS)
