"""Tables where they are asked: a table of the coordinates that ends before its statement does is refused at once.

A table of a field may be left for a while on the way to a solution, and has no value there.
"""

from __future__ import annotations

import numpy as np
import torch

from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import CompiledExpression, evaluate
from pinn.equations.statements import Statement
from pinn.errors import SpecError
from pinn.geometry.shapes.shape import GeometryError
from pinn.problem.problem import Problem
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.tabulated import lookups_of, outside

POINTS, SEED = 4096, 5  # of each place


def refuse_ends(problem: Problem) -> None:
    """Raises SpecError where a statement asks a table of coordinates for what it does not have."""
    for statement in problem.statements:
        if not lookups_of(statement.expression.expression):
            continue
        try:
            points = problem.domain.looked_at(statement.place, POINTS, SEED)
        except (GeometryError, SpecError):  # said elsewhere
            continue
        points = joined_with_corners(problem, statement, points)
        missing = without_value(problem, statement, points)
        inputs = {name: points.points[:, k] for k, name in enumerate(problem.axes)}
        for lookup in sorted(lookups_of(statement.expression.expression), key=str):
            if not depends_on_coordinates_alone(problem, lookup):
                continue
            arguments = [evaluate(one, inputs, len(points), points.points) for one in lookup.arguments]
            for values in zip(*(one[missing].tolist() for one in arguments), strict=True):
                if not all(lookup.piece.contains(number, value) for number, value in enumerate(values)):
                    raise SpecError(statement.path, outside(lookup.piece, values))


def joined_with_corners(problem: Problem, statement: Statement, points: PointSet) -> PointSet:
    """Inside the domain also the points nearest to its ends, where samples do not come."""
    if not statement.is_equation or not problem.space or problem.time is None:
        return points
    whole = points.points.clone()
    half = len(whole) // 2
    whole[:half, -1], whole[half : 2 * half, -1] = problem.time
    return PointSet(torch.cat([points.points, whole]))


def without_value(problem: Problem, statement: Statement, points: PointSet) -> np.ndarray:
    """Where the statement is no number, with jets of one: [N]."""
    compiled: CompiledExpression = statement.expression
    if statement.values is not None:
        return np.zeros(len(points), dtype=bool)
    inputs = problem.units.inputs(statement, points)
    ones = {d: points.points.new_ones(len(points)) for d in compiled.derivatives}
    return torch.as_tensor(compiled.value(inputs, ones)).isnan().expand(len(points)).numpy()


def depends_on_coordinates_alone(problem: Problem, lookup) -> bool:
    return {s.name for one in lookup.arguments for s in symbols_of(one)} <= {*problem.axes}


def asks_of_fields(problem: Problem, statement: Statement) -> bool:
    """Whether a statement looks up a table at values of fields, which may lie outside on the way to a solution."""
    return any(
        not depends_on_coordinates_alone(problem, lookup) for lookup in lookups_of(statement.expression.expression)
    )
