"""The pictures of a comparison: error against seconds, fields, second derivatives, energy, the walk to ReLU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from pinn.comparison.compare import Comparison
from pinn.comparison.curvature import (
    curved_field,
    exact_second_derivative,
    second_derivative,
    second_derivative_on_line,
)
from pinn.comparison.energy_figure import energy_figure
from pinn.comparison.race_figure import draw_curves
from pinn.comparison.trials import Trial
from pinn.export.sampling.grid import Array
from pinn.figures.colours import Scale, linear_scale
from pinn.figures.page import BAR, PLAIN, Panel, beside, legend_room, page
from pinn.figures.panels import COLOURS, FAINT, STYLE, colour_bar, draw_map, number_format
from pinn.figures.views import Map, Views, views
from pinn.files.writing import write_atomic
from pinn.problem.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAP_WIDTH, MAP_HEIGHTS = 2.6, (1.6, 3.2)  # inches of a map, and the limits of its height
CURVES, LINE = (5.2, 3.4), (2.6, 2.0)  # inches of a panel of curves; of one line through the domain
MOST_COLUMNS = 3  # as wide as a page
ROOM = 0.6  # above and below the curves of a line, as a share of their range: what is far outside is cut off


def draw_comparison(comparison: Comparison, summary: dict[str, Any], folder: Path) -> list[Path]:
    """Write the pictures that there are results for; returns the files."""
    typical = [t for t in (comparison.typical(name) for name in comparison.activations) if t is not None]
    makers = {
        "errors": lambda: errors_figure(comparison) if typical else None,
        "fields": lambda: fields_figure(typical) if typical else None,
        "second_derivatives": lambda: curvature_figure(typical) if typical else None,
        "energy_form": lambda: energy_figure({t.name: t.solution.problem for t in typical}, MOST_COLUMNS),
        "hardness": lambda: hardness_figure(summary),
    }
    written = []
    with matplotlib.rc_context(STYLE):
        for name, make in makers.items():
            figure = make()
            if figure is not None:
                path = folder / f"{name}.png"
                write_atomic(path, lambda scratch, figure=figure: figure.savefig(scratch, dpi=120))
                written.append(path)
    return written


def errors_figure(comparison: Comparison) -> Figure:
    """Error against seconds, one colour for each activation, one line for each seed."""
    quantity = comparison.quantity
    families = {name: [t.curve(quantity) for t in comparison.solved(name)] for name in comparison.activations}

    def paint(axes: Axes) -> None:
        draw_curves(axes, families)
        axes.set_title(f"{comparison.problem.name}, solver: {comparison.solver}", fontsize=9)
        axes.set_ylabel(f"relative L2 error of {quantity}" if quantity else "held-out residual")

    return page([Panel(CURVES, paint)], 1)


def fields_figure(trials: Sequence[Trial]) -> Figure:
    """One quantity of every activation beside the exact one: maps under one scale, or curves in one panel."""
    name = drawn_quantity(trials[0].solution.problem)
    seen = {trial.name: views(trial.solution, quantities=[name]) for trial in trials}
    first = next(iter(seen.values()))
    exact = first.sample.exact.get(name)
    columns = {label: view.sample.values[name] for label, view in seen.items()}
    return side_by_side(first, columns, exact, f"{name}: computed and exact" if exact is not None else name)


def drawn_quantity(problem: Problem) -> str:
    """A field whose exact values are known, else another quantity of which they are, else the first field."""
    field = curved_field(problem)
    return field if field in problem.exact_quantities else next(iter(problem.exact_quantities), field)


def curvature_figure(trials: Sequence[Trial]) -> Figure:
    """The second derivative: as the network's jets give it, and along a line beside finite differences."""
    problem = trials[0].solution.problem
    field = curved_field(problem)
    name = f"{field}_{problem.axes[0] * 2}"
    first = views(trials[0].solution, quantities=[field])
    panels = line_panels(trials, name, PLAIN if first.representative is None else BAR)
    columns = min(MOST_COLUMNS, len(trials) + 1)
    if first.representative is not None:
        wanted = second_derivative(problem, field)
        points = first.sample.points
        maps = {trial.name: trial.solution.derivatives(points, [wanted])[wanted] for trial in trials}
        exact = exact_second_derivative(problem, field, points)
        drawn = map_panels(first.representative, maps, exact)
        columns = min(MOST_COLUMNS, len(drawn))
        drawn += [blank_panel()] * (-len(drawn) % columns + (exact is not None))
        panels = drawn + panels
    return page(panels, columns, heading=f"{name} by the network's jets and by finite differences of its values")


def side_by_side(first: Views, columns: dict[str, Array], exact: Array | None, heading: str) -> Figure:
    if first.representative is not None:
        panels = map_panels(first.representative, columns, exact)
        return page(panels, min(MOST_COLUMNS, len(panels)), heading=heading)
    line = first.lines[-1]

    def paint(axes: Axes) -> None:
        for index, (name, values) in enumerate(columns.items()):
            axes.plot(*line.curve(values), color=COLOURS[index % len(COLOURS)], label=name)
        if exact is not None:
            axes.plot(*line.curve(exact), color="black", ls=(0, (4, 4)), lw=1.0, label="exact")
            axes.set_ylim(*limits_around([exact]))
        axes.yaxis.set_major_formatter(number_format())
        axes.set_xlabel(line.label)
        axes.grid(alpha=0.25, lw=0.5)
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))

    return page([Panel(CURVES, paint, legend_room([*columns, "exact"]))], 1, heading=heading)


def map_panels(view: Map, columns: dict[str, Array], exact: Array | None) -> list[Panel]:
    """Maps under the scale of the exact one, or of all where none is known; the exact one first."""
    scale = linear_scale([exact] if exact is not None else list(columns.values()))
    scale = Scale(scale.norm, scale.colours, "both")
    shown = {**({} if exact is None else {"exact": exact}), **columns}
    extent = np.ptp(view.plane, axis=0)
    height = MAP_WIDTH * float(extent[1] / extent[0]) if view.equal else MAP_WIDTH
    size = (MAP_WIDTH, min(max(height, MAP_HEIGHTS[0]), MAP_HEIGHTS[1]))

    def paint(axes: Axes, name: str) -> None:
        colour_bar(draw_map(axes, view, shown[name], scale), beside(axes), scale)
        axes.set_title(f"{name}  ({view.caption})" if view.caption else name, fontsize=10)

    return [Panel(size, lambda axes, name=name: paint(axes, name), BAR) for name in shown]


def line_panels(trials: Sequence[Trial], name: str, right: float) -> list[Panel]:
    """One panel for each activation: jets, finite differences, exact. A comb of differences leaves the panel."""
    lines = {trial.name: second_derivative_on_line(trial.solution) for trial in trials}
    exact = next((line.exact for line in lines.values() if line.exact is not None), None)
    curves = [exact] if exact is not None else [line.computed for line in lines.values()]
    limits = limits_around(curves)

    def paint(axes: Axes, label: str) -> None:
        line = lines[label]
        x = line.points[:, 0]
        axes.plot(x, line.differences, color=FAINT, lw=2.6, label="finite differences")
        axes.plot(x, line.computed, color=COLOURS[1], lw=1.2, label="jets")
        if line.exact is not None:
            axes.plot(x, line.exact, color="black", lw=0.8, ls=(0, (4, 4)), label="exact")
        axes.set_ylim(*limits)
        axes.yaxis.set_major_formatter(number_format())
        axes.set_title(label, fontsize=10)
        axes.set_xlabel(trials[0].solution.problem.axes[0])
        if label == trials[0].name:
            axes.set_ylabel(name)
            axes.legend(loc="best", fontsize=7)
        axes.grid(alpha=0.25, lw=0.5)

    return [Panel(LINE, lambda axes, label=trial.name: paint(axes, label), right) for trial in trials]


def limits_around(curves: Sequence[Array]) -> tuple[float, float]:
    """Limits of an axis that shows zero and these curves."""
    finite = np.concatenate([np.zeros(1), *(curve[np.isfinite(curve)] for curve in curves)])
    low, high = float(finite.min()), float(finite.max())
    margin = ROOM * (high - low) or 1.0
    return low - margin, high + margin


def blank_panel() -> Panel:
    return Panel(LINE, lambda axes: axes.set_axis_off(), BAR)


def hardness_figure(summary: dict[str, Any]) -> Figure | None:
    """Error, residual variance and mean square of f'' against lambda, with the predicted p(0) 0.7758 lambda."""
    quantity = summary["quantity"]
    entries = [entry for entry in summary.get("hardness", ()) if entry["curvature"]]
    if not entries:
        return None
    hardness = [entry["hardness"] for entry in entries]

    def column(key: str) -> list[float | None]:
        return [entry["curvature"][key] for entry in entries]

    curves = {f"error of {quantity}": [entry["relative_l2"].get(quantity) for entry in entries]} if quantity else {}
    curves |= {"residual variance": column("residual_variance"), "mean of f''² over gates": column("gate_curvature")}

    def paint(axes: Axes) -> None:
        for (name, values), colour in zip(curves.items(), COLOURS, strict=False):
            drawn = [np.nan if value is None or value <= 0 else value for value in values]
            axes.plot(hardness, drawn, color=colour, marker="o", ms=4, label=name)
        predicted = np.array(column("gate_curvature_predicted"), float)
        axes.plot(hardness, predicted, color="black", ls="--", lw=1, label="p(0) · 0.7758 λ")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(hardness, [f"{value:g}" for value in hardness])
        axes.set_xticks([], minor=True)
        axes.set_xlabel("hardness λ")
        axes.set_title(f"{summary['problem']}, solver: {summary['solver']}", fontsize=9)
        axes.grid(alpha=0.25, lw=0.5)
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))

    return page([Panel(CURVES, paint, legend_room([*curves, "p(0) · 0.7758 λ"]))], 1)
