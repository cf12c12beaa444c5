"""Least squares on cells: exact where the answer is in the span, the dense solution where there is one cell."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import pinn.training.cells.solve as cell_solve
from pinn.network.cell_basis import CellBasis
from pinn.network.mlp import MLP
from pinn.training.cells.solve import jets_of, solve_cells
from pinn.training.cells.together import same_cells
from pinn.training.output_layer.linear_solve import solve_least_squares
from pinn.training.residuals.assembly import loss_at, residuals
from pinn.training.residuals.linearisation import linear_rows, set_coefficients
from pinn.training.residuals.model import Model, new_network
from tests.training.cells.examples import cells_of, groups_of, model_on, network_of, random_output
from tests.training.examples import problem

PLANE = """
name: plane
coordinates: [x, y]
fields: [u, v]
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
equations:
  first: laplacian(u) + v = x
  second: laplacian(v) - 3*u_y = y
conditions: [{on: [left, right], u: 0, v: x}, {on: bottom, u: 0, v_n: 0}, {on: top, u: 0, v: x}]
"""


def zero_states(groups):
    return [{d: torch.zeros(len(g.points), dtype=torch.float64) for d in g.derivatives} for g in groups]


def test_one_cell_gives_the_dense_solution():
    """The same hidden layer as a multilayer perceptron, solved by the dense solver on the same points."""
    found = problem(PLANE)
    cells = cells_of(found, [1, 1], hanging=False)
    model = model_on(found, cells, 12)
    groups = groups_of(found, cells, 12)
    loss = solve_cells(model, groups, None)
    network = network_of(model)

    mlp = new_network(found, [11], torch.Generator().manual_seed(0), torch.device("cpu"), torch.float64)
    assert isinstance(mlp, MLP)
    hidden, _ = mlp.linears
    centre, half = (torch.as_tensor(values) for values in (found.domain.centre, found.domain.half_width))
    with torch.no_grad():  # its inputs are (x - centre)/half width, and its bias is the constant unit
        hidden.weight.copy_(network.weight[0, 1:] * half)
        hidden.bias.copy_(network.bias[0, 1:] + network.weight[0, 1:] @ centre)
    dense = Model(found, mlp)
    with torch.no_grad():
        rows = [row for group in groups for row in linear_rows(dense, group, slice(None), None)]
        coefficients, norm = solve_least_squares(rows)
    set_coefficients(dense, coefficients)
    points = torch.as_tensor(found.heldout_points(200, 1))
    with torch.no_grad():
        torch.testing.assert_close(network(points), mlp(points), rtol=1e-9, atol=1e-9)
    assert loss == pytest.approx(norm**2, rel=1e-9)
    assert norm > 1e-6  # twelve features do not reach rounding errors


INTEGRALS = PLANE.strip()[:-1] + ", {integral: u - v, on: domain, equals: 5}, {integral: v, on: left, equals: 9}]"
PULSE = """
name: pulse
coordinates: [x]
time: {from: 0, to: 1}
fields: [u]
unknowns: {k: {initial: 1}}
domain: {interval: {from: 0, to: 1}}
equations: {heat: u_t - u_xx + k = 0}
conditions: [{on: initial, u: x}, {on: boundary, u: 0}, {integral: u + k, equals: 1 + t}]
"""


@pytest.mark.parametrize("text", [PLANE, INTEGRALS, PULSE], ids=["points", "integrals", "integrals in time"])
def test_the_loss_is_that_of_the_residuals(text):
    """weight^2 mean(r^2) of every statement, at the output layer that was found; rows of many cells are in pieces."""
    found = problem(text)
    cells = cells_of(found, [2, 2])
    model = model_on(found, cells, 15)
    groups = groups_of(found, cells, 15)
    loss = solve_cells(model, groups, None)
    total = 0.0
    for group in groups:
        for statement, residual in zip(group.statements, residuals(model, group), strict=True):
            weight = 1.0 if statement.is_equation else 30.0
            total += weight**2 * float(residual.detach().square().mean())
    assert loss == pytest.approx(total, rel=1e-9)


@pytest.mark.slow
def test_no_other_output_layer_has_a_smaller_loss():
    found = problem(PLANE)
    cells = cells_of(found, [2, 1])
    model = model_on(found, cells, 10)
    groups = groups_of(found, cells, 10)
    loss = solve_cells(model, groups, None)
    output = network_of(model).output
    generator = torch.Generator().manual_seed(1)

    def loss_along(step: float) -> float:
        with torch.no_grad():
            kept = output.clone()
            output.add_(step * direction)
            states = [model.jets(g.points.points, g.plan, g.derivatives) for g in groups]
            value = loss_at(model, groups, states)
            output.copy_(kept)
        return value

    for _ in range(3):
        direction = torch.randn(output.shape, generator=generator, dtype=torch.float64)
        up, down = loss_along(1e-3), loss_along(-1e-3)
        assert min(up, down) > loss
        assert up - loss == pytest.approx(down - loss, rel=1e-5)  # no slope at the minimum


@pytest.mark.parametrize("periodic", ["auto", "off"])
def test_a_field_in_the_span_is_recovered(periodic):
    """The right-hand sides are those of a network with a random output layer on the same cells, periodic ones too."""
    found = problem(
        "name: ring\ncoordinates: [x]\ntime: {from: 0, to: 1}\nfields: [u]\ndomain: {interval: {from: -1, to: 1}}\n"
        "equations: {heat: u_t + 2*u_x - 0.1*u_xx = 0}\nconditions: [{on: initial, u: 0}, {periodic: [left, right]}]\n"
        f"network: {{periodic: {periodic}}}"
    )
    cells = cells_of(found, [3, 1])
    truth = random_output(model_on(found, cells, 8))
    model = model_on(found, cells, 8)
    assert torch.equal(network_of(model).weight, network_of(truth).weight)
    groups = groups_of(found, cells, 8)
    assert any(g.points.ends > 1 for g in groups) is (periodic == "off")
    known = []
    for group in groups:
        own = residuals(truth, replace(group, lengths=None))
        scale = [found.scaling.statements[index] for index in group.indices]
        offsets = {i: (r * s).detach() for i, r, s in zip(group.indices, own, scale, strict=True)}
        known.append(replace(group, offsets=offsets))
    loss = solve_cells(model, known, None)
    assert loss < 1e-20
    points = torch.as_tensor(found.heldout_points(200, 1))
    difference = (network_of(model)(points) - network_of(truth)(points)).detach().abs().max()
    assert float(difference) < 1e-7 * float(network_of(truth)(points).detach().abs().max())


def test_jets_from_the_basis_are_those_of_the_network():
    found = problem(PLANE)
    cells = cells_of(found, [2, 2])
    model = random_output(model_on(found, cells, 6))
    for group in groups_of(found, cells, 6):
        with torch.no_grad():
            fast = jets_of(CellBasis(network_of(model), group.points.points, group.plan), group, model)
            slow = model.jets(group.points.points, group.plan, group.derivatives)
        for derivative in group.derivatives:
            torch.testing.assert_close(fast[derivative], slow[derivative], rtol=1e-11, atol=1e-9)


def test_points_by_the_cells_that_reach_them():
    touched = torch.rand(60, 11, generator=torch.Generator().manual_seed(0)) < 0.15
    parts = same_cells(touched)
    assert sorted(int(p) for _, points in parts for p in points) == list(range(60))
    assert len({tuple(cells) for cells, _ in parts}) == len(parts)
    for cells, points in parts:
        for point in points:
            assert torch.nonzero(touched[point]).flatten().tolist() == cells


# ---- nonlinear -----------------------------------------------------------------------------------

REACTION = """
name: reaction
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {reaction: -u_xx + 20*u**3 = -exact.u_xx + 20*exact.u**3}
conditions: [{on: boundary, u: exact.u}]
exact: {u: cos(5*x)}
"""


def relative_error(found, model) -> float:
    points = torch.as_tensor(found.heldout_points(300, 1))
    true = found.exact_values(points)["u"]
    with torch.no_grad():
        return float((network_of(model)(points)[:, 0] - true).norm() / true.norm())


def test_newton_reaches_a_manufactured_solution(monkeypatch):
    found = problem(REACTION)
    assert not found.is_linear
    cells = cells_of(found, [4])
    groups = groups_of(found, cells, 25)
    calls = []
    solve = cell_solve.solve_blocks
    monkeypatch.setattr(cell_solve, "solve_blocks", lambda *given: calls.append(1) or solve(*given))
    model = model_on(found, cells, 25)
    loss = solve_cells(model, groups, zero_states(groups))
    assert relative_error(found, model) < 1e-8
    assert loss < 1e-14
    assert 3 <= len(calls) <= 8


def test_a_step_that_raises_the_loss_is_taken_back(monkeypatch):
    """The loss that is returned is that of the network that is left."""
    found = problem(REACTION)
    cells = cells_of(found, [4])
    groups = groups_of(found, cells, 10)
    solved = cell_solve.CellSystem.solved
    calls = []

    def uphill(self, jets):
        calls.append(1)
        aim = solved(self, jets)
        return 2 * self.coefficients() - aim if len(calls) == 3 else aim

    monkeypatch.setattr(cell_solve.CellSystem, "solved", uphill)
    model = model_on(found, cells, 10)
    loss = solve_cells(model, groups, zero_states(groups))
    assert len(calls) == 3
    with torch.no_grad():
        states = [model.jets(g.points.points, g.plan, g.derivatives) for g in groups]
        assert loss_at(model, groups, states) == pytest.approx(loss, rel=1e-9)


@pytest.mark.parametrize(("bounds", "expected"), [("", 0.3), (", min: 0.5", 0.5)])
def test_an_unknown_is_found_within_its_bounds(tmp_path, bounds, expected):
    x = np.linspace(0.05, 0.95, 12)
    rows = [f"{a!r},{math.sin(math.pi * a)!r}" for a in x.tolist()]
    (tmp_path / "measured.csv").write_text("\n".join(["x,u", *rows]), encoding="utf-8")
    found = problem(
        f"""
name: inverse
coordinates: [x]
fields: [u]
unknowns: {{k: {{initial: 1{bounds}}}}}
domain: {{interval: {{from: 0, to: 1}}}}
equations: {{poisson: k*u_xx + u_x = -0.3*pi**2*sin(pi*x) + pi*cos(pi*x)}}
conditions: [{{on: boundary, u: 0}}]
data: [{{file: measured.csv, quantities: {{u: u}}}}]
""",
        tmp_path,
    )
    cells = cells_of(found, [3])
    model = model_on(found, cells, 20)
    groups = groups_of(found, cells, 20)
    solve_cells(model, groups, zero_states(groups))
    assert float(model.unknowns["k"].detach()) == pytest.approx(expected, rel=1e-6)
