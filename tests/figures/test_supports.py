"""Symbols of supports and loads: what is held is hatched, what slides rolls, loads are arrows the way they act."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

import pinn
from pinn.figures.supports import draw_symbols, symbols

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
    draw_symbols(axes, pinn.load(PLATE))
    (arrows,) = [one for one in axes.collections if isinstance(one, Quiver)]
    tips = arrows.XY + np.column_stack([arrows.U, arrows.V])
    down = np.asarray(arrows.V) < 0
    np.testing.assert_allclose(tips[down, 1], 1, atol=1e-12)
    np.testing.assert_allclose(arrows.XY[~down, 0], 2, atol=1e-12)
    assert any(isinstance(one, LineCollection) for one in axes.collections)
    assert any(isinstance(one, PatchCollection) for one in axes.collections)


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
