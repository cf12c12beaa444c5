"""A network of 20,000 weights on 20,000 points, by Gauss-Newton with conjugate gradients: loss, seconds, memory.

The problem is -Laplace u + u^3 = f on the unit square with an exact solution of several waves. Its Jacobian would take
3.2 GB, and J^T J as much again: neither is formed.

`python -m benchmarks.large_network [--steps 30] [--threads 2]` writes
results/benchmarks/large_network.json and .md.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from pinn.problem.loading import build
from pinn.solution.measuring import errors
from pinn.solution.solution import Solution
from pinn.spec.blocks.solver import GaussNewtonOptions
from pinn.spec.yaml.source import parse_spec
from pinn.training.all_weights.gauss_newton import GaussNewton
from pinn.training.residuals.jacobian import count_rows, count_weights
from pinn.training.run.run import Run

RESULTS = Path(__file__).resolve().parent.parent / "results" / "benchmarks"
SPEC = """
name: large-network
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
definitions: {solution: sin(3*pi*x)*sin(2*pi*y) + x*exp(-y)}
equations: {reaction: -laplacian(u) + u**3 = -laplacian(solution) + solution**3}
conditions: [{on: boundary, u: solution}]
exact: {u: solution}
network: {hidden: [80, 80, 80, 80], activation: gelu}
sampling: {interior: 18000, boundary: 2000}
"""


def train(steps: int, seed: int) -> dict[str, Any]:
    """Loss and seconds after every step, and the peak memory of this process."""
    problem = build(parse_spec(SPEC, "large_network.yaml"), Path())
    run = Run(problem, torch.device("cpu"), torch.float64, seed, 1e9, 1e-30)
    stage = GaussNewton(GaussNewtonOptions(iterations=steps, solver="iterative"), run)
    assert run.model is not None
    rows: list[dict[str, Any]] = []
    begun = perf_counter()
    for step in range(1, steps + 1):
        report = stage.step()
        rows.append({"step": step, "seconds": perf_counter() - begun, "loss": report.loss, **report.extra})
        print(f"step {step:3d}  {rows[-1]['seconds']:7.1f} s  loss {report.loss:.3e}", file=sys.stderr)
        if report.finished:
            break
    solution = Solution(problem, run.model, {}, [], {})
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return {
        "weights": count_weights(run.model),
        "points": sum(len(group.points) for group in stage.groups),
        "rows": count_rows(stage.groups),
        "threads": torch.get_num_threads(),
        "seed": seed,
        "torch": torch.__version__,
        "platform": platform.platform(),
        "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit,
        "seconds_per_step": rows[-1]["seconds"] / len(rows),
        "heldout_residual": run.heldout(run.model),
        "relative_l2": errors(solution)[0]["u"],
        "history": rows,
    }


def table(result: dict[str, Any]) -> str:
    lines = [
        "# A large network by Gauss-Newton with conjugate gradients",
        "",
        f"{result['weights']:,} weights, {result['points']:,} points, float64, {result['threads']} threads, seed "
        f"{result['seed']}. Peak memory of the process {result['peak_memory_gb']:.2f} GB, "
        f"{result['seconds_per_step']:.1f} s per step. At the end: relative error {result['relative_l2']:.1e}, "
        f"held-out residual {result['heldout_residual']:.1e}.",
        "",
        "| step | seconds | loss | damping |",
        "|---:|---:|---:|---:|",
    ]
    history = result["history"]
    shown = [row for row in history if row["step"] in (1, 2, 5) or row["step"] % 10 == 0 or row is history[-1]]
    lines += [f"| {r['step']} | {r['seconds']:.0f} | {r['loss']:.2e} | {r['damping']:.1e} |" for r in shown]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    result = train(options.steps, options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "large_network.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (options.out / "large_network.md").write_text(table(result), encoding="utf-8")
    print(table(result))


if __name__ == "__main__":
    main()
