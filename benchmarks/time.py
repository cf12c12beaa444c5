"""Problems in time, marched: error against seconds, beside scipy's solvers for ordinary equations.

    python benchmarks/time.py [--out results/benchmarks]

Each problem is solved as `pinn solve` does, by its defaults, in this process; seconds are those of the whole solution,
estimates included, without the import. What is known in closed form gives the error; ordinary equations are compared
with DOP853 or Radau at a tolerance of 1e-11.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
from scipy.integrate import solve_ivp

import pinn
from pinn.files.writing import write_text
from pinn.solution.solution import Solution

ROOT = Path(__file__).resolve().parent.parent
IN_SPACE = ("waves/membrane", "elasticity/strip_wave", "fluids/taylor_green")
# name -> slopes, start and method for scipy
ORDINARY: dict[str, tuple[Callable, list[float], str]] = {
    "ordinary/lotka_volterra": (
        lambda t, y: [2 * y[0] - 0.04 * y[0] * y[1], 0.02 * y[0] * y[1] - 1.06 * y[1]],
        [100, 15],
        "DOP853",
    ),
    "ordinary/van_der_pol": (lambda t, y: [y[1], 10 * (1 - y[0] ** 2) * y[1] - y[0]], [2, 0], "Radau"),
    "ordinary/robertson": (
        lambda t, y: [
            -0.04 * y[0] + 1e4 * y[1] * y[2],
            0.04 * y[0] - 1e4 * y[1] * y[2] - 3e7 * y[1] ** 2,
            3e7 * y[1] ** 2,
        ],
        [1, 0, 0],
        "Radau",
    ),
}
INSTANTS = 1001


def against_scipy(name: str, solution: Solution) -> tuple[float, float]:
    """(largest error of a field relative to its own largest value, scipy's seconds)."""
    slopes, start, method = ORDINARY[name]
    assert solution.problem.time is not None
    times = np.linspace(*solution.problem.time, INSTANTS)
    begun = perf_counter()
    true = solve_ivp(slopes, solution.problem.time, start, method, times, rtol=1e-11, atol=1e-14).y
    seconds = perf_counter() - begun
    found = solution(times[:, None], list(solution.problem.fields))
    errors = [np.abs(found[f] - y).max() / np.abs(y).max() for f, y in zip(solution.problem.fields, true, strict=False)]
    return float(max(errors)), seconds


def row(name: str) -> str:
    begun = perf_counter()
    solution = pinn.solve(ROOT / "problems" / f"{name}.yaml")
    seconds = perf_counter() - begun
    metrics, fields = solution.metrics, solution.problem.fields
    scipy = ""
    if name in ORDINARY:
        error, of_scipy = against_scipy(name, solution)
        said, scipy = f"{error:.1e}", f"{of_scipy:.2f}"
    else:
        known = [f"{f} {metrics['relative_l2'][f]:.1e}" for f in fields if f in metrics["relative_l2"]]
        said = ", ".join(known) or "not known"
    estimate = max(metrics["error_estimate"][f] for f in fields)
    print(name, said, f"{seconds:.1f} s", flush=True)
    return f"| {name} | {said} | {estimate:.1e} | {metrics['verdict']} | {seconds:.1f} | {scipy} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "benchmarks")
    file, lines = (
        parser.parse_args().out / "time.md",
        [
            "# Problems in time",
            "",
            "`python benchmarks/time.py`, default settings, one thread of a shared server.",
            "",
            "| problem | error | largest estimated error of a field | verdict | seconds | seconds of scipy |",
            "|---|---|---|---|---|---|",
        ],
    )
    for name in (*ORDINARY, *IN_SPACE):
        lines.append(row(name))
        write_text(file, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
