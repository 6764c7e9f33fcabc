"""The table of the end-to-end run: what it calls a failure."""

from dataclasses import replace

import pytest

from e2e.table import Row, draw
from harness.applications import Made, told

WANTED = 20
GOOD = Row(
    name="user",
    made=Made(attempts=5123, failed=0),
    seen=Made(attempts=5123, failed=0),
    rotations=WANTED,
    secrets_left=1,
    longest_pause=0.41,
    pods=42,
    restored=1700,
)


def test_a_good_row_has_no_problem() -> None:
    assert GOOD.problems(WANTED) == []


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        pytest.param(
            replace(GOOD, made=Made(5123, 1), seen=Made(5123, 1)),
            "1 sign-ins failed",
            id="a sign-in that failed",
        ),
        pytest.param(
            replace(GOOD, seen=Made(5124, 1)),
            "Cognito refused 1 sign-ins",
            id="a refusal that no application has told of",
        ),
        pytest.param(
            replace(GOOD, seen=Made(5122, 0)),
            "the application counted",
            id="a sign-in that Cognito does not know",
        ),
        pytest.param(
            replace(GOOD, made=Made(0, 0), seen=Made(0, 0)),
            "it never signed in",
            id="an application that never tried",
        ),
        pytest.param(
            replace(GOOD, rotations=19), "19 rotations of 20", id="a rotation that is missing"
        ),
        pytest.param(replace(GOOD, secrets_left=2), "2 secrets are left", id="an old secret left"),
        pytest.param(
            replace(GOOD, restored=0), "no session outlived", id="no session outlived its secret"
        ),
    ],
)
def test_a_row_has_a_problem_with(row: Row, problem: str) -> None:
    assert [one for one in row.problems(WANTED) if problem in one], row.problems(WANTED)


def test_counts_of_all_pods_of_one_application_add_up() -> None:
    counts = {
        "user.user-a": {"by_secret": {"1": {"attempts": 3, "failed": 1}}},
        "user.user-b": {"by_secret": {"1": {"attempts": 2, "failed": 0}, "2": _tally(4)}},
        "username.pod": {"by_secret": {"1": _tally(100)}},
    }
    assert told(counts, "user") == Made(attempts=9, failed=1)


def test_the_table_shows_each_application_and_the_sum() -> None:
    drawn = draw([GOOD, replace(GOOD, name="machine", longest_pause=0.5)], 600, 3)
    assert "user            5,123       0         20             1         0.41 s    42" in drawn
    assert "total          10,246       0         40             2         0.50 s    84" in drawn
    assert "Settle was 3 s in place of 60" in drawn
    assert "is the same" in drawn


def test_the_table_says_so_where_the_two_counts_differ() -> None:
    assert "DIFFERS" in draw([replace(GOOD, seen=Made(5122, 0))], 600, 3)


def _tally(attempts: int) -> dict[str, int]:
    return {"attempts": attempts, "failed": 0}
