"""docs/reference/alerts.md, written from the one source of alerts: `python -m dashboards.pages`."""

import re
from pathlib import Path
from typing import Any, Final

from dashboards.rendering import ROOT, source

PAGE: Final = ROOT / "docs" / "reference" / "alerts.md"
RUNBOOKS: Final = ROOT / "docs" / "runbooks"
HEAD: Final = """# Alerts

Written by `make dashboard` from `helm/cognito-secret-operator/files/alerts.yaml`, of which the
chart makes a PrometheusRule and Grafana-managed alerts; [monitoring](../monitoring.md) says how.

`${namespace}` is the label with the resource's namespace (`alerts.namespaceLabel`), `${selector}`
stands for the matchers of `alerts.selector`, `${lookback}` is how long a gap in the scrapes is
bridged. The other names in `${}` are thresholds: `alerts.overrides` sets them, `for` and severity
by the name of the alert. Those with *Share* in them are shares of the resource's own interval or
overlap, and the seconds beside them the limit for long ones.

| alert | severity | for | thresholds |
| --- | --- | --- | --- |
"""
RESOURCE: Final = "{{ $labels.${namespace} }}/{{ $labels.name }}"


def rows() -> list[str]:
    """Write the table's rows."""
    return [
        f"| [`{one['alert']}`](#{one['alert'].lower()}) | {one['severity']} | {one['for']} |"
        f" {_thresholds(one)} |"
        for one in source()
    ]


def text() -> str:
    """Write the page."""
    return HEAD + "\n".join(rows()) + "\n" + "".join(_section(one) for one in source())


def _thresholds(one: dict[str, Any]) -> str:
    found = [f"`{name}` {value}" for name, value in one["thresholds"].items()]
    found += [
        f"at least {count} times `timing.listPeriodSeconds`"
        for count in one.get("listPeriods", {}).values()
    ]
    return ", ".join(found) or "none"


def _section(one: dict[str, Any]) -> str:
    name = one["alert"]
    said = f"{one['summary']} {one['description']}".replace(RESOURCE, "*namespace/name*")
    said = re.sub(r"\{\{ (?:\$labels\.)?\$?(\w+)[^}]* \}\}", r"*\1*", said)
    return (
        f"\n## {name}\n\n{said}"
        f"\n[Runbook](../runbooks/{name.lower()}.md).\n\n```promql\n{one['expr']}\n```\n"
    )


def runbook_of(alert: str) -> Path:
    """Give the page of an alert."""
    return RUNBOOKS / f"{alert.lower()}.md"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}: {len(source())} alerts")
