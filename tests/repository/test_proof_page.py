"""docs/reference/proof.md: each field, annotation and reason with the test that makes it happen.

A test that fails prints the rows to add: paste them, then name the integration test, or write it.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import pytest

from cognito_secret_operator import names
from cognito_secret_operator.reasons import EXPLANATIONS, STEPS

from support.declared import annotations, fields
from support.pages import ROOT, compare, keys, line, rows

PAGE: Final = "reference/proof.md"
PROVED: Final = ("## Fields", "## Annotations", "## Reasons")
UNSHOWN: Final = "## Reasons that no condition shows"
FOLDERS: Final = ("tests/integration", "tests/crds")

AWAITED: Final[frozenset[str]] = frozenset()
"""Rows whose test is named and not there yet."""

_TARGET_KEYS: Final = "spec.target.keys"
_STAMP: Final = names.stamp_annotation("<name>")


# --- every row is there -------------------------------------------------------------------------


def test_every_field_and_value_has_a_row() -> None:
    compare(PAGE, keys(PAGE, "## Fields"), _todo(_fields_and_values()))


def test_every_annotation_has_a_row() -> None:
    compare(PAGE, keys(PAGE, "## Annotations"), _todo(sorted(annotations())))


def test_every_reason_has_a_row() -> None:
    compare(PAGE, keys(PAGE, "## Reasons"), _todo(sorted(EXPLANATIONS.keys() - STEPS.keys())))


def test_every_reason_that_no_condition_shows_has_a_row() -> None:
    compare(PAGE, keys(PAGE, UNSHOWN), {key: line(f"`{key}`", "TODO.") for key in sorted(STEPS)})


def test_each_reason_that_no_condition_shows_says_where_it_stands() -> None:
    assert [row for row in rows(PAGE, UNSHOWN) if len(row) != 2 or not row[1].endswith(".")] == []


def _todo(found: list[str]) -> dict[str, str]:
    return {key: line(f"`{key}`", "`tests/integration/TODO`") for key in found}


def _fields_and_values() -> list[str]:
    """List what the page has rows for; one test goes through the table of target keys."""
    found = fields("spec")
    rest = {path: kind for path, kind in found.items() if not path.startswith(f"{_TARGET_KEYS}.")}
    values = ((path, value) for path, kind in rest.items() for value in _values(kind))
    return [_TARGET_KEYS, *(f"{path}: {value}" if value else path for path, value in values)]


def _values(kind: str) -> list[str]:
    """Give the values that a field's type counts up; one empty one where it does not."""
    if kind == "boolean":
        return ["true", "false"]
    return re.findall(r"`([^`]+)`", kind) or [""]


# --- every row is true --------------------------------------------------------------------------


@pytest.mark.parametrize("heading", PROVED)
def test_every_test_that_is_named_runs_against_a_real_api_server(heading: str) -> None:
    found = {row[0]: _why_not(*row) for row in rows(PAGE, heading)}
    assert {what: why for what, why in found.items() if why} == {}


@pytest.mark.parametrize(
    ("what", "test", "why"),
    [
        pytest.param(
            "Settling",
            "tests/integration/test_none.py::test_it",
            "there is no file tests/integration/test_none.py",
            id="a file that is not there",
        ),
        pytest.param(
            "Settling",
            "tests/unit/domain/test_rollout.py::test_it",
            "below tests/integration or tests/crds",
            id="a test without an API server",
        ),
        pytest.param(
            "Settling",
            "tests/integration/test_reasons.py::test_it",
            "has no test 'test_it'",
            id="a test that is not there",
        ),
        pytest.param(
            "spec.policy: Observe",
            "tests/crds/test_schema_and_parser_agree.py"
            "::test_the_enumerations_of_the_schema_are_the_models",
            "is not marked",
            id="a test that needs no cluster",
        ),
        pytest.param(
            "RolloutUnfinished",
            "tests/integration/test_reasons.py::test_a_paused_deployment_is_named",
            'does not mention "RolloutUnfinished"',
            id="what another test of the module proves",
        ),
        pytest.param(
            "spec.suspend: true",
            "tests/integration/test_fields.py::test_a_client_is_observed_and_later_rotated",
            "does not mention suspend, True",
            id="a field that the test never sets",
        ),
    ],
)
def test_an_invented_row_is_refused(what: str, test: str, why: str) -> None:
    assert why in (_why_not(f"`{what}`", f"`{test}`") or "")


def test_what_is_awaited_is_not_there_yet() -> None:
    found = {row[0].strip("`"): row for heading in PROVED for row in rows(PAGE, heading)}
    assert sorted(AWAITED - set(found)) == []
    assert sorted(what for what in AWAITED if _why_no_test(found[what][1]) is None) == []


def _why_not(what: str, test: str) -> str | None:
    """Say why a row is not true; None where nothing speaks against it."""
    key = what.strip("`")
    if key in AWAITED:
        return None
    why = _why_no_test(test)
    if why is not None:
        return why
    text = _text_of(test)
    missing = [word for word in _words(key) if not _is_in(word, text)]
    return f"{test} does not mention {', '.join(missing)}" if missing else None


def _why_no_test(test: str) -> str | None:
    path, _, name = test.strip("`").partition("::")
    if not path.startswith(FOLDERS) or not (ROOT / path).is_file():
        return f"there is no file {path} below {' or '.join(FOLDERS)}"
    module = _module(path)
    function = next((one for one in _tests(module) if one.name == name), None)
    if function is None:
        return f"{path} has no test {name!r}"
    if not any(map(_is_marked, [*_marks_of(module), *function.decorator_list])):
        return f"{test} is not marked `integration`"
    return None


def _words(key: str) -> Iterator[str]:
    """Yield what a test must write down that makes this happen."""
    if key == _STAMP:
        yield f"{names.GROUP}/"
        return
    if key.startswith(f"{names.GROUP}/"):
        yield key.removeprefix(f"{names.GROUP}/").replace("<name>", "").strip(".")
        return
    if key == _TARGET_KEYS:
        yield "TARGET_KEYS"
    path, _, value = key.partition(": ")
    if not path.startswith("spec."):
        yield f'"{path}"'  # a reason, compared with
        return
    yield from path.replace("[]", "").split(".")[1:]
    if value:
        yield value.title() if value in {"true", "false"} else f'"{value}"'


def _is_in(word: str, text: str) -> bool:
    """Find a whole word; what ends with a slash goes on with a name."""
    end = "" if word.endswith("/") else r"(?![\w-])"
    return re.search(rf"(?<![\w-]){re.escape(word)}{end}", text) is not None


def _text_of(test: str) -> str:
    """Give a test's own text and what its module has besides tests: what it can say by itself."""
    path, _, name = test.strip("`").partition("::")
    module, lines = _module(path), (ROOT / path).read_text(encoding="utf-8").splitlines()
    others = {one.name for one in _tests(module)} - {name}
    return "\n".join(
        "\n".join(lines[_begin_of(node) - 1 : node.end_lineno])
        for node in module.body[1:]  # not what the module says of itself
        if getattr(node, "name", "") not in others
    )


def _begin_of(node: ast.stmt) -> int:
    """Give the number of a statement's first line, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _tests(module: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        node
        for node in module.body
        if isinstance(node, functions) and node.name.startswith("test_")
    ]


def _marks_of(module: ast.Module) -> list[ast.expr]:
    """Give the marks of the whole module."""
    values = [
        node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        and any(getattr(target, "id", "") == "pytestmark" for target in node.targets)
    ]
    return [mark for one in values for mark in (one.elts if isinstance(one, ast.List) else [one])]


def _is_marked(mark: ast.expr) -> bool:
    return ast.unparse(mark) == "pytest.mark.integration"


@cache
def _module(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))
