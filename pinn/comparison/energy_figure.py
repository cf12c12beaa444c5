"""The energy along one direction in the hidden weights, with the slope that autograd reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from pinn.comparison.curvature import reference_model
from pinn.comparison.energy_form import FINE, known_energy
from pinn.export.sampling.grid import Array
from pinn.figures.page import Panel, page
from pinn.figures.panels import COLOURS, number_format
from pinn.problem.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (2.4, 2.0)  # inches of a panel
FAR, POINTS = 0.3, 25  # of the weights' size, to either side


def energy_figure(problems: dict[str, Problem], columns: int) -> Figure | None:
    """One panel for each activation, of its untrained reference network; None where no energy is known."""
    panels = [panel for name, problem in problems.items() if (panel := energy_panel(name, problem)) is not None]
    if not panels:
        return None
    heading = "Energy along a direction in the hidden weights, and the slope that autograd reports"
    return page(panels, min(columns, len(panels)), heading=heading)


def energy_panel(name: str, problem: Problem) -> Panel | None:
    energy = known_energy(problem, reference_model(problem))
    if energy is None:
        return None
    points = energy.points(FINE)
    distances = np.linspace(-FAR, FAR, POINTS)
    values = np.array([float(energy.moved(points, energy.directions[0], float(s))) for s in distances])
    middle = values[POINTS // 2]
    slope = float(energy.slopes(points)[0])

    def paint(axes: Axes) -> None:
        axes.plot(distances, values / middle, color=COLOURS[0], label="energy")
        axes.plot(distances, 1 + slope / middle * distances, color=COLOURS[1], ls="--", lw=1.2, label="autograd")
        axes.plot([0], [1], color="black", marker="o", ms=4)
        axes.set_ylim(*limits(values / middle))
        axes.yaxis.set_major_formatter(number_format())
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("distance")
        axes.grid(alpha=0.25, lw=0.5)
        axes.legend(loc="best", fontsize=7)

    return Panel(SIZE, paint)


def limits(values: Sequence[float] | Array) -> tuple[float, float]:
    low, high = float(np.min(values)), float(np.max(values))
    margin = 0.15 * (high - low) or 1.0
    return low - margin, high + margin
