"""One panel of a figure: a map, a family of curves, a convergence history; matplotlib without its global state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator, ScalarFormatter
from matplotlib.tri import Triangulation

from pinn.export.sampling.grid import Array
from pinn.figures.colours import Scale
from pinn.figures.views import LineView, Map

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe & Ito's colours, which colour-blind readers can tell apart: blue, vermillion, green, purple, orange, sky.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
FAINT = "#888888"

STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.6,
    "savefig.dpi": 150,
}


def draw_map(axes: Axes, view: Map, values: Array, scale: Scale, *, shape: Array | None = None) -> ScalarMappable:
    """Gouraud-shaded triangles; `shape` [N, 2] moves the points (a deformed body). Returns what a colour bar needs."""
    points = view.plane if shape is None else shape
    norm = scale.norm
    shown = np.where(np.isfinite(values), values, np.nan)
    if isinstance(norm, LogNorm):
        shown = np.maximum(np.abs(shown), float(norm.vmin or 0))
    triangles = view.triangles[np.isfinite(shown[view.triangles]).all(axis=1)]
    mappable = ScalarMappable(norm, scale.colours)
    if len(triangles):
        mappable = axes.tripcolor(
            Triangulation(points[:, 0], points[:, 1], triangles),
            shown,
            shading="gouraud",
            norm=norm,
            cmap=scale.colours,
            rasterized=True,
        )
    axes.set_xlabel(view.labels[0])
    axes.set_ylabel(view.labels[1])
    axes.set_aspect("equal" if view.equal else "auto")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.margins(0.02)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(number_format())
    draw_outline(axes, view, points)
    return mappable


def draw_outline(axes: Axes, view: Map, points: Array, *, colour: str = "black", style: str = "-") -> None:
    """The boundary of the mesh."""
    segments = points[view.outline]
    axes.add_collection(LineCollection(list(segments), colors=colour, linewidths=0.6, linestyles=style), autolim=True)
    axes.autoscale_view()


def colour_bar(mappable: ScalarMappable, place: Axes, scale: Scale, unit: str = "") -> None:
    """A bar in the axes `place`: at most six ticks, a common power of ten above it where that is shorter, its unit
    below."""
    # matplotlib annotates parts of a colour bar as optional
    bar = place.figure.colorbar(mappable, cax=place, extend=scale.extend)  # type: ignore[union-attr, arg-type]
    # matplotlib annotates parts of a colour bar as optional
    bar.outline.set_visible(False)  # type: ignore[operator]
    if isinstance(scale.norm, LogNorm):
        bar.locator = LogLocator(numticks=7)
        bar.minorlocator = NullLocator()
    else:
        bar.locator = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10])
        bar.formatter = number_format()
    bar.update_ticks()
    bar.ax.set_xlabel(unit, fontsize=9, x=0.0, ha="left")  # beside the numbers of the panel's axis
    bar.ax.tick_params(length=2)
    bar.ax.yaxis.OFFSETTEXTPAD = 6  # points; 3 would touch the topmost tick label
    bar.ax.yaxis.get_offset_text().set_fontsize(9)
    bar.ax.yaxis.set_offset_position("left")


def number_format() -> ScalarFormatter:
    """0.25 as 0.25, 2.5e7 as 2.5 under a common ×10⁷."""
    formatter = PlainNumbers(useMathText=True)
    formatter.set_powerlimits((-2, 4))
    return formatter


class PlainNumbers(ScalarFormatter):
    """Only the common power of ten is set as mathematics: numbers look the same as plain text, and are drawn faster."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return super().__call__(x, pos).removeprefix(r"$\mathdefault{").removesuffix("}$")


def draw_curves(axes: Axes, lines: Sequence[LineView], values: Sequence[Array], exact: Sequence[Array | None]) -> None:
    """Curves against the coordinate, dark to light in time; exact values dashed above them."""
    from matplotlib import colormaps

    shades = [COLOURS[0]] if len(lines) == 1 else [colormaps["viridis"](s) for s in np.linspace(0, 0.85, len(lines))]
    for line, computed, shade in zip(lines, values, shades, strict=True):
        axes.plot(
            *line.curve(computed), color=shade, label=line.caption or ("computed" if exact[0] is not None else None)
        )
    for index, (line, known) in enumerate(zip(lines, exact, strict=True)):
        if known is not None:
            axes.plot(*line.curve(known), color="black", ls=(0, (4, 4)), lw=1.0, label="exact" if index == 0 else None)
    _finish_curves(axes, lines[0])
    if axes.get_legend_handles_labels()[1]:
        legend_beside_curves(axes)


def draw_log_curves(axes: Axes, lines: Sequence[LineView], families: Mapping[str, Sequence[Array]]) -> None:
    """Magnitudes on a logarithmic axis: one colour for each family, one curve for each line."""
    for (name, values), colour in zip(families.items(), _colours(len(families)), strict=True):
        for index, (line, part) in enumerate(zip(lines, values, strict=True)):
            x, y = line.curve(np.abs(part))
            axes.plot(
                x,
                np.where(y > 0, y, np.nan),
                color=colour,
                lw=1.2,
                alpha=1 - 0.15 * index,
                label=name if index == 0 else None,
            )
    axes.set_yscale("log")
    _finish_curves(axes, lines[0])
    if len(families) > 1:
        legend_beside_curves(axes)


def draw_convergence(axes: Axes, history: Sequence[Mapping[str, Any]], tolerance: float | None) -> None:
    """Loss, held-out residual and estimated error in the energy's norm, where there are these, against seconds.

    A dotted line where a stage begins, a dashed one at the tolerance of the residual.
    """
    curves = (
        ("loss", "loss", FAINT),
        ("heldout_residual", "held-out residual", COLOURS[0]),
        ("energy_error", "error in the energy's norm, estimated", COLOURS[2]),
    )
    for key, label, colour in curves:
        seconds, values = _positive_column(history, key)
        if len(values):
            few = len(values) <= 40
            axes.plot(seconds, values, color=colour, label=label, marker="o" if few else None, ms=3.5)
    if tolerance:
        axes.axhline(tolerance, color=COLOURS[1], ls="--", lw=1, label="tolerance")
    axes.set_yscale("log")
    axes.set_xlabel("seconds")
    axes.set_xlim(left=0)
    axes.grid(alpha=0.25, lw=0.5)
    _sparse_log_ticks(axes)
    mark_stages(axes, history)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="best")


def draw_columns(axes: Axes, history: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """The named history columns against seconds, on a logarithmic scale."""
    for index, (key, colour) in enumerate(zip(names, _colours(len(names)), strict=True)):
        rows = [row for row in history if is_number(row.get(key)) and row[key] > 0]
        axes.plot([row["seconds"] for row in rows], [row[key] for row in rows], color=colour, lw=1.2,
                  ls="-" if index < len(COLOURS) else "--", marker="o" if len(rows) <= 40 else None, ms=2.5,
                  label=column_label(key))  # fmt: skip
    axes.set_yscale("log")
    _sparse_log_ticks(axes)
    axes.set_xlabel("seconds")
    axes.set_xlim(left=0)
    axes.grid(alpha=0.25, lw=0.5)
    legend_beside_curves(axes)


def column_names(history: Sequence[Mapping[str, Any]], prefix: str) -> list[str]:
    """History columns that start with the prefix, such as `term:`, and hold two numbers or more; at most 12."""
    found = Counter(k for row in history for k, value in row.items() if k.startswith(prefix) and is_number(value))
    return [name for name, count in found.items() if count > 1][:12]


def column_label(key: str) -> str:
    """`term:hole.traction_x` -> hole.traction_x"""
    return key.partition(":")[2]


def _positive_column(history: Sequence[Mapping[str, Any]], key: str) -> tuple[list[float], list[float]]:
    rows = [row for row in history if is_number(row.get(key)) and row[key] > 0]
    return [float(row["seconds"]) for row in rows], [float(row[key]) for row in rows]


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and bool(np.isfinite(value))


def mark_stages(axes: Axes, history: Sequence[Mapping[str, Any]]) -> None:
    """Where a stage begins (at the last row of the one before); its name stands above. One stage needs no mark."""
    starts: list[tuple[float, str]] = []
    before = 0.0
    for row in history:
        stage = str(row.get("stage", ""))
        if not starts or stage != starts[-1][1]:
            starts.append((before, stage))
        before = float(row["seconds"])
    if len(starts) < 2:
        return
    end = before or 1.0
    free_from = [-np.inf, -np.inf]  # two lines of names, so that short stages find room
    for seconds, stage in starts:
        axes.axvline(seconds, color=FAINT, ls=":", lw=1)
        length = 0.02 * end * len(stage)  # a character is about 2 % of the panel's width
        left = max(0.0, min(seconds, end - length))  # a late stage has its name moved to the left, into the panel
        for level, free in enumerate(free_from):
            if left >= free:
                axes.annotate(stage, (left, 1), xycoords=("data", "axes fraction"), xytext=(0, 3 + 11 * level),
                              textcoords="offset points", fontsize=9, color="#555555")  # fmt: skip
                free_from[level] = left + length
                break


def _colours(count: int) -> list[str]:
    return [COLOURS[index % len(COLOURS)] for index in range(count)]


def _finish_curves(axes: Axes, line: LineView) -> None:
    axes.set_xlabel(line.label)
    axes.grid(alpha=0.25, lw=0.5)
    axes.margins(x=0)
    if axes.get_yscale() == "log":
        _sparse_log_ticks(axes)
    else:
        axes.yaxis.set_major_formatter(number_format())


def _sparse_log_ticks(axes: Axes) -> None:
    axes.yaxis.set_major_locator(LogLocator(numticks=8))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())


def legend_beside_curves(axes: Axes) -> None:
    """Outside the panel, where it covers no curve."""
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), handlelength=1.6)
