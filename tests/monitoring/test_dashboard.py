"""The dashboard, by the rules of Grafana's dashboard-linter, which cannot be had here.

The rules: github.com/grafana/dashboard-linter, docs/rules.
"""

import json
import re
from typing import Any, Final

import promql_parser
import pytest

from cognito_secret_operator.domain.report import Step
from cognito_secret_operator.metrics import METRICS

from dashboards.dashboard import text
from dashboards.queries import STEPS
from dashboards.questions import questions
from dashboards.rendering import DASHBOARD, dashboard, source

SHIPPED: Final[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
PANELS: Final = [one for one in SHIPPED["panels"] if one["type"] != "row"]
VARIABLES: Final = {one["name"]: one for one in SHIPPED["templating"]["list"]}


def test_the_file_is_what_the_generator_writes() -> None:
    assert DASHBOARD.read_text(encoding="utf-8") == text(), "make dashboard"


def test_it_is_fixed_and_in_utc() -> None:
    assert SHIPPED["editable"] is False
    assert SHIPPED["timezone"] == "utc"
    assert re.fullmatch(r"[a-z-]{8,40}", SHIPPED["uid"])
    assert len({one["id"] for one in SHIPPED["panels"]}) == len(SHIPPED["panels"])


def test_the_data_source_is_a_variable() -> None:
    assert VARIABLES["datasource"]["type"] == "datasource"
    assert VARIABLES["datasource"]["query"] == "prometheus"
    text_of_all = json.dumps(SHIPPED)
    assert set(re.findall(r'"uid": "(\$[^"]+)"', text_of_all)) == {"${datasource}"}


def test_variables_choose_many_and_all_and_follow_the_time() -> None:
    for name in ("job", "namespace", "name"):
        one = VARIABLES[name]
        assert (one["multi"], one["includeAll"], one["allValue"]) == (True, True, ".+")
        assert one["refresh"] == 2


@pytest.mark.parametrize("panel", PANELS, ids=lambda one: str(one["title"]))
def test_every_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["datasource"] == panel["datasource"]


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in SHIPPED["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.parametrize("panel", PANELS, ids=lambda one: str(one["title"]))
def test_queries_are_of_the_chosen_job_and_rates_of_counters(panel: dict[str, Any]) -> None:
    counters = {one.name for one in METRICS if one.kind == "counter"}
    for target in panel["targets"]:
        expr = target["expr"]
        if "ALERTS{" in expr:
            continue
        selectors = re.findall(r"\b((?:cognito|process)_\w+)(\{[^}]*\})?", expr)
        assert selectors
        for metric, selector in selectors:
            assert 'job=~"$job"' in selector, metric
            if metric in counters or re.search(r"_(bucket|sum|count)$", metric):
                assert re.search(
                    rf"(rate|increase)\({metric}\{{[^}}]*\}}\[\$__rate_interval\]", expr
                )
        assert not re.findall(r"\[(?!\$__rate_interval\])[^\]]*\]", expr), expr


def test_every_query_is_promql() -> None:
    for one in questions(SHIPPED):
        promql_parser.parse(one.expr)


def test_every_metric_is_used_by_a_panel_or_an_alert() -> None:
    expressions = [one.expr for one in questions(SHIPPED)] + [one["expr"] for one in source()]
    used = set(
        re.findall(r"\bcognito_(?:client_secret|secret_operator)_\w+", "\n".join(expressions))
    )
    named = {re.sub(r"_(bucket|sum|count)$", "", one) for one in used}
    assert named == {one.name for one in METRICS}


def test_the_steps_are_those_of_the_code() -> None:
    assert [name for _, name, _ in STEPS] == [one.value for one in Step]


@pytest.mark.integration
def test_the_chart_renames_the_label_and_nothing_else() -> None:
    assert dashboard() == SHIPPED
    renamed = json.dumps(dashboard(namespaceLabel="exported_namespace"))
    assert not re.search(r"\bnamespace\b", renamed)
    assert renamed.replace("exported_namespace", "namespace") == json.dumps(SHIPPED)
