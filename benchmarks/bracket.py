"""The bracket against quadratic finite elements (scikit-fem): on its own mesh, and on finer ones for the reference.

    python benchmarks/bracket.py reference            write problems/elasticity/bracket_reference.npz
    python benchmarks/bracket.py compare RUN [...]    errors of runs and of finite elements on the same mesh, one table

Curved (isoparametric) quadratic triangles. Stresses are averaged at the nodes by projection onto the same elements.
Needs the extras [mesh] and [bench].
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import meshio
import numpy as np
import skfem
from bracket_mesh import FIXED, HOLE, LOADED, write_bracket
from finite_elements import solve_condensed
from matplotlib.tri import Triangulation
from scipy.spatial import KDTree
from skfem.helpers import ddot, dot, eye, sym_grad, trace

import pinn
from pinn.geometry.mesh.elements import ELEMENTS

SPEC = Path(__file__).resolve().parent.parent / "problems/elasticity/bracket.yaml"
MESH, REFERENCE = SPEC.with_suffix(".msh"), SPEC.with_name("bracket_reference.npz")
SIZES = (2.0, 1.0)  # of the finer meshes, in mm; the finest is the reference, the other shows its error
KEPT = 1500  # points of the reference
STRESSES = ("stress_xx", "stress_yy", "stress_xy")
NU = 0.3


@dataclass(frozen=True)
class Answer:
    """Nodes [N, 2], quantities there, and the seconds of assembly and solution."""

    points: np.ndarray
    values: dict[str, np.ndarray]
    seconds: float


def solve(file: Path) -> Answer:
    problem = pinn.load(SPEC)
    number = problem.scope.number
    youngs_modulus = number(problem.spec.physics["linear_elasticity"]["youngs_modulus"], ())
    constants = problem.spec.constants
    force, thickness, radius = (number(constants[name], ()) for name in ("force", "thickness", "radius"))
    pressure = force / (2 * np.pi * radius * thickness)
    read = meshio.read(file)
    begun = perf_counter()
    triangles = np.vstack([block.data for block in read.cells if block.type == "triangle6"])
    used, triangles = np.unique(triangles, return_inverse=True)
    points = read.points[used, :2]
    mesh = skfem.MeshTri2(points.T.copy(), triangles.reshape(-1, 6).T.copy())
    basis = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementTriP2()), intorder=5)

    def hooke(strain: np.ndarray) -> np.ndarray:
        return youngs_modulus / (1 - NU**2) * ((1 - NU) * strain + NU * eye(trace(strain), 2))

    matrix = skfem.BilinearForm(lambda u, v, _: ddot(hooke(sym_grad(u)), sym_grad(v))).assemble(basis)
    load = skfem.LinearForm(lambda v, w: dot(np.array([0 * w.x[0], 0 * w.x[0] - pressure]), v)).assemble(
        basis.boundary(rim(mesh, LOADED))
    )
    u = solve_condensed(matrix, load, np.zeros(basis.N), basis.get_dofs(rim(mesh, FIXED)).flatten())
    seconds = perf_counter() - begun
    scalar = skfem.Basis(mesh, skfem.ElementTriP2(), intorder=5)
    stress = hooke(sym_grad(basis.interpolate(u)))
    fields = {"ux": u[basis.split_indices()[0]], "uy": u[basis.split_indices()[1]]}
    for name, (i, j) in zip(STRESSES, ((0, 0), (1, 1), (0, 1)), strict=True):
        fields[name] = scalar.project(stress[i, j])
    fields["von_mises"] = von_mises(*(fields[name] for name in STRESSES))
    return Answer(scalar.doflocs.T, fields, seconds)


def von_mises(xx: np.ndarray, yy: np.ndarray, xy: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(xx**2 - xx * yy + yy**2 + 3 * xy**2, 0))


def rim(mesh: skfem.MeshTri2, centre: tuple[float, float]) -> np.ndarray:
    """Boundary facets of a hole."""
    outer = mesh.boundary_facets()
    middles = mesh.p[:, mesh.facets[:, outer]].mean(axis=1)
    return outer[np.hypot(middles[0] - centre[0], middles[1] - centre[1]) < 1.2 * HOLE]


def fine(size: float) -> Answer:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bracket.msh"
        write_bracket(file, size, per_turn=round(28 * 6 / size))
        return solve(file)


def write_reference() -> None:
    coarse, finest = (fine(size) for size in SIZES)
    geometry = pinn.load(SPEC).geometry
    inside = np.flatnonzero(geometry.contains(finest.points))
    chosen = np.sort(np.random.default_rng(0).choice(inside, KEPT, replace=False))
    values = {name: finest.values[name][chosen] for name in ("ux", "uy", *STRESSES, "von_mises")}
    np.savez_compressed(REFERENCE, x=finest.points[chosen, 0], y=finest.points[chosen, 1], **values)
    for name in ("uy", "von_mises"):
        peaks = [float(np.abs(one.values[name]).max()) for one in (coarse, finest)]
        print(f"{name}: largest on sizes {SIZES}: {peaks[0]:.6g} {peaks[1]:.6g}")


def compare(runs: list[Path]) -> None:
    table = np.load(REFERENCE)
    points = np.column_stack([table["x"], table["y"]])
    same = solve(MESH)
    within, found = interpolated(same, points)
    rows = [("finite elements, same mesh", same.seconds, found)]
    for run in runs:
        solution = pinn.Solution.load(run)
        rows.append((str(run), solution.metrics["seconds"]["solve"], solution(points[within])))
    print(f"relative L2 at {within.sum()} points      seconds  displacement  stress  von Mises")
    for label, seconds, values in rows:
        errors = [relative(values, table, within, names) for names in (("ux", "uy"), STRESSES, ("von_mises",))]
        print(f"{label:34} {seconds:8.2f}  " + "  ".join(f"{error:10.2e}" for error in errors))


def interpolated(answer: Answer, points: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Which points lie in a straight triangle of the mesh's corners, and the quadratic interpolants there."""
    read = meshio.read(MESH)
    triangles = np.vstack([block.data for block in read.cells if block.type == "triangle6"])
    nodes = read.points[:, :2]
    number = KDTree(answer.points).query(nodes)[1]
    corners = Triangulation(nodes[:, 0], nodes[:, 1], triangles[:, :3])
    cell = corners.get_trifinder()(*points.T)
    within = cell >= 0
    mine, element = triangles[cell[within]], ELEMENTS["triangle6"]
    xi = np.full((len(mine), 2), 1 / 3)
    for _ in range(8):  # Newton's method for X(xi) = x
        off = points[within] - np.einsum("nk,nkx->nx", element.shapes(xi), nodes[mine])
        jacobian = np.einsum("ndk,nkx->nxd", element.gradients(xi), nodes[mine])
        xi = xi + np.linalg.solve(jacobian, off[..., None])[..., 0]
    shapes = element.shapes(xi)
    return within, {name: np.sum(shapes * v[number][mine], axis=1) for name, v in answer.values.items()}


def relative(values, table, within: np.ndarray, names: tuple[str, ...]) -> float:
    off = sum(np.sum((values[name] - table[name][within]) ** 2) for name in names)
    return float(np.sqrt(off / sum(np.sum(table[name][within] ** 2) for name in names)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(dest="task", required=True)
    tasks.add_parser("reference")
    tasks.add_parser("compare").add_argument("runs", nargs="*", type=Path)
    given = parser.parse_args()
    write_reference() if given.task == "reference" else compare(given.runs)


if __name__ == "__main__":
    main()
