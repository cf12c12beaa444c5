"""Where panels stand on a page: sizes in inches and fixed margins.

matplotlib's constrained layout measures every label twice, which takes longer than drawing; our panels know their
sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Inches around a panel: tick labels and the axis label to the left and below, the title above.
LEFT, BOTTOM, TOP = 0.75, 0.6, 0.5

# Inches to the right of a panel: nothing there, or a colour bar with its numbers.
PLAIN, BAR = 0.25, 0.9

# A character of 9 points, and of a 12-point heading, in inches.
CHARACTER, HEADING_CHARACTER = 0.075, 0.105

HEADING_LINE = 0.24


@dataclass(frozen=True)
class Panel:
    """A panel: its size in inches, the room it needs to the right, and what is painted on it."""

    size: tuple[float, float]
    paint: Callable[[Axes], object]
    right: float = PLAIN
    projection: str | None = None


def page(panels: Sequence[Panel], columns: int, *, heading: str = "") -> Figure:
    """The panels row by row, `columns` in a row, under a heading."""
    rows = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    widths = [max(LEFT + row[c].size[0] + row[c].right for row in rows if c < len(row)) for c in range(len(rows[0]))]
    heights = [TOP + max(panel.size[1] for panel in row) + BOTTOM for row in rows]
    width = sum(widths)
    lines = wrap(heading, max(10, int(width / HEADING_CHARACTER))) if heading else []
    height = sum(heights) + HEADING_LINE * len(lines)
    figure = Figure(figsize=(width, height))
    if lines:
        figure.text(0.5, 1 - 0.1 / height, "\n".join(lines), ha="center", va="top", fontsize=12)
    top = height - HEADING_LINE * len(lines)
    for row, row_height in zip(rows, heights, strict=True):
        left = 0.0
        for panel, column_width in zip(row, widths, strict=False):
            low = top - TOP - panel.size[1]
            place = ((left + LEFT) / width, low / height, panel.size[0] / width, panel.size[1] / height)
            # matplotlib annotates figures and axes too widely
            panel.paint(figure.add_axes(place, projection=panel.projection))  # type: ignore[arg-type, call-overload]
            left += column_width
        top -= row_height
    return figure


def beside(axes: Axes, *, gap: float = 0.12, width: float = 0.13, share: float = 0.92) -> Axes:
    """Slim axes to the right of a panel, for a colour bar; they follow the panel's shape."""
    axes.apply_aspect()
    figure = axes.figure
    box = axes.get_position()
    # matplotlib annotates figures and axes too widely
    inches, high = figure.get_size_inches()  # type: ignore[union-attr]
    height = max(box.height * share, min(1.0 / high, box.height))
    # matplotlib annotates figures and axes too widely
    return figure.add_axes((box.x1 + gap / inches, box.y0 + (box.height - height) / 2, width / inches, height))  # type: ignore[arg-type]


def legend_room(labels: Sequence[str]) -> float:
    """Inches that a legend beside a panel needs."""
    return 0.65 + CHARACTER * max((len(label) for label in labels), default=0)
