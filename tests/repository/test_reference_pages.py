"""The pages below docs/reference, docs/security.md and the README, held against the code.

A test that fails prints the rows as they should be: paste them, then write what a reader wants to
know into the cells that say TODO. The tables of reasons, settings and metrics are made from the
code: REMAKE_PAGES=1 writes them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cognito_secret_operator import names
from cognito_secret_operator.adapters.cognito_answers import ASSUME_ROLE, OPERATIONS, REFRESH
from cognito_secret_operator.domain.report import ConditionType, Step
from cognito_secret_operator.domain.target_keys import TARGET_KEYS
from cognito_secret_operator.metrics import METRICS
from cognito_secret_operator.names import ANNOTATIONS
from cognito_secret_operator.reasons import FINDINGS, STALLS, STEPS, WAITS, Explanation, Reason
from cognito_secret_operator.service.announcements import EFFECT_EVENTS
from cognito_secret_operator.settings import VARIABLES
from cognito_secret_operator.wire.resource.parse import parse

from support.declared import fields as _fields
from support.declared import named_annotations as _named_annotations
from support.declared import version as _version
from support.pages import DOCS, ROOT
from support.pages import blocks as _blocks
from support.pages import compare as _compare
from support.pages import hold_table as _hold_table
from support.pages import keys as _keys
from support.pages import line as _line
from support.pages import rows as _rows

_LINK: Final = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")


# --- the resource -------------------------------------------------------------------------------


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
    page, heading = "reference/resource.md", "## Annotations"
    cells = {row.key: (f"`{row.key}`", f"`{row.value}`", row.on, row.set_by) for row in ANNOTATIONS}
    _compare(page, _keys(page, heading), {key: _line(*row, "TODO") for key, row in cells.items()})
    assert [row[:4] for row in _rows(page, heading)] == list(cells.values())


def test_every_name_of_an_annotation_is_in_the_table() -> None:
    missing = _named_annotations() - {row.key for row in ANNOTATIONS}
    assert not missing, f"operator/cognito_secret_operator/names.py: add to ANNOTATIONS: {missing}"


def test_the_changelog_names_every_target_key() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    missing = [row.field for row in TARGET_KEYS if f"`{row.field}`" not in text]
    assert not missing, f"CHANGELOG.md: name the new key of target.keys in backticks: {missing}"


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


@pytest.mark.parametrize(
    ("heading", "reasons"),
    [
        ("### A person has to act", STALLS),
        ("### Wait, or a try that failed", WAITS),
        ("### Findings", FINDINGS),
        ("### In the log and in events only", STEPS),
    ],
)
def test_the_tables_of_reasons_are_the_code(
    heading: str, reasons: Mapping[Reason, Explanation]
) -> None:
    rows = [
        _line(f"`{one}`", reasons[one].meaning, reasons[one].remedy).replace("|  |", "| |")
        for one in sorted(reasons)
    ]
    _hold_table("reference/conditions.md", heading, rows)


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


def test_the_tables_of_settings_are_the_code() -> None:
    rows = [
        _line(f"`{one.name}`", f"`{one.default}`" if one.default else "unset", one.description)
        for one in VARIABLES
    ]
    _hold_table("reference/settings.md", "## Variables", rows)


def test_the_tables_of_metrics_are_the_code() -> None:
    rows = [
        _line(
            f"`{one.name}`",
            one.kind,
            ", ".join(f"`{label}`" for label in one.labels) or "none",
            one.help,
        )
        for one in METRICS
    ]
    _hold_table("reference/metrics.md", "## Metrics", rows)


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
    # Twice: the operator's own policy, and the role's trust policy. Tags are transitive.
    roles = [f"sts:{ASSUME_ROLE}", "sts:TagSession"]
    assert sorted(actions) == sorted([*called, *roles * 2])


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
    indices = {DOCS / "README.md", DOCS / "runbooks" / "README.md"}
    named = {target for index in indices for target, _ in _links(index)}
    pages = set(DOCS.rglob("*.md")) - {DOCS / "README.md"} - named
    assert sorted(str(page.relative_to(DOCS)) for page in pages) == []
