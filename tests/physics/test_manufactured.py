"""Manufactured solutions for every named physics: with the loads that a displacement needs, all its residuals vanish.

The stress is worked out here from tensors (a compliance, a strain energy), not from the physics' texts; its divergence
is the body force and its product with the normal the traction of a spec, whose statements see the exact jets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
import sympy
import torch
from sympy import Expr, Matrix, Rational

from pinn.domain.places import Boundary, Interior
from pinn.physics import PHYSICS
from pinn.problem.loading import build
from pinn.problem.problem import Problem
from pinn.spec.language.expressions import symbol
from pinn.spec.yaml.source import parse_spec
from tests.equations.closed_forms import jets_of, numbers, relative_residual

pytestmark = pytest.mark.slow

SATISFIED = 1e-11  # of the largest part: two derivatives of closed forms in float64
POINTS = 12
X, Y, Z = AXES = [symbol(c) for c in "xyz"]
PLANE = (X**2 * Y / 10 + Y / 9 - X / 11, X * Y**2 / 8 + X / 12 + sympy.sin(X) / 10)
SOLID = (X * Y / 10 + Z**2 / 20, Y * Z / 12 - X / 9, X * Z / 15 + Y**2 / 14)
VORTEX = (sympy.cos(Y) * X**2 / 3 + Y**2 + 1, 1 - 2 * X * sympy.sin(Y) / 3)  # without divergence
SCREW = (X * Y + Z**2 + 1, Y * Z - Y**2 / 2 + X + 1, 1 - Z**2 / 2 + X * Y)  # likewise
BLOCK = (X * Y / 10 + 1, Y * Z / 12 + X**2 / 9 + 1, X * Z / 15 + 1)
NU = Rational(3, 10)
MODULUS = 2 + X * Y / 3
TEMPERATURE = X**2 + Y / 2
AXIS_1 = (Rational(2, 3), -Rational(1, 3), Rational(2, 3))
AXIS_2 = (Rational(2, 3), Rational(2, 3), -Rational(1, 3))
LAYER = (Rational(14), Rational(2), Rational(1), Rational(3, 10))  # E1, E2, G12, nu12


def gradient(displacement: tuple[Expr, ...]) -> Matrix:
    """du_i/dx_j [3, 3]; nothing moves along z in the plane."""
    u = [*displacement, *[sympy.S.Zero] * (3 - len(displacement))]
    return Matrix(3, 3, lambda i, j: u[i].diff(AXES[j]))


def strain_of(displacement: tuple[Expr, ...]) -> Matrix:
    return (gradient(displacement) + gradient(displacement).T) / 2


def hooke(displacement: tuple[Expr, ...], sheet: bool = False, expansion: Expr = sympy.S.Zero, nu=NU) -> Matrix:
    """strain = ((1 + nu) stress - nu tr(stress) I)/E + expansion I, solved for the stress; in a sheet stress_zz = 0."""
    strain, size = strain_of(displacement), 2 if sheet else 3
    compliance = Matrix(size, size, lambda i, j: 1 if i == j else -nu)
    normal = compliance.LUsolve(Matrix([strain[k, k] - expansion for k in range(size)])) * MODULUS
    stress = strain * MODULUS / (1 + nu)
    for k in range(3):
        stress[k, k] = normal[k] if k < size else 0
    return stress


def volume_kept(displacement: tuple[Expr, ...]) -> Matrix:
    """At Poisson's ratio 1/2 the stress is 2 mu strain - p I, and p is free."""
    return 2 * MODULUS / 3 * strain_of(displacement) - (X * Y - 2) * sympy.eye(3)


def layered(displacement: tuple[Expr, ...]) -> Matrix:
    """A turned layer: strains into its axes, the compliance of the layer inverted there, stresses back."""
    along, across, shear, nu = LAYER
    c, s = sympy.cos(X), sympy.sin(X)
    turn = Matrix([[c, s], [-s, c]])
    strain = turn * strain_of(displacement)[:2, :2] * turn.T
    compliance = Matrix([[1 / along, -nu / along], [-nu / along, 1 / across]])
    normal = compliance.LUsolve(Matrix([strain[0, 0], strain[1, 1]]))
    inside = turn.T * Matrix([[normal[0], 2 * shear * strain[0, 1]], [2 * shear * strain[0, 1], normal[1]]]) * turn
    return sympy.diag(inside, 0)


def turned(displacement: tuple[Expr, ...], fibres: bool = False) -> Matrix:
    """A solid with axes of its own: the compliance inverted in them."""
    moduli, shears, ratios = (14, 2, 3), (1, 2, Rational(3, 2)), (Rational(3, 10), Rational(1, 5), Rational(2, 5))
    if fibres:
        moduli, shears, ratios = (14, 2, 2), (1, 1, Rational(5, 7)), (Rational(3, 10), Rational(3, 10), Rational(2, 5))
    turn = Matrix(AXIS_1).T.col_join(Matrix(AXIS_2).T).col_join(Matrix(AXIS_1).cross(Matrix(AXIS_2)).T)
    strain = turn * strain_of(displacement) * turn.T
    compliance = sympy.diag(*(sympy.S.One / modulus for modulus in moduli))
    for (i, j), ratio in zip(((0, 1), (0, 2), (1, 2)), ratios, strict=True):
        compliance[i, j] = compliance[j, i] = -ratio / sympy.Integer(moduli[i])
    normal = compliance.inv() * Matrix([strain[k, k] for k in range(3)])
    inside = sympy.diag(*normal)
    for (i, j), shear in zip(((0, 1), (0, 2), (1, 2)), shears, strict=True):
        inside[i, j] = inside[j, i] = 2 * shear * strain[i, j]
    return turn.T * inside * turn


def piola(displacement: tuple[Expr, ...], modulus: Expr = MODULUS) -> Matrix:
    """The strain energy mu/2 (tr C - 3 - 2 ln J) + lambda/2 (ln J)^2 differentiated by F."""
    mu, lame = modulus / (2 * (1 + NU)), modulus * NU / ((1 + NU) * (1 - 2 * NU))
    f = Matrix(3, 3, lambda i, j: sympy.Symbol(f"F{i}{j}"))
    log = sympy.log(f.det())
    energy = mu / 2 * ((f.T * f).trace() - 3 - 2 * log) + lame / 2 * log**2
    values = dict(zip(f, sympy.eye(3) + gradient(displacement), strict=True))
    return Matrix(3, 3, lambda i, j: energy.diff(f[i, j]).subs(values))


@dataclass(frozen=True)
class Body:
    """A named physics with parameters, a displacement, and the stress that belongs to it: at large strain Piola's."""

    physics: str
    parameters: str
    displacement: tuple[Expr, ...]
    stress: Callable[[tuple[Expr, ...]], Matrix]
    pressure: Callable[[Matrix], Expr] | None = None

    @property
    def letters(self) -> str:
        return "xyz"[: len(self.displacement)]


HOOKE = f"youngs_modulus: {MODULUS}, poissons_ratio: {float(NU)}"
HOT = f"{HOOKE}, thermal_expansion: 0.01, temperature: {TEMPERATURE}"
STIFF = f"youngs_modulus: {MODULUS}, poissons_ratio: 0.4999"
KEPT = f"youngs_modulus: {MODULUS}, poissons_ratio: 0.5"
SHEET = ", ".join(
    f"{name}: {float(value)}"
    for name, value in zip(
        ("youngs_modulus_1", "youngs_modulus_2", "shear_modulus_12", "poissons_ratio_12"), LAYER, strict=True
    )
)

FIBRES = (
    "youngs_modulus_1: 14, youngs_modulus_2: 2, shear_modulus_12: 1, poissons_ratio_12: 0.3, poissons_ratio_23: 0.4, "
    f"axes: [[{', '.join(map(str, AXIS_1))}], [{', '.join(map(str, AXIS_2))}]]"
)
OTHER = "youngs_modulus_3: 3, shear_modulus_13: 2, shear_modulus_23: 1.5, poissons_ratio_13: 0.2"


def hot(displacement: tuple[Expr, ...], sheet: bool = False) -> Matrix:
    return hooke(displacement, sheet, TEMPERATURE / 100)


def stiff(displacement: tuple[Expr, ...]) -> Matrix:
    return hooke(displacement, nu=Rational(4999, 10000))


def mean(stress: Matrix) -> Expr:
    return -stress.trace() / 3


BODIES = {
    "linear, plane stress": Body("linear_elasticity", f"{HOOKE}, plane: stress", PLANE, lambda u: hooke(u, sheet=True)),
    "linear, plane strain": Body("linear_elasticity", f"{HOOKE}, plane: strain", PLANE, hooke),
    "linear, solid": Body("linear_elasticity", HOOKE, SOLID, hooke),
    "thermal, plane stress": Body("linear_elasticity", f"{HOT}, plane: stress", PLANE, lambda u: hot(u, sheet=True)),
    "thermal, plane strain": Body("linear_elasticity", f"{HOT}, plane: strain", PLANE, hot),
    "thermal, solid": Body("linear_elasticity", HOT, SOLID, hot),
    "nearly incompressible, plane strain": Body(
        "incompressible_elasticity", f"{STIFF}, plane: strain", PLANE, stiff, mean
    ),
    "nearly incompressible, solid": Body("incompressible_elasticity", STIFF, SOLID, stiff, mean),
    "incompressible, plane strain": Body(
        "incompressible_elasticity", f"{KEPT}, plane: strain", VORTEX, volume_kept, mean
    ),
    "incompressible, solid": Body("incompressible_elasticity", KEPT, SCREW, volume_kept, mean),
    "orthotropic": Body("orthotropic_elasticity", f"{SHEET}, angle: x, plane: stress", PLANE, layered),
    "orthotropic, solid": Body("orthotropic_elasticity", f"{FIBRES}, {OTHER}", SOLID, turned),
    "transversely isotropic, solid": Body("orthotropic_elasticity", FIBRES, SOLID, lambda u: turned(u, fibres=True)),
    "neo-Hookean, plane strain": Body("neo_hookean", HOOKE, PLANE, piola),
    "neo-Hookean, solid": Body(
        "neo_hookean", "youngs_modulus: 2, poissons_ratio: 0.3", BLOCK, lambda u: piola(u, sympy.Integer(2))
    ),
}


@cache
def stress_of(name: str) -> Matrix:
    return BODIES[name].stress(BODIES[name].displacement)


@cache
def problem_of(name: str) -> Problem:
    body, stress = BODIES[name], stress_of(name)
    letters, size = body.letters, len(body.displacement)
    force = [-sum(stress[i, j].diff(AXES[j]) for j in range(size)) for i in range(size)]
    traction = [sum(stress[i, j] * symbol(f"n{letters[j]}") for j in range(size)) for i in range(size)]
    exact = {f"u{c}": u for c, u in zip(letters, body.displacement, strict=True)}
    if body.pressure:
        exact["p"] = body.pressure(stress)
    shape = "rectangle" if size == 2 else "cuboid"
    text = [
        f"name: body\ncoordinates: [{', '.join(letters)}]",
        f"physics: {{{body.physics}: {{{body.parameters}, body_force: [{', '.join(map(str, force))}]}}}}",
        f"domain: {{{shape}: {{from: {[0] * size}, to: {[1] * size}}}}}",
        "conditions:",
        f"  - {{on: [left, bottom], displacement: [{', '.join(f'exact.u{c}' for c in letters)}]}}",
        f"  - {{on: {'[right, top]' if size == 2 else '[right, top, back, front]'}, "
        f"traction: [{', '.join(map(str, traction))}]}}",
        "exact: {" + ", ".join(f"{field}: {value}" for field, value in exact.items()) + "}",
    ]
    return build(parse_spec("\n".join(text) + "\n", "body.yaml"))


IN_TIME = {"elastodynamics", "heat_conduction", "navier_stokes"}  # tests/physics/test_in_time.py
ELSEWHERE = {"axisymmetric_elasticity", "axisymmetric_heat", "mindlin_plate", "stokes"}  # files of their own


def test_every_physics_has_a_manufactured_solution():
    assert {body.physics for body in BODIES.values()} | IN_TIME | ELSEWHERE == set(PHYSICS)


@pytest.mark.parametrize("name", BODIES)
def test_every_residual_vanishes(name):
    problem = problem_of(name)
    kinds = set()
    for statement in problem.statements:
        inputs = problem.domain.sample(statement.place, POINTS, 3).inputs(problem.axes)
        space = {axis: inputs[axis] for axis in problem.axes}
        jets = jets_of(problem.exact[""], statement.expression, space, problem.axes, problem.space)
        assert relative_residual(statement.expression, inputs, jets) < SATISFIED, statement.name
        kinds.add(type(statement.place))
    assert len(problem.statements) >= 3 * len(problem.axes)
    assert kinds == {Interior, Boundary}


def at_random(problem: Problem, quantity: str):
    compiled = problem.compiled(quantity)
    generator = torch.Generator().manual_seed(2)
    inputs = {axis: torch.rand(POINTS, generator=generator, dtype=torch.float64) for axis in problem.axes}
    return compiled, inputs, jets_of(problem.exact[""], compiled, inputs, problem.axes, problem.space)


@pytest.mark.parametrize("name", BODIES)
def test_stresses_are_those_of_the_tensors(name):
    """Cauchy's stress, its component out of the plane, and von Mises' stress sqrt(3/2 s:s) of all nine components."""
    body, problem, stress = BODIES[name], problem_of(name), stress_of(name)
    if body.physics == "neo_hookean":
        f = sympy.eye(3) + gradient(body.displacement)
        stress = stress * f.T / f.det()
    expected = {
        f"stress_{a}{b}": stress[i, j] for i, a in enumerate(body.letters) for j, b in enumerate(body.letters) if i <= j
    }
    if "stress_out_of_plane" in problem.scope.definitions:
        expected["stress_out_of_plane"] = stress[2, 2]
    deviator = stress - stress.trace() / 3 * sympy.eye(3)
    expected["von_mises"] = sympy.sqrt(Rational(3, 2) * sum(part**2 for part in deviator))
    for quantity, true in expected.items():
        compiled, inputs, jets = at_random(problem, quantity)
        found = torch.as_tensor(compiled.value(inputs, jets)).expand(POINTS)
        assert torch.allclose(found, numbers(true, inputs), rtol=1e-10, atol=1e-11), quantity


@pytest.mark.parametrize(
    "name",
    [n for n, body in BODIES.items() if body.physics in ("linear_elasticity", "neo_hookean") or "c, solid" in n],
)
def test_the_stress_is_the_slope_of_the_strain_energy(name):
    """d strain_energy / d(du_i/dx_j) = stress_ij, from the coefficients of the compiled energy."""
    body, problem, stress = BODIES[name], problem_of(name), stress_of(name)
    compiled, inputs, jets = at_random(problem, "strain_energy")
    slopes = compiled.linearise(inputs, jets)
    assert len(slopes) == len(body.letters) ** 2
    for derivative, slope in slopes.items():
        i, j = body.letters.index(derivative.field[1]), derivative.partial.orders.index(1)
        torch.testing.assert_close(slope, numbers(stress[i, j], inputs), rtol=1e-10, atol=1e-11)
