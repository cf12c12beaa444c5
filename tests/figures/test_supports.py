"""Symbols of supports and loads: what is held is hatched, what slides rolls, loads are arrows the way they act."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

import pinn
from pinn.export.sampling.grid import space_grid
from pinn.figures.quantities import draw_supports
from pinn.figures.supports import draw_symbols, symbols
from pinn.figures.views import beside_loads, triangles_of

PLATE = """
name: plate
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}}
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
conditions:
  - {on: left, fixed: true}
  - {on: bottom, roller: true}
  - {on: top, pressure: 1 + x}
  - {on: right, traction: [3, 0], where: y > 0.5}
  - {on: right, traction: [0, 0], where: y <= 0.5}
"""


@pytest.fixture(scope="module")
def found():
    return symbols(pinn.load(PLATE))


def test_a_clamp_is_hatched_outside_the_body(found):
    fixed = np.concatenate(found.fixed)
    assert len(fixed) >= 3
    assert np.all(fixed[:, 0] == 0)
    assert np.all(np.concatenate(found.lean)[:, 0] < 0)


def test_a_roller_stands_below(found):
    rolling = np.concatenate(found.rolling)
    assert len(rolling) >= 3
    np.testing.assert_allclose(rolling[:, 1], -found.radius)


def test_a_rigid_patch_is_not_held():
    moving = PLATE.partition("  - {on: bottom")[0] + "  - {on: right, rigid: true, force: [0, 1]}\n"
    fixed = np.concatenate(symbols(pinn.load(moving + "  - {on: [bottom, top], traction: [0, 0]}\n")).fixed)
    assert len(fixed) >= 3
    assert np.all(fixed[:, 0] == 0)


def test_loads_are_what_the_body_is_given(found):
    points, loads = np.concatenate(found.loaded), np.concatenate(found.loads)
    top = points[:, 1] == 1
    np.testing.assert_allclose(loads[top, 1], -(1 + points[top, 0]))
    assert np.all(loads[top, 0] == 0)
    pulled = points[:, 0] == 2
    assert pulled.any()
    assert np.all(points[pulled, 1] > 0.5)
    np.testing.assert_allclose(loads[pulled], np.broadcast_to([3, 0], (int(pulled.sum()), 2)))


def test_a_push_ends_at_the_boundary_and_a_pull_begins_there():
    axes = Figure().add_subplot()
    problem = pinn.load(PLATE)
    draw_symbols(axes, problem, symbols(problem))
    (arrows,) = [one for one in axes.collections if isinstance(one, Quiver)]
    tips = arrows.XY + np.column_stack([arrows.U, arrows.V])
    down = np.asarray(arrows.V) < 0
    np.testing.assert_allclose(tips[down, 1], 1, atol=1e-12)
    np.testing.assert_allclose(arrows.XY[~down, 0], 2, atol=1e-12)
    assert any(isinstance(one, LineCollection) for one in axes.collections)
    assert any(isinstance(one, PatchCollection) for one in axes.collections)


POINTS = PLATE.replace(
    "conditions:",
    """point_loads:
  - {at: [0.5, 1], force: [0, -2]}
  - {at: [2, 0.5], force: [1, 0]}
  - {at: [1, 0.5], force: [0, 1]}
conditions:""",
).replace("traction: [3, 0]", "traction: [0, 0]")


def test_forces_at_points_push_from_outside_or_inside_and_pull_at_the_boundary():
    problem = pinn.load(POINTS)
    axes = Figure().add_subplot()
    draw_symbols(axes, problem, symbols(problem))
    _, arrows = [one for one in axes.collections if isinstance(one, Quiver)]
    tips = arrows.XY + np.column_stack([arrows.U, arrows.V])
    np.testing.assert_allclose(tips[0], [0.5, 1], atol=1e-12)  # pushes
    np.testing.assert_allclose(arrows.XY[1], [2, 0.5], atol=1e-12)  # pulls
    np.testing.assert_allclose(tips[2], [1, 0.5], atol=1e-12)  # inside
    lengths = np.hypot(arrows.U, arrows.V)
    np.testing.assert_allclose(lengths / lengths[0], [1, 0.5, 0.5])


def test_on_the_deformed_body_they_are_where_its_boundary_is(found):
    moved = found.moved(lambda points: np.column_stack([0 * points[:, 0], 0.1 * points[:, 0]]))
    np.testing.assert_allclose(np.concatenate(moved.fixed), np.concatenate(found.fixed))
    before, after = np.concatenate(found.loaded), np.concatenate(moved.loaded)
    np.testing.assert_allclose(after[:, 1] - before[:, 1], 0.1 * before[:, 0])
    assert moved.loads is found.loads


def test_a_map_of_a_body_at_rest_shows_them():
    problem = pinn.load(PLATE)
    axes = Figure().add_subplot()
    seen: Any = SimpleNamespace(sample=SimpleNamespace(solution=SimpleNamespace(problem=problem)))
    draw_supports(axes, seen)
    assert any(isinstance(one, Quiver) for one in axes.collections)


def test_a_picture_has_no_hole_at_a_force():
    problem = pinn.load(POINTS)
    grid = space_grid(problem, resolution=4)
    seen = beside_loads(problem, grid, triangles_of(grid))
    off = np.linalg.norm(seen.points - grid.points, axis=1)
    assert (off > 0).sum() == 3
    assert off.max() < 0.5
    assert problem.geometry.contains(seen.points, 0.0).all()


def test_what_is_no_body_has_none():
    problem = pinn.load(
        """
name: heat
coordinates: [x, y]
physics: {heat_conduction: {conductivity: 1}}
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
conditions: [{on: boundary, temperature: 0}]
"""
    )
    assert symbols(problem) is None
