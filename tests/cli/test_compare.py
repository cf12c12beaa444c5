"""`pinn compare`: every file, a resumed call that repeats nothing, a failing activation, refusals."""

from __future__ import annotations

import csv
import json
import sys

import pytest

from pinn.cli.compare import shares, split
from pinn.cli.main import run
from pinn.comparison.processes import Job
from pinn.errors import SpecError

SPEC = """
name: rod
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {poisson: u_xx = -pi**2*sin(pi*x)}
conditions: [{on: boundary, u: 0}]
exact: {u: sin(pi*x)}
sampling: {interior: 40}
solver: {method: {least_squares: {features: 40, scale: 4}}, tolerance: 1e-3, time_limit: 3600}
outputs: {resolution: 20}
"""
KEYS = {"smoothness_order", "required_order", "jacobian_rank", "jacobian_norm", "equation_gradient_share"}
COMMAND = Job.command


@pytest.fixture
def spec(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rod.yaml").write_text(SPEC)
    return tmp_path / "rod.yaml"


def failing(job: Job) -> list[str]:
    """relu fails before it has begun."""
    if "relu" in job.out.name:
        return [sys.executable, "-c", "import sys; sys.exit('solver: out of luck')"]
    return COMMAND.fget(job)


@pytest.mark.slow
def test_a_comparison_leaves_everything_and_is_resumed(spec, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Job, "command", property(failing))
    arguments = ["compare", str(spec), "--activations", "gelu,relu", "--seeds", "1", "--jobs", "1", "--hardness", "4"]
    assert run(arguments) == 0
    folder = tmp_path / "results/comparisons/rod"
    files = ["comparison.json", "comparison.csv", "comparison.md", "comparison.html", "errors.png", "fields.png"]
    files += ["second_derivatives.png", "energy_form.png", "hardness.png"]
    assert all((folder / name).stat().st_size > 100 for name in files)
    out = capsys.readouterr().out
    assert (folder / "comparison.md").read_text() in out

    found = json.loads((folder / "comparison.json").read_text())
    assert found["problem"] == "rod"
    gelu, relu = found["activations"]["gelu"], found["activations"]["relu"]
    assert gelu["relative_l2"]["u"] < 1e-2
    assert gelu["spread"]["u"] == [gelu["relative_l2"]["u"]] * 2
    assert gelu["stop_reasons"] == ["tolerance"]
    assert gelu["curvature"].keys() >= KEYS | {"residual_floor"}
    assert gelu["verdict"].startswith("Carries the derivatives")
    assert gelu["curvature"]["energy_form"]["gradient_gap"] < 1e-6
    assert "`pi**2*u*sin(pi*x) - u_x**2/2`" in out
    assert not (folder / "runs/gelu-seed0/fields.vtu").exists()
    assert relu["relative_l2"] == {}
    assert relu["verdict"] == "No result: solver: out of luck"
    assert [step["hardness"] for step in found["hardness"]] == [4]
    with (folder / "comparison.csv").open() as stream:
        rows = {row["activation"]: row for row in csv.DictReader(stream)}
    assert float(rows["gelu"]["error:u"]) == gelu["relative_l2"]["u"]
    assert rows["relu"]["message"] == "solver: out of luck"
    assert "| relu | — | — | — | solver: out of luck |" in out

    started = []  # now relu works, and nothing else is run again
    monkeypatch.setattr(Job, "command", property(lambda job: started.append(job.out.name) or COMMAND.fget(job)))
    assert run(arguments) == 0
    assert started == ["relu-seed0"]
    relu = json.loads((folder / "comparison.json").read_text())["activations"]["relu"]
    assert relu["curvature"]["jacobian_norm_by_order"] == {"2": 0}
    assert relu["curvature"]["residual_floor"] == pytest.approx(1)
    assert relu["curvature"]["energy_form"]["gradient_gap"] > 0.1
    assert relu["verdict"].startswith("Cannot carry these equations")
    assert run(arguments) == 0
    assert started == ["relu-seed0"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--activations", "gelu,rellu"], "--activations: unknown activation 'rellu'; did you mean 'relu'?"),
        (["--activations", " ,"], "--activations: names nothing"),
        (["--hardness", "1,0.5"], "--hardness: must be numbers of at least 1, such as 1,2,5,10, got '0.5'"),
        (["--hardness", "hard"], "--hardness: must be numbers of at least 1, such as 1,2,5,10, got 'hard'"),
        (["--set", "solver.threads=100", "--jobs", "2"], "--jobs: 2 runs of 100 threads each need more than the"),
    ],
)
def test_refusals(spec, arguments, message, capsys):
    assert run(["compare", str(spec), *arguments]) == 2
    assert capsys.readouterr().err.startswith(message)


def test_a_file_in_place_of_a_folder_is_refused_before_training(spec, tmp_path, monkeypatch, capsys):
    (tmp_path / "notes").write_text("mine")
    monkeypatch.setattr("pinn.comparison.compare.Comparison.run", lambda *_: pytest.fail("it trained"))
    assert run(["compare", str(spec), "--out", str(tmp_path / "notes")]) == 2
    assert capsys.readouterr().err == f"--out: {tmp_path / 'notes'} is a file; name a directory that is new or empty\n"
    assert (tmp_path / "notes").read_text() == "mine"


def test_activations_with_parameters_stay_whole():
    text = "gelu, {lambda_gelu: {hardness: 2, trainable: true}},relu,gelu"
    assert split(text, "--activations") == ["gelu", "{lambda_gelu: {hardness: 2, trainable: true}}", "relu"]


def test_runs_share_the_cores():
    assert shares(8, None, None) == (8, 1)
    assert shares(8, 2, None) == (2, 4)
    assert shares(8, None, 3) == (2, 3)
    assert shares(2, 1, 4) == (1, 4)  # what the user says of one run alone is his own affair
    with pytest.raises(SpecError, match="more than the 8 cores"):
        shares(8, 3, 4)
