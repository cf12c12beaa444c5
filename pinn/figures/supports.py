"""Supports and loads of a plane body as engineers draw them: hatching, rollers, arrows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.patches import Circle
from numpy.typing import NDArray

from pinn.domain.places import Boundary
from pinn.domain.point_set import PointSet

if TYPE_CHECKING:
    from pinn.equations.statements import Statement
    from pinn.problem.problem import Problem

SIZE = 0.025  # of the domain's: a symbol's height
APART, FEWEST = 1.6, 3  # symbols along a piece: so many heights apart, and at least so many
LONGEST = 3.0  # heights: an arrow of the largest load
LONGER, SHORTER = 1.5, 0.7  # of that: an arrow of a force at a point; an arrow beside a field
NEAR = 1e-3  # of the domain's size: where one looks for the body beside a force
NOTHING = 1e-9  # of the largest load
ACROSS = "displacement across"  # the name of what a slanted roller holds
COLOUR, RED, FAINT = "#37474f", "#c62828", "#78909c"


@dataclass
class Symbols:
    """What is drawn, all [N, 2].

    fixed, lean              where hatched lines begin, and how they go on
    rolling                  middles of rollers of this radius
    loaded, normals, loads   where arrows act, the outward normal there, and the load
    points, forces           where forces act at points, and these
    """

    radius: float
    fixed: list[NDArray] = field(default_factory=list)
    lean: list[NDArray] = field(default_factory=list)
    rolling: list[NDArray] = field(default_factory=list)
    loaded: list[NDArray] = field(default_factory=list)
    normals: list[NDArray] = field(default_factory=list)
    loads: list[NDArray] = field(default_factory=list)
    points: list[NDArray] = field(default_factory=list)
    forces: list[NDArray] = field(default_factory=list)

    def moved(self, by: Callable[[NDArray], NDArray]) -> Symbols:
        """The same on the deformed body, whose points [N, 2] are moved `by` so much."""
        places = ("fixed", "rolling", "loaded", "points")
        return replace(self, **{name: [at + by(at) for at in getattr(self, name)] for name in places})


@lru_cache(maxsize=16)
def symbols(problem: Problem) -> Symbols | None:
    """Those of a plane body; None of other problems."""
    displacement, traction = (problem.vectors.get(name, ()) for name in ("displacement", "traction"))
    if problem.space != 2 or len(displacement) != 2 or len(traction) != 2:
        return None
    height = SIZE * problem.geometry.size
    found = Symbols(0.4 * height)
    stated = [
        (one, one.place)
        for one in problem.posed or problem.statements
        if isinstance(one.place, Boundary) and one.values is None and not one.expression.unknowns_used
    ]  # what moves as a rigid patch does, by unknown numbers, is not held
    for piece in problem.geometry.pieces:
        count = max(FEWEST, round(piece.measure / (APART * height)))
        along = (np.arange(count)[:, None] + 0.5) / count
        along = along[piece.kept(along)]
        points, normals = piece.points(along), piece.normals(along)
        held, load = np.zeros((len(points), 2), bool), np.zeros((len(points), 2))
        for statement, place in stated:
            if piece.patch not in place.patches:
                continue
            mask = problem.domain.mask(place.where)
            here = np.ones(len(points), bool) if mask is None else mask(points)
            if statement.quantity == ACROSS:
                held[here, 0] = True
            elif statement.quantity in displacement:
                held[here, displacement.index(statement.quantity)] = True
            elif statement.quantity in traction:
                load[here, traction.index(statement.quantity)] = given(problem, statement, points, normals)[here]
        clamped, rolls, pulled = held.all(axis=1), held.any(axis=1) & ~held.all(axis=1), load.any(axis=1)
        tangents = np.column_stack([-normals[:, 1], normals[:, 0]])
        found.fixed.append(points[clamped])
        found.lean.append(height * (normals + tangents)[clamped])
        found.rolling.append((points + found.radius * normals)[rolls])
        found.loaded.append(points[pulled])
        found.normals.append(normals[pulled])
        found.loads.append(load[pulled])
    for force in problem.loads:
        if len(force.force) == 2:
            found.points.append(force.point)
            found.forces.append(force.force)
    return found


def given(problem: Problem, statement: Statement, points: NDArray, normals: NDArray) -> NDArray:
    """The value [N] that a condition gives to its quantity: minus its residual for fields of zero."""
    there = PointSet(torch.as_tensor(points), torch.as_tensor(normals))
    guesses = {name: torch.tensor(value, dtype=torch.float64) for name, value in problem.guesses.items()}
    zero = {jet: torch.zeros(len(points), dtype=torch.float64) for jet in statement.expression.derivatives}
    value = statement.expression.value(there.inputs(problem.axes, guesses), zero)
    return -torch.as_tensor(value).double().expand(len(points)).numpy()


def draw_symbols(axes: Axes, problem: Problem, found: Symbols | None, faint: bool = False) -> None:
    """Hatching where a body is held, circles where it slides, arrows where it is loaded.

    faint   beside a field, which they are not to cover
    """
    if found is None:
        return
    support, load, width = (FAINT, FAINT, 0.6) if faint else (COLOUR, RED, 1.0)
    fixed, lean = np.concatenate(found.fixed), np.concatenate(found.lean)
    axes.add_collection(LineCollection(list(np.stack([fixed, fixed + lean], axis=1)), colors=support, linewidths=width))
    circles = [Circle((x, y), found.radius) for x, y in np.concatenate(found.rolling)]
    axes.add_collection(PatchCollection(circles, facecolor="white", edgecolor=support, linewidths=width, zorder=3))
    longest = LONGEST * SIZE * problem.geometry.size * (SHORTER if faint else 1.0)
    loads, loaded, normals = (np.concatenate(one) for one in (found.loads, found.loaded, found.normals))
    draw_arrows(axes, loaded, loads, (loads * normals).sum(axis=1) < 0, longest, load, 0.02 * width)
    largest = float(np.linalg.norm(loads, axis=1).max(initial=0.0))
    if largest and not faint and (unit := problem.unit_labels.of("traction")):
        axes.plot([], [], color=load, label=f"load: up to {largest:.4g} {unit}")
    if found.points:
        points, forces = np.array(found.points), np.array(found.forces)
        draw_arrows(axes, points, forces, pushing(problem, points, forces), LONGER * longest, load, 0.035 * width)
    axes.autoscale_view()
    axes.margins(0.03 if faint else 0.08)


def draw_arrows(
    axes: Axes, places: NDArray, loads: NDArray, pushed: NDArray, longest: float, colour: str, width: float
) -> None:
    """Arrows of loads [N, 2], the largest so long: a push ends at its place, a pull begins there."""
    sizes = np.linalg.norm(loads, axis=1)
    shown = sizes > NOTHING * sizes.max(initial=0.0)
    if not shown.any():
        return
    arrows = loads[shown] * longest / sizes.max()
    tails = np.where(pushed[shown, None], places[shown] - arrows, places[shown])
    axes.quiver(*tails.T, *arrows.T, angles="xy", scale_units="xy", scale=1, units="inches", width=width, color=colour)
    axes.update_datalim(np.concatenate([tails, tails + arrows]))


def pushing(problem: Problem, points: NDArray, forces: NDArray) -> NDArray:
    """Whether forces [N, 2] at points come from outside, or act inside, rather than pull at the boundary."""
    step = NEAR * problem.geometry.size * forces / np.maximum(np.linalg.norm(forces, axis=1, keepdims=True), 1e-300)
    behind, ahead = (problem.geometry.contains(points + sign * step, 0.0) for sign in (-1, 1))
    return ahead | ~behind
