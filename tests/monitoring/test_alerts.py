"""The one source of alerts: rendered by the chart, checked and run by promtool."""

import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cognito_secret_operator.metrics import METRICS

from dashboards.rendering import FORMS, grafana_groups, rule_groups, source
from helmchart.helm import Helm, of_kind
from story.promtool import cases, promtool, unit_test

pytestmark = pytest.mark.integration

LABELS: Final = ("namespace", "exported_namespace")
RUNBOOK: Final = "https://runbooks.example.com/%s"
NAMES: Final = [one["alert"] for one in source()]


def _rules(groups: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {rule.get("alert") or rule["title"]: rule for one in groups for rule in one["rules"]}


@pytest.fixture(scope="module", params=LABELS)
def label(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_promtool_accepts_the_rules(label: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(yaml.safe_dump({"groups": rule_groups(namespaceLabel=label)}))
    assert f"SUCCESS: {len(NAMES)} rules found" in promtool("check", "rules", str(rules))


def test_each_alert_fires_and_does_not_fire(label: str, tmp_path: Path) -> None:
    groups = rule_groups(namespaceLabel=label, runbookUrl=RUNBOOK)
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    tests = []
    for is_long, evaluated in ((False, "1m"), (True, "30m")):
        own = [one for one in cases() if one.get("long", False) is is_long]
        test = tmp_path / f"test-{evaluated}.yaml"
        content = {
            "rule_files": ["rules.yaml"],
            "evaluation_interval": evaluated,
            "tests": [unit_test(one, NAMES, label, RUNBOOK) for one in own],
        }
        test.write_text(yaml.safe_dump(content))
        tests.append(str(test))
    assert promtool("test", "rules", *tests).count("SUCCESS") == len(tests)


def test_every_alert_has_a_case_in_which_it_fires() -> None:
    fired = {one["alert"] for case in cases() for one in case["fires"]}
    assert fired == set(NAMES)


def test_every_expression_names_metrics_that_exist() -> None:
    known = {one.name for one in METRICS}
    for name, rule in _rules(rule_groups()).items():
        used = set(re.findall(r"cognito_(?:client_secret|secret_operator)_\w+", rule["expr"]))
        assert used, name
        assert used <= known, name
        assert "${" not in str(rule), name


def test_grafana_gets_the_same_rules() -> None:
    rules, grafana = _rules(rule_groups()), _rules(grafana_groups())
    assert grafana.keys() == rules.keys()
    uids = [one["uid"] for one in grafana.values()]
    assert len(set(uids)) == len(uids)
    for name, rule in rules.items():
        ours = grafana[name]
        query, condition = ours["data"]
        assert query["model"]["expr"] == rule["expr"]
        assert (ours["for"], ours["labels"]) == (rule["for"], rule["labels"])
        assert ours["condition"] == condition["refId"]
        assert condition["model"]["expression"] == f"is_number($${query['refId']})"
        # Grafana replaces $NAME by a variable of its environment everywhere but in annotations.
        assert "$" not in str(query) + str(ours["labels"]) + ours["title"]
        texts = {
            key: re.sub(r"\$value\b", "$values.query.Value", text)
            for key, text in rule["annotations"].items()
        }
        assert ours["annotations"] == texts


def test_a_threshold_that_is_a_range_too_is_rendered_as_prometheus_takes_it(
    tmp_path: Path,
) -> None:
    own: dict[str, dict[str, float]] = {"CognitoClientSecretNotObserved": {"seconds": 999999}}
    groups = rule_groups(overrides=own)
    assert "[999999s]" in _rules(groups)["CognitoClientSecretNotObserved"]["expr"]
    rules = tmp_path / "rules.yaml"
    rules.write_text(yaml.safe_dump({"groups": groups}))
    assert "SUCCESS" in promtool("check", "rules", str(rules))
    for refused in (1000000, 1.5, 0):
        own["CognitoClientSecretNotObserved"]["seconds"] = refused
        with pytest.raises(subprocess.CalledProcessError):
            rule_groups(overrides=own)


NOT_OBSERVED: Final = "CognitoClientSecretNotObserved"


def _rules_of(period: float, **alerts: Any) -> dict[str, dict[str, Any]]:
    """Render the rules in both forms, which say the same, for a time between two looks."""
    given = {"timing": {"listPeriodSeconds": period}, "alerts": alerts}
    rule, grafana = (
        Helm().render({**FORMS[form], **given}) for form in ("prometheusrule", "grafanaalerts")
    )
    [found] = of_kind(rule, "PrometheusRule")
    rules = _rules(found["spec"]["groups"])
    [text] = [one["data"] for one in grafana if one["metadata"]["name"].endswith("-alerts")]
    groups = yaml.safe_load("".join(text.values()))["groups"]
    [query, _] = _rules(groups)[NOT_OBSERVED]["data"]
    assert query["model"]["expr"] == rules[NOT_OBSERVED]["expr"]
    return rules


@pytest.mark.parametrize(
    ("period", "limit"),
    [(0.5, 3600), (600, 3600), (600.1, 3601), (7200, 43200), (2592000, 15552000)],
)
def test_whoever_looks_rarely_is_not_told_between_two_looks(period: float, limit: int) -> None:
    assert _rules_of(period)[NOT_OBSERVED]["expr"].endswith(f" > {limit}")
    own = _rules_of(period, overrides={NOT_OBSERVED: {"seconds": 5000}})
    assert own[NOT_OBSERVED]["expr"].endswith(" > 5000")


def test_with_two_hours_between_two_looks_only_what_is_not_looked_at_any_more_is_told(
    tmp_path: Path,
) -> None:
    rules = {
        "groups": [{"name": "a", "rules": [_rules_of(7200, runbookUrl=RUNBOOK)[NOT_OBSERVED]]}]
    }
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    looks = " ".join(f"{hours * 3600}x119" for hours in range(0, 20, 2))
    series = {'observed_timestamp_seconds{name="seen"}': looks}
    series['observed_timestamp_seconds{name="lost"}'] = "60x1080"
    told = {"alert": NOT_OBSERVED, "severity": "warning", "labels": {"name": "lost"}}
    told["summary"] = "The secrets of shop/lost have not been listed recently."
    told["description"] = "No list from Cognito has succeeded for 17h 58m 0s."
    case = {"name": "rare looks", "at": "17h59m", "series": series, "fires": [told]}
    test: dict[str, Any] = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m"}
    test["tests"] = [unit_test(case, [NOT_OBSERVED], "namespace", RUNBOOK)]
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    assert "SUCCESS" in promtool("test", "rules", str(tmp_path / "test.yaml"))


def test_values_change_one_alert_and_leave_out_another() -> None:
    changed = {
        "CognitoClientSecretStale": {"for": "2h", "severity": "page", "intervals": 2},
        "CognitoSecretOperatorThrottled": {"window": "1h"},
    }
    rules = _rules(
        rule_groups(
            overrides=changed,
            disabled=["CognitoClientSecretSuspended"],
            selector='cluster="a"',
            labels={"team": "identity"},
            dashboardUrl="https://grafana.example.com/d/x",
            runbookUrl="",
        )
    )
    stale = rules["CognitoClientSecretStale"]
    assert (stale["for"], stale["labels"]) == ("2h", {"severity": "page", "team": "identity"})
    assert "> 2 * max" in stale["expr"]
    assert "more than 2 times" in stale["annotations"]["description"]
    assert "[1h]" in rules["CognitoSecretOperatorThrottled"]["expr"]
    assert set(NAMES) - rules.keys() == {"CognitoClientSecretSuspended"}
    for rule in rules.values():
        selectors = re.findall(r"cognito_\w+\{([^}]*)\}", rule["expr"])
        assert selectors
        assert all('cluster="a"' in one for one in selectors)
        assert rule["annotations"]["dashboard_url"] == "https://grafana.example.com/d/x"
        assert "runbook_url" not in rule["annotations"]
