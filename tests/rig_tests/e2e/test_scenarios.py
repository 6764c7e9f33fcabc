"""How the scenarios ask the API server."""

from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import Any, cast

import pytest

from e2e.scenarios import Scene


@dataclass
class AnsweringStage:
    """A stage whose kubectl has one answer."""

    status: int
    out: str
    err: str = ""

    @property
    def kubectl(self) -> "AnsweringStage":
        return self

    def try_run(self, *words: str) -> CompletedProcess[str]:
        return CompletedProcess(words, self.status, self.out, self.err)


def can(status: int, out: str, err: str = "") -> bool:
    stage = cast("Any", AnsweringStage(status, out, err))
    return Scene(stage, [], []).can("list", "secrets")


def test_a_right_is_a_yes_and_a_missing_one_a_no() -> None:
    assert can(0, "yes\n")
    assert not can(1, "no\n")


@pytest.mark.parametrize(
    ("status", "out", "err"),
    [
        pytest.param(1, "", "Unable to connect to the server", id="nobody answered"),
        pytest.param(1, "no - RBAC: role not found\n", "", id="the roles could not be looked at"),
        pytest.param(1, "yes\n", "", id="a yes with a failure"),
    ],
)
def test_what_is_no_answer_is_not_taken_for_a_no(status: int, out: str, err: str) -> None:
    with pytest.raises(AssertionError, match="can-i list secrets"):
        can(status, out, err)
