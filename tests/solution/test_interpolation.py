"""A reference between its points: linear in space and time, triangulated once."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.interpolate
import scipy.spatial

from pinn.problem.problem import Reference
from pinn.solution.interpolation import interpolate

RNG = np.random.default_rng(0)
NODES, INSTANTS = RNG.uniform(0, 1, (60, 2)), np.linspace(0, 5, 7)
AT = RNG.uniform(0.35, 0.65, (200, 3)) * [1, 1, 5]
CORNERS = (np.zeros(3), np.array([1.0, 1, 5]))


def linear(points):
    """Linear in space at every time, and in time at every place."""
    x, y, t = points.T
    return 1 + 2 * x - y + t * (1 + x)


def table(points):
    points = RNG.permutation(points)
    return Reference(points, {"u": linear(points), "v": -linear(points)})


def test_nodes_at_the_same_instants_are_triangulated_in_space(monkeypatch):
    triangulated = []
    monkeypatch.setattr(
        scipy.spatial,
        "Delaunay",
        lambda points, make=scipy.spatial.Delaunay: triangulated.append(points) or make(points),
    )
    reference = table(np.column_stack([np.repeat(NODES, len(INSTANTS), axis=0), np.tile(INSTANTS, len(NODES))]))
    for _ in range(3):
        found = interpolate(reference, AT, CORNERS)
    assert [points.shape for points in triangulated] == [(60, 2)]
    np.testing.assert_allclose(found["u"], linear(AT), rtol=1e-12)
    np.testing.assert_allclose(found["v"], -linear(AT), rtol=1e-12)


def test_points_scattered_in_time_too_are_triangulated_once(monkeypatch):
    made = []
    interpolator = scipy.interpolate.LinearNDInterpolator
    monkeypatch.setattr(
        scipy.interpolate, "LinearNDInterpolator", lambda *given: made.append(1) or interpolator(*given)
    )
    reference = table(RNG.uniform(0, 1, (400, 3)) * [1, 1, 5])
    for _ in range(2):
        found = interpolate(reference, AT, CORNERS)
    assert made == [1]
    assert found["u"] == pytest.approx(linear(AT), rel=0.05)  # t x is no linear function


def test_a_grid_and_a_line():
    x, t = np.meshgrid(np.linspace(0, 1, 4), INSTANTS)
    points = np.column_stack([x.ravel(), t.ravel()])
    grid = Reference(points, {"u": 1 + x.ravel() * t.ravel()})
    found = interpolate(grid, AT[:, 1:], (np.zeros(2), np.array([1.0, 5])))
    np.testing.assert_allclose(found["u"], 1 + AT[:, 1] * AT[:, 2], rtol=1e-12)
    line = Reference(INSTANTS[::-1, None], {"u": INSTANTS[::-1] ** 2})
    found = interpolate(line, AT[:, 2:], (np.zeros(1), np.array([5.0])))
    np.testing.assert_allclose(found["u"], np.interp(AT[:, 2], INSTANTS, INSTANTS**2))
