"""Functions of corners as further columns of the output layer: what a solve gains by them."""

from __future__ import annotations

import math

import pytest
import torch

import pinn
from pinn.corners.network import CornerNetwork
from pinn.derivatives.jets import plan_jets
from pinn.network.features import SHORTEST
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from pinn.training.output_layer.gathered import FARTHEST, LENGTH, SHARE, gather
from pinn.training.output_layer.sampled_layer import sampled_model

# Laplace's equation about a re-entrant corner: u = r^(2/3) sin(2 theta/3) + x y, the angle from the wall x = 0.
NOTCH = """
name: notch
coordinates: [x, y]
fields: [u]
domain: {difference: [{rectangle: {from: [-1, -1], to: [1, 1]}}, {rectangle: {from: [0, 0], to: [1, 1], name: n}}]}
equations: {laplace: laplacian(u) = 0}
conditions: [{on: boundary, u: exact.u}]
definitions: {r: sqrt(x**2 + y**2), theta: "3*pi/4 + atan2(x - y, -x - y)"}
exact: {u: r**(2/3)*sin(2*theta/3) + x*y}
solver: {method: {least_squares: {features: 150, scale: 2}}, threads: 1}
"""


def solved(more: str = "") -> pinn.Solution:
    return pinn.solve(build(parse_spec(NOTCH + more)))


@pytest.fixture(scope="module")
def solution() -> pinn.Solution:
    return solved()


@pytest.mark.slow
def test_they_solve_what_smooth_features_do_not(solution):
    assert isinstance(solution.model.network, CornerNetwork)
    assert solution.metrics["relative_l2"]["u"] < 1e-7
    alone = solved("network: {corners: none}\n")
    assert not isinstance(alone.model.network, CornerNetwork)
    assert alone.metrics["relative_l2"]["u"] > 1e-3


def test_the_first_coefficient_is_that_of_the_exact_solution(solution):
    network = solution.model.network
    reentrant = next(n for n, table in enumerate(network.tables) if not table.vertex.any())
    table, coefficients = network.tables[reentrant], network.of_corners[reentrant].detach()
    first = int(table.exponents[:, 0].argmin())
    assert float(table.exponents[first, 0]) == pytest.approx(2 / 3)
    points = torch.tensor([[-0.2, -0.2]], dtype=torch.float64)  # half-way between the walls
    value = coefficients[first] * table.jets(points, plan_jets([], 2))[0][0, 0, first]
    assert float(value) == pytest.approx((0.2 * math.sqrt(2)) ** (2 / 3), rel=1e-6)


@pytest.mark.slow
def test_a_nonlinear_problem_takes_them_through_newton():
    found = build(
        parse_spec(
            NOTCH.replace("laplacian(u) = 0", "laplacian(u) = u**3 - exact.u**3").replace(
                "features: 150", "features: 300"
            )
        )
    )
    assert pinn.solve(found).metrics["relative_l2"]["u"] < 1e-6


@pytest.mark.slow
def test_autograd_gives_the_same_rows():
    small = NOTCH.replace("features: 150", "features: 8").replace("threads: 1}", "threads: 1, DERIVATIVES}")
    small += "sampling: {interior: 30, boundary: 400}\n"
    slow, fast = (
        pinn.solve(build(parse_spec(small.replace("DERIVATIVES", f"derivatives: {way}"))))
        for way in ("autograd", "jets")
    )
    assert slow.metrics["loss"] == pytest.approx(fast.metrics["loss"], rel=1e-6)
    assert slow.metrics["heldout_residual"] == pytest.approx(fast.metrics["heldout_residual"], rel=1e-6)


@pytest.mark.slow
def test_float32_points_do():
    rough = pinn.solve(build(parse_spec(NOTCH.replace("threads: 1", "threads: 1, precision: float32"))))
    assert rough.metrics["relative_l2"]["u"] < 1e-3


def test_features_gather_about_singular_corners():
    """Hyperplanes of the first units pass within four distances between corners, the shorter the nearer they are."""
    problem = build(parse_spec(NOTCH.replace("from: [0, 0]", "from: [0.5, 0.5]")))
    generator = torch.Generator().manual_seed(0)
    cpu = torch.device("cpu")
    model = sampled_model(problem, 200, 2.0, 1, generator, cpu, torch.float64)
    before = model.mlp.linears[0].weight.detach().clone()
    gather(problem, model, 1.0, 1)
    hidden = model.mlp.linears[0]
    moved = (hidden.weight != before).any(dim=1)
    assert int(moved.sum()) == int(SHARE * 200)
    assert moved[: int(SHARE * 200)].all()
    weight, bias = hidden.weight.detach()[moved], hidden.bias.detach()[moved]
    steepness = weight.norm(dim=1)  # the domain is two wide: its features are the coordinates themselves
    distance = (weight.sum(dim=1) / 2 + bias).abs() / steepness  # of the hyperplane from the only singular corner
    unit = LENGTH * model.network.activation.scale
    assert float(steepness.max()) <= unit / 0.5  # the nearest other vertex is a half away
    assert float(steepness.min()) >= SHORTEST * unit / (0.5 * FARTHEST)
    assert (distance <= unit / steepness + 1e-9).all()
