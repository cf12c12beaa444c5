"""`pinn resume` after a signal, after a finished run, with a longer time limit; what the commands say of each."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import pinn
from pinn.cli.main import run
from pinn.files.disk import Disk, replaced_by
from pinn.run import checkpoint
from pinn.solution.verdict import Verdict

SPEC = """
name: rod
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
constants: {P: 2}
equations: {poisson: u_xx = -P*sin(pi*x)}
conditions: [{on: boundary, u: 0}]
network: {hidden: [6, 6]}
sampling: {interior: 40, boundary: 16}
solver: {method: {adam: {iterations: ITERATIONS, resample: 7}}LOAD, tolerance: 1e-20, time_limit: 1000, checkpoint: 0}
outputs: {figures: false}
"""
UNSOLVED = Verdict.NOT_SOLVED.exit_code  # a few steps of Adam solve nothing


def spec(folder: Path, iterations: int = 40, load: str = "") -> str:
    path = folder / "rod.yaml"
    path.write_text(SPEC.replace("ITERATIONS", str(iterations)).replace("LOAD", load))
    return str(path)


BY_LOAD = (", load: P, load_steps: 2", 50, 80)  # the second step is at work at the 50th checkpoint


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "load", "checkpoints", "iterations"),
    [(signal.SIGTERM, 143, "", 6, 40), (signal.SIGINT, 130, "", 6, 40), (signal.SIGTERM, 143, *BY_LOAD)],
)
def test_after_a_signal_it_ends_with_the_same_weights(
    number, code, load, checkpoints, iterations, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "run"
    assert run(["solve", spec(tmp_path, load=load), "--out", str(tmp_path / "whole"), "-q"]) == UNSOLVED
    write = checkpoint.write

    def interrupted(*arguments):
        """The signal comes while a checkpoint is written."""
        if max(checkpoint.numbers(folder), default=0) == checkpoints:
            os.kill(os.getpid(), number)
        return write(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "write", interrupted)
        assert run(["solve", spec(tmp_path, load=load), "--out", str(folder), "-q"]) == code
    captured = capsys.readouterr()
    assert f"pinn resume {folder} goes on from here" in captured.err
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["stop_reason"] == "interrupted"
    assert iterations - 40 < metrics["iterations"] < iterations
    assert run(["resume", str(folder), "-q"]) == UNSOLVED
    resumed, whole = (load_file(path / "model.safetensors") for path in (folder, tmp_path / "whole"))
    assert resumed.keys() == whole.keys()
    assert all(np.array_equal(resumed[name], whole[name]) for name in whole)
    assert json.loads((folder / "metrics.json").read_text())["iterations"] == iterations
    capsys.readouterr()
    assert run(["resume", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder} is finished (iteration_limit), nothing to do\n"


@pytest.mark.slow
def test_a_run_that_ran_out_of_time_goes_on_with_more(tmp_path, capsys):
    folder = tmp_path / "run"
    arguments = ["solve", spec(tmp_path, 10_000), "--out", str(folder), "-q", "--set", "solver.time_limit=0.05"]
    assert run([*arguments, "--set", "solver.checkpoint=60"]) == UNSOLVED
    done = json.loads((folder / "metrics.json").read_text())
    assert done["stop_reason"] == "time_limit"
    assert run(["resume", str(folder)]) == 0
    assert "--set solver.time_limit=SECONDS goes on" in capsys.readouterr().out
    longer = f"solver.time_limit={done['seconds']['solve'] + 0.3}"
    assert run(["resume", str(folder), "-q", "--set", longer]) == UNSOLVED
    assert json.loads((folder / "metrics.json").read_text())["iterations"] > done["iterations"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere is not a run's directory\n"),
        ([".", "--set", "solver.seed=3"], "--set: a run that is resumed can change solver.time_limit and"),
    ],
)
def test_what_cannot_be_resumed(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["resume", *arguments]) == 2
    assert capsys.readouterr().err.startswith(message)


def test_a_folder_without_a_checkpoint_is_exit_4(tmp_path, capsys):
    assert run(["resume", str(tmp_path)]) == 4
    assert capsys.readouterr().err == f"{tmp_path / 'checkpoint'}: no checkpoint; start again with pinn solve\n"


@pytest.mark.slow
def test_a_training_that_keeps_no_state_says_so(tmp_path, monkeypatch, capsys):
    """Broken off without a word, stopped by a signal, and finished."""
    path, folder = tmp_path / "rod.yaml", tmp_path / "run"
    path.write_text(SPEC.replace("ITERATIONS", "40").replace("LOAD", ""))
    arguments = [
        "solve",
        str(path),
        "--engine",
        "deepxde",
        "--out",
        str(folder),
        "-q",
        "--set",
        "solver.time_limit=0.2",
    ]
    solve = pinn.solve

    def killed(problem, **options):
        raise MemoryError

    monkeypatch.setitem(vars(pinn), "solve", killed)
    assert run(arguments) == 4
    for name in (None, "interrupted"):
        if name:
            (folder / "metrics.json").write_text(json.dumps({"stop_reason": name}))
        capsys.readouterr()
        assert run(["resume", str(folder)]) == 2
        why = "the engine deepxde hands out no state of its training"
        message = f"{folder}: {why}, so there is nothing to go on from; start again with pinn solve\n"
        assert capsys.readouterr().err == message
    monkeypatch.setitem(vars(pinn), "solve", solve)
    assert run([*arguments[:-4], str(tmp_path / "whole"), *arguments[-3:]]) == 0
    capsys.readouterr()
    assert run(["resume", str(tmp_path / "whole")]) == 0
    reason = json.loads((tmp_path / "whole" / "metrics.json").read_text())["stop_reason"]
    assert capsys.readouterr().out == f"{tmp_path / 'whole'} is finished ({reason}), nothing to do\n"


@pytest.mark.slow
def test_a_stage_that_foresees_too_long_a_level_goes_on_with_more_time(tmp_path, monkeypatch, capsys):
    path, folder = tmp_path / "rod.yaml", tmp_path / "run"
    path.write_text(
        "name: rod\ncoordinates: [x]\nfields: [u]\ndomain: {interval: {from: 0, to: 1}}\n"
        "equations: {balance: -u_xx = exp(9*x)}\nenergy: {density: u_x**2/2 - exp(9*x)*u}\n"
        "conditions: [{on: boundary, u: 0}]\noutputs: {figures: false}\n"
        "solver: {formulation: energy, time_limit: 60, tolerance: 1e-20, method: {ritz: {features: 10, levels: 4}}}\n"
    )
    with monkeypatch.context() as patched:
        patched.setattr("pinn.training.cells.ritz.COST_EXPONENT", 1e3)
        assert run(["solve", str(path), "--out", str(folder), "-q"]) == 0
    first = json.loads((folder / "metrics.json").read_text())
    assert (first["stop_reason"], first["iterations"]) == ("time_limit", 1)
    assert run(["resume", str(folder), "-q", "--set", "solver.time_limit=1000"]) == 0
    assert json.loads((folder / "metrics.json").read_text())["iterations"] > 1


def test_a_disk_without_room_is_exit_4_before_training(tmp_path, capsys):
    class Full(Disk):
        def free_bytes(self, folder):
            return 1234

    with replaced_by(Full()):
        assert run(["solve", spec(tmp_path), "--out", str(tmp_path / "run")]) == 4
    message = capsys.readouterr().err
    assert message.startswith(f"{tmp_path / 'run'}: the run needs about ")
    assert "bytes and the disk has 1,234; free some, or name another directory with --out" in message
    assert list((tmp_path / "run").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_exit_4_before_training(tmp_path, capsys):
    class ReadOnly(Disk):
        def make_folder(self, path):
            raise PermissionError(30, "Read-only file system")

    with replaced_by(ReadOnly()):
        assert run(["solve", spec(tmp_path), "--out", str(tmp_path / "run"), "-q"]) == 4
    assert capsys.readouterr().err == f"{tmp_path / 'run' / 'spec.yaml'}: cannot write: Read-only file system\n"


@pytest.mark.slow
def test_other_versions_than_the_run_was_begun_with_are_a_warning(tmp_path, capsys):
    folder = tmp_path / "run"
    assert run(["solve", spec(tmp_path, 3), "--out", str(folder), "-q"]) == UNSOLVED
    (folder / "metrics.json").unlink()
    assert run(["resume", str(folder), "-q"]) == UNSOLVED
    assert capsys.readouterr().err == ""
    (folder / "metrics.json").unlink()
    state, _ = checkpoint.read(folder)
    state["versions"] |= {"torch": "1.0", "pinn": "0.0.1", "matplotlib": "0.1"}
    checkpoint.write(folder, state)
    assert run(["resume", str(folder), "-q"]) == UNSOLVED
    said = capsys.readouterr().err
    assert said.startswith("warning: the run was begun with pinn 0.0.1 (")
    assert "torch 1.0 (" in said
    assert "matplotlib" not in said
    assert said.count("\n") == 1
    assert said in (folder / "log.txt").read_text()


@pytest.mark.slow
def test_a_finished_run_without_weights_is_restored_from_its_checkpoint(tmp_path, capsys):
    folder = tmp_path / "run"
    assert run(["solve", spec(tmp_path), "--out", str(folder), "-q"]) == UNSOLVED
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    capsys.readouterr()
    assert run(["export", str(folder)]) == 4
    message = f"{folder}: model.safetensors is missing; 'pinn resume {folder}' restores it from the checkpoint, if"
    assert capsys.readouterr().err.startswith(message)
    assert run(["resume", str(folder), "-q"]) == UNSOLVED
    restored = load_file(folder / "model.safetensors")
    assert restored.keys() == weights.keys()
    assert all(np.array_equal(restored[name], weights[name]) for name in weights)
    (folder / "model.safetensors").unlink()
    shutil.rmtree(folder / "checkpoint")
    capsys.readouterr()
    assert run(["resume", str(folder), "-q"]) == 4
    assert capsys.readouterr().err == f"{folder / 'checkpoint'}: no checkpoint; start again with pinn solve\n"


@pytest.mark.slow
def test_another_problem_s_checkpoint_is_refused(tmp_path, capsys):
    """Though a network of the other would fit; a time limit that a resume changed is no other problem."""
    folder, other = tmp_path / "run", tmp_path / "other"
    assert run(["solve", spec(tmp_path, 3), "--out", str(folder), "-q"]) == UNSOLVED
    assert run(["solve", spec(tmp_path, 3), "--out", str(other), "-q", "--set", "constants.P=3"]) == UNSOLVED
    shutil.rmtree(folder / "checkpoint")
    shutil.copytree(other / "checkpoint", folder / "checkpoint")
    (folder / "metrics.json").unlink()
    capsys.readouterr()
    assert run(["resume", str(folder), "-q"]) == 2
    assert capsys.readouterr().err.startswith(f"{folder}: the checkpoint is one of another problem, or spec.yaml was")
    (other / "metrics.json").unlink()
    assert run(["resume", str(other), "-q", "--set", "solver.time_limit=900"]) == UNSOLVED
    (other / "metrics.json").unlink()
    assert run(["resume", str(other), "-q", "--set", "solver.time_limit=800"]) == UNSOLVED
