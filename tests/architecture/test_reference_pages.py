"""The pages below docs/reference, docs/security.md and the README, held against the code.

A test that fails prints the rows as they should be: paste them, then write what a reader wants to
know into the cells that say TODO.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cognito_secret_operator import names
from cognito_secret_operator.adapters.cognito_answers import ASSUME_ROLE, OPERATIONS, REFRESH
from cognito_secret_operator.domain.report import ConditionType, Step
from cognito_secret_operator.metrics import METRICS
from cognito_secret_operator.resource.parse import parse
from cognito_secret_operator.service.tell import EFFECT_EVENTS
from cognito_secret_operator.settings import VARIABLES

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"
PACKAGE: Final = ROOT / "operator" / "cognito_secret_operator"

REASON_AT: Final = {
    "hold": 0,
    "wait": 0,
    "Problem": 0,
    "Plan": 1,
    "KubernetesEvent": 1,
    "Condition": 2,
}
"""Who takes a reason, and as which argument; by name it is always ``reason``."""

_LINK: Final = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
_FENCED: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Row = tuple[str, ...]


# --- reading the pages --------------------------------------------------------------------------


def _rows(page: str, heading: str) -> list[Row]:
    """Give the cells of all table rows below a heading, sub-headings included; no header rows."""
    text = (DOCS / page).read_text(encoding="utf-8")
    level = heading.partition(" ")[0]
    found = re.search(
        rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found is not None, f"docs/{page} has no heading {heading!r}"
    lines = [line for line in found[1].splitlines() if line.startswith("| `")]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]


def _keys(page: str, heading: str) -> list[str]:
    """Give the first cells, without backticks."""
    return [row[0].strip("`") for row in _rows(page, heading)]


def _blocks(path: Path, language: str) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [block for kind, block in _FENCED.findall(text) if kind == language]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _compare(page: str, shown: Iterable[str], expected: Mapping[str, str]) -> None:
    """Fail where a row lacks, is too many, or is there twice; say which line to add.

    Args:
        page: its path below docs.
        shown: what the rows are about.
        expected: what they should be about -> the line to add.

    """
    rows = list(shown)
    missing = [line for key, line in expected.items() if key not in rows]
    unknown = [key for key in rows if key not in expected]
    twice = sorted({key for key in rows if rows.count(key) > 1})
    problems = [
        *(["add:", *missing] if missing else []),
        *(["remove, the code does not know it:", *unknown] if unknown else []),
        *(["is there twice:", *twice] if twice else []),
    ]
    assert not problems, "\n".join([f"docs/{page}:", *problems])


# --- the resource -------------------------------------------------------------------------------


def _version() -> dict[str, Any]:
    crd = yaml.safe_load((ROOT / "crds" / "cognitoclientsecrets.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = crd["spec"]["versions"][0]
    return found


def _fields(part: str) -> dict[str, str]:
    """Map each field's path in the schema to its type, as the pages write it."""
    schema = _version()["schema"]["openAPIV3Schema"]["properties"][part]
    return {path: kind for path, kind in _leaves(part, schema) if path != part}


def _leaves(path: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    properties = schema.get("properties")
    if properties is not None:
        for key, inner in properties.items():
            yield from _leaves(f"{path}.{key}", inner)
    elif schema["type"] == "array" and "properties" in schema["items"]:
        yield from _leaves(f"{path}[]", schema["items"])
    else:
        yield path, _type_of(schema)


def _type_of(schema: Mapping[str, Any]) -> str:
    if schema["type"] == "array":
        return f"list of {_type_of(schema['items'])}"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    return "time" if schema.get("format") == "date-time" else str(schema["type"])


@pytest.mark.parametrize("part", ["spec", "status"])
def test_every_field_of_the_schema_has_a_row_with_its_type(part: str) -> None:
    page, heading = "reference/resource.md", f"## {part.capitalize()}"
    fields = _fields(part)
    todo = ["TODO"] * (2 if part == "spec" else 1)
    lines = {path: _line(f"`{path}`", kind, *todo) for path, kind in fields.items()}
    _compare(page, _keys(page, heading), lines)
    shown = {row[0].strip("`"): row[1] for row in _rows(page, heading)}
    # A span is a string on the wire.
    assert {path: kind.replace("span", "string") for path, kind in shown.items()} == fields


def test_a_default_that_is_shown_changes_nothing_when_it_is_written_down() -> None:
    smallest = _resource()
    shown = {
        row[0].strip("`"): row[2].strip("`")
        for row in _rows("reference/resource.md", "## Spec")
        if re.fullmatch(r"`[^`]+`", row[2])
    }
    assert len(shown) > len(("policy", "suspend", "interval"))
    for path, default in shown.items():
        written = _resource()
        *sections, key = path.split(".")[1:]
        part = written["spec"]
        for section in sections:
            part = part.setdefault(section, {})
        part[key] = default == "true" if default in {"true", "false"} else default
        assert parse(written) == parse(smallest), path


def _resource() -> dict[str, Any]:
    """Give the README's smallest resource as the API server would."""
    documents = [yaml.safe_load(block) for block in _blocks(ROOT / "README.md", "yaml")]
    found: dict[str, Any] = next(one for one in documents if one["kind"] == names.KIND)
    found["metadata"] |= {
        "namespace": "shop",
        "uid": "1",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    return found


def test_the_smallest_resource_of_the_readme_is_one() -> None:
    parsed = parse(_resource())
    assert parsed.spec.target.name == parsed.key.name


def test_every_annotation_has_a_row() -> None:
    page = "reference/resource.md"
    values = {value for value in vars(names).values() if isinstance(value, str)}
    keys = [key for key in values if key.startswith(f"{names.GROUP}/")]
    keys += [names.stamp_key("<name>"), names.acknowledgement_key("<name>")]
    lines = {key: _line(f"`{key}`", "TODO", "TODO", "TODO") for key in sorted(keys)}
    _compare(page, _keys(page, "## Annotations"), lines)


def test_every_printer_column_has_a_row() -> None:
    page = "reference/resource.md"
    columns = _version()["additionalPrinterColumns"]
    lines = {
        column["name"]: _line(
            f"`{column['name'].upper()}`", "`-o wide`" if column.get("priority") else "always"
        )
        for column in columns
    }
    rows = _rows(page, "## Columns of kubectl get")
    assert [_line(*row[:2]) for row in rows] == list(lines.values()), "\n".join(lines.values())


def test_every_step_has_a_row() -> None:
    page = "reference/resource.md"
    lines = {step.value: _line(f"`{step.value}`", "TODO") for step in Step}
    _compare(page, _keys(page, "## Steps"), lines)


# --- conditions, reasons, events ----------------------------------------------------------------


def test_every_condition_type_has_a_row() -> None:
    page = "reference/conditions.md"
    lines = {kind.value: _line(f"`{kind.value}`", *["TODO"] * 3) for kind in ConditionType}
    _compare(page, _keys(page, "## Types"), lines)


def test_every_reason_has_a_row() -> None:
    page = "reference/conditions.md"
    found = _reasons()
    lines = {
        reason: f"{_line(f'`{reason}`', 'TODO', 'TODO')}    <- {', '.join(sorted(places))}"
        for reason, places in sorted(found.items())
    }
    _compare(page, _keys(page, "## Reasons"), lines)


def _reasons() -> dict[str, set[str]]:
    """Map every reason that is written in the code to the files that write it."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        place = str(path.relative_to(PACKAGE))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for reason in (*_passed_on(node, place), *_declared(node)):
                found.setdefault(reason, set()).add(place)
    return found


def _passed_on(node: ast.AST, place: str) -> Iterator[str]:
    """Yield the reasons of a call; fail on one that this test cannot read."""
    if not isinstance(node, ast.Call):
        return
    # A method that is called `wait` is another one.
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in REASON_AT:
        return
    by_name = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
    argument = (by_name or node.args[REASON_AT[name] :])[0]
    for part in [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
            continue
        handed_on = getattr(part, "attr", getattr(part, "id", ""))
        assert handed_on == "reason", (
            f"{place}:{node.lineno}: write the reason of {name}(…) as a string, so that this test "
            "can find it"
        )


def _declared(node: ast.AST) -> Iterator[str]:
    """Yield the reason that a class declares for itself."""
    for statement in node.body if isinstance(node, ast.ClassDef) else ():
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        value = statement.value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield from [value.value for one in targets if getattr(one, "id", "") == "reason"]


def test_the_search_for_reasons_finds_each_kind() -> None:
    found = _reasons()
    kinds = {
        "a hold": "NoConsumers",
        "a wait": "OverlapRuns",
        "a plan": "Staging",
        "a condition": "PodsRolled",
        "an error": "AccessDenied",
        "a journal's problem": "JournalForeign",
    }
    assert {kind: reason for kind, reason in kinds.items() if reason not in found} == {}


def test_every_event_of_an_effect_has_a_row() -> None:
    page = "reference/events.md"
    lines = {
        f"{reason} {effect.__name__}": _line(f"`{reason}`", f"`{effect.__name__}`", "TODO", "TODO")
        for effect, reason in EFFECT_EVENTS.items()
    }
    shown = [
        f"{row[0].strip('`')} {row[1].strip('`')}" for row in _rows(page, "## Events of effects")
    ]
    _compare(page, shown, lines)


# --- settings and metrics -----------------------------------------------------------------------


def test_the_table_of_settings_is_the_code() -> None:
    expected = [
        _line(f"`{one.name}`", f"`{one.default}`" if one.default else "unset", one.description)
        for one in VARIABLES
    ]
    shown = [_line(*row) for row in _rows("reference/settings.md", "## Variables")]
    assert shown == expected, "\n".join(expected)


def test_the_table_of_metrics_is_the_code() -> None:
    expected = [
        _line(
            f"`{one.name}`",
            one.kind,
            ", ".join(f"`{label}`" for label in one.labels) or "none",
            one.help,
        )
        for one in METRICS
    ]
    shown = [_line(*row) for row in _rows("reference/metrics.md", "## Metrics")]
    assert shown == expected, "\n".join(expected)


def test_the_expressions_name_only_metrics_that_exist() -> None:
    known = {one.name for one in METRICS}
    expressions = "\n".join(_blocks(DOCS / "reference" / "metrics.md", "promql"))
    used = set(re.findall(r"\bcognito_(?:client_secret|secret_operator)_\w+", expressions))
    assert used
    assert {
        name for name in used if re.sub(r"_(bucket|sum|count)$", "", name) not in known
    } == set()


# --- security -----------------------------------------------------------------------------------


def test_the_table_of_permissions_is_the_role() -> None:
    roles = [
        document
        for page in ("namespaced.yaml", "lease.yaml")
        for document in yaml.safe_load_all(
            (ROOT / "examples" / "access" / page).read_text(encoding="utf-8")
        )
        if document["kind"] == "Role"
    ]
    expected = [
        _line(
            ", ".join(f"`{name}`" for name in rule["resources"]),
            ", ".join(f"`{name}`" if name else "core" for name in rule["apiGroups"]),
            ", ".join(f"`{verb}`" for verb in rule["verbs"]),
        )
        for role in roles
        for rule in role["rules"]
    ]
    shown = [_line(*row[:3]) for row in _rows("security.md", "## What it may do in Kubernetes")]
    assert shown == expected, "\n".join(expected)


def test_the_iam_policy_allows_what_is_called_and_nothing_else() -> None:
    policies = [json.loads(block) for block in _blocks(DOCS / "security.md", "json")]
    actions = [action for one in policies for part in one["Statement"] for action in part["Action"]]
    # GetTokensFromRefreshToken is sent unsigned: IAM has no say in it.
    called = [f"cognito-idp:{name}" for name in {*OPERATIONS} - {REFRESH}]
    # Twice: the operator's own policy, and the trust policy of the role.
    assert sorted(actions) == sorted([*called, *[f"sts:{ASSUME_ROLE}"] * 2])


# --- links --------------------------------------------------------------------------------------


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yield the page and the heading that each link inside the repository leads to."""
    for link, anchor in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in link:
            yield ((page.parent / link).resolve() if link else page), anchor


def _anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target.name}#{anchor}"
        for page in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
        for target, anchor in _links(page)
        if not target.exists() or (anchor and anchor not in _anchors(target))
    ]
    assert broken == []


def test_the_index_names_every_page() -> None:
    index = DOCS / "README.md"
    pages = set(DOCS.rglob("*.md")) - {index} - {target for target, _ in _links(index)}
    assert sorted(str(page.relative_to(DOCS)) for page in pages) == []
