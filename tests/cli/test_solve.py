"""`pinn solve` with a solution in closed form in place of training: what is passed on, printed, saved and returned."""

from __future__ import annotations

import json
import os
import re
import signal

import pytest

import pinn
from pinn.cli.main import run
from pinn.files.shipped import find_spec
from pinn.solution.verdict import Verdict
from tests import fakes


@pytest.fixture
def solved(monkeypatch):
    """Replace load and solve; the dict returned records how they were called and holds the solution."""
    solution = fakes.curve()
    calls: dict = {"solution": solution}

    def load(path, overrides=()):
        calls["load"] = (path, tuple(overrides))
        return solution.problem

    def solve(problem, *, seed=None, device="auto", progress=None, **engine):
        calls["solve"] = (problem, seed, device)
        calls["engine"] = {name: engine[name] for name in ("engine", "track_errors")}
        for row in fakes.training_history(3):
            progress(row)
        return solution

    monkeypatch.setitem(vars(pinn), "load", load)
    monkeypatch.setitem(vars(pinn), "solve", solve)
    monkeypatch.setattr("pinn.problem.warnings.warnings", lambda problem: ["something odd"])
    monkeypatch.setattr("pinn.solution.unheld.unheld_loads", lambda problem: [])
    return calls


@pytest.mark.slow
def test_options_reach_load_and_solve(solved, tmp_path, capsys):
    arguments = ["solve", "elasticity/beam_euler", "--set", "solver.time_limit=3", "--set", "network.activation=tanh"]
    engine = ["--engine", "native", "--track-errors"]
    assert run([*arguments, "--seed", "7", "--device", "cpu", "--out", str(tmp_path / "run"), *engine]) == 0
    assert solved["load"] == (
        find_spec("elasticity/beam_euler"),
        ("solver.time_limit=3", "network.activation=tanh", "solver.seed=7"),
    )
    assert solved["solve"] == (solved["solution"].problem, 7, "cpu")
    assert (tmp_path / "run" / "metrics.json").is_file()
    assert solved["engine"] == {"engine": "native", "track_errors": True}


@pytest.mark.slow
def test_results_go_to_stdout_and_progress_to_stderr(solved, tmp_path, capsys):
    assert run(["solve", "elasticity/beam_euler", "--out", str(tmp_path / "run")]) == 0
    captured = capsys.readouterr()
    assert "w            1.25e-09   5.00e-09" in captured.out
    assert str(tmp_path / "run" / "fields.vtu") in captured.out
    assert str(tmp_path / "run" / "figures" / "summary.png") in captured.out
    assert "least_squares" not in captured.out
    assert "least_squares  iteration 0  loss 1.000e+00" in captured.err


@pytest.mark.slow
def test_quiet_says_nothing_on_stderr_but_logs(solved, tmp_path, capsys):
    assert run(["solve", "elasticity/beam_euler", "--quiet", "--out", str(tmp_path / "run")]) == 0
    assert capsys.readouterr().err == ""
    log = (tmp_path / "run" / "log.txt").read_text()
    assert "iteration 0" in log
    assert "iteration 2" in log  # the last row is logged although less than two seconds had passed
    assert "1.25e-09" in log


@pytest.mark.slow
def test_a_run_is_complete(solved, tmp_path):
    assert run(["solve", "elasticity/beam_euler", "--out", str(tmp_path / "run")]) == 0
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {
        "spec.yaml", "environment.json", "history.csv", "model.safetensors", "metrics.json", "fields.vtu", "figures",
        "log.txt", "report.html",
    }  # fmt: skip
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["stop_reason"] == "tolerance"


@pytest.mark.slow
def test_the_default_directory(solved, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["solve", "elasticity/beam_euler"]) == 0
    (folder,) = (tmp_path / "results" / "runs" / "beam").iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}", folder.name)
    assert capsys.readouterr().out.splitlines()[-1] == str(folder.relative_to(tmp_path))


def test_a_directory_that_holds_something_is_refused_before_training(solved, tmp_path, capsys):
    (tmp_path / "old").write_text("")
    assert run(["solve", "elasticity/beam_euler", "--out", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert "solve" not in solved


def test_times_that_the_problem_does_not_have_are_refused_before_training(solved, tmp_path, capsys):
    solved["solution"].problem.spec.outputs.times = 3
    assert run(["solve", "elasticity/beam_euler", "--out", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err == "outputs.times: this problem has no time\n"
    assert "solve" not in solved
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("verdict", Verdict)
def test_the_verdict_of_a_run_decides_its_exit_code(solved, verdict, tmp_path):
    solved["solution"].metrics["verdict"] = verdict.value
    assert run(["solve", "elasticity/beam_euler", "--out", str(tmp_path / "run")]) == verdict.exit_code
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["verdict"] == verdict


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reason", "code"), [("diverged", 3), ("interrupted", 130), ("time_limit", 0), ("stagnated", 0)]
)
def test_the_stop_reason_decides_the_exit_code_and_results_are_saved(solved, reason, code, tmp_path):
    solved["solution"].metrics["stop_reason"] = reason
    assert run(["solve", "elasticity/beam_euler", "--out", str(tmp_path / "run")]) == code
    assert (tmp_path / "run" / "metrics.json").is_file()


@pytest.mark.slow
def test_sigterm_during_training_is_143_after_saving(solved, tmp_path, monkeypatch):
    """A solver that is asked to stop and returns what it has: that is saved, the code tells the signal."""
    solution = solved["solution"]

    def solve(problem, *, seed=None, device="auto", progress=None, keeper=None, **engine):
        assert keeper is not None
        os.kill(os.getpid(), signal.SIGTERM)
        assert keeper.stopping
        solution.metrics["stop_reason"] = "interrupted"
        return solution

    monkeypatch.setitem(vars(pinn), "solve", solve)
    assert run(["solve", "elasticity/beam_euler", "--out", str(tmp_path / "run")]) == 143
    assert (tmp_path / "run" / "metrics.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verdict", "strict", "code"),
    [("solved", True, 0), ("useful", False, 0), ("useful", True, 5), ("not_solved", False, 5), ("not_solved", True, 5)],
)
def test_the_verdict_is_the_exit_code(solved, tmp_path, verdict, strict, code):
    solved["solution"].metrics["verdict"] = verdict
    assert (
        run(["solve", "elasticity/beam_euler", "-q", "--out", str(tmp_path / "run"), *(["--strict"] if strict else [])])
        == code
    )
    assert (tmp_path / "run" / "fields.vtu").is_file()  # whatever it is worth
