"""Which length of the sampled hyperplanes suits which activation: python -m benchmarks.feature_scale [--workers 2]

One hidden layer of 400 units s(w . h + b), |w| <= R, solved by least squares for the output layer: the held-out
residual as a function of R, for each activation on six problems (two seeds each). An activation's scale is the factor
by which its curve is shifted along R against GELU's: the median over the problems of R_activation/R_gelu, both taken
where the residual, rising with R, passes ten times the smallest that both of them reach.

Writes results/benchmarks/feature_scale.json, .md and .png; rows that are there already are kept.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results" / "benchmarks"
PROBLEMS = (
    "heat/poisson_2d",
    "heat/heat_1d",
    "waves/helmholtz_2d",
    "elasticity/plate_with_hole",
    "elasticity/plate_kirchhoff",
    "elasticity/manufactured_plate",
)
SMOOTH = ("gelu", "gelu_tanh", "tanh", "silu", "softplus", "sin")
ACTIVATIONS = (*SMOOTH, "elu", "relu3")
FEATURES = 400
SCALES = tuple(2 ** (k / 2) for k in range(12))
SEEDS = (0, 1)
ABOVE = 10.0  # times the smallest residual: on the side where features are too narrow to resolve the solution


def measure(case: tuple[str, str, float, int]) -> dict[str, Any]:
    """One solve: the held-out residual and the largest relative error of a quantity."""
    import torch

    import pinn

    torch.set_num_threads(1)
    name, activation, scale, seed = case
    settings = [
        f"network.activation={activation}",
        f"solver.method=[{{least_squares: {{features: {FEATURES}, scale: {scale!r}, iterations: 12}}}}]",
        f"solver.seed={seed}",
        "solver.time_limit=60",
    ]
    row: dict[str, Any] = {"problem": name, "activation": activation, "scale": scale, "seed": seed}
    try:
        metrics = pinn.solve(pinn.load(ROOT / "problems" / f"{name}.yaml", overrides=settings)).metrics
    except pinn.Divergence as error:
        return row | {"heldout_residual": None, "error": None, "message": str(error)}
    errors = [error for error in metrics["relative_l2"].values() if error is not None]
    return row | {"heldout_residual": metrics["heldout_residual"], "error": max(errors, default=None)}


def key(row: dict[str, Any]) -> tuple[str, str, float, int]:
    return row["problem"], row["activation"], round(row["scale"], 6), row["seed"]


def curve(rows: Sequence[dict[str, Any]], problem: str, activation: str) -> tuple[np.ndarray, np.ndarray]:
    """(R, geometric mean over the seeds of the held-out residual), where all seeds have one."""
    scales, residuals = [], []
    for scale in SCALES:
        mine = (problem, activation, round(scale, 6))
        found = [row["heldout_residual"] for row in rows if key(row)[:3] == mine]
        if found and all(found):
            scales.append(scale)
            residuals.append(statistics.geometric_mean(found))
    return np.array(scales), np.array(residuals)


def crossing(scales: np.ndarray, residuals: np.ndarray, level: float) -> float | None:
    """The largest R at which the residual is `level`, between the measured ones; None where it never is."""
    logs = np.log(residuals / level)
    for k in range(len(scales) - 1, 0, -1):
        if logs[k - 1] <= 0 < logs[k]:
            share = -logs[k - 1] / (logs[k] - logs[k - 1])
            return float(scales[k - 1] * (scales[k] / scales[k - 1]) ** share)
    return None


def relative_scale(rows: Sequence[dict[str, Any]], activation: str) -> dict[str, float]:
    """problem -> R_activation/R_gelu, where the activation reaches that residual at all."""
    found = {}
    for problem in PROBLEMS:
        gelu, mine = curve(rows, problem, "gelu"), curve(rows, problem, activation)
        level = ABOVE * max(float(gelu[1].min()), float(mine[1].min()))
        ends = crossing(*mine, level), crossing(*gelu, level)
        if ends[0] and ends[1]:
            found[problem] = ends[0] / ends[1]
    return found


def page(rows: Sequence[dict[str, Any]]) -> str:
    lines = [
        "# The length of the sampled hyperplanes, by activation",
        "",
        f"One layer of {FEATURES} features, least squares, {len(SEEDS)} seeds. Best R, and in brackets the held-out",
        "residual there (geometric mean). `scale` is R relative to GELU's, as benchmarks/feature_scale.py defines it.",
        "",
        "`python -m benchmarks.feature_scale`",
        "",
        "| activation | scale (range over problems) | " + " | ".join(name.split("/")[1] for name in PROBLEMS) + " |",
        "|" + "---|" * (2 + len(PROBLEMS)),
    ]
    for activation in ACTIVATIONS:
        ratios = list(relative_scale(rows, activation).values())
        scale = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else "-"
        cells = []
        for problem in PROBLEMS:
            scales, residuals = curve(rows, problem, activation)
            best = int(residuals.argmin())
            cells.append(f"{scales[best]:.1f} ({residuals[best]:.0e})")
        lines.append(f"| {activation} | {scale} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 7), layout="constrained")
    axes = figure.subplots(2, math.ceil(len(PROBLEMS) / 2), sharex=True)
    for problem, ax in zip(PROBLEMS, axes.flat, strict=False):
        for activation in ACTIVATIONS:
            ax.loglog(*curve(rows, problem, activation), label=activation, linewidth=1.2)
        ax.set_title(problem.split("/")[1].replace("_", " "), fontsize=10)
        ax.set_xlabel("R")
        ax.set_ylabel("held-out residual")
    for ax in axes.flat[len(PROBLEMS) :]:
        ax.axis("off")
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=8, frameon=False)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    workers = parser.parse_args().workers
    file = RESULTS / "feature_scale.json"
    rows: list[dict[str, Any]] = json.loads(file.read_text()) if file.is_file() else []
    there = {key(row) for row in rows}
    cases = [(p, a, r, seed) for p in PROBLEMS for a in ACTIVATIONS for r in SCALES for seed in SEEDS]
    waiting = [case for case in cases if (case[0], case[1], round(case[2], 6), case[3]) not in there]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for row in pool.imap_unordered(measure, waiting):
            rows.append(row)
            print(f"{row['problem']} {row['activation']} {row['scale']:.2f}: {row['heldout_residual']}")
    rows.sort(key=key)
    file.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    (RESULTS / "feature_scale.md").write_text(page(rows))
    draw(rows, RESULTS / "feature_scale.png")
    print(page(rows))


if __name__ == "__main__":
    main()
