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
from pinn.training.energy_basis import orthonormal_basis
from pinn.training.linearisation import set_coefficients
from pinn.training.ritz import PENALTY, add_penalty, coefficients, newton_direction
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
    basis = orthonormal_basis(model, integrals(found, 400, 30, torch.device("cpu"), torch.float64))
    _, hessian = basis.gradient_and_hessian()
    size = basis.starts[1]
    values = torch.linalg.eigvalsh(hessian[:size, :size])
    assert float(values[0]) > 0
    assert float(values[-1]) < 1 + 1e-9


def test_the_unit_of_an_energy_is_that_of_fields_of_their_size():
    """Of (u_x^2 + u_y^2 + u^2)/2 on a rectangle of half widths 1/2 and 1, for a field of size U."""
    found = problem(ROBIN)
    size = found.scaling.fields["u"]
    expected = 2 * (size**2 / 2) * (1 / 0.5**2 + 1 / 1**2 + 1)
    assert energy_unit(found, 100) == pytest.approx(expected, rel=1e-6)  # the quadrature leaves a little out


def test_penalties_are_those_of_the_loss():
    """Gradient and Hessian that they add against autograd's of PENALTY times the conditions' terms, at some weights."""
    found = problem(ROBIN, network="{hidden: [6], constraints: soft}")
    model = model_of(found)
    device = torch.device("cpu")
    basis = orthonormal_basis(model, integrals(found, 200, 30, device, torch.float64))
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
    direction = torch.ones_like(gradient)
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
