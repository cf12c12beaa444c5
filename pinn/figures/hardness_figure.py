"""The picture of a learned hardness: lambda of each layer against time, and its profile over the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pinn.export.sampling.grid import Array
from pinn.figures.page import Panel, legend_room, page
from pinn.figures.panels import COLOURS, is_number, legend_beside_curves, mark_stages

if TYPE_CHECKING:
    from matplotlib.axes import Axes

History = Sequence[Mapping[str, Any]]

SIZE = (4.4, 2.8)  # inches of a panel
MOMENTS = 6  # of training whose profiles are drawn
FAINTEST, STRONGEST = 0.15, 0.9  # of the colours in time
MOST_NAMED = 12  # layers in a legend


def hardness_figure(history: History) -> Figure | None:
    """Nothing where no hardness was trained: it never moved, or there is none."""
    seconds, layers = hardness_of(history)
    if len(layers) == 0 or len(seconds) < 2 or float(np.nanmax(np.ptp(layers, axis=1))) == 0:
        return None
    named = [f"layer {index}" for index in range(min(len(layers), MOST_NAMED))]
    panels = [Panel(SIZE, lambda axes: draw_layers(axes, history, seconds, layers), legend_room(named))]
    if len(layers) > 1:
        labels = [f"{second:.3g} s" for second in seconds[moments(len(seconds))]]
        panels.append(Panel(SIZE, lambda axes: draw_profiles(axes, seconds, layers), legend_room(labels)))
    return page(panels, len(panels))


def hardness_of(history: History) -> tuple[Array, Array]:
    """(seconds [N], lambda [L, N]) of the rows that have it."""
    count = 0
    while any(f"hardness:{count}" in row for row in history):
        count += 1
    rows = [row for row in history if all(is_number(row.get(f"hardness:{layer}")) for layer in range(count))]
    if count == 0 or not rows:
        return np.zeros(0), np.zeros((0, 0))
    values = np.array([[row[f"hardness:{layer}"] for row in rows] for layer in range(count)], float)
    return np.array([row["seconds"] for row in rows], float), values


def draw_layers(axes: Axes, history: History, seconds: Array, layers: Array) -> None:
    """One curve for each layer; a band from the softest to the hardest of its neurons where they differ."""
    for index, values in enumerate(layers):
        colour = COLOURS[index % len(COLOURS)]
        axes.plot(seconds, values, color=colour, lw=1.2, label=f"layer {index}" if index < MOST_NAMED else None)
        rows = [row for row in history if is_number(row.get(f"hardness:{index}.min"))]
        if rows:
            low, high = ([row[f"hardness:{index}.{end}"] for row in rows] for end in ("min", "max"))
            axes.fill_between([row["seconds"] for row in rows], low, high, color=colour, alpha=0.15, lw=0)
    mark_stages(axes, history)
    axes.set_xlabel("seconds")
    axes.set_ylabel("hardness λ")
    axes.set_xlim(left=0)
    finish(axes)


def draw_profiles(axes: Axes, seconds: Array, layers: Array) -> None:
    """lambda over the layers at some moments, the later the darker."""
    chosen = moments(len(seconds))
    colours = matplotlib.colormaps["viridis_r"](np.linspace(FAINTEST, STRONGEST, len(chosen)))
    for row, colour in zip(chosen, colours, strict=True):
        axes.plot(layers[:, row], color=colour, marker="o", ms=3, lw=1.2, label=f"{seconds[row]:.3g} s")
    axes.set_xlabel("hidden layer")
    axes.set_ylabel("hardness λ")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    finish(axes)


def moments(rows: int) -> list[int]:
    """Rows at equal distances, the first and the last among them."""
    return sorted({round(share * (rows - 1)) for share in np.linspace(0, 1, MOMENTS)})


def finish(axes: Axes) -> None:
    axes.grid(alpha=0.25, lw=0.5)
    legend_beside_curves(axes)
