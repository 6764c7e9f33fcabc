"""Who wrote a Secret's data, and whether it was only us."""

import pytest

from cognito_secret_operator.domain.ownership import Owner, only_we_wrote, owners_text
from cognito_secret_operator.names import FIELD_MANAGER


def owner(manager: str, time: str, keys: str = "ab") -> Owner:
    return Owner(manager, "Update", "", time, frozenset(keys))


OURS = owner(FIELD_MANAGER, "1")
OURS_LATER = owner(FIELD_MANAGER, "2")
THEIRS = owner("kubectl", "1", "bc")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([OURS], [OURS], id="nobody wrote"),
        pytest.param([OURS], [OURS_LATER], id="we wrote"),
        pytest.param([OURS, THEIRS], [OURS_LATER, THEIRS], id="we wrote beside them"),
        pytest.param(
            [OURS, THEIRS], [OURS_LATER, owner("kubectl", "1", "c")], id="we took a key from them"
        ),
        pytest.param([OURS, THEIRS], [OURS_LATER], id="we took all keys from them"),
    ],
)
def test_only_we_wrote_where(before: list[Owner], after: list[Owner]) -> None:
    assert only_we_wrote(owners_text(before), owners_text(after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([OURS], [OURS, THEIRS], id="a manager came"),
        pytest.param([OURS, THEIRS], [OURS, owner("kubectl", "2", "bc")], id="they wrote again"),
        pytest.param([OURS, THEIRS], [OURS, owner("kubectl", "1", "abc")], id="they took a key"),
    ],
)
def test_others_may_have_written_where(before: list[Owner], after: list[Owner]) -> None:
    assert not only_we_wrote(owners_text(before), owners_text(after))


@pytest.mark.parametrize("text", ["unknown@17", "[1]", '["a"]', '["a","b","c","d",5]', "{}"])
def test_owners_that_cannot_be_read_prove_nothing(text: str) -> None:
    assert not only_we_wrote(owners_text([OURS]), text)
    assert not only_we_wrote(text, owners_text([OURS]))
