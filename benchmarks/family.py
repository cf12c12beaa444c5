"""One training for a family of plates: stress over the hole's radius against Kirsch, and what an answer costs.

`python benchmarks/family.py` solves problems/elasticity/plate_family.yaml once and asks it for RADII radii; a single
plate (problems/elasticity/plate_with_hole.yaml) is solved for comparison. Writes results/benchmarks/family.md, .json
and .png. Times are processor seconds.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import pinn

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results" / "benchmarks"
ELASTICITY = ROOT / "problems" / "elasticity"
RADII = 31
ABOVE = 1.0  # height of a fixed point above the hole
REPEATS = 20
SETTINGS = ["outputs.figures=false", "solver.time_limit=3600"]


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Processor seconds of one call, the first aside."""
    work()
    begun = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - begun) / repeats


def solved(name: str) -> tuple[pinn.Solution, float]:
    """A solution and the processor seconds that it took."""
    problem = pinn.load(ELASTICITY / name, SETTINGS)
    begun = time.process_time()
    return pinn.solve(problem, device="cpu"), time.process_time() - begun


def measure() -> dict:
    family, training = solved("plate_family.yaml")
    single, alone = solved("plate_with_hole.yaml")
    radius = np.linspace(*family.problem.parameters["radius"], RADII)
    at_hole = family(np.column_stack([0 * radius, radius, radius]), ["stress_xx"])["stress_xx"]
    above = family(np.column_stack([0 * radius, 0 * radius + ABOVE, radius]), ["stress_xx"])["stress_xx"]
    top = np.array([[0.0, 0.42]])
    thousand = family.problem.heldout_points(1000, 5)[:, :2]
    member = family.at(radius=0.42)
    return {
        "radius": radius.tolist(),
        "stress_concentration": at_hole.tolist(),
        "above": above.tolist(),
        "above_exact": (1 + (radius / ABOVE) ** 2 / 2 + 1.5 * (radius / ABOVE) ** 4).tolist(),
        "stress_error": family.metrics["relative_l2"]["stress"],
        "single_stress_error": single.metrics["relative_l2"]["stress"],
        "slices": next(row["slices"] for row in reversed(family.history) if row.get("slices")),
        "seconds": {
            "training of the family": training,
            "one single plate": alone,
            "solution.at(radius=0.42)": seconds(lambda: family.at(radius=0.42), 5),
            "stress of the family at one point": seconds(lambda: family(top, ["stress_xx"], radius=0.42)),
            "all quantities of that slice at one point": seconds(lambda: member(top)),
            "all quantities of that slice at 1,000 points": seconds(lambda: member(thousand)),
        },
    }


def table(found: dict) -> str:
    error = np.abs(np.array(found["stress_concentration"]) / 3 - 1)
    above = np.abs(np.array(found["above"]) / np.array(found["above_exact"]) - 1)
    times = found["seconds"]
    alone = times["one single plate"]
    radius = found["radius"]
    return "\n".join(
        [
            "# A family of plates",
            "",
            "Made by `python benchmarks/family.py`: one training of problems/elasticity/plate_family.yaml, asked for",
            f"{RADII} radii from {radius[0]:g} to {radius[-1]:g}. Processor seconds on "
            f"{os.cpu_count()} cores ({platform.machine()}), one thread.",
            "",
            "| relative error over all radii | largest | median |",
            "|---|---|---|",
            f"| stress concentration at the hole (exactly 3) | {error.max():.1e} | {np.median(error):.1e} |",
            f"| stress at the fixed point (0, {ABOVE:g}) | {above.max():.1e} | {np.median(above):.1e} |",
            f"| stress everywhere, relative L2 | {found['stress_error']:.1e} | |",
            "",
            "| work | seconds | one single plate takes |",
            "|---|---|---|",
            *(f"| {name} | {value:.2g} | {alone / value:.3g} times that |" for name, value in times.items()),
            "",
            f"The single plate of 0.5 (problems/elasticity/plate_with_hole.yaml) has a stress error of "
            f"{found['single_stress_error']:.1e}.",
            "",
        ]
    )


def picture(found: dict) -> None:
    radius = np.array(found["radius"])
    curves = (
        ("stress concentration at the hole", found["stress_concentration"], np.full(RADII, 3.0)),
        (f"stress_xx at (0, {ABOVE:g})", found["above"], np.array(found["above_exact"])),
    )
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for number, (label, values, exact) in enumerate(curves):
        axes[0].plot(radius, exact, f"C{number}-", label=f"{label}, Kirsch")
        axes[0].plot(radius, values, f"C{number}o", markersize=4, label="one training")
        axes[1].semilogy(radius, np.abs(np.array(values) / exact - 1), f"C{number}o-", markersize=4, label=label)
    axes[0].set(xlabel="radius of the hole", ylabel="stress / remote tension", ylim=(0, 3.3))
    axes[1].set(xlabel="radius of the hole", ylabel="relative error")
    for one in axes:
        one.grid(alpha=0.3)
        one.legend(fontsize=8)
    figure.savefig(RESULTS / "family.png", dpi=130)


def main() -> None:
    found = measure()
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "family.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "family.md").write_text(table(found), encoding="utf-8")
    picture(found)
    print(table(found))


if __name__ == "__main__":
    main()
