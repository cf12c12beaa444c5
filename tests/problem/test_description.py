"""What `pinn validate` says."""

from pathlib import Path

import pytest

import pinn
from pinn.problem.description import describe
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec

ROOT = Path(__file__).resolve().parents[2]
POISSON = """
name: poisson
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {poisson: -laplacian(u) = 1}
conditions: CONDITIONS
network: {activation: ACTIVATION}
"""


def problem(conditions: str = "[{on: boundary, u: 0}]", activation: str = "gelu"):
    return build(parse_spec(POISSON.replace("CONDITIONS", conditions).replace("ACTIVATION", activation)))


@pytest.mark.slow
def test_description_names_derivatives_linearity_and_points():
    text = describe(pinn.load(ROOT / "problems/elasticity/plate_with_hole.yaml"))
    assert "the problem is linear" in text
    assert "equilibrium_x: order 2, linear, needs ux_xx, ux_yy, uy_xy" in text.replace("ux_yy, ux_xx", "ux_xx, ux_yy")
    assert "traction_x on hole: 81 points" in text
    assert "nonlinear, needs u, u_t, u_x, u_xx" in describe(pinn.load(ROOT / "problems/transport/burgers.yaml"))
    assert "needs Δu" in describe(problem())
