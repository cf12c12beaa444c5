"""Supports and loads of a plane body as engineers draw them: hatching, rollers, arrows."""

from __future__ import annotations

from dataclasses import dataclass, field
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
NOTHING = 1e-9  # of the largest load
ACROSS = "displacement across"  # the name of what a slanted roller holds
COLOUR = "#37474f"
LOAD = "#c62828"


@dataclass
class Symbols:
    """What is drawn, all [N, 2].

    fixed, lean              where hatched lines begin, and how they go on
    rolling                  middles of rollers of this radius
    loaded, normals, loads   where arrows act, the outward normal there, and the load
    """

    radius: float
    fixed: list[NDArray] = field(default_factory=list)
    lean: list[NDArray] = field(default_factory=list)
    rolling: list[NDArray] = field(default_factory=list)
    loaded: list[NDArray] = field(default_factory=list)
    normals: list[NDArray] = field(default_factory=list)
    loads: list[NDArray] = field(default_factory=list)


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
    return found


def given(problem: Problem, statement: Statement, points: NDArray, normals: NDArray) -> NDArray:
    """The value [N] that a condition gives to its quantity: minus its residual for fields of zero."""
    there = PointSet(torch.as_tensor(points), torch.as_tensor(normals))
    guesses = {name: torch.tensor(value, dtype=torch.float64) for name, value in problem.guesses.items()}
    zero = {jet: torch.zeros(len(points), dtype=torch.float64) for jet in statement.expression.derivatives}
    value = statement.expression.value(there.inputs(problem.axes, guesses), zero)
    return -torch.as_tensor(value).double().expand(len(points)).numpy()


def draw_symbols(axes: Axes, problem: Problem) -> None:
    """Hatching where a body is held, circles where it slides, arrows where it is loaded."""
    found = symbols(problem)
    if found is None:
        return
    fixed, lean = np.concatenate(found.fixed), np.concatenate(found.lean)
    axes.add_collection(LineCollection(list(np.stack([fixed, fixed + lean], axis=1)), colors=COLOUR, linewidths=1.0))
    circles = [Circle((x, y), found.radius) for x, y in np.concatenate(found.rolling)]
    axes.add_collection(PatchCollection(circles, facecolor="white", edgecolor=COLOUR, linewidths=1.0, zorder=3))
    loads, loaded, normals = (np.concatenate(one) for one in (found.loads, found.loaded, found.normals))
    sizes = np.linalg.norm(loads, axis=1)
    shown = sizes > NOTHING * sizes.max(initial=0.0)
    if shown.any():
        loads, loaded, normals, sizes = loads[shown], loaded[shown], normals[shown], sizes[shown]
        arrows = loads * LONGEST * SIZE * problem.geometry.size / sizes.max()
        pushing = (loads * normals).sum(axis=1) < 0
        tails = np.where(pushing[:, None], loaded - arrows, loaded)  # a push ends at the boundary, a pull begins there
        axes.quiver(*tails.T, *arrows.T, angles="xy", scale_units="xy", scale=1, units="inches", width=0.02, color=LOAD)
        if unit := problem.unit_labels.of("traction"):
            axes.plot([], [], color=LOAD, label=f"load: up to {sizes.max():.4g} {unit}")
        ends = np.concatenate([tails, tails + arrows])
        axes.update_datalim(ends)
    axes.autoscale_view()
    axes.margins(0.08)
