"""validate, info, export, list, init, schema."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import pinn
from pinn.cli.main import run
from pinn.run.directory import RunDirectory
from pinn.solution.report import CHECKSUM
from pinn.solution.saved import save_run
from tests import fakes


@pytest.fixture
def beam(monkeypatch):
    """pinn.load and Solution.load give the beam in closed form."""
    solution = fakes.curve()
    solution.metrics[CHECKSUM] = "checked by whoever loads it"
    monkeypatch.setitem(vars(pinn), "load", lambda path, overrides=(): solution.problem)
    monkeypatch.setitem(vars(pinn), "Solution", SimpleNamespace(load=lambda folder: solution))
    monkeypatch.setattr("pinn.solution.unheld.unheld_loads", lambda problem: [])
    return solution


def test_validate_describes_the_problem(beam, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beam.yaml").touch()
    assert run(["validate", "beam.yaml"]) == 0
    assert capsys.readouterr().out == "beam in 1 dimensions\nbeam.yaml: valid\n"


def test_info_of_a_spec(beam, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beam.yaml").touch()
    assert run(["info", "beam.yaml"]) == 0
    assert capsys.readouterr().out == "beam in 1 dimensions\n"


def test_info_of_a_run(beam, tmp_path, capsys):
    save_run(RunDirectory(tmp_path), beam)
    assert run(["info", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("beam: Cantilever beam\nstopped: tolerance")
    assert "w            1.25e-09   5.00e-09" in out
    assert str(tmp_path / "model.safetensors") in out


@pytest.mark.slow
def test_info_of_a_run_needs_no_torch(beam, tmp_path):
    save_run(RunDirectory(tmp_path), beam)
    code = f"import sys; from pinn.cli.main import run; code = run(['info', {str(tmp_path)!r}]);"
    code += "sys.exit('torch' if {'torch', 'sympy', 'scipy'} & {*sys.modules} else code)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    assert "w            1.25e-09   5.00e-09" in found.stdout


def test_info_of_an_unfinished_run_and_of_no_run(tmp_path, capsys):
    (tmp_path / "spec.yaml").write_text("name: beam\n")
    assert run(["info", str(tmp_path)]) == 0
    assert "an unfinished run, without metrics.json; it has spec.yaml" in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    assert run(["info", str(tmp_path / "empty")]) == 2
    assert "is not a run" in capsys.readouterr().err


def test_info_of_a_folder_of_runs_names_the_last(tmp_path, capsys):
    for name in ("20260102-000000", "20260103-000000"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.json").write_text("{}")
    assert run(["info", str(tmp_path)]) == 2
    assert f"the last run in it is {tmp_path / '20260103-000000'}\n" in capsys.readouterr().err


def test_export_writes_into_the_run_and_overwrites_nothing(beam, tmp_path, capsys):
    for expected in ("export.npz", "export-2.npz"):
        assert run(["export", str(tmp_path), "--format", "npz", "--resolution", "5"]) == 0
        assert capsys.readouterr().out == f"{tmp_path / expected}\n"
    arrays = np.load(tmp_path / "export.npz")
    assert len(arrays["points"]) == 6
    np.testing.assert_allclose(arrays["moment"], (1 - arrays["points"][:, 0]) ** 2 / 2)


def test_export_along_a_line_is_a_table(beam, tmp_path, capsys):
    assert run(["export", str(tmp_path), "--line", "0:1", "--points", "5", "--quantities", "moment"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'export.csv'}\n"
    x, length, moment = np.loadtxt(tmp_path / "export.csv", delimiter=",", skiprows=1).T
    np.testing.assert_allclose(x, np.linspace(0, 1, 5))
    np.testing.assert_allclose(length, x)
    np.testing.assert_allclose(moment, (1 - x) ** 2 / 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--times", "a,b"], "--times: expected numbers with commas between them, got 'a,b'"),
        (["--mesh", "m.msh", "--resolution", "5"], "--mesh: cannot be combined with --resolution"),
        (["--line", "0"], "--line: expected two points such as 0,0:1,1, got '0'"),
        (["--line", "0:b"], "--line: expected numbers with commas between them, got 'b'"),
        (["--points", "5"], "--points: belongs to --line"),
        (["--on", "corners"], "--on: unknown place 'corners'; known: cells, gauss, nodes"),
        (["--format", "vtk"], "--format: unknown format '.vtk'; did you mean '.vtu'?"),
        (["--format", "vtu", "--out", "x.csv"], "--out: x.csv does not end in .vtu"),
        (["--quantities", "q"], "unknown quantity 'q'; known: moment, w"),
    ],
)
def test_export_refuses(beam, options, message, tmp_path, capsys):
    assert run(["export", str(tmp_path), *options]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_list_has_what_to_write_and_the_title_from_any_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["list"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["elasticity/plate_with_hole"].startswith("Infinite plate with a circular hole")
    assert all(run(["info", name, "--help"]) == 0 for name in lines)


def test_list_of_a_folder_survives_a_bad_file(tmp_path, capsys):
    (tmp_path / "heat").mkdir()
    (tmp_path / "heat" / "rod.yaml").write_text("name: rod\ntitle: A rod\n")
    (tmp_path / "bad.yaml").write_text("name: [\n")
    assert run(["list", "--folder", str(tmp_path)]) == 0
    bad, rod = capsys.readouterr().out.splitlines()
    assert rod.split("  ")[0] == str(tmp_path / "heat" / "rod.yaml")
    assert rod.endswith("A rod")
    assert bad.startswith(str(tmp_path / "bad.yaml"))
    assert "pinn validate" in bad


def test_list_without_a_folder_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["list", "--folder", "mine"]) == 2
    assert "there is no folder 'mine'" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("command", ["solve", "validate", "info", "compare", "mesh"])
def test_a_file_that_is_not_there_is_refused_before_torch_is_imported(command, tmp_path):
    code = f"import sys; from pinn.cli.main import run; code = run(['{command}', 'mine.yaml']);"
    code += "sys.exit('torch' if {'torch', 'sympy', 'scipy'} & {*sys.modules} else code)"
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (
        2,
        "mine.yaml:1:1: there is no such file; 'pinn list' names those to try\n",
    )


def test_init_from_a_problem_copies_what_it_needs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["init", "my-burgers", "--from", "transport/burgers"]) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["burgers_reference.npz", "my-burgers.yaml"]
    assert capsys.readouterr().out.endswith("now: pinn solve my-burgers.yaml\n")
    problem = pinn.load("my-burgers.yaml")
    assert problem.name == "my-burgers"
    assert problem.spec.equations == pinn.load("transport/burgers").spec.equations


def test_init_writes_a_problem_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["init", "my-heat"]) == 0
    text = (tmp_path / "my-heat.yaml").read_text()
    assert "name: my-heat\n" in text
    assert run(["init", "my-heat"]) == 2
    assert capsys.readouterr().err == "NAME: my-heat.yaml exists already; choose another name\n"
    assert (tmp_path / "my-heat.yaml").read_text() == text
    assert run(["init", "../evil"]) == 2


@pytest.mark.parametrize("name", ["-h", "--help", "-"])
def test_a_name_that_every_command_would_take_for_an_option_is_refused(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["init", "--", name]) == 2
    assert capsys.readouterr().err == f"NAME: must consist of a-z, 0-9 and hyphens, no hyphen first, got '{name}'\n"
    assert list(tmp_path.iterdir()) == []


def test_the_template_is_a_spec_that_the_reader_accepts(tmp_path, monkeypatch):
    from pinn.spec.yaml.source import read_spec

    monkeypatch.chdir(tmp_path)
    assert run(["init", "my-heat"]) == 0
    data = read_spec("my-heat.yaml").data
    assert data["fields"] == ["u"]
    assert data["probes"]["centre"] == {"quantity": "u", "at": [0.5, 0.5], "expected": 1}


def test_schema_is_json_with_the_blocks_of_a_spec(capsys):
    assert run(["schema"]) == 0
    properties = json.loads(capsys.readouterr().out)["properties"]
    assert {"name", "coordinates", "equations", "domain", "conditions", "solver", "outputs"} <= set(properties)
