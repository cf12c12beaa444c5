"""Partitions: parts, interfaces with their normals, and meshes that do not reach across."""

import numpy as np
import pytest

from pinn.geometry.meshing.partition import triangulate_parts
from pinn.geometry.points.sampling import sample_pieces
from pinn.geometry.shapes.boxes import Cuboid, Interval, Rectangle
from pinn.geometry.shapes.csg import Union
from pinn.geometry.shapes.partition import Partition, cut_by_shapes
from pinn.geometry.shapes.planar import Disk
from pinn.geometry.shapes.shape import GeometryError
from pinn.geometry.shapes.solids import Sphere

SQUARE = Rectangle([-1, -1], [1, 1])
MIDDLE = np.array([[0.5]])


def quarter() -> Partition:
    return cut_by_shapes(Rectangle([0, 0], [2, 2]), {"fibre": Disk([0, 0], 0.5), "matrix": None})


def junction() -> Partition:
    """Two rectangles and what they leave, all three meeting in (1, 0.5)."""
    a, b = Rectangle([0, 0], [1, 1]), Rectangle([1, 0], [2, 0.5])
    return cut_by_shapes(Rectangle([0, 0], [2, 1]), {"a": a, "b": b, "c": None})


def test_parts_have_the_domains_patches_and_share_its_area():
    partition = quarter()
    assert partition.outer_patches("fibre") == ("left", "bottom")
    assert set(partition.outer_patches("matrix")) == {"left", "right", "bottom", "top"}
    assert partition.parts["fibre"].measure == pytest.approx(np.pi / 16, rel=1e-12)
    assert sum(part.measure for part in partition.parts.values()) == pytest.approx(4, rel=1e-12)


def test_interface_normals_point_out_of_the_first():
    partition = quarter()
    for first, second, sign in (("fibre", "matrix", 1), ("matrix", "fibre", -1)):
        drawn = sample_pieces(partition.interface(first, second), 2, 100, seed=0)
        assert np.linalg.norm(drawn.points, axis=1) == pytest.approx(0.5)
        assert drawn.normals == pytest.approx(sign * drawn.points / 0.5)
        assert drawn.measure == pytest.approx(np.pi / 4)


def test_interface_ends_where_a_third_part_begins():
    partition = junction()
    lengths = {pair: sum(piece.measure for piece in pieces) for pair, pieces in partition.touching.items()}
    assert lengths == pytest.approx({("a", "b"): 0.5, ("a", "c"): 0.5, ("b", "c"): 1.0})
    (shared,) = partition.interface("c", "a")
    assert shared.points(MIDDLE) == pytest.approx(np.array([[1, 0.75]]))
    assert shared.normals(MIDDLE) == pytest.approx(np.array([[-1, 0]]))


def test_where_two_parts_meet_a_third_that_ends_elsewhere_has_no_say():
    """What a and b leave has a level of zero on the line between them, a whole part away from itself."""
    a, b = Rectangle([1, 0], [2, 1]), Rectangle([2, 0], [3, 1])
    partition = cut_by_shapes(Rectangle([0, 0], [3, 1]), {"rest": None, "a": a, "b": b})
    points = np.array([[2, 0.5], [2, 0], [1, 0.5], [0.5, 0.5], [1.5, 0.5], [2.5, 0.5]])
    assert partition.part_of(points).tolist() == [1, 1, 1, 0, 1, 2]


def test_parts_apart_have_no_interface():
    apart = Union(Disk([-0.5, 0], 0.2), Disk([0.5, 0], 0.2))
    partition = cut_by_shapes(SQUARE, {"fibres": apart, "core": Disk([0, 0], 0.1), "matrix": None})
    assert set(partition.touching) == {("fibres", "matrix"), ("core", "matrix")}


def test_interfaces_in_one_and_three_dimensions():
    only = np.zeros((1, 0))
    rod = cut_by_shapes(Interval(0, 1), {"a": Interval(0, 0.4), "b": Interval(0.4, 1)})
    ((point, normal),) = [(p.points(only), p.normals(only)) for p in rod.interface("b", "a")]
    assert (point, normal) == (0.4, -1)
    ball = cut_by_shapes(Cuboid([0, 0, 0], [1, 1, 1]), {"ball": Sphere([0.5] * 3, 0.3), "block": None})
    drawn = sample_pieces(ball.interface("block", "ball"), 3, 64, seed=0)
    assert drawn.measure == pytest.approx(4 * np.pi * 0.09, rel=1e-3)
    assert drawn.normals == pytest.approx((0.5 - drawn.points) / 0.3)


def test_a_point_of_an_interface_belongs_to_the_first_part():
    points = np.array([[0.5, 0.0], [0.5 + 1e-9, 0.0], [0.2, 0.2], [0.3, 0.4], [2.1, 2.1]])
    assert quarter().part_of(points).tolist() == [0, 1, 0, 0, 1]


@pytest.mark.parametrize(
    ("shapes", "name", "message"),
    [
        ({"a": Disk([0, 0], 0.5), "b": Disk([0.1, 0], 0.1), "m": None}, ("b",), "overlaps 'a'"),
        ({"a": Disk([0, 0], 0.5)}, (), "leaves a part of the domain without a name"),
        ({"a": Disk([3, 0], 0.5), "m": None}, ("a",), "has no point in common with the domain"),
        ({"a": SQUARE, "m": None}, ("m",), "the others leave nothing over"),
    ],
)
def test_refusals(shapes, name, message):
    with pytest.raises(GeometryError, match=message) as caught:
        cut_by_shapes(SQUARE, shapes)
    assert caught.value.path == name


@pytest.mark.parametrize("partition", [quarter(), junction()])
def test_meshes_fit_together_and_no_cell_reaches_across(partition):
    mesh, part = triangulate_parts(partition, 16)
    triangles = mesh.cells["triangle"]
    corners = mesh.points[triangles]
    assert np.all(part[triangles] == part[triangles][:, :1])
    (ux, uy), (vx, vy) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    areas = 0.5 * (ux * vy - uy * vx)
    assert areas.min() > 0
    for number, shape in enumerate(partition.parts.values()):
        mine = part[triangles[:, 0]] == number
        assert areas[mine].sum() == pytest.approx(shape.measure, rel=1e-2)  # 32 chords to a turn lack 0.64 %
        assert np.all(shape.level(corners[mine].mean(axis=1)) < 0)
    distinct, count = np.unique(np.round(mesh.points, 9), axis=0, return_counts=True)
    shared = distinct[count > 1]
    levels = [np.abs(shape.level(shared)) < 1e-9 for shape in partition.parts.values()]
    assert len(shared) > 4
    assert np.all(np.sum(levels, axis=0) >= 2)  # only nodes of interfaces are there twice


def test_separate_meshes_of_a_rod_double_the_node_between():
    mesh, part = triangulate_parts(cut_by_shapes(Interval(0, 1), {"a": Interval(0, 0.4), "b": Interval(0.4, 1)}), 10)
    assert part.tolist() == [0] * 5 + [1] * 7
    assert mesh.points[4] == mesh.points[5] == pytest.approx(0.4)
