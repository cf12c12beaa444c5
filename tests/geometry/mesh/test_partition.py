"""Partitions of a mesh by its groups of cells: parts, interfaces with their normals, refusals by name."""

import numpy as np
import pytest

from pinn.geometry.mesh.elements import ELEMENTS
from pinn.geometry.mesh.partition import cut_by_groups
from pinn.geometry.mesh.shape import MeshShape
from pinn.geometry.meshing.partition import triangulate_parts
from pinn.geometry.points.sampling import sample_interior, sample_pieces
from pinn.geometry.shapes.shape import GeometryError
from tests.geometry.meshes import block, core_and_block, grouped

BOTH = {"core": ["core"], "block": ["block"]}


def two_materials(folder, kind="triangle6", groups=BOTH):
    return cut_by_groups(MeshShape(core_and_block(folder / "m.msh", kind), 2), groups)


def halves(folder, kind: str):
    """The unit square or cube, cut at x = 1/2, with a third group of no more than the first layer of cells."""
    points, cells = block(kind, 4)
    x = points[cells].mean(axis=1)[:, 0]
    tags = np.where(x < 0.25, 3, np.where(x < 0.5, 1, 2))
    dimension = ELEMENTS[kind].dimension
    names = {"left": (1, dimension), "right": (2, dimension), "end": (3, dimension)}
    return MeshShape(grouped(folder / "m.msh", points, [(kind, cells)], names, [tags]), dimension)


@pytest.mark.parametrize("kind", ["triangle", "quad", "triangle6", "quad9"])
def test_parts_share_the_domains_area_and_patches(kind, tmp_path):
    partition = two_materials(tmp_path, kind)
    core, around = partition.parts.values()
    assert core.measure + around.measure == pytest.approx(1, rel=1e-12)
    assert core.measure == pytest.approx(np.pi / 16, rel=1e-2 if ELEMENTS[kind].is_affine or kind == "quad" else 1e-5)
    assert set(partition.outer_patches("core")) == {"left", "bottom"}
    assert set(partition.outer_patches("block")) == {"left", "bottom", "right", "top"}
    assert core.patch_measure("left") + around.patch_measure("left") == pytest.approx(1)
    assert core.patch_measure("left") == pytest.approx(0.5)
    inside = sample_interior(core, 500, seed=0)
    assert np.all(partition.part_of(inside) == 0)
    assert np.all(partition.part_of(sample_interior(around, 500, seed=0)) == 1)


def test_interface_is_curved_and_its_normals_point_out_of_the_first(tmp_path):
    partition = two_materials(tmp_path)
    for first, second, sign in (("core", "block", 1), ("block", "core", -1)):
        drawn = sample_pieces(partition.interface(first, second), 2, 4000, seed=0)
        assert drawn.measure == pytest.approx(np.pi / 4, rel=1e-5)
        assert np.linalg.norm(drawn.points, axis=1) == pytest.approx(0.5, abs=1e-5)  # arcs of 11 degrees as parabolas
        assert drawn.normals == pytest.approx(sign * drawn.points / 0.5, abs=1e-3)
        angles = np.sort(np.arctan2(drawn.points[:, 1], drawn.points[:, 0]))
        assert angles == pytest.approx(np.pi / 2 * (np.arange(4000) + 0.5) / 4000, abs=2e-3)  # even over the arc


@pytest.mark.parametrize("kind", ["triangle", "quad8", "tetra", "tetra10", "hexahedron27"])
def test_interfaces_in_two_and_three_dimensions(kind, tmp_path):
    domain = halves(tmp_path, kind)
    partition = cut_by_groups(domain, {"right": ["right"], "end": ["end"], "left": None})
    assert set(partition.touching) == {("right", "left"), ("end", "left")}
    drawn = sample_pieces(partition.interface("right", "left"), domain.dimension, 100, seed=0)
    assert drawn.measure == pytest.approx(1)
    assert drawn.points[:, 0] == pytest.approx(0.5)
    assert drawn.normals == pytest.approx(np.tile(-np.eye(domain.dimension)[0], (100, 1)))
    assert partition.interface("right", "end") == ()


def test_a_part_may_be_made_of_several_groups(tmp_path):
    partition = cut_by_groups(halves(tmp_path, "quad"), {"left": ["end", "left"], "right": ["right"]})
    assert [part.measure for part in partition.parts.values()] == pytest.approx([0.5, 0.5])
    assert set(partition.touching) == {("left", "right")}


def test_a_point_of_an_interface_belongs_to_the_first_part(tmp_path):
    partition = two_materials(tmp_path)
    on = sample_pieces(partition.interface("core", "block"), 2, 50, seed=0)
    assert partition.part_of(on.points + 1e-6 * on.normals).tolist() == [1] * 50
    assert partition.part_of(on.points - 1e-6 * on.normals).tolist() == [0] * 50
    nodes = 0.5 * np.array([[1.0, 0.0], [0.0, 1.0]])
    assert partition.part_of(nodes).tolist() == [0, 0]


def test_meshes_keep_their_cells_and_double_the_nodes_between(tmp_path):
    partition = two_materials(tmp_path)
    mesh, part = triangulate_parts(partition, 16)
    cells = mesh.cells["triangle6"]
    assert cells.shape == partition.domain.cells["triangle6"].shape
    assert np.all(part[cells] == part[cells][:, :1])
    distinct, count = np.unique(mesh.points, axis=0, return_counts=True)
    assert len(distinct) == len(partition.domain.points)
    assert np.linalg.norm(distinct[count == 2], axis=1) == pytest.approx(0.5)
    assert (count == 2).sum() == 17  # eight arcs of three nodes


CORE = {"core": ["core"]}


@pytest.mark.parametrize(
    ("groups", "path", "message"),
    [
        ({"fibre": ["coer"], "block": None}, ("fibre", "group"), "unknown group of cells 'coer'; did you mean 'core'?"),
        ({"fibre": ["left"], "block": None}, ("fibre", "group"), "'left' is a group of facets, which is a patch"),
        (CORE | {"again": ["core", "block"]}, ("again", "group"), "'core' shares 32 triangle cells with 'core'; leave"),
        (CORE | {"rest": ["core"]}, ("rest", "group"), "shares 32 triangle cells"),
        ({"a": ["core"], "b": []}, (), "leaves 96 cells of the mesh without a name, the first a triangle at ("),
        ({"a": ["core"], "b": []}, (), "such as block: {group: block}"),
        (BOTH | {"matrix": None}, ("matrix",), "the others leave nothing over"),
    ],
)
def test_refusals(groups, path, message, tmp_path):
    with pytest.raises(GeometryError) as caught:
        two_materials(tmp_path, "triangle", groups)
    assert caught.value.path == path
    assert message in caught.value.message


def test_a_mesh_without_groups_and_one_without_cells_are_refused(tmp_path):
    points, cells = block("quad", 2)
    bare = MeshShape(grouped(tmp_path / "m.msh", points, [("quad", cells)], {}, [np.zeros(len(cells), int)]), 2)
    with pytest.raises(GeometryError, match="has no groups of cells; name them where the mesh is made"):
        cut_by_groups(bare, CORE | {"block": None})
    lines = np.array([[0, 1], [1, 2], [2, 0]])
    file = grouped(tmp_path / "c.msh", [[0, 0], [1, 0], [0, 1]], [("line", lines)], {"core": (1, 1)}, [np.ones(3, int)])
    with pytest.raises(GeometryError, match="holds a boundary only, without cells to group"):
        cut_by_groups(MeshShape(file, 2), CORE | {"block": None})
