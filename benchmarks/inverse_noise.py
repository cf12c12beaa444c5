"""Intervals of identified moduli against the truth, over draws of noise: python benchmarks/inverse_noise.py

problems/elasticity/inverse_modulus.yaml with 1 % of noise (of the root mean square displacement) on its 50 measured
points, once with the noise stated and once estimated from the misfit. Writes
results/benchmarks/inverse_noise.{md,json}.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from measurements import ELASTICITY, plate, write

import pinn
from pinn.training.uncertainty.identification import expected

RESULTS = Path(__file__).resolve().parent.parent / "results" / "benchmarks"
RELATIVE_NOISE = 0.01
SETTINGS = ["solver.tolerance=1e-5", "outputs.figures=false"]


def draw(seed: int, stated: bool) -> dict:
    """One identification from measurements with noise of that seed."""
    columns = plate()
    sigma = RELATIVE_NOISE * float(np.sqrt(np.mean([columns["ux"] ** 2, columns["uy"] ** 2])))
    generator = np.random.default_rng(seed)
    for name in ("ux", "uy"):
        columns[name] = columns[name] + sigma * generator.standard_normal(len(columns[name]))
    text = (ELASTICITY / "inverse_modulus.yaml").read_text()
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "inverse_modulus.csv", columns)
        noise = f"{sigma:.6g}" if stated else "estimate"
        noisy = text.replace("quantities: {ux: ux, uy: uy}", f"quantities: {{ux: ux, uy: uy}}, noise: {noise}")
        assert noisy != text
        (Path(folder) / "p.yaml").write_text(noisy)
        begun = time.perf_counter()
        problem = pinn.load(Path(folder) / "p.yaml", SETTINGS)
        metrics = pinn.solve(problem, seed=seed, device="cpu").metrics
    found = {
        "seed": seed,
        "noise": noise,
        "seconds": time.perf_counter() - begun,
        "stop_reason": metrics["stop_reason"],
    }
    for name, true in expected(problem).items():
        low, high = metrics["uncertainty"][name]["interval"]
        found[name] = {
            "value": metrics["unknowns"][name],
            "error": metrics["unknown_errors"][name],
            **metrics["uncertainty"][name],
            "inside": low <= true <= high,
        }
    return found


def table(results: dict[str, list[dict]]) -> str:
    lines = [
        "# Moduli from noisy displacements",
        "",
        "Made by `python benchmarks/inverse_noise.py`: E and nu of problems/elasticity/inverse_modulus.yaml from 50",
        "points with 1 % of noise. Deviation: what the runs state, the median; scatter: that of their values. Inside:",
        "how often the true value lies in the stated 95 % interval.",
        "",
        "| noise | unknown | largest error | median error | deviation | scatter | inside | seconds | stop reasons |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for kind, runs in results.items():
        for name in ("E", "nu"):
            errors = [run[name]["error"] for run in runs]
            stated = np.median([run[name]["standard_deviation"] for run in runs])
            scatter = np.std([run[name]["value"] for run in runs], ddof=1)
            inside = sum(run[name]["inside"] for run in runs)
            reasons = ", ".join(sorted({run["stop_reason"] for run in runs}))
            lines.append(
                f"| {kind} | {name} | {max(errors):.1e} | {np.median(errors):.1e} | {stated:.2e} | {scatter:.2e} | "
                f"{inside} of {len(runs)} | {np.median([run['seconds'] for run in runs]):.1f} | {reasons} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=20)
    draws = parser.parse_args().draws
    results: dict[str, list[dict]] = {}
    for kind in ("stated", "estimated"):
        results[kind] = []
        for seed in range(draws):
            results[kind].append(draw(seed, kind == "stated"))
            one = results[kind][-1]
            print(kind, seed, {k: (f"{one[k]['error']:.1e}", one[k]["inside"]) for k in ("E", "nu")}, flush=True)
            RESULTS.mkdir(parents=True, exist_ok=True)
            (RESULTS / "inverse_noise.json").write_text(json.dumps(results, indent=1) + "\n")
            if len(results[kind]) > 1:
                (RESULTS / "inverse_noise.md").write_text(table(results))


if __name__ == "__main__":
    main()
