"""The one hook that every call of a fake passes through: it records, counts and breaks calls."""

import types
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeVar

from cognito_secret_operator.errors import AnswerLostError, OutsideError

__all__ = ["Call", "Crashed", "Faults"]

_Result = TypeVar("_Result")


class Crashed(BaseException):
    """The process died here; whoever started it goes on with a new one over the same world."""


@dataclass(frozen=True)
class Call:
    """One call of a fake, as it was recorded."""

    index: int
    name: str
    is_write: bool

    def __str__(self) -> str:
        return f"{self.index:03} {self.name}"


@dataclass
class Faults:
    """Breaks the calls that a test names by their index; the indexes come from a recording."""

    calls: list[Call] = field(default_factory=list)
    after_each: Callable[[Call], None] = lambda call: None  # noqa: ARG005 - nobody checks
    """Called after each call whose effect was carried out, before anything is raised."""

    interleaved: bool = False
    """Whether each call gives the turn to the test's driver before its effect."""

    _before: dict[int, Callable[[], None]] = field(default_factory=dict)
    _after: dict[int, Callable[[], None]] = field(default_factory=dict)
    _lost_writes: set[int] = field(default_factory=set)
    _next_before: dict[str, Callable[[], None]] = field(default_factory=dict)
    _next_after: dict[str, Callable[[], None]] = field(default_factory=dict)

    def crash_before_for_test(self, index: int) -> None:
        """Kill the process right before a call."""
        self._before[index] = _crash

    def crash_after_for_test(self, index: int) -> None:
        """Kill the process right after a call's effect."""
        self._after[index] = _crash

    def refuse_for_test(self, index: int, error: OutsideError) -> None:
        """Fail a call without its effect."""
        self._before[index] = _raiser(error)

    def lose_answer_for_test(self, index: int) -> None:
        """Carry a call out and lose its answer."""
        self._after[index] = _raiser(AnswerLostError("the answer was lost"))

    def lose_answer_of_a_write_for_test(self, index: int) -> None:
        """Lose a call's answer if it turns out to be a write."""
        self._lost_writes.add(index)

    def before_for_test(self, index: int, act: Callable[[], None]) -> None:
        """Let something happen right before a call: time passes, a person writes."""
        self._before[index] = act

    def before_next_for_test(self, name: str, act: Callable[[], None]) -> None:
        """Let something happen right before the next call of a name."""
        self._next_before[name] = act

    def lose_next_answer_for_test(self, name: str) -> None:
        """Carry the next call of a name out and lose its answer."""
        self._next_after[name] = _raiser(AnswerLostError("the answer was lost"))

    def crash_after_next_for_test(self, name: str) -> None:
        """Kill the process right after the effect of the next call of a name."""
        self._next_after[name] = _crash

    def count(self, name: str) -> int:
        """Count the calls whose name begins like this."""
        return sum(call.name.startswith(name) for call in self.calls)

    def count_writes(self, *, with_status: bool = True) -> int:
        """Count the writes so far, with or without those of status."""
        names = [call.name for call in self.calls if call.is_write]
        return sum(with_status or name != "resources.status" for name in names)

    async def pass_through(
        self, name: str, effect: Callable[[], _Result], *, is_write: bool = False
    ) -> _Result:
        """Record a call, carry it out, and break it where a test said so."""
        if self.interleaved:
            await _turn()
        call = Call(len(self.calls), name, is_write)
        self.calls.append(call)
        self._before.get(call.index, _nothing)()
        self._next_before.pop(name, _nothing)()
        result = effect()
        self.after_each(call)
        self._after.get(call.index, _nothing)()
        self._next_after.pop(name, _nothing)()
        if is_write and call.index in self._lost_writes:
            raise AnswerLostError("the answer was lost")
        return result


@types.coroutine
def _turn() -> Generator[None, None, None]:
    yield


def _nothing() -> None:
    return None


def _crash() -> None:
    raise Crashed


def _raiser(error: OutsideError) -> Callable[[], None]:
    def throw() -> None:
        raise error

    return throw
