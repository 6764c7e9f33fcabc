"""Windows: openings of a cron schedule in a time zone. Time is an argument, nothing is asked.

A local time that daylight saving skips opens at the first minute after the gap, one that comes
twice opens at its first coming (Debian's cron does the same). A schedule whose minute or hour
begins with ``*`` follows the hands of the clock, however often they pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

from cronsim import CronSim, CronSimError

__all__ = [
    "BadScheduleError",
    "Opening",
    "Window",
    "last_opening",
    "longest_gap",
    "next_opening",
    "open_windows",
]

_ONE_DAY: Final = timedelta(days=1)
_SHORTEST_SEARCH: Final = timedelta(hours=2)
_SAMPLE: Final = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
"""Two years, one of them a leap year, that stand for all: the gap must not depend on the date."""


class BadScheduleError(ValueError):
    """The schedule cannot be read, or never opens; the message says which."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time that begins at each moment of a schedule."""

    schedule: str
    """Cron, five fields."""

    duration: timedelta
    zone: tzinfo

    def check(self) -> None:
        """Make sure that it opens some time.

        Raises:
            BadScheduleError: it cannot be read, or never opens.

        """
        try:
            next(CronSim(self.schedule, _SAMPLE[0].astimezone(self.zone)))
        except CronSimError as error:
            raise BadScheduleError(str(error)) from None
        except StopIteration:
            raise BadScheduleError("never opens") from None


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of a window."""

    window: Window
    opens_at: datetime


def next_opening(window: Window, after: datetime) -> Opening:
    """Find the first opening later than *after*."""
    return Opening(window, next(_openings(window, after)))


def last_opening(window: Window, moment: datetime) -> Opening | None:
    """Find the latest opening that is open at *moment*; None where it is closed.

    Searched forwards from ever farther back: from within an hour that comes twice, the way back
    is ambiguous.
    """
    span = min(_SHORTEST_SEARCH, window.duration)
    while True:
        latest: datetime | None = None
        for opens_at in _openings(window, moment - span):
            if opens_at > moment:
                break
            latest = opens_at
        if latest is not None:
            return Opening(window, latest)
        if span == window.duration:
            return None
        span = min(2 * span, window.duration)


def open_windows(windows: tuple[Window, ...], moment: datetime) -> tuple[Opening, ...]:
    """List the openings that are open at *moment*, one for each window at most."""
    found = (last_opening(window, moment) for window in windows)
    return tuple(opening for opening in found if opening is not None)


@lru_cache(maxsize=1024)
def longest_gap(windows: tuple[Window, ...]) -> timedelta:
    """Measure the longest time from one day with an opening to the next, from first to first."""
    day, until = _SAMPLE
    before: datetime | None = None
    longest = _ONE_DAY
    while before is None or before < until:
        first = min(next_opening(window, day).opens_at for window in windows)
        if before is not None:
            longest = max(longest, first - before)
        before = first
        day = first.replace(hour=23, minute=59, second=59)
    return longest


def _openings(window: Window, after: datetime) -> Iterator[datetime]:
    """Yield the openings later than *after*, in UTC, for ever."""
    for local in CronSim(window.schedule, after.astimezone(window.zone)):
        opens_at = local.astimezone(UTC)
        # In an hour that comes twice the local time alone may lead back.
        if opens_at > after:
            yield opens_at
