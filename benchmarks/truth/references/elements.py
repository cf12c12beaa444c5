"""Finite elements (scikit-fem), graded to the corners, and one problem by harmonic functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import skfem
from skfem.helpers import ddot, dot, eye, grad, sym_grad, trace

from benchmarks.truth.references.rows import Row, Solutions, rows

CELLS = 6  # between two stations
HALVINGS = 13  # of the cells at a corner where u ~ r^0.7; with many more, long thin elements cost the digits they gain
SLIT = 20  # where u ~ r^(1/2)


def lines(stations: Sequence[float], near: Sequence[float], level: int, halvings: int) -> np.ndarray:
    """Grid lines through the stations, in geometric progression towards those in `near`: halved in level + 1 steps."""
    cells, progression = CELLS * (level + 1), 0.5 ** (np.arange(1, halvings * (level + 1)) / (level + 1))
    found = []
    for a, b in pairwise(stations):
        inner = np.linspace(a, b, cells + 1)
        if a in near:
            inner = np.append(inner, a + (inner[1] - a) * progression)
        if b in near:
            inner = np.append(inner, b - (b - inner[cells - 1]) * progression)
        found.append(inner)
    return np.unique(np.concatenate(found))


def grid(
    x: tuple[Sequence[float], Sequence[float]],
    y: tuple[Sequence[float], Sequence[float]],
    level: int,
    halvings: int = HALVINGS,
) -> skfem.MeshTri:
    """Halves of the rectangles between lines through (stations, those that it is graded to) along x and along y."""
    return skfem.MeshTri.init_tensor(*(lines(*axis, level, halvings) for axis in (x, y)))


def potential(
    mesh: skfem.MeshTri,
    source: Callable = lambda x: 0 * x[0],
    fixed: Sequence[tuple[Callable, float]] = (),
    robin: Callable | None = None,
) -> tuple[skfem.Basis, np.ndarray]:
    """-Laplace u = source, u = value on facets where, u_n + robin(x) u = 0 on the boundary: basis and coefficients."""
    basis = skfem.Basis(mesh, skfem.ElementTriP4())
    matrix = skfem.BilinearForm(lambda u, v, _: dot(grad(u), grad(v))).assemble(basis)
    load = skfem.LinearForm(lambda v, w: source(w.x) * v).assemble(basis)
    if robin is not None:
        edge = skfem.FacetBasis(mesh, basis.elem)
        matrix = matrix + skfem.BilinearForm(lambda u, v, w: robin(w.x) * u * v).assemble(edge)
    u, known = np.zeros(basis.N), []
    for where, value in fixed:
        facets = mesh.facets_satisfying(where, boundaries_only=True)
        found = basis.get_dofs(facets)
        u[found.flatten()] = value
        known.append(found.flatten())
    return basis, skfem.solve(*skfem.condense(matrix, load, x=u, D=np.unique(np.concatenate(known))))


def at(basis: skfem.Basis, u: np.ndarray, points: Sequence[tuple[float, float]], name: str = "u") -> list[Row]:
    return rows(name, points, basis.probes(np.array(points).T) @ u)


def robin_on_half_a_side(level: int) -> Solutions:
    mesh = grid(([0, 1], [1]), ([0, 0.5, 1], [0.5]), level)
    found = potential(mesh, fixed=[(lambda x: x[0] == 0, 1.0)], robin=lambda x: 10.0 * (x[0] == 1) * (x[1] < 0.5))
    return [at(*found, [(0.5, 0.25), (0.5, 0.75), (0.9, 0.2), (0.9, 0.8)], "T")]


def mixed_plate(level: int) -> Solutions:
    mesh = grid(([0, 0.5, 1], [0.5]), ([0, 1], [0]), level, SLIT)
    found = potential(mesh, lambda x: 1 + 0 * x[0], [(lambda x: (x[1] == 0) * (x[0] < 0.5), 0.0)])
    return [at(*found, [(0.25, 0.25), (0.6, 0.1), (0.9, 0.9), (0.1, 0.5)], "T")]


def l_shape_plain(level: int) -> Solutions:
    square = grid(([-1, 0, 1], [0]), ([-1, 0, 1], [0]), level)
    mesh = square.remove_elements(np.flatnonzero((square.p[:, square.t].mean(axis=1) > 0).all(axis=0)))
    found = potential(mesh, lambda x: 1 + 0 * x[0], [(lambda x: x[0] < 2, 0.0)])
    return [at(*found, [(-0.5, -0.5), (-0.5, 0.5), (0.4, -0.3), (-0.1, -0.1)])]


def table_coefficient(level: int) -> Solutions:
    """-(1 + x + y^2) Laplace u = 1 in the unit square, u = 0."""
    mesh = grid(([0, 1], [0, 1]), ([0, 1], [0, 1]), level)
    found = potential(mesh, lambda x: 1 / (1 + x[0] + x[1] ** 2), [(lambda x: x[0] < 2, 0.0)])
    return [at(*found, [(0.5, 0.5), (0.25, 0.25), (0.75, 0.4), (0.2, 0.9)])]


def elastic(
    mesh: skfem.MeshTri, lame: tuple[float, float], fixed: Sequence[tuple[Callable, tuple[float, float]]], traction
) -> tuple[skfem.Basis, np.ndarray]:
    """Plane elasticity, u = values on facets where, traction(x) [2, ...] on the boundary: basis and coefficients."""
    basis = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementTriP4()))
    strained = skfem.BilinearForm(
        lambda u, v, _: ddot(lame[0] * eye(trace(sym_grad(u)), 2) + 2 * lame[1] * sym_grad(u), sym_grad(v))
    )
    edge = skfem.FacetBasis(mesh, basis.elem)
    load = skfem.LinearForm(lambda v, w: dot(traction(w.x), v)).assemble(edge)
    u, known = np.zeros(basis.N), []
    for where, values in fixed:
        found = basis.get_dofs(mesh.facets_satisfying(where, boundaries_only=True))
        for component, value in enumerate(values):
            u[found.all(f"u^{component + 1}")] = value
        known.append(found.flatten())
    return basis, skfem.solve(*skfem.condense(strained.assemble(basis), load, x=u, D=np.unique(np.concatenate(known))))


def displacements(basis: skfem.Basis, u: np.ndarray, points: Sequence[tuple[float, float]]) -> list[Row]:
    found = (basis.probes(np.array(points).T) @ u).reshape(2, -1)
    return rows("ux", points, found[0]) + rows("uy", points, found[1])


def cantilever_clamped(level: int) -> Solutions:
    """E = 1, nu = 0.3, plane strain, 4 x 1, clamped at x = 0, shear -6 y (1 - y) at x = 4: tip -243.2956."""
    nu = 0.3
    lame = (nu / ((1 + nu) * (1 - 2 * nu)), 1 / (2 * (1 + nu)))
    mesh = grid(([0, 1, 2.5, 4], [0]), ([0, 0.5, 1], [0, 1]), level)
    found = elastic(
        mesh,
        lame,
        [(lambda x: x[0] == 0, (0.0, 0.0))],
        lambda x: np.stack([0 * x[0], -6 * x[1] * (1 - x[1]) * (x[0] == 4)]),
    )
    return [displacements(*found, [(4, 0.5), (2, 0.25), (1, 0.9)])]


def sheared_square(level: int) -> Solutions:
    """E = 1, nu = 0.25, plane stress, clamped at y = 0, dragged by 0.1 at y = 1."""
    nu = 0.25
    mesh = grid(([0, 0.5, 1], [0, 1]), ([0, 0.5, 1], [0, 1]), level)
    found = elastic(
        mesh, (nu / (1 - nu**2), 1 / (2 * (1 + nu))),
        [(lambda x: x[1] == 0, (0.0, 0.0)), (lambda x: x[1] == 1, (0.1, 0.0))], lambda x: 0 * x,
    )  # fmt: skip
    return [displacements(*found, [(0.5, 0.5), (0.1, 0.3), (0.9, 0.8)])]


def four_holes(level: int) -> Solutions:
    """Laplace u = 0, u = 1 on the sides of [-1/2, 1/2]^2, 0 on holes of radius 0.1 about (+-0.3, +-0.3).

    1 - u is odd about every side, so it has image holes of alternating sign. Multipoles about the holes of the nearest
    images and harmonic polynomials, all with the symmetry of the square; least squares on the boundary.
    """
    order = 12 + 6 * level
    shifts = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]

    def functions(z: np.ndarray) -> np.ndarray:
        """Values [N, functions] of harmonic functions at complex points."""
        columns = [(z ** (4 * k)).real for k in range(order)]
        multipoles = np.zeros((1 + 2 * order, len(z)))
        for i, j in shifts:
            for sx in (-1, 1):
                for sy in (-1, 1):
                    x, y = (z.real - i) * (-1) ** i * sx, (z.imag - j) * (-1) ** j * sy  # as seen from that hole
                    w = 10 * (x + 1j * y - (0.3 + 0.3j))
                    each = [np.log(abs(w))] + [
                        part for n in range(1, order + 1) for part in ((w**-n).real, (w**-n).imag)
                    ]
                    multipoles += (-1) ** (i + j) * np.array(each)
        return np.vstack([*columns, multipoles]).T

    angle = 2 * np.pi * np.arange(400) / 400
    side = 0.5 + 1j * np.linspace(0, 0.5, 400)
    boundary = np.concatenate([0.3 + 0.3j + 0.1 * np.exp(1j * angle), side, side.imag + 0.5j])
    values = np.where(np.arange(len(boundary)) < 400, 1.0, 0.0)  # of 1 - u
    matrix = functions(boundary)
    size = np.linalg.norm(matrix, axis=0)
    coefficients = np.linalg.lstsq(matrix / size, values, rcond=1e-15)[0] / size
    points = [(0, 0), (0.3, 0), (0.15, 0.45), (-0.4, 0.4)]
    return [rows("u", points, 1 - functions(np.array([x + 1j * y for x, y in points])) @ coefficients)]
