"""Singular enrichment: functions of the spec's author, their coefficients solved for with the network."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from pinn.domain.places import Boundary
from pinn.errors import SpecError
from pinn.solution.solution import Solution
from pinn.solution.solving import solve
from pinn.training.residuals.assembly import collect, residuals
from pinn.training.residuals.jacobian import jacobian_rows
from tests.solution.test_solution import saved
from tests.training.examples import model_of, problem

# The field of one singular function and one polynomial on an L-shape, theta from 0 to 3/2 pi around its corner.
L_SHAPE = """
name: l-shape
coordinates: [x, y]
fields: [u]
domain:
  difference:
    - rectangle: {from: [-1, -1], to: [1, 1]}
    - rectangle: {from: [0, -2], to: [2, 0], name: notch}
definitions:
  r: sqrt(x**2 + y**2)
  theta: 3*pi/4 + atan2(-x - y, y - x)
equations: {poisson: -laplacian(u) = 2}
conditions: [{on: boundary, u: exact.u}]
exact: {u: 3*r**(2/3)*sin(2*theta/3) - x**2}
network: {enrichment: {u: [r**(2/3)*sin(2*theta/3), r**(4/3)*sin(4*theta/3)]}}
solver: {method: {least_squares: {features: 150, scale: 1}}, tolerance: 1e-7}
"""
STEP = 1e-4  # residuals are cubic in the coefficients: of central differences the rounding counts, not the curvature
COEFFICIENTS = ("enrichment u 1", "enrichment u 2")


@pytest.mark.slow
def test_coefficients_of_a_known_field():
    solution = solve(problem(L_SHAPE))
    assert solution.problem.is_linear
    assert solution.metrics["relative_l2"]["u"] < 1e-7
    found = [solution.metrics["unknowns"][name] for name in COEFFICIENTS]
    np.testing.assert_allclose(found, [3, 0], atol=1e-5)
    json.dumps(solution.metrics)


@pytest.mark.slow
def test_without_enrichment_the_corner_is_not_resolved():
    solution = solve(problem(L_SHAPE, network="{corners: none}"))
    assert solution.metrics["relative_l2"]["u"] > 1e-3


def test_theta_runs_once_around_the_corner():
    found = problem(L_SHAPE)
    theta = found.scope.resolve("theta")
    points = {(1, 0): 0, (1, 1): 0.25, (0, 1): 0.5, (-1, 0): 1, (-1, -1): 1.25, (0, -1): 1.5}
    for (x, y), turns in points.items():
        assert float(theta.subs(dict(zip(sorted(theta.free_symbols, key=str), (x, y), strict=True)))) == pytest.approx(
            turns * np.pi, abs=1e-12
        )


@pytest.mark.slow
@pytest.mark.parametrize("constraints", ["soft", "hard"])
def test_rows_of_the_coefficients_against_differences(constraints):
    """A nonlinear problem with enrichment, so that columns depend on the state."""
    text = """
name: nonlinear
coordinates: [x, y]
fields: [v, u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {first: laplacian(u) = u**2*v, second: laplacian(v) = u_x}
conditions: [{on: boundary, u: 0, v: x}]
network: {constraints: %s, hidden: [4], enrichment: {u: x**1.5*sin(pi*y), v: [exp(x*y), sqrt(1 + x)]}}
"""
    found = problem(text % constraints)
    model = model_of(found)
    with torch.no_grad():
        for k, raw in enumerate(model.raw.values()):
            raw.fill_(0.3 + k)
    assert list(model.raw) == ["enrichment u 1", "enrichment v 1", "enrichment v 2"]
    for group in collect(found, [9] * len(found.statements), 0, torch.device("cpu"), torch.float64, 1.0):
        _, rows = jacobian_rows(model, group)
        for k, raw in enumerate(model.raw.values()):
            ends = []
            for step in (STEP, -2 * STEP):
                with torch.no_grad():
                    raw.add_(step)
                    ends.append(torch.cat(residuals(model, group)) / len(group.points) ** 0.5)
            with torch.no_grad():
                raw.add_(STEP)
            slope = (ends[0] - ends[1]) / (2 * STEP)
            column = rows[:, rows.shape[1] - len(model.raw) + k]
            torch.testing.assert_close(column, slope, rtol=1e-6, atol=1e-7)


@pytest.mark.slow
def test_with_hard_conditions_singular_functions_vanish_where_values_are_given():
    found = problem(
        L_SHAPE.replace("exact.u", "0"),
        network="{constraints: hard, hidden: [4], enrichment: {u: r**(2/3)*sin(2*theta/3)}}",
    )
    model = model_of(found)
    with torch.no_grad():
        model.raw["enrichment u 1"].fill_(5)
    solution = Solution(found, model, {}, [], {})
    edge = found.domain.sample(Boundary(found.geometry.patches), 600, 0).points
    assert np.abs(solution(edge.numpy())["u"]).max() < 1e-13
    near = solution([[-1e-6, 1e-6], [-2e-6, 2e-6]])["u"]
    assert near[1] / near[0] == pytest.approx(2 ** (2 / 3), rel=1e-3), "the corner keeps its singularity"


@pytest.mark.slow
def test_a_saved_solution_has_its_coefficients(tmp_path):
    found = problem(L_SHAPE, network="{hidden: [6], enrichment: {u: r**(2/3)*sin(2*theta/3)}}")
    model = model_of(found)
    with torch.no_grad():
        model.raw["enrichment u 1"].fill_(2.5)
    solution = Solution(found, model, {"seconds": {"total": 0.0}}, [], {})
    loaded = Solution.load(saved(solution, tmp_path))
    points = np.array([[-0.5, 0.2], [0.3, 0.9]])
    np.testing.assert_array_equal(loaded(points)["u"], solution(points)["u"])


SHEET = """
name: sheet
coordinates: [x, y]
definitions: {r: sqrt(x**2 + y**2)}
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions: [{on: boundary, displacement: [0, 0]}]
network: {enrichment: {displacement: [[r**1.5, -2*r**1.5], [0, r**2.5]], ux: r**0.5}}
"""


def test_components_of_a_vector_share_their_coefficient():
    """ux = 3 r^1.5 + 7 r^0.5, uy = -6 r^1.5 + 5 r^2.5, where the network is 0."""
    found = problem(SHEET)
    coefficients = {"enrichment displacement 1": 3.0, "enrichment displacement 2": 5.0, "enrichment ux 1": 7.0}
    assert set(found.unknowns) == set(coefficients)
    points = torch.as_tensor(found.heldout_points(20, 1))
    inputs = {"x": points[:, 0], "y": points[:, 1]}
    inputs |= {name: torch.tensor(value, dtype=torch.float64) for name, value in coefficients.items()}
    r = points.norm(dim=1)
    for name, expected in (("ux", 3 * r**1.5 + 7 * r**0.5), ("uy", -6 * r**1.5 + 5 * r**2.5)):
        compiled = found.compiled(name)
        value = compiled.value(inputs, {derivative: torch.zeros(20) for derivative in compiled.derivatives})
        torch.testing.assert_close(torch.as_tensor(value), expected)


def test_a_missing_component_of_a_vector_is_refused():
    text = SHEET.replace("[[r**1.5, -2*r**1.5], [0, r**2.5]]", "[[r**1.5, -2*r**1.5], [r**2.5]]")
    with pytest.raises(SpecError, match=r"must be a list \[ux, uy\], got 1 of them") as refusal:
        problem(text)
    assert refusal.value.path == ("network", "enrichment", "displacement", 1)
