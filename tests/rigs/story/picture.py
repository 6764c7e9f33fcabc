"""Draws the dashboard's panels from what one run of the story left: `make picture`.

Not Grafana: our own lines, from a real Prometheus' answers to the shipped queries. It shows the
panels that a person looks at first; the dashboard has more.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from story import drawing
from story.svg import CARD, EDGE, INK, PAPER, Box, Canvas

WIDTH: Final = 1480.0
MARGIN: Final = 12.0
GAP: Final = 8.0
UNIT: Final = 29.0
TITLE: Final = 30.0
SHOWN: Final[Mapping[str, Sequence[str]]] = {
    "Fleet": (
        "Resources", "Ready", "Rotating", "Stalled", "Overdue", "Two secrets", "Oldest secret",
        "Alerts firing",
    ),
    "Resources": ("All resources", "Firing"),
    "Rotation of the chosen resources": (
        "Step", "Age as a share of the limits", "Who may hold the previous secret",
        "Secrets at Cognito", "Since when: rotation, step, look at Cognito",
    ),
    "Cognito's API": (
        "Calls", "Answers other than OK", "Latency, 95 %",
        "Share of the account's quota", "Throttled share", "Waiting for our share of the quota",
    ),
    "Operator": ("Passes", "Queue", "Length of a turn"),
}  # fmt: skip
HEIGHTS: Final = {
    "stat": 3.4,
    "table": 17.5,
    "state-timeline": 9.5,
    "bargauge": 9.5,
    "timeseries": 6.6,
}


def draw(told: Mapping[str, Any]) -> str:
    """Draw the panels of a story's record; give the SVG."""
    canvas = Canvas()
    panels = {one["title"]: one for one in told["dashboard"]["panels"] if one["type"] != "row"}
    body = Canvas()
    y = MARGIN + 34
    for row, titles in SHOWN.items():
        body.text((MARGIN + 2, y + 14), f"▾  {row}", size=14, weight=500)
        y += 24
        y = _row(body, [panels[title] for title in titles], told, y) + 6
    height = y + MARGIN - 6
    canvas.rect(Box(0, 0, WIDTH, height), PAPER)
    canvas.text((MARGIN + 2, MARGIN + 16), told["dashboard"]["title"], size=17, weight=500)
    canvas.parts += body.parts
    return canvas.whole(WIDTH, height)


def _row(
    canvas: Canvas, panels: Sequence[Mapping[str, Any]], told: Mapping[str, Any], y: float
) -> float:
    """Draw panels from left to right, and give where the next row begins."""
    unit, x, tallest = (WIDTH - 2 * MARGIN + GAP) / 24, 0, 0.0
    for panel in panels:
        width = panel["gridPos"]["w"]
        if x + width > 24:
            x, y, tallest = 0, y + tallest + GAP, 0.0
        height = HEIGHTS[panel["type"]] * UNIT
        _panel(canvas, Box(MARGIN + x * unit, y, width * unit - GAP, height), panel, told)
        x, tallest = x + width, max(tallest, height)
    return y + tallest + GAP


def _panel(canvas: Canvas, box: Box, panel: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    answers = [one for one in told["answers"] if one["panel"] == panel["id"]]
    span = (told["moments"]["start"], told["moments"]["end"])
    if panel["type"] == "stat":
        drawing.stat(canvas, box, panel, answers)
        return
    canvas.rect(box, CARD, stroke=EDGE, radius=3)
    canvas.text((box.x + 10, box.y + 20), panel["title"], size=12.5, fill=INK, weight=500)
    inner = box.inset(left=10, top=TITLE, right=10, bottom=8)
    match panel["type"]:
        case "table":
            drawing.table(canvas, inner, panel, answers)
        case "bargauge":
            drawing.bars(canvas, inner, panel, answers)
        case "state-timeline":
            drawing.timeline(canvas, inner, panel, answers, span)
        case _:
            drawing.graph(canvas, inner, panel, answers, span)


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:3])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(draw(json.loads(source.read_text())), encoding="utf-8")
    print(f"wrote {target}: {target.stat().st_size // 1000} kB")
