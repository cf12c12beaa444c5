"""The picture of a plane problem before it is solved: its parts, its patches, and what is asked for on each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation

from pinn.errors import SpecError
from pinn.export.sampling.grid import space_grid
from pinn.figures.panels import STYLE
from pinn.figures.supports import draw_symbols, symbols
from pinn.figures.views import named, triangles_of

if TYPE_CHECKING:
    from pinn.problem.problem import Problem

SHADES = ("#eceff1", "#cfd8dc", "#b0bec5", "#90a4ae")  # of the subdomains, in turn
DOTS = 200  # along each piece of the boundary


def domain_figure(problem: Problem) -> Figure:
    """The domain, each patch in a colour of its own, with the quantities that conditions give there; supports and loads
    of a body as symbols.

    Raises SpecError where the problem does not lie in a plane.
    """
    if problem.space != 2:
        raise SpecError(("--picture",), f"shows a plane, but the coordinates are {', '.join(problem.coordinates)}")
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8.0, 5.0), layout="constrained")
        x, y = named(problem, problem.coordinates[0], problem.coordinates[1])
        axes = figure.add_subplot(aspect="equal", xlabel=x, ylabel=y)
        grid = space_grid(problem)
        triangles = triangles_of(grid)
        part = np.zeros(len(triangles), int) if grid.subdomain is None else grid.subdomain[triangles[:, 0]]
        for number in np.unique(part):
            chosen = Triangulation(grid.points[:, 0], grid.points[:, 1], triangles[part == number])
            name = problem.subdomains[int(number)].name
            shade = SHADES[int(number) % len(SHADES)]
            axes.tripcolor(chosen, facecolors=np.zeros(int((part == number).sum())), cmap=_flat(shade))
            if name:
                axes.plot([], [], "s", color=shade, label=name)
        asked = conditions(problem)
        for index, patch in enumerate(problem.geometry.patches):
            dots = np.concatenate([_along(piece) for piece in problem.geometry.pieces if piece.patch == patch])
            label = f"{patch}: {', '.join(asked[patch]) or 'nothing'}"
            axes.plot(*dots.T, ".", ms=3, color=colormaps["tab10"](index % 10), label=label)
        draw_symbols(axes, problem, symbols(problem))
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9, markerscale=3)
        figure.suptitle(problem.title or problem.name, wrap=True)
    return figure


def conditions(problem: Problem) -> dict[str, list[str]]:
    """Patch -> what conditions state there, in their order."""
    found: dict[str, list[str]] = {patch: [] for patch in problem.geometry.patches}
    for statement in problem.posed or problem.statements:
        for patch in statement.place.covers(problem.domain):
            quantity = statement.name.partition(" on ")[0]
            if patch in found and quantity not in found[str(patch)]:
                found[str(patch)].append(quantity)
    return found


def _along(piece) -> np.ndarray:
    """Points [N, 2] along a piece of the boundary."""
    parameters = np.linspace(0, 1, DOTS)[:, None]
    return piece.points(parameters[piece.kept(parameters)])


def _flat(colour: str):
    from matplotlib.colors import ListedColormap

    return ListedColormap([colour])
