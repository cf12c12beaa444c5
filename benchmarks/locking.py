"""Locking: error over Poisson's ratio, displacement form against displacement and pressure.

`python benchmarks/locking.py` solves problems/elasticity/incompressible_cylinder.yaml at every ratio of RATIOS, by
`linear_elasticity` and by `incompressible_elasticity`, with the same sampled hidden layers, and writes
results/benchmarks/locking.md, .json and .png.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import pinn

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results" / "benchmarks"
PROBLEM = ROOT / "problems" / "elasticity" / "incompressible_cylinder.yaml"
RATIOS = (0.3, 0.4, 0.49, 0.499, 0.4999, 0.499999)
FORMS = {"displacement": "linear_elasticity", "displacement and pressure": "incompressible_elasticity"}
METHOD = "solver.method={least_squares: {features: 600, scale: 2.5}}"
SEEDS = (0, 1, 2)
QUANTITIES = ("displacement", "stress")


def stated(form: str) -> str:
    """The problem in one of the forms: without a pressure the closed form of p has nothing to belong to."""
    text = PROBLEM.read_text(encoding="utf-8").replace("incompressible_elasticity", FORMS[form])
    if form == "displacement":
        text = "\n".join(line for line in text.split("\n") if not line.startswith("  p:"))
    return text


def measure(form: str, ratio: float, seed: int) -> dict[str, float]:
    """Relative errors, held-out residual and processor seconds of one solution."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cylinder.yaml"
        file.write_text(stated(form), encoding="utf-8")
        problem = pinn.load(file, [f"constants.nu={ratio}", METHOD, "solver.time_limit=3600"])
        begun = time.process_time()
        solution = pinn.solve(problem, seed=seed, device="cpu")
    errors = {quantity: solution.metrics["relative_l2"][quantity] for quantity in QUANTITIES}
    heldout = solution.metrics["heldout_residual"]
    return {**errors, "heldout_residual": heldout, "cpu_seconds": time.process_time() - begun}


def table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    lines = [
        "# Error over Poisson's ratio",
        "",
        "Made by `python benchmarks/locking.py`: a thick cylinder under internal pressure in plane strain, against",
        "Lamé's closed form; relative L2 errors, medians of three seeds. Both forms have the same points and 600",
        f"sampled hidden units; only the output layer is solved for. {os.cpu_count()} cores ({platform.machine()}).",
        "",
        "| Poisson's ratio | displacement form: displacement | stress | with pressure: displacement | stress |",
        "|---|---|---|---|---|",
    ]
    for ratio in RATIOS:
        cells = [f"{results[form][str(ratio)][quantity]:.1e}" for form in FORMS for quantity in QUANTITIES]
        lines.append(f"| {ratio:g} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def draw(results: dict[str, dict[str, dict[str, float]]], file: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 3.4), layout="constrained")
    for axes, quantity in zip(figure.subplots(1, 2, sharey=True), QUANTITIES, strict=True):
        for form, marker in zip(FORMS, ("o-", "s-"), strict=True):
            errors = [results[form][str(ratio)][quantity] for ratio in RATIOS]
            axes.loglog(1 - 2 * np.array(RATIOS), errors, marker, label=form, markersize=4)
        axes.set(xlabel="1 - 2 × Poisson's ratio", title=f"error of the {quantity}")
        axes.grid(alpha=0.3)
        axes.invert_xaxis()
        axes.set_ylabel("relative L2 error" if quantity == QUANTITIES[0] else "")
    figure.axes[1].legend(frameon=False, loc="lower right")
    figure.savefig(file, dpi=150)


def main() -> None:
    results: dict[str, dict[str, dict[str, float]]] = {form: {} for form in FORMS}
    for form in FORMS:
        for ratio in RATIOS:
            runs = [measure(form, ratio, seed) for seed in SEEDS]
            results[form][str(ratio)] = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            print(form, ratio, {key: f"{value:.1e}" for key, value in results[form][str(ratio)].items()}, flush=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "locking.json").write_text(json.dumps(results, indent=1) + "\n")
    (RESULTS / "locking.md").write_text(table(results), encoding="utf-8")
    draw(results, RESULTS / "locking.png")


if __name__ == "__main__":
    main()
