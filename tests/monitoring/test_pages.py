"""Runbooks and the page of alerts, against the one source of alerts."""

import json
import re

import pytest

from dashboards.pages import PAGE, RUNBOOKS, rows, runbook_of, text
from dashboards.rendering import CHART, source

SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
NAMES = [one["alert"] for one in source()]


def test_the_page_of_alerts_is_written_from_the_source() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), "make dashboard"
    assert len(rows()) == len(NAMES)


@pytest.mark.parametrize("alert", source(), ids=lambda one: str(one["alert"]))
def test_every_alert_has_a_runbook_with_every_section(alert: dict[str, str]) -> None:
    page = runbook_of(alert["alert"]).read_text(encoding="utf-8")
    assert page.startswith(f"# {alert['alert']}\n")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == SECTIONS
    waits = "at once" if alert["for"] == "0s" else f"after {alert['for']}"
    assert f"Severity **{alert['severity']}**, {waits}." in page
    assert re.search(r"^```(sh|console)$", page, re.MULTILINE), "nothing to look with"
    assert page.rpartition("## Mitigation\n\n")[2].startswith("- ")


def test_no_runbook_is_about_nothing() -> None:
    pages = {page.stem for page in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == {name.lower() for name in NAMES}


def test_the_list_of_runbooks_is_whole() -> None:
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \|$", index, re.MULTILINE)
    assert shown == [(one["alert"], one["alert"].lower(), one["severity"]) for one in source()]


def test_every_alert_says_who_and_what() -> None:
    for one in source():
        assert one["severity"] in {"critical", "warning", "info"}
        assert one["summary"].endswith(".")
        assert one["description"].endswith(".")
        if one["of"] == "resources":
            assert "{{ $labels.${namespace} }}/{{ $labels.name }}" in one["summary"]
        for name in one["thresholds"]:
            assert f"${{{name}}}" in one["expr"], f"{one['alert']} has no use for {name}"


def test_the_values_schema_knows_every_alert_and_its_thresholds() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    alerts = schema["properties"]["alerts"]["properties"]
    assert set(alerts["disabled"]["items"]["enum"]) == set(NAMES)
    overrides = alerts["overrides"]["patternProperties"]
    assert overrides.keys() == {f"^{name}$" for name in NAMES}
    for one in source():
        known = overrides[f"^{one['alert']}$"]["properties"].keys()
        assert known == {"for", "severity", *one["thresholds"]}
