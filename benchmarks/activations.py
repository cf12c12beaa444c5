"""All activations on ten problems, three seeds, both solver styles: python -m benchmarks.activations [--workers 2]

`spec` solves as the problem's file says (method auto: least squares, cells, Gauss-Newton), for at most 8 s. `deep`
is what most people run: three hidden layers of 24, 300 iterations of Adam, then 300 of L-BFGS. One thread per run.

Writes results/benchmarks/activations.json, .md and .png; runs that are there already are kept.
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
# The order of the equation, and whether it is linear; the quantity whose error counts.
PROBLEMS = {
    "transport/advection": ("1, linear", "u"),
    "heat/poisson_2d": ("2, linear", "u"),
    "waves/helmholtz_2d": ("2, linear", "u"),
    "elasticity/plate_with_hole": ("2, linear", "stress"),
    "elasticity/manufactured_plate": ("2, linear", "displacement"),
    "heat/nonlinear_poisson": ("2, nonlinear", "u"),
    "transport/burgers": ("2, nonlinear", "u"),
    "fluids/kovasznay": ("2, nonlinear", "u"),
    "transport/kdv": ("3, nonlinear", "u"),
    "elasticity/plate_kirchhoff": ("4, linear", "w"),
}
ACTIVATIONS = (
    "gelu",
    "lambda_gelu",
    "gelu_tanh",
    "tanh",
    "silu",
    "softplus",
    "sin",
    "elu",
    "relu3",
    "leaky_relu",
    "relu",
)
STYLES = {
    "spec": ("solver.time_limit=8",),
    "deep": (
        "network.hidden=[24, 24, 24]",
        "solver.method=[{adam: {iterations: 300}}, {lbfgs: {iterations: 300}}]",
        "sampling.interior=600",
        "sampling.boundary=150",
        "solver.compile=off",
        "solver.time_limit=600",
    ),
}
SEEDS = (0, 1, 2)
LEARNED = "{lambda_gelu: {trainable: true}}"  # at a fixed hardness of 1 it would be gelu


def measure(case: tuple[str, str, str, int]) -> dict[str, Any]:
    """One run: errors, held-out residual, seconds of wall clock, why it stopped."""
    import torch

    import pinn

    torch.set_num_threads(1)
    style, name, activation, seed = case
    value = LEARNED if activation == "lambda_gelu" else activation
    settings = [*STYLES[style], f"network.activation={value}", f"solver.seed={seed}"]
    row: dict[str, Any] = {"style": style, "problem": name, "activation": activation, "seed": seed}
    try:
        metrics = pinn.solve(pinn.load(ROOT / "problems" / f"{name}.yaml", overrides=settings)).metrics
    except pinn.Divergence as error:
        return row | {"error": None, "stop_reason": "diverged", "message": str(error)}
    return row | {
        "error": metrics["relative_l2"].get(PROBLEMS[name][1]),
        "heldout_residual": metrics["heldout_residual"],
        "seconds": round(metrics["seconds"]["solve"], 2),
        "stop_reason": metrics["stop_reason"],
    }


def key(row: dict[str, Any]) -> tuple[str, str, str, int]:
    return row["style"], row["problem"], row["activation"], row["seed"]


def medians(rows: Sequence[dict[str, Any]], style: str) -> np.ndarray:
    """Median error over the seeds [activations, problems]; infinite where runs diverged or none has ended."""
    table = np.full((len(ACTIVATIONS), len(PROBLEMS)), math.inf)
    for i, activation in enumerate(ACTIVATIONS):
        for k, problem in enumerate(PROBLEMS):
            mine = [row for row in rows if key(row)[:3] == (style, problem, activation)]
            if mine:
                table[i, k] = statistics.median(math.inf if r["error"] is None else r["error"] for r in mine)
    return table


def digits_behind(table: np.ndarray) -> np.ndarray:
    """Decimal digits that an activation loses against the best one, mean over the problems; an error counts up to 1."""
    digits = np.log10(np.minimum(table, 1.0))
    return (digits - digits.min(axis=0)).mean(axis=1)


def page(rows: Sequence[dict[str, Any]]) -> str:
    lines = [
        "# Activations on ten problems",
        "",
        f"Relative L2 error, median of {len(SEEDS)} seeds. `spec`: the problem's own solver, at most 8 s;",
        "`deep`: 3 x 24, Adam 300 + L-BFGS 300. `digits behind`: decimal digits lost against the best activation of",
        "each problem, mean over the problems (errors count up to 1). lambda_gelu learns its hardness in `deep`.",
        "",
        "`python -m benchmarks.activations`",
    ]
    for style in STYLES:
        table = medians(rows, style)
        behind = digits_behind(table)
        names = [f"{name.split('/')[1]} ({order})" for name, (order, _) in PROBLEMS.items()]
        lines += ["", f"## {style}", "", "| activation | digits behind | " + " | ".join(names) + " |"]
        lines.append("|" + "---|" * (2 + len(PROBLEMS)))
        for i in np.argsort(behind):
            best = table[i] <= table.min(axis=0)
            cells = [f"**{e:.1e}**" if b else f"{e:.1e}" for e, b in zip(table[i], best, strict=True)]
            lines.append(f"| {ACTIVATIONS[i]} | {behind[i]:.1f} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Errors as colours, one panel per style, dark where they are small."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 5.2), layout="constrained")
    panels = figure.subplots(1, len(STYLES), sharey=True)
    image = None
    for style, ax in zip(STYLES, panels, strict=True):
        digits = np.log10(np.clip(medians(rows, style), 1e-12, 1.0))
        image = ax.imshow(digits, cmap="viridis", vmin=-12, vmax=0, aspect="auto")
        for (i, k), value in np.ndenumerate(digits):
            ax.text(k, i, f"{value:.1f}", ha="center", va="center", fontsize=8, color="w" if value < -4 else "k")
        ax.set_xticks(
            range(len(PROBLEMS)), [n.split("/")[1].replace("_", " ") for n in PROBLEMS], rotation=40, ha="right"
        )
        ax.set_yticks(range(len(ACTIVATIONS)), ACTIVATIONS)
        ax.set_title(f"{style}: {'auto, 8 s' if style == 'spec' else '3 x 24, Adam 300 + L-BFGS 300'}", fontsize=11)
    assert image is not None
    figure.colorbar(image, ax=panels, label="log10 of the relative error (1 = nothing learned)")
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--styles", nargs="+", choices=tuple(STYLES), default=tuple(STYLES))
    options = parser.parse_args()
    file = RESULTS / "activations.json"
    rows: list[dict[str, Any]] = json.loads(file.read_text()) if file.is_file() else []
    there = {key(row) for row in rows}
    cases = [(s, p, a, seed) for seed in SEEDS for s in options.styles for p in PROBLEMS for a in ACTIVATIONS]
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
        for row in pool.imap_unordered(measure, [case for case in cases if case not in there]):
            rows.append(row)
            print(*row.values(), flush=True)
            file.write_text("[\n" + ",\n".join(json.dumps(row) for row in sorted(rows, key=key)) + "\n]\n")
    file.with_suffix(".md").write_text(page(rows))
    draw(rows, file.with_suffix(".png"))
    print(page(rows))


if __name__ == "__main__":
    main()
