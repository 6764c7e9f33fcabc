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
    secret: str | None
    """Id of the client's secret that the call showed, where that one was accepted."""
    outcome: str
    """`OK`, or the error's code."""
    lost: bool
    """Whether the answer was lost on purpose."""
    request_id: str
    """AWS's id of it, as the answer's header ``x-amzn-RequestId`` and CloudTrail show it."""
    user_agent: str
    role: str | None
    """ARN of the role whose credentials signed the call, if STS lent it here."""


class TallyRow(TypedDict):
    """How often a client was answered so; it counts on when the single calls are forgotten."""

    client: str | None
    operation: str
    flow: str | None
    secret: str | None
    outcome: str
    """As in `RecordedCall`."""
    count: int
    first_at: float
    last_at: float
    """Real time of the first and the last, in epoch seconds."""


class Pause(TypedDict):
    """The longest time between two calls of a client that were accepted one after the other."""

    client: str | None
    operation: str
    flow: str | None
    seconds: float


class CallRecord:
    """The calls so far; safe to use from many threads."""

    KEPT: Final = 100_000

    def __init__(self) -> None:
        self._lock = Lock()
        self._sequence = 0
        self._calls: deque[RecordedCall] = deque(maxlen=self.KEPT)
        self._tally: dict[tuple[str | None, ...], TallyRow] = {}
        self._accepted_at: dict[tuple[str | None, ...], float] = {}
        self._pauses: dict[tuple[str | None, ...], Pause] = {}

    def add(self, call: RecordedCall) -> None:
        """Add a call and number it."""
        with self._lock:
            self._sequence += 1
            call["sequence"] = self._sequence
            self._calls.append(call)
            self._count(call)

    def tally(self) -> list[TallyRow]:
        """Give the counts of all calls since the start or the last reset."""
        with self._lock:
            return [row.copy() for row in self._tally.values()]

    def pauses(self) -> list[Pause]:
        """Give the longest pause of each client, operation and flow, as far as it was accepted."""
        with self._lock:
            return [pause.copy() for pause in self._pauses.values()]

    def all(self) -> list[RecordedCall]:
        """Give all calls, the oldest first."""
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        """Forget the calls, and go on counting."""
        with self._lock:
            self._calls.clear()

    def reset(self) -> None:
        """Forget the calls and the tally; their numbers go on."""
        with self._lock:
            self._calls.clear()
            self._tally.clear()
            self._accepted_at.clear()
            self._pauses.clear()

    def _count(self, call: RecordedCall) -> None:
        key = (call["client"], call["operation"], call["flow"], call["secret"], call["outcome"])
        row = self._tally.setdefault(
            key,
            TallyRow(
                client=call["client"],
                operation=call["operation"],
                flow=call["flow"],
                secret=call["secret"],
                outcome=call["outcome"],
                count=0,
                first_at=call["at"],
                last_at=call["at"],
            ),
        )
        row["count"] += 1
        row["last_at"] = call["at"]
        if call["outcome"] == "OK":
            self._measure(call)

    def _measure(self, call: RecordedCall) -> None:
        key = (call["client"], call["operation"], call["flow"])
        seconds = call["at"] - self._accepted_at.get(key, call["at"])
        self._accepted_at[key] = call["at"]
        pause = Pause(
            client=call["client"], operation=call["operation"], flow=call["flow"], seconds=0.0
        )
        longest = self._pauses.setdefault(key, pause)
        longest["seconds"] = max(longest["seconds"], seconds)
