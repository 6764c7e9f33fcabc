"""The record of the calls that arrived."""

from collections import deque
from threading import Lock
from typing import Final, TypedDict


class RecordedCall(TypedDict):
    """One call that arrived, in the order of its effects; never with a value."""

    sequence: int
    """From 1 on, also across `DELETE /_emulator/calls`."""
    at: float
    """Real time in epoch seconds, whatever the clock offset."""
    operation: str
    """AWS's name, or `Token`."""
    flow: str | None
    """The `AuthFlow` or the `grant_type`, if any."""
    pool: str | None
    client: str | None
    outcome: str
    """`OK`, or the error's code."""
    lost: bool
    """Whether the answer was lost on purpose."""
    request_id: str
    """AWS's id of it, as the answer's header ``x-amzn-RequestId`` and CloudTrail show it."""
    user_agent: str
    role: str | None
    """ARN of the role whose credentials signed the call, if STS lent it here."""


class CallRecord:
    """The calls so far; safe to use from many threads."""

    KEPT: Final = 100_000

    def __init__(self) -> None:
        self._lock = Lock()
        self._sequence = 0
        self._calls: deque[RecordedCall] = deque(maxlen=self.KEPT)

    def add(self, call: RecordedCall) -> None:
        """Add a call and number it."""
        with self._lock:
            self._sequence += 1
            call["sequence"] = self._sequence
            self._calls.append(call)

    def all(self) -> list[RecordedCall]:
        """Give all calls, the oldest first."""
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        """Forget the calls, and go on counting."""
        with self._lock:
            self._calls.clear()
