"""Runs killed with SIGKILL at random moments, again and again, until they end: do they end with the same weights?

    python benchmarks/torture.py [--kills 200] [--out results/benchmarks]

Each method trains with a checkpoint after every step. A fork of this process trains from the last checkpoint, and is
killed after a random time, every other one in the write that comes next; whether it was writing is read from memory
that both share. When a training has ended, its weights are compared, bit for bit, with those of one that nobody
disturbed, and the next one begins.
"""

from __future__ import annotations

import argparse
import json
import math
import mmap
import os
import platform
import random
import shutil
import signal
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from pinn.errors import ResourceError
from pinn.files.disk import Disk, replaced_by
from pinn.problem.loading import build
from pinn.problem.problem import Problem
from pinn.run import checkpoint
from pinn.run.keeper import CheckpointKeeper
from pinn.spec.yaml.source import parse_spec
from pinn.training.loop import train
from pinn.training.run.run import Run
from pinn.training.stages import stages_of

RESULTS = Path(__file__).parent.parent / "results" / "benchmarks"
SPEC = """
name: rod
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {poisson: u_xx = -pi**2*sin(pi*x) + 0.1*u**2}
conditions: [{on: boundary, u: 0}]
network: {hidden: [8, 8]}
sampling: {interior: 60, boundary: 16}
solver: {method: METHOD, tolerance: 1e-30, time_limit: 1e6, threads: 1}
"""
METHODS = {
    "adam": "{adam: {iterations: 40, resample: 7}}",
    "lbfgs": "{lbfgs: {iterations: 40, resample: 15}}",
    "gauss_newton": "{gauss_newton: {iterations: 25}}",
    "least_squares": f"[{', '.join(['{least_squares: {features: 30, iterations: 2}}'] * 8)}]",
}
A_WRITE = 5e-3  # seconds that a checkpoint takes, on a disk of flash
IDLE, WRITING, ENDED = 0, 1, 2  # what a child says in the shared byte


@dataclass
class Count:
    """What became of one method."""

    method: str
    kills: int = 0
    while_writing: int = 0
    endings: int = 0
    other_weights: int = 0
    lost: int = 0  # no checkpoint could be read although one had been written


class Watched(Disk):
    """Says in the shared byte when it is at work."""

    def __init__(self, shared: mmap.mmap):
        self.shared = shared

    def write(self, path, writer):
        self.shared[0] = WRITING
        super().write(path, writer)

    def sync(self, path):
        super().sync(path)
        if path.name == checkpoint.FOLDER:  # the last operation of a checkpoint
            self.shared[0] = IDLE


def problem_of(method: str) -> Problem:
    return build(parse_spec(SPEC.replace("METHOD", METHODS[method])))


def trained(problem: Problem, folder: Path, state) -> bytes:
    """Train to the end, with a checkpoint after every step; the weights."""
    run = Run(problem, torch.device("cpu"), torch.float64, 0, problem.spec.solver.time_limit, 1e-30)
    keeper = CheckpointKeeper(folder, 0.0, {}, lambda text: None)
    outcome = train(run, stages_of(problem), keeper=keeper, state=state)
    return b"".join(tensor.numpy().tobytes() for tensor in outcome.model.state_dict().values())


def child(problem: Problem, folder: Path, shared: mmap.mmap) -> None:
    """What a fork does: train on from the last checkpoint, leave the weights, and end."""
    code = 1
    try:
        state = checkpoint.read(folder)[0]["training"] if checkpoint.numbers(folder) else None
        with replaced_by(Watched(shared)):
            weights = trained(problem, folder, state)
        (folder / "weights").write_bytes(weights)
        code = 0
    except ResourceError:
        code = 2
    finally:
        shared[0] = ENDED
        os._exit(code)


def torture(method: str, kills: int, draw: random.Random, folder: Path) -> Count:
    problem, count = problem_of(method), Count(method)
    begun = time.perf_counter()
    expected = trained(problem, folder / "whole", None)
    seconds = time.perf_counter() - begun
    shared = mmap.mmap(-1, 1)
    run = folder / "run"
    while count.kills < kills or not count.endings:
        shared[0] = IDLE
        run.mkdir(exist_ok=True)
        process = os.fork()
        if process == 0:
            child(problem, run, shared)
        last = count.kills >= kills  # which nobody disturbs
        until = math.inf if last else time.perf_counter() + draw.uniform(0, seconds / 2)
        while time.perf_counter() < until and shared[0] != ENDED:
            time.sleep(1e-3)
        if not last and count.kills % 2:  # every other kill waits for the next write
            while shared[0] == IDLE:
                pass
            time.sleep(draw.uniform(0, A_WRITE))
        at = shared[0]
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        if os.WIFSIGNALED(status):
            count.kills += 1
            count.while_writing += at == WRITING
            continue
        code = os.waitstatus_to_exitcode(status)
        count.lost += code == 2
        count.endings += 1
        count.other_weights += code != 0 or (run / "weights").read_bytes() != expected
        shutil.rmtree(run)
    return count


def table(counts: list[Count], machine: str) -> str:
    lines = [
        "# Runs killed at random moments",
        "",
        "`make torture`: SIGKILL at a random moment, go on from the last checkpoint, until the training ends; then the",
        "weights are compared bit for bit with those of a training that nobody disturbed.",
        "",
        "| method | kills | while writing | trainings that ended | with other weights | checkpoints lost |",
        "|---|---|---|---|---|---|",
    ]
    for c in counts:
        lines.append(f"| {c.method} | {c.kills} | {c.while_writing} | {c.endings} | {c.other_weights} | {c.lost} |")
    return "\n".join([*lines, "", machine, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="of all methods together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    torch.set_num_threads(1)  # a fork has no threads but its own
    draw = random.Random(options.seed)
    counts = []
    for method in METHODS:
        with tempfile.TemporaryDirectory() as folder:
            counts.append(torture(method, -(-options.kills // len(METHODS)), draw, Path(folder)))
        print(counts[-1], flush=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, one thread"
    options.out.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine, "methods": [asdict(count) for count in counts]}
    (options.out / "torture.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (options.out / "torture.md").write_text(table(counts, machine), encoding="utf-8")
    if any(count.other_weights or count.lost for count in counts):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
