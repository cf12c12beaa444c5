"""A system without fcntl, resource, SIGALRM, SIGHUP and folders to open, as Windows is: it imports and solves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pinn.files import lock

WITHOUT = """
import os, signal, sys
sys.modules["fcntl"] = sys.modules["resource"] = None
for name in ("SIGALRM", "SIGHUP", "setitimer", "ITIMER_REAL"):
    delattr(signal, name)
for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY", "sched_getaffinity"):
    delattr(os, name)
opened = os.open
def files_only(path, *options, **named):
    if not isinstance(path, int) and os.path.isdir(path):
        raise PermissionError(13, "Permission denied", str(path))
    return opened(path, *options, **named)
os.open = files_only
from pinn.cli.main import run
commands = [[]]
for word in sys.argv[1:]:
    commands.append([]) if word == "then" else commands[-1].append(word)
sys.exit(max(map(run, commands)))
"""
FAST = ["--set", "solver.method={least_squares: {features: 60, scale: 2}}", "--set", "outputs.figures=false"]


@pytest.mark.slow
def test_it_solves_without_what_windows_lacks(tmp_path):
    command = [sys.executable, "-c", WITHOUT, "solve", "heat/poisson_2d", "-q", "--out", "run", *FAST]
    for arguments in (["info", "run"], ["export", "run", "--format", "csv"], ["list"], ["validate", "heat/heat_1d"]):
        command += ["then", *arguments]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert metrics["relative_l2"]["u"] < 1e-3, found.stderr
    assert metrics["peak_memory_mb"] is None
    assert (tmp_path / "run/fields.vtu").is_file()


@pytest.mark.parametrize("has_flock", [True, False])
def test_one_lock_at_a_time_with_and_without_flock(has_flock, tmp_path, monkeypatch):
    if not has_flock:
        monkeypatch.setattr(lock, "fcntl", None)
    first = lock.Lock(tmp_path)
    with pytest.raises(BlockingIOError):
        lock.Lock(tmp_path)
    assert (tmp_path / lock.NAME).exists() is not has_flock
    first.release()
    first.release()
    second = lock.Lock(Path(tmp_path))
    del second
    lock.Lock(tmp_path).release()
