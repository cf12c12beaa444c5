"""Corner functions beside smooth features: one least-squares solve of a cantilever with and without them.

`python benchmarks/corner_functions.py` solves a cantilever 4 x 1 in plane strain, clamped on the left, sheared on the
right, with the sampled features of the `least_squares` stage, and with the functions of its corners as further columns.
It writes results/benchmarks/corner_functions.md and .json.
"""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pinn.corners.basis import CornerBasis
from pinn.derivatives.jets import plan_jets
from pinn.problem.corners import corner_intensities
from pinn.problem.loading import build
from pinn.problem.problem import Problem
from pinn.spec.yaml.source import parse_spec
from pinn.training.output_layer.linear_solve import solve_least_squares
from pinn.training.output_layer.sampled_layer import sampled_model
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.linearisation import LinearisedStatement, linearised
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results" / "benchmarks"
CANTILEVER = """
name: cantilever
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: strain}}
domain: {rectangle: {from: [0, 0], to: [4, 1]}}
conditions:
  - {on: left, ux: 0, uy: 0}
  - {on: [bottom, top], traction: [0, 0]}
  - {on: right, traction: [0, "-6*y*(1 - y)"]}
"""
CRACK = """
name: edge-crack
coordinates: [x, y]
constants: {W: 50, H: 75, a: 20, S: 100}
physics: {linear_elasticity: {youngs_modulus: 210000, poissons_ratio: 0.3, plane: stress}}
domain: {polygon: {vertices: [[0, 0], [a, 0], [W, 0], [W, H], [0, H]], names: [crack, ligament, right, top, left]}}
conditions:
  - {on: crack, traction: [0, 0]}
  - {on: ligament, uy: 0, traction_x: 0}
  - {at: [W, 0], ux: 0}
  - {on: [right, left], traction: [0, 0]}
  - {on: top, traction: [0, S]}
"""
K_I = 1671.0  # MPa mm^(1/2), +- 3: J-integral on quadratic elements
TIP, DEFLECTION = (4.0, 0.5), -243.2956  # quadratic elements on graded meshes, refined until the digits stood
FEATURES, LIMITS = (300, 600, 1000), (0.0, 2.0, 3.0, 4.0, 5.0)  # of exponents; 0: no corner functions
SCALE = 3.0  # |w| of the features, in half widths of the domain
CONDITION_WEIGHT, INTERIOR, BOUNDARY = 30.0, 3, 1  # as the `least_squares` stage has them
SEEDS = (0, 1, 2)


def bases(problem: Problem, below: float) -> list[CornerBasis]:
    """The functions of every corner that has some, in units of the shorter side."""
    found = [(corner, corner.functions(below)) for corner in problem.corners] if below else []
    return [CornerBasis(c.point, f, problem.outputs) for c, f in found if f is not None and f.functions]


def rows_of(model: Model, group: Group, statement: LinearisedStatement, corners: list[CornerBasis]) -> Tensor:
    """Rows [N, n] of one statement in the coefficients of corner functions."""
    count = len(statement.target)
    points, normals = group.points.points, group.points.normals
    parts = []
    for basis in corners:
        jets = basis.jets(points, group.plan, None if normals is None else -normals)
        part = points.new_zeros(count, len(basis))
        for derivative, coefficient in statement.coefficients.items():
            channel = jets[group.plan.index(derivative.partial)]
            part += coefficient[:, None] * channel[:, model.outputs.index(derivative.field)]
        parts.append(part)
    return torch.cat(parts, dim=1) if parts else points.new_zeros(count, 0)


def blocks(model: Model, groups: list[Group], corners: list[CornerBasis]) -> list[tuple[Tensor, Tensor]]:
    found = []
    for group in groups:
        hidden = model.mlp.hidden_jets(group.points.points, group.plan)
        for statement in linearised(model, group, slice(None), None):
            smooth = statement.on_output_layer(model, group.plan, hidden)
            found.append((torch.cat([smooth, rows_of(model, group, statement, corners)], dim=1), statement.target))
    return found


def heldout(problem: Problem, model: Model, corners: list[CornerBasis], solution: Tensor) -> float:
    """Root of the mean over the statements of mean(r^2), at points of another draw."""
    groups = draw(problem, 2000, 1000, 1_000_003, torch.device("cpu"), torch.float64, 1.0)
    squares = [float((rows @ solution - target).square().sum()) for rows, target in blocks(model, groups, corners)]
    return math.sqrt(sum(squares) / len(squares))


def deflection(problem: Problem, model: Model, corners: list[CornerBasis], solution: Tensor) -> float:
    """uy of the middle of the loaded end."""
    point = torch.tensor([TIP], dtype=torch.float64)
    plan = plan_jets([], 2)
    hidden = model.mlp.hidden_jets(point, plan)[0]
    assert hidden is not None
    column = problem.outputs.index("uy")
    layer = torch.cat([hidden, hidden.new_ones(1, 1)], dim=1) * model.network.field_scale[column]
    width, fields = hidden.shape[1] + 1, len(problem.outputs)  # with the bias
    value = layer @ solution[: fields * width].reshape(fields, width)[column]
    extra = [basis.jets(point, plan)[0][:, column] for basis in corners]
    if extra:
        value = value + torch.cat(extra, dim=1) @ solution[fields * width :]
    return float(value)


def solve(problem: Problem, features: int, corners: list[CornerBasis], seed: int) -> tuple[Model, Tensor]:
    generator, cpu = torch.Generator().manual_seed(seed), torch.device("cpu")
    model = sampled_model(problem, features, SCALE, seed, generator, cpu, torch.float64)
    groups = draw(problem, INTERIOR * features, BOUNDARY * features, seed, cpu, torch.float64, CONDITION_WEIGHT)
    return model, solve_least_squares(blocks(model, groups, corners))[0]


def cantilever(features: int, below: float, seed: int) -> dict[str, float]:
    problem = build(parse_spec(CANTILEVER))
    begun = time.process_time()
    corners = bases(problem, below)
    with torch.no_grad():
        model, solution = solve(problem, features, corners, seed)
        seconds = time.process_time() - begun
        tip = deflection(problem, model, corners, solution)
        residual = heldout(problem, model, corners, solution)
    functions = sum(len(basis) for basis in corners)
    return {"functions": functions, "heldout": residual, "tip": tip, "error": abs(tip / DEFLECTION - 1), "cpu": seconds}


def crack(features: int, below: float, seed: int) -> dict[str, float]:
    """K_I from the coefficient of the first function of the tip."""
    problem = build(parse_spec(CRACK))
    begun = time.process_time()
    corners = bases(problem, below)
    (tip,) = [corner for corner in problem.corners if np.allclose(corner.point, [20, 0])]
    with torch.no_grad():
        model, solution = solve(problem, features, corners, seed)
        seconds = time.process_time() - begun
        residual = heldout(problem, model, corners, solution)
    number = next(n for n, basis in enumerate(corners) if np.allclose(basis.vertex, [20, 0]))
    factors = corner_intensities(problem, tip, corners[number].natural())
    assert factors is not None
    sizes = [len(basis) for basis in corners]
    first = len(solution) - sum(sizes[number:])
    coefficients = corners[number].in_natural_units(solution[first : first + sizes[number]].numpy())
    found = float(coefficients @ factors.opening)
    return {"functions": sum(sizes), "heldout": residual, "K_I": found, "cpu": seconds}


def middle(measured: list[dict[str, float]], key: str) -> dict[str, float]:
    """The one in the middle by a figure, with the spread of that figure over all, relative to it."""
    ordered = sorted(measured, key=lambda one: one[key])
    chosen = ordered[len(measured) // 2]
    return {**chosen, "spread": abs((ordered[-1][key] - ordered[0][key]) / chosen[key])}


def table(results: dict[str, list[dict[str, float]]]) -> str:
    lines = [
        "# Corner functions beside smooth features",
        "",
        "Made by `python benchmarks/corner_functions.py`. One least-squares solve of sampled GELU features, with the",
        f"functions of all corners as further columns; of {len(SEEDS)} seeds the one in the middle. Seconds of",
        "processor time, everything but the loading of the spec.",
        "",
        "A cantilever 4 x 1 in plane strain, clamped on the left, under a shear load of 6 y (1 - y) on the right. The",
        f"tip sinks by {DEFLECTION} (graded quadratic elements, refined until the digits stood).",
        "",
        "| features | exponents below | corner functions | held-out residual | tip | relative error | s |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in results["cantilever"]:
        limit = f"{r['below']:g}" if r["below"] else "none"
        lines.append(
            f"| {r['features']} | {limit} | {r['functions']} | {r['heldout']:.1e} | {r['tip']:.5f} | "
            f"{r['error']:.1e} | {r['cpu']:.1f} |"
        )
    lines += [
        "",
        "An edge crack, a/W = 0.4, under tension, upper half by symmetry: K_I is the coefficient of the tip's first",
        f"function. Finite elements and their J-integral give {K_I:g} +- 3. Spread: of K_I over the seeds, relative.",
        "",
        "| features | exponents below | corner functions | held-out residual | K_I | spread | s |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in results["crack"]:
        lines.append(
            f"| {r['features']} | {r['below']:g} | {r['functions']} | {r['heldout']:.1e} | {r['K_I']:.4f} | "
            f"{r['spread']:.1e} | {r['cpu']:.1f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    results: dict[str, list[dict[str, float]]] = {"cantilever": [], "crack": []}
    for name, case, limits, key in (
        ("cantilever", cantilever, LIMITS, "error"),
        ("crack", crack, LIMITS[1:], "K_I"),
    ):
        for features in FEATURES:
            for below in limits:
                measured = [case(features, below, seed) for seed in SEEDS]
                results[name].append({"features": features, "below": below, **middle(measured, key)})
                print(name, results[name][-1], flush=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "corner_functions.md").write_text(table(results), encoding="utf-8")
    (RESULTS / "corner_functions.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
