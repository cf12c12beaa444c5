"""Sampling: exact counts, no duplicates, fair shares, and a refusal where there is nothing to sample."""

import numpy as np
import pytest
from scipy.stats import qmc

from pinn.geometry.points.sampling import sample_boundary, sample_interior
from pinn.geometry.points.sequences import SEQUENCES
from pinn.geometry.shapes.boxes import Cuboid, Interval, Rectangle
from pinn.geometry.shapes.csg import Difference
from pinn.geometry.shapes.planar import Annulus, Disk
from pinn.geometry.shapes.shape import GeometryError
from pinn.geometry.shapes.solids import Sphere
from tests.geometry.examples import EXAMPLES, Example

each_example = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())
PLATE = EXAMPLES["plate with hole"].shape
SHAPES = {
    "interval": Interval(0, 1),
    "square": Rectangle([0, 0], [1, 1]),
    "plate with hole": PLATE,
    "ball": Sphere([0, 0, 0], 2),
}
SHAPES_WITH_LENGTH = [name for name, shape in SHAPES.items() if shape.dimension > 1]


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


# ---- methods ----------------------------------------------------------------------------------------


each_method = pytest.mark.parametrize("method", SEQUENCES)


@each_method
@pytest.mark.parametrize("extent", [None, (0.5, 2.0)])
@pytest.mark.parametrize("name", ["interval", "plate with hole", "ball"])
@pytest.mark.parametrize("count", [1, 64, 503])
def test_every_method_fills_the_interior(method, extent, name, count):
    shape = SHAPES[name]
    points = sample_interior(shape, count, seed=1, extent=extent, method=method)
    assert points.shape == (count, shape.dimension + (extent is not None))
    assert len(np.unique(points, axis=0)) == count
    assert np.all(shape.level(points[:, : shape.dimension]) < 0)
    if extent:
        assert np.all((points[:, -1] > 0.5) & (points[:, -1] < 2))
    if count > 500:  # no method leaves a part of the domain out
        many = sample_interior(shape, 20_000, seed=5, extent=extent)
        np.testing.assert_allclose(np.mean(points, axis=0), np.mean(many, axis=0), atol=0.06 * shape.size)
        np.testing.assert_allclose(np.std(points, axis=0), np.std(many, axis=0), rtol=0.1)


@each_method
@pytest.mark.parametrize("extent", [None, (0, 3)])
@pytest.mark.parametrize("count", [2, 10, 501])
@pytest.mark.parametrize("name", SHAPES_WITH_LENGTH)
def test_every_method_fills_the_boundary(method, extent, count, name):
    """10 midpoints on a square meet two of its corners, which have no normal: the count is honoured all the same."""
    shape = SHAPES[name]
    boundary = sample_boundary(shape, shape.patches, count, seed=2, extent=extent, method=method)
    assert boundary.points.shape == (count, shape.dimension + (extent is not None))
    assert len(np.unique(boundary.points, axis=0)) == count
    np.testing.assert_allclose(shape.level(boundary.points[:, : shape.dimension]), 0, atol=1e-12)
    measure = sum(shape.patch_measure(patch) for patch in shape.patches) * (3 if extent else 1)
    if count > 500:
        assert boundary.measure == pytest.approx(measure, rel=0.1)
        shares = np.bincount(boundary.patch, minlength=len(shape.patches)) / count
        wanted = np.array([shape.patch_measure(patch) for patch in shape.patches]) * (3 if extent else 1) / measure
        np.testing.assert_allclose(shares, wanted, atol=0.05)


@each_method
def test_end_points_in_time_by_every_method(method):
    boundary = sample_boundary(Interval(-1, 2), ["left", "right"], 101, seed=0, extent=(0, 3), method=method)
    assert len(np.unique(boundary.points, axis=0)) == 101
    assert sorted(np.bincount(boundary.patch)) == [50, 51]
    for patch in (0, 1):
        times = np.sort(boundary.points[boundary.patch == patch][:, 1])
        np.testing.assert_allclose(times, np.linspace(0, 3, len(times)), atol=0.8 if method == "random" else 0.25)


@pytest.mark.slow
@each_method
def test_where_and_emptiness_by_every_method(method):
    square = Rectangle([0, 0], [1, 1])
    points = sample_interior(square, 100, seed=0, where=lambda x: x[:, 0] > 0.9, method=method)
    assert len(points) == 100
    assert np.all(points[:, 0] > 0.9)
    assert np.mean(points[:, 1] > 0.5) == pytest.approx(0.5, abs=0.15)
    with pytest.raises(GeometryError, match="nothing of the domain is left"):
        sample_interior(square, 10, seed=0, where=lambda x: x[:, 0] > 2, method=method)


def test_a_grid_has_the_midpoints_of_its_cells_and_no_seed():
    points = sample_interior(Rectangle([0, 0], [2, 1]), 20, seed=0, method="grid")
    x, y = np.meshgrid((np.arange(5) + 0.5) / 5 * 2, (np.arange(4) + 0.5) / 4, indexing="ij")
    np.testing.assert_allclose(points, np.column_stack([x.ravel(), y.ravel()]))
    np.testing.assert_array_equal(points, sample_interior(Rectangle([0, 0], [2, 1]), 20, seed=9, method="grid"))


def test_a_latin_hypercube_has_one_point_in_each_row_and_column():
    points = sample_interior(Rectangle([0, 0], [1, 1]), 300, seed=4, method="lhs")
    for axis in (0, 1):
        np.testing.assert_array_equal(np.sort((points[:, axis] * 300).astype(int)), np.arange(300))


def test_quasi_random_methods_beat_chance():
    """Discrepancy of 1024 points in the square: Sobol and Halton far below independent points."""
    square = Rectangle([0, 0], [1, 1])
    uneven = {
        method: np.mean([qmc.discrepancy(sample_interior(square, 1024, seed, method=method)) for seed in range(3)])
        for method in SEQUENCES
    }
    assert max(uneven["sobol"], uneven["halton"]) < 0.1 * uneven["random"]
    assert uneven["lhs"] < uneven["random"]
