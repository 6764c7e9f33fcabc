"""Debian's promtool, where it is installed, and tests in its own language."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

MISSING: Final = (
    "promtool is not installed (apt-get install prometheus): NOTHING of this was tested"
)
HERE: Final = Path(__file__).resolve().parent
OPERATOR: Final = 'namespace="cso",job="cso"'


def promtool(*arguments: str) -> str:
    """Run promtool and give what it printed.

    Raises:
        AssertionError: it failed; the message has what it said.
    """
    program = shutil.which("promtool")
    if program is None:
        pytest.skip(MISSING)
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


def cases() -> list[dict[str, Any]]:
    """Give the cases of alert_cases.yaml."""
    found: list[dict[str, Any]] = yaml.safe_load((HERE / "alert_cases.yaml").read_text())["cases"]
    return found


def unit_test(case: dict[str, Any], names: list[str], label: str, runbook: str) -> dict[str, Any]:
    """Write a case as a test of promtool that says of *every* alert whether it fires.

    Args:
        case: of alert_cases.yaml.
        names: all alerts.
        label: which label has the resource's namespace.
        runbook: URL with `%s`.
    """
    fires = {name: [one for one in case["fires"] if one["alert"] == name] for name in names}
    series = dict(case["series"])
    if case.get("operator") != "absent":
        series['operator_build_info{version="0"}'] = "1x50000"
    return {
        "name": case["name"],
        "interval": "5m" if case.get("long") else "1m",
        "input_series": [
            {"series": _series(name, label), "values": str(values)}
            for name, values in series.items()
        ],
        "alert_rule_test": [
            {
                "eval_time": case["at"],
                "alertname": name,
                "exp_alerts": [_expected(one, label, runbook) for one in expected],
            }
            for name, expected in fires.items()
        ],
    }


def _series(short: str, label: str) -> str:
    name, _, labels = short.rstrip("}").partition("{")
    if name.startswith("operator_"):
        own = OPERATOR if "job=" not in labels else 'namespace="cso"'
        pod = "" if "pod=" in labels else ',pod="a"'
        return f"cognito_secret_{name}{{{own}{pod},{labels}}}"
    pod = "" if "pod=" in labels else ',pod="a"'
    where = f'{label}="shop"' + ("" if label == "namespace" else ',namespace="cso"')
    return f'cognito_client_secret_{name}{{{where},job="cso"{pod},{labels}}}'


def _expected(one: dict[str, Any], label: str, runbook: str) -> dict[str, Any]:
    labels = {"severity": one["severity"], **one["labels"]}
    if "name" in labels:
        labels[label] = "shop"
    return {
        "exp_labels": labels,
        "exp_annotations": {
            "summary": one["summary"],
            "description": one["description"],
            "runbook_url": runbook.replace("%s", one["alert"].lower()),
        },
    }


def is_promql_duration(text: str) -> bool:
    """Tell whether a text is a span as Prometheus writes it."""
    return re.fullmatch(r"([0-9]+(ms|s|m|h|d|w))+", text) is not None
