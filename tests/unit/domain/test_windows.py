"""Openings of windows: what is open when, in which hour of which zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cognito_secret_operator.domain.windows import (
    BadScheduleError,
    Window,
    last_opening,
    longest_gap,
    next_opening,
    open_windows,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OSLO = ZoneInfo("Europe/Oslo")


def window(schedule: str, zone: str = "UTC", hours: float = 2) -> Window:
    return Window(schedule, hours * HOUR, ZoneInfo(zone))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def openings(of: Window, start: str, end: str) -> list[str]:
    """All openings after *start* and not after *end*, in UTC."""
    found, after = [], utc(start)
    while (opening := next_opening(of, after)).opens_at <= utc(end):
        after = opening.opens_at
        found.append(f"{after:%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("schedule", "zone", "expected"),
    [
        pytest.param("30 2 * * *", "UTC", ["03-29 02:30", "03-30 02:30"], id="UTC knows no summer"),
        pytest.param(
            "30 2 * * *",
            "Europe/Oslo",
            ["03-29 01:00", "03-30 00:30"],
            id="a time that is skipped opens right after the gap",
        ),
        pytest.param(
            "0 3 * * *", "Europe/Oslo", ["03-29 01:00", "03-30 01:00"], id="the end of the gap"
        ),
        pytest.param(
            "59 1 * * *",
            "Europe/Oslo",
            ["03-29 00:59", "03-29 23:59", "03-30 23:59"],
            id="before the gap",
        ),
    ],
)
def test_in_spring_no_opening_is_lost(schedule: str, zone: str, expected: list[str]) -> None:
    found = openings(window(schedule, zone), "2026-03-29T00:00", "2026-03-30T23:59")
    assert found == expected


@pytest.mark.parametrize(
    ("schedule", "zone", "expected"),
    [
        pytest.param(
            "30 2 * * *",
            "Europe/Oslo",
            ["10-25 00:30", "10-26 01:30"],
            id="a time that comes twice opens at its first coming",
        ),
        pytest.param(
            "30 1 * * *",
            "America/New_York",
            ["10-25 05:30", "10-26 05:30"],
            id="another zone changes on another day",
        ),
        pytest.param("0 3 * * *", "Europe/Oslo", ["10-25 02:00", "10-26 02:00"], id="after both"),
    ],
)
def test_in_autumn_no_opening_comes_twice(schedule: str, zone: str, expected: list[str]) -> None:
    found = openings(window(schedule, zone), "2026-10-24T23:00", "2026-10-26T12:00")
    assert found == expected


def test_within_the_hour_that_comes_again_the_opening_is_not_taken_for_another() -> None:
    nightly = window("30 2 * * *", "Europe/Oslo")
    second_coming = utc("2026-10-25T01:35")
    opening = last_opening(nightly, second_coming)
    assert opening is not None
    assert opening.opens_at == utc("2026-10-25T00:30")
    assert next_opening(nightly, second_coming).opens_at == utc("2026-10-26T01:30")


def test_a_schedule_of_every_hour_follows_the_clock_twice() -> None:
    hourly = window("30 * * * *", "Europe/Oslo")
    found = openings(hourly, "2026-10-25T00:00", "2026-10-25T02:30")
    assert found == ["10-25 00:30", "10-25 01:30", "10-25 02:30"]


@pytest.mark.parametrize(
    ("moment", "open_ones"),
    [
        ("2026-11-24T01:59:59", 0),
        ("2026-11-24T02:00", 1),
        ("2026-11-24T03:59:59", 1),
        ("2026-11-24T04:00", 0),
    ],
)
def test_it_is_open_from_its_opening_until_its_duration_has_passed(
    moment: str, open_ones: int
) -> None:
    assert len(open_windows((window("0 2 * * *"),), utc(moment))) == open_ones


def test_the_latest_opening_counts_where_openings_overlap() -> None:
    dense = window("*/10 * * * *", hours=48)
    opening = last_opening(dense, utc("2026-11-24T02:19"))
    assert opening is not None
    assert opening.opens_at == utc("2026-11-24T02:10")
    sparse = window("0 2 * * 1", hours=7 * 24 - 1)
    opening = last_opening(sparse, utc("2026-11-28T02:19"))
    assert opening is not None
    assert opening.opens_at == utc("2026-11-23T02:00")


SCHEDULES = st.sampled_from(
    ["30 2 * * *", "0 2 * * 1-5", "15 1,2,3 * * *", "*/20 * * * *", "0 0 1 * *", "59 23 L * *"]
)
ZONES = st.sampled_from(["UTC", "Europe/Oslo", "America/New_York", "Australia/Lord_Howe"])
MOMENTS = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - the zone is given beside it
    max_value=datetime(2027, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(SCHEDULES, ZONES, MOMENTS)
def test_the_next_opening_lies_ahead_and_is_open_then(
    schedule: str, zone: str, moment: datetime
) -> None:
    of = window(schedule, zone)
    opening = next_opening(of, moment)
    assert opening.opens_at > moment
    assert last_opening(of, opening.opens_at) == opening
    closes_at = opening.opens_at + of.duration
    assert last_opening(of, closes_at - timedelta(seconds=1)) is not None
    just_before = last_opening(of, opening.opens_at - timedelta(seconds=1))
    assert just_before is None or just_before.opens_at < opening.opens_at


@pytest.mark.parametrize(
    "schedule",
    [
        pytest.param("61 2 * * *", id="no such minute"),
        pytest.param("0 2 * * FRIDAY", id="no such weekday"),
        pytest.param("0 2 31 2 *", id="a day that no February has"),
        pytest.param("0 5-3 * * *", id="backwards"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(schedule: str) -> None:
    with pytest.raises(BadScheduleError):
        window(schedule).check()


@pytest.mark.parametrize(
    ("schedules", "days"),
    [
        (["0 2 * * *"], 1),
        (["0 2,14 * * *"], 1),
        (["0 2 * * 2-4"], 5),
        (["0 2 1 * *"], 31),
        (["0 2 * * 1", "0 2 * * 4"], 4),
        (["0 2 1 1 *"], 366),
        (["0 2 29 2 *"], 4 * 365 + 1),
    ],
)
def test_the_longest_gap_between_openings(schedules: list[str], days: int) -> None:
    assert longest_gap(tuple(map(window, schedules))) == days * DAY


def test_in_a_zone_with_summer_time_the_longest_day_counts() -> None:
    assert longest_gap((window("0 2 * * *", "Europe/Oslo"),)) == DAY + HOUR
