"""Error against seconds: pinn, quadratic finite elements (scikit-fem) and random sine features (FastLSQ).

`python -m benchmarks.against_others [--problems poisson kirsch …] [--threads 2] [--limit 120] [--repetitions 1]` needs
`pip install 'jetpinn[bench]'` and writes results/benchmarks/against_others.md, .json and .png. Problems that are not
repeated keep their results; stopped with Ctrl-C, it leaves what has been measured.

Each measurement is a process of its own, the engines in turn from coarse to fine. The error is the relative L2 norm on
the same 5,000 random points, of Cook's panel that of the tip's displacement. Seconds are those of all that the method
does by itself after the problem has been stated: search for the scale of features, assembly, solution.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.error_against_seconds import Curves, draw, table

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results" / "benchmarks"
ENGINES = ("pinn", "scikit-fem", "FastLSQ")

AUTO = 0  # the level of pinn that is its default: the problem's own tolerance; a level k asks for 10^-k
DIGITS = (1, 2, 3, 4, 5, AUTO)
CELLS = (4, 8, 16, 32, 64, 128, 256)  # per side
SINES = (99, 198, 300, 600)


@dataclass(frozen=True)
class Case:
    """A panel: the problem's file, the quantities compared, and the levels of each engine, from coarse to fine.

    Where there is no exact solution, `probe` names the one value that is compared.
    """

    title: str
    file: Path
    quantities: tuple[str, ...]
    levels: dict[str, tuple[int, ...]]
    probe: str | None = None


PROBLEMS = ROOT / "problems"
STRESS = ("stress_xx", "stress_yy", "stress_xy")
CASES = {
    "poisson": Case(
        "Poisson, unit square",
        PROBLEMS / "heat/poisson_2d.yaml",
        ("u",),
        {"pinn": DIGITS, "scikit-fem": CELLS, "FastLSQ": SINES},
    ),
    "helmholtz": Case(
        "Helmholtz, k = 4π",
        PROBLEMS / "waves/helmholtz_2d.yaml",
        ("u",),
        {"pinn": DIGITS, "scikit-fem": CELLS, "FastLSQ": SINES},
    ),
    "nonlinear": Case(
        "Poisson with u³",
        PROBLEMS / "heat/nonlinear_poisson.yaml",
        ("u",),
        {"pinn": DIGITS, "FastLSQ": SINES[:3]},
    ),
    "kirsch": Case(
        "Plate with a hole, stress",
        PROBLEMS / "elasticity/plate_with_hole.yaml",
        STRESS,
        {"pinn": DIGITS, "scikit-fem": CELLS[:-1]},
    ),
    "cook": Case(
        "Cook's panel, tip",
        PROBLEMS / "elasticity/cook_membrane.yaml",
        ("uy",),
        {"pinn": DIGITS, "scikit-fem": CELLS[:-1]},
        probe="tip",
    ),
}


# ---- one measurement, in a process of its own ------------------------------------------------------------------------


def measure(name: str, engine: str, level: int) -> dict[str, float]:
    """Seconds, error and size (weights, features or unknowns) of one solution."""
    import pinn
    from pinn.solution.measuring import ERROR_POINTS, ERROR_SEED

    case = CASES[name]
    overrides = [f"solver.tolerance=1e-{level}"] if engine == "pinn" and level else []
    problem = pinn.load(case.file, overrides)
    if case.probe:
        points, true = problem.probes[case.probe].points, np.array([problem.probes[case.probe].expected])
    else:
        points = problem.heldout_points(ERROR_POINTS, ERROR_SEED)
        true = exact(problem, case.quantities, points)
    solve: Callable[..., dict[str, Any]] = {"pinn": by_pinn, "scikit-fem": by_elements, "FastLSQ": by_sines}[engine]
    found = solve(case, problem, name, level, points)
    error = np.linalg.norm(found.pop("values") - true) / np.linalg.norm(true)
    return {"level": level, "error": float(error), **found}


def exact(problem, quantities: tuple[str, ...], points: np.ndarray) -> np.ndarray:
    import torch

    values = problem.exact_values(torch.as_tensor(points))
    return np.stack([values[quantity].numpy() for quantity in quantities])


def by_pinn(case: Case, problem, name: str, level: int, points: np.ndarray) -> dict[str, Any]:
    import pinn

    solution = pinn.solve(problem, seed=0, device="cpu")
    values = solution(points, case.quantities)
    seconds = solution.metrics["seconds"]["solve"]
    return {
        "seconds": seconds,
        "size": solution.metrics["parameters"],
        "values": np.stack([values[q] for q in case.quantities]),
    }


def by_elements(case: Case, problem, name: str, level: int, points: np.ndarray) -> dict[str, Any]:
    from benchmarks.finite_elements import SOLVERS

    seconds, unknowns, values = SOLVERS[name](problem, level, points)
    return {"seconds": seconds, "size": unknowns, "values": values}


def by_sines(case: Case, problem, name: str, level: int, points: np.ndarray) -> dict[str, Any]:
    from benchmarks.sine_features import solve

    searched, known, values = solve(name, level, points)
    return {"seconds": searched, "known": known, "size": level, "values": values}


# ---- all measurements ------------------------------------------------------------------------------------------------


def process(name: str, engine: str, level: int, threads: int, limit: float) -> dict[str, float] | str:
    """One measurement in a fresh process, or why there is none."""
    command = [sys.executable, "-m", "benchmarks.against_others", "--measure", name, engine, str(level)]
    count = str(threads)
    environment = {**os.environ, "OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count, "MKL_NUM_THREADS": count}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, env=environment, cwd=ROOT)
    except subprocess.TimeoutExpired:
        return f"more than {limit:g} s"
    if done.returncode:
        return done.stderr.strip().splitlines()[-1][:200]
    return json.loads(done.stdout.splitlines()[-1])


def compare(name: str, found: Curves, threads: int, limit: float, repetitions: int) -> None:
    """Fill `found` with the measurements, medians of the repetitions.

    An engine that fails or is out of time goes no further.
    """
    levels = dict(CASES[name].levels)
    for step in range(max(map(len, levels.values()))):
        taken: Curves = {engine: [] for engine, own in levels.items() if step < len(own)}
        for _ in range(repetitions):
            for engine in list(taken):
                result = process(name, engine, levels[engine][step], threads, limit)
                if isinstance(result, str):
                    print(f"{name:10} {engine:11} {levels[engine][step]:8}  {result}", flush=True)
                    del levels[engine], taken[engine]
                else:
                    taken[engine].append(result)
        for engine, results in taken.items():
            median = {key: statistics.median(result[key] for result in results) for key in results[0]}
            found.setdefault(engine, []).append(median)
            shown = f"{median['size']:8.0f}  error {median['error']:.1e}  {median['seconds']:7.2f} s"
            print(f"{name:10} {engine:11} {shown}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    smooth = [name for name, case in CASES.items() if not case.probe]  # pinn misses Cook's singular corners
    parser.add_argument("--problems", nargs="+", default=smooth, choices=list(CASES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=float, default=120, help="seconds of one process, imports included")
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--measure", nargs=3, metavar=("PROBLEM", "ENGINE", "LEVEL"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        name, engine, level = arguments.measure
        print(json.dumps(measure(name, engine, int(level))))
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / "against_others.json"
    problems: dict[str, Curves] = json.loads(file.read_text())["problems"] if file.exists() else {}
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {arguments.threads} threads"
    try:
        for name in arguments.problems:
            problems[name] = {}
            compare(name, problems[name], arguments.threads, arguments.limit, arguments.repetitions)
    except KeyboardInterrupt:
        print("stopped; what has been measured is written", file=sys.stderr)
    problems = {name: problems[name] for name in CASES if problems.get(name)}
    if not problems:
        return
    titles = {name: case.title for name, case in CASES.items()}
    file.write_text(json.dumps({"machine": machine, "problems": problems}, indent=1) + "\n")
    (arguments.out / "against_others.md").write_text(table(problems, titles, machine))
    draw(problems, titles, arguments.out / "against_others.png")


if __name__ == "__main__":
    main()
