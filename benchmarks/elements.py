"""Finite elements (scikit-fem) for any plane or axisymmetric body of linear elasticity, read from its spec.

Quadratic or quartic triangles on a mesh of the project's own mesher that is refined towards the singular corners, by
halves (red, green and blue), with edges as curved as parabolas. Stresses, loads and supports are those of the compiled
statements, so that both methods solve one problem; everything else is the textbook's.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
import skfem
import torch
from scipy.spatial import KDTree
from skfem.element import DiscreteField

from benchmarks.finite_elements import solve_condensed
from pinn.domain.places import Boundary
from pinn.equations.compiler.compile import CompiledExpression, Derivative, Jets
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomain
from pinn.geometry.meshing.planar import triangulate_planar
from pinn.geometry.shapes.pieces import Piece
from pinn.problem.problem import Problem
from pinn.problem.singular import order_of, singular

ELEMENTS = {2: skfem.ElementTriP2, 4: skfem.ElementTriP4}
STEP = 1e-6  # of the size, for slopes of levels
PLANE = ("xx", "yy", "xy")


@dataclass(frozen=True, eq=False)
class Elements:
    """A solution.

    seconds    (mesh, assembly and solution)
    u          coefficients of the basis
    part       number of the subdomain of each triangle
    """

    problem: Problem
    basis: skfem.Basis
    u: np.ndarray
    part: np.ndarray
    seconds: tuple[float, float]

    @property
    def unknowns(self) -> int:
        return int(self.basis.N)

    def values(self, quantity: str, points: np.ndarray, subdomain: str | None = None) -> np.ndarray:
        """A quantity of first order at points [N, 2], as seen from a subdomain."""
        problem = self.problem
        number = 0 if subdomain is None else [s.name for s in problem.subdomains].index(subdomain)
        kept = np.flatnonzero(self.part == number) if subdomain is not None else np.arange(len(self.part))
        unit = problem.geometry.size
        cells, local = self.located(points / unit, kept)
        dofs = np.asarray(self.basis.element_dofs)
        field, gradient = np.zeros((2, len(points))), np.zeros((2, 2, len(points)))
        for k in range(self.basis.Nbfun):
            shape: DiscreteField = self.basis.elem.gbasis(self.basis.mapping, local, k, tind=cells)[0]
            assert shape.grad is not None
            dof = self.u[dofs[k, cells]]
            field += np.asarray(shape)[..., 0] * dof
            gradient += shape.grad[..., 0] / unit * dof
        found = np.zeros(len(points))
        for n, of in enumerate(problem.subdomains):
            here = self.part[cells] == n
            if here.any():
                compiled = problem.compiled(quantity, of)
                jets = jets_of(compiled, of, field[:, here], gradient[:, :, here])
                value = compiled.value(inputs_of(problem, points[here].T, None), jets)
                found[here] = torch.broadcast_to(torch.as_tensor(value), (int(here.sum()),)).numpy()
        return found

    def located(self, points: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The cell [N] of each point, or the nearest one, and the place [2, N, 1] in it."""
        mesh = self.basis.mesh
        corners = mesh.p[:, mesh.t[:3, kept]]
        near = np.asarray(KDTree(corners.mean(axis=1).T).query(points, k=min(40, len(kept)))[1])
        best = np.full(len(points), np.inf)
        cells, start = np.zeros(len(points), dtype=int), np.zeros((2, len(points)))
        for column in range(near.shape[1]):
            candidate = near[:, column]
            a, b, c = (corners[:, k, candidate] for k in range(3))
            frame = np.stack([b - a, c - a], axis=1).transpose(2, 0, 1)
            s = np.linalg.solve(frame, (points.T - a).T[:, :, None])[:, :, 0].T
            outside = -np.minimum(np.minimum(s[0], s[1]), 1 - s[0] - s[1])
            better = outside < best - 1e-12
            cells[better], start[:, better], best[better] = kept[candidate[better]], s[:, better], outside[better]
        local = start[:, :, None]
        for _ in range(20):  # Newton's iteration for curved cells
            away = points.T[:, :, None] - self.basis.mapping.F(local, cells)
            local = local + np.einsum("ijkl,jkl->ikl", self.basis.mapping.invDF(local, cells), away)
        return cells, local


def inputs_of(problem: Problem, x: np.ndarray, normal: np.ndarray | None) -> dict[str, torch.Tensor]:
    found = {axis: torch.as_tensor(x[k].ravel()) for k, axis in enumerate(problem.axes)}
    if normal is not None:
        found |= {f"n{axis}": torch.as_tensor(normal[k].ravel()) for k, axis in enumerate(problem.axes)}
    return found


def jets_of(
    compiled: CompiledExpression, subdomain: Subdomain, field: np.ndarray, gradient: np.ndarray
) -> dict[Derivative, torch.Tensor]:
    """Displacements [2, N] and their gradients [2, 2, N] as jets; zeros for second derivatives."""
    found = {}
    for jet in compiled.derivatives:
        component = subdomain.outputs.index(jet.field)
        orders = jet.partial.orders
        value = field[component] if not sum(orders) else gradient[component, orders.index(1)]
        found[jet] = torch.as_tensor(value if jet.partial.order < 2 else np.zeros_like(field[0]))
    return found


class CurvedCells(skfem.MappingIsoparametric):
    """Of curved cells, whose inverse stops at the rounding errors of small ones."""

    def invF(self, x, tind=None, newton_max_iters=50, newton_tol=1e-8):
        return super().invF(x, tind, newton_max_iters, newton_tol)


def mapping_of(mesh: skfem.MeshTri2) -> CurvedCells:
    return CurvedCells(mesh, mesh.elem(), mesh.bndelem)


# ---- mesh -----------------------------------------------------------------------------------------------------------


def graded_mesh(problem: Problem, resolution: int, levels: int) -> tuple[skfem.MeshTri2, np.ndarray]:
    """`resolution` cells along the longest side, halved `levels` times around each singular corner; parts of cells."""
    geometry = problem.geometry
    partition = problem.subdomains.partition
    shape = geometry if partition is None else partition
    points, triangles = triangulate_planar(shape, resolution)
    unit = geometry.size
    mesh = skfem.MeshTri(points.T / unit, triangles.T)  # the tolerances of meshes are absolute
    order = order_of(problem)
    corners = np.array([c.point for c in problem.corners if singular(c, order)]).reshape(-1, 2) / unit
    reach = 2.5 / resolution
    for level in range(levels):
        middle = mesh.p[:, mesh.t].mean(axis=1).T
        distance = KDTree(corners).query(middle)[0] if len(corners) else np.full(len(middle), np.inf)
        mesh = mesh.refined(np.flatnonzero(distance < reach * 0.5**level))
        p = on_boundary(problem, mesh, mesh.p, mesh.boundary_nodes())
        mesh = skfem.MeshTri(p, mesh.t)
    part = np.zeros(mesh.nelements, dtype=int)
    if partition is not None:
        part = partition.part_of(unit * mesh.p[:, mesh.t].mean(axis=1).T)
    curved = skfem.MeshTri2.from_mesh(mesh)
    outer = mesh.p.shape[1] + mesh.boundary_facets()
    places = on_boundary(problem, mesh, curved.doflocs, outer)
    return skfem.MeshTri2(places, curved.t), part


def on_boundary(problem: Problem, mesh: skfem.MeshTri, places: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """The nodes moved along the slope of the domain's level function to its zero."""
    unit = problem.geometry.size
    found = places.copy()
    for _ in range(4):
        at = unit * found[:, nodes].T
        level = problem.geometry.level(at)
        step = STEP * unit
        slope = np.stack(
            [
                (problem.geometry.level(at + step * e) - problem.geometry.level(at - step * e)) / (2 * step)
                for e in np.eye(2)
            ]
        )
        moves = np.abs(level) > 1e-12 * unit
        length = np.maximum((slope**2).sum(axis=0), 0.25)
        found[:, nodes] -= np.where(moves, level / length, 0.0) * slope / unit
    return found


# ---- assembly -------------------------------------------------------------------------------------------------------


def stress_names(problem: Problem, subdomain: Subdomain) -> tuple[tuple[str, ...], bool]:
    """Names of stress_xx, stress_yy, stress_xy (and of the hoop stress), and whether the body is axisymmetric."""
    turned = around_axis(problem)
    if "stress" in problem.tensors:
        x, y = problem.coordinates
        plane = tuple(problem.tensors["stress"][f"{a}"] for a in (x + x, y + y, x + y))
        return (*plane, *(["stress_hoop"] if turned else [])), turned
    return ("srr", "szz", "srz", "stt"), turned


def around_axis(problem: Problem) -> bool:
    """Whether the problem is a half section: by its physics, or with equations of its own."""
    return "stress" not in problem.tensors or "stress_hoop" in problem.tensors["stress"].values()


def solve(problem: Problem, resolution: int, levels: int, degree: int = 2) -> Elements:
    """The body of a problem by elements of this degree."""
    begun = perf_counter()
    mesh, part = graded_mesh(problem, resolution, levels)
    meshed = perf_counter()
    mapping = mapping_of(mesh)
    element, unit = skfem.ElementVector(ELEMENTS[degree]()), problem.geometry.size
    basis = skfem.Basis(mesh, element, mapping=mapping)
    matrix, load = 0, np.zeros(basis.N)
    for number, subdomain in enumerate(problem.subdomains):
        cells = np.flatnonzero(part == number)
        inside = skfem.Basis(mesh, element, mapping=mapping, elements=cells) if len(problem.subdomains) > 1 else basis
        names, turned = stress_names(problem, subdomain)
        compiled = [problem.compiled(name, subdomain) for name in names]
        equations = [s for s in problem.statements if s.is_equation and s.place.subdomain == subdomain.name]

        def work(u, v, w, compiled=compiled, subdomain=subdomain, turned=turned):
            stress = stresses(problem, compiled, subdomain, unit * w.x, u, unit)
            return unit**2 * weighted(stress, v, w.x, turned, unit)

        def forces(v, w, compiled=compiled, subdomain=subdomain, turned=turned, equations=equations):
            x = unit * w.x
            initial = stresses(problem, compiled, subdomain, x, None, unit)
            turned_away = (0.0, 0.0) if turned else divergence(problem, compiled, subdomain, x, unit)
            body = [at_rest(problem, s, x, None) - part for s, part in zip(equations, turned_away, strict=True)]
            factor = x[0] if turned else 1.0
            return unit**2 * (factor * (body[0] * v[0] + body[1] * v[1]) - weighted(initial, v, w.x, turned, unit))

        matrix = matrix + skfem.BilinearForm(work).assemble(inside)
        load += skfem.LinearForm(forces).assemble(inside)
    known: dict[int, float] = {}
    for statement in problem.statements:
        if statement.is_equation:
            continue
        if isinstance(statement.place, Boundary):
            apply(problem, basis, statement, load, known)
        elif statement.place.listed:
            pin(problem, basis, statement, known)
    values = np.zeros(basis.N)
    values[list(known)] = list(known.values())
    u = solve_condensed(matrix, load, values, np.array(sorted(known)))
    return Elements(problem, basis, u, part, (meshed - begun, perf_counter() - meshed))


def stresses(
    problem: Problem, compiled: list[CompiledExpression], subdomain: Subdomain, x: np.ndarray, u, unit: float
) -> list:
    """What each stress is of a displacement: linear in it; of None: without any."""
    flat = (2, -1)
    zero = np.zeros((2, x[0].size))
    none = [at(problem, c, x, jets_of(c, subdomain, zero, np.zeros((2, 2, x[0].size)))) for c in compiled]
    if u is None:
        return none
    field = np.asarray(u).reshape(flat)
    gradient = u.grad.reshape(2, 2, -1) / unit
    found = [at(problem, c, x, jets_of(c, subdomain, field, gradient)) for c in compiled]
    return [one - other for one, other in zip(found, none, strict=True)]


def divergence(
    problem: Problem, compiled: list[CompiledExpression], subdomain: Subdomain, x: np.ndarray, unit: float
) -> tuple[np.ndarray, np.ndarray]:
    """Of the stresses at rest, by central differences: the equations have it beside the forces of the body."""
    step = STEP * unit * np.eye(2).reshape(2, 2, *(1,) * (x.ndim - 1))
    ahead, behind = (
        [stresses(problem, compiled, subdomain, x + sign * e, None, unit) for e in step] for sign in (1, -1)
    )
    slope = [
        [(a - b) / (2 * STEP * unit) for a, b in zip(*pair, strict=True)] for pair in zip(ahead, behind, strict=True)
    ]
    return slope[0][0] + slope[1][2], slope[0][2] + slope[1][1]


def at(problem: Problem, compiled: CompiledExpression, x: np.ndarray, jets: Jets, normal=None) -> np.ndarray:
    value = torch.as_tensor(compiled.value(inputs_of(problem, x, normal), jets), dtype=torch.float64)
    return torch.broadcast_to(value, (x[0].size,)).numpy().reshape(x[0].shape)


def weighted(stress: list, v, x: np.ndarray, turned: bool, unit: float) -> np.ndarray:
    """stress : grad v, and of a body of revolution stress_tt v_r/r, all times r; x and grad v in units of length."""
    plain = stress[0] * v.grad[0, 0] + stress[1] * v.grad[1, 1] + stress[2] * (v.grad[0, 1] + v.grad[1, 0])
    return x[0] * plain + stress[3] * v[0] if turned else plain / unit


def at_rest(problem: Problem, statement: Statement, x: np.ndarray, normal: np.ndarray | None) -> np.ndarray:
    """A statement's residual at zero displacements."""
    compiled = statement.expression
    jets = {jet: torch.zeros(x[0].size, dtype=torch.float64) for jet in compiled.derivatives}
    return at(problem, compiled, x, jets, normal)


def facets_of(problem: Problem, mesh: skfem.Mesh, place: Boundary) -> np.ndarray:
    """Facets of the boundary whose middle lies on the place."""
    facets = mesh.boundary_facets()
    assert mesh.facets is not None
    middle = problem.geometry.size * mesh.doflocs[:, (mesh.facets.max() + 1) + facets].T
    pieces = problem.geometry.pieces
    nearest = np.argmin([distance(piece, middle) for piece in pieces], axis=0)
    on = np.array([piece.patch in place.patches for piece in pieces])[nearest]
    mask = problem.domain.mask(place.where)
    return facets[on & (mask(middle) if mask is not None else True)]


def distance(piece: Piece, points: np.ndarray) -> np.ndarray:
    """Of points [N, 2] from a piece, taken as a line through 2001 of its points."""
    line = piece.points(np.linspace(0, 1, 2001)[:, None])
    found = KDTree(line).query(points)[1]
    best = np.full(len(points), np.inf)
    for start in (np.maximum(found - 1, 0), np.minimum(found, len(line) - 2)):
        along = line[start + 1] - line[start]
        share = np.clip(((points - line[start]) * along).sum(axis=1) / (along**2).sum(axis=1), 0.0, 1.0)
        best = np.minimum(best, np.linalg.norm(points - line[start] - share[:, None] * along, axis=1))
    return best


def component(statement: Statement, problem: Problem, outputs: tuple[str, ...]) -> tuple[int, bool]:
    """Which component a condition is about, and whether it gives a displacement rather than a traction."""
    keys = [k for k in statement.expression.coefficients if isinstance(k, Derivative)]
    if all(k.partial.order == 0 for k in keys):
        return outputs.index(keys[0].field), True
    x = np.array([[0.5], [0.5]])
    zero = {jet: torch.zeros(1, dtype=torch.float64) for jet in statement.expression.derivatives}
    slopes = statement.expression.linearise(inputs_of(problem, x, np.array([[1.0], [0.0]])), zero)
    along = {
        k.field: float(torch.as_tensor(v).sum())
        for k, v in slopes.items()
        if isinstance(k, Derivative) and k.partial.orders == (1, 0)
    }
    return (0 if abs(along.get(outputs[0], 0.0)) > 0 else 1), False


def apply(
    problem: Problem, basis: skfem.Basis, statement: Statement, load: np.ndarray, known: dict[int, float]
) -> None:
    """A condition on a part of the boundary."""
    place = statement.place
    assert isinstance(place, Boundary)
    outputs = problem.subdomains.named(place.subdomain).outputs
    facets = facets_of(problem, basis.mesh, place)
    field, essential = component(statement, problem, outputs)
    if essential:
        dofs = basis.get_dofs(facets).all([f"u^{field + 1}"])
        x = problem.geometry.size * basis.doflocs[:, dofs]
        scale = float(
            torch.as_tensor(next(iter(statement.expression.linearise(inputs_of(problem, x, x), {}).values()))).reshape(
                -1
            )[0]
        )
        known.update(zip(dofs.tolist(), (-at_rest(problem, statement, x, x) / scale).tolist(), strict=True))
        return
    turned, unit = around_axis(problem), problem.geometry.size
    subdomain, quantity = problem.subdomains.named(place.subdomain), statement.quantity
    initial = problem.compiled(quantity, subdomain) if quantity in problem.vectors.get("traction", ()) else None
    side = skfem.FacetBasis(basis.mesh, basis.elem, mapping=basis.mapping, facets=facets)

    def pull(v, w):
        x = unit * w.x
        stated = -at_rest(problem, statement, x, w.n)
        if initial is not None:  # what is stated is the whole traction; the stress at rest works inside
            none = np.zeros((2, x[0].size))
            stated = stated + at(
                problem, initial, x, jets_of(initial, subdomain, none, np.zeros((2, *none.shape))), w.n
            )
        return stated * v[field] * (x[0] if turned else 1.0) * unit

    load += skfem.LinearForm(pull).assemble(side)


def pin(problem: Problem, basis: skfem.Basis, statement: Statement, known: dict[int, float]) -> None:
    """A displacement at a point."""
    points = statement.place.sample(problem.domain, 1, 0).points.numpy()[:, :2]
    outputs = problem.subdomains[0].outputs
    field, _ = component(statement, problem, outputs)
    for point in points:
        node = int(np.argmin(((problem.geometry.size * basis.mesh.p.T - point) ** 2).sum(axis=1)))
        nodal = basis.nodal_dofs
        assert nodal is not None
        known[int(nodal[field, node])] = 0.0
