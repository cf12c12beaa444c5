"""Mindlin's plate against closed forms: a function phi of the rotations, and the forces of an edge."""

from __future__ import annotations

import math

import pytest
import sympy
import torch

import pinn
from pinn.domain.places import Interior
from pinn.spec.language.expressions import symbol
from tests.equations.closed_forms import jets_of, numbers, relative_residual

X, Y = symbol("x"), symbol("y")
E, NU, H, K = 7, sympy.Rational(1, 4), sympy.Rational(3, 10), sympy.Rational(5, 6)
BENDING, SHEAR = E * H**3 / (12 * (1 - NU**2)), K * E * H / (2 * (1 + NU))
PHI = X**4 * Y / 7 + X**2 * Y**3 / 5 + sympy.sin(X + 2 * Y) / 3
LAPLACIAN = PHI.diff(X, 2) + PHI.diff(Y, 2)
# rotation = -grad phi, w = phi - D/S div grad phi: the moments balance, and the load is D div grad div grad phi
EXACT = {"w": PHI - BENDING / SHEAR * LAPLACIAN, "rotation_x": -PHI.diff(X), "rotation_y": -PHI.diff(Y)}
LOAD = BENDING * (LAPLACIAN.diff(X, 2) + LAPLACIAN.diff(Y, 2))
MOMENT = {
    "xx": -BENDING * (PHI.diff(X, 2) + NU * PHI.diff(Y, 2)),
    "yy": -BENDING * (PHI.diff(Y, 2) + NU * PHI.diff(X, 2)),
    "xy": -BENDING * (1 - NU) * PHI.diff(X, Y),
}


@pytest.fixture(scope="module")
def problem() -> pinn.Problem:
    exact = "\n".join(f"  {name}: {text}" for name, text in EXACT.items())
    return pinn.load(
        f"""
name: plate
coordinates: [x, y]
physics: {{mindlin_plate: {{youngs_modulus: 7, poissons_ratio: 0.25, thickness: 0.3, load: {LOAD}}}}}
domain: {{rectangle: {{from: [0, 0], to: [1, 1]}}}}
conditions:
  - {{on: [left, bottom], w: exact.w, rotation: [exact.rotation_x, exact.rotation_y]}}
  - {{on: [right, top], free: true}}
exact:
{exact}
"""
    )


def value(problem: pinn.Problem, name: str, **normal: float) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    inputs = {"x": torch.linspace(0.1, 0.9, 7, dtype=torch.float64), "y": torch.linspace(0.8, 0.2, 7).double()}
    compiled = problem.compiled(name)
    jets = jets_of(problem.exact[""], compiled, inputs, problem.axes, problem.space)
    known = inputs | {f"n{axis}": torch.tensor(one, dtype=torch.float64) for axis, one in normal.items()}
    return torch.as_tensor(compiled.value(known, jets)).expand(7), inputs


def test_every_equation_holds(problem):
    equations = [one for one in problem.statements if isinstance(one.place, Interior)]
    assert len(equations) == 3
    for statement in equations:
        inputs = problem.domain.sample(statement.place, 12, 3).inputs(problem.axes)
        jets = jets_of(problem.exact[""], statement.expression, inputs, problem.axes, problem.space)
        assert relative_residual(statement.expression, inputs, jets) < 1e-11, statement.name


@pytest.mark.parametrize("pair", MOMENT)
def test_moments(problem, pair):
    found, inputs = value(problem, f"moment_{pair}")
    torch.testing.assert_close(found, numbers(MOMENT[pair], inputs), rtol=1e-11, atol=1e-13)


def test_forces_of_an_edge_are_those_of_its_axes(problem):
    """n M n and s M n of an edge whose normal is turned by an angle."""
    c, s = math.cos(0.7), math.sin(0.7)
    xx, yy, xy = (value(problem, f"moment_{pair}")[0] for pair in ("xx", "yy", "xy"))
    along = c * c * xx + 2 * c * s * xy + s * s * yy
    twisting = -s * (c * xx + s * xy) + c * (c * xy + s * yy)
    torch.testing.assert_close(value(problem, "moment_n", x=c, y=s)[0], along)
    torch.testing.assert_close(value(problem, "moment_s", x=c, y=s)[0], twisting)
    slope = -s * value(problem, "rotation_x")[0] + c * value(problem, "rotation_y")[0]
    torch.testing.assert_close(value(problem, "rotation_s", x=c, y=s)[0], slope)


def test_the_slopes_of_the_strain_energy_are_moments_and_shear_forces(problem):
    inputs = {axis: torch.linspace(0.1, 0.9, 7, dtype=torch.float64) for axis in "xy"}
    compiled = problem.compiled("strain_energy")
    jets = jets_of(problem.exact[""], compiled, inputs, problem.axes, problem.space)
    slopes = {(d.field, d.partial.orders): slope for d, slope in compiled.linearise(inputs, jets).items()}
    expected = {
        ("rotation_x", (1, 0)): MOMENT["xx"],
        ("rotation_y", (1, 0)): MOMENT["xy"],
        ("rotation_y", (0, 1)): MOMENT["yy"],
        ("w", (1, 0)): -BENDING * LAPLACIAN.diff(X),
        ("rotation_y", (0, 0)): -BENDING * LAPLACIAN.diff(Y),
    }
    for key, true in expected.items():
        torch.testing.assert_close(slopes[key], numbers(true, inputs), rtol=1e-11, atol=1e-13)


def test_a_thin_plate_is_kirchhoffs():
    """The shear stiffness goes with the thickness, the bending stiffness with its cube."""
    scope = pinn.load(
        """
name: plate
coordinates: [x, y]
physics: {mindlin_plate: {youngs_modulus: 12, poissons_ratio: 0, thickness: 0.01, load: 1}}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions: [{on: boundary, w: 0, rotation: [0, 0]}]
"""
    ).scope
    assert float(scope.resolve("bending_stiffness")) == pytest.approx(1e-6)
    assert float(scope.resolve("shear_stiffness")) == pytest.approx(5 / 6 * 0.06)
