"""Bodies with corners: ours against quadratic finite elements on graded meshes, in one run.

`python benchmarks/bodies.py` solves plane bodies of rectangles (an L-bracket, a cracked plate, a T-piece) with the
`least_squares` stage at rising numbers of features, and with quadratic triangles (scikit-fem) whose lines gather
at the singular corners. One thread; seconds are those of solving: of the elements mesh, assembly and solution, of ours
everything after loading but the estimates. Errors are those of displacements at points, relative to the largest, to
our own finest solution; the elements agree with it as far as they converge. It writes results/benchmarks/bodies.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np
import skfem
import torch
from finite_elements import solve_condensed
from skfem.helpers import ddot, eye, sym_grad, trace

from pinn.problem.loading import build
from pinn.solution.solution import Solution
from pinn.spec.yaml.source import parse_spec
from pinn.training.output_layer.least_squares import LeastSquares
from pinn.training.run.run import Run

RESULTS = Path(__file__).resolve().parent.parent / "results" / "benchmarks"
MODULUS, RATIO = 210000.0, 0.3
HEAD = """
name: body
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 210000, poissons_ratio: 0.3, plane: stress}}
solver: {method: {least_squares: {features: 400, scale: 4}}, threads: 1}
"""
FEATURES = (250, 400, 640, 1024)
FINEST = 1310
CELLS = (4, 8, 16, 32)  # of each block of lines
UNIT = 100.0  # of the elements' length: tolerances of meshes are absolute
GRADING = 3.0  # lines at t^GRADING


@dataclass(frozen=True)
class Body:
    """A body of rectangles.

    spec      its domain and conditions
    blocks    x and y of the lines that rectangles begin and end at; which of the blocks (column, row) are material
    gather    x and y of lines that the mesh gathers at
    fixed     (x or y, where, fields that are zero there, range of the other coordinate)
    loads     (x or y, where, traction, range of the other coordinate)
    points    where displacements are compared
    """

    spec: str
    blocks: tuple[tuple[float, ...], tuple[float, ...]]
    material: tuple[tuple[int, int], ...]
    gather: tuple[tuple[float, ...], tuple[float, ...]]
    fixed: tuple[tuple[int, float, tuple[int, ...], tuple[float, float]], ...]
    loads: tuple[tuple[int, float, tuple[float, float], tuple[float, float]], ...]
    points: tuple[tuple[float, float], ...]
    pinned: tuple[tuple[float, float, int], ...] = ()


BODIES = {
    "L-bracket": Body(
        """
domain:
  difference:
    - rectangle: {from: [0, 0], to: [100, 100]}
    - rectangle: {from: [40, 40], to: [100, 100], name: n}
conditions:
  - {on: top, displacement: [0, 0]}
  - {on: right, traction: [0, -10]}
  - {on: [left, bottom, n_left, n_bottom], traction: [0, 0]}
""",
        ((0, 40, 100), (0, 40, 100)),
        ((0, 0), (1, 0), (0, 1)),
        ((0, 40, 100), (0, 40, 100)),
        ((1, 100.0, (0, 1), (0.0, 40.0)),),
        ((0, 100.0, (0.0, -10.0), (0.0, 40.0)),),
        ((100, 20), (100, 0), (20, 20), (0, 60), (60, 40)),
    ),
    "cracked plate": Body(
        """
domain: {polygon: {vertices: [[0, 0], [20, 0], [50, 0], [50, 75], [0, 75]], names: [crack, ahead, right, top, left]}}
conditions:
  - {on: ahead, uy: 0, traction_x: 0}
  - {at: [50, 0], ux: 0}
  - {on: [crack, right, left], traction: [0, 0]}
  - {on: top, traction: [0, 100]}
""",
        ((0, 20, 50), (0, 75)),
        ((0, 0), (1, 0)),
        ((20,), (0,)),
        ((1, 0.0, (1,), (20.0, 50.0)),),
        ((1, 75.0, (0.0, 100.0), (0.0, 50.0)),),
        ((0, 0), (19, 0), (0, 75), (50, 75), (25, 30)),
        ((50.0, 0.0, 0),),
    ),
    "T-piece": Body(
        """
domain: {polygon: {vertices: [[-10, 0], [10, 0], [10, 60], [40, 60], [40, 80], [-40, 80], [-40, 60], [-10, 60]],
  names: [foot, a, b, right, top, c, d, e]}}
conditions:
  - {on: foot, displacement: [0, 0]}
  - {on: right, traction: [3, 0]}
  - {on: top, traction: [0, -10]}
  - {on: [a, b, c, d, e], traction: [0, 0]}
""",
        ((-40, -10, 10, 40), (0, 60, 80)),
        ((1, 0), (0, 1), (1, 1), (2, 1)),
        ((-40, -10, 10, 40), (0, 60, 80)),
        ((1, 0.0, (0, 1), (-10.0, 10.0)),),
        ((0, 40.0, (3.0, 0.0), (60.0, 80.0)), (1, 80.0, (0.0, -10.0), (-40.0, 40.0))),
        ((40, 80), (-40, 80), (0, 40), (0, 80), (10, 30)),
    ),
}


def ours(body: Body, features: int) -> tuple[float, np.ndarray]:
    """Seconds, and displacements [2, N] at the points."""
    problem = build(parse_spec(HEAD.replace("400", str(features)) + body.spec))
    begun = perf_counter()
    run = Run(problem, torch.device("cpu"), torch.float64, 0, 3600.0, 1e-12)
    stage = LeastSquares(problem.spec.solver.stages[0].options, run)
    stage.level = max(0, round(np.log(features / 400) / np.log(1.6)))
    _, model = stage.solve(4.0 * 1.26**stage.level)
    seconds = perf_counter() - begun
    found = Solution(problem, model, {}, [], {})(np.array(body.points, dtype=float), ["ux", "uy"])
    return seconds, np.array([found["ux"], found["uy"]])


def graded(stops: tuple[float, ...], gather: tuple[float, ...], cells: int) -> np.ndarray:
    """Lines between the stops, `cells` in each block, that gather at some of them."""
    found = [float(stops[0])]
    even = np.linspace(0.0, 1.0, cells + 1)[1:]
    for low, high in pairwise(stops):
        at_low, at_high = low in gather, high in gather
        if at_low and at_high:
            total = even**GRADING + (1 - even) ** GRADING
            share = even**GRADING / total
        else:
            share = even**GRADING if at_low else 1 - (1 - even) ** GRADING if at_high else even
        found += (low + (high - low) * share).tolist()
    return np.array(found)


def elements(body: Body, cells: int) -> tuple[float, int, np.ndarray]:
    """Seconds, unknowns, and displacements [2, N] at the points."""
    begun = perf_counter()
    lines = [graded(stops, gather, cells) / UNIT for stops, gather in zip(body.blocks, body.gather, strict=True)]
    whole = skfem.MeshQuad.init_tensor(*lines)
    middle = UNIT * whole.p[:, whole.t].mean(axis=1)
    block = [np.searchsorted(stops, m) - 1 for stops, m in zip(body.blocks, middle, strict=True)]
    inside = [n for n, where in enumerate(zip(*block, strict=True)) if tuple(map(int, where)) in body.material]
    mesh = whole.restrict(elements=np.array(inside)).to_meshtri()
    basis = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementTriP2()))
    lame, shear = MODULUS * RATIO / (1 - RATIO**2), MODULUS / (2 * (1 + RATIO))

    @skfem.BilinearForm
    def stiffness(u, v, _):
        strain = sym_grad(u)
        return ddot(lame * eye(trace(strain), 2) + 2 * shear * strain, sym_grad(v))

    load = np.zeros(basis.N)
    for axis, at, traction, reach in body.loads:
        facets = facets_on(mesh, axis, at, reach)
        side = skfem.FacetBasis(mesh, basis.elem, facets=facets)
        load += skfem.LinearForm(lambda v, _, t=traction: t[0] * v[0] + t[1] * v[1]).assemble(side)
    known: list[int] = []
    for axis, at, fields, reach in body.fixed:
        dofs = basis.get_dofs(facets_on(mesh, axis, at, reach))
        known += [n for field in fields for n in dofs.all([f"u^{field + 1}"]).tolist()]
    for x, y, field in body.pinned:
        node = int(np.argmin(np.hypot(UNIT * mesh.p[0] - x, UNIT * mesh.p[1] - y)))
        known.append(int(basis.nodal_dofs[field, node]))
    u = solve_condensed(stiffness.assemble(basis), load, np.zeros(basis.N), np.unique(known))
    seconds = perf_counter() - begun
    points = np.array(body.points, dtype=float) / UNIT
    values = UNIT * (basis.probes(points.T) @ u).reshape(2, -1)
    return seconds, int(basis.N), values


def facets_on(mesh: skfem.MeshTri, axis: int, at: float, reach: tuple[float, float]) -> np.ndarray:
    low, high = reach[0] / UNIT, reach[1] / UNIT
    return mesh.facets_satisfying(
        lambda x: (np.abs(x[axis] - at / UNIT) < 1e-9) & (x[1 - axis] > low) & (x[1 - axis] < high),
        boundaries_only=True,
    )


def main() -> None:
    torch.set_num_threads(1)
    results: dict[str, list[dict]] = {}
    for name, body in BODIES.items():
        _, best = ours(body, FINEST)
        size = np.abs(best).max()
        rows = []
        for features in FEATURES:
            seconds, found = ours(body, features)
            error = float(np.abs(found - best).max() / size)
            rows.append({"by": "ours", "unknowns": 2 * (features + 1), "s": seconds, "error": error})
            print(name, rows[-1], flush=True)
        for cells in CELLS:
            seconds, unknowns, found = elements(body, cells)
            error = float(np.abs(found - best).max() / size)
            rows.append({"by": "elements", "unknowns": unknowns, "s": seconds, "error": error})
            print(name, rows[-1], flush=True)
        results[name] = rows
    lines = ["# Bodies with corners, against quadratic elements", "", *(__doc__ or "").splitlines()[2:], ""]
    for name, rows in results.items():
        lines += [f"## {name}", "", "| | unknowns | s | error |", "|---|---|---|---|"]
        lines += [f"| {r['by']} | {r['unknowns']} | {r['s']:.2f} | {r['error']:.1e} |" for r in rows] + [""]
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "bodies.md").write_text("\n".join(lines), encoding="utf-8")
    (RESULTS / "bodies.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
