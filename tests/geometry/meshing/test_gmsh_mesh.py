"""Meshing the shapes of a spec with gmsh: measures, patches, and what is said without gmsh."""

import sys

import pytest

from pinn.errors import ResourceError
from pinn.geometry.mesh.partition import cut_by_groups
from pinn.geometry.mesh.shape import MeshShape
from pinn.geometry.meshing.gmsh_mesh import mesh_with_gmsh
from pinn.geometry.shapes.boxes import Cuboid, Interval, Rectangle
from pinn.geometry.shapes.csg import Difference
from pinn.geometry.shapes.partition import cut_by_shapes
from pinn.geometry.shapes.pieces import total_measure
from pinn.geometry.shapes.planar import Annulus, Disk, Ellipse, Sector
from pinn.geometry.shapes.polygon import Polygon
from pinn.geometry.shapes.shape import GeometryError
from pinn.geometry.shapes.solids import Cylinder, Sphere

SHAPES = [
    Difference(Rectangle([0, 0], [2, 2]), Disk([0, 0], 0.5, name="hole")),
    Ellipse([0, 0], [0.5, 1], rotation=0.3),
    Annulus([1, 0], 0.5, 1),
    Sector([0, 0], 0, 1, 0.2, 4),
    Polygon([[0, 0], [2, 0], [0, 1]], names=["base", "slope", "wall"]),
    Difference(Cuboid([0, 0, 0], [1, 1, 1]), Sphere([0, 0, 0], 0.5)),
    Cylinder([0, 0, 0], [0, 0, 1], 0.5),
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: type(shape).__name__)
def test_the_mesh_has_the_measures_and_patches_of_the_shape(shape, tmp_path):
    pytest.importorskip("gmsh")
    file = tmp_path / "m.msh"
    made = mesh_with_gmsh(shape, file, size=shape.size / 4)
    mesh = MeshShape(file, shape.dimension)
    assert set(mesh.patches) == set(shape.patches) == set(made.patches)
    assert len(mesh.points) == made.nodes
    assert mesh.measure == pytest.approx(shape.measure, rel=2e-3)
    for patch in shape.patches:
        assert mesh.patch_measure(patch) == pytest.approx(shape.patch_measure(patch), rel=2e-3)
    assert list(mesh.cell_groups) == ["domain"]


@pytest.mark.parametrize(
    "partition",
    [
        cut_by_shapes(Rectangle([0, 0], [2, 2]), {"core": Disk([0, 0], 0.5), "block": None}),
        cut_by_shapes(Cuboid([0, 0, 0], [1, 1, 1]), {"block": None, "ball": Sphere([0.5, 0.5, 0.5], 0.3)}),
    ],
    ids=["plane", "solid"],
)
def test_parts_become_groups_of_cells_that_meet_facet_to_facet(partition, tmp_path):
    pytest.importorskip("gmsh")
    made = mesh_with_gmsh(partition, tmp_path / "m.msh", size=partition.size / 6)
    assert set(made.groups) == set(partition.parts)
    read = cut_by_groups(MeshShape(tmp_path / "m.msh", partition.dimension), {name: [name] for name in partition.parts})
    assert set(read.domain.patches) == set(partition.domain.patches)
    for name, part in partition.parts.items():
        assert read.parts[name].measure == pytest.approx(part.measure, rel=2e-3)
    for pair, pieces in partition.touching.items():
        assert total_measure(read.interface(*pair)) == pytest.approx(total_measure(pieces), rel=2e-3)


def test_what_cannot_be_meshed_is_refused(tmp_path):
    with pytest.raises(GeometryError, match="two or three dimensions"):
        mesh_with_gmsh(Interval(0, 1), tmp_path / "m.msh")


def test_without_gmsh_a_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gmsh", None)
    with pytest.raises(ResourceError, match=r"pip install 'jetpinn\[mesh\]'"):
        mesh_with_gmsh(SHAPES[0], tmp_path / "m.msh")
    assert not list(tmp_path.iterdir())
