"""Shapes and figures of the picture: SVG as text, in the colours of Grafana's dark theme."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

FONT: Final = "Inter, 'Helvetica Neue', Helvetica, Arial, sans-serif"
PAPER, CARD, EDGE = "#111217", "#181b1f", "#2a2d33"
INK, DIM, FAINT = "#d8d9da", "#9fa3a8", "#2f3339"
COLORS: Final = {
    "green": "#73bf69",
    "yellow": "#f2cc0c",
    "red": "#f2495c",
    "blue": "#5794f2",
    "orange": "#ff9830",
    "purple": "#b877d9",
    "light-yellow": "#ffee52",
    "light-orange": "#ffb357",
    "light-blue": "#8ab8ff",
    "super-light-green": "#2f4f3a",
}
PALETTE: Final = (
    "#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0",
    "#37872d", "#fade2a", "#447ebc", "#c15c17", "#96d98d", "#e0b400", "#b0d8ff", "#ffa6b0",
)  # fmt: skip
MINUTE, HOUR, DAY = 60, 3600, 86400
NOTHING: Final = "\N{EN DASH}"
NARROW: Final = 0.62
"""Mean width of a letter as a share of its size."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels."""

    x: float
    y: float
    w: float
    h: float

    def inset(self, *, left: float, top: float, right: float, bottom: float) -> "Box":
        """Give the rectangle without its margins."""
        return Box(self.x + left, self.y + top, self.w - left - right, self.h - top - bottom)


@dataclass
class Canvas:
    """Collects shapes."""

    parts: list[str] = field(default_factory=list)

    def rect(self, box: Box, fill: str, *, stroke: str = "", radius: float = 0) -> None:
        """Draw a rectangle."""
        line = f' stroke="{stroke}"' if stroke else ""
        corner = f' rx="{radius:g}"' if radius else ""
        self.parts.append(
            f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{max(0, box.w):.1f}"'
            f' height="{max(0, box.h):.1f}" fill="{fill}"{line}{corner}/>'
        )

    def text(
        self,
        at: tuple[float, float],
        words: str,
        *,
        size: float = 11,
        fill: str = INK,
        anchor: str = "start",
        weight: int = 400,
    ) -> None:
        """Write a line; *at* is its base line."""
        bold = f' font-weight="{weight}"' if weight != 400 else ""
        end = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self.parts.append(
            f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" font-size="{size:g}" fill="{fill}"{end}{bold}>'
            f"{escape(words)}</text>"
        )

    def line(self, start: tuple[float, float], end: tuple[float, float], stroke: str) -> None:
        """Draw a straight line."""
        self.parts.append(
            f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
            f' stroke="{stroke}"/>'
        )

    def path(self, points: Sequence[tuple[float, float]], stroke: str, fill: str = "none") -> None:
        """Draw a line through points, or a filled shape."""
        steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        style = f'fill="{fill}" fill-opacity="0.3"' if fill != "none" else 'fill="none"'
        edge = f'stroke="{stroke}" stroke-width="1.4" stroke-linejoin="round"' if stroke else ""
        kind = "polygon" if fill != "none" else "polyline"
        self.parts.append(f'<{kind} points="{steps}" {style} {edge}/>')

    def whole(self, width: float, height: float) -> str:
        """Give the file's content."""
        body = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
            f' width="{width:g}" height="{height:g}" font-family="{escape(FONT)}">'
            f"\n{body}\n</svg>\n"
        )


def fitted(words: str, width: float, size: float = 11) -> str:
    """Cut a text to a width."""
    most = int(width / (size * NARROW))
    return words if len(words) <= most else words[: max(1, most - 1)] + "…"


def figure(value: float, unit: str) -> str:
    """Write a number in a unit of Grafana's."""
    if math.isnan(value):
        return NOTHING
    match unit:
        case "percentunit":
            return f"{value * 100:.1f} %" if 0 < abs(value) < 0.1 else f"{value * 100:.0f} %"
        case "s":
            return _span(value)
        case "bytes":
            return f"{value / 2**20:.0f} MiB"
        case "reqps" | "ops":
            return f"{value:.1f}/s"
        case _:
            return f"{value:.0f}" if value == round(value) else f"{value:.2g}"


def _span(seconds: float) -> str:
    sign, size = ("-" if seconds < 0 else ""), abs(seconds)
    for limit, divisor, name in (
        (1, 0.001, "ms"),
        (2 * MINUTE, 1, "s"),
        (2 * HOUR, MINUTE, "min"),
        (2 * DAY, HOUR, "h"),
    ):
        if size < limit:
            shown = size / divisor
            return (
                f"{sign}{shown:.0f} {name}"
                if shown >= 10 or size == 0
                else f"{sign}{shown:.1f} {name}"
            )
    return f"{sign}{size / DAY:.0f} d"


def nice_top(value: float) -> float:
    """Give a round number at or above a value, for the top of an axis."""
    if value <= 0:
        return 1
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value)
