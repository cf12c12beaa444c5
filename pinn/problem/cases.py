"""Load cases of a problem: each compiled, all with one matrix, which is checked and not believed.

Cases share their body, their supports and their material; their loads differ. Then the least-squares problems of all
have the same rows, and one factorisation solves them together. A combination is what it says if its loads are the sums
of those of its cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.equations.statements import Statement
from pinn.errors import SpecError
from pinn.problem.compatibility import refuse_incompatible
from pinn.problem.features import Asked
from pinn.problem.problem import Problem
from pinn.spec.cases import constants_of, names_of_cases, of_case
from pinn.spec.schema import Spec

LOOKS = 64  # points of each statement at which cases are compared
EQUAL = 1e-11  # relative difference that is rounding


def with_cases(spec: Spec, build: Callable[[Spec], Problem]) -> Problem:
    """The first case's problem, with all of them as its `cases`.

    Raises SpecError where a case changes more than loads, or a combination is not the sum of its cases.
    """
    found: dict[str, Problem] = {}
    for name in names_of_cases(spec):
        block = "cases" if name in spec.cases else "combinations"
        try:
            found[name] = build(of_case(spec, name))
        except SpecError as error:
            if error.path[:1] == ("constants",) and error.path[1:2] and error.path[1] in constants_of(spec, name):
                constant = error.path[1]
                path = (block, name, constant) if block == "cases" else (block, name)
                raise SpecError(path, error.message) from None
            raise
        first = found[next(iter(found))]
        refuse_other_body(first, found[name], (block, name))
        if block == "combinations":
            number = found[name].scope.number
            factors = {case: number(factor, (block, name, case)) for case, factor in spec.combinations[name].items()}
            refuse_other_loads(found, factors, found[name], (block, name))
    problem = replace(next(iter(found.values())), spec=spec, cases=found)
    refuse_incompatible(Asked(spec, problem))
    return problem


def refuse_other_body(first: Problem, other: Problem, path: tuple[str, ...]) -> None:
    """Raises SpecError unless the statements of both have the same points and the same terms in the fields."""
    if len(first.statements) != len(other.statements):
        raise SpecError(path, "has other conditions than the first case; cases differ in their loads only")
    for one, another in zip(first.statements, other.statements, strict=True):
        points, theirs = (
            problem.domain.looked_at(s.place, LOOKS, 0) for problem, s in ((first, one), (other, another))
        )
        if points.points.shape != theirs.points.shape or not close(points.points, theirs.points):
            raise SpecError(path, f"changes the domain (at '{one.name}'); solve another body as a problem of its own")
        if one.expression.derivatives != another.expression.derivatives or not all(
            close(here, there)
            for here, there in zip(slopes(first, one, points), slopes(other, another, points), strict=True)
        ):
            raise SpecError(
                path,
                f"changes how '{one.name}' depends on the fields, so that it has a matrix of its own; cases differ in "
                "their loads only, solve another material or support as a problem of its own",
            )


def refuse_other_loads(
    found: Mapping[str, Problem], factors: Mapping[str, float], combined: Problem, path: tuple[str, ...]
) -> None:
    """Raises SpecError unless the loads of a combination are the sum of those of its cases."""
    for index, statement in enumerate(combined.statements):
        points = combined.domain.looked_at(statement.place, LOOKS, 0)
        parts = [factor * load(found[case], found[case].statements[index], points) for case, factor in factors.items()]
        total, wanted = torch.stack(parts).sum(dim=0), load(combined, statement, points)
        size = float(torch.stack([*parts, wanted]).abs().max())
        if not float((total - wanted).abs().max()) <= EQUAL * size:
            raise SpecError(
                path,
                f"is no sum of its cases: '{statement.name}' has a load that stays when the factors change, or is not "
                "proportional to a constant; give every load a constant that is 0 under 'constants', and a case that "
                "sets it",
            )


def slopes(problem: Problem, statement: Statement, points: PointSet) -> list[Tensor]:
    """Coefficients of the fields' derivatives, in their order, each [N]."""
    count = len(points)
    zero = {d: points.points.new_zeros(count) for d in statement.expression.derivatives}
    found = statement.expression.linearise(points.inputs(problem.axes, {}), zero)
    return [
        torch.as_tensor(found[d]).expand(count) for d in statement.expression.derivatives if isinstance(d, Derivative)
    ]


def load(problem: Problem, statement: Statement, points: PointSet) -> Tensor:
    """What the statement's expression is where all fields vanish [N]."""
    count = len(points)
    zero = {d: points.points.new_zeros(count) for d in statement.expression.derivatives}
    value = statement.expression.value(points.inputs(problem.axes, {}), zero)
    return torch.as_tensor(value, dtype=torch.float64).expand(count)


def close(first: Tensor, second: Tensor) -> bool:
    return bool(np.allclose(first.numpy(), second.numpy(), rtol=EQUAL, atol=EQUAL * float(first.abs().max())))
