"""Points outside the domain have no values, and how many there are is said; what a run wrote itself stays."""

from __future__ import annotations

import csv
from bisect import bisect_right
from types import SimpleNamespace

import meshio
import numpy as np
import pytest
import pyvista

import pinn
from pinn.cli.main import run
from pinn.errors import SpecError
from pinn.export.export import MOST_POINTS, export, points_of_mesh
from pinn.export.sampling.line import Line
from pinn.run.directory import refuse_own_file
from pinn.solution.solution import Solution
from tests import fakes

SIDE, RADIUS, ORIGIN = 2.0, 0.5, (-0.5, -0.25)


def grid(count: int = 12, size: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and quadrilaterals over a square that goes beyond the plate on all sides."""
    axis = np.linspace(0, size, count + 1)
    points = np.stack(np.meshgrid(axis + ORIGIN[0], axis + ORIGIN[1], indexing="ij"), axis=-1).reshape(-1, 2)
    first = (np.arange(count)[:, None] * (count + 1) + np.arange(count)).ravel()
    return points, np.column_stack([first, first + count + 1, first + count + 2, first + 1])


def in_plate(points: np.ndarray) -> np.ndarray:
    inside = np.all((points > -1e-9) & (points < SIDE + 1e-9), axis=1)
    return inside & (np.hypot(points[:, 0], points[:, 1]) > RADIUS - 1e-9)


@pytest.fixture
def meshed(tmp_path):
    points, cells = grid()
    meshio.Mesh(points, [("quad", cells)]).write(tmp_path / "mesh.xdmf")
    return tmp_path / "mesh.xdmf"


def test_nodes_outside_are_nan_and_counted(meshed, tmp_path):
    said = []
    export(fakes.kirsch_plate(), tmp_path / "plate.csv", mesh_file=meshed, quantities=["ux"], say=said.append)
    points, _ = grid()
    with (tmp_path / "plate.csv").open() as stream:
        ux = np.array([float(row["ux"]) for row in csv.DictReader(stream)])
    assert np.array_equal(np.isfinite(ux), in_plate(points))
    values = fakes.kirsch_plate().functions["ux"](points[in_plate(points)].T)
    np.testing.assert_allclose(ux[in_plate(points)], values)
    assert said == [f"{(~in_plate(points)).sum()} of 169 nodes lie outside the domain: nan"]


@pytest.mark.parametrize("on", [("cells",), ("nodes", "cells")])
def test_cells_are_judged_by_their_centres(on, meshed, tmp_path):
    said = []
    export(fakes.kirsch_plate(), tmp_path / "plate.vtu", mesh_file=meshed, quantities=["ux"], on=on, say=said.append)
    points, cells = grid()
    inside = in_plate(points[cells].mean(axis=1))
    found = pyvista.read(tmp_path / "plate.vtu").cell_data["ux"]
    assert np.array_equal(np.isfinite(found), inside)
    assert said[-1] == f"{(~inside).sum()} of 144 cells' centres lie outside the domain: nan"
    assert len(said) == len(on)


def test_gauss_points_are_judged_one_by_one(meshed, tmp_path):
    said = []
    export(
        fakes.kirsch_plate(), tmp_path / "g.csv", mesh_file=meshed, quantities=["ux"], on=("gauss",), say=said.append
    )
    with (tmp_path / "g.csv").open() as stream:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(stream)]
    points, ux = np.array([[row["x"], row["y"]] for row in rows]), np.array([row["ux"] for row in rows])
    assert np.array_equal(np.isfinite(ux), in_plate(points))
    assert said == [f"{(~in_plate(points)).sum()} of {len(points)} Gauss points lie outside the domain: nan"]


def test_a_mesh_of_the_domain_itself_has_values_everywhere(tmp_path):
    """In single precision, as many programs write it, with nodes on the hole."""
    solution, said = fakes.kirsch_plate(), []
    export(solution, tmp_path / "own.vtu", resolution=20)
    own = meshio.read(tmp_path / "own.vtu")
    meshio.Mesh(own.points.astype(np.float32), own.cells).write(tmp_path / "single.vtu")
    export(solution, tmp_path / "u.vtu", mesh_file=tmp_path / "single.vtu", say=said.append)
    assert np.isfinite(pyvista.read(tmp_path / "u.vtu").point_data["ux"]).all()
    assert said == []


def test_a_mesh_all_outside_is_refused(tmp_path):
    meshio.Mesh([[5, 5, 0], [6, 5, 0], [6, 6, 0]], [("triangle", [[0, 1, 2]])]).write(tmp_path / "far.vtu")
    with pytest.raises(SpecError, match=r"--mesh: no node of .*far.vtu lies in the domain"):
        export(fakes.kirsch_plate(), tmp_path / "u.csv", mesh_file=tmp_path / "far.vtu")
    assert not (tmp_path / "u.csv").exists()


def test_a_line_says_how_many_of_its_points_have_no_values(tmp_path):
    said = []
    export(fakes.kirsch_plate(), tmp_path / "u.csv", line=Line([0, 0], [2, 0], count=9), say=said.append)
    assert said == ["2 of 9 points lie outside the domain: nan"]  # 0 and 0.25; 0.5 is on the hole


@pytest.mark.parametrize("solution", [fakes.kirsch_plate, fakes.cube, fakes.curve, fakes.five_dimensions])
def test_a_resolution_that_no_machine_holds_is_refused_before_any_point_is_made(solution, tmp_path, monkeypatch):
    monkeypatch.setattr("pinn.export.export.WRITERS", {".vtu": lambda request, path: [path]})
    solved = solution()
    with pytest.raises(SpecError, match="--resolution: 100000000 cells along the longest side make about"):
        export(solved, tmp_path / "u.vtu", resolution=100_000_000)
    sizes = range(10**7)
    most = bisect_right(sizes, MOST_POINTS, key=lambda size: points_of_mesh(solved.problem, size)) - 1
    assert export(solved, tmp_path / "u.vtu", resolution=most)
    with pytest.raises(SpecError, match=f"{most + 1} cells"):
        export(solved, tmp_path / "u.vtu", resolution=most + 1)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A run's folder that holds its files, and `pinn export` of it."""
    for name in ("spec.yaml", "history.csv", "fields.vtu", "metrics.json"):
        (tmp_path / name).write_text("mine")
    monkeypatch.setitem(vars(pinn), "Solution", SimpleNamespace(load=lambda folder: fakes.kirsch_plate()))
    return tmp_path


@pytest.mark.parametrize("name", ["history.csv", "fields.vtu", "fields.npz", "../RUN/fields.csv"])
def test_a_run_s_own_files_are_not_overwritten(name, own, capsys):
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    assert run(["export", str(own), "--out", str(own / name.replace("RUN", own.name))]) == 2
    said = f"--out: {name.split('/')[-1]} is a file of the run itself and stays as it is; name another one\n"
    assert capsys.readouterr().err == said
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before
    with pytest.raises(SpecError, match="a file of the run itself"):
        Solution.export(fakes.kirsch_plate(), own / name.replace("RUN", own.name))  # type: ignore[arg-type]


def test_other_files_are_a_user_s_own(own, tmp_path_factory):
    for _ in range(2):
        assert run(["export", str(own), "--out", str(own / "mine.csv"), "--resolution", "4"]) == 0
    refuse_own_file(tmp_path_factory.mktemp("elsewhere") / "history.csv")


def test_the_mesh_itself_is_not_overwritten(own, meshed, capsys):
    content = meshed.read_bytes()
    assert run(["export", str(own), "--mesh", str(meshed), "--out", str(meshed)]) == 2
    assert capsys.readouterr().err == f"--out: {meshed} is the mesh itself; name another file\n"
    assert meshed.read_bytes() == content
