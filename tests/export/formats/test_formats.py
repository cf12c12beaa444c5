"""The files themselves, through VTK's own readers: active vectors and tensors, times, kinds of cells, many files."""

from __future__ import annotations

import meshio
import numpy as np
import pytest
import pyvista
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline
from vtkmodules.vtkIOHDF import vtkHDFReader

from pinn.errors import ResourceError, SpecError
from pinn.export.export import export, export_fields
from pinn.export.sampling import sample as sampling
from pinn.export.sampling.cell_kinds import CELL_KINDS
from pinn.files.disk import Disk, replaced_by
from pinn.geometry.points.gauss_rules import GAUSS_RULES
from tests import fakes

EXACT = {"rtol": 1e-14, "atol": 1e-14}


def test_paraview_warps_by_the_vector_and_knows_the_tensor(tmp_path):
    """The active vector moves the points; the tensor's components carry their names, their eigenvalues are right."""
    solution = fakes.kirsch_plate()
    export(solution, tmp_path / "plate.vtu", resolution=8)
    grid = pyvista.read(tmp_path / "plate.vtu")
    data = grid.GetPointData()
    assert data.GetVectors().GetName() == "displacement"
    tensor = data.GetTensors()
    assert tensor.GetName() == "stress"
    assert [tensor.GetComponentName(index) for index in range(6)] == ["XX", "YY", "ZZ", "XY", "YZ", "XZ"]
    warped = grid.warp_by_vector(factor=2.0)
    moved = np.column_stack([grid["ux"], grid["uy"], 0 * grid["ux"]])
    np.testing.assert_allclose(warped.points, grid.points + 2 * moved, rtol=1e-6)


def test_vtk_reads_the_instant_of_a_vtu(tmp_path):
    export(fakes.spreading_heat(), tmp_path / "u.vtu", resolution=4, times=[0.3])
    assert pyvista.read(tmp_path / "u.vtu").field_data["TimeValue"].tolist() == [0.3]


def test_vtk_reads_the_instants_of_a_pvd(tmp_path):
    solution = fakes.spreading_heat()
    files = export(solution, tmp_path / "heat.pvd", resolution=8, times=[0, 0.1 + 0.2, 0.5], on=["nodes", "cells"])
    assert files == [tmp_path / "heat.pvd", tmp_path / "heat"]
    assert sorted(path.name for path in (tmp_path / "heat").iterdir()) == [f"heat_000{i}.vtu" for i in range(3)]
    reader = pyvista.get_reader(tmp_path / "heat.pvd")
    assert reader.time_values == [0, 0.1 + 0.2, 0.5]
    for time in reader.time_values:
        reader.set_active_time_value(time)
        block = reader.read()[0]
        points = np.asarray(block.points)
        expected = solution.functions["u"](np.column_stack([points[:, :2], np.full(len(points), time)]).T)
        np.testing.assert_allclose(block.point_data["u"], expected, **EXACT)
        assert len(block.cell_data["u"]) == block.n_cells


def test_a_shorter_series_leaves_nothing_of_a_longer_one(tmp_path):
    """Only files that the old .pvd names go, and only those in its folder."""
    solution, folder = fakes.spreading_heat(), tmp_path / "heat"
    export(solution, tmp_path / "heat.pvd", resolution=4, times=[0, 0.1, 0.2, 0.3])
    stranger, elsewhere = folder / "heat_9999.vtu", tmp_path / "other.vtu"
    for file in (stranger, elsewhere, folder / "notes.txt"):
        file.write_text("mine")
    listed = (tmp_path / "heat.pvd").read_text()
    more = "".join(f'<DataSet timestep="9" file="{place}"/>' for place in ("other.vtu", "heat/../other.vtu", "heat"))
    (tmp_path / "heat.pvd").write_text(listed.replace("</Collection>", more + "</Collection>"))
    export(solution, tmp_path / "heat.pvd", resolution=4, times=[0.4, 0.5])
    assert sorted(file.name for file in folder.iterdir()) == [
        "heat_0000.vtu", "heat_0001.vtu", "heat_9999.vtu", "notes.txt",
    ]  # fmt: skip
    assert elsewhere.is_file()
    assert pyvista.get_reader(tmp_path / "heat.pvd").time_values == [0.4, 0.5]
    (tmp_path / "heat.pvd").write_text("<broken")
    export(solution, tmp_path / "heat.pvd", resolution=4, times=[0.4])
    assert (folder / "heat_0001.vtu").is_file()  # nobody says any more whose it is


def test_the_spec_may_ask_for_a_pvd(tmp_path):
    solution = fakes.spreading_heat()
    solution.problem.spec.outputs.formats = ("vtu", "pvd")
    solution.problem.spec.outputs.resolution = 4
    files = export_fields(solution, tmp_path)
    assert [path.name for path in files] == ["fields.vtu", "fields.pvd", "fields"]
    assert len(list((tmp_path / "fields").iterdir())) == 11


@pytest.mark.parametrize("format", ["vtu", "vtkhdf", "xdmf"])
@pytest.mark.parametrize("kind", [kind for kind, known in CELL_KINDS.items() if known.dimension == 3])
def test_vtk_numbers_the_nodes_of_every_kind_as_we_do(format, kind, tmp_path):
    """Two cells that share no node, of one kind; then with a tetrahedron beside them, in a mixed topology."""
    nodes = GAUSS_RULES[kind].element.nodes if kind != "pyramid" else PYRAMID
    points = np.vstack([nodes, nodes + [2.0, 0, 0], TETRA + [4.0, 0, 0]]) * [0.4, 1, 1]
    cells = [(kind, np.arange(2 * len(nodes)).reshape(2, -1)), ("tetra", [2 * len(nodes) + np.arange(4)])]
    for count in (1, 2):
        meshio.Mesh(points, cells[:count]).write(tmp_path / "mesh.vtu")
        expected = pyvista.read(tmp_path / "mesh.vtu")
        solution = fakes.cube()
        export(solution, tmp_path / f"x.{format}", mesh_file=tmp_path / "mesh.vtu", on=["nodes", "cells"])
        grid = pyvista.get_reader(tmp_path / f"x.{format}").read()
        np.testing.assert_array_equal(grid.cells, expected.cells)
        np.testing.assert_array_equal(grid.celltypes, expected.celltypes)
        np.testing.assert_allclose(grid.point_data["uy"], solution.functions["uy"](points.T), **EXACT)


TETRA = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
PYRAMID = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 1]])


def test_cell_data_of_a_series(tmp_path, monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLE_CHUNK", 7)
    solution = fakes.spreading_heat()
    export(solution, tmp_path / "u.xdmf", resolution=4, times=[0.1, 0.4], on=["cells"])
    reader = pyvista.get_reader(tmp_path / "u.xdmf")
    reader.set_active_time_value(0.4)
    grid = reader.read()
    centre = np.asarray(grid.cell_centers().points)[:, :2]
    expected = solution.functions["u"](np.column_stack([centre, np.full(len(centre), 0.4)]).T)
    np.testing.assert_allclose(grid.cell_data["u"], expected, rtol=1e-12)


def test_vtk_reads_a_series_from_one_file_of_hdf5(tmp_path, monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLE_CHUNK", 7)
    solution, times = fakes.spreading_heat(), [0.1, 0.25, 0.4]
    (file,) = export(solution, tmp_path / "u.vtkhdf", resolution=4, times=times, on=["nodes", "cells"])
    reader = vtkHDFReader()
    reader.SetFileName(str(file))
    reader.UpdateInformation()
    assert [*reader.GetOutputInformation(0).Get(vtkStreamingDemandDrivenPipeline.TIME_STEPS())] == times
    for time in times:
        reader.UpdateTimeStep(time)
        grid = pyvista.wrap(reader.GetOutput())
        for places, data in ((grid.points, grid.point_data), (grid.cell_centers().points, grid.cell_data)):
            places = np.asarray(places)[:, :2]
            expected = solution.functions["u"](np.column_stack([places, np.full(len(places), time)]).T)
            np.testing.assert_allclose(data["u"], expected, rtol=1e-12, atol=1e-15)


def test_a_file_of_hdf5_has_vectors_and_symmetric_tensors(tmp_path):
    solution = fakes.kirsch_plate()
    export(solution, tmp_path / "plate.vtkhdf", resolution=6)
    grid = pyvista.read(tmp_path / "plate.vtkhdf")
    x = np.asarray(grid.points)[:, :2].T
    np.testing.assert_allclose(grid["displacement"][:, 1], solution.functions["uy"](x), **EXACT)
    np.testing.assert_allclose(grid["stress"][:, 3], solution.functions["stress_xy"](x), **EXACT)  # XX YY ZZ XY YZ XZ


@pytest.mark.parametrize("resolution", [3, 4, 5])
def test_meshio_reads_our_vtu_back(resolution, tmp_path):
    """Three sizes: meshio's search for arrays by their offsets goes wrong for one in three where they lie in order."""
    solution = fakes.kirsch_plate()
    export(solution, tmp_path / "plate.vtu", resolution=resolution, on=["nodes", "cells"])
    ours, theirs = meshio.read(tmp_path / "plate.vtu"), pyvista.read(tmp_path / "plate.vtu")
    np.testing.assert_array_equal(ours.points, theirs.points)
    for name in theirs.point_data:
        np.testing.assert_array_equal(ours.point_data[name], theirs.point_data[name])
    for name in theirs.cell_data:
        np.testing.assert_array_equal(ours.cell_data[name][0], theirs.cell_data[name])


def test_quantities_may_have_any_name(tmp_path):
    solution = fakes.cube()
    solution.problem.quantities += ("a<&.b",)
    solution.functions["a<&.b"] = lambda p: p[0]
    for format in ("vtu", "vtkhdf", "xdmf"):
        export(solution, tmp_path / f"x.{format}", resolution=2)
        grid = pyvista.get_reader(tmp_path / f"x.{format}").read()
        np.testing.assert_allclose(grid.point_data["a<&.b"], np.asarray(grid.points)[:, 0], **EXACT)


# ---- interruption --------------------------------------------------------------------------------------------------


class FailingDisk(Disk):
    """Fails at the operation of that number."""

    def __init__(self, number: int):
        self.left = number

    def _step(self) -> None:
        self.left -= 1
        if self.left == -1:
            raise OSError(28, "No space left on device")

    def make_folder(self, path):
        self._step()
        super().make_folder(path)

    def write(self, path, writer):
        super().write(path, writer)
        self._step()

    def sync(self, path):
        self._step()
        super().sync(path)

    def rename(self, source, target):
        self._step()
        super().rename(source, target)


def contents(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("format", ["xdmf", "pvd"])
def test_a_fault_at_any_operation_leaves_all_the_files_or_none(format, tmp_path):
    """Over nothing: nothing. Over an older export: that one, or none; never files of both under the main one's name."""
    solution = fakes.spreading_heat()
    export(solution, tmp_path / f"x.{format}", resolution=3, times=[0.0, 0.1, 0.2])
    older, failures = contents(tmp_path), 0
    for number in range(100):
        fresh, over = tmp_path / f"fresh{number}", tmp_path / f"over{number}"
        for name, content in older.items():
            (over / name).parent.mkdir(parents=True, exist_ok=True)
            (over / name).write_bytes(content)
        try:
            for folder in (fresh, over):
                with replaced_by(FailingDisk(number)), pytest.raises(ResourceError, match="No space left"):
                    export(solution, folder / f"x.{format}", resolution=3, times=[0.3, 0.4, 0.5])
        except pytest.fail.Exception:
            break
        failures += 1
        assert not fresh.exists() or list(fresh.iterdir()) == []
        found = contents(over)
        assert found == older or f"x.{format}" not in found
    assert failures > (8 if format == "pvd" else 5)


@pytest.mark.parametrize("format", ["xdmf", "vtkhdf", "pvd"])
def test_an_export_that_is_interrupted_while_it_evaluates_leaves_nothing(format, tmp_path):
    solution = fakes.spreading_heat()

    def breaks_late(p):
        if p[2][0] > 0.3:
            raise KeyboardInterrupt
        return p[0]

    solution.functions = {"u": breaks_late}
    with pytest.raises(KeyboardInterrupt):
        export(solution, tmp_path / f"u.{format}", resolution=4, times=[0.1, 0.4])
    assert list(tmp_path.iterdir()) == []


def test_a_series_needs_a_mesh(tmp_path):
    for format in ("pvd", "vtkhdf", "xdmf"):
        with pytest.raises(SpecError, match="no mesh in 5 dimensions"):
            export(fakes.five_dimensions(), tmp_path / f"x.{format}")
