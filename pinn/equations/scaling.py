"""Nondimensionalisation: the magnitude of every field and of every statement, from the equations and their data.

A statement's linearisation has coefficients c_d on the derivatives d of the fields. With L_i the half width of the
domain along axis i, U_f the magnitude of field f and |d| the orders of d, one summand has the size c_d U_f / L^|d|. The
magnitude of the statement is the root of the sum of their squares; residuals divided by it are free of units, and the
same in metres or millimetres, pascal or gigapascal.

Coefficients may grow without bound, as 1/r^2 does towards an axis. What counts of them is at most STEEP times their
median; a statement that has more than that somewhere is steep, and is measured there in units of its own terms.

The ratios of the field magnitudes follow from asking that every statement be balanced (geometric-mean scaling of the
matrix statements x fields; Curtis & Reid, J. Inst. Maths Applics 10 (1972), 118); the common size from the data:
the largest right-hand side.
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
from pinn.equations.statements import Statement

STEEP = 10.0  # sizes of one coefficient in one statement that differ by more have no one magnitude
ROUNDS = 4  # of the fixed point between field magnitudes and the coefficients of a nonlinear equation


@dataclass(frozen=True)
class Scaling:
    """fields: name -> U_f [the field's unit]; statements: one magnitude each, in the unit of its residual.

    steep   the statements with coefficients of the coordinates that are far larger in places
    """

    fields: dict[str, float]
    statements: tuple[float, ...]
    steep: frozenset[int] = frozenset()


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
    axes: tuple[str, ...],
    lengths: Sequence[float],
    space: int,
    unknowns: Mapping[str, float],
) -> Scaling:
    """Field and statement magnitudes. `samples` holds some points of each statement's place."""
    magnitude = dict.fromkeys(fields, 1.0)
    for _ in range(ROUNDS):
        matrix, sources = _sizes(statements, samples, magnitude, axes, lengths, space, unknowns)
        magnitude = _balance(matrix, sources, fields)
    matrix, sources = _sizes(statements, samples, magnitude, axes, lengths, space, unknowns)
    scale = np.array([magnitude[name] for name in fields])
    sizes = np.sqrt(((matrix * scale) ** 2).sum(axis=1))
    steep = [
        index
        for index, (statement, points) in enumerate(zip(statements, samples, strict=True))
        if statement.is_equation and is_steep(statement, points, axes, unknowns)
    ]
    return Scaling(magnitude, tuple(float(size) if size > 0 else 1.0 for size in sizes), frozenset(steep))


def typical_square(coefficient: Tensor) -> float:
    """Mean square of a coefficient [N], of which no more counts than STEEP times the median of what is not zero."""
    squares = coefficient.reshape(-1).square()
    there = squares[squares > 0]
    return float(squares.clamp(max=float(STEEP**2 * there.median())).mean()) if len(there) else 0.0


def is_steep(statement: Statement, points: PointSet, axes: tuple[str, ...], unknowns: Mapping[str, float]) -> bool:
    """Whether a coefficient of the coordinates alone is more than STEEP times its median somewhere."""
    compiled = statement.expression
    if not compiled.is_linear or compiled.unknowns_used:
        return False
    inputs = points.inputs(axes, {name: torch.tensor(value) for name, value in unknowns.items()})
    zero = {d: points.points.new_zeros(len(points)) for d in compiled.derivatives}
    for coefficient in compiled.linearise(inputs, zero).values():
        sizes = torch.as_tensor(coefficient, dtype=torch.float64).reshape(-1).abs()
        there = sizes[sizes > 0]
        if len(there) and float(there.max()) > STEEP * float(there.median()):
            return True
    return False


def _sizes(statements, samples, magnitude, axes, lengths, space, unknowns):
    """Matrix [statements, fields] of coefficient sizes per unit of field, and right-hand sides [statements]."""

    def typical(points: PointSet, derivative: Derivative, share: float):
        size = share * magnitude[derivative.field] * length_factor(derivative.partial, lengths, space)
        return points.points.new_full((len(points),), size)

    fields = list(magnitude)
    matrix = np.zeros((len(statements), len(fields)))
    sources = np.zeros(len(statements))
    for row, (statement, points) in enumerate(zip(statements, samples, strict=True)):
        extra = {name: torch.tensor(value, dtype=points.points.dtype) for name, value in unknowns.items()}
        if statement.values is not None:
            extra["measured value"] = statement.values[: len(points)]
        inputs = points.inputs(axes, extra)
        compiled = statement.expression
        jets = {d: typical(points, d, 1.0) for d in compiled.derivatives}
        zero = {d: typical(points, d, 0.0) for d in compiled.derivatives}
        for key, coefficient in compiled.linearise(inputs, jets).items():
            if isinstance(key, Derivative):
                mean_square = typical_square(torch.as_tensor(coefficient, dtype=torch.float64))
                matrix[row, fields.index(key.field)] += (
                    mean_square * length_factor(key.partial, lengths, space) ** 2 if math.isfinite(mean_square) else 0.0
                )
        source = torch.as_tensor(compiled.value(inputs, zero), dtype=torch.float64)
        source = float(source.square().mean().sqrt())
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
