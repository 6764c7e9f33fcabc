"""The commands and examples that a reader copies: names, namespaces, and no value that works."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cognito_secret_operator.domain.value import SecretValue

from support.pages import DOCS, ROOT

CHART: Final = ROOT / "helm" / "cognito-secret-operator"
EXAMPLES: Final = ROOT / "examples"
HOME: Final = "cognito-system"
"""The namespace in which every page installs the operator."""

PAGES: Final = sorted(
    [
        *ROOT.glob("*.md"),
        *(page for page in DOCS.rglob("*.md") if page.parent.name != "decisions"),
        *EXAMPLES.rglob("*.md"),
        CHART / "README.md",
    ]
)
_NAMESPACE: Final = re.compile(
    r"(?:--namespace[ =]|-n |serviceaccount:|^ *namespace: )(cognito[\w-]*)"
    r'|"operator_namespace" \{[^}]*default += "([\w-]+)"',
    re.MULTILINE,
)
_SHELL: Final = re.compile(r"^ *```(?:sh|console)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_INLINE: Final = re.compile(r"`((?:kubectl|helm) [^`]+)`")


def named(path: Path) -> str:
    """Name a file as a failure shows it."""
    return str(path.relative_to(ROOT))


def commands(page: Path) -> Iterator[str]:
    """Yield each command of a page, on one line: those in blocks, and those in a sentence."""
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(_SHELL.findall(text)).replace("\\\n", " ")
    yield from (line.strip().removeprefix("$ ") for line in blocks.splitlines())
    yield from (" ".join(one.split()) for one in _INLINE.findall(text))


def every(*words: str) -> list[tuple[str, str]]:
    """Give each page's name and command that begins with these words."""
    return [
        (named(page), command)
        for page in PAGES
        for command in commands(page)
        if command.split()[: len(words)] == [*words]
    ]


def test_the_operators_namespace_has_one_name() -> None:
    files = [*PAGES, *EXAMPLES.rglob("*.yaml"), *EXAMPLES.rglob("*.tf")]
    found = {
        (named(path), first or second)
        for path in files
        for first, second in _NAMESPACE.findall(path.read_text(encoding="utf-8"))
    }
    assert {name for _, name in found} == {HOME}, sorted(one for one in found if one[1] != HOME)


def test_a_command_about_the_operators_own_objects_says_where_they_are() -> None:
    own = re.compile(r"\b(?:configmap|deployment|lease)[ /]cognito-secret-operator\b")
    without = [
        one
        for one in every("kubectl")
        if own.search(one[1]) and not re.search(r" (?:-n|--namespace) ", one[1])
    ]
    assert without == []


def test_an_annotation_is_set_so_that_the_command_works_a_second_time() -> None:
    found = [one for one in every("kubectl", "annotate") if "=" in one[1]]
    assert found
    assert [one for one in found if "--overwrite" not in one[1]] == []


def test_a_rotation_is_asked_for_by_a_value_that_is_new_each_time() -> None:
    found = [one for one in every("kubectl", "annotate") if "/rotate=" in one[1]]
    assert found
    assert [one for one in found if "$(date +%s)" not in one[1]] == []


def test_a_wait_outlasts_the_activation_delay() -> None:
    notes = (CHART / "templates" / "NOTES.txt").read_text(encoding="utf-8").splitlines()
    found = [one for one in every("kubectl", "wait") if "ccs/" in one[1]]
    found += [("NOTES.txt", line) for line in notes if "kubectl wait" in line]
    assert len(found) > 1
    assert [one for one in found if "--timeout=5m" not in one[1]] == []


def test_an_installation_names_an_image_while_none_is_published() -> None:
    found = every("helm", "install")
    assert found
    for page, command in found:
        assert "image.registry=" in command, page
        assert "image.repository=" in command, page


def texts(document: dict[str, Any]) -> Iterator[str]:
    """Yield the values of a Secret, as they are written."""
    for part in ("data", "stringData"):
        yield from (document.get(part) or {}).values()


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.yaml")), ids=named)
def test_no_secret_of_an_example_holds_a_value_that_cognito_would_take(path: Path) -> None:
    documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    values = [
        value
        for document in documents
        if isinstance(document, dict) and document.get("kind") == "Secret"
        for value in texts(document)
    ]
    for value in values:
        assert SecretValue(value).why_unfit() is not None
        assert value == "<yours>", "nothing that could be taken for a value"
