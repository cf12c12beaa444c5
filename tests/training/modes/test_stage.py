"""Modes of problems with closed forms: eigenvalues, orthonormality, residuals, what is not resolved."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

import pinn
from pinn.problem.loading import load
from pinn.training.modes.measure import inverse_root, rules, values_of
from pinn.training.modes.stage import Found, estimated_errors
from tests.training.modes.examples import (
    BEAM,
    BEAM_ROOTS,
    DRIFT,
    FREE_BEAM,
    FREE_ROOTS,
    ROD,
    SQUARE,
    TURNING,
    TWO_RODS,
)

pytestmark = pytest.mark.slow


def eigenvalues(text, **changes):
    return [mode.eigenvalue for mode in pinn.solve(load(text, **changes), device="cpu").modes]


@pytest.fixture(scope="module")
def square():
    return pinn.solve(load(SQUARE), device="cpu")


def test_beam_to_nine_digits():
    assert eigenvalues(BEAM) == pytest.approx([root**4 for root in BEAM_ROOTS], rel=1e-8)


def test_a_free_beam_has_two_rigid_motions():
    first, second, *others = pinn.solve(load(FREE_BEAM), device="cpu").modes
    assert (first.frequency, second.frequency) == (0.0, 0.0)
    assert [mode.multiplicity for mode in (first, second, *others)] == [2, 2, 1, 1, 1]
    assert [mode.eigenvalue for mode in others] == pytest.approx([root**4 for root in FREE_ROOTS], rel=1e-8)


def test_the_eigenvalue_may_stand_in_a_condition():
    m = 2.0
    ends = [(n * math.pi + 1e-9, (n + 0.5) * math.pi - 1e-9) for n in range(4)]
    roots = np.array([brentq(lambda k: k * math.tan(k) - 1 / m, *end, xtol=1e-14) for end in ends])
    assert eigenvalues(ROD) == pytest.approx((roots**2).tolist(), rel=1e-9)


def test_operators_that_are_not_self_adjoint():
    assert eigenvalues(DRIFT) == pytest.approx([(n * math.pi) ** 2 + 25 for n in range(1, 5)], rel=1e-9)


def test_two_materials():
    def determinant(k):
        return 2 * math.sin(k) * math.cos(k / 2) + math.cos(k) * math.sin(k / 2)

    places = np.linspace(0.1, 9.0, 400)
    signs = np.sign([determinant(k) for k in places])
    roots = np.array([brentq(determinant, *places[i : i + 2]) for i in np.flatnonzero(signs[1:] != signs[:-1])])
    assert eigenvalues(TWO_RODS) == pytest.approx((roots[:4] ** 2).tolist(), rel=1e-9)


def test_square_membrane_with_its_pair(square):
    found = square.modes
    wanted = [math.pi**2 * n for n in (2, 5, 5, 8)]
    assert [mode.eigenvalue for mode in found] == pytest.approx(wanted, rel=1e-9)
    assert [mode.multiplicity for mode in found] == [1, 2, 2, 1]
    assert [mode.frequency for mode in found] == pytest.approx([math.sqrt(value) / (2 * math.pi) for value in wanted])
    assert max(mode.residual for mode in found) < 1e-7
    for mode, value in zip(found, wanted, strict=True):
        assert abs(mode.eigenvalue / value - 1) <= mode.error < 1e-7


def test_modes_are_orthonormal_in_the_mass(square):
    model = square.model
    ((subdomain, points, weights),) = rules(square.problem, model.shapes)
    values = values_of(model, subdomain.outputs[0], points, model.shapes.T)
    product = values.T @ (values * weights[:, None])
    assert product.numpy() == pytest.approx(np.eye(4), abs=1e-8)


def test_the_first_mode_is_the_sine(square):
    points = np.random.default_rng(0).uniform(0, 1, (50, 2))
    exact = 2 * np.sin(math.pi * points[:, 0]) * np.sin(math.pi * points[:, 1])
    assert square.modes[0](points)["u"] == pytest.approx(exact, abs=1e-7)
    assert square(points)["u"] == pytest.approx(exact, abs=1e-7)


def test_every_mode_satisfies_its_own_equation(square):
    points = np.random.default_rng(1).uniform(0.05, 0.95, (50, 2))
    for mode in square.modes:
        assert np.abs(mode.solution.residual(points)["wave"]).max() < 1e-6
        assert mode.solution.modes == ()


def test_a_density_that_varies_scales_what_modes_are_normal_in():
    """-(u')' = lambda 4 u has a quarter of the eigenvalues, and modes half as large."""
    text = SQUARE.replace("mass: 1", "mass: 4")
    found = pinn.solve(load(text), device="cpu")
    assert [mode.eigenvalue for mode in found.modes] == pytest.approx([math.pi**2 * n / 4 for n in (2, 5, 5, 8)])
    assert abs(float(found.modes[0]([[0.5, 0.5]])["u"][0])) == pytest.approx(1.0, rel=1e-7)


def test_without_a_density_the_largest_value_is_one():
    solution = pinn.solve(load(DRIFT), device="cpu")
    values = solution.modes[0](np.linspace(0, 1, 801)[:, None])["u"]
    scale = float(solution.model.network.field_scale[0])
    assert values.max() == pytest.approx(scale, rel=1e-4)


def test_complex_eigenvalues_are_not_solved():
    metrics = pinn.solve(load(TURNING), device="cpu").metrics
    assert metrics["verdict"] == "not_solved"
    assert "complex eigenvalue" in metrics["message"]


def test_modes_that_are_not_resolved_are_not_solved():
    """Sixty half waves on what features of the first scales can follow."""
    metrics = pinn.solve(load(DRIFT, modes={"count": 60}, solver={"time_limit": 0.01}), device="cpu").metrics
    assert metrics["verdict"] == "not_solved"
    assert metrics["because"].startswith("NOT SOLVED: 'mode ")
    assert max(mode["residual"] for mode in metrics["modes"]) > 1e-2


def test_an_error_is_what_another_choice_of_features_says_and_no_less_than_the_residual_squared():
    best = Found(torch.tensor([1.0, 4.0]), torch.tensor([1e-5, 1e-2]), 0.0)
    other = Found(torch.tensor([1.001, 4.0]), torch.tensor([1e-3, 1e-1]), 0.0)
    assert estimated_errors(best, other).tolist() == pytest.approx([1e-3, 1e-4], rel=1e-3)


def test_the_inverse_root_makes_vectors_orthonormal():
    product = torch.tensor([[4.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    root = inverse_root(product)
    assert (root.T @ product @ root).numpy() == pytest.approx(np.eye(2))


def clamped_plate_by_ritz(degree):
    """Eigenvalues of the clamped unit square: Ritz's method with (x (1 - x))^2 times Legendre polynomials."""
    nodes, weights = np.polynomial.legendre.leggauss(degree + 8)
    x, weights = (nodes + 1) / 2, weights / 2
    bump = np.polynomial.Polynomial([0, 0, 1, -2, 1])
    shapes = [bump * np.polynomial.Legendre.basis(n, domain=[0, 1]).convert(kind=np.polynomial.Polynomial)
              for n in range(degree)]  # fmt: skip
    rows = [np.array([(shape.deriv(m) if m else shape)(x) for shape in shapes]) for m in (0, 1, 2)]
    gram = [row @ (weights[:, None] * row.T) for row in rows]
    stiffness = np.kron(gram[2], gram[0]) + np.kron(gram[0], gram[2]) + 2 * np.kron(gram[1], gram[1])
    size = np.sqrt(np.diag(np.kron(gram[0], gram[0])))
    mass = np.kron(gram[0], gram[0]) / size / size[:, None]
    from scipy.linalg import eigh

    return eigh(stiffness / size / size[:, None], mass, eigvals_only=True)


def test_clamped_plate_against_ritz_with_polynomials():
    text = """
name: clamped
coordinates: [x, y]
fields: [w]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {bending: laplacian(laplacian(w)) = 0}
conditions: [{on: boundary, w: 0, w_n: 0}]
modes: {count: 4, mass: 1}
solver: {tolerance: 1e-6, time_limit: 3600}
"""
    reference = clamped_plate_by_ritz(12)[:4]
    assert math.sqrt(reference[0]) == pytest.approx(35.98519, abs=1e-5)
    assert eigenvalues(text) == pytest.approx(reference.tolist(), rel=1e-6)


def test_cantilever_plate():
    """Free edges meet in corners that take no force: 3.4710 (Leissa, J. Sound Vib. 31 (1973) 257, § 4, nu = 0.3)."""
    text = """
name: cantilever-plate
coordinates: [x, y]
constants: {nu: 0.3}
fields: [w]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {bending: laplacian(laplacian(w)) = 0}
conditions:
  - {on: left, w: 0, w_x: 0}
  - {on: right, equation: [w_xx + nu*w_yy = 0, w_xxx + (2 - nu)*w_xyy = 0]}
  - {on: [bottom, top], equation: [w_yy + nu*w_xx = 0, w_yyy + (2 - nu)*w_xxy = 0]}
  - {at: [[1, 0], [1, 1]], w_xy: 0}
modes: {count: 2, mass: 1}
solver: {tolerance: 1e-5, time_limit: 3600}
"""
    first, second = eigenvalues(text)
    assert math.sqrt(first) == pytest.approx(3.4710, abs=1e-4)
    assert math.sqrt(second) == pytest.approx(8.506, abs=1e-3)


def test_a_free_disk_of_steel_has_three_rigid_motions_and_pairs():
    text = """
name: free-disk
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 210e9, poissons_ratio: 0.3, plane: stress}}
domain: {disk: {center: [0.3, 0.1], radius: 0.2}}
conditions: [{on: boundary, traction: [0, 0]}]
modes: {count: 5, mass: 7850}
solver: {tolerance: 1e-6, time_limit: 3600}
"""
    found = pinn.solve(load(text), device="cpu").modes
    assert [mode.frequency for mode in found[:3]] == [0.0, 0.0, 0.0]
    assert [mode.multiplicity for mode in found] == [3, 3, 3, 2, 2]
