"""Every problem with exact fields: they satisfy its equations and its conditions."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import sympy
import torch

import pinn
from pinn.domain.places import Data, Periodic
from pinn.equations.compiler.compile import CompiledExpression, Derivative
from pinn.problem.problem import Problem
from pinn.spec.language.expressions import symbol
from tests.equations.closed_forms import jets_of, numbers, relative_residual

PROBLEMS = Path(pinn.__file__).parent.parent / "problems"
FILES = sorted(PROBLEMS.rglob("*.yaml"))
SATISFIED = 1e-9  # of the largest part: rounding errors of second derivatives of closed forms are near 1e-14
ROUNDING = 1e-12  # of the statement's magnitude
POINTS = 40


@cache
def load(file: Path) -> Problem:
    return pinn.load(file)


def forms(problem: Problem) -> dict[str, sympy.Expr]:
    """Closed forms of a problem without subdomains."""
    ((_, found),) = problem.exact.items()
    return found


def outputs(problem: Problem) -> dict[str, sympy.Expr]:
    """Closed forms of the network's outputs: of every field, in every subdomain."""
    return {s.output(name): problem.exact[s.name][name] for s in problem.subdomains for name in problem.fields}


def is_known(problem: Problem) -> bool:
    """Whether all its fields are known in closed form."""
    return all(set(problem.fields) <= set(known) for known in problem.exact.values())


def test_there_are_problems_with_exact_fields():
    assert sum("\nexact:" in file.read_text() for file in FILES) >= 18


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_exact_fields_satisfy_every_statement(file):
    problem = load(file)
    if is_known(problem):
        for index, statement in enumerate(problem.statements):
            if not isinstance(statement.place, Data | Periodic):  # there is no expression = 0 at each point
                assert misfit(problem, index) < SATISFIED, statement.name


def misfit(problem: Problem, index: int) -> float:
    """Residual of a statement with the exact fields, relative to its largest part; 0 where it is rounding errors."""
    statement = problem.statements[index]
    inputs = problem.domain.sample(statement.place, POINTS, 77).inputs(problem.axes)
    for name, unknown in problem.spec.unknowns.items():  # exact fields belong to their true values
        value = problem.scope.number(unknown.initial if unknown.expected is None else unknown.expected, ())
        inputs[name] = torch.full((len(inputs["x"]),), value, dtype=torch.float64)
    compiled = statement.expression
    at = {name: inputs[name] for name in (*problem.axes, *problem.unknowns)}
    jets = jets_of(outputs(problem), compiled, at, problem.axes, problem.space)
    residual = torch.as_tensor(compiled.value(inputs, jets)).abs().max()
    # where every part vanishes, such as u: 0 where u is 0, there is nothing else to be relative to
    if residual <= ROUNDING * problem.scaling.statements[index]:
        return 0.0
    return relative_residual(compiled, inputs, jets)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_exact_values_agree_with_a_second_evaluation(file):
    problem = load(file)
    points = torch.as_tensor(problem.heldout_points(POINTS, 3))
    values = problem.exact_values(points)
    # some stresses are small differences of others
    largest = max((float(value.abs().max()) for value in values.values()), default=0.0)
    owner = problem.subdomains.number_at(points)
    for number, known in enumerate(problem.exact.values()):
        mine = owner == number
        inputs = {axis: points[mine, i] for i, axis in enumerate(problem.axes)}
        assert set(values) == set(known)
        for name, value in values.items():
            torch.testing.assert_close(value[mine], numbers(known[name], inputs), rtol=1e-11, atol=1e-11 * largest)


def test_the_kirsch_stress_is_in_equilibrium_compatible_and_free_at_the_hole():
    """Displacements are not given: div(stress) = 0, Laplace(stress_xx + stress_yy) = 0, stress n = 0 on the hole."""
    problem = load(PROBLEMS / "elasticity" / "plate_with_hole.yaml")
    scope, stress = problem.scope, {c: forms(problem)[f"stress_{c}"] for c in ("xx", "yy", "xy")}
    points = torch.as_tensor(problem.heldout_points(POINTS, 3))
    inside = {"x": points[:, 0], "y": points[:, 1]}
    for first, second in (("xx", "xy"), ("xy", "yy")):
        parts = [
            numbers(scope.differentiate(stress[first], "x"), inside),
            numbers(scope.differentiate(stress[second], "y"), inside),
        ]
        assert float((parts[0] + parts[1]).abs().max() / parts[0].abs().max()) < 1e-11
    trace = stress["xx"] + stress["yy"]
    parts = [numbers(scope.differentiate(trace, axis, axis), inside) for axis in "xy"]
    assert float((parts[0] + parts[1]).abs().max() / parts[0].abs().max()) < 1e-10
    (place,) = {s.place for s in problem.statements if s.place.label == "hole"}
    drawn = problem.domain.sample(place, POINTS, 5)
    at_hole = {"x": drawn.points[:, 0], "y": drawn.points[:, 1]}
    xx, yy, xy = (numbers(stress[c], at_hole) for c in ("xx", "yy", "xy"))
    nx, ny = drawn.normals.unbind(1)
    assert float(xx.abs().max()) > 2
    assert float(torch.stack([xx * nx + xy * ny, xy * nx + yy * ny]).abs().max()) < 1e-12


def test_a_wrong_exact_field_would_be_noticed():
    problem = load(PROBLEMS / "heat" / "poisson_2d.yaml")
    compiled: CompiledExpression = problem.statements[0].expression
    inputs = problem.domain.sample(problem.statements[0].place, POINTS, 77).inputs(problem.axes)
    jets: dict[Derivative, torch.Tensor] = jets_of(
        {"u": forms(problem)["u"] * (1 + 1e-6 * symbol("x"))}, compiled, inputs, problem.axes, 2
    )
    assert relative_residual(compiled, inputs, jets) > 100 * SATISFIED
