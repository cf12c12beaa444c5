"""Corner functions at points: derivatives against autograd, sides of cracks, windows, the plane beyond the wedge."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pinn.corners.basis import CornerBasis
from pinn.corners.functions import corner_functions
from pinn.corners.table import CornerTable
from pinn.corners.terms import alike
from pinn.derivatives.autograd import partial_derivatives
from pinn.derivatives.jets import Partial, plan_jets
from tests.corners.wedges import elastic, isotropic, laplace, stokes

VERTEX = np.array([1.3, -0.4])
ORDERS = [Partial((2, 0)), Partial((1, 1)), Partial((0, 2)), Partial((0, 0), 1)]


def points_about(low: float, high: float, count: int = 5) -> torch.Tensor:
    rng = np.random.default_rng(1)
    theta, r = rng.uniform(low, high, count), rng.uniform(0.1, 2.0, count)
    return torch.as_tensor(VERTEX + np.column_stack([r * np.cos(theta), r * np.sin(theta)]))


@pytest.mark.slow
@pytest.mark.parametrize("window", [None, (0.5, 1.5)])
@pytest.mark.parametrize(
    "wedge",
    [
        elastic([0.3, 0.3 + math.radians(100)], [isotropic(1.0, 0.3)], "CF"),  # complex exponents
        laplace([0.0, math.pi / 2], [1.0], "DD", source=1.0),  # a logarithm
        stokes([0.3, 4.0], "CC"),  # a pressure of r^(a - 1)
        laplace([0.0, 1.0, 2.5], [1.0, 5.0], "NN"),
    ],
)
def test_derivatives_are_those_of_autograd(wedge, window):
    found = corner_functions(wedge, 2.5)
    outputs = list(dict.fromkeys(name for sector in wedge.sectors for name in sector.outputs))
    basis = CornerBasis(VERTEX, found, outputs, radius=1.7, window=window)
    plan = plan_jets(ORDERS, 2)
    points = points_about(wedge.sectors[0].start, wedge.sectors[-1].end)
    jets = basis.jets(points, plan)
    expected = partial_derivatives(lambda p: basis.jets(p, plan_jets([], 2))[0].flatten(1), points, plan.channels, 2)
    for channel, jet in zip(plan.channels, jets, strict=True):
        assert jet.shape == (len(points), len(outputs), len(basis))
        torch.testing.assert_close(jet.flatten(1), expected[channel], rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_fourth_derivatives_are_slopes_of_third():
    found = corner_functions(laplace([0.0, 4.0], [1.0], "DN"), 2.0)
    basis = CornerBasis(VERTEX, found, ["u0"])
    plan = plan_jets([Partial((3, 0)), Partial((4, 0)), Partial((2, 2)), Partial((2, 1))], 2)
    points, h = points_about(0.0, 4.0), 1e-5
    for axis, low, high in ((0, (3, 0), (4, 0)), (1, (2, 1), (2, 2))):
        step = torch.zeros(1, 2, dtype=torch.float64)
        step[0, axis] = h
        after, before = (basis.jets(points + sign * step, plan)[plan.index(Partial(low))] for sign in (1, -1))
        exact = basis.jets(points, plan)[plan.index(Partial(high))]
        assert float((after - before - 2 * h * exact).abs().max() / (2 * h * exact).abs().max()) < 1e-6


def test_the_first_function_of_a_reentrant_corner():
    """r^(2/3) sin(2 theta/3) up to a factor, also beyond the edges, to the middle of the notch."""
    found = corner_functions(laplace([0.0, 1.5 * math.pi], [1.0], "DD"), 1.0)
    basis = CornerBasis([0.0, 0.0], found, ["u0"])
    theta, r = torch.linspace(-0.7, 5.4, 50, dtype=torch.float64), 0.37
    points = torch.stack([r * torch.cos(theta), r * torch.sin(theta)], dim=1)
    value = basis.jets(points, plan_jets([], 2))[0][:, 0, 0]
    expected = torch.sin(2 * theta / 3)
    torch.testing.assert_close(value / value[20] * expected[20], expected, rtol=1e-11, atol=1e-12)


def test_faces_of_a_crack_are_told_apart_by_the_way_inward():
    found = corner_functions(laplace([-math.pi, math.pi], [1.0], "NN"), 1.0)
    basis = CornerBasis([0.0, 0.0], found, ["u0"])
    points = torch.tensor([[-0.5, 0.0], [-0.5, 0.0]], dtype=torch.float64)
    upper, lower = basis.jets(points, plan_jets([], 2), torch.tensor([[0.0, 1.0], [0.0, -1.0]]))[0][:, 0, 0]
    torch.testing.assert_close(upper, -lower)
    torch.testing.assert_close(upper.abs(), torch.tensor(math.sqrt(0.5), dtype=torch.float64))


def test_coordinates_beyond_the_plane_change_nothing():
    found = corner_functions(laplace([0.0, 4.0], [1.0], "DD"), 1.0)
    basis = CornerBasis([0.0, 0.0], found, ["u0"], window=(0.5, 2.0))
    plane, whole = plan_jets([Partial((2, 0))], 2), plan_jets([Partial((2, 0, 0)), Partial((0, 0, 1))], 3, 2)
    points = torch.rand(7, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = basis.jets(points, plane)[plane.index(Partial((2, 0)))]
    jets = basis.jets(torch.cat([points, torch.rand(7, 1, dtype=torch.float64)], dim=1), whole)
    torch.testing.assert_close(jets[whole.index(Partial((2, 0, 0)))], expected)
    assert not jets[whole.index(Partial((0, 0, 1)))].any()


def test_an_output_that_is_not_the_corner_s_is_zero():
    found = corner_functions(laplace([0.0, 4.0], [1.0], "DD"), 1.0)
    basis = CornerBasis([0.0, 0.0], found, ["other", "u0"])
    (values,) = basis.jets(torch.rand(4, 2, dtype=torch.float64), plan_jets([], 2))
    assert not values[:, 0].any()
    assert values[:, 1].any()


def test_a_window_ends_and_begins():
    found = corner_functions(laplace([0.0, 4.0], [1.0], "DD"), 1.0)
    faded, whole = (CornerBasis([0.0, 0.0], found, ["u0"], window=window) for window in ((0.5, 1.0), None))
    points = torch.tensor([[0.3, 0.3], [0.5, 0.6], [0.8, 0.8]], dtype=torch.float64)
    (a,), (b,) = (basis.jets(points, plan_jets([], 2)) for basis in (faded, whole))
    torch.testing.assert_close(a[0], b[0])
    assert 0 < float(a[1, 0, 0] / b[1, 0, 0]) < 1
    assert not a[2].any()


def test_terms_are_sorted_by_their_logarithms_and_whether_they_are_real():
    """And anew where a file's numbers come after its table is made; the sum of all is that of each."""
    wedge = elastic([0.3, 0.3 + math.radians(100)], [isotropic(1.0, 0.3)], "CF")
    found = corner_functions(wedge, 2.5)
    basis = CornerBasis(VERTEX, found, wedge.sectors[0].outputs)
    series = torch.view_as_complex(basis.series)
    with_logarithm = torch.cat([series, torch.zeros_like(series)], dim=3)
    with_logarithm[:, :, :, 1, 0] = series[:, :, :, 0, 0]
    tensors = {name: basis.get_buffer(name) for name in CornerTable.NAMES}
    table = CornerTable({**tensors, "series": torch.view_as_real(with_logarithm)}, 2)
    kinds = alike(table.exponents, table.series)
    turning = torch.nonzero(table.exponents[:, 1] != 0).flatten().tolist()
    assert [(kind.levels, kind.series.is_complex()) for kind in kinds] == [(2, False), (1, True)]
    assert [kind.index.tolist() for kind in kinds] == [[0], turning]
    assert len(turning) > 1
    points, plan = points_about(0.3, 0.3 + math.radians(100)), plan_jets(ORDERS, 2)
    weights = torch.linspace(-1.0, 2.0, len(table), dtype=torch.float64)
    for scale in (1.0, 3.0):
        table.load_state_dict({**table.state_dict(), "series": scale * torch.view_as_real(with_logarithm)})
        jets, combined = table.jets(points, plan), table.combined(points, plan, weights)
        r = torch.linalg.vector_norm(points - torch.as_tensor(VERTEX), dim=1)
        first = scale * basis.jets(points, plan)[0][:, :, 0] * (1 + torch.log(r))[:, None]
        torch.testing.assert_close(jets[0][:, :, 0], first)
        for channel, whole in zip(jets, combined, strict=True):
            torch.testing.assert_close(channel @ weights, whole)
