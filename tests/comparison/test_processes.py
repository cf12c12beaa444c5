"""Processes: as many at once as asked for, failures said, none left behind."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pinn.comparison.processes import Job, cores, run, run_all


@dataclass(frozen=True)
class Python(Job):
    """A job that runs a line of Python."""

    code: str = ""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-c", self.code]


def job(folder: Path, number: int, code: str) -> Python:
    return Python(Path("spec.yaml"), folder / str(number), number, code=code)


def test_jobs_run_in_turn_and_failures_are_said(tmp_path):
    codes = ["import os; print(os.environ['OMP_NUM_THREADS'], file=open('%s', 'w'))" % (tmp_path / "threads")]
    codes += ["import sys; sys.exit('first\\nsolver.method: not there')", "import sys; sys.exit(7)"]
    events = []
    run_all(
        [job(tmp_path, number, code) for number, code in enumerate(codes)],
        1,
        3,
        lambda job: events.append((job.seed, "started")),
        lambda job, message: events.append((job.seed, message)),
    )
    assert [number for number, _ in events] == [0, 0, 1, 1, 2, 2]
    assert [message for _, message in events[1::2]] == ["exit code 0", "solver.method: not there", "exit code 7"]
    assert (tmp_path / "threads").read_text() == "3\n"


def test_a_job_with_metrics_has_not_failed(tmp_path):
    done = job(
        tmp_path, 1, f"import os; os.mkdir('{tmp_path}/1'); open('{tmp_path}/1/metrics.json', 'w').write('{{}}')"
    )
    assert done.metrics is None
    assert run(done) == ""
    assert done.metrics == {}


def test_an_interruption_ends_what_runs(tmp_path):
    long = job(tmp_path, 1, f"import os, time; open('{tmp_path}/pid', 'w').write(str(os.getpid())); time.sleep(600)")
    wait = "import os, time\nwhile not os.path.exists('%s') or not open('%s').read(): time.sleep(0.01)"
    short = job(tmp_path, 2, wait % (tmp_path / "pid", tmp_path / "pid"))

    def interrupt(job: Job, message: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all([long, short], 2, 1, lambda job: None, interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_cores_are_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3, 5, 6}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert cores() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1
