"""What is built to be installed holds all that a user needs, and the problems are in it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pinn.files.shipped import shipped_folder

ROOT = Path(__file__).resolve().parent.parent
BUILD = "from setuptools.build_meta import build_wheel; print(build_wheel({folder!r}))"


@pytest.mark.slow
def test_the_wheel_holds_every_module_and_every_problem(tmp_path):
    source = tmp_path / "source"
    for folder in ("pinn", "problems"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    command = [sys.executable, "-c", BUILD.format(folder=str(tmp_path))]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("jetpinn-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        spec = archive.read("pinn/problems/heat/poisson_2d.yaml")
    problems = {f"pinn/problems/{file.relative_to(shipped_folder())}" for file in shipped_folder().rglob("*.*")}
    modules = {str(file.relative_to(ROOT)) for file in (ROOT / "pinn").rglob("*.py")}
    assert names == modules | problems | {"pinn/py.typed", "pinn/report/page.css", "pinn/report/view.js"}
    assert spec == (shipped_folder() / "heat/poisson_2d.yaml").read_bytes()
