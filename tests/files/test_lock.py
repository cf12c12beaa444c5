"""One run per folder: of many that want it one gets it, and a process that died keeps nobody out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from pinn.errors import SpecError
from pinn.run.directory import RunDirectory

CREATE = """
import sys
from pathlib import Path
from pinn.errors import SpecError
from pinn.run.directory import RunDirectory
sys.stdin.readline()
try:
    directory = RunDirectory.create("plate", out=Path(sys.argv[1]))
    print("run", flush=True)
except SpecError as error:
    print(f"refused {error}", flush=True)
sys.stdin.readline()
"""


def started(folder) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", CREATE, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def told(process: subprocess.Popen) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def ended(process: subprocess.Popen) -> None:
    process.communicate()


@pytest.mark.slow
def test_eight_runs_on_one_folder_are_one_run_and_seven_refusals(tmp_path):
    processes = [started(tmp_path / "run") for _ in range(8)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.stdout.readline().strip() for process in processes if process.stdout]
    for process in processes:
        ended(process)
    assert sorted(answer.split()[0] for answer in answers) == ["refused"] * 7 + ["run"]
    assert all("belongs to a run that is at work" in answer for answer in answers if answer != "run")


def test_a_lock_of_a_dead_process_is_no_lock(tmp_path):
    process = started(tmp_path)
    assert told(process) == "run"
    with pytest.raises(SpecError, match="belongs to a run that is at work"):
        RunDirectory.reopen(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    ended(process)
    assert RunDirectory.reopen(tmp_path).path == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_free_again_when_its_run_is_gone(tmp_path):
    first = RunDirectory.create("plate", out=tmp_path)
    with pytest.raises(SpecError, match="at work"):
        RunDirectory.reopen(tmp_path)
    del first
    assert RunDirectory.reopen(tmp_path)


def test_only_a_directory_is_reopened(tmp_path):
    with pytest.raises(SpecError, match="is not a run's directory"):
        RunDirectory.reopen(tmp_path / "nothing")
