"""Bodies with corners, holes and fillets: ours against quadratic and quartic finite elements, in one run.

    python -m benchmarks.bodies [NAME …]

Each plane body is solved by one least-squares solve with the functions of its corners and holes (`least_squares`,
250, 400 and 640 features for each field of a part, one scale) and by triangles of degree 2 and 4 that are halved
towards the singular corners (`benchmarks/elements.py`, scikit-fem). The error is the larger of those of displacements
and of stresses, relative L2 at 300 points that are 5 % of the size and more from singular corners, against our own
solution with 1024 features; the last column is how far the finest quartic elements are from that, which is what the
reference is known to. Seconds are the processor's, one thread: ours from the loaded problem to the solution, theirs
mesh, assembly and solution. Neither an estimate of the error, nor the search for a scale, nor what a whole command
takes besides, is in them. It writes results/benchmarks/bodies.md and bodies.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time

import numpy as np
import torch
from scipy.spatial import KDTree

import pinn
from benchmarks import elements
from pinn.problem.problem import Problem
from pinn.problem.separation import separated
from pinn.problem.singular import order_of, singular
from pinn.solution.solution import Solution
from pinn.spec.blocks.solver import LeastSquaresOptions
from pinn.training.output_layer.least_squares import FIRST_FEATURES, GROWTH, LeastSquares
from pinn.training.run.run import Run

RESULTS = Path(__file__).resolve().parent.parent / "results" / "benchmarks"
FEATURES, FINEST, SCALE = (250, 400, 640), 1024, 4.0
MESHES = {2: ((8, 8), (16, 10), (32, 10)), 4: ((8, 8), (16, 10))}  # cells along the longest side, halvings at corners
POINTS, SEED, AWAY = 300, 11, 0.05
GOALS = (1e-2, 1e-3, 1e-4, 1e-5)

STEEL = "{linear_elasticity: {youngs_modulus: 210000, poissons_ratio: 0.3, plane: stress}}"
FREE = "{on: boundary, traction: [0, 0]}"
SQUARES = "{rectangle: {from: [0, 0], to: [100, 100]}}, {rectangle: {from: [40, 40], to: [100, 100], name: notch}}"
TEE = "[[-10, 0], [10, 0], [10, 60], [40, 60], [40, 80], [-40, 80], [-40, 60], [-10, 60]]"
TOOTH = "[[-20, 0], [20, 0], [20, 10], [12, 12], [6, 34], [-6, 34], [-12, 12], [-20, 10]]"
SHOULDER = "[[0, 0], [50, 0], [50, 6], [28, 6], [20, 14], [20, 20], [0, 20]]"


def body(domain: str, conditions: str, physics: str = STEEL, more: str = "") -> str:
    return (
        f"name: body\ncoordinates: [x, y]\nphysics: {physics}\ndomain: {{{domain}}}\n"
        f"conditions: [{conditions}, {FREE}]\n{more}"
    )


def disk(x: float, y: float, radius: float, name: str) -> str:
    return f"{{disk: {{center: [{x}, {y}], radius: {radius}, name: {name}}}}}"


BODIES = {
    "L-bracket": body(f"difference: [{SQUARES}]", "{on: top, fixed: true}, {on: right, traction: [0, -10]}"),
    "cracked plate": body(
        "polygon: {vertices: [[0, 0], [20, 0], [50, 0], [50, 75], [0, 75]], names: [crack, ahead, right, top, left]}",
        "{on: ahead, uy: 0, traction_x: 0}, {at: [50, 0], ux: 0}, {on: top, traction: [0, 100]}",
    ),
    "dam": body(
        "polygon: {vertices: [[0, 0], [48, 0], [8, 50], [8, 60], [0, 60]], names: [base, down, back, crest, up]}",
        "{on: base, fixed: true}, {on: up, traction: [9810*(60 - y), 0]}",
        "{linear_elasticity: {youngs_modulus: 25e9, poissons_ratio: 0.2, plane: strain, body_force: [0, -2400*9.81]}}",
    ),
    "T-piece": body(
        f"polygon: {{vertices: {TEE}, names: [foot, a, b, right, top, c, d, e]}}",
        "{on: foot, fixed: true}, {on: right, traction: [3, 0]}, {on: top, traction: [0, -10]}",
    ),
    "orthotropic bracket": body(
        f"difference: [{SQUARES}]",
        "{on: top, fixed: true}, {on: right, traction: [0, -1]}",
        "{orthotropic_elasticity: {youngs_modulus_1: 140000, youngs_modulus_2: 10000, shear_modulus_12: 5000, "
        "poissons_ratio_12: 0.3, plane: stress}}",
    ),
    "tooth": body(
        f"polygon: {{vertices: {TOOTH}, names: [root, a, b, face, tip, back, c, d]}}",
        "{on: root, fixed: true}, {on: face, where: y > 28, traction: [-20, -5]}",
    ),
    "shoulder": body(
        f"polygon: {{vertices: {SHOULDER}, names: [axis, end, thin, slope, step, thick, wall]}}",
        "{on: wall, ux: 0}, {on: axis, uy: 0}, {on: end, traction: [100, 0]}",
    ),
    "plate with two holes": body(
        f"difference: [{{rectangle: {{from: [0, 0], to: [100, 40]}}}}, {disk(35, 20, 8, 'a')}, {disk(65, 20, 8, 'b')}]",
        "{on: left, fixed: true}, {on: right, traction: [50, 0]}",
    ),
    "perforated strip": body(
        "difference: [{rectangle: {from: [0, 0], to: [120, 30]}}, "
        f"{disk(30, 12, 5, 'a')}, {disk(60, 18, 5, 'b')}, {disk(90, 12, 5, 'c')}]",
        "{on: left, fixed: true}, {on: right, traction: [10, 5]}",
    ),
    "lug": body(
        f"difference: [{{rectangle: {{from: [0, 0], to: [100, 50]}}}}, {disk(75, 25, 12, 'pin')}]",
        "{on: left, fixed: true}, {on: pin, traction: [-30*nx*nx*nx, -30*nx*nx*ny]}",
    ),
    "bimetal strip": body(
        "rectangle: {from: [0, 0], to: [50, 4]}",
        "{on: left, symmetry: true}, {at: [0, 0], uy: 0}",
        "{linear_elasticity: {youngs_modulus: {brass: 100000, steel: 210000}, poissons_ratio: {brass: 0.34, "
        "steel: 0.3}, thermal_expansion: {brass: 19e-6, steel: 12e-6}, temperature: 100, plane: stress}}",
        "subdomains: {brass: {rectangle: {from: [0, 0], to: [50, 2]}}, steel: rest}\n"
        "interfaces: [{between: [brass, steel], continuous: [displacement, traction]}]\n",
    ),
    "bonded step": body(
        "union: [{rectangle: {from: [0, 0], to: [100, 10], name: plate}}, "
        "{rectangle: {from: [40, 10], to: [100, 16], name: pad}}]",
        "{on: plate_left, fixed: true}, {on: plate_right, traction: [100, 0]}",
        "{linear_elasticity: {youngs_modulus: {plate: 70000, pad: 210000}, poissons_ratio: {plate: 0.33, pad: 0.3}, "
        "plane: stress}}",
        "subdomains: {plate: {rectangle: {from: [-1, -1], to: [101, 10]}}, pad: rest}\n"
        "interfaces: [{between: [plate, pad], continuous: [displacement, traction]}]\n",
    ),
}


@dataclass(frozen=True)
class Row:
    method: str
    unknowns: int
    seconds: float
    error: float


Values = Callable[[str], np.ndarray]


def points_away(problem: Problem) -> np.ndarray:
    """Points inside [N, 2], none of them near a singular corner."""
    found = np.array(problem.heldout_points(4 * POINTS, SEED))[:, :2]
    order = order_of(problem)
    corners = np.array([c.point for c in problem.corners if singular(c, order)]).reshape(-1, 2)
    away = KDTree(corners).query(found)[0] if len(corners) else np.full(len(found), np.inf)
    return found[away > AWAY * problem.geometry.size][:POINTS]


def table_of(problem: Problem, values: Values) -> tuple[np.ndarray, np.ndarray]:
    """Displacements and stresses [components, N]."""
    moved, stress = problem.vectors["displacement"], dict.fromkeys(problem.tensors["stress"].values())
    return np.array([values(name) for name in moved]), np.array([values(name) for name in stress])


def error(found: tuple[np.ndarray, np.ndarray], right: tuple[np.ndarray, np.ndarray]) -> float:
    pairs = zip(found, right, strict=True)
    return max(float(np.linalg.norm(one - other) / np.linalg.norm(other)) for one, other in pairs)


def ours(name: str, points: np.ndarray, features: int) -> tuple[Row, tuple[np.ndarray, np.ndarray]]:
    problem = pinn.load(BODIES[name])  # anew, so that the functions of its corners are computed anew
    begun = process_time()
    parts = separated(problem)
    run = Run(parts, torch.device("cpu"), torch.float64, 0, 3600.0, 1e-12)
    stage = LeastSquares(LeastSquaresOptions(features=features), run)
    stage.level = max(0, round(float(np.log(features / FIRST_FEATURES) / np.log(GROWTH))))
    _, model = stage.solve(SCALE * GROWTH ** (stage.level / 2))
    seconds = process_time() - begun
    solution = Solution(parts, model, {}, [], {})
    found = table_of(problem, lambda name: solution(points, [name])[name])
    unknowns = sum(p.numel() for name, p in model.named_parameters() if "hidden" not in name)
    return Row(f"ours, {features}", unknowns, seconds, 0.0), found


def theirs(
    problem: Problem, points: np.ndarray, degree: int, mesh: tuple[int, int]
) -> tuple[Row, tuple[np.ndarray, np.ndarray]]:
    begun = process_time()
    solution = elements.solve(problem, *mesh, degree)
    seconds = process_time() - begun
    found = table_of(problem, lambda name: solution.evaluation.values(name, points))
    return Row(f"degree {degree}, {mesh[0]}", solution.unknowns, seconds, 0.0), found


def measured(name: str) -> dict[str, object]:
    """All rows of a body, and how accurate the reference is."""
    problem = pinn.load(BODIES[name])
    points = points_away(problem)
    right = ours(name, points, FINEST)[1]
    rows = []
    for method in (
        *(lambda n=n: ours(name, points, n) for n in FEATURES),
        *(lambda d=d, m=m: theirs(problem, points, d, m) for d, meshes in MESHES.items() for m in meshes),
    ):
        row, found = method()
        rows.append(Row(row.method, row.unknowns, row.seconds, error(found, right)))
        print(name, rows[-1], flush=True)
    return {"agreement": rows[-1].error, "rows": [asdict(row) for row in rows]}


def seconds_to(rows: list[dict], method: str, goal: float) -> str:
    """Of the first run below the goal; '-' where none was."""
    below = [row["seconds"] for row in rows if row["method"].startswith(method) and row["error"] <= goal]
    return f"{min(below):.1f}" if below else "-"


def page(results: dict[str, dict]) -> str:
    text = (__doc__ or "").strip()
    lines = [f"# {text}", "", "## Seconds to an error", ""]
    methods = {"ours": "ours", "degree 2": "quadratic", "degree 4": "quartic"}
    heads = [f"{label} {goal:.0e}" for label in methods.values() for goal in GOALS]
    lines += [f"| body | {' | '.join(heads)} | elements agree to |", "|---" * (len(heads) + 2) + "|"]
    for name, found in results.items():
        cells = [seconds_to(found["rows"], method, goal) for method in methods for goal in GOALS]
        lines.append(f"| {name} | {' | '.join(cells)} | {found['agreement']:.0e} |")
    if missing := [name for name in BODIES if name not in results]:
        lines += ["", f"Not in this run: {', '.join(missing)}."]
    lines += ["", "## All runs", "", "| body | method | unknowns | s | error |", "|---|---|---|---|---|"]
    for name, found in results.items():
        for row in found["rows"]:
            cells = (name, row["method"], str(row["unknowns"]), f"{row['seconds']:.2f}", f"{row['error']:.1e}")
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *BODIES], default=[])
    torch.set_num_threads(1)
    results = {}
    for name in parser.parse_args().names or BODIES:
        results[name] = measured(name)
        (RESULTS / "bodies.md").write_text(page(results), encoding="utf-8")
        (RESULTS / "bodies.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
