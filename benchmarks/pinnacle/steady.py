"""References of the steady problems of PINNacle, by finite elements: solve(name, resolution) -> columns.

poisson_2d_c, poisson_2d_cg     quartic elements on triangles with quadratic edges, whose nodes lie on the circles
navier_stokes_2d_c              Taylor-Hood elements of degree p and p - 1, halved towards the corners of the lid
"""

from __future__ import annotations

import numpy as np
import skfem
from scipy.sparse import csr_matrix
from skfem.helpers import dot, grad

from benchmarks.references import ROOT, Columns
from pinn.geometry.build.shape import build_shape
from pinn.geometry.meshing.planar import triangulate_planar
from pinn.spec.yaml.source import read_spec

POINTS = 4000
Circles = list[tuple[float, float, float]]


def curved_mesh(name: str, resolution: int) -> tuple[skfem.MeshTri2, Circles]:
    """Triangles of a problem's domain, a difference of a rectangle and disks, and these: middle and radius."""
    domain = read_spec(ROOT / f"problems/pinnacle/{name}.yaml").data["domain"]
    shape = build_shape(domain, lambda value, _: float(value), ("x", "y"))
    nodes, triangles = triangulate_planar(shape, resolution)
    mesh = skfem.MeshTri2.from_mesh(skfem.MeshTri(nodes.T, triangles.T))
    circles = [(*one["disk"]["center"], one["disk"]["radius"]) for one in domain["difference"] if "disk" in one]
    places = mesh.doflocs.copy()
    facets = mesh.boundary_facets()
    ends = places[:, mesh.facets[:, facets]]  # [2, 2, boundary facets]
    middles = mesh.nvertices + facets
    for x, y, radius in circles:
        on = np.all(abs(np.hypot(ends[0] - x, ends[1] - y) - radius) < 1e-6 * radius, axis=0)
        offset = places[:, middles[on]] - [[x], [y]]
        places[:, middles[on]] = [[x], [y]] + radius * offset / np.hypot(*offset)
    return skfem.MeshTri2(places, mesh.t), circles


def scattered(basis: skfem.Basis, u: np.ndarray, lower, upper, circles: Circles) -> Columns:
    """At random points of the rectangle outside the circles, the same for every mesh."""
    points = np.random.default_rng(0).uniform(lower, upper, (3 * POINTS, 2)).T
    clear = [np.hypot(points[0] - x, points[1] - y) > 1.001 * radius for x, y, radius in circles]
    points = points[:, np.all(clear, axis=0)][:, :POINTS]
    return {"x": points[0], "y": points[1], "u": probes(basis, points) @ u}


def probes(basis: skfem.Basis, points: np.ndarray) -> csr_matrix:
    """[N, unknowns]: values at points [2, N]. Around holes every point lies in the cell whose chord it lies behind."""
    straight = skfem.MeshTri(basis.mesh.p[:, : basis.mesh.nvertices], basis.mesh.t[:3])
    cells = straight.element_finder()(*points)
    local = basis.mapping.invF(points[:, :, None], tind=cells)
    values = [basis.elem.gbasis(basis.mapping, local, k, tind=cells)[0].value[:, 0] for k in range(basis.Nbfun)]
    rows = np.tile(np.arange(points.shape[1]), basis.Nbfun)
    return csr_matrix(
        (np.concatenate(values), (rows, basis.element_dofs[:, cells].ravel())), shape=(points.shape[1], basis.N)
    )


def poisson(name: str, resolution: int, reaction: float, source, outside: float, inside: float, half: float) -> Columns:
    """-Laplace u + reaction u = source, u given on the square and on the circles."""
    mesh, circles = curved_mesh(name, resolution)
    basis = skfem.Basis(mesh, skfem.ElementTriP4(), intorder=9)
    matrix = skfem.BilinearForm(lambda u, v, _: dot(grad(u), grad(v)) + reaction * u * v).assemble(basis)
    load = skfem.LinearForm(lambda v, w: source(*w.x) * v).assemble(basis)
    known = basis.get_dofs().flatten()
    at = basis.doflocs[:, known]
    u = np.zeros(basis.N)
    u[known] = np.where(np.max(abs(at), axis=0) > half * (1 - 1e-9), outside, inside)
    u = skfem.solve(*skfem.condense(matrix, load, x=u, D=known))
    print(f"{name}: {basis.N} unknowns")
    return scattered(basis, u, -half, half, circles)


def poisson_2d_c(resolution: int) -> Columns:
    return poisson("poisson_2d_c", resolution, 0.0, lambda x, y: 0 * x, 1.0, 0.0, 0.5)


def poisson_2d_cg(resolution: int) -> Columns:
    def source(x, y):
        return 10 * (1 + x**2 + 16 + y**2) * np.sin(np.pi * x) * np.sin(4 * np.pi * y)

    return poisson("poisson_2d_cg", resolution, 64.0, source, 0.2, 1.0, 1.0)
