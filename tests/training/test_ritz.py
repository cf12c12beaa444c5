"""Energies minimised: derivatives against autograd, minima against exact solutions, equations and finite elements."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import pinn
from pinn.errors import Divergence, SpecError
from pinn.training.assembly import loss_terms
from pinn.training.energy import energy_of, energy_unit, essential_groups, integrals
from pinn.training.energy_basis import orthonormal_basis, unit_jets
from pinn.training.linearisation import set_coefficients
from pinn.training.ritz import PENALTY, add_penalty, coefficients, newton_direction, total
from tests.training.examples import PROBLEMS, model_of, problem

ROBIN = """
name: robin
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 2]}}
equations: {poisson: -laplacian(u) + u = f}
definitions: {f: exact.u - laplacian(exact.u)}
energy:
  density: (u_x**2 + u_y**2 + u**2)/2 - f*u
  natural: {u_n: u}
  boundary: {top: 3*u**2/2 - (3*exact.u + exact.u_y)*u}
conditions:
  - {on: left, u: exact.u}
  - {on: bottom, u_n: -exact.u_y}
  - {on: right, u_n: exact.u_x}
  - {on: top, free: true}
exact: {u: sin(2*x)*exp(y/2) + x}
solver: {formulation: energy, method: {ritz: {features: 80, scale: 2}}, time_limit: 60}
"""
ENERGY_BLOCK = ("energy", "  density", "  natural", "  boundary")
WITHOUT_ENERGY = "\n".join(line for line in ROBIN.splitlines() if not line.startswith(ENERGY_BLOCK))
PLATE = """
name: plate
coordinates: [x, y]
physics:
  linear_elasticity:
    youngs_modulus: 3
    poissons_ratio: 0.3
    plane: %s
    body_force:
      - -(d(exact.stress_xx, x) + d(exact.stress_xy, y))
      - -(d(exact.stress_xy, x) + d(exact.stress_yy, y))
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions:
  - {on: [left, top], displacement: [exact.ux, exact.uy]}
  - {on: [right, bottom], traction: [exact.traction_x, exact.traction_y]}
exact: {ux: 0.1*sin(2*x)*y, uy: 0.1*x*exp(-y)}
network: {constraints: hard}
solver: {formulation: energy, method: {ritz: {features: 80, scale: 2}}, time_limit: 60}
"""
HANGING = """
name: hanging
coordinates: [x, y]
constants: {w: %s}
physics: {neo_hookean: {youngs_modulus: 1, poissons_ratio: 0.3, body_force: [0, -w]}}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions: [{on: bottom, displacement: [0, 0]}, {on: [left, right, top], traction: [0, 0]}]
network: {constraints: hard}
solver: {method: {ritz: {features: 20, scale: 2}}, time_limit: 60}
"""


def solved(text: str, **blocks: str):
    return pinn.solve(problem(text, Path(), **blocks), device="cpu")


def test_gradient_and_hessian_are_those_of_autograd():
    found = problem(HANGING % "0.1", network="{hidden: [6], constraints: hard}")
    model = model_of(found)
    parts = integrals(found, 200, 30, torch.device("cpu"), torch.float64)
    basis = orthonormal_basis(model, parts)
    gradient, hessian = basis.gradient_and_hessian()
    last = model.mlp.linears[-1]
    start = coefficients(model)
    bent = energy_of(model, parts)
    slopes = torch.cat([g.reshape(2, -1) for g in torch.autograd.grad(bent, [last.weight, last.bias])], dim=1).flatten()
    expected = torch.cat([T.T @ g for T, g in zip(basis.transforms, slopes.split(7), strict=True)])
    torch.testing.assert_close(gradient, expected, rtol=1e-9, atol=1e-11)
    direction = torch.randn(len(gradient), generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 1e-5
    ends = []
    for sign in (1, -1):
        set_coefficients(model, start + sign * basis.step(direction))
        ends.append(basis.gradient_and_hessian()[0])
    torch.testing.assert_close((ends[0] - ends[1]) / 2, hessian @ direction, rtol=1e-5, atol=1e-11)


def test_units_are_orthonormal_for_a_linear_body():
    """One field's block of the Hessian and the mass make the identity."""
    found = problem(PLATE % "strain")
    model = model_of(found)
    parts = integrals(found, 400, 30, torch.device("cpu"), torch.float64)
    basis = orthonormal_basis(model, parts)
    _, hessian = basis.gradient_and_hessian()
    size, inside = basis.starts[1], parts[0]
    with torch.no_grad():
        units = unit_jets(model, inside, slice(None))["value"] @ basis.transforms[0]
    mass = units.T @ ((inside.weights / inside.weights.sum())[:, None] * units) / float(model.mlp.field_scale[0]) ** 2
    identity = torch.eye(size, dtype=torch.float64)
    torch.testing.assert_close(hessian[:size, :size] + mass, identity, rtol=0, atol=1e-9)


def test_the_energy_of_a_network_is_its_integral():
    """ROBIN's functional by a tensor Gauss rule, gradients by autograd; prescribed slopes do work on their sides."""
    found = problem(ROBIN, network="{hidden: [6], constraints: soft}")
    model = model_of(found)
    parts = integrals(found, 400, 100, torch.device("cpu"), torch.float64)
    nodes, weights = (torch.as_tensor(array) for array in np.polynomial.legendre.leggauss(30))
    along, weights = (nodes + 1) / 2, weights / 2

    def field(x: torch.Tensor, y: torch.Tensor):
        points = torch.stack(torch.broadcast_tensors(x, y), dim=-1).reshape(-1, 2).requires_grad_()
        u = model.network(points)[:, 0]
        slopes = torch.autograd.grad(u.sum(), points)[0]
        x, y = points.detach().T
        exact = torch.sin(2 * x) * torch.exp(y / 2) + x
        exact_x, exact_y = 2 * torch.cos(2 * x) * torch.exp(y / 2) + 1, (exact - x) / 2
        return u.detach(), slopes, exact, exact_x, exact_y, x

    zero = torch.zeros_like(along)
    u, slopes, exact, _, _, x = field(along[:, None], 2 * along[None, :])
    force = exact - (-4 + 1 / 4) * (exact - x)  # the Laplacian of sin(2x) exp(y/2)
    inside = (slopes.square().sum(dim=1) + u**2) / 2 - force * u
    energy = 2 * torch.outer(weights, weights).flatten() @ inside
    u, _, exact, _, exact_y, _ = field(along, zero + 2)
    energy += weights @ (3 * u**2 / 2 - (3 * exact + exact_y) * u)
    u, _, _, _, exact_y, _ = field(along, zero)
    energy -= weights @ (-exact_y * u)
    u, _, _, exact_x, _, _ = field(zero + 1, 2 * along)
    energy -= 2 * weights @ (exact_x * u)
    unit = energy_unit(found, 400)
    assert float(energy_of(model, parts).detach()) * unit == pytest.approx(float(energy), rel=1e-6)


def test_the_unit_of_an_energy_is_that_of_fields_of_their_size():
    """Of (u_x^2 + u_y^2 + u^2)/2 on a rectangle of half widths 1/2 and 1, for a field of size U."""
    found = problem(ROBIN)
    size = found.scaling.fields["u"]
    expected = 2 * (size**2 / 2) * (1 / 0.5**2 + 1 / 1**2 + 1)
    assert energy_unit(found, 100) == pytest.approx(expected, rel=1e-6)  # the quadrature leaves a little out


def test_penalties_are_those_of_the_loss():
    """Gradient and Hessian that they add against autograd's of PENALTY times the conditions' terms, at some weights."""
    found = problem(ROBIN.replace("+ x}", "+ x + 1}"), network="{hidden: [6], constraints: soft}")
    model = model_of(found)
    device = torch.device("cpu")
    parts = integrals(found, 200, 30, device, torch.float64)
    basis = orthonormal_basis(model, parts)
    groups = essential_groups(found, 30, 0, device, torch.float64)
    (transform,), last = basis.transforms, model.mlp.linears[-1]
    gradient, hessian = (torch.zeros(transform.shape[1:] * n, dtype=torch.float64) for n in (1, 2))
    add_penalty(model, basis, groups, gradient, hessian)

    def slope() -> torch.Tensor:
        loss = PENALTY * torch.stack(list(loss_terms(model, groups).values())).sum()
        parts = torch.autograd.grad(loss, [last.weight, last.bias])
        return transform.T @ torch.cat([part.flatten() for part in parts])

    at = slope()
    size = float(at.norm())
    torch.testing.assert_close(gradient, at, rtol=1e-9, atol=1e-9 * size)
    direction, start = torch.ones_like(gradient), coefficients(model)
    ends = []
    for sign in (1, -1):  # exact for a quadratic
        set_coefficients(model, start + sign * basis.step(direction))
        ends.append(total(model, parts, groups))
    set_coefficients(model, start)
    rise = float((basis.gradient_and_hessian()[0] + gradient) @ direction)
    assert (ends[0] - ends[1]) / 2 == pytest.approx(rise, rel=1e-9)
    set_coefficients(model, coefficients(model) + basis.step(direction))
    torch.testing.assert_close(hessian @ direction, slope() - at, rtol=1e-6, atol=1e-9 * size)


def test_a_newton_step_ends_at_the_minimum_of_a_quadratic():
    """However different the sizes of its unknowns are."""
    generator = torch.Generator().manual_seed(2)
    root = torch.randn(6, 6, generator=generator, dtype=torch.float64)
    sizes = torch.logspace(-3, 3, 6, dtype=torch.float64)
    hessian = sizes[:, None] * (root @ root.T + torch.eye(6)) * sizes
    gradient = sizes * torch.randn(6, generator=generator, dtype=torch.float64)
    true = -torch.linalg.solve(hessian, gradient)
    torch.testing.assert_close(newton_direction(gradient, hessian), true, rtol=1e-8, atol=0)


def test_an_indefinite_hessian_still_gives_descent():
    hessian = torch.diag(torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64))
    gradient = torch.tensor([1.0, 1.0, 1.0], dtype=torch.float64)
    assert float(gradient @ newton_direction(gradient, hessian)) < 0


@pytest.mark.parametrize("constraints", ["hard", "soft"])
def test_natural_and_robin_conditions_of_a_users_own_energy(constraints):
    solution = solved(ROBIN, network=f"{{constraints: {constraints}}}")
    assert solution.metrics["relative_l2"]["u"] < 2e-4
    assert solution.metrics["stop_reason"] == "iteration_limit"  # one level, and its strong residual is above 1e-8


def test_a_wrong_factor_is_caught():
    wrong = ROBIN.replace("(u_x**2 + u_y**2 + u**2)/2", "(u_x**2 + u_y**2)/3 + u**2/2")
    solution = solved(wrong)
    assert solution.metrics["relative_l2"]["u"] > 1e-2
    assert solution.metrics["heldout_residual"] > 0.02


@pytest.mark.parametrize("plane", ["stress", "strain"])
def test_least_energy_of_a_linear_body_is_its_equilibrium(plane):
    solution = solved(PLATE % plane)
    assert solution.metrics["relative_l2"]["displacement"] < 4e-5
    assert solution.metrics["relative_l2"]["stress"] < 5e-4


def test_block_has_the_energy_form_s_the_equations_and_finite_elements_displacement():
    """The equations' solution is held to the same reference in tests/test_problems_run.py."""
    method = "solver.method={ritz: {features: 80, scale: 2}}"
    settings = [method, "solver.formulation=energy", "solver.load_steps=1", "network.constraints=hard"]
    solution = pinn.solve(pinn.load(PROBLEMS / "elasticity/hyperelastic_block.yaml", settings), device="cpu")
    assert solution.metrics["relative_l2"]["displacement"] < 5e-3


def test_all_weights_by_lbfgs():
    solver = "{formulation: energy, method: {lbfgs: {iterations: 60}}}"
    solution = solved(PLATE % "strain", network="{hidden: [12], constraints: hard}", solver=solver)
    assert solution.metrics["relative_l2"]["displacement"] < 2e-2
    assert solution.metrics["loss"] == pytest.approx(solution.metrics["terms"]["energy"])


def test_load_steps_lead_where_one_step_does_and_are_recorded():
    alone, stepped = (
        solved(HANGING % "0.2", solver=f"{{method: {{ritz: {{features: 20, scale: 2}}}}{more}}}")
        for more in ("", ", load: w, load_steps: 2")
    )
    points = np.array([[0.5, 1.0], [1.0, 0.3]])
    for name in ("ux", "uy"):
        np.testing.assert_allclose(alone(points)[name], stepped(points)[name], rtol=2e-2)
    assert sorted({row["load"] for row in stepped.history}) == [0.5, 1.0]


@pytest.mark.parametrize("method", ["ritz", "least_squares"])
def test_a_body_that_is_folded_through_itself_is_a_divergence_with_a_way_out(method):
    folded = (HANGING % "0.1").replace("[left, right, top], traction", "[left, right], traction")
    folded = folded.replace("traction: [0, 0]}]", "traction: [0, 0]}, {on: top, displacement: [0, -1.5]}]")
    with pytest.raises(Divergence, match="volume_ratio must stay positive: apply the load in steps"):
        solved(folded, solver=f"{{method: {{{method}: {{features: 20, scale: 2}}}}}}")


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ({"solver": "{formulation: energy, method: least_squares}"}, "least_squares solves the equations"),
        ({"solver": "{formulation: energy, derivatives: autograd}"}, "remove 'autograd'"),
        ({"energy": "{density: u_x**2, natural: {u_n: v}}"}, "unknown field 'v'"),
        ({"energy": "{density: u**2}"}, "contains no derivative"),
        ({"energy": "{density: u_x**2 + nx}"}, "uses the normal nx"),
        ({"energy": "{density: u_x**2, boundary: {roof: u}}"}, "unknown patch 'roof'"),
        ({"energy": "{density: u_x**2}"}, "is neither natural for the energy"),
        ({"solver": "{load_steps: 3}"}, "needs the constant that grows"),
        ({"solver": "{load_steps: 3, load: P}"}, "must be one of the constants"),
    ],
)
def test_refusals(blocks, message):
    with pytest.raises(SpecError, match=message):
        problem(WITHOUT_ENERGY if "energy" in blocks else ROBIN, Path(), **blocks)


def test_an_energy_is_needed():
    with pytest.raises(SpecError, match="needs an energy"):
        problem(WITHOUT_ENERGY)
