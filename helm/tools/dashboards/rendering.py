"""The chart's rules, Grafana alerts and dashboard, as Helm renders them."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from cluster.build import TOOLS, build

ROOT: Final = Path(__file__).resolve().parents[3]
CHART: Final = ROOT / "helm" / "cognito-secret-operator"
SOURCE: Final = CHART / "files" / "alerts.yaml"
DASHBOARD: Final = CHART / "files" / "dashboard.json"
KUBE_VERSION: Final = "1.33.0"
FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "prometheusrule": {"prometheusRule": {"enabled": True, "renderMode": "Always"}},
    "grafanaalerts": {"grafana": {"alerts": {"enabled": True}}},
    "dashboard": {"grafana": {"dashboard": {"enabled": True}}},
}
"""Template -> the values that switch it on; the first two exclude each other."""


def source() -> list[dict[str, Any]]:
    """Give the alerts as they are written in the one source."""
    document = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return [
        {**alert, "of": group["of"], "group": group["name"]}
        for group in document["groups"]
        for alert in group["alerts"]
    ]


def rule_groups(**alerts: Any) -> list[dict[str, Any]]:
    """Give the groups of the PrometheusRule.

    Args:
        alerts: values of the section `alerts`.

    Raises:
        subprocess.CalledProcessError: Helm refused the values; `stderr` says why.
    """
    groups: list[dict[str, Any]] = _rendered("prometheusrule", alerts)["spec"]["groups"]
    return groups


def grafana_groups(**alerts: Any) -> list[dict[str, Any]]:
    """Give the groups of the file by which Grafana is provisioned."""
    [text] = _rendered("grafanaalerts", alerts)["data"].values()
    groups: list[dict[str, Any]] = yaml.safe_load(text)["groups"]
    return groups


def dashboard(**alerts: Any) -> dict[str, Any]:
    """Give the dashboard that the ConfigMap holds."""
    [text] = _rendered("dashboard", alerts)["data"].values()
    found: dict[str, Any] = json.loads(text)
    return found


def _rendered(form: str, alerts: Mapping[str, Any]) -> dict[str, Any]:
    """Render one template."""
    done = subprocess.run(
        [
            str(build(TOOLS) / "helm"),
            *("template", "cso", str(CHART), "--namespace", "cso", "--values", "-"),
            *("--kube-version", KUBE_VERSION, "--show-only", f"templates/{form}.yaml"),
        ],
        input=yaml.safe_dump({**FORMS[form], "alerts": dict(alerts)}),
        capture_output=True,
        text=True,
        check=True,
    )
    document: dict[str, Any] = yaml.safe_load(done.stdout)
    return document
