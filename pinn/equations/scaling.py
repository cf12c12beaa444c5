"""Nondimensionalisation: the magnitude of every field and of every statement, from the equations and their data.

A statement's linearisation has coefficients c_d on the derivatives d of the fields. With L_i the half width of the
domain along axis i, U_f the magnitude of field f and |d| the orders of d, one summand has the size c_d U_f / L^|d|. The
magnitude of the statement is the root of the sum of their squares; residuals divided by it are free of units, and the
same in metres or millimetres, pascal or gigapascal. Where the coefficients of an equation vary by orders of magnitude
(exp(30 x) before a flux), one magnitude for all of it hides the residual where they are small: there a residual is
divided by the size of the terms at its own point, and multiplying an equation by a positive function changes nothing.

Coefficients may grow without bound, as 1/r^2 does towards an axis. What counts of them is at most STEEP times their
median; a statement that has more than that somewhere is steep, and is measured there in units of its own terms.

The ratios of the field magnitudes follow from asking that every statement be balanced (geometric-mean scaling of the
matrix statements x fields; Curtis & Reid, J. Inst. Maths Applics 10 (1972), 118); the common size from the data:
the largest right-hand side. Coefficients of nonlinear statements depend on the magnitudes: log U <- log U + DAMPING
(new log U - log U), which converges for terms up to the fifth power (slope -4 of the undamped step).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from pinn.derivatives.jets import Partial
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.equations.statements import MEASURED, Statement

STEEP = 10.0  # sizes of one coefficient in one statement that differ by more have no one magnitude
# Of the fixed point between field magnitudes and the coefficients of a nonlinear equation: share of a step in log U,
# most steps, and the change that ends them.
DAMPING, ROUNDS, SETTLED = 0.3, 60, 1e-3
ROUND_OFF = 1e-9  # of the largest entry of its row in units of the fields: a coefficient below it is none
VARIES = 100.0  # ratio of the largest and smallest size of the terms of highest order, from which they count by point
SMALLEST = 1e-14  # of its magnitude, the size of an equation's terms at a point

Profiles = Sequence[Tensor | float]  # of each statement: the size of its terms [N] over their median, or 1


@dataclass(frozen=True)
class Scaling:
    """fields: name -> U_f [the field's unit]; statements: one magnitude each, in the unit of its residual.

    steep   the statements with coefficients of the coordinates that are far larger in places
    varying   numbers of the equations whose terms vary by orders of magnitude from point to point
    """

    fields: dict[str, float]
    statements: tuple[float, ...]
    steep: frozenset[int] = frozenset()
    varying: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Units:
    """What the terms of a statement are measured with: `lengths` along the axes, of which `space` are coordinates.

    alike   fields of one unit, components of a vector
    """

    axes: tuple[str, ...]
    lengths: Sequence[float]
    space: int
    unknowns: Mapping[str, float]
    alike: tuple[frozenset[str], ...] = ()

    def of(self, derivative: Derivative, fields: Mapping[str, float]) -> float:
        """U_f / L^orders."""
        return fields[derivative.field] * length_factor(derivative.partial, self.lengths, self.space)

    def inputs(self, statement: Statement, points: PointSet) -> dict[str, Tensor]:
        like = points.points
        extra = {name: like.new_tensor(value) for name, value in self.unknowns.items()}
        if statement.values is not None:
            extra[MEASURED] = statement.values[: len(points)].to(like)
        return points.inputs(self.axes, extra)

    def coefficients(
        self, statement: Statement, points: PointSet, fields: Mapping[str, float]
    ) -> dict[Derivative, Tensor]:
        """The coefficients at the points, of fields of their magnitudes; zero where they are not finite."""
        like = points.points
        typical = {
            d: points.points.new_full((len(points),), self.of(d, fields)) for d in statement.expression.derivatives
        }
        found = statement.expression.linearise(self.inputs(statement, points), typical)
        return {
            key: torch.nan_to_num(
                torch.as_tensor(slope, dtype=like.dtype, device=like.device), nan=0.0, posinf=0.0, neginf=0.0
            )
            for key, slope in found.items()
            if isinstance(key, Derivative)
        }


def term_sizes(statement: Statement, points: PointSet, fields: Mapping[str, float], units: Units) -> Tensor:
    """sqrt(sum (c_d U_f / L^|d|)^2) at each point: [N]."""
    total = points.points.new_zeros(len(points))
    for derivative, coefficient in units.coefficients(statement, points, fields).items():
        total = total + (coefficient * units.of(derivative, fields)).square()
    return total.sqrt()


def length_factor(partial: Partial, lengths: Sequence[float], space: int) -> float:
    """1/L^orders, and for a Laplacian the sum of 1/L_i^2 over the space axes."""
    laplacian = sum(lengths[i] ** -2 for i in range(space))
    return (
        math.prod(length**-n for length, n in zip(lengths, partial.orders, strict=True)) * laplacian**partial.laplacians
    )


def find_scaling(
    statements: Sequence[Statement],
    samples: Sequence[PointSet],
    fields: Sequence[str],
    units: Units,
    pointwise: bool = True,
) -> Scaling:
    """Field and statement magnitudes. `samples` holds some points of each statement's place.

    pointwise   whether equations whose terms vary by orders of magnitude count in units of these at each point
    """
    profiles = _profiles if pointwise else _even
    magnitude = dict.fromkeys(fields, 1.0)
    linear = all(statement.expression.is_linear for statement in statements)
    for number in range(2 if linear else ROUNDS):
        matrix, sources = _sizes(statements, samples, magnitude, units, profiles(statements, samples, magnitude, units))
        matrix = _without_round_off(matrix, fields, magnitude, units.alike if not number else (frozenset(fields),))
        found = _balance(matrix, sources, fields)
        steps = {name: math.log(found[name] / magnitude[name]) for name in fields}
        share = 1.0 if linear or not number else DAMPING
        magnitude = {name: magnitude[name] * math.exp(share * steps[name]) for name in fields}
        if max(map(abs, steps.values())) < SETTLED and number:
            break
    settled = profiles(statements, samples, magnitude, units)
    matrix, _ = _sizes(statements, samples, magnitude, units, settled)
    scale = np.array([magnitude[name] for name in fields])
    sizes = np.sqrt(((matrix * scale) ** 2).sum(axis=1))
    magnitudes = tuple(float(size) if size > 0 else 1.0 for size in sizes)
    if not pointwise:
        return Scaling(magnitude, magnitudes)
    varying = [index for index, profile in enumerate(settled) if isinstance(profile, Tensor)]
    steep = [
        index
        for index, (statement, points) in enumerate(zip(statements, samples, strict=True))
        if statement.is_equation and index not in varying and is_steep(statement, points, units)
    ]
    return Scaling(magnitude, magnitudes, frozenset(steep), frozenset(varying))


def typical_square(coefficient: Tensor) -> float:
    """Mean square of a coefficient [N], of which no more counts than STEEP times the median of what is not zero."""
    squares = coefficient.reshape(-1).square()
    there = squares[squares > 0]
    return float(squares.clamp(max=float(STEEP**2 * there.median())).mean()) if len(there) else 0.0


def is_steep(statement: Statement, points: PointSet, units: Units) -> bool:
    """Whether a coefficient of the coordinates alone is more than STEEP times its median somewhere."""
    compiled = statement.expression
    if not compiled.is_linear or compiled.unknowns_used:
        return False
    zero = {d: points.points.new_zeros(len(points)) for d in compiled.derivatives}
    for coefficient in compiled.linearise(units.inputs(statement, points), zero).values():
        sizes = torch.as_tensor(coefficient, dtype=torch.float64).reshape(-1).abs()
        there = sizes[sizes > 0]
        if len(there) and float(there.max()) > STEEP * float(there.median()):
            return True
    return False


def _principal(statement: Statement, points: PointSet, fields: Mapping[str, float], units: Units) -> Tensor:
    """The size of the terms of the highest order [N]: a lower one may well vanish where a layer lies."""
    top = statement.expression.order
    total = points.points.new_zeros(len(points))
    for derivative, coefficient in units.coefficients(statement, points, fields).items():
        if derivative.partial.order == top:
            total = total + (coefficient * units.of(derivative, fields)).square()
    return total.sqrt()


def _profile(statement: Statement, points: PointSet, fields: Mapping[str, float], units: Units) -> Tensor | float:
    """The size of an equation's terms [N] over their median, of one that varies by orders of magnitude; else 1."""
    if not statement.is_equation:
        return 1.0
    sizes = _principal(statement, points, fields, units).double()
    known = sizes[sizes > 0]
    if not len(known) or float(known.max() / known.min()) <= VARIES:
        return 1.0
    return (sizes / known.median()).clamp(min=SMALLEST)


def _without_round_off(
    matrix: np.ndarray, fields: Sequence[str], magnitude: Mapping[str, float], alike: Sequence[frozenset[str]]
) -> np.ndarray:
    """Entries that are next to nothing beside those of fields that they are `alike`, such as a flat facet's normal
    across it, are none."""
    terms = matrix * np.array([magnitude[name] for name in fields])
    found = matrix.copy()
    for group in alike:
        columns = [column for column, name in enumerate(fields) if name in group]
        part = terms[:, columns]
        nothing = part < ROUND_OFF * part.max(axis=1, keepdims=True, initial=0.0)
        found[:, columns] = np.where(nothing, 0.0, matrix[:, columns])
    return found


def _profiles(
    statements: Sequence[Statement], samples: Sequence[PointSet], magnitude: Mapping[str, float], units: Units
) -> Profiles:
    return [_profile(s, points, magnitude, units) for s, points in zip(statements, samples, strict=True)]


def _even(
    statements: Sequence[Statement], samples: Sequence[PointSet], magnitude: Mapping[str, float], units: Units
) -> Profiles:
    return [1.0] * len(statements)


def _sizes(
    statements: Sequence[Statement],
    samples: Sequence[PointSet],
    magnitude: dict[str, float],
    units: Units,
    profiles: Profiles,
):
    """Matrix [statements, fields] of coefficient sizes per unit of field, and right-hand sides [statements]."""
    fields = list(magnitude)
    matrix = np.zeros((len(statements), len(fields)))
    sources = np.zeros(len(statements))
    for row, (statement, points, profile) in enumerate(zip(statements, samples, profiles, strict=True)):
        for key, coefficient in units.coefficients(statement, points, magnitude).items():
            mean_square = typical_square(coefficient.double() / profile)
            factor = length_factor(key.partial, units.lengths, units.space)
            matrix[row, fields.index(key.field)] += mean_square * factor**2 if math.isfinite(mean_square) else 0.0
        zero = {d: points.points.new_zeros(len(points)) for d in statement.expression.derivatives}
        value = statement.expression.value(units.inputs(statement, points), zero)
        source = float((torch.as_tensor(value, dtype=torch.float64) / profile).square().mean().sqrt())
        sources[row] = source if math.isfinite(source) else 0.0
    return np.sqrt(matrix), sources


def _balance(matrix: np.ndarray, sources: np.ndarray, fields: Sequence[str]) -> dict[str, float]:
    """Magnitudes U_f with matrix[e, f] U_f rows_e near 1 for all entries, and the data near 1 as well."""
    statement_count, field_count = matrix.shape
    entries = np.argwhere(matrix > 0)
    system = np.zeros((len(entries), statement_count + field_count))
    target = np.zeros(len(entries))
    for k, (e, f) in enumerate(entries):
        system[k, e] = system[k, statement_count + f] = 1.0
        target[k] = -math.log(matrix[e, f])
    solution = (
        np.linalg.lstsq(system, target, rcond=None)[0] if len(entries) else np.zeros(statement_count + field_count)
    )
    rows, columns = np.exp(solution[:statement_count]), np.exp(solution[statement_count:])

    # Fields that no statement couples have a size each: the largest right-hand side among their statements.
    graph = np.zeros((statement_count + field_count,) * 2)
    graph[entries[:, 0], statement_count + entries[:, 1]] = 1
    _, component = connected_components(graph, directed=False)
    magnitude = {}
    for f, name in enumerate(fields):
        mine = component[:statement_count] == component[statement_count + f]
        size = float(np.max((sources * rows)[mine], initial=0.0))
        magnitude[name] = float(columns[f]) * (size if size > 0 else 1.0)
    return magnitude
