"""What is exported is read back by real VTK (through pyvista), by numpy and by meshio, and compared."""

from __future__ import annotations

import csv
from pathlib import Path

import meshio
import numpy as np
import pytest
import pyvista

from pinn.errors import ResourceError, SpecError
from pinn.export.export import export, export_fields, output_times
from pinn.export.sampling import sample as sampling
from tests import fakes

EXACT = {"rtol": 1e-14, "atol": 1e-14}  # values travel as float64; only the last bit may differ by the order of points


def read_vtu(path: Path) -> pyvista.UnstructuredGrid:
    grid = pyvista.read(path)
    assert isinstance(grid, pyvista.UnstructuredGrid)
    return grid


def values_at(solution: fakes.FakeSolution, name: str, points: np.ndarray) -> np.ndarray:
    return solution.functions[name](points.T)


def test_vtk_reads_the_plate(tmp_path):
    solution = fakes.kirsch_plate()
    path = tmp_path / "plate.vtu"
    assert export(solution, path, resolution=20) == [path]
    grid = read_vtu(path)
    points = np.asarray(grid.points)[:, :2]
    assert set(grid.point_data.keys()) == {
        *solution.problem.quantities, "displacement", "stress",
        *(f"{kind}_{name}" for kind in ("exact", "error") for name in ("stress_xx", "stress_yy", "stress_xy")),
        "residual_equilibrium_x", "residual_equilibrium_y",
    }  # fmt: skip
    for name in solution.problem.quantities:
        np.testing.assert_allclose(grid.point_data[name], values_at(solution, name, points), **EXACT)
    np.testing.assert_allclose(grid.point_data["exact_stress_xx"], solution.exact(points)["stress_xx"], **EXACT)
    error = 1e-6 * np.sin(9 * points[:, 0]) * np.cos(7 * points[:, 1])
    np.testing.assert_allclose(grid.point_data["error_stress_xy"], error, atol=1e-14)
    np.testing.assert_allclose(
        grid.point_data["residual_equilibrium_x"], 1e-8 * np.sin(20 * points[:, 0]) * points[:, 1], **EXACT
    )


def test_vectors_have_three_components_and_tensors_six_in_vtk_order(tmp_path):
    solution = fakes.kirsch_plate()
    export(solution, tmp_path / "plate.vtu", resolution=10)
    grid = read_vtu(tmp_path / "plate.vtu")
    data = grid.point_data
    zero = np.zeros(grid.n_points)
    np.testing.assert_array_equal(data["displacement"], np.column_stack([data["ux"], data["uy"], zero]))
    xx, yy, zz, xy, yz, xz = np.asarray(data["stress"]).T
    for component, name in ((xx, "stress_xx"), (yy, "stress_yy"), (xy, "stress_xy")):
        np.testing.assert_array_equal(component, data[name])
    assert not np.any([zz, yz, xz])


def test_plane_strain_brings_its_stress_zz(tmp_path):
    solution = fakes.kirsch_plate()
    solution.problem.quantities += ("stress_zz",)
    solution.functions["stress_zz"] = lambda p: 0.3 * p[0]
    export(solution, tmp_path / "plate.vtu", resolution=10)
    grid = read_vtu(tmp_path / "plate.vtu")
    np.testing.assert_allclose(grid.point_data["stress"][:, 2], 0.3 * np.asarray(grid.points)[:, 0], **EXACT)


def test_the_mesh_is_the_domain(tmp_path):
    """The cells cover the plate without its hole: 4 − π/16, up to the polygon that stands for the arc."""
    export(fakes.kirsch_plate(), tmp_path / "plate.vtu", resolution=30)
    area = read_vtu(tmp_path / "plate.vtu").compute_cell_sizes()["Area"].sum()
    assert area == pytest.approx(4 - np.pi / 16, rel=1e-3)


def test_quantities_can_be_chosen_and_vectors_stand_for_their_components(tmp_path):
    export(fakes.kirsch_plate(), tmp_path / "plate.vtu", resolution=8, quantities=["displacement", "stress_xx"])
    names = set(read_vtu(tmp_path / "plate.vtu").point_data.keys())
    assert names == {"ux", "uy", "displacement", "stress_xx", "exact_stress_xx", "error_stress_xx"}


def test_an_unknown_quantity_is_refused_with_a_suggestion(tmp_path):
    with pytest.raises(SpecError, match="unknown quantity 'stress_x'; did you mean 'stress_x"):
        export(fakes.kirsch_plate(), tmp_path / "plate.vtu", quantities=["stress_x"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ("plate.vtk", {}, r"--format: unknown format '.vtk'"),
        ("plate.vtu", {"resolution": 0}, "--resolution: must be at least 1, got 0"),
        ("plate.vtu", {"times": [0.5]}, "--times: this problem has no time"),
    ],
)
def test_refusals(tmp_path, path, options, message):
    with pytest.raises(SpecError, match=message):
        export(fakes.kirsch_plate(), tmp_path / path, **options)


def test_times_outside_the_problem_are_refused(tmp_path):
    with pytest.raises(SpecError, match=r"1\.5 is outside the problem's time, 0 to 1"):
        export(fakes.burgers(), tmp_path / "u.xdmf", times=[0.5, 1.5])


def test_a_user_mesh_decides_the_points(tmp_path):
    """A quadrilateral mesh with boundary lines and a third coordinate, as Gmsh leaves it."""
    points = np.array([[1.0, 1, 0], [2, 1, 0], [2, 2, 0], [1, 2, 0]])
    mesh = meshio.Mesh(points, [("line", [[0, 1]]), ("quad", [[0, 1, 2, 3]])])
    mesh.write(tmp_path / "mesh.vtu")
    solution = fakes.kirsch_plate()
    export(solution, tmp_path / "plate.vtu", mesh_file=tmp_path / "mesh.vtu")
    grid = read_vtu(tmp_path / "plate.vtu")
    np.testing.assert_array_equal(grid.points, points)
    assert [cell.type for cell in grid.cell] == [pyvista.CellType.QUAD]
    np.testing.assert_allclose(grid.point_data["ux"], values_at(solution, "ux", points[:, :2]), **EXACT)


def test_a_mesh_that_does_not_fit_is_refused(tmp_path):
    tetra = meshio.Mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], [("tetra", [[0, 1, 2, 3]])])
    tetra.write(tmp_path / "solid.vtu")
    with pytest.raises(SpecError, match=r"solid\.vtu is not flat, but the problem has 2 coordinates"):
        export(fakes.kirsch_plate(), tmp_path / "plate.vtu", mesh_file=tmp_path / "solid.vtu")
    meshio.Mesh([[0, 0, 0], [1, 0, 0]], [("vertex", [[0], [1]])]).write(tmp_path / "points.vtu")
    with pytest.raises(SpecError, match="has no cells for 2 dimensions; its cells are: vertex"):
        export(fakes.kirsch_plate(), tmp_path / "plate.vtu", mesh_file=tmp_path / "points.vtu")
    (tmp_path / "text.msh").write_text("not a mesh")
    with pytest.raises(SpecError, match="not a mesh that meshio can read"):
        export(fakes.kirsch_plate(), tmp_path / "plate.vtu", mesh_file=tmp_path / "text.msh")
    with pytest.raises(ResourceError, match="no such mesh file"):
        export(fakes.kirsch_plate(), tmp_path / "plate.vtu", mesh_file=tmp_path / "absent.msh")


def test_vtk_reads_a_time_series(tmp_path, monkeypatch):
    """Three instants of a plane problem: the times, the values at each, and the .h5 beside the .xdmf, not elsewhere."""
    monkeypatch.chdir(tmp_path)
    solution = fakes.spreading_heat()
    target = tmp_path / "deep" / "heat.xdmf"
    files = export(solution, target, resolution=8, times=[0, 0.25, 0.5])
    assert files == [target, target.with_suffix(".h5")]
    assert sorted(path.name for path in target.parent.iterdir()) == ["heat.h5", "heat.xdmf"]
    assert list(tmp_path.iterdir()) == [target.parent]
    reader = pyvista.get_reader(target)
    assert reader.time_values == [0, 0.25, 0.5]
    for time in reader.time_values:
        reader.set_active_time_value(time)
        block = reader.read()
        points = np.column_stack([np.asarray(block.points)[:, :2], np.full(block.n_points, time)])
        np.testing.assert_allclose(block.point_data["u"], values_at(solution, "u", points), **EXACT)


def test_a_tensor_in_a_series_is_a_full_matrix(tmp_path):
    """XDMF and VTK order six components differently; VTK must see the same matrix either way."""
    solution = fakes.kirsch_plate()
    export(solution, tmp_path / "plate.xdmf", resolution=6)
    block = pyvista.get_reader(tmp_path / "plate.xdmf").read()
    data = block.point_data
    zero = np.zeros(block.n_points)
    rows = [data["stress_xx"], data["stress_xy"], zero, data["stress_xy"], data["stress_yy"], zero, zero, zero, zero]
    np.testing.assert_array_equal(data["stress"], np.column_stack(rows))


def test_one_dimension_and_time_is_also_a_plane(tmp_path):
    """fields.vtu on (x, t), fields.xdmf over x: both carry the same function."""
    solution = fakes.burgers()
    files = export_fields(solution, tmp_path)
    assert [path.name for path in files] == ["fields.vtu", "fields.xdmf", "fields.h5"]
    plane = read_vtu(tmp_path / "fields.vtu")
    assert plane.bounds[:4] == (-1, 1, 0, 1)
    assert plane.compute_cell_sizes()["Area"].sum() == pytest.approx(2)
    np.testing.assert_allclose(
        plane.point_data["u"], values_at(solution, "u", np.asarray(plane.points)[:, :2]), **EXACT
    )
    reader = pyvista.get_reader(tmp_path / "fields.xdmf")
    assert reader.time_values == pytest.approx(np.linspace(0, 1, 11))
    reader.set_active_time_value(reader.time_values[-1])
    line = reader.read()
    x = np.asarray(line.points)[:, 0]
    np.testing.assert_allclose(line.point_data["u"], values_at(solution, "u", np.column_stack([x, x * 0 + 1])), **EXACT)


def test_the_spec_chooses_formats_times_and_quantities(tmp_path):
    solution = fakes.spreading_heat()
    solution.problem.spec.outputs.formats = ("npz", "csv")
    solution.problem.spec.outputs.times = 3
    solution.problem.spec.outputs.resolution = 6
    assert [path.name for path in export_fields(solution, tmp_path)] == ["fields.npz", "fields.csv"]
    arrays = np.load(tmp_path / "fields.npz")
    assert arrays["times"].tolist() == [0, 0.25, 0.5]
    points = np.column_stack([arrays["points"], np.full(len(arrays["points"]), 0.25)])
    np.testing.assert_allclose(arrays["u"][1], values_at(solution, "u", points), **EXACT)
    assert arrays["cells_triangle"].max() < len(points)


def test_no_formats_export_nothing(tmp_path):
    solution = fakes.cube()
    solution.problem.spec.outputs.formats = ()
    assert export_fields(solution, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_times_of_the_spec_may_be_expressions_and_are_checked():
    problem = fakes.burgers().problem
    problem.scope.number = lambda text, path: {"T/4": 0.25, "2*T": 2.0}[text]
    problem.spec.outputs.times = ("T/4",)
    assert output_times(problem) == (0.25,)
    problem.spec.outputs.times = ("2*T",)
    with pytest.raises(SpecError, match=r"outputs\.times: 2 is outside the problem's time, 0 to 1"):
        output_times(problem)
    problem.time = None
    with pytest.raises(SpecError, match=r"outputs\.times: this problem has no time"):
        output_times(problem)


def test_csv_holds_every_digit(tmp_path):
    solution = fakes.spreading_heat()
    export(solution, tmp_path / "u.csv", resolution=4, times=[0.1, 0.3])
    with (tmp_path / "u.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["x", "y", "t", "u", "residual_balance"]
    assert {row["t"] for row in rows} == {"0.10000000000000001", "0.29999999999999999"}
    points = np.array([[float(row[name]) for name in "xyt"] for row in rows])
    np.testing.assert_array_equal([float(row["u"]) for row in rows], values_at(solution, "u", points))


def test_npz_of_a_steady_problem(tmp_path):
    solution = fakes.kirsch_plate()
    export(solution, tmp_path / "plate.npz", resolution=6)
    arrays = np.load(tmp_path / "plate.npz")
    assert arrays["displacement"].shape == (len(arrays["points"]), 3)
    assert arrays["stress"].shape == (len(arrays["points"]), 6)
    np.testing.assert_array_equal(arrays["ux"], values_at(solution, "ux", arrays["points"]))


def test_a_solid_fills_its_volume(tmp_path):
    solution = fakes.cube()
    export(solution, tmp_path / "cube.vtu", resolution=6)
    grid = read_vtu(tmp_path / "cube.vtu")
    assert grid.volume == pytest.approx(2)
    np.testing.assert_allclose(grid.point_data["uy"], values_at(solution, "uy", np.asarray(grid.points)), **EXACT)


def test_five_dimensions_give_a_cloud_and_a_slice(tmp_path):
    """The slice tells at which values the other coordinates are held."""
    solution = fakes.five_dimensions()
    solution.problem.spec.outputs.resolution = 8
    assert [path.name for path in export_fields(solution, tmp_path)] == ["fields.vtu", "fields.npz"]
    grid = read_vtu(tmp_path / "fields.vtu")
    assert grid.volume == pytest.approx(1)
    assert set(grid.point_data["slice_y"]) == {0.5}
    assert set(grid.point_data["slice_z"]) == {0.5}
    points = np.hstack([np.asarray(grid.points), np.full((grid.n_points, 2), 0.5)])
    np.testing.assert_allclose(grid.point_data["u"], values_at(solution, "u", points), **EXACT)
    cloud = np.load(tmp_path / "fields.npz")
    assert cloud["points"].shape[1] == 5
    np.testing.assert_array_equal(cloud["u"], values_at(solution, "u", cloud["points"]))
    with pytest.raises(SpecError, match="no mesh in 5 dimensions"):
        export(solution, tmp_path / "fields.xdmf")


def test_points_are_evaluated_in_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLE_CHUNK", 50)
    solution = fakes.kirsch_plate()
    export(solution, tmp_path / "plate.vtu", resolution=16)
    grid = read_vtu(tmp_path / "plate.vtu")
    assert grid.n_points > 100
    assert solution.largest_batch == 50
    np.testing.assert_allclose(
        grid.point_data["ux"], values_at(solution, "ux", np.asarray(grid.points)[:, :2]), **EXACT
    )


def test_a_failure_leaves_no_half_written_file(tmp_path):
    solution = fakes.spreading_heat()

    def breaks_late(p):
        if p[2][0] > 0.3:
            raise RuntimeError("the second instant fails")
        return p[0]

    solution.functions = {"u": breaks_late}
    with pytest.raises(RuntimeError, match="second instant"):
        export(solution, tmp_path / "u.xdmf", resolution=4, times=[0.1, 0.4])
    assert list(tmp_path.iterdir()) == []
