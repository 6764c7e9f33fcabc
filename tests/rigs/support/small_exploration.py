"""Visits every state of the small model that can be reached, and looks for ways to rest."""

from collections import deque
from dataclasses import dataclass, field

from .small_keys import key_of
from .small_model import State
from .small_moves import LawBrokenInModelError, moves

__all__ = ["Exploration", "explore"]


@dataclass
class Exploration:
    """All states by number, how each was reached first, and which lead to which."""

    reached_by: list[tuple[int, str]] = field(default_factory=list)
    leads_back: list[list[int]] = field(default_factory=list)
    ends: set[int] = field(default_factory=set)
    """States at rest, and states in which a person is asked for."""

    moves: int = 0
    holds: set[str] = field(default_factory=set)

    @property
    def states(self) -> int:
        """Count the states."""
        return len(self.reached_by)

    def story(self, state: int) -> str:
        """Tell the shortest way to a state."""
        told: list[str] = []
        while state:
            state, move = self.reached_by[state]
            told.append(move)
        return "\n".join(reversed(told))

    def without_an_end(self) -> set[int]:
        """Find the states from which no end can be reached any more."""
        found, waiting = set(self.ends), deque(self.ends)
        while waiting:
            for before in self.leads_back[waiting.popleft()]:
                if before not in found:
                    found.add(before)
                    waiting.append(before)
        return set(range(self.states)) - found


def explore(first: State, *, may_hold: frozenset[str] = frozenset()) -> Exploration:
    """Visit everything, breadth first; *may_hold* names the holds that count as an end.

    Raises:
        LawBrokenInModelError: with the shortest story that breaks a law.

    """
    seen, waiting = Exploration([(0, "")], [[]]), deque([(0, first)])
    numbers = {key_of(first): 0}
    while waiting:
        number, state = waiting.popleft()
        held = {process.held for process in state.processes} - {""}
        seen.holds |= held
        if state.rests or held & may_hold:
            seen.ends.add(number)
        if state.rests:
            continue
        try:
            for move, after in moves(state):
                seen.moves += 1
                key = key_of(after)
                if key not in numbers:
                    numbers[key] = seen.states
                    seen.reached_by.append((number, move))
                    seen.leads_back.append([])
                    waiting.append((numbers[key], after))
                seen.leads_back[numbers[key]].append(number)
        except LawBrokenInModelError as broken:
            raise LawBrokenInModelError(f"{broken}:\n{seen.story(number)}") from None
    return seen
