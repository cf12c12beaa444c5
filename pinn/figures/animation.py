"""A quantity of a problem in time, as a film of matplotlib's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure

from pinn.errors import SpecError
from pinn.export.sampling.grid import space_grid
from pinn.export.sampling.sample import instants, sample, scalar_names
from pinn.figures.colours import linear_scale
from pinn.figures.names import with_unit
from pinn.figures.panels import STYLE, draw_map
from pinn.figures.views import Map, at_time, named, triangles_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pinn.export.sampling.solved import Solved


def animate(solution: Solved, quantity: str, frames: int = 25) -> FuncAnimation:
    """The quantity at instants from the first to the last: a curve over a line, or a map over a plane.

    Raises SpecError for an unknown quantity, and where there is no time or no line or plane.
    """
    solution = solution.at()
    problem = solution.problem
    if problem.time is None or len(problem.coordinates) not in (1, 2):
        raise SpecError((), "a film needs time and one or two coordinates; plot() draws what has neither")
    (name,) = scalar_names(problem, [quantity])[:1]
    grid, times = space_grid(problem), instants(problem.time, frames).tolist()
    samples = [sample(solution, grid, time=time, quantities=[name]) for time in times]
    scale = linear_scale([one.values[name] for one in samples])
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 4.4))
        axes = figure.add_subplot()

    def draw(number: int) -> list[Axes]:
        axes.clear()
        axes.set_title(f"{with_unit(problem, name)}, {at_time(problem, times[number])}")
        axes.set_xlabel(problem.unit_labels.named(problem.coordinates[0]))
        values = samples[number].values[name]
        if len(problem.coordinates) == 1:
            order = np.argsort(grid.points[:, 0], kind="stable")
            axes.plot(grid.points[order, 0], values[order])
            axes.set_ylim(float(scale.norm.vmin or 0), float(scale.norm.vmax or 0))
        else:
            labels = named(problem, problem.coordinates[0], problem.coordinates[1])
            draw_map(axes, Map(samples[number], labels, grid.points, triangles_of(grid)), values, scale)
        return [axes]

    return FuncAnimation(figure, draw, frames=frames)
