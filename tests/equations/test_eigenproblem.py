"""Eigenproblems: where the eigenvalue stands, with which sign, and what is refused."""

import pytest
import sympy

from pinn.equations.eigenproblem import Eigenproblem
from pinn.errors import SpecError
from pinn.problem.loading import load
from pinn.spec.language.expressions import symbol
from tests.training.modes.examples import BEAM, ROD, SQUARE, TWO_RODS


def eigen_of(text) -> Eigenproblem:
    found = load(text).eigen
    assert found is not None
    return found


def inertia_of(problem):
    """Statement -> M u as SymPy has it."""
    return {problem.statements[index].name: mass.expression for index, mass in problem.eigen.masses.items()}


@pytest.mark.parametrize("equation", ["laplacian(u) = 0", "-laplacian(u) = 0", "0 = 3*laplacian(u)"])
def test_the_mass_has_the_sign_that_makes_eigenvalues_positive(equation):
    problem = load(SQUARE.replace("laplacian(u) = 0", equation))
    (mass,) = inertia_of(problem).values()
    (principal,) = (
        coefficient for key, coefficient in problem.statements[0].expression.coefficients.items()
        if not isinstance(key, str) and key.partial.laplacians
    )  # fmt: skip
    assert sympy.sign(principal) == -sympy.sign(mass.coeff(symbol("u")))


@pytest.mark.parametrize(("equation", "sign"), [("w_xxxx = 0", 1), ("-w_xxxx + w_xx = 0", -1)])
def test_of_fourth_order_the_sign_is_another(equation, sign):
    (mass,) = inertia_of(load(BEAM.replace("w_xxxx = 0", equation))).values()
    assert mass == sign * symbol("w")


def test_a_physics_gives_its_displacement_the_mass():
    problem = load(
        """
name: body
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: strain}}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions: [{on: boundary, fixed: true}]
modes: {mass: 2 + x}
"""
    )
    x, ux, uy = (symbol(name) for name in ("x", "ux", "uy"))
    found = inertia_of(problem)
    assert sympy.expand(found["equilibrium_x"] + (2 + x) * ux) == 0
    assert sympy.expand(found["equilibrium_y"] + (2 + x) * uy) == 0
    assert problem.eigen is not None
    assert [one.output for one in problem.eigen.inertia] == ["ux", "uy"]


def test_a_pressure_has_no_mass():
    problem = eigen_of(
        """
name: rubber
coordinates: [x, y]
physics: {incompressible_elasticity: {youngs_modulus: 1, poissons_ratio: 0.5, plane: strain}}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions: [{on: boundary, displacement: [0, 0]}, {at: [0, 0], p: 0}]
modes: {mass: 1}
"""
    )
    assert [one.output for one in problem.inertia] == ["ux", "uy"]


def test_in_subdomains_each_output_has_its_own():
    problem = eigen_of(TWO_RODS)
    assert [one.output for one in problem.inertia] == ["u in a", "u in b"]
    assert len(problem.masses) == 2


def test_the_eigenvalue_may_stand_where_one_likes():
    assert sorted(inertia_of(load(ROD))) == ["equation on right", "rod"]


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        ("laplacian(u) = 0", "laplacian(u) = 1", ("equations", "wave"), "is not zero for zero fields"),
        ("u: 0}]", "u: x}]", ("conditions", 0, "u"), "modes have neither loads nor given values"),
        ("laplacian(u) = 0", "laplacian(u) + u**2 = 0", ("equations", "wave"), "is not linear"),
        ("mass: 1", "eigenvalue: s", ("modes", "eigenvalue"), "no equation and no condition has s in it"),
        ("mass: 1", "eigenvalue: u", ("modes", "eigenvalue"), "already declared in 'fields'"),
        ("mass: 1", "eigenvalue: x", ("modes", "eigenvalue"), "is a coordinate"),
        ("mass: 1", "mass: {v: 1}", ("modes", "mass", "v"), "unknown field 'v'"),
        ("mass: 1", "mass: 2*u", ("modes", "mass"), "coordinates and constants alone, but uses u"),
        ("mass: 1", "mass: 0", ("modes", "mass"), "is zero"),
        ("mass: 1", "shift: 3", ("modes",), "needs 'mass'"),
        ("mass: 1", "mass: 1, expected: [1, 2, 3, 4, 5]", ("modes", "expected"), "5 eigenvalues for 4 modes"),
        ("laplacian(u) = 0", "u_x = 0", ("modes", "mass"), "the sign of the mass in 'wave' is open"),
        ("laplacian(u) = 0", "x*u_xx - (1 - x)*u_yy = 0", ("modes", "mass"), "the sign of the mass in 'wave' is open"),
        ("count: 4", "count: 0", ("modes", "count"), "1"),
    ],
)
def test_what_is_refused(old, new, path, words):
    with pytest.raises(SpecError) as refused:
        load(SQUARE.replace(old, new))
    first = getattr(refused.value, "errors", [refused.value])[0]
    assert words in first.message
    assert first.path == path


def test_the_eigenvalue_stands_linearly():
    with pytest.raises(SpecError, match="not linear in the fields and the eigenvalue"):
        load(ROD.replace("s*u = 0", "s**2*u = 0"))
