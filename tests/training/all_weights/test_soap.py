"""SOAP's package is an extra: without it, a spec that names the stage is refused before anything is trained."""

from __future__ import annotations

import sys

import pytest

import pinn
from pinn.cli.main import run
from tests.training import examples

MISSING = "solver.method: soap needs pytorch-optimizer, which is missing; pip install 'jetpinn[soap]', or write adam"


@pytest.fixture
def without_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "poisson.yaml"
    path.write_text(examples.POISSON)
    return path


@pytest.mark.parametrize("command", ["validate", "solve"])
def test_a_spec_that_names_it_is_refused_before_there_is_a_directory(
    command, without_package, spec, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert run([command, str(spec), "--set", "solver.method=[adam, soap]"]) == 4
    assert capsys.readouterr().err == f"{MISSING}\n"
    assert [path.name for path in tmp_path.iterdir()] == [spec.name]


def test_a_solve_from_python_is_refused_before_its_first_stage(without_package, spec):
    rows = []
    with pytest.raises(pinn.ResourceError, match="pip install"):
        pinn.solve(pinn.load(spec, ["solver.method=[adam, soap]"]), device="cpu", progress=rows.append)
    assert rows == []


def test_other_methods_do_not_ask_for_it(without_package, spec, capsys):
    assert run(["validate", str(spec), "--set", "solver.method=adam"]) == 0
