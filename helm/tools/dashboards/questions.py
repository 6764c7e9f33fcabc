"""Every query of the dashboard, with the variables filled in as Grafana does."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from story.prometheus import Prometheus

ALL: Final = ".+"
"""What Grafana puts in for "All", where the variable says so (allValue)."""


@dataclass(frozen=True)
class Question:
    """One query of a panel."""

    panel: int
    title: str
    kind: str
    ref: str
    legend: str
    expr: str
    instant: bool


def questions(dashboard: Mapping[str, Any]) -> Iterator[Question]:
    """Yield each query of each panel, and of each annotation, ready to be asked."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield Question(
                panel["id"],
                panel["title"],
                panel["type"],
                target["refId"],
                target["legendFormat"],
                filled_in(target["expr"], dashboard),
                target["instant"],
            )
    for note in dashboard["annotations"]["list"]:
        expr = filled_in(note["expr"], dashboard)
        yield Question(0, note["name"], "annotation", "A", note["titleFormat"], expr, instant=False)


def variables(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the selector and the label that each variable lists the values of."""
    for one in dashboard["templating"]["list"]:
        if one["type"] == "query":
            found = re.fullmatch(r"label_values\((.+), (\w+)\)", one["definition"])
            assert found is not None
            yield filled_in(found[1], dashboard), found[2]


def filled_in(expr: str, dashboard: Mapping[str, Any]) -> str:
    """Put the variables in.

    `$__rate_interval` is at least four scrapes long; here they are a second apart.
    """
    for one in dashboard["templating"]["list"]:
        expr = re.sub(rf"\${one['name']}\b", one.get("allValue", ALL), expr)
    expr = expr.replace("$__rate_interval", "10s")
    assert "$" not in expr, expr
    return expr


def record(
    prometheus: Prometheus,
    dashboard: Mapping[str, Any],
    moments: Mapping[str, float],
    path: Path,
) -> None:
    """Write what each query answers over the story, for the picture.

    Args:
        prometheus: whom to ask.
        dashboard: whose queries.
        moments: `start`, `end`, and `shown`: the moment of tables and single numbers.
        path: the file.
    """
    answers = []
    for one in questions(dashboard):
        result = (
            prometheus.query(one.expr, moments["shown"])
            if one.instant
            else prometheus.range(one.expr, moments["start"], moments["end"], 1)
        )
        answers.append({"panel": one.panel, "ref": one.ref, "legend": one.legend, "result": result})
    content = {"moments": dict(moments), "dashboard": dashboard, "answers": answers}
    path.write_text(json.dumps(content), encoding="utf-8")
