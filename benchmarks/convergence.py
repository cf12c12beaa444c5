"""Observed orders of convergence: least squares in the features, quadrature and meshes in 1/h, jets in the step.

    python benchmarks/convergence.py [--out results/benchmarks]

Between two refinements s and S, with errors e and E, the observed order is log(e/E)/log(S/s). Least squares with smooth
features has no order: its error falls faster than any power, which shows as orders that grow.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import torch

import pinn
from pinn.derivatives.jets import Partial, plan_jets
from pinn.geometry.meshing.triangulation import triangulate
from pinn.geometry.points.quadrature import boundary_quadrature, interior_quadrature
from pinn.geometry.shapes.boxes import Interval, Rectangle
from pinn.geometry.shapes.planar import Disk, Sector
from pinn.network.features import InputFeatures
from pinn.network.mlp import MLP

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results" / "benchmarks"

Levels = list[tuple[float, float]]  # (refinement, error)


@dataclass(frozen=True)
class Study:
    """What is refined, the order it must show (None: faster than any power), and (refinements) -> levels."""

    refinement: str
    order: float | None
    run: Callable[[Sequence[int]], Levels]
    sizes: tuple[int, ...]


def least_squares(features: Sequence[int]) -> Levels:
    """Relative L2 error of poisson_2d; one seed, as a run has."""
    levels = []
    for count in features:
        method = f"solver.method={{least_squares: {{features: {count}, scale: 2}}}}"
        problem = pinn.load(ROOT / "problems" / "heat" / "poisson_2d.yaml", [method, "solver.threads=1"])
        levels.append((float(count), pinn.solve(problem, seed=0, device="cpu").metrics["relative_l2"]["u"]))
    return levels


def quadrature_in_a_square(cells: Sequence[int]) -> Levels:
    """exp(x) cos(3 y) over triangles, three Gauss points a direction: exact to degree 5, so order 6 in 1/h."""
    true = (math.e - 1) * math.sin(3) / 3
    levels = []
    for count in cells:
        rule = interior_quadrature(Rectangle([0, 0], [1, 1]), 18 * count**2)
        found = rule.weights @ (np.exp(rule.points[:, 0]) * np.cos(3 * rule.points[:, 1]))
        levels.append((math.sqrt(len(rule.points)), abs(found - true) / abs(true)))
    return levels


def quadrature_in_an_interval(cells: Sequence[int]) -> Levels:
    levels = []
    for count in cells:
        rule = interior_quadrature(Interval(0, 2), 3 * count)
        found = rule.weights @ np.cos(3 * rule.points[:, 0])
        levels.append((len(rule.points), abs(found - math.sin(6) / 3) / abs(math.sin(6) / 3)))
    return levels


def quadrature_along_an_arc(segments: Sequence[int]) -> Levels:
    """sin 4x over a third of a circle, which is no period of anything."""
    arc = Sector([0.3, 0.0], 0.0, 1.0, 0.2, 2.3)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    angle = 0.2 + 2.1 * (nodes + 1) / 2
    true = 1.05 * weights @ np.sin(4 * (0.3 + np.cos(angle)))
    levels = []
    for count in segments:
        rule = boundary_quadrature(arc, ["outer"], 3 * count)
        levels.append((len(rule.points), abs(rule.weights @ np.sin(4 * rule.points[:, 0]) - true) / abs(true)))
    return levels


def edges_and_area(resolution: int) -> tuple[int, float, float]:
    """Chords, their length together, and the area of a mesh of the unit disk."""
    mesh = triangulate(Disk([0, 0], 1), resolution)
    triangles = mesh.cells["triangle"]
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    rim = mesh.points[unique[counts == 1]]
    corners = mesh.points[triangles]
    (ux, uy), (vx, vy) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    return len(rim), float(np.linalg.norm(rim[:, 1] - rim[:, 0], axis=1).sum()), float(0.5 * (ux * vy - uy * vx).sum())


def mesh_area(resolutions: Sequence[int]) -> Levels:
    found = [edges_and_area(resolution) for resolution in resolutions]
    return [(chords, abs(area / math.pi - 1)) for chords, _, area in found]


def mesh_boundary(resolutions: Sequence[int]) -> Levels:
    found = [edges_and_area(resolution) for resolution in resolutions]
    return [(chords, abs(length / (2 * math.pi) - 1)) for chords, length, _ in found]


def finite_differences(inverse_steps: Sequence[int]) -> Levels:
    """Central differences of a network's values against its jets u_x, u_xx and u_xy: the worst of the three."""
    generator = torch.Generator().manual_seed(0)
    network = MLP(InputFeatures([0.0, 0.0], [1.0, 1.0]), [12, 12], 1, "tanh", generator=generator)
    points = torch.rand(50, 2, generator=generator, dtype=torch.float64) * 2 - 1
    plan = plan_jets([Partial((2, 0)), Partial((1, 1))], 2)
    with torch.no_grad():
        jets = dict(zip(plan.channels, network.jets(points, plan), strict=True))
        levels = []
        for inverse in inverse_steps:
            h = 1 / inverse
            at = {(i, j): network(points + h * points.new_tensor([i, j])) for i, j in product((-1, 0, 1), repeat=2)}
            differences = {
                Partial((1, 0)): (at[1, 0] - at[-1, 0]) / (2 * h),
                Partial((2, 0)): (at[1, 0] - 2 * at[0, 0] + at[-1, 0]) / h**2,
                Partial((1, 1)): (at[1, 1] - at[1, -1] - at[-1, 1] + at[-1, -1]) / (4 * h**2),
            }
            errors = []
            for partial, difference in differences.items():
                jet = jets[partial]
                assert jet is not None
                errors.append(float((difference - jet).abs().max() / jet.abs().max()))
            levels.append((float(inverse), max(errors)))
    return levels


STUDIES = {
    "least squares, Poisson on a square": Study("features", None, least_squares, (25, 50, 100, 200, 400)),
    "quadrature in an interval": Study("points", 6, quadrature_in_an_interval, (4, 8, 16, 32)),
    "quadrature in a square": Study("sqrt(points)", 6, quadrature_in_a_square, (3, 6, 12, 24)),
    "quadrature along an arc": Study("points", 6, quadrature_along_an_arc, (4, 8, 16, 32)),
    "area of a mesh of the disk": Study("chords", 2, mesh_area, (40, 80, 160)),
    "boundary of a mesh of the disk": Study("chords", 2, mesh_boundary, (40, 80, 160)),
    "central differences against jets": Study("1/step", 2, finite_differences, (16, 32, 64, 128)),
}


def orders(levels: Levels) -> list[float]:
    """Observed between each level and the next."""
    return [math.log(e / f) / math.log(t / s) for (s, e), (t, f) in pairwise(levels)]


def table(found: dict[str, Levels]) -> str:
    lines = [
        "# Orders of convergence",
        "",
        "`python benchmarks/convergence.py`; the observed order is that between a line and the one before.",
        "Three Gauss points a direction are exact to degree 5: order 6. Chords: order 2. Central differences: order 2.",
        "Least squares with smooth features falls faster than any power, until rounding is reached.",
        "",
        "| study | refinement | | error | observed order | expected |",
        "|---|---|---|---|---|---|",
    ]
    for name, levels in found.items():
        study = STUDIES[name]
        expected = "grows" if study.order is None else f"{study.order:g}"
        for (size, error), order in zip(levels, [None, *orders(levels)], strict=True):
            shown = "" if order is None else f"{order:.2f}"
            lines.append(f"| {name} | {study.refinement} | {size:.0f} | {error:.1e} | {shown} | {expected} |")
    return "\n".join([*lines, "", "![error against refinement](convergence.png)", ""])


def draw(found: dict[str, Levels], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for name, levels in found.items():
        axes.loglog(*zip(*levels, strict=True), marker="o", label=name)
    axes.set_xlabel("refinement: features, points, chords or 1/step")
    axes.set_ylabel("relative error")
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    found = {name: study.run(study.sizes) for name, study in STUDIES.items()}
    options.out.mkdir(parents=True, exist_ok=True)
    text = table(found)
    (options.out / "convergence.md").write_text(text, encoding="utf-8")
    draw(found, options.out / "convergence.png")
    print(text)


if __name__ == "__main__":
    main()
