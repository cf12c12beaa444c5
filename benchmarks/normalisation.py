"""Layer normalisation of deep networks: python benchmarks/normalisation.py [--seeds 0 1 2] [--out results/benchmarks]

Three problems, one network of three hidden layers, with and without normalised layers, GELU and ReLU, by Adam, SOAP
and Gauss-Newton. Of each run: the relative L2 error of the first field, and over the hidden layers and 500 points of
the domain the root mean square of what the activation s acts on, and the mean of its gate s'.
"""

from __future__ import annotations

import argparse
import json
import statistics
from itertools import product
from pathlib import Path

import torch

import pinn
from pinn.files.writing import write_text
from pinn.solution.solution import Solution

ROOT = Path(__file__).resolve().parent.parent
PROBLEMS = {"heat/poisson_2d": "u", "fluids/kovasznay": "u", "elasticity/manufactured_plate": "displacement"}
METHODS = {
    "adam": "{adam: {iterations: 1000}}",
    "soap": "{soap: {iterations: 400}}",
    "gauss_newton": "{gauss_newton: {iterations: 40}}",
}
NORMALISATIONS, ACTIVATIONS = ("none", "layer"), ("gelu", "relu")
HIDDEN = "[24, 24, 24]"
POINTS = 500


def run(name: str, method: str, activation: str, normalisation: str, seed: int) -> dict[str, float | str]:
    settings = {
        "network": f"{{hidden: {HIDDEN}, activation: {activation}, normalisation: {normalisation}}}",
        "solver.method": METHODS[method],
        "solver.time_limit": "600",
    }
    solution = pinn.solve(
        pinn.load(ROOT / "problems" / f"{name}.yaml", [f"{key}={value}" for key, value in settings.items()]), seed=seed
    )
    return {
        "error": solution.metrics["relative_l2"][PROBLEMS[name]],
        "stop": solution.metrics["stop_reason"],
        **gates(solution),
    }


def gates(solution: Solution) -> dict[str, float]:
    """Root mean square of the pre-activations, and the mean gate, over layers and points."""
    network = solution.model.mlp
    with torch.no_grad():
        points = torch.as_tensor(solution.problem.heldout_points(POINTS, 0))
        found = [z * hardness for z, hardness in network.pre_activations(points)]
        gate = [network.activation.derivatives(z, 1)[1].mean() for z in found]
    return {
        "size": float(torch.stack([z.square().mean() for z in found]).mean().sqrt()),
        "gate": float(torch.stack(gate).mean()),
    }


def table(results: dict[str, list[dict]], seeds: list[int]) -> str:
    lines = [
        "# Layer normalisation",
        "",
        f"`python benchmarks/normalisation.py --seeds {' '.join(map(str, seeds))}`; hidden layers {HIDDEN}, medians",
        "over the seeds, the worst in brackets: relative L2 error; root mean square of what the activation",
        "acts on; mean gate.",
        "",
        "| problem | method | activation | error | normalised | size | normalised | gate | normalised |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, method, activation in product(PROBLEMS, METHODS, ACTIVATIONS):
        both = [results.get("|".join((name, method, activation, kind)), []) for kind in NORMALISATIONS]
        if not all(both):
            continue
        cells = []
        for key, form in (("error", "{:.1e} ({:.1e})"), ("size", "{:.2f}"), ("gate", "{:.2f}")):
            for runs in both:
                values = [one[key] for one in runs]
                cells.append(form.format(statistics.median(values), max(values)))
        lines.append(f"| {name} | {method} | {activation} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "benchmarks")
    arguments = parser.parse_args()
    results: dict[str, list[dict]] = {}
    for name, method, activation, kind in product(PROBLEMS, METHODS, ACTIVATIONS, NORMALISATIONS):
        key = "|".join((name, method, activation, kind))
        results[key] = [run(name, method, activation, kind, seed) for seed in arguments.seeds]
        print(key, results[key], flush=True)
        write_text(arguments.out / "normalisation.json", json.dumps(results, indent=1) + "\n")
        write_text(arguments.out / "normalisation.md", table(results, arguments.seeds))


if __name__ == "__main__":
    main()
