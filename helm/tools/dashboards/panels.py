"""The parts of a Grafana dashboard, as JSON: rows, panels, variables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

JSON = dict[str, Any]
DATASOURCE: Final[Mapping[str, str]] = {"type": "prometheus", "uid": "${datasource}"}
GREEN, YELLOW, RED, BLUE = "green", "yellow", "red", "blue"
WIDTH: Final = 24


@dataclass(frozen=True)
class Query:
    """A query of a panel; a legend of ``__auto`` names the labels."""

    expr: str
    legend: str = "__auto"


@dataclass(frozen=True)
class Panel:
    """A panel; *width* of 24, *height* in Grafana's units of 30 pixels."""

    title: str
    description: str
    kind: str
    queries: Sequence[Query]
    unit: str = "short"
    width: int = 8
    height: int = 8
    instant: bool = False
    thresholds: Sequence[tuple[float | None, str]] = ((None, GREEN),)
    options: Mapping[str, Any] = field(default_factory=dict)
    custom: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: Sequence[JSON] = ()
    transformations: Sequence[JSON] = ()


@dataclass(frozen=True)
class Row:
    """A row with its panels, from left to right."""

    title: str
    panels: Sequence[Panel]


def dashboard(rows: Sequence[Row], variables: Sequence[JSON], **about: Any) -> JSON:
    """Lay rows out from top to bottom."""
    return {
        **about,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "schemaVersion": 39,
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": list(variables)},
        "panels": list(_laid_out(rows)),
    }


def _laid_out(rows: Sequence[Row]) -> Iterator[JSON]:
    number, top = 1, 0
    for row in rows:
        place = {"h": 1, "w": WIDTH, "x": 0, "y": top}
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "gridPos": place,
        }
        number, top, left, tallest = number + 1, top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > WIDTH:
                left, top, tallest = 0, top + tallest, 0
            place = {"h": panel.height, "w": panel.width, "x": left, "y": top}
            yield {"id": number, **_panel(panel), "gridPos": place}
            number, left, tallest = number + 1, left + panel.width, max(tallest, panel.height)
        top += tallest


def _panel(panel: Panel) -> JSON:
    steps = [{"color": color, "value": value} for value, color in panel.thresholds]
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": dict(DATASOURCE),
        "targets": [_target(query, index, panel) for index, query in enumerate(panel.queries)],
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": dict(panel.custom),
                **panel.defaults,
            },
            "overrides": list(panel.overrides),
        },
        "options": dict(panel.options),
        "transformations": list(panel.transformations),
    }


def _target(query: Query, index: int, panel: Panel) -> JSON:
    return {
        "refId": chr(ord("A") + index),
        "datasource": dict(DATASOURCE),
        "expr": query.expr,
        "legendFormat": query.legend,
        "instant": panel.instant,
        "range": not panel.instant,
        "format": "table" if panel.kind == "table" else "time_series",
    }


def stat(title: str, description: str, expr: str, **more: Any) -> Panel:
    """Make a panel with one number."""
    options = {
        "colorMode": "background_solid",
        "graphMode": "none",
        "textMode": "value",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }
    settings: JSON = {"width": 3, "height": 4, "instant": True, **more}
    return Panel(title, description, "stat", [Query(expr)], options=options, **settings)


def graph(title: str, description: str, *queries: Query, stack: bool = False, **more: Any) -> Panel:
    """Make a panel with lines over time."""
    custom = {
        "lineWidth": 1,
        "fillOpacity": 30 if stack else 10,
        "showPoints": "never",
        "stacking": {"mode": "normal" if stack else "none"},
    }
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return Panel(title, description, "timeseries", queries, options=options, custom=custom, **more)


def timeline(title: str, description: str, query: Query, **more: Any) -> Panel:
    """Make a panel with a state over time for each series."""
    options = {"showValue": "auto", "mergeValues": True, "legend": {"showLegend": False}}
    return Panel(title, description, "state-timeline", [query], options=options, **more)


def table(
    title: str,
    description: str,
    queries: Sequence[Query],
    columns: Mapping[str, str],
    **more: Any,
) -> Panel:
    """Make a table with a row for each set of labels; *columns*: field -> heading, in order."""
    organize = {
        "excludeByName": {"Time": True},
        "indexByName": {name: index for index, name in enumerate(columns)},
        "renameByName": dict(columns),
    }
    steps = [{"id": "merge", "options": {}}, {"id": "organize", "options": organize}]
    more = {"width": WIDTH, **more}
    return Panel(title, description, "table", queries, instant=True, transformations=steps, **more)


def override(field_name: str, **properties: Any) -> JSON:
    """Give one field its own unit, thresholds and so on; ``__`` in a name stands for a dot."""
    return {
        "matcher": {"id": "byName", "options": field_name},
        "properties": [
            {"id": name.replace("__", "."), "value": value} for name, value in properties.items()
        ],
    }


def mapped(*pairs: tuple[float, str, str]) -> list[JSON]:
    """Show numbers as words: (value, word, colour)."""
    options = {str(value): {"text": text, "color": color} for value, text, color in pairs}
    return [{"type": "value", "options": options}]


def variable(name: str, label: str, query: str) -> JSON:
    """Make a variable that lists a label's values, all of them by default."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": dict(DATASOURCE),
        "query": {"query": query, "refId": f"{name}-variable"},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": ["All"], "value": ["$__all"]},
        "hide": 0,
    }


def datasource_variable() -> JSON:
    """Make the variable by which a person chooses the Prometheus."""
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "refresh": 1,
        "current": {},
        "hide": 0,
    }
