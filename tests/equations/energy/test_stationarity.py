"""An energy alone is a problem: its equations are those that a book has, and both ways of solving it agree."""

from __future__ import annotations

import pytest

import pinn
from pinn.errors import SpecError
from pinn.problem.problem import Problem

SPEC = {
    "name": "energy-only",
    "coordinates": "[x, y]",
    "fields": "[u]",
    "domain": "{rectangle: {from: [0, 0], to: [1, 1]}}",
    "energy": "{density: (u_x**2 + u_y**2)/2 - u}",
    "conditions": "[{on: boundary, u: 0}]",
}


def loaded(tmp_path, **other: str) -> Problem:
    file = tmp_path / "energy.yaml"
    file.write_text("".join(f"{key}: {value}\n" for key, value in {**SPEC, **other}.items()))
    return pinn.load(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("density", "equation"),
    [
        ("(u_x**2 + u_y**2)/2 - u", "-laplacian(u) = 1"),
        ("(1 + x)*(u_x**2 + u_y**2)/2 - sin(y)*u", "-d((1 + x)*u_x, x) - d((1 + x)*u_y, y) = sin(y)"),
        ("sqrt(1 + u_x**2 + u_y**2)", "-d(u_x/sqrt(1 + u_x**2 + u_y**2), x) - d(u_y/sqrt(1 + u_x**2 + u_y**2), y) = 0"),
        ("(u_xx + u_yy)**2/2 - u", "laplacian(laplacian(u)) = 1"),
        ("(u_x**2 + u_y**2)/2 + (u**2 - 1)**2/4", "-laplacian(u) + u**3 - u = 0"),
    ],
)
def test_its_equation_is_that_of_euler_and_lagrange(density, equation, tmp_path):
    conditions = "[{on: boundary, u: 0}, {on: boundary, u_n: 0}]" if "u_xx" in density else SPEC["conditions"]
    alone = loaded(tmp_path, energy=f"{{density: '{density}'}}", conditions=conditions)
    stated = loaded(tmp_path, equations=f"{{balance: '{equation}'}}", energy="", conditions=conditions)
    (found,) = (one for one in alone.statements if one.is_equation)
    (known,) = (one for one in stated.statements if one.is_equation)
    assert found.name == "stationary in u"
    assert (found.expression.expression - known.expression.expression).equals(0)


@pytest.mark.slow
@pytest.mark.parametrize("formulation", ["energy", "strong"])
def test_it_is_solved_by_its_energy_and_by_its_equations(formulation, tmp_path):
    """-laplacian(u) = 1 on the unit square has 0.07367135 in its middle (Timoshenko & Goodier, § 109)."""
    method = (
        "{ritz: {features: 30, levels: 1}}" if formulation == "energy" else "{least_squares: {features: 300, scale: 2}}"
    )
    problem = loaded(tmp_path, solver=f"{{formulation: {formulation}, method: {method}, time_limit: 20}}")
    solution = pinn.solve(problem, seed=0, device="cpu")
    assert float(solution([[0.5, 0.5]])["u"][0]) == pytest.approx(0.07367135, rel=2e-3)


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ({"energy": "{density: '(u_x**2 + u_y**2)/2 - where(x > 0.5, 1, 2)*u'}"}, "without equations must be smooth"),
        ({"fields": "[u, v]"}, "does not determine v"),
        ({"energy": "{density: x}"}, "does not determine u"),
        ({"energy": ""}, "add 'equations', 'energy' or 'data'"),
        ({"conditions": "[{on: left, u: 0}]"}, "nothing is said about the boundary patches"),
    ],
)
def test_what_is_no_problem_is_refused(blocks, said, tmp_path):
    with pytest.raises(SpecError, match=said):
        loaded(tmp_path, **blocks)
