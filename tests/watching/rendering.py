"""The chart's rules, Grafana alerts and dashboard, as Helm renders them."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from cluster.build import TOOLS, build

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "helm" / "cognito-secret-operator"
SOURCE: Final = CHART / "files" / "alerts.yaml"
DASHBOARD: Final = CHART / "files" / "dashboard.json"
KUBE_VERSION: Final = "1.33.0"
EVERYTHING: Final[Mapping[str, Any]] = {
    "prometheusRule": {"enabled": True, "renderMode": "Always"},
    "grafana": {"dashboard": {"enabled": True}, "alerts": {"enabled": True}},
}
TEMPLATES: Final = ("prometheusrule", "grafanaalerts", "dashboard")


def source() -> list[dict[str, Any]]:
    """Give the alerts as they are written in the one source."""
    document = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return [
        {**alert, "of": group["of"], "group": group["name"]}
        for group in document["groups"]
        for alert in group["alerts"]
    ]


def helm_template(**alerts: Any) -> list[dict[str, Any]]:
    """Render what is for watching, all of it switched on.

    Args:
        alerts: values of the section `alerts`.

    Raises:
        subprocess.CalledProcessError: Helm refused the values; `stderr` says why.
    """
    values = {**EVERYTHING, "alerts": alerts}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values, file)
        file.flush()
        shown = [word for one in TEMPLATES for word in ("--show-only", f"templates/{one}.yaml")]
        done = subprocess.run(
            [
                str(build(TOOLS) / "helm"),
                *("template", "cso", str(CHART), "--namespace", "cso", "--values", file.name),
                *("--kube-version", KUBE_VERSION, *shown),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def rule_groups(**alerts: Any) -> list[dict[str, Any]]:
    """Give the groups of the PrometheusRule."""
    [rule] = [one for one in helm_template(**alerts) if one["kind"] == "PrometheusRule"]
    groups: list[dict[str, Any]] = rule["spec"]["groups"]
    return groups


def grafana_groups(**alerts: Any) -> list[dict[str, Any]]:
    """Give the groups of the file by which Grafana is provisioned."""
    [text] = _config_map("alerts", alerts).values()
    groups: list[dict[str, Any]] = yaml.safe_load(text)["groups"]
    return groups


def dashboard(**alerts: Any) -> dict[str, Any]:
    """Give the dashboard that the ConfigMap holds."""
    [text] = _config_map("dashboard", alerts).values()
    found: dict[str, Any] = json.loads(text)
    return found


def _config_map(suffix: str, alerts: Mapping[str, Any]) -> dict[str, str]:
    [found] = [
        one for one in helm_template(**alerts) if one["metadata"]["name"].endswith(f"-{suffix}")
    ]
    data: dict[str, str] = found["data"]
    return data
