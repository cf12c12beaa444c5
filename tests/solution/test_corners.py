"""Coefficients and stress intensity factors of a solution, with their errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import pinn
from pinn.corners.basis import CornerBasis
from pinn.corners.functions import corner_functions
from pinn.derivatives.jets import plan_jets
from pinn.problem.loading import build
from pinn.solution.report import report_metrics
from pinn.spec.yaml.source import parse_spec
from tests.corners.wedges import elastic, isotropic, laplace

# Half of a plate that a central crack of half length 1 opens: Williams' first field on the outer boundary, K_I = 2.
CRACK = """
name: crack
coordinates: [x, y]
constants: {K: 2, E: 3, nu: 0.3, mu: E/(2*(1 + nu)), kappa: 3 - 4*nu}
physics: {linear_elasticity: {youngs_modulus: E, poissons_ratio: nu, plane: strain}}
domain: {polygon: {vertices: [[-1, 0], [0, 0], [1, 0], [1, 1], [-1, 1]], names: [crack, ligament, right, top, left]}}
conditions:
  - {on: crack, traction: [0, 0]}
  - {on: ligament, uy: 0, traction_x: 0}
  - {on: [right, top, left], ux: exact.ux, uy: exact.uy}
definitions: {r: sqrt(x**2 + y**2), theta: "atan2(y, x)"}
exact:
  ux: K/(2*mu)*sqrt(r/(2*pi))*cos(theta/2)*(kappa - cos(theta))
  uy: K/(2*mu)*sqrt(r/(2*pi))*sin(theta/2)*(kappa - cos(theta))
solver: {method: {least_squares: {features: 150, scale: 2}}, threads: 1}
"""


@pytest.fixture(scope="module")
def cracked() -> pinn.Solution:
    return pinn.solve(build(parse_spec(CRACK)))


@pytest.mark.slow
def test_the_stress_intensity_factor_of_williams_field(cracked):
    (tip,) = [one for one in cracked.metrics["corners"] if one["at"] == [0, 0]]
    assert tip["angle"] == pytest.approx(180)
    assert tip["exponents"][0] == pytest.approx(0.5)
    assert tip["K_I"] == pytest.approx(2, rel=1e-5)
    assert abs(tip["K_II"]) < 1e-9
    assert 0 < tip["K_I_error"] < 1e-3
    assert abs(tip["K_I"] - 2) < 30 * tip["K_I_error"] + 1e-9
    assert len(tip["coefficients"]) == len(tip["exponents"]) == len(tip["coefficient_errors"])


def test_the_report_has_a_row_for_each_corner(cracked):
    lines = report_metrics(cracked.metrics).splitlines()
    (line,) = [line for line in lines if line.startswith("(0, 0)")]
    assert line.split()[2:4] == ["180", "0.5"]
    assert float(line.split()[5]) == pytest.approx(2, rel=1e-5)


@pytest.mark.slow
def test_a_smooth_problem_has_no_corners():
    text = CRACK.replace("solver:", "network: {corners: none}\nsolver:")
    assert "corners" not in pinn.solve(build(parse_spec(text))).metrics


@pytest.mark.slow
def test_the_middle_of_a_hole_is_no_corner():
    """An annulus has functions of its hole, and no corner that could be the nearest to them."""
    text = """
name: ring
coordinates: [x, y]
fields: [u]
domain: {annulus: {center: [0, 0], inner_radius: 0.3, outer_radius: 1}}
equations: {laplace: laplacian(u) = 0}
conditions: [{on: inner, u: 1}, {on: outer, u: 0}]
solver: {method: {least_squares: {features: 60, scale: 2}}, threads: 1}
"""
    found = pinn.solve(build(parse_spec(text)))
    assert found.model.corners is not None
    assert not found.problem.corners
    assert "corners" not in found.metrics


@pytest.mark.parametrize(
    "wedge",
    [
        laplace([0.0, 1.5 * math.pi], [1.0], "DD"),
        elastic([0.0, math.radians(100)], [isotropic(1.0, 0.3)], "CF"),  # complex exponents
    ],
)
def test_natural_functions_have_the_user_s_unit_of_length(wedge):
    """The same field, whatever the radius that the table has for a unit."""
    found = corner_functions(wedge, 2.5)
    outputs = list(dict.fromkeys(name for sector in wedge.sectors for name in sector.outputs))
    table = CornerBasis([0.4, -1.0], found, outputs, radius=3.7)
    coefficients = np.random.default_rng(0).standard_normal(len(table))
    points = torch.tensor([[0.3, 0.2], [0.9, 1.1]], dtype=torch.float64)
    plan = plan_jets([], 2)
    there = table.jets(points + table.vertex, plan)[0] @ torch.as_tensor(coefficients)
    natural = table.natural().jets(points, plan)[0] @ torch.as_tensor(table.in_natural_units(coefficients))
    torch.testing.assert_close(there, natural)
