"""Sampling: exact counts, no duplicates, fair shares, and a refusal where there is nothing to sample."""

import numpy as np
import pytest

from pinn.geometry.boxes import Cuboid, Interval, Rectangle
from pinn.geometry.csg import Difference
from pinn.geometry.planar import Annulus, Disk
from pinn.geometry.sampling import sample_boundary, sample_interior
from pinn.geometry.shapes import GeometryError
from pinn.geometry.solids import Sphere
from tests.geometry.examples import EXAMPLES, Example

each_example = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())
PLATE = EXAMPLES["plate with hole"].shape


@each_example
@pytest.mark.parametrize("extent", [None, (0.5, 2.0)])
def test_interior_points_are_distinct_inside_and_exactly_as_many(example: Example, extent):
    points = sample_interior(example.shape, 1001, seed=0, extent=extent)
    dimension = example.shape.dimension
    assert points.shape == (1001, dimension + (extent is not None))
    assert len(np.unique(points, axis=0)) == 1001
    assert np.all(example.shape.level(points[:, :dimension]) < 0)
    if extent:
        times = np.sort(points[:, -1])
        np.testing.assert_allclose(times, np.linspace(0.5, 2.0, 1001), atol=0.1)


@each_example
def test_boundary_points_are_distinct_and_share_out_by_measure(example: Example):
    shape = example.shape
    if shape.dimension == 1:
        return
    boundary = sample_boundary(shape, shape.patches, 2000, seed=0)
    assert boundary.points.shape == boundary.normals.shape == (2000, shape.dimension)
    assert len(np.unique(boundary.points, axis=0)) == 2000
    assert boundary.measure == pytest.approx(sum(example.patches.values()), rel=0.02)
    shares = np.bincount(boundary.patch, minlength=len(shape.patches)) / 2000
    wanted = np.array([example.patches[name] for name in shape.patches]) / sum(example.patches.values())
    pieces_per_patch = max(len(shape.pieces_of([name])) for name in shape.patches)
    # planar: each piece within one point of its share; in space rejection leaves Sobol's own unevenness
    np.testing.assert_allclose(shares, wanted, atol=(pieces_per_patch + 1) / 2000 if shape.dimension == 2 else 0.01)


def test_the_hole_gets_its_share_of_any_count():
    for count in (7, 100, 1434):
        boundary = sample_boundary(PLATE, PLATE.patches, count, seed=3)
        hole = np.sum(boundary.patch == PLATE.patches.index("hole"))
        assert abs(hole - count * (np.pi / 4) / (7 + np.pi / 4)) <= 1


def test_boundary_points_are_even_along_a_curve():
    boundary = sample_boundary(Disk([0, 0], 1), ["circle"], 500, seed=0)
    angles = np.sort(np.arctan2(boundary.points[:, 1], boundary.points[:, 0]))
    assert np.max(np.diff(angles)) < 2.1 * 2 * np.pi / 500


def test_patch_index_follows_the_order_asked_for():
    boundary = sample_boundary(PLATE, ["top", "hole"], 300, seed=0)
    np.testing.assert_allclose(boundary.points[boundary.patch == 0][:, 1], 2)
    np.testing.assert_allclose(np.linalg.norm(boundary.points[boundary.patch == 1], axis=1), 0.5)


def test_where_keeps_part_of_a_patch():
    boundary = sample_boundary(PLATE, ["right", "top"], 512, seed=0, where=lambda x: x[:, 1] > 1.5)
    assert len(boundary.points) == 512
    assert np.all(boundary.points[:, 1] > 1.5)
    assert np.mean(boundary.patch == 0) == pytest.approx(0.2, abs=0.01)
    assert boundary.measure == pytest.approx(2.5, rel=0.01)


def test_a_narrow_where_is_found():
    boundary = sample_boundary(PLATE, ["right"], 64, seed=0, where=lambda x: np.abs(x[:, 1] - 1.2345) < 1e-4)
    assert len(np.unique(boundary.points, axis=0)) == 64


@pytest.mark.parametrize("shape", [PLATE, Interval(0, 1), Cuboid([0, 0, 0], [1, 1, 1])], ids=["plane", "line", "space"])
def test_a_place_without_points_is_refused(shape):
    with pytest.raises(GeometryError, match="nothing of 'left' is left"):
        sample_boundary(shape, ["left"], 10, seed=0, where=lambda x: x[:, 0] > 100)


def test_unknown_and_vanished_patches_are_refused():
    with pytest.raises(GeometryError, match="unknown patch 'hoel'; did you mean 'hole'"):
        sample_boundary(PLATE, ["hoel"], 10, seed=0)
    cut = Difference(Rectangle([0, 0], [1, 1]), Rectangle([-1, -1], [0.5, 2], name="cut"))
    assert "left" in cut.vanished_patches
    with pytest.raises(GeometryError, match="nothing of patch 'left' is left on the boundary"):
        sample_boundary(cut, ["left"], 10, seed=0)


def test_end_points_of_an_interval_come_once():
    boundary = sample_boundary(Interval(-1, 2), ["right", "left"], 50, seed=0)
    np.testing.assert_array_equal(boundary.points, [[2], [-1]])
    np.testing.assert_array_equal(boundary.normals, [[1], [-1]])
    np.testing.assert_array_equal(boundary.patch, [0, 1])
    np.testing.assert_array_equal(boundary.weights, [1, 1])


def test_end_points_in_time_are_distinct_and_shared_evenly():
    boundary = sample_boundary(Interval(-1, 2), ["left", "right"], 101, seed=0, extent=(0, 3))
    assert boundary.points.shape == (101, 2)
    assert boundary.normals.shape == (101, 1)
    assert len(np.unique(boundary.points, axis=0)) == 101
    assert sorted(np.bincount(boundary.patch)) == [50, 51]
    for patch, x in ((0, -1), (1, 2)):
        mine = boundary.points[boundary.patch == patch]
        assert np.all(mine[:, 0] == x)
        np.testing.assert_allclose(np.sort(mine[:, 1]), np.linspace(0, 3, len(mine)), atol=0.25)
    assert boundary.measure == 6


def test_spacetime_boundary_fills_length_and_time_jointly():
    boundary = sample_boundary(PLATE, ["hole"], 256, seed=0, extent=(1, 2))
    angle = np.arctan2(boundary.points[:, 1], boundary.points[:, 0]) / (np.pi / 2)
    cells = np.bincount((angle * 8).astype(int) * 8 + ((boundary.points[:, 2] - 1) * 8).astype(int), minlength=64)
    assert cells.min() >= 2  # 4 on average; independent draws would leave a cell empty more often than not
    assert boundary.measure == pytest.approx(np.pi / 4)


def test_interior_is_evenly_filled():
    points = sample_interior(Rectangle([0, 0], [1, 1]), 1024, seed=5)
    cells = np.bincount((points[:, 0] * 16).astype(int) * 16 + (points[:, 1] * 16).astype(int), minlength=256)
    assert cells.min() == cells.max() == 4


def test_seed_decides_the_points():
    first, again, other = (sample_interior(PLATE, 100, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.max(np.abs(first - other)) > 0.1
    first, again = (sample_boundary(PLATE, ["hole"], 100, seed=seed).points for seed in (1, 1))
    np.testing.assert_array_equal(first, again)


def test_a_thin_shape_still_gets_its_points():
    assert len(sample_interior(Annulus([0, 0], 0.999, 1), 300, seed=0)) == 300


def test_an_empty_shape_is_refused():
    with pytest.raises(GeometryError, match="no interior"):
        sample_interior(Difference(Disk([0, 0], 1), Disk([0, 0], 2)), 10, seed=0)


def test_quadrature_weights_integrate_over_a_curved_surface():
    boundary = sample_boundary(Sphere([0, 0, 0], 2), ["sphere"], 4096, seed=0)
    assert np.sum(boundary.weights * boundary.points[:, 2] ** 2) == pytest.approx(16 * np.pi * 4 / 3, rel=1e-3)


def test_no_points_asked_for_gives_none():
    assert sample_interior(PLATE, 0, seed=0).shape == (0, 2)
