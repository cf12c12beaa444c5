"""`pinn solve` in processes of its own: one, or several at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import IO, Any

POLL = 0.05  # seconds between two looks at the running processes
GRACE = 20.0  # seconds that a stopped process has to save its state
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Job:
    """One `pinn solve` into the run directory `out`."""

    file: Path
    out: Path
    seed: int
    overrides: Sequence[str] = ()
    engine: str = "native"

    @property
    def command(self) -> list[str]:
        words = [sys.executable, "-m", "pinn", "solve", str(self.file), "--engine", self.engine]
        words += ["--seed", str(self.seed), "--out", str(self.out), "--quiet", "--track-errors"]
        return [*words, *(word for setting in self.overrides for word in ("--set", setting))]

    @property
    def metrics(self) -> dict[str, Any] | None:
        """metrics.json, which a run writes last; None while there is none."""
        file = self.out / "metrics.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def run(job: Job) -> str:
    """Run it to its end. Returns why there are no metrics, or nothing."""
    done = subprocess.run(job.command, capture_output=True, text=True, check=False)
    return failure(job, done.stderr, done.returncode)


def failure(job: Job, errors: str, code: int) -> str:
    """The last line of the errors where the run left no metrics, else nothing."""
    return "" if job.metrics is not None else (errors.strip() or f"exit code {code}").splitlines()[-1]


def run_all(
    jobs: Iterable[Job],
    at_once: int,
    threads: int,
    started: Callable[[Job], None],
    ended: Callable[[Job, str], None],
) -> None:
    """Run jobs, `at_once` at a time with `threads` threads each; `ended` gets what `failure` says.

    When this process is interrupted, those that run are told to stop, and have saved their state before it goes on.
    """
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads))}
    waiting = list(jobs)
    running: list[tuple[Job, subprocess.Popen, IO[str]]] = []
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                job = waiting.pop(0)
                errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 closed when the job has ended
                process = subprocess.Popen(job.command, stdout=subprocess.DEVNULL, stderr=errors, env=environment)
                running.append((job, process, errors))
                started(job)
            sleep(POLL)
            for entry in [entry for entry in running if entry[1].poll() is not None]:
                running.remove(entry)
                job, process, errors = entry
                with errors:
                    errors.seek(0)
                    ended(job, failure(job, errors.read(), process.returncode))
    finally:
        for _, process, _ in running:
            process.terminate()
        for _, process, errors in running:
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            errors.close()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
