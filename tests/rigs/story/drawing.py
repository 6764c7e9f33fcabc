"""Draws panels from what their queries answered: numbers, tables, timelines, bars, lines."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from story.svg import (
    COLORS,
    DIM,
    FAINT,
    INK,
    NOTHING,
    PALETTE,
    Box,
    Canvas,
    figure,
    fitted,
    nice_top,
)

JSON = Mapping[str, Any]
ROW_HEIGHT: Final = 19.5
SHOWN_IN_LEGEND: Final = 60


@dataclass(frozen=True, slots=True)
class Line:
    """A series: its name, and its values by time."""

    name: str
    points: tuple[tuple[float, float], ...]
    labels: Mapping[str, str]


def lines(answers: Sequence[JSON]) -> list[Line]:
    """Read the series of a panel's answers."""
    return [_line(series, answer["legend"]) for answer in answers for series in answer["result"]]


def _line(series: JSON, legend: str) -> Line:
    labels = series["metric"]
    name = re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)
    name = name.partition("/")[2] if labels.get("namespace") else name
    values = series.get("values") or [series["value"]]
    return Line(name, tuple((float(at), float(value)) for at, value in values), labels)


def stat(canvas: Canvas, box: Box, panel: JSON, answers: Sequence[JSON]) -> None:
    """Draw one number on its colour."""
    found = lines(answers)
    value = found[0].points[-1][1] if found else math.nan
    defaults = panel["fieldConfig"]["defaults"]
    canvas.rect(box, by_threshold(defaults["thresholds"]["steps"], value), radius=3)
    canvas.text((box.x + 10, box.y + 20), panel["title"], size=12, fill="#ffffff", weight=500)
    at = (box.x + box.w / 2, box.y + box.h / 2 + 22)
    shown = figure(value, defaults["unit"])
    canvas.text(at, shown, size=34, fill="#ffffff", anchor="middle", weight=600)


def by_threshold(steps: Sequence[JSON], value: float) -> str:
    """Give the colour of the highest step that a value reaches."""
    color = "green"
    for step in steps:
        if step["value"] is None or value >= step["value"]:
            color = step["color"]
    return {"green": "#37872d", "red": "#c4162a", "yellow": "#c69b06", "blue": "#1f60c4"}.get(
        color, COLORS.get(color, color)
    )


def table(canvas: Canvas, box: Box, panel: JSON, answers: Sequence[JSON]) -> None:
    """Draw a table: rows of all answers joined by what names the object."""
    organize = panel["transformations"][1]["options"]["renameByName"]
    rows = _sorted(list(_joined(answers).values()), panel)
    widths = [_share(field) for field in organize]
    unit = box.w / sum(widths)
    x, columns = box.x, []
    for (name, heading), share in zip(organize.items(), widths, strict=True):
        canvas.text((x + 4, box.y + 12), heading, size=11, fill="#6e9fff", weight=500)
        columns.append((name, heading, x, share * unit))
        x += share * unit
    room = int((box.h - 20) / ROW_HEIGHT)
    for index, row in enumerate(rows[:room]):
        y = box.y + 22 + index * ROW_HEIGHT
        canvas.line((box.x, y), (box.x + box.w, y), FAINT)
        for name, heading, left, width in columns:
            _cell(canvas, Box(left, y, width, ROW_HEIGHT), _format(panel, heading), row.get(name))
    if len(rows) > room:
        note = f"and {len(rows) - room} more"
        canvas.text((box.x + box.w, box.y + 12), note, size=10, fill=DIM, anchor="end")


def _share(field: str) -> float:
    return {"name": 1.2, "reason": 1.8, "alertname": 3.4, "Value #E": 1.9}.get(field, 1.0)


def _joined(answers: Sequence[JSON]) -> dict[tuple[str, ...], dict[str, Any]]:
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for answer in answers:
        for series in answer["result"]:
            labels = series["metric"]
            key = tuple(
                labels.get(one, "") for one in ("alertname", "namespace", "name", "instance")
            )
            row = rows.setdefault(key, {})
            row |= labels
            row[f"Value #{answer['ref']}"] = float(series["value"][1])
    return rows


def _sorted(rows: list[dict[str, Any]], panel: JSON) -> list[dict[str, Any]]:
    if panel["options"].get("sortBy"):
        return sorted(rows, key=lambda row: -row.get("Value #E", 0))
    return sorted(rows, key=lambda row: (row.get("severity", ""), row.get("alertname", "")))


def _format(panel: JSON, heading: str) -> dict[str, Any]:
    own: dict[str, Any] = dict(panel["fieldConfig"]["defaults"])
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["options"] == heading:
            own |= {one["id"]: one["value"] for one in override["properties"]}
    return own


def _cell(canvas: Canvas, box: Box, style: JSON, value: str | float | None) -> None:
    base = (box.x + 4, box.y + 13.5)
    if value is None:
        canvas.text(base, NOTHING, fill=DIM)
    elif isinstance(value, str):
        color = {"critical": COLORS["red"], "warning": COLORS["orange"], "info": COLORS["blue"]}
        words = fitted(value, box.w - 6)
        canvas.text(base, words, fill=color.get(value, INK))
    elif style.get("custom.cellOptions", {}).get("type") == "gauge":
        _gauge(canvas, Box(box.x + 4, box.y + 5, box.w - 58, 9), style, value)
        canvas.text((box.x + box.w - 8, base[1]), figure(value, style["unit"]), anchor="end")
    else:
        word = next((one["options"].get(f"{value:g}") for one in style.get("mappings", ())), None)
        shown, color_name = (
            (word["text"], word["color"]) if word else (figure(value, style["unit"]), "")
        )
        canvas.text(base, shown, fill=COLORS.get(color_name, INK))


def _gauge(canvas: Canvas, box: Box, style: JSON, value: float) -> None:
    """Draw a bar of small cells, lit up to the value."""
    low, high = style.get("min", 0), style.get("max", 1)
    count = max(4, int(box.w / 5))
    for index in range(count):
        level = low + (high - low) * index / count
        color = by_threshold(style["thresholds"]["steps"], level) if level < value else FAINT
        canvas.rect(Box(box.x + index * box.w / count, box.y, box.w / count - 1.5, box.h), color)


def bars(canvas: Canvas, box: Box, panel: JSON, answers: Sequence[JSON]) -> None:
    """Draw a bar for each series."""
    style = panel["fieldConfig"]["defaults"]
    found = sorted(lines(answers), key=lambda one: -one.points[-1][1])
    height = 16.5
    room = int(box.h / height)
    for index, one in enumerate(found[:room]):
        y, value = box.y + index * height, one.points[-1][1]
        canvas.text((box.x, y + 11), fitted(one.name, 128, 10.5), size=10.5, fill=DIM)
        _gauge(canvas, Box(box.x + 132, y + 3, box.w - 180, 9), style, value)
        at = (box.x + box.w, y + 11)
        canvas.text(at, figure(value, style["unit"]), size=10.5, anchor="end")


def timeline(
    canvas: Canvas, box: Box, panel: JSON, answers: Sequence[JSON], span: tuple[float, float]
) -> None:
    """Draw a state over time for each series, without those that are at rest all the time."""
    states = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
    found = [one for one in _merged(lines(answers)) if any(value for _, value in one.points)]
    left, height = 92.0, min(22.0, (box.h - 34) / max(1, len(found)))
    inner = box.inset(left=left, top=0, right=4, bottom=34)
    for index, one in enumerate(found):
        y = inner.y + index * height
        canvas.text((box.x, y + height / 2 + 4), fitted(one.name, left - 6), fill=DIM)
        for start, end, value in _runs(one.points):
            x, right = (_at(moment, span, inner) for moment in (start, end))
            state = states[f"{value:g}"]
            canvas.rect(Box(x, y + 2, right - x, height - 4), COLORS.get(state["color"], INK))
            if len(state["text"]) * 5.6 < right - x - 6:
                dark = state["color"] != "super-light-green"
                fill = "#1b1c20" if dark else "#a8c9b0"
                canvas.text((x + 4, y + height / 2 + 3.5), state["text"], size=9.5, fill=fill)
    _time_axis(canvas, inner, span)
    x = inner.x
    for state in states.values():
        canvas.rect(Box(x, box.y + box.h - 9, 10, 8), COLORS.get(state["color"], INK), radius=2)
        canvas.text((x + 14, box.y + box.h - 1.5), state["text"], size=10, fill=DIM)
        x += 26 + len(state["text"]) * 5.8


def _merged(found: Sequence[Line]) -> list[Line]:
    points: dict[str, list[tuple[float, float]]] = {}
    for one in found:
        points.setdefault(one.name, []).extend(one.points)
    return [Line(name, tuple(sorted(each)), {}) for name, each in points.items()]


def _runs(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float, float]]:
    """Yield spans of one value; a gap of more than three seconds ends one."""
    start, last, value = points[0][0], points[0][0], points[0][1]
    for at, now in points[1:]:
        if now != value or at - last > 3:
            yield start, (at if at - last <= 3 else last), value
            start, value = at, now
        last = at
    yield start, last, value


def graph(
    canvas: Canvas, box: Box, panel: JSON, answers: Sequence[JSON], span: tuple[float, float]
) -> None:
    """Draw lines over time, or areas upon each other."""
    defaults = panel["fieldConfig"]["defaults"]
    stacked = defaults["custom"].get("stacking", {}).get("mode") == "normal"
    found = [
        Line(one.name, tuple(point for point in one.points if math.isfinite(point[1])), one.labels)
        for one in lines(answers)
    ]
    found = [one for one in found if any(value for _, value in one.points)] or found[:1]
    found.sort(key=lambda one: -max((value for _, value in one.points), default=0))
    inner = box.inset(left=46, top=4, right=6, bottom=36)
    layers = list(_layers(found)) if stacked else [(one, one.points, ()) for one in found]
    top = nice_top(max((value for _, points, _ in layers for _, value in points), default=1))
    _value_axis(canvas, inner, top, defaults["unit"])
    _time_axis(canvas, inner, span)
    for index, (_, points, base) in enumerate(layers):
        color = PALETTE[index % len(PALETTE)]
        upper = [_place(point, span, inner, top) for point in points]
        lower = [_place(point, span, inner, top) for point in base]
        if lower:
            canvas.path([*upper, *reversed(lower)], "", color)
        for piece in _pieces(points):
            canvas.path([_place(point, span, inner, top) for point in piece], color)
    _legend(canvas, box, [one.name for one in found])


def _layers(found: Sequence[Line]) -> Iterator[tuple[Line, tuple[Any, ...], tuple[Any, ...]]]:
    moments = sorted({at for one in found for at, _ in one.points})
    floor = dict.fromkeys(moments, 0.0)
    for one in found:
        own = dict(one.points)
        base = tuple(floor.items())
        floor = {at: floor[at] + own.get(at, 0.0) for at in moments}
        yield one, tuple(floor.items()), base


def _pieces(points: Sequence[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    piece: list[tuple[float, float]] = []
    for point in points:
        if piece and point[0] - piece[-1][0] > 3:
            yield piece
            piece = []
        piece.append(point)
    if piece:
        yield piece


def _place(
    point: tuple[float, float], span: tuple[float, float], box: Box, top: float
) -> tuple[float, float]:
    return _at(point[0], span, box), box.y + box.h * (1 - min(1, max(0, point[1] / top)))


def _at(moment: float, span: tuple[float, float], box: Box) -> float:
    return box.x + box.w * (moment - span[0]) / (span[1] - span[0])


def _value_axis(canvas: Canvas, box: Box, top: float, unit: str) -> None:
    steps = int(top) if unit == "short" and top <= 3 else 3
    for index in range(steps + 1):
        y = box.y + box.h * (1 - index / steps)
        canvas.line((box.x, y), (box.x + box.w, y), FAINT)
        words = figure(top * index / steps, unit)
        canvas.text((box.x - 6, y + 3.5), words, size=10, fill=DIM, anchor="end")


def _time_axis(canvas: Canvas, box: Box, span: tuple[float, float]) -> None:
    seconds = span[1] - span[0]
    for index in range(int(seconds // 30) + 1):
        x = _at(span[0] + index * 30, span, box)
        words = f"{index // 2}:{index % 2 * 30:02}"
        canvas.text((x, box.y + box.h + 14), words, size=10, fill=DIM, anchor="middle")


def _legend(canvas: Canvas, box: Box, names: Sequence[str]) -> None:
    x, left = box.x + 4, len(names)
    for index, name in enumerate(names):
        width = 18 + len(name) * 5.7
        if x + width > box.x + box.w - SHOWN_IN_LEGEND * (left > 1):
            canvas.text((x, box.y + box.h - 3), f"+ {left}", size=10, fill=DIM)
            return
        color = PALETTE[index % len(PALETTE)]
        canvas.rect(Box(x, box.y + box.h - 7, 10, 3), color, radius=1)
        canvas.text((x + 14, box.y + box.h - 3), name, size=10, fill=DIM)
        x, left = x + width + 6, left - 1
