"""Half-spaces, complements and traced level sets: measures in closed form, points on the zero set, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.geometry.shapes.boxes import Box, Interval, Rectangle
from pinn.geometry.shapes.csg import Intersection
from pinn.geometry.shapes.level_set import LevelSet
from pinn.geometry.shapes.partition import cut_by_shapes
from pinn.geometry.shapes.planar import Disk
from pinn.geometry.shapes.shape import GeometryError
from pinn.geometry.shapes.sides import Complement, HalfSpace

SQUARE = Rectangle([0, 0], [1, 1])


@pytest.mark.parametrize(
    ("domain", "normal", "offset", "share"),
    [
        (Interval(-1, 2), [2.0], 1.0, 0.5),
        (SQUARE, [0.0, -1.0], -0.3, 0.7),
        (SQUARE, [3.0, 3.0], 3.0, 0.5),
        (Box([0, 0, 0], [1, 1, 1]), [1.0, 1.0, 1.0], 1.0, 1 / 6),
    ],
)
def test_half_space_cuts_its_share(domain, normal, offset, share):
    half = HalfSpace(normal, offset, domain.bounds)
    # volumes in space are counted by 2**18 quasi-random points
    assert Intersection(domain, half).measure == pytest.approx(
        share * domain.measure, rel=1e-3 if share < 0.2 else 1e-9
    )
    partition = cut_by_shapes(domain, {"below": half, "above": None})
    assert len(partition.touching["below", "above"]) == 1
    (piece,) = partition.interface("below", "above")
    at = np.full((1, domain.dimension - 1), 0.5)
    assert piece.normals(at)[0] == pytest.approx(np.array(normal) / np.linalg.norm(normal))
    assert piece.points(at)[0] @ np.array(normal) == pytest.approx(offset)


def test_complement_is_what_a_disk_leaves():
    left = Intersection(SQUARE, Complement(Disk([0.5, 0.5], 0.25), SQUARE.bounds))
    assert left.measure == pytest.approx(1 - np.pi / 16)
    assert not left.contains([[0.5, 0.5]])[0]
    assert left.contains([[0.1, 0.1]])[0]


def circle(points):
    return points[:, 0] ** 2 + points[:, 1] ** 2 - 0.25


def test_a_traced_circle_is_a_circle():
    traced = LevelSet(circle, lambda points: 2 * points, (np.array([-1.0, -1.0]), np.array([1.0, 1.0])))
    (curve,) = traced.pieces
    assert curve.measure == pytest.approx(np.pi, rel=1e-7)
    parameters = np.linspace(0, 1, 57)[:, None]
    points = curve.points(parameters)
    assert np.abs(np.linalg.norm(points, axis=1) - 0.5).max() < 1e-14
    assert curve.normals(parameters) == pytest.approx(2 * points)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert np.ptp(steps) < 1e-6  # parametrised by arc length
    far = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    assert traced.level(far) == pytest.approx(np.linalg.norm(far, axis=1) - 0.5, abs=1e-4)


def test_a_domain_is_cut_along_a_wave():
    wave = LevelSet(
        lambda points: points[:, 1] - 0.5 - 0.1 * np.sin(6 * points[:, 0]),
        lambda points: np.column_stack([-0.6 * np.cos(6 * points[:, 0]), np.ones(len(points))]),
        SQUARE.bounds,
    )
    partition = cut_by_shapes(SQUARE, {"below": wave, "above": None})
    assert partition.parts["below"].measure == pytest.approx(0.5 + (1 - np.cos(6)) / 60, abs=1e-8)
    assert partition.parts["above"].measure == pytest.approx(0.5 - (1 - np.cos(6)) / 60, abs=1e-8)


@pytest.mark.parametrize(
    ("function", "gradient", "message"),
    [
        (
            lambda p: p[:, 1] - 0.5 - 0.02 * np.sin(500 * p[:, 0]),
            lambda p: np.column_stack([-10 * np.cos(500 * p[:, 0]), 1 + 0 * p[:, 1]]),
            "finer than the grid",
        ),
        (
            lambda p: np.sin(3000 * p[:, 0]) + 0 * p[:, 1],  # about two periods to a cell
            lambda p: np.column_stack([3000 * np.cos(3000 * p[:, 0]), 0 * p[:, 1]]),
            "finer than the grid",
        ),
        (
            lambda p: np.sin(100 * p[:, 0]) + 0 * p[:, 1],
            lambda p: np.column_stack([100 * np.cos(100 * p[:, 0]), 0 * p[:, 1]]),
            "curves; at most 12 are followed",
        ),
        (
            lambda p: np.where(p[:, 0] < 0.5, -1.0, 1.0),
            lambda p: np.zeros_like(p),
            "a corner or crosses itself",
        ),
    ],
    ids=["too fine", "aliased", "too many", "not smooth"],
)
def test_what_cannot_be_traced_is_refused(function, gradient, message):
    with pytest.raises(GeometryError) as caught:
        _ = LevelSet(function, gradient, SQUARE.bounds).pieces
    assert message in caught.value.message
