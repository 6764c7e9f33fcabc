import logging
from pathlib import Path

import pytest

from cognito_secret_operator.adapters.allow_file import UnusableError, read_rules
from cognito_secret_operator.adapters.platform_files import PlatformFiles
from cognito_secret_operator.domain.model import Caller, ClientRef
from cognito_secret_operator.domain.platform_policy import AllowRule

CLIENT = ClientRef("eu-west-1_AbC", "1example")
GOOD = """
rules:
  - namespaces: [shop, "team-*"]
    userPools: ["eu-west-1_*"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def files(folder: Path, *, allow: str | None = None, freeze: str | None = None) -> PlatformFiles:
    for name, text in (("allow", allow), ("freeze", freeze)):
        if text is not None:
            (folder / name).write_text(text)
    return PlatformFiles(
        allow_file=folder / "allow", freeze_file=folder / "freeze", open_without_list=True
    )


def denied(platform: PlatformFiles, namespace: str = "shop") -> bool:
    return platform.policy(namespace, CLIENT).denial is not None


def test_rules_are_read_from_yaml() -> None:
    text = GOOD + '    roles: ["arn:aws:iam::111122223333:role/cognito-*"]\n'
    assert read_rules(text.encode()).rules == (
        AllowRule(
            ("shop", "team-*"), ("eu-west-1_*",), ("arn:aws:iam::111122223333:role/cognito-*",)
        ),
    )


def test_rules_are_read_from_json() -> None:
    text = '{"rules": [{"namespaces": ["shop"], "userPools": ["*"]}]}'
    assert read_rules(text.encode()).rules == (AllowRule(("shop",), ("*",)),)


def test_an_empty_list_allows_nothing() -> None:
    assert read_rules(b"rules: []").rules == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must have exactly one key, rules"),
        ("[]", "must have exactly one key, rules"),
        ("rules: {}", "a list under rules"),
        ("rules: [], more: 1", "not valid YAML at line 1"),
        ("rules: []\nmore: 1", "must have exactly one key, rules"),
        ("rules: [shop]", "rules[0]: must be a mapping"),
        ("rules: [{namespaces: [shop]}]", "rules[0].userPools: must be a list"),
        ("rules: [{namespaces: [], userPools: ['*']}]", "rules[0].namespaces: must be a list"),
        ("rules: [{namespaces: shop, userPools: ['*']}]", "rules[0].namespaces: must be a list"),
        ("rules: [{namespaces: [Shop], userPools: ['*']}]", "each entry must be a namespace"),
        ("rules: [{namespaces: [shop], userPools: [1]}]", "each entry must be a user pool's id"),
        ("rules: [{namespaces: [shop], userPools: ['*'], role: []}]", "unknown key role"),
        ("rules: [{namespaces: [a], userPools: ['*'], roles: []}]", "rules[0].roles: must be"),
        ("rules: [{namespaces: [a], userPools: ['*'], roles: [b]}]", "each entry must be a role"),
        ("rules: [{namespaces: [a], userPools: !!python/name:os.abort ''}]", "is not valid YAML"),
        ("rules: [\n{", "is not valid YAML"),
    ],
)
def test_what_is_half_understood_is_refused(text: str, said: str) -> None:
    with pytest.raises(UnusableError) as caught:
        read_rules(text.encode())
    assert said in str(caught.value)


def test_without_a_list_all_is_allowed_in_given_namespaces() -> None:
    platform = PlatformFiles(allow_file=None, freeze_file=None, open_without_list=True)
    by_role = ClientRef("eu-west-1_AbC", "1", Caller(role_arn="arn:aws:iam::1:role/r"))
    assert not denied(platform)
    assert platform.policy("shop", by_role).denial is None
    assert platform.is_list_good()


def test_without_a_list_nothing_is_allowed_in_the_whole_cluster() -> None:
    platform = PlatformFiles(allow_file=None, freeze_file=None, open_without_list=False)
    denial = platform.policy("shop", CLIENT).denial
    assert denial is not None
    assert "CSO_ALLOW_FILE" in denial.where
    assert denial.rule == '{"namespaces": ["shop"], "userPools": ["eu-west-1_AbC"]}'


def test_a_change_of_the_list_counts_at_once(folder: Path) -> None:
    platform = files(folder, allow=GOOD)
    assert (denied(platform), denied(platform, "bank")) == (False, True)
    (folder / "allow").write_text(GOOD.replace("shop", "bank"))
    assert (denied(platform), denied(platform, "bank")) == (True, False)


@pytest.mark.parametrize("broken", ["", "rules: [{", "rules: [{namespaces: ['*']}]", None])
def test_a_list_that_breaks_leaves_the_last_good_one_and_is_told_once(
    folder: Path, broken: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    platform = files(folder, allow=GOOD)
    assert not denied(platform)
    if broken is None:
        (folder / "allow").unlink()
    else:
        (folder / "allow").write_text(broken)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert (denied(platform), denied(platform, "bank")) == (False, True)
    assert len(caplog.records) == 1
    assert "stays in force" in caplog.text
    assert not platform.is_list_good()
    denial = platform.policy("bank", CLIENT).denial
    assert denial is not None
    assert "repair that first" in denial.where
    (folder / "allow").write_text("rules: []")
    assert denied(platform)
    assert platform.is_list_good()


def test_a_list_that_was_never_good_allows_nothing(folder: Path) -> None:
    platform = files(folder)
    assert denied(platform)
    assert not platform.is_list_good()


@pytest.mark.parametrize("text", ["", " \n", "false", "False\n", " FALSE "])
def test_the_switch_is_off(folder: Path, text: str) -> None:
    assert files(folder, freeze=text).frozen() is None


def test_the_switch_was_never_there(folder: Path) -> None:
    assert files(folder).frozen() is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("true", "the platform team froze the operator"),
        ("INC-7: AWS\nmore", "the platform team froze the operator (INC-7: AWS)"),
        ("no", "the platform team froze the operator (no)"),
        ("0", "the platform team froze the operator (0)"),
        ("x" * 5000, f"the platform team froze the operator ({'x' * 200})"),
    ],
)
def test_the_switch_is_on(folder: Path, text: str, said: str) -> None:
    assert files(folder, freeze=text).frozen() == said


def test_a_switch_that_cannot_be_read_is_on(folder: Path) -> None:
    platform = files(folder, freeze="false")
    assert platform.frozen() is None
    (folder / "freeze").unlink()
    assert "existed and is missing now" in (platform.frozen() or "")
    (folder / "freeze").mkdir()
    assert "cannot be read (IsADirectoryError)" in (platform.frozen() or "")
    (folder / "freeze").rmdir()
    (folder / "freeze").write_bytes(b"\xff\xfe")
    assert "write false into the file" in (platform.frozen() or "")
    (folder / "freeze").write_text("false")
    assert platform.frozen() is None
