"""DeepXDE's shapes as an independent witness for inside, normals and measures."""

import contextlib
import io
import warnings

import numpy as np
import pytest

from pinn.geometry.points.sampling import sample_boundary
from pinn.geometry.shapes.boxes import Cuboid, Interval, Rectangle
from pinn.geometry.shapes.csg import Difference, Intersection, Union
from pinn.geometry.shapes.planar import Disk, Ellipse
from pinn.geometry.shapes.polygon import Polygon
from pinn.geometry.shapes.solids import Sphere

VERTICES = [[0.0, 0.0], [2.0, 0.2], [1.0, 0.8], [1.6, 2.0], [-0.5, 1.0]]


@pytest.fixture(scope="module")
def deepxde_geometry():
    """DeepXDE prints and changes torch's defaults when imported; both are undone."""
    import torch

    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setenv("DDE_BACKEND", "pytorch")
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            import deepxde
    torch.set_default_dtype(dtype)
    torch.set_default_device(None if device.type == "cpu" else device)  # cpu would stay, as a mode around everything
    return deepxde.geometry


PAIRS = {
    "interval": (lambda g: g.Interval(-1, 2), lambda: Interval(-1, 2)),
    "rectangle": (lambda g: g.Rectangle([0, -1], [2, 2]), lambda: Rectangle([0, -1], [2, 2])),
    "disk": (lambda g: g.Disk([1, 2], 0.5), lambda: Disk([1, 2], 0.5)),
    # DeepXDE turns its ellipse clockwise
    "ellipse": (lambda g: g.Ellipse([1, 2], 2, 0.5, angle=-0.7), lambda: Ellipse([1, 2], [2, 0.5], rotation=0.7)),
    "polygon": (lambda g: g.Polygon(VERTICES), lambda: Polygon(VERTICES)),
    "cuboid": (lambda g: g.Cuboid([0, 0, 0], [1, 2, 3]), lambda: Cuboid([0, 0, 0], [1, 2, 3])),
    "sphere": (lambda g: g.Sphere([1, 2, 3], 0.5), lambda: Sphere([1, 2, 3], 0.5)),
    "difference": (
        lambda g: g.CSGDifference(g.Rectangle([0, 0], [2, 2]), g.Disk([0, 0], 0.5)),
        lambda: Difference(Rectangle([0, 0], [2, 2]), Disk([0, 0], 0.5)),
    ),
    "union": (
        lambda g: g.CSGUnion(g.Disk([0, 0], 1), g.Disk([1.2, 0], 0.6)),
        lambda: Union(Disk([0, 0], 1), Disk([1.2, 0], 0.6)),
    ),
    "intersection": (
        lambda g: g.CSGIntersection(g.Polygon(VERTICES), g.Disk([1, 1], 0.9)),
        lambda: Intersection(Polygon(VERTICES), Disk([1, 1], 0.9)),
    ),
}
each_pair = pytest.mark.parametrize("name", PAIRS)
pytestmark = pytest.mark.filterwarnings(
    "ignore:Arrays of 2-dimensional vectors:DeprecationWarning"
)  # DeepXDE's polygon


@each_pair
def test_inside(deepxde_geometry, name: str):
    theirs, ours = PAIRS[name][0](deepxde_geometry), PAIRS[name][1]()
    lower, upper = ours.bounds
    points = np.random.default_rng(0).uniform(lower - 0.3, upper + 0.3, (4000, ours.dimension))
    clear = np.abs(ours.level(points)) > 1e-4  # DeepXDE works to single precision
    assert np.mean(clear) > 0.99
    inside = np.asarray(theirs.inside(points)).ravel().astype(bool)
    assert 0.1 < np.mean(inside) < 0.9  # there are points to be wrong about on both sides
    np.testing.assert_array_equal(ours.contains(points)[clear], inside[clear])


@pytest.mark.parametrize("name", [name for name in PAIRS if name != "ellipse"])  # DeepXDE's has no normals
def test_normals(deepxde_geometry, name: str):
    theirs, ours = PAIRS[name][0](deepxde_geometry), PAIRS[name][1]()
    boundary = sample_boundary(ours, ours.patches, 200, seed=0)
    known = np.asarray(theirs.on_boundary(boundary.points)).ravel().astype(bool)
    normals = np.asarray(theirs.boundary_normal(boundary.points))
    assert np.mean(known) > 0.95
    known &= np.linalg.norm(normals, axis=1) > 0.5  # DeepXDE answers 0 on slanted edges that roundoff misses
    assert np.mean(known) > 0.4
    np.testing.assert_allclose(normals[known], boundary.normals[known], atol=1e-4)


def test_measures(deepxde_geometry):
    g = deepxde_geometry
    assert Polygon(VERTICES).measure == pytest.approx(abs(g.Polygon(VERTICES).area), rel=1e-6)
    assert sum(piece.measure for piece in Polygon(VERTICES).pieces) == pytest.approx(
        g.Polygon(VERTICES).perimeter, rel=1e-6
    )
    assert Rectangle([0, -1], [2, 2]).measure == pytest.approx(g.Rectangle([0, -1], [2, 2]).area, rel=1e-6)
    assert Cuboid([0, 0, 0], [1, 2, 3]).measure == pytest.approx(g.Cuboid([0, 0, 0], [1, 2, 3]).volume, rel=1e-6)
