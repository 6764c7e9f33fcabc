"""``windows[]`` of a rotation and of a retirement."""

import re
from datetime import UTC, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ...domain.windows import BadScheduleError, Window
from .sections import Section

__all__ = ["MOST", "windows_spec"]

MOST: Final = 10
"""Maximum number of windows in one list."""

_SCHEDULE: Final = re.compile(r"[0-9A-Za-z*,/#-]+( [0-9A-Za-z*,/#-]+){4}")
_DURATION: Final = re.compile(r"[1-9][0-9]{0,5}[mhd]")
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
_FIVE_FIELDS: Final = (
    "must be a cron schedule of five fields (minute hour day month weekday) with one space between "
    "them: write 0 2 * * 1-5, not @daily"
)


def windows_spec(section: Section) -> tuple[Window, ...]:
    """Read the list of windows; an empty list means none."""
    return tuple(_window(one) for one in section.sections("windows", most=MOST))


def _window(one: Section) -> Window:
    one.required("schedule")
    schedule = one.matching("schedule", _SCHEDULE, _FIVE_FIELDS) or ""
    one.required("duration")
    one.matching(
        "duration",
        _DURATION,
        "must be a whole number above zero with one unit, m, h or d: write 2h, not 90s or 1h30m",
    )
    duration = one.span("duration")
    window = Window(schedule, duration, _zone(one)) if duration is not None else None
    one.refuse_the_rest()
    if window is None:
        raise one.invalid("duration", "Required value: set it")
    try:
        window.check()
    except BadScheduleError as error:
        raise one.invalid("schedule", f"{_FIVE_FIELDS} ({error})") from None
    return window


def _zone(one: Section) -> tzinfo:
    name = one.matching(
        "timeZone",
        _ZONE,
        "must be a name of the IANA time zone database: write Europe/Oslo, not +01:00",
    )
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise one.invalid(
            "timeZone",
            "is not in the IANA time zone database: write a name like Europe/Oslo, in its capitals",
        ) from None
