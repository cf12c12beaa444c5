"""Cells before and after they were evaluated all at once: python -m benchmarks.cells --old FOLDER [--passes N]

FOLDER is a checkout of the commit to compare with (`git worktree add FOLDER e8c8265`). Each problem is solved by both
in turn, each in a process of its own with one thread, in which the clock that a training reads is that of the
processor: limits of time, and the seconds below, are processor seconds, whatever else the machine does. --passes N ends
both after so many passes through the slabs (Ritz: levels), so that they do the same work; without it they go on until
the problem's own tolerance or limit of time. Then a finished solution of 200 cells is evaluated at 5 million points.

Writes results/benchmarks/cells.json and .md; rows that are not measured again stay.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results" / "benchmarks"
PROBLEMS = ("transport/burgers", "transport/allen_cahn", "transport/kdv", "elasticity/bracket")
OLD_STAGE = "patches"  # what the stage `cells` was called at e8c8265
POINTS, SIDE, UNITS = 5_000_000, (20, 10), 100  # of the evaluation: 200 cells
SOLVE = """
import sys, time
time.perf_counter = time.process_time
from pinn.cli.main import run
sys.exit(run(sys.argv[1:]))
"""
SQUARE = """
name: square
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
equations: {poisson: laplacian(u) = 1}
conditions: [{on: boundary, u: 0}]
"""


def options(name: str, passes: int | None, old: bool) -> list[str]:
    if passes is None:
        return []
    stage = f"{{ritz: {{levels: {passes}}}}}"
    if name.startswith("transport"):
        stage = f"{{{OLD_STAGE if old else 'cells'}: {{passes: {passes}}}}}"
    return ["--set", f"solver.method={stage}", "--set", "solver.time_limit=3600"]


def solved(folder: Path, name: str, passes: int | None, old: bool) -> dict[str, Any]:
    """Processor seconds, errors and memory of one solve by the checkout in `folder`."""
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-c", SOLVE, "solve", str(folder / "problems" / f"{name}.yaml"), "-q"]
        command += [*options(name, passes, old), "--out", f"{place}/run"]
        begun = resource.getrusage(resource.RUSAGE_CHILDREN)
        one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": str(folder)}
        done = subprocess.run(command, cwd=folder, env={**os.environ, **one}, capture_output=True, text=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        if not (Path(place) / "run" / "metrics.json").is_file():
            raise SystemExit(f"{name} in {folder}: {done.stderr}")
        metrics = json.loads((Path(place) / "run" / "metrics.json").read_text(encoding="utf-8"))
    return {
        "whole": used.ru_utime + used.ru_stime - begun.ru_utime - begun.ru_stime,
        "training": metrics["seconds"]["solve"],
        "errors": metrics["relative_l2"],
        "heldout": metrics["heldout_residual"],
        "stop": metrics["stop_reason"],
        "iterations": metrics["iterations"],
        "memory": metrics["peak_memory_mb"],
    }


def evaluated(count: int) -> dict[str, Any]:
    """Processor seconds of a solution of 200 cells at `count` points, asked as a user does: values, then slopes too."""
    import numpy as np
    import torch

    from pinn.network.cells import grid
    from pinn.problem.loading import load
    from pinn.solution.solution import Solution
    from pinn.training.cells.layers import cell_network, default_scale, with_layers
    from pinn.training.residuals.model import Model

    problem, generator = load(SQUARE), torch.Generator().manual_seed(0)
    layers = with_layers(grid([0, 0], [2, 1], SIDE, []), {}, UNITS, default_scale(problem), generator)
    network = cell_network(problem, layers, torch.zeros(0, dtype=torch.float64))
    with torch.no_grad():
        network.output.copy_(torch.randn(network.output.shape, generator=generator, dtype=torch.float64))
    solution = Solution(problem, Model(problem, network), {}, [], {})
    points = np.random.default_rng(0).random((count, 2)) * [2, 1]
    found: dict[str, Any] = {
        "points": count,
        "cells": network.cells,
        "units": UNITS,
        "threads": torch.get_num_threads(),
    }
    for said, names in (("u", ["u"]), ("u, u_x, u_y", ["u", "u_x", "u_y"])):
        processor, wall = time.process_time(), time.perf_counter()
        solution(points, names)
        found[said] = {"processor": time.process_time() - processor, "wall": time.perf_counter() - wall}
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def table(found: dict[str, Any]) -> str:
    lines = [
        "# Cells, one by one and all at once",
        "",
        "`python -m benchmarks.cells --old FOLDER [--passes N]`, FOLDER a checkout of e8c8265: both solve a problem in",
        "turn, in processor seconds on one thread. `training` is the training alone, `whole` the command with imports,",
        "pictures, exports and, today, estimates, balances and a report that e8c8265 did not make. `passes` is where",
        "both were told to stop (for the bracket: levels); without it, at the problem's own tolerance or limit.",
        "",
        "| problem | passes | commit | training, s | whole, s | error | held-out | iterations | stopped | MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        for commit in ("old", "new"):
            one = row[commit]
            errors = ", ".join(f"{name} {error:.1e}" for name, error in one["errors"].items())
            lines.append(
                f"| {row['problem']} | {row['passes'] or ''} | {commit} | {one['training']:.1f} | {one['whole']:.1f} "
                f"| {errors} | {one['heldout']:.1e} | {one['iterations']} | {one['stop']} | {one['memory']:.0f} |"
            )
        ratios = (row["old"][of] / row["new"][of] for of in ("training", "whole"))
        lines.append(f"| | | **times faster** | {' | '.join(f'**{ratio:.1f}**' for ratio in ratios)} | | | | | |")
    if "evaluation" in found:
        one = found["evaluation"]
        lines += ["", f"A solution of {one['cells']} cells of {one['units']} units at {one['points']:,} points, "]
        lines[-1] += f"{one['threads']} threads, {one['memory']:.0f} MB at the peak:"
        lines += ["", "| asked for | processor, s | wall, s (of a busy machine) |", "|---|---|---|"]
        for said in ("u", "u, u_x, u_y"):
            lines.append(f"| {said} | {one[said]['processor']:.1f} | {one[said]['wall']:.1f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--old", type=Path, help="a checkout of the commit to compare with")
    parser.add_argument("--passes", type=int)
    parser.add_argument("--only", nargs="*", default=PROBLEMS)
    parser.add_argument("--points", type=lambda text: round(float(text)), default=POINTS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    file = chosen.out / "cells.json"
    found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"rows": []}

    def keep() -> None:
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        file.with_suffix(".md").write_text(table(found), encoding="utf-8")

    for name in chosen.only if chosen.old else ():
        row = {"problem": name, "passes": chosen.passes}
        for commit, folder in (("old", chosen.old.resolve()), ("new", ROOT)):
            row[commit] = solved(folder, name, chosen.passes, commit == "old")
            print(name, commit, row[commit], flush=True)
        key = (name, chosen.passes)
        found["rows"] = [*(old for old in found["rows"] if (old["problem"], old["passes"]) != key), row]
        keep()
    if chosen.points:
        found["evaluation"] = evaluated(chosen.points)
        print(found["evaluation"], flush=True)
        keep()


if __name__ == "__main__":
    main()
