"""Triangulation: cells are well shaped, follow the boundary, and add up to the shape."""

import numpy as np
import pytest

from pinn.geometry.meshing.triangulation import Mesh, triangulate
from pinn.geometry.shapes.boxes import Box, Cuboid, Interval, Rectangle
from pinn.geometry.shapes.csg import Difference, Intersection, Union
from pinn.geometry.shapes.planar import Annulus, Disk, Ellipse, Sector
from pinn.geometry.shapes.polygon import Polygon
from pinn.geometry.shapes.shape import GeometryError, Shape
from pinn.geometry.shapes.solids import Cylinder, Sphere

STRAIGHT = {
    "rectangle": Rectangle([0, 0], [3, 1]),
    "L": Difference(Rectangle([-1, -1], [1, 1]), Rectangle([0, 0], [1, 1])),
    "T": Union(Rectangle([0, 0], [3, 0.4]), Rectangle([1.3, 0.4], [1.7, 2])),
    "Cook's membrane": Polygon([[0, 0], [48, 44], [48, 60], [0, 44]]),
}
CURVED = {
    "plate with hole": Difference(Rectangle([0, 0], [2, 2]), Disk([0, 0], 0.5, "hole")),
    "plate with a small hole": Difference(Rectangle([-1, -1], [1, 1]), Disk([0.3, 0.1], 0.05, "hole")),
    "annulus": Annulus([0, 0], 0.3, 1),
    "disk": Disk([1, 1], 1),
    "two disks": Union(Disk([0, 0], 1), Disk([1.2, 0], 0.6)),
    "lens": Intersection(Disk([0, 0], 1), Disk([1.2, 0], 1)),
    "elliptical crack": Difference(Ellipse([0, 0], [2, 1]), Ellipse([0.3, 0], [0.8, 0.1], 0.6)),
    "hole near the edge": Difference(Rectangle([0, 0], [2, 1]), Disk([1, 0.5], 0.48)),
    "wide sector": Sector([0, 0], 0, 1, 0.3, 5.5),
}
PLANAR = STRAIGHT | CURVED
each_planar = pytest.mark.parametrize("shape", PLANAR.values(), ids=PLANAR.keys())
each_resolution = pytest.mark.parametrize("resolution", [12, 40])


def doubled_areas(mesh: Mesh) -> np.ndarray:
    corners = mesh.points[mesh.cells["triangle"]]
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]


def angles(mesh: Mesh) -> np.ndarray:
    """Angles [M, 3] of the triangles in degrees."""
    corners = mesh.points[mesh.cells["triangle"]]
    found = []
    for k in range(3):
        u, v = corners[:, (k + 1) % 3] - corners[:, k], corners[:, (k + 2) % 3] - corners[:, k]
        cosine = np.sum(u * v, axis=1) / (np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1))
        found.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return np.column_stack(found)


def rim(mesh: Mesh) -> np.ndarray:
    """Edges [E, 2] that belong to one triangle only."""
    triangles = mesh.cells["triangle"]
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    assert counts.max() == 2
    return unique[counts == 1]


@each_planar
@each_resolution
def test_triangles_are_anticlockwise_and_well_shaped(shape: Shape, resolution: int):
    mesh = triangulate(shape, resolution)
    assert np.all(doubled_areas(mesh) > 0)
    assert angles(mesh).min() > 22
    assert np.array_equal(np.unique(mesh.cells["triangle"]), np.arange(len(mesh.points)))


@each_planar
@each_resolution
def test_the_rim_of_the_mesh_is_the_boundary(shape: Shape, resolution: int):
    """Rim nodes lie on the curves, and the rim is as long as the boundary: nothing sticks out, nothing is missing."""
    mesh = triangulate(shape, resolution)
    edges = rim(mesh)
    np.testing.assert_allclose(shape.level(mesh.points[np.unique(edges)]), 0, atol=1e-11 * shape.size)
    interior = np.setdiff1d(np.arange(len(mesh.points)), edges)
    assert np.all(shape.level(mesh.points[interior]) < 0)
    length = np.sum(np.linalg.norm(mesh.points[edges[:, 1]] - mesh.points[edges[:, 0]], axis=1))
    assert length == pytest.approx(sum(piece.measure for piece in shape.pieces), rel=5e-3)


@pytest.mark.parametrize("shape", STRAIGHT.values(), ids=STRAIGHT.keys())
def test_area_of_straight_sided_shapes_is_exact(shape: Shape):
    assert 0.5 * doubled_areas(triangulate(shape, 15)).sum() == pytest.approx(shape.measure, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("shape", CURVED.values(), ids=CURVED.keys())
def test_area_of_curved_shapes_is_second_order(shape: Shape):
    """A chord of length h on radius R loses h³/(12 R): with 32 chords to a turn, 0.64 % of the circle's area.

    With four times the chords it is a sixteenth; a method of first order keeps a quarter.
    """
    errors = [abs(0.5 * doubled_areas(triangulate(shape, n)).sum() / shape.measure - 1) for n in (16, 64)]
    assert errors[0] < 6.5e-3
    assert errors[1] < max(errors[0] / 6, 1e-4)


def test_corners_are_nodes():
    points = triangulate(CURVED["plate with hole"], 20).points
    for corner in ([0.5, 0], [0, 0.5], [2, 0], [2, 2], [0, 2]):
        assert np.linalg.norm(points - corner, axis=1).min() < 1e-14


@pytest.mark.slow
def test_cells_are_finer_at_a_small_hole_and_grow_away_from_it():
    shape = CURVED["plate with a small hole"]
    mesh = triangulate(shape, 40)
    centroids = mesh.points[mesh.cells["triangle"]].mean(axis=1)
    distance = np.hypot(centroids[:, 0] - 0.3, centroids[:, 1] - 0.1)
    edge = np.sqrt(doubled_areas(mesh) * 2 / np.sqrt(3))  # of the equilateral triangle of that area
    assert np.median(edge[distance < 0.06]) == pytest.approx(0.1 * np.pi / 32, rel=0.2)
    assert np.median(edge[distance > 0.5]) == pytest.approx(2 / 40, rel=0.2)
    on_hole = np.abs(np.hypot(mesh.points[:, 0] - 0.3, mesh.points[:, 1] - 0.1) - 0.05) < 1e-12
    assert np.sum(on_hole) >= 24


@pytest.mark.parametrize(
    "shape", [Disk([0, 0], 1), Rectangle([0, 0], [1, 1]), STRAIGHT["L"]], ids=["disk", "rectangle", "L"]
)
@pytest.mark.parametrize("resolution", [1, 2, 3])
def test_coarse_meshes(shape: Shape, resolution: int):
    mesh = triangulate(shape, resolution)
    assert 0.5 * doubled_areas(mesh).sum() == pytest.approx(shape.measure, rel=0.02)


def test_lines():
    mesh = triangulate(Difference(Interval(0, 3), Interval(1, 2)), 30)
    lengths = np.diff(mesh.points[mesh.cells["line"]][..., 0], axis=1)
    assert len(lengths) == 20
    np.testing.assert_allclose(lengths, 0.1)


def test_hexahedra_fill_a_cuboid():
    mesh = triangulate(Cuboid([0, 0, 0], [1, 2, 0.5]), 8)
    corners = mesh.points[mesh.cells["hexahedron"]]
    assert len(corners) == 4 * 8 * 2
    frames = corners[:, [1, 3, 4]] - corners[:, :1]
    np.testing.assert_allclose(np.linalg.det(frames), 0.25**3)
    np.testing.assert_allclose(corners[:, 6] - corners[:, 0], 0.25)


def test_wedges_fill_a_cylinder():
    shape = Cylinder([1, 0, 0], [1, 2, 2], 0.5)
    mesh = triangulate(shape, 16)
    corners = mesh.points[mesh.cells["wedge"]]
    volumes = np.linalg.det(corners[:, [1, 2, 3]] - corners[:, :1]) / 2  # triangle area times height
    assert volumes.min() > 0
    assert volumes.sum() == pytest.approx(shape.measure, rel=8e-3)
    assert np.all(shape.contains(mesh.points, tolerance=1e-12))


SOLIDS = {
    "sphere": Sphere([0, 0, 0], 1),
    "cuboid less a corner ball": Difference(Cuboid([0, 0, 0], [1, 1, 1]), Sphere([0, 0, 0], 0.5)),
    "bored cuboid": Difference(Cuboid([0, 0, 0], [2, 1, 1]), Cylinder([1, 0.5, 0], [1, 0.5, 1], 0.3)),
    "two cuboids": Union(Cuboid([0, 0, 0], [1, 1, 1]), Cuboid([1, 0, 0], [2, 0.5, 1])),
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", SOLIDS.values(), ids=SOLIDS.keys())
def test_tetrahedra_fill_a_solid(shape: Shape):
    mesh = triangulate(shape, 16)
    corners = mesh.points[mesh.cells["tetra"]]
    volumes = np.linalg.det(corners[:, 1:] - corners[:, :1]) / 6
    assert volumes.min() > 0
    assert volumes.sum() == pytest.approx(shape.measure, rel=0.01)
    assert np.all(shape.contains(mesh.points, tolerance=1e-9))


def test_four_dimensions_are_refused():
    with pytest.raises(GeometryError, match="4 dimensions"):
        triangulate(Box([0] * 4, [1] * 4), 4)


def test_creases_of_a_solid_are_nodes():
    points = triangulate(SOLIDS["bored cuboid"], 16).points
    for corner in ([0, 0, 0], [2, 0, 0], [2, 1, 1], [0, 1, 1]):
        assert np.linalg.norm(points - corner, axis=1).min() < 1e-9
    radius = np.hypot(points[:, 0] - 1, points[:, 1] - 0.5)
    on_rim = (np.abs(radius - 0.3) < 1e-9) & (np.abs(points[:, 2]) < 1e-9)
    assert np.sum(on_rim) >= 12  # the rim is 1.885 long and the spacing 0.125
