"""The scan of known data: what is narrow is found, what is broad is left alone, what is invisible is named."""

from __future__ import annotations

import pytest
import torch

from pinn.domain.places import Boundary, Interior
from pinn.problem.scan import CONCENTRATED, share_of_half
from pinn.training.residuals.points import draw, draw_heldout
from tests.training.examples import problem

TEXT = """
name: spot
coordinates: [x, y]
fields: [u]
constants: {s: 2e-3}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {poisson: -laplacian(u) = SOURCE}
conditions: [{on: left, u: 0}, {on: [bottom, top], u_n: 0}, {on: right, u_n: FLUX}]
"""
SPOT = "exp(-((x - 0.3)**2 + (y - 0.7)**2)/(2*s**2))"


def spot(source: str = SPOT, flux: str = "0", **blocks):
    return problem(TEXT.replace("SOURCE", source).replace("FLUX", flux), **blocks)


def test_points_lie_where_a_narrow_source_is():
    found = spot()
    (concentration,) = found.scan.concentrations.values()
    points = concentration.points.points
    assert len(points) > 5000
    distance = (points - torch.tensor([0.3, 0.7])).norm(dim=1)
    assert float(distance.median()) < 3 * 2e-3
    assert found.scan.unseen == ()


@pytest.mark.slow
def test_points_lie_where_a_narrow_flux_is():
    found = spot("0", "exp(-((y - 0.5)/1e-4)**2)")
    ((place, concentration),) = found.scan.concentrations.items()
    assert isinstance(place, Boundary)
    assert float((concentration.points.points[:, 1] - 0.5).abs().max()) < 1e-3


@pytest.mark.parametrize("source", ["sin(pi*x)*y", "exp(-((x - 0.5)/0.3)**2)", "1 + x", "0"])
def test_what_is_broad_is_left_alone(source):
    assert spot(source).scan.concentrations == {}


def test_what_nobody_can_see_is_named():
    assert spot(SPOT, constants="{s: 1e-6}").scan.unseen == ("poisson",)


def test_training_and_measuring_points_are_others():
    found = spot()
    (place,) = found.scan.concentrations
    assert isinstance(place, Interior)
    device, dtype = torch.device("cpu"), torch.float64
    near = []
    for groups in (draw(found, 900, 100, 5, device, dtype), draw_heldout(found, device, dtype)):
        points = next(g.points.points for g in groups if g.statements[0].is_equation)
        near.append({tuple(p) for p in points[(points - torch.tensor([0.3, 0.7])).norm(dim=1) < 0.01].tolist()})
    assert min(map(len, near)) > 100
    assert not near[0] & near[1]


def test_the_magnitude_of_the_statement_is_that_of_the_source():
    assert spot().scaling.statements[0] > 0.05


def test_the_share_that_has_half():
    assert share_of_half(torch.ones(1000)) == pytest.approx(0.5, abs=2e-3)
    assert share_of_half(torch.tensor([1.0] * 10 + [0.0] * 990)) == pytest.approx(0.005, abs=2e-3)
    assert share_of_half(torch.zeros(5)) == 0.0
    assert 0 < CONCENTRATED < 0.1


def test_what_grows_towards_an_axis_is_no_narrow_datum():
    """Times r^2 the equation is the same one."""
    axis = TEXT.replace("-laplacian(u) = SOURCE", "u_xx + u_x/x - u/x**2 + u_yy = SOURCE").replace("FLUX", "0")
    assert not problem(axis.replace("SOURCE", "0")).scan.concentrations
    narrow = axis.replace("SOURCE", "exp(-((x - 0.5)/s)**2)")
    (concentration,) = problem(narrow).scan.concentrations.values()
    assert abs(float(concentration.points.points[:, 0].median()) - 0.5) < 1e-2
