"""Balance: applied loads against reactions, by closed forms and by divergence."""

from __future__ import annotations

import pytest
import torch

import pinn
from pinn.solution.balance import balances
from tests.training.examples import problem

FEW = "{method: {least_squares: {features: 200, scale: 2}}, threads: 1, time_limit: 3600}"
# A console under its weight and a pull on its right end; a shear at the top that is stated in parts.
CONSOLE = """
name: console
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress, body_force: [0, -0.1]}}
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
conditions:
  - {on: left, displacement: [0, 0]}
  - {on: right, traction: [0.5, 0.25]}
  - {on: bottom, traction: [0, 0]}
  - {on: top, where: x < 1, traction: [0, 0]}
  - {on: top, where: x >= 1, traction: [0.2, -0.3]}
network: {corners: none}
"""
# u = exp(-t) sin(x), losing heat to air at its right end; the rest is a source.
ROD = """
name: rod
coordinates: [x]
time: {from: 0, to: 1}
fields: [u]
domain: {interval: {from: 0, to: 2}}
equations: {heat: 3*u_t - 5*u_xx = 2*exp(-t)*sin(x)}
conditions:
  - {on: initial, u: sin(x)}
  - {on: left, u: 0}
  - {on: right, equation: 10*u_n + 4*(u - exp(-t)*(sin(2) + 2.5*cos(2))) = 0}
"""
# Two bars of different stiffness, with a load on the surface between them.
BARS = """
name: bars
coordinates: [x]
fields: [u]
definitions: {k: {soft: 1, hard: 10}, pull: k*u_x}
subdomains: {soft: {interval: {from: 0, to: 0.5}}, hard: rest}
domain: {interval: {from: 0, to: 1}}
equations: {rest: "d(k*u_x, x) = 0"}
conditions: [{on: left, u: 0}, {on: right, pull: 1}]
interfaces: [{between: [soft, hard], continuous: u, jump: {pull: 2}}]
"""


def silenced(solution: pinn.Solution) -> pinn.Solution:
    """The same with fields that are zero."""
    network = solution.model.mlp
    with torch.no_grad():
        network.linears[-1].weight.zero_()
        network.linears[-1].bias.zero_()
    return solution


@pytest.mark.slow
def test_forces_and_moments_of_a_console():
    solution = pinn.solve(problem(CONSOLE, solver=FEW))
    found = balances(solution)
    between = 1e-9  # the rule ends where the load jumps
    assert found["equilibrium_x"].applied == pytest.approx({"right": 0.5, "top": 0.2}, rel=between)
    assert found["equilibrium_y"].applied == pytest.approx({"right": 0.25, "top": -0.3}, rel=between)
    assert found["equilibrium_y"].inside == pytest.approx(-0.2)
    assert found["moment_xy"].applied == pytest.approx({"right": 0.25, "top": -0.25}, rel=between)
    assert found["moment_xy"].inside == pytest.approx(0.0, abs=1e-12)
    assert found["equilibrium_x"].reactions["left"] == pytest.approx(-0.7, abs=0.05)
    assert solution.metrics["balance"]["equilibrium_x"]["relative"] < 0.05
    nothing = balances(silenced(solution))
    assert nothing["equilibrium_x"].reactions == {}
    assert nothing["equilibrium_x"].missing > 0.5
    assert nothing["moment_xy"].difference == pytest.approx(0.0, abs=2e-3)


@pytest.mark.slow
def test_heat_is_stored_and_lost_to_air():
    """Over the whole time: 3 u_t is stored, Robin's law says what goes out at the right end."""
    solution = pinn.solve(problem(ROD, solver=FEW))
    (balance,) = balances(solution).values()
    lost = 1 - torch.exp(torch.tensor(-1.0, dtype=torch.float64))  # integral of exp(-t)
    expected = -5 * torch.cos(torch.tensor(2.0, dtype=torch.float64)) * lost
    assert balance.applied == pytest.approx({"right": float(expected)}, rel=1e-5)
    assert balance.reactions == pytest.approx({"left": 5 * float(lost)}, rel=1e-5)
    assert abs(balance.difference) < 1e-5 * balance.size
    assert solution.metrics["balance"]["heat"]["relative"] == pytest.approx(abs(balance.difference) / balance.size)


@pytest.mark.slow
def test_a_load_between_subdomains_is_applied():
    (balance,) = balances(pinn.solve(problem(BARS, solver=FEW))).values()
    assert balance.applied == pytest.approx({"right": 1.0, "soft | hard": 2.0}, abs=1e-6)
    assert balance.reactions == pytest.approx({"left": -3.0}, abs=1e-6)


def test_no_balance_where_there_is_no_quadrature():
    axes = ["x", "y", "z", "w"]
    text = f"""
name: box
coordinates: [{", ".join(axes)}]
fields: [u]
domain: {{box: {{from: [0, 0, 0, 0], to: [1, 1, 1, 1]}}}}
equations: {{poisson: laplacian(u) = 1}}
conditions: [{{on: boundary, u: 0}}]
"""
    solver = "{method: {least_squares: {features: 20, scale: 1}}, threads: 1, time_limit: 3600}"
    assert balances(pinn.solve(problem(text, solver=solver))) == {}


@pytest.mark.slow
def test_a_layer_thinner_than_the_points_are_apart_is_in_balance():
    """-e^2 u'' + u = 1 with layers of e = 1e-4 at both ends: the fluxes there are 2 e of what is made inside."""
    text = """
name: layer
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {balance: -1e-8*u_xx + u = 1}
conditions: [{on: boundary, u: 0}]
"""
    cells = "{method: {cells: {features: 30, passes: 4}}, threads: 1, time_limit: 3600}"
    (balance,) = balances(pinn.solve(problem(text, solver=cells))).values()
    assert sum(balance.reactions.values()) == pytest.approx(2e-4, rel=1e-3)
    assert abs(balance.difference) < 1e-2 * balance.size


@pytest.mark.slow
def test_forces_on_a_body_of_large_deformation():
    """A block of rubber, pulled by 0.3: homogeneous, so that the reaction is known."""
    text = """
name: rubber
coordinates: [x, y]
physics: {neo_hookean: {youngs_modulus: 1, poissons_ratio: 0.3}}
domain: {rectangle: {from: [0, 0], to: [1, 0.5]}}
conditions:
  - {on: left, ux: 0, traction_y: 0}
  - {on: bottom, uy: 0, traction_x: 0}
  - {on: right, traction: [0.3, 0]}
  - {on: top, traction: [0, 0]}
"""
    solution = pinn.solve(problem(text, solver=FEW))
    found = balances(solution)
    assert set(found) == {"equilibrium_x", "equilibrium_y"}  # no moments: arms move
    along = found["equilibrium_x"]
    assert along.applied["right"] == pytest.approx(0.15)
    assert along.reactions["left"] == pytest.approx(-0.15, rel=1e-3)
    assert max(one.missing for one in found.values()) < 1e-3
    assert balances(silenced(solution))["equilibrium_x"].missing == pytest.approx(1, rel=0.1)
