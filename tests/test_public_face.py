"""The public face of the package: its names, and a user's first script, run and checked in pyright's strict mode."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

import pinn

ROOT = Path(pinn.__file__).parent.parent
SCRIPT = Path(__file__).parent / "first_script.py"
PROBLEM = ROOT / "problems" / "heat" / "poisson_2d.yaml"


def test_the_names():
    names = {"load", "solve", "problem", "shapes", "table", "Problem", "Solution"}
    names |= {"SpecError", "Divergence", "ResourceError", "__version__"}
    assert set(pinn.__all__) == names
    assert names <= set(dir(pinn))
    found: dict = {}
    exec("from pinn import *", found)
    assert names <= set(found)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'pinn' has no attribute 'slove'"):
        _ = pinn.slove  # pyright: ignore[reportAttributeAccessIssue]


def test_the_version_stands_in_one_place():
    """setuptools reads pinn.__version__; what cites the program agrees with it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "pinn.__version__"}
    assert f"\nversion: {pinn.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def run_script(monkeypatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
    runpy.run_path(str(SCRIPT), run_name="__main__")


@pytest.mark.slow
def test_the_first_script(monkeypatch, tmp_path, capsys):
    run_script(monkeypatch, PROBLEM, tmp_path)
    name, *shape, difference, middle, axes, verdict = capsys.readouterr().out.split()
    assert (name, shape, verdict) == ("fields.csv", ["(50,)"], "solved")
    assert float(difference) == 0
    assert float(middle) == pytest.approx(1, abs=1e-3)  # sin(pi x) sin(pi y)
    assert int(axes) >= 1
    assert (tmp_path / "fields.csv").stat().st_size > 0


def test_the_first_script_is_told_what_is_wrong_with_a_spec(monkeypatch, tmp_path):
    (tmp_path / "bad.yaml").write_text("name: bad\ncoordinates: [x]\nfields: u\n")
    with pytest.raises(SystemExit, match=r"^refused: .*bad\.yaml:"):
        run_script(monkeypatch, tmp_path / "bad.yaml", tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("pyright") is None, reason="pyright is not installed")
def test_pyright_in_strict_mode_is_content_with_it_and_sees_a_mistake(tmp_path):
    text = SCRIPT.read_text(encoding="utf-8")
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    (tmp_path / "mistake.py").write_text(text.replace("solution(points)", "solution(None, 3)"), encoding="utf-8")
    settings = {"include": ["*.py"], "typeCheckingMode": "strict", "extraPaths": [str(ROOT)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", "-p", str(tmp_path)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    assert found["summary"]["filesAnalyzed"] == 2
    said = {(Path(one["file"]).name, one["message"].splitlines()[0]) for one in found["generalDiagnostics"]}
    assert {file for file, _ in said} == {"mistake.py"}, said
