"""Meshes as domains: measures and normals on every kind of cell, even points, distances, refusals."""

import meshio
import numpy as np
import pytest
from scipy.stats import chi2

from pinn.geometry.mesh.boundary import _mirrored
from pinn.geometry.mesh.elements import ELEMENTS, jacobians
from pinn.geometry.mesh.facets import part_points
from pinn.geometry.mesh.shape import MeshShape
from pinn.geometry.meshing.triangulation import straight_cells, triangulate
from pinn.geometry.points.sampling import sample_boundary, sample_interior
from pinn.geometry.shapes.shape import GeometryError
from tests.geometry.meshes import block, grouped, ring, write

FILLING = [kind for kind, element in ELEMENTS.items() if element.dimension > 1]
SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]]
EDGES = [[0, 1], [1, 2], [2, 3], [3, 0]]


def ring_mesh(folder, kind, count=None) -> MeshShape:
    points, cells = block(kind, count or (3 if ELEMENTS[kind].dimension == 2 else 2), ring)
    return MeshShape(write(folder / "ring.vtu", points, [(kind, cells)]), ELEMENTS[kind].dimension)


@pytest.mark.parametrize("kind", FILLING)
def test_divergence_theorem(kind, tmp_path):
    """D * measure = integral of x·n, and the integral of n vanishes: no facet is missing or turned."""
    shape = ring_mesh(tmp_path, kind)
    exact = 0.75 * np.pi
    second_order = len(ELEMENTS[kind].nodes) > ELEMENTS[kind].corners
    assert shape.measure == pytest.approx(exact, rel=3e-3 if second_order else 0.15)
    along = (np.arange(64) + 0.5) / 64
    parameters = np.array(np.meshgrid(*[along] * (shape.dimension - 1))).reshape(shape.dimension - 1, -1).T
    flux, closing = 0.0, np.zeros(shape.dimension)
    for piece in shape.pieces:
        # midpoints of as many steps as the piece has facets, so that each facet has the same share of them
        points, normals = piece.points(parameters), piece.normals(parameters)
        np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, rtol=1e-12)
        flux += piece.measure * np.mean(np.sum(points * normals, axis=1))
        closing += piece.measure * normals.mean(axis=0)
    assert flux / shape.dimension == pytest.approx(shape.measure, rel=2e-3)
    assert np.abs(closing).max() < 4e-3 * sum(piece.measure for piece in shape.pieces)


@pytest.mark.parametrize("kind", FILLING)
def test_distance_is_zero_on_the_facets_and_signed_beside_them(kind, tmp_path):
    shape = ring_mesh(tmp_path, kind)
    drawn = sample_boundary(shape, shape.patches, 300, 0)
    assert np.abs(shape.level(drawn.points)).max() < 1e-12
    assert np.all(shape.level(drawn.points - 1e-4 * drawn.normals) < 0)
    for step in (1e-4, 1e-2):
        outside = shape.level(drawn.points + step * drawn.normals)
        np.testing.assert_allclose(np.median(outside), step, atol=1e-5)
        assert np.all(
            (outside > 0.5 * step) & (outside < step + 1e-5)
        )  # beside a re-entrant edge another face is nearer


def test_a_point_as_far_from_all_sides_lies_inside(tmp_path):
    """Normals of facets that are as near, but at other places, do not add up to a side."""
    square = MeshShape(write(tmp_path / "square.vtu", np.array(SQUARE, dtype=float), [("line", np.array(EDGES))]), 2)
    np.testing.assert_allclose(square.level(np.array([[0.5, 0.5], [0.3, 0.3], [-1.0, -1.0]])), [-0.5, -0.3, 2**0.5])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["triangle6", "quad", "tetra"])
def test_many_points_and_few_lie_on_the_same_side(kind, tmp_path):
    """The grid of sides, used for many points, against the search for each; and both against the exact ring."""
    shape = ring_mesh(tmp_path, kind)
    points = np.random.default_rng(1).uniform(-0.2, 2.2, (1200, shape.dimension))
    many = shape.contains(points)
    few = np.concatenate([shape.contains(part) for part in np.array_split(points, 3)])
    assert np.array_equal(many, few)
    assert many.mean() > 0.1
    if shape.dimension == 2:
        radius = np.hypot(*points.T)
        inside = (radius > 1) & (radius < 2) & (points > 0).all(axis=1)
        clear = np.minimum(np.abs(radius - 1), np.abs(radius - 2)) > 0.07
        assert np.array_equal(many[clear], inside[clear])


@pytest.mark.parametrize("method", ["sobol", "random"])
def test_interior_points_are_even_over_cells_of_unequal_size(method, tmp_path):
    """Counts in cells against their areas: chi-square, 2.5 % to 97.5 % for random points, below it for even ones."""
    points, cells = block("triangle", 6, lambda unit: ring(unit**1.5))
    shape = MeshShape(write(tmp_path / "m.vtu", points, [("triangle", cells)]), 2)
    drawn = sample_interior(shape, 8000, 3, method=method)
    share = shape.cell_measures("triangle") / shape.measure
    corners = shape.points[shape.cells["triangle"]]
    counts = np.zeros(len(corners))
    for index, (a, b, c) in enumerate(corners):
        s, t = np.linalg.solve(np.array([b - a, c - a]).T, (drawn - a).T)
        counts[index] = np.sum((s > 0) & (t > 0) & (s + t < 1))
    assert counts.sum() == len(drawn)
    statistic = np.sum((counts - len(drawn) * share) ** 2 / (len(drawn) * share))
    low, high = chi2.ppf([0.001, 0.999], len(share) - 1)
    assert statistic < high
    assert (statistic > low) == (method == "random")


@pytest.mark.slow
def test_boundary_points_are_even_over_facets_of_unequal_size(tmp_path):
    points, cells = block("tetra10", 3, lambda unit: ring(unit**1.5))
    shape = MeshShape(write(tmp_path / "m.vtu", points, [("tetra10", cells)]), 3)
    drawn = sample_boundary(shape, shape.patches, 6000, 0, method="random")
    nodes = shape.points[shape.facets["triangle6"]]
    xi, weights = ELEMENTS["triangle6"].quadrature()
    normal = np.cross(*np.moveaxis(jacobians(ELEMENTS["triangle6"], nodes, xi), 2, 0))
    share = np.linalg.norm(normal, axis=2) @ weights
    assert share.sum() == pytest.approx(shape.patch_measure("rest"), rel=1e-4)
    share /= share.sum()
    centres = np.einsum("k,fkx->fx", ELEMENTS["triangle6"].shapes(np.array([1 / 3, 1 / 3])), nodes)
    third = centres[:, 2] > 0.999  # the flat top, by facet
    assert np.mean(drawn.points[:, 2] > 1 - 1e-9) == pytest.approx(share[third].sum(), abs=4 * np.sqrt(0.25 / 6000))
    # a facet's points are those that lie nearest to it: count on the top, where facets are plane
    on_top = drawn.points[drawn.points[:, 2] > 1 - 1e-9]
    inner = np.hypot(*on_top[:, :2].T) < 1.4
    exact = (1.4**2 - 1) / 3
    assert inner.mean() == pytest.approx(exact, abs=4 * np.sqrt(0.25 / len(on_top)))


@pytest.mark.parametrize("kind", ["triangle", "triangle6", "quad"])
def test_points_of_a_part_are_even(kind):
    """Their moments are those of the unit triangle, 1/3, 1/6 and 1/12, or of the unit square."""
    element = ELEMENTS[kind]
    along = (np.arange(100) + 0.5) / 100
    unit = np.array(np.meshgrid(along, along)).reshape(2, -1).T
    points = part_points(element, 1, np.zeros(len(unit), dtype=np.int64), unit)
    mean, square, product = (1 / 3, 1 / 6, 1 / 12) if element.simplex else (1 / 2, 1 / 3, 1 / 4)
    np.testing.assert_allclose(points.mean(axis=0), mean, rtol=1e-3)
    moments = points.T @ points / len(points)
    np.testing.assert_allclose(moments, [[square, product], [product, square]], rtol=1e-3)


@pytest.mark.parametrize(("kind", "pieces"), [("triangle", 4), ("quad8", 4), ("tetra", 6), ("hexahedron", 6)])
def test_pieces_end_at_creases(kind, pieces, tmp_path):
    """A square has four sides and a cube six faces, whatever the cells; facets in one plane are one piece."""
    points, cells = block(kind, 3)
    shape = MeshShape(write(tmp_path / "m.vtu", points, [(kind, cells)]), ELEMENTS[kind].dimension)
    assert [piece.measure for piece in shape.pieces] == pytest.approx([1] * pieces)


def test_groups_become_patches_and_groups_of_cells(tmp_path):
    points, cells = block("quad", 2)
    line = lambda ends: [int(np.argmin(np.linalg.norm(points - end, axis=1))) for end in ends]  # noqa: E731
    left = [line([(0, 1), (0, 0.5)]), line([(0, 0.5), (0, 0)])]
    middle = [line([(0.5, 0), (0.5, 0.5)])]
    file = grouped(
        tmp_path / "m.msh",
        points,
        [("line", left), ("line", middle), ("quad", cells)],
        {"wall": (1, 1), "seam": (2, 1), "soft": (3, 2), "hard": (4, 2)},
        [np.array([1, 1]), np.array([2]), np.array([3, 3, 4, 4])],
    )
    shape = MeshShape(file, 2)
    assert shape.patches == ("wall", "rest")
    assert shape.vanished_patches == ("seam",)
    assert shape.patch_measure("wall") == pytest.approx(1)
    assert shape.patch_measure("rest") == pytest.approx(3)
    assert {name: kinds["quad"].tolist() for name, kinds in shape.cell_groups.items()} == {
        "soft": [0, 1],
        "hard": [2, 3],
    }
    assert shape.cell_group_measures == pytest.approx({"soft": 0.5, "hard": 0.5})
    assert shape.facet_group_measures == pytest.approx({"wall": 1, "seam": 0.5})
    assert MeshShape(file, 2, name="plate").patches == ("plate_wall", "plate_rest")


def test_export_keeps_the_nodes_and_pictures_get_straight_cells(tmp_path):
    shape = ring_mesh(tmp_path, "triangle6")
    mesh = triangulate(shape, 5)
    assert mesh.cells["triangle6"].shape == (18, 6)
    assert len(mesh.points) == len(shape.points) == 49
    straight = straight_cells(mesh.cells)["triangle"]
    a, b, c = np.moveaxis(mesh.points[straight], 1, 0)
    areas = 0.5 * ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    assert np.all(areas > 0)
    assert areas.sum() == pytest.approx(shape.measure, rel=0.02)


@pytest.mark.parametrize("second", ["tetra10", "hexahedron27"])
def test_straight_cells_fill_the_solid(second, tmp_path):
    points, cells = block(second, 2)
    shape = MeshShape(write(tmp_path / "m.vtu", points, [(second, cells)]), 3)
    ((kind, straight),) = straight_cells(shape.cells).items()
    xi, weights = ELEMENTS[kind].quadrature()
    volumes = np.linalg.det(jacobians(ELEMENTS[kind], shape.points[straight], xi)) @ weights
    assert np.all(volumes > 0)
    assert volumes.sum() == pytest.approx(1)


@pytest.mark.slow
def test_closed_curves_and_surfaces_are_domains_too(tmp_path):
    """A square with a square hole, lines in any direction; a cube of triangles with a cavity."""
    hole = [[0.4, 0.4], [0.4, 0.6], [0.6, 0.6], [0.6, 0.4]]
    lines = [[0, 1], [2, 1], [2, 3], [3, 0], [4, 5], [5, 6], [6, 7], [7, 4]]
    shape = MeshShape(write(tmp_path / "m.vtu", SQUARE + hole, [("line", np.array(lines))]), 2)
    assert shape.measure == pytest.approx(0.96)
    assert shape.contains([[0.5, 0.5], [0.1, 0.1], [1.1, 0.5]]).tolist() == [False, True, False]
    points, cells = block("tetra", 1)
    outer = MeshShape(write(tmp_path / "c.vtu", points, [("tetra", cells)]), 3).facets["triangle"]
    both = np.vstack([outer[:, [0, 2, 1]], outer + 8])
    file = write(tmp_path / "s.stl", np.vstack([points, 0.25 + points / 2]), [("triangle", both)])
    cavity = MeshShape(file, 3)
    assert cavity.measure == pytest.approx(1 - 0.125)
    assert cavity.contains([[0.5, 0.5, 0.5], [0.1, 0.5, 0.5]]).tolist() == [False, True]
    inside = sample_interior(cavity, 50, 0)
    assert not np.any((np.abs(inside - 0.5) < 0.25).all(axis=1))


def refusals() -> dict:
    """What is wrong -> (points, cells, dimension, words)."""
    nan = [[0, 0], [np.nan, 0], [1, 1], [0, 1]]
    twice = [[0, 0], [1, 0], [1, 1], [0, 1], [1, 1], [0, 0]]
    hanging = [[0, 0], [1, 0], [1, 1], [0, 1], [2, 0], [2, 1], [1, 0.5]]
    tall = [[0, 0, 0], [1, 0, 0], [1, 1, 0.3], [0, 1, 0]]
    cube, tetra = block("tetra", 1)
    skin = np.vstack([tetra[:, list(f)] for f in ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))])
    _, first, count = np.unique(np.sort(skin, axis=1), axis=0, return_index=True, return_counts=True)
    skin = skin[first[count == 1]]
    return {
        "nan": (nan, [("triangle", [[0, 1, 2], [0, 2, 3]])], 2, "node 2 of 4 has a coordinate that is not a finite"),
        "inverted": (SQUARE, [("triangle", [[0, 1, 2], [0, 3, 2], [0, 2, 3]])], 2, "inverted"),
        "folded": ([[0, 0], [1, 0], [0.2, 0.2], [0, 1]], [("quad", [[0, 1, 2, 3]])], 2, "flat or folded"),
        "no cells": (SQUARE, [("vertex", [[0], [1]])], 2, "holds no cells"),
        "solid in the plane": (cube, [("tetra", tetra)], 2, "coordinates are x, y; write coordinates: [x, y, z]"),
        "plane in space": (SQUARE, [("quad", [[0, 1, 2, 3]])], 3, "every node has the same z"),
        "off the plane": (tall, [("triangle", [[0, 1, 2], [0, 2, 3]])], 2, "node 3 has z = 0.3"),
        "unjoined": (twice, [("triangle", [[0, 1, 2], [5, 4, 3]])], 2, "2 pairs of boundary nodes lie at one point"),
        "hanging": (
            hanging,
            [("quad", [[0, 1, 2, 3]]), ("triangle", [[1, 4, 6], [4, 5, 6], [6, 5, 2]])],
            2,
            "hang within the line of a neighbour, the first at (1, 0.5)",
        ),
        "open curve": (SQUARE, [("line", EDGES[:3])], 2, "not closed: 2 ends belong to one line only"),
        "open surface": (cube, [("triangle", skin[1:])], 3, "not closed: 3 edges belong to one triangle only"),
        "crossing": (
            [[0, 0], [2, 0], [0, 1], [2, 1]],
            [("line", [[0, 1], [1, 2], [2, 3], [3, 0]])],
            2,
            "encloses noth",
        ),
        "overlap": (
            [*SQUARE, [0.5, 0.1], [1.5, 0.1], [1.5, 0.9], [0.5, 0.9]],
            [("line", [*EDGES, *[[a + 4, b + 4] for a, b in EDGES]])],
            2,
            "the boundary runs through itself",
        ),
        "pyramid": (
            [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]],
            [("pyramid", [[0, 1, 2, 3, 4]])],
            3,
            "holds cells of kind 'pyramid'; mesh it with line, ",
        ),
        "wedge": (
            [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1]],
            [("wedge", [[0, 1, 2, 3, 4, 5]])],
            3,
            "holds cells of kind 'wedge'; mesh it with line, ",
        ),
        "lines in space": (
            [[0, 0, 0], [1, 0, 1], [0, 1, 2]],
            [("line", [[0, 1], [1, 2], [2, 0]])],
            3,
            "only line cells",
        ),
    }


@pytest.mark.parametrize("wrong", refusals())
def test_broken_meshes_are_refused(wrong, tmp_path):
    points, cells, dimension, words = refusals()[wrong]
    cells = [(kind, np.array(nodes)) for kind, nodes in cells]
    file = write(tmp_path / "m.vtu", points, cells)
    with pytest.raises(GeometryError) as refusal:
        MeshShape(file, dimension)
    assert refusal.value.path == ("file",)
    assert words in refusal.value.message
    assert str(file) in refusal.value.message


def test_a_mesh_that_runs_the_other_way_is_turned(tmp_path):
    file = write(tmp_path / "m.vtu", SQUARE, [("triangle", np.array([[0, 2, 1], [0, 3, 2]]))])
    assert MeshShape(file, 2).measure == pytest.approx(1)


def test_files_that_are_no_meshes_are_refused(tmp_path):
    for name in ("m.msh", "part.STEP"):
        (tmp_path / name).write_text("no mesh")
    for name, words in (
        ("m.msh", "is not a mesh that meshio can read"),
        ("other.msh", "there is no such file"),
        ("part.STEP", "is a body, not a mesh of it; mesh it first: gmsh -3 part.STEP -o part.msh"),
    ):
        with pytest.raises(GeometryError, match=words):
            MeshShape(tmp_path / name, 2)


def test_names_that_no_condition_can_use_are_refused(tmp_path):
    cells = [("line", np.array([[0, 1]])), ("quad", np.array([[0, 1, 2, 3]]))]
    file = tmp_path / "m.msh"
    grouped(file, SQUARE, cells, {"Fixed end": (1, 1)}, [np.array([1]), np.array([0])])
    with pytest.raises(GeometryError, match="letters, digits"):
        MeshShape(file, 2)


def test_a_group_whose_name_means_a_place_has_another_one(tmp_path):
    cells = [("line", np.array([[0, 1], [1, 2]])), ("quad", np.array([[0, 1, 2, 3]]))]
    file = tmp_path / "m.msh"
    names = {"boundary": (1, 1), "boundary_group": (2, 1)}
    grouped(file, SQUARE, cells, names, [np.array([1, 2]), np.array([0])])
    shape = MeshShape(file, 2)
    assert shape.renamed == {"boundary": "boundary_group_group"}
    assert set(shape.patches) == {"boundary_group_group", "boundary_group", "rest"}
    assert shape.patch_measure("boundary_group_group") == pytest.approx(1)


def test_facets_in_two_groups_are_a_patch_of_both(tmp_path):
    """As gmsh's format 2.2 writes them: once for each group."""
    lines = np.array([[0, 1], [1, 2], [2, 3], [1, 2]])
    file = tmp_path / "m.msh"
    names = {"walls": (1, 1), "inlet": (2, 1)}
    cells = [("line", lines), ("quad", np.array([[0, 1, 2, 3]]))]
    grouped(file, SQUARE, cells, names, [np.array([1, 1, 1, 2]), np.array([0])])
    shape = MeshShape(file, 2)
    (both,) = shape.patch_groups["inlet"]
    assert both in ("walls_and_inlet", "inlet_and_walls")
    assert shape.patch_groups["walls"] == tuple(sorted((both, "walls_alone")))
    assert {patch: shape.patch_measure(patch) for patch in shape.patches} == pytest.approx(
        {both: 1, "walls_alone": 2, "rest": 1}
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["triangle", "triangle6", "quad", "tetra", "tetra10", "hexahedron"])
def test_cells_numbered_both_ways_are_turned_one_by_one(kind, tmp_path):
    points, cells = block(kind, 2)
    dimension = points.shape[1]
    right = MeshShape(write(tmp_path / "right.vtu", points, [(kind, cells)]), dimension)
    mixed = cells.copy()
    mixed[::2] = _mirrored(kind, cells[::2])
    found = MeshShape(write(tmp_path / "mixed.vtu", points, [(kind, mixed)]), dimension)
    assert found.measure == pytest.approx(right.measure, rel=1e-12)
    assert np.allclose(found.cell_measures(kind), right.cell_measures(kind), rtol=1e-12)
    inside = np.random.default_rng(0).uniform(-0.5, 1.5, (200, dimension))
    assert np.array_equal(found.contains(inside), right.contains(inside))


def test_a_cell_that_was_pulled_over_its_neighbours_is_no_cell_that_is_turned(tmp_path):
    """Moving an inner node beyond the cells around it inverts one of them: that cell is where the others are."""
    points, cells = block("triangle", 4)
    inner = int(np.flatnonzero(np.all((points > 0.2) & (points < 0.3), axis=1))[0])
    points = points.copy()
    points[inner] += [0.3, 0.12]
    file = write(tmp_path / "tangled.vtu", points, [("triangle", cells)])
    with pytest.raises(GeometryError, match=r"cells lie over one another, such as triangle .* which is inverted"):
        MeshShape(file, 2)


def test_meshio_reads_what_was_written(tmp_path):
    """The test's own files: every kind survives."""
    points, cells = block("hexahedron20", 1)
    read = meshio.read(write(tmp_path / "m.vtu", points, [("hexahedron20", cells)]))
    assert np.array_equal(read.cells[0].data, cells)
