"""Where values are evaluated: the nodes of foreign meshes, cell centres, Gauss points, lines; checked by integrals."""

from __future__ import annotations

import csv

import meshio
import numpy as np
import pytest
import pyvista

from pinn.errors import SpecError
from pinn.export.export import export
from pinn.export.formats import npz, vtkhdf, vtu_file, xdmf
from pinn.export.sampling import point_data
from pinn.export.sampling import sample as sampling
from pinn.export.sampling.cell_kinds import CELL_KINDS
from pinn.export.sampling.line import Line
from pinn.export.sampling.sample import SAMPLE_CHUNK
from pinn.geometry.mesh.elements import ELEMENTS
from pinn.geometry.points.gauss_rules import GAUSS_RULES
from tests import fakes

EXACT = {"rtol": 1e-13, "atol": 1e-14}


def one_cell(tmp_path, kind):
    """A cell of that kind, stretched and sheared but with straight edges, in the plate or in the cube."""
    nodes = GAUSS_RULES[kind].element.nodes
    stretch = np.array([[1.2, 0.3, 0.1], [0.0, 0.5, 0.2], [0.0, 0.0, 0.6]])[: nodes.shape[1], : nodes.shape[1]]
    points = np.zeros((len(nodes), 3))
    points[:, : nodes.shape[1]] = (0.6 if nodes.shape[1] == 2 else 0.1) + nodes @ stretch
    meshio.Mesh(points, [(kind, [np.arange(len(nodes))])]).write(tmp_path / "mesh.vtu")
    return tmp_path / "mesh.vtu", points


# degree to which each rule is exact on its reference cell: that of the stiffness of an undistorted cell
DEGREES = {"line": 1, "triangle": 1, "tetra": 1, "wedge": 1, "triangle6": 2, "tetra10": 2}
DEGREES |= {"line3": 3, "quad": 3, "hexahedron": 3, "quad8": 5, "quad9": 5, "hexahedron20": 5, "hexahedron27": 5}


@pytest.mark.parametrize("kind", GAUSS_RULES)
def test_a_rule_integrates_every_monomial_of_its_degree(kind):
    rule = GAUSS_RULES[kind]
    fine = ELEMENTS["tetra" if kind == "wedge" else kind]
    for power in np.ndindex(*(DEGREES[kind] + 1,) * rule.points.shape[1]):
        if sum(power) <= DEGREES[kind]:
            found = rule.weights @ np.prod(rule.points ** np.array(power), axis=1)
            if kind == "wedge":  # triangle times interval: area 1/2, and 1/3 or 1/2 the mean of a coordinate
                exact = 0.5 * np.prod([1 / 3, 1 / 3, 1 / 2] ** np.array(power))
            else:
                points, weights = fine.quadrature()
                exact = weights @ np.prod(points ** np.array(power), axis=1)
            assert found == pytest.approx(exact, rel=1e-13), power


@pytest.mark.parametrize("kind", [kind for kind in GAUSS_RULES if CELL_KINDS[kind].dimension > 1])
def test_gauss_weights_integrate_over_the_cell(kind, tmp_path):
    mesh, points = one_cell(tmp_path, kind)
    solution = fakes.cube() if CELL_KINDS[kind].dimension == 3 else fakes.kirsch_plate()
    name = "ux"
    solution.functions[name] = lambda p: 1 + p[0] + 2 * p[1]
    export(solution, tmp_path / "gauss.vtu", mesh_file=mesh, on=["gauss"])
    cloud = pyvista.read(tmp_path / "gauss.vtu")
    assert {cell.type for cell in cloud.cell} == {pyvista.CellType.VERTEX}
    assert cloud.n_points == cloud.n_cells == len(GAUSS_RULES[kind].weights)
    weight, found = cloud.point_data["gauss_weight"], cloud.point_data[name]
    cell = pyvista.read(mesh).compute_cell_sizes()
    size = cell["Volume" if CELL_KINDS[kind].dimension == 3 else "Area"].sum()
    size = abs(size)  # VTK gives a wedge a negative volume in the numbering that it documents
    middle = points[: CELL_KINDS[kind].corners].mean(axis=0)
    assert weight.sum() == pytest.approx(size)
    assert weight @ found == pytest.approx(size * (1 + middle[0] + 2 * middle[1]))


def test_stresses_at_gauss_points_are_tensors_that_know_their_cell(tmp_path, monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLE_CHUNK", 50)
    solution = fakes.kirsch_plate()
    export(solution, tmp_path / "gauss.vtu", resolution=8, on=["gauss"], quantities=["stress"])
    cloud, cells = pyvista.read(tmp_path / "gauss.vtu"), (export(solution, tmp_path / "plate.vtu", resolution=8))[0]
    mesh = pyvista.read(cells)
    centres = mesh.cell_centers().points
    np.testing.assert_array_equal(cloud.point_data["cell_number"], np.arange(mesh.n_cells))
    np.testing.assert_allclose(cloud.points, centres, rtol=1e-12, atol=1e-14)
    x = np.asarray(cloud.points)[:, :2].T
    np.testing.assert_allclose(cloud.point_data["stress"][:, 0], solution.functions["stress_xx"](x), **EXACT)
    assert cloud.GetPointData().GetTensors().GetName() == "stress"


def test_cell_data_is_evaluated_at_the_centres_and_comes_with_point_data(tmp_path):
    solution = fakes.kirsch_plate()
    export(solution, tmp_path / "plate.vtu", resolution=8, on=["nodes", "cells"])
    grid = pyvista.read(tmp_path / "plate.vtu")
    centres = np.asarray(grid.cell_centers().points)[:, :2]
    np.testing.assert_allclose(grid.cell_data["ux"], solution.functions["ux"](centres.T), rtol=1e-12, atol=1e-14)
    assert grid.GetCellData().GetTensors().GetName() == "stress"
    points = np.asarray(grid.points)[:, :2]
    np.testing.assert_allclose(grid.point_data["ux"], solution.functions["ux"](points.T), **EXACT)
    export(solution, tmp_path / "cells.vtu", resolution=8, on=["cells"])
    assert not pyvista.read(tmp_path / "cells.vtu").point_data.keys()
    export(solution, tmp_path / "cells.npz", resolution=8, on=["cells"])
    arrays = np.load(tmp_path / "cells.npz")
    np.testing.assert_allclose(arrays["points"], centres, rtol=1e-12, atol=1e-14)
    assert "cells_triangle" not in arrays


@pytest.mark.parametrize("on", ["cells", "gauss"])
@pytest.mark.parametrize("format", ["vtu", "vtkhdf", "xdmf", "npz", "csv"])
def test_blocks_may_end_within_cells_and_kinds(format, on, tmp_path, monkeypatch):
    """Triangles and quadrilaterals, seven rows at a time: the same file as in one go, and the numbers of its cells."""
    points = np.array([[1.0, 1, 0], [2, 1, 0], [2, 2, 0], [1, 2, 0], [1.5, 1.5, 0], [1.5, 1, 0]])
    cells = [("triangle", [[0, 5, 4], [5, 1, 4], [0, 4, 3]]), ("quad", [[1, 2, 3, 4], [2, 3, 4, 1], [3, 4, 1, 2]])]
    meshio.Mesh(points, cells).write(tmp_path / "mesh.vtu")
    file, found = tmp_path / f"plate.{format}", []
    for rows in (SAMPLE_CHUNK, 7):
        monkeypatch.setattr(sampling, "SAMPLE_CHUNK", rows)
        monkeypatch.setattr(point_data, "SAMPLE_CHUNK", rows)
        for module in (vtu_file, vtkhdf, xdmf, npz):
            monkeypatch.setattr(module, "ROWS_AT_ONCE", rows)
        export(fakes.kirsch_plate(), file, mesh_file=tmp_path / "mesh.vtu", on=[on])
        found.append((tmp_path / "plate.h5" if format == "xdmf" else file).read_bytes())
    assert found[0] == found[1]
    if format == "npz":
        of_each = [1] * 6 if on == "cells" else [1] * 3 + [4] * 3
        assert np.load(file)["cell_number"].tolist() == np.repeat(np.arange(6), of_each).tolist()


def test_cells_of_second_order_keep_their_nodes_and_are_evaluated_at_them(tmp_path):
    """A ring's eighth: the arc's middle node lies on it, and the centre follows the curved map."""
    angle = np.array([0, np.pi / 4, np.pi / 8])
    arc = np.column_stack([np.cos(angle), np.sin(angle)])
    points = 1 + np.array([[0, 0], arc[0], arc[1], arc[0] / 2, arc[2], arc[1] / 2])
    meshio.Mesh(np.pad(points, ((0, 0), (0, 1))), [("triangle6", [range(6)])]).write(tmp_path / "mesh.vtu")
    solution = fakes.kirsch_plate()
    export(solution, tmp_path / "plate.vtu", mesh_file=tmp_path / "mesh.vtu", on=["nodes", "cells"])
    grid = pyvista.read(tmp_path / "plate.vtu")
    assert [cell.type for cell in grid.cell] == [pyvista.CellType.QUADRATIC_TRIANGLE]
    np.testing.assert_allclose(grid.point_data["ux"], solution.functions["ux"](points.T), **EXACT)
    centre = points[3:].mean(axis=0) * 4 / 3 - points[:3].mean(axis=0) / 3  # N = -1/9 at corners, 4/9 between
    np.testing.assert_allclose(grid.cell_data["ux"], solution.functions["ux"](centre[:, None]), rtol=1e-12)


def test_a_surface_in_space_is_a_mesh_as_well(tmp_path):
    points = [[0, 0, 0], [1, 0, 0.5], [0, 1, 0.5]]
    meshio.Mesh(points, [("triangle", [[0, 1, 2]])]).write(tmp_path / "surface.stl")
    export(fakes.cube(), tmp_path / "surface.vtu", mesh_file=tmp_path / "surface.stl", on=["nodes", "cells"])
    grid = pyvista.read(tmp_path / "surface.vtu")
    np.testing.assert_allclose(grid.point_data["ux"], 1e-3 * np.asarray(grid.points)[:, 0], **EXACT)
    np.testing.assert_allclose(grid.cell_data["ux"], 1e-3 / 3, rtol=1e-6)  # stl holds single precision


def test_a_line_has_an_arc_length_and_nothing_in_the_hole(tmp_path):
    """From the hole's centre: NaN up to the hole's edge, which is on the line and has values."""
    solution = fakes.kirsch_plate()
    radius = 0.5
    export(solution, tmp_path / "line.csv", line=Line((0.0, 0.0), (4 * radius, 0.0), 17))
    with (tmp_path / "line.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0])[:4] == ["x", "y", "arc_length", "ux"]
    x, length, ux = (np.array([float(row[name]) for row in rows]) for name in ("x", "arc_length", "ux"))
    np.testing.assert_allclose(x, np.linspace(0, 4 * radius, 17), **EXACT)
    np.testing.assert_allclose(length, x, **EXACT)
    assert np.isnan(ux).tolist() == [True] * 4 + [False] * 13
    np.testing.assert_allclose(ux[4:], solution.functions["ux"](np.array([x[4:], 0 * x[4:]])), **EXACT)
    export(solution, tmp_path / "line.vtu", line=Line((0.5, 0.5), (1.0, 1.0), 5))
    assert pyvista.read(tmp_path / "line.vtu").compute_cell_sizes()["Length"].sum() == pytest.approx(0.5 * 2**0.5)


def test_a_line_in_time_has_the_same_points_at_every_instant(tmp_path):
    export(fakes.spreading_heat(), tmp_path / "u.npz", line=Line((0.0, 0.5), (2.0, 0.5), 9), times=[0.1, 0.4])
    arrays = np.load(tmp_path / "u.npz")
    x = np.linspace(0, 2, 9)
    for row, time in zip(arrays["u"], arrays["times"], strict=True):
        np.testing.assert_allclose(row, np.exp(-3 * time) * np.sin(np.pi * x / 2), **EXACT)
    assert arrays["arc_length"].shape == (2, 9)


@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        ("x.vtu", {"on": ["node"]}, r"--on: unknown place 'node'; did you mean 'nodes'\?"),
        ("x.vtu", {"on": ["gauss", "cells"]}, "--on: is nodes, cells, nodes,cells or gauss, got 'gauss,cells'"),
        ("x.csv", {"on": ["nodes", "cells"]}, "--on: a table has one kind of rows, got nodes,cells"),
        ("x.csv", {"line": Line((0, 0), (1, 1)), "on": ["cells"]}, "--on: a line has only its points"),
        ("x.csv", {"line": Line((0, 0), (1, 1)), "resolution": 5}, "--line: has points of its own"),
        ("x.csv", {"line": Line((0, 0, 0), (1, 1, 1))}, "--line: its ends must have the coordinates x, y, got 3"),
        ("x.csv", {"line": Line((0, 0), (1, 1), 1)}, "--points: must be at least 2, got 1"),
        ("x.csv", {"line": Line((1, 1), (1, 1))}, "--line: its ends are the same point"),
        ("x.csv", {"line": Line((5, 5), (6, 6))}, "--line: no point of it lies in the domain"),
    ],
)
def test_refusals(file, options, message, tmp_path):
    with pytest.raises(SpecError, match=message):
        export(fakes.kirsch_plate(), tmp_path / file, **options)
    assert list(tmp_path.iterdir()) == []


def test_gauss_points_need_a_rule_and_a_mesh(tmp_path):
    points = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 1]]
    meshio.Mesh(points, [("pyramid", [range(5)])]).write(tmp_path / "mesh.vtu")
    with pytest.raises(SpecError, match="--on: pyramid cells have no Gauss points here; use --on cells"):
        export(fakes.cube(), tmp_path / "x.vtu", mesh_file=tmp_path / "mesh.vtu", on=["gauss"])
    with pytest.raises(SpecError, match="--on: no mesh in 5 dimensions, so there are only nodes"):
        export(fakes.five_dimensions(), tmp_path / "x.csv", on=["cells"])
