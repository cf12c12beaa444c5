"""Quadratic finite elements (scikit-fem) for the problems of `against_others`: seconds, unknowns, values at points.

Seconds are those of mesh, assembly and solution, not of the evaluation at the points. The matrices are solved directly,
in SciPy's order for symmetric ones, which takes half the time of its default.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
import skfem
import torch
from scipy.sparse import csr_array
from scipy.sparse.linalg import splu
from skfem.helpers import ddot, dot, eye, grad, sym_grad, trace

from pinn.problem.problem import Problem

Values = np.ndarray  # [components, N]
Answer = tuple[float, int, Values]  # seconds, unknowns, values


def solve_condensed(matrix: csr_array, load: np.ndarray, values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """matrix u = load with u = values at the indices `known`."""
    free = np.setdiff1d(np.arange(len(load)), known)
    u = np.where(np.isin(np.arange(len(load)), known), values, 0.0)
    reduced = matrix[free][:, free].tocsc()
    factors = splu(reduced, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    u[free] = factors.solve((load - matrix @ u)[free])
    return u


def scalar(problem: Problem, cells: int, points: np.ndarray) -> Answer:
    """-Laplace u - k^2 u = f on cells x cells squares, u = 0 on the boundary of the unit square.

    k is the problem's constant of that name, 0 where there is none; f comes from the exact solution.
    """
    begun = perf_counter()
    square = float(problem.scope.number(problem.spec.constants.get("k", 0), ())) ** 2
    lines = np.linspace(0, 1, cells + 1)
    basis = skfem.Basis(skfem.MeshQuad.init_tensor(lines, lines), skfem.ElementQuad2())
    matrix = skfem.BilinearForm(lambda u, v, _: dot(grad(u), grad(v)) - square * u * v).assemble(basis)
    # both problems' sources are multiples of the solution, an eigenfunction of the Laplacian
    factor = square if square else 2 * np.pi**2
    load = skfem.LinearForm(lambda v, w: factor * exact(problem, ("u",), w.x)[0] * v).assemble(basis)
    u = solve_condensed(matrix, load, np.zeros(basis.N), basis.get_dofs().flatten())
    seconds = perf_counter() - begun
    return seconds, int(basis.N), (basis.probes(points.T) @ u)[None]


def exact(problem: Problem, names: tuple[str, ...], x: np.ndarray) -> np.ndarray:
    """Closed forms at x [D, ...]: [len(names), ...]."""
    values = problem.exact_values(torch.as_tensor(x.reshape(len(x), -1).T.copy()))
    return np.stack([values[name].numpy().reshape(x.shape[1:]) for name in names])


def elasticity(basis: skfem.Basis, nu: float) -> csr_array:
    """Plane stress, E = 1."""
    return skfem.BilinearForm(lambda u, v, _: ddot(hooke(sym_grad(u), nu), sym_grad(v))).assemble(basis)


def hooke(strain: np.ndarray, nu: float) -> np.ndarray:
    """stress = E/(1 - nu^2) ((1 - nu) strain + nu trace(strain) I), plane stress, E = 1; [2, 2, ...]."""
    return ((1 - nu) * strain + nu * eye(trace(strain), 2)) / (1 - nu**2)


def plate_with_hole(problem: Problem, cells: int, points: np.ndarray) -> Answer:
    """Kirsch's quarter plate, curved elements: 2 cells around the hole, 1.5 cells outwards, finer towards the hole."""
    begun = perf_counter()
    hole, side, nu = 0.5, 2.0, 0.3

    def mapped(s: np.ndarray) -> np.ndarray:
        """(radial, angular) in the unit square -> (x, y): rays from the hole to the outer edges."""
        ray = np.array([np.cos(s[1] * np.pi / 2), np.sin(s[1] * np.pi / 2)])
        outer = side / np.maximum(*ray)
        return ray * hole * (outer / hole) ** s[0]

    around, outwards = 2 * cells, 3 * cells // 2
    grid = skfem.MeshQuad.init_tensor(np.linspace(0, 1, outwards + 1), np.linspace(0, 1, around + 1))
    quadratic = skfem.MeshQuad2.from_mesh(grid)
    mesh = skfem.MeshQuad2(mapped(quadratic.doflocs), quadratic.t)
    basis = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementQuad2()))
    edges = mesh.facets_satisfying(lambda x: np.isclose(x, side, rtol=0, atol=1e-9).any(axis=0), boundaries_only=True)
    outside = basis.boundary(edges)

    def work(v, w):
        xx, yy, xy = exact(problem, ("stress_xx", "stress_yy", "stress_xy"), w.x)
        return (xx * w.n[0] + xy * w.n[1]) * v[0] + (xy * w.n[0] + yy * w.n[1]) * v[1]

    matrix, load = elasticity(basis, nu), skfem.LinearForm(work).assemble(outside)
    left, bottom = (mesh.facets_satisfying(lambda x, k=k: abs(x[k]) < 1e-9) for k in (0, 1))
    known = np.concatenate([basis.get_dofs(left).all("u^1"), basis.get_dofs(bottom).all("u^2")])
    u = solve_condensed(matrix, load, np.zeros(basis.N), known)
    seconds = perf_counter() - begun
    x, y = points.T
    fraction = np.log(np.hypot(x, y) / hole) / np.log(side / np.maximum(x, y) * np.hypot(x, y) / hole)
    cell = (
        np.minimum((fraction * outwards).astype(int), outwards - 1),
        np.minimum((np.arctan2(y, x) * 2 / np.pi * around).astype(int), around - 1),
    )
    centres = np.stack([(cell[0] + 0.5) / outwards, (cell[1] + 0.5) / around])
    stress = hooke(strain_at(basis, u, points.T, grid.element_finder()(*centres)), nu)
    return seconds, int(basis.N), np.stack([stress[0, 0], stress[1, 1], stress[0, 1]])


def strain_at(basis: skfem.Basis, u: np.ndarray, x: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Symmetric gradient [2, 2, N] at x [2, N], each point in (or a rounding of the boundary beside) its cell."""
    mapping = basis.mapping
    local = np.full((2, len(cells), 1), 0.5)
    for _ in range(20):  # Newton's iteration for the curved elements
        step = np.einsum("ijkl,jkl->ikl", mapping.invDF(local, cells), x[:, :, None] - mapping.F(local, cells))
        local = local + step
        if abs(step).max() < 1e-12:
            break
    gradient = np.zeros((2, 2, len(cells)))
    for k in range(basis.Nbfun):
        field = basis.elem.gbasis(mapping, local, k, tind=cells)[0]
        gradient += field.grad[..., 0] * u[basis.element_dofs[k, cells]]
    return (gradient + gradient.transpose(1, 0, 2)) / 2


def cook_membrane(problem: Problem, cells: int, points: np.ndarray) -> Answer:
    """Cook's panel, E = 1, nu = 1/3, total shear 1 on the right edge: uy at `points`."""
    begun = perf_counter()
    lines = np.linspace(0, 1, cells + 1)
    grid = skfem.MeshQuad.init_tensor(lines, lines)
    s, t = grid.doflocs
    mesh = skfem.MeshQuad(np.array([48 * s, 44 * s + t * (44 - 28 * s)]), grid.t)
    basis = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementQuad2()))
    loaded = basis.boundary(mesh.facets_satisfying(lambda x: np.isclose(x[0], 48), boundaries_only=True))
    load = skfem.LinearForm(lambda v, _: v[1] / 16).assemble(loaded)
    known = basis.get_dofs(lambda x: np.isclose(x[0], 0)).flatten()
    u = solve_condensed(elasticity(basis, 1 / 3), load, np.zeros(basis.N), known)
    seconds = perf_counter() - begun
    return seconds, int(basis.N), (basis.probes(points.T) @ u).reshape(2, -1)[1:]


SOLVERS: dict[str, Callable[[Problem, int, np.ndarray], Answer]] = {
    "poisson": scalar,
    "helmholtz": scalar,
    "kirsch": plate_with_hole,
    "cook": cook_membrane,
}
