"""Contradictions between a spec's statements and the exact solution it gives.

Where `exact` gives every field in closed form, each equation and condition must hold for it. A condition with a slip in
it has a solution too, which a solver finds to any tolerance; only the exact solution tells that it is another one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import sympy
import torch

from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative, Jets, evaluate
from pinn.problem.problem import Problem
from pinn.spec.language.expressions import symbol

POINTS, SEED = 64, 7
LARGEST = 1e-6  # residual of an exact solution, relative to the statement's size: rounding errors are far below


def contradictions(problem: Problem) -> list[str]:
    """One line for each statement that the exact solution does not satisfy."""
    fields = exact_outputs(problem)
    if problem.ansatz is not None or not set(problem.outputs) <= set(fields):
        return []
    found = []
    for statement, size in zip(problem.statements, problem.scaling.statements, strict=True):
        if statement.values is not None or statement.expression.unknowns_used:
            continue
        points = problem.domain.sample(statement.place, POINTS, SEED)
        jets = exact_jets(problem, fields, statement.expression.derivatives, points.single)
        value = torch.as_tensor(statement.expression.value(points.inputs(problem.axes), jets))
        value = points.summed(value.expand(len(points.points))) / size
        worst = float(value.abs().max())
        if math.isfinite(worst) and worst > LARGEST:
            found.append(f"the exact solution does not satisfy '{statement.name}': it is off by {worst:.2g}")
    return found


def exact_outputs(problem: Problem) -> dict[str, sympy.Expr]:
    """Output of the network -> the closed form of the field that it stands for."""
    return {
        subdomain.output(name): problem.exact[subdomain.name][name]
        for subdomain in problem.subdomains
        for name in problem.fields
        if name in problem.exact[subdomain.name]
    }


def exact_jets(
    problem: Problem, fields: Mapping[str, sympy.Expr], wanted: tuple[Derivative, ...], points: PointSet
) -> Jets:
    """Partial derivatives of the exact fields at points, each [N]."""
    inputs = points.inputs(problem.axes)
    return {
        derivative: evaluate(differentiated(problem, fields, derivative), inputs, len(points), points.points)
        for derivative in wanted
    }


def differentiated(problem: Problem, fields: Mapping[str, sympy.Expr], derivative: Derivative) -> sympy.Expr:
    found = fields[derivative.field]
    for axis, count in zip(problem.axes, derivative.partial.orders, strict=True):
        found = found.diff(symbol(axis), count) if count else found
    for _ in range(derivative.partial.laplacians):
        found = sum((found.diff(symbol(axis), 2) for axis in problem.coordinates), sympy.S(0))
    return found
