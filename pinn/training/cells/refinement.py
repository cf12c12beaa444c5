"""Refinement of a partition: cells whose residual is large are halved, pairs that need no cut are merged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pinn.domain.domain import Domain
from pinn.domain.point_set import PointSet
from pinn.geometry.points.seeds import seed_of
from pinn.network.cells import Cell, owners, put
from pinn.problem.problem import Problem
from pinn.training.cells.points import concentrated, inside, lengths_at
from pinn.training.residuals.assembly import Group, point_residuals
from pinn.training.residuals.energy import Integral
from pinn.training.residuals.model import Model

PROBES = 200  # points per cell on which its residual is measured
VARIATION_POINTS = 64  # per cell and axis
MERGE_BELOW = 0.02  # of the tolerance, in both cells of a pair


def cell_residuals(model: Model, problem: Problem, domain: Domain, cells: Sequence[Cell], seed: int) -> NDArray:
    """Root mean square of the equations' residual in each cell [L], on points that were not trained on.

    In a cell smaller than the mean it counts by the root of its volume, as in the norm over the whole domain: otherwise
    cells at a singular point would be halved for ever.
    """
    equations = tuple(i for i, s in enumerate(problem.statements) if s.is_equation)
    points, owner = inside(domain, cells, PROBES, seed)
    for place in {problem.statements[i].place for i in equations} & problem.scan.concentrations.keys():
        further = concentrated(problem, domain, place, cells, len(points), seed, measuring=True).points.numpy()
        points, owner = np.vstack([points, further]), np.append(owner, owners(cells, further))
    if not equations or not len(points):
        return np.zeros(len(cells))
    tensor = torch.as_tensor(points).to(model.network.field_scale)
    sizes = (
        point_residuals(model, Group(problem, equations, PointSet(tensor), lengths=lengths_at(cells, tensor)))
        .cpu()
        .numpy()
    )
    counts = np.maximum(np.bincount(owner, minlength=len(cells)), 1)
    volumes = np.array([np.prod([cell.length(axis) for axis in range(len(cell.lower))]) for cell in cells])
    shares = np.minimum(volumes / volumes.mean(), 1.0)
    return np.sqrt(shares * np.bincount(owner, sizes**2, minlength=len(cells)) / counts / len(equations))


def energy_errors(model: Model, density: Integral, cells: Sequence[Cell]) -> NDArray:
    """Estimates [L] of the error in the energy's norm that each cell causes, up to one factor for all.

        eta^2 = integral over the cell's part of the domain of |r|^2 / h^2

    by the quadrature of `density`, times the stiffness there; r are the equations' residuals, each divided by its terms
    on the length h of the cell. Of div(sigma) + f this is h^2 |div(sigma) + f|^2 / E (Babuska & Rheinboldt, SIAM J.
    Numer. Anal. 15 (1978), 736; the residuals of natural conditions are left out). What is true of a little corner of
    the domain in a cell makes little of it.
    """
    problem, points = density.problem, density.points.points
    equations = tuple(i for i, s in enumerate(problem.statements) if s.is_equation)
    lengths = lengths_at(cells, points)
    sizes = point_residuals(model, Group(problem, equations, PointSet(points), lengths=lengths))
    squares = density.weights * stiffness(density) * (sizes / lengths.amin(dim=1)).square()
    owner = owners(cells, points.cpu().numpy())
    return np.sqrt(np.bincount(owner[owner >= 0], squares.cpu().numpy()[owner >= 0], minlength=len(cells)))


def stiffness(density: Integral) -> Tensor:
    """The energy's second derivatives at zero fields [N], of fields of their size; 1 where there are none."""
    points, units = density.points.points, density.problem.scaling.fields
    zero = {d: torch.zeros_like(points[:, 0]) for d in density.derivatives}
    total = torch.zeros_like(points[:, 0])
    for (a, b), second in density.term.expression.curvature(density.inputs(slice(None)), zero).items():
        if a == b and a.partial.order:
            total = total + torch.as_tensor(second).to(points).abs() * units[a.field] ** 2
    return torch.where(torch.isfinite(total) & (total > 0), total, torch.ones_like(total))


def refined(
    model: Model,
    domain: Domain,
    cells: Sequence[Cell],
    marked: NDArray[np.bool_],
    seed: int,
    slenderness: float = np.inf,
) -> list[Cell]:
    """The marked cells halved, each across the axis along which the fields vary most within it.

    One that is at least `slenderness` times as long as wide is cut across its longest axis.
    """
    found = []
    for index, cell in enumerate(cells):
        if not marked[index]:
            found.append(cell)
            continue
        lengths = [cell.length(axis) for axis in range(len(cell.lower))]
        slender = max(lengths) >= slenderness * min(lengths)
        axis = int(np.argmax(lengths)) if slender else roughest_axis(model, domain, cell, seed_of(seed, index))
        found += cell.halved(axis)
    return found


def roughest_axis(model: Model, domain: Domain, cell: Cell, seed: int) -> int:
    """The axis with the largest fourth difference of the fields over half the cell; the longest in a cell outside."""
    points, _ = inside(domain, [cell], VARIATION_POINTS, seed)
    lengths = np.array([cell.length(axis) for axis in range(len(cell.lower))])
    if not len(points):
        return int(np.argmax(lengths / (domain.bounds[1] - domain.bounds[0])))
    centre = (np.array(cell.lower) + np.array(cell.upper)) / 2
    middle = centre + (points - centre) / 2
    sizes = []
    for axis, length in enumerate(lengths):
        steps = [middle + put((0.0,) * len(lengths), axis, k * length / 8) for k in (-2, -1, 0, 1, 2)]
        values = values_at(model, torch.as_tensor(np.concatenate(steps))).reshape(5, len(middle), -1)
        difference = values[0] - 4 * values[1] + 6 * values[2] - 4 * values[3] + values[4]
        sizes.append(float(difference.square().mean()))
    return int(np.argmax(sizes))


def values_at(model: Model, points: Tensor) -> Tensor:
    """Fields at points, each in units of its magnitude: [N, F]."""
    network = model.network
    with torch.no_grad():
        return network(points.to(network.field_scale)) / network.field_scale


def merged(cells: Sequence[Cell], mergeable: NDArray[np.bool_]) -> list[Cell]:
    """Pairs of mergeable cells that one cut alone divides are made one again."""
    uses: dict[int, list[int]] = {}
    for index, cell in enumerate(cells):
        for cut in dict.fromkeys(cut for cuts in cell.cuts for cut in cuts if cut is not None):
            uses.setdefault(cut, []).append(index)
    gone: set[int] = set()
    found = []
    for cut, users in uses.items():
        if len(users) != 2 or gone & set(users) or not mergeable[users].all():
            continue
        first, second = (cells[index] for index in users)
        axis = next(a for a, cuts in enumerate(first.cuts) if cut in cuts)
        if first.cuts[axis][0] == cut:
            first, second = second, first
        outer = (first.cuts[axis][0], second.cuts[axis][1])
        if first.upper[axis] != second.lower[axis] or (outer[0] == outer[1] and outer[0] is not None):
            continue  # the seam of a periodic axis, or a cell that would overlap itself there
        found.append(Cell(first.lower, second.upper, put(first.cuts, axis, outer)))
        gone |= set(users)
    return [cell for index, cell in enumerate(cells) if index not in gone] + found
