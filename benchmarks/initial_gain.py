"""Which first weights suit which activation: python -m benchmarks.initial_gain [--workers 2]

The error after a fixed number of Gauss-Newton steps (three hidden layers of 16) on Poisson's and on Burgers' equation,
for hidden weights from normal(0, gain^2/inputs), every unit with its gate through a point of the domain, and for
Glorot's uniform weights. Two seeds each. Writes results/benchmarks/initial_gain.json and .md; rows that are there are
kept.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import multiprocessing
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results" / "benchmarks"
STEPS = {"heat/poisson_2d": 20, "transport/burgers": 60}
ACTIVATIONS = {
    "heat/poisson_2d": ("gelu", "tanh", "silu", "sin", "softplus", "relu3"),
    "transport/burgers": ("gelu", "tanh", "sin", "softplus"),
}
GAINS = {
    "heat/poisson_2d": (0.35, 0.7, 1.0, 1.4, 2.0, 3.0, None),
    "transport/burgers": (1.0, 2.0, 3.0, None),
}  # None: Glorot
SEEDS = (0, 1)
HIDDEN = [16, 16, 16]


def measure(case: tuple[str, str, float | None, int]) -> dict[str, Any]:
    """One training: the largest relative error of a quantity, infinite where it diverged."""
    import pinn
    from pinn.solution.measuring import errors
    from pinn.solution.solution import Solution
    from pinn.spec.blocks.solver import GaussNewtonOptions
    from pinn.training.all_weights.gauss_newton import GaussNewton
    from pinn.training.all_weights.start import GATE_POINTS
    from pinn.training.residuals.model import Model, new_network
    from pinn.training.run.run import Run

    torch.set_num_threads(1)
    name, activation, gain, seed = case
    settings = [
        f"network.activation={activation}",
        f"network.hidden={HIDDEN}",
        f"solver.seed={seed}",
        "sampling.interior=1024",
        "sampling.boundary=256",
    ]
    problem = pinn.load(ROOT / "problems" / f"{name}.yaml", overrides=settings)
    run = Run(problem, torch.device("cpu"), torch.float64, seed, math.inf, 0.0)
    network = new_network(problem, HIDDEN, run.generator, run.device, run.dtype)
    if gain is not None:
        network.activation = dataclasses.replace(network.activation, gain=gain)
        network.place_gates(torch.as_tensor(problem.heldout_points(GATE_POINTS, run.seed_for("gates"))), run.generator)
    run.model = Model(problem, network)
    error = None
    try:
        stage = GaussNewton(GaussNewtonOptions(variable_projection=False), run)
        for _ in range(STEPS[name]):
            stage.step()
        error = max(errors(Solution(problem, run.model, {}, [], {}))[0].values())
    except pinn.Divergence:
        pass
    return {"problem": name, "activation": activation, "gain": gain, "seed": seed, "error": error}


def key(row: dict[str, Any]) -> tuple[str, str, float | None, int]:
    return row["problem"], row["activation"], row["gain"], row["seed"]


def page(rows: Sequence[dict[str, Any]]) -> str:
    lines = [
        "# First weights, by activation",
        "",
        "Relative L2 error after Gauss-Newton steps on a 3 x 16 network, geometric mean of two seeds (errors count up",
        "to 1), by the gain of the first weights; `Glorot` has no gates placed.",
        "",
        "`python -m benchmarks.initial_gain`",
    ]
    for problem, steps in STEPS.items():
        names = [f"{gain:g}" if gain is not None else "Glorot" for gain in GAINS[problem]]
        lines += ["", f"## {problem}, {steps} steps", "", "| activation | " + " | ".join(names) + " |"]
        lines.append("|" + "---|" * (1 + len(names)))
        for activation in ACTIVATIONS[problem]:
            cells = []
            for gain in GAINS[problem]:
                found = [r["error"] for r in rows if key(r)[:3] == (problem, activation, gain)]
                bounded = [1.0 if e is None else min(e, 1.0) for e in found]
                cells.append(f"{statistics.geometric_mean(bounded):.1e}" if bounded else "")
            lines.append(f"| {activation} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    workers = parser.parse_args().workers
    file = RESULTS / "initial_gain.json"
    rows: list[dict[str, Any]] = json.loads(file.read_text()) if file.is_file() else []
    there = {key(row) for row in rows}
    cases = [(p, a, g, seed) for p in STEPS for a in ACTIVATIONS[p] for g in GAINS[p] for seed in SEEDS]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for row in pool.imap_unordered(measure, [case for case in cases if case not in there]):
            rows.append(row)
            print(*row.values(), flush=True)
    rows.sort(key=lambda r: (r["problem"], r["activation"], r["gain"] or 0.0, r["seed"]))
    file.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    (RESULTS / "initial_gain.md").write_text(page(rows))
    print(page(rows))


if __name__ == "__main__":
    main()
