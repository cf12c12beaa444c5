"""Wedges written down by hand, for comparison with closed characteristic equations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from pinn.corners.basis import CornerBasis
from pinn.corners.splitting import split
from pinn.corners.wedge import Edge, Row, Sector, Wedge, along_edge
from pinn.derivatives.jets import Partial, plan_jets

NONE: tuple = ()


def kolosov(nu: float) -> float:
    """kappa of plane strain."""
    return 3 - 4 * nu


def lame(E: float, nu: float) -> tuple[float, float]:
    """lambda, mu of plane strain."""
    return E * nu / ((1 + nu) * (1 - 2 * nu)), E / (2 * (1 + nu))


def normal(angle: float, side: int) -> tuple[float, float]:
    """Out of the sector before (side 0) or after (side 1) the edge."""
    sign = 1 if side == 0 else -1
    return -sign * math.sin(angle), sign * math.cos(angle)


def wedge_of(
    bounds: Sequence[float],
    sectors: Sequence[tuple],
    edges: Sequence[tuple],
    outputs: Sequence[str],
    weights: Sequence[int],
) -> Wedge:
    """Sectors between the angles `bounds`, each with its equations; conditions of each edge."""
    closed = len(edges) == len(sectors)
    void = 0.0 if closed else (2 * math.pi - (bounds[-1] - bounds[0])) / 2
    last = len(sectors) - 1
    parts = [
        Sector(
            bounds[n],
            bounds[n + 1],
            tuple(f"{name}{n}" for name in outputs),
            equations,
            bounds[n] - void * (n == 0),
            bounds[n + 1] + void * (n == last),
        )
        for n, equations in enumerate(sectors)
    ]
    rays = [Edge(angle, conditions) for angle, conditions in zip(bounds, edges, strict=False)]
    return split(Wedge(tuple(parts), tuple(rays), tuple(weights)))


# ---- Laplace --------------------------------------------------------------------------------------------------------


def flux(conductivity: float, angle: float, side: int) -> dict:
    nx, ny = normal(angle, side)
    return {(side, 0, (1, 0)): conductivity * nx, (side, 0, (0, 1)): conductivity * ny}


def laplace(
    bounds: Sequence[float], conductivities: Sequence[float], kinds: str, source: float = 0.0, data=NONE
) -> Wedge:
    """div(k grad u) = source; kinds: D or N for the first and the last edge, O for a closed wedge.

    data   of the first and the last edge, coefficients of r^0, r^1, ...
    """
    equations = [(Row({(0, 0, (2, 0)): k, (0, 0, (0, 2)): k}, 2, (np.array([source]),)),) for k in conductivities]
    count = len(conductivities)
    edges = []
    for number in range(count + (kinds != "O")):
        angle = bounds[number]
        if kinds != "O" and number in (0, count):
            side, k = (1, conductivities[0]) if number == 0 else (0, conductivities[-1])
            given = along_edge(list(data[number > 0]), angle) if data else ()
            terms = {(side, 0, (0, 0)): 1.0} if kinds[number > 0] == "D" else flux(k, angle, side)
            edges.append((Row(terms, 0 if kinds[number > 0] == "D" else 1, given),))
        else:
            before = flux(conductivities[number - 1], bounds[number] if number else bounds[-1], 0)
            jump = {(0, 0, (0, 0)): 1.0, (1, 0, (0, 0)): -1.0}
            edges.append((Row(jump, 0), Row({**before, **flux(conductivities[number], angle, 1)}, 1)))
    return wedge_of(bounds, equations, edges, ["u"], [0])


# ---- elasticity -----------------------------------------------------------------------------------------------------


def traction(stiffness: np.ndarray, angle: float, side: int) -> list[dict]:
    """Terms of both components; stiffness [3, 3] between (xx, yy, 2 xy) strains and (xx, yy, xy) stresses."""
    nx, ny = normal(angle, side)
    strain = [{(0, (1, 0)): 1.0}, {(1, (0, 1)): 1.0}, {(0, (0, 1)): 1.0, (1, (1, 0)): 1.0}]
    found = []
    for weights in ((nx, 0, ny), (0, ny, nx)):
        terms: dict = {}
        for row, weight in enumerate(weights):
            for column, parts in enumerate(strain):
                for (field, orders), value in parts.items():
                    key = (side, field, orders)
                    terms[key] = terms.get(key, 0.0) + weight * stiffness[row, column] * value
        found.append({key: value for key, value in terms.items() if value})
    return found


def equilibrium(stiffness: np.ndarray, data=NONE) -> tuple[Row, Row]:
    (a, b, d), (_, c, e), (_, _, g) = stiffness
    x = {(2, 0): a, (1, 1): 2 * d, (0, 2): g}, {(2, 0): d, (1, 1): b + g, (0, 2): e}
    y = {(2, 0): d, (1, 1): b + g, (0, 2): e}, {(2, 0): g, (1, 1): 2 * e, (0, 2): c}
    return tuple(  # pyright: ignore[reportReturnType]
        Row({(0, field, o): v for field, part in enumerate(parts) for o, v in part.items() if v}, 2, data)
        for parts in (x, y)
    )


def isotropic(E: float, nu: float) -> np.ndarray:
    la, mu = lame(E, nu)
    return np.array([[la + 2 * mu, la, 0], [la, la + 2 * mu, 0], [0, 0, mu]])


def elastic(bounds: Sequence[float], stiffnesses: Sequence[np.ndarray], kinds: str, data=NONE) -> Wedge:
    """kinds: C (clamped), F (free) or S (symmetry) for the first and the last edge.

    data   of the first and the last edge: tractions of both components, coefficients of r^0, r^1, ...
    """
    count = len(stiffnesses)
    edges = []
    for number in range(count + 1):
        angle = bounds[number]
        if number in (0, count):
            side, stiffness = (1, stiffnesses[0]) if number == 0 else (0, stiffnesses[-1])
            given = [along_edge(list(one), angle) for one in data[number > 0]] if data else [(), ()]
            rows = held(kinds[number > 0], stiffness, angle, side, given)
        else:
            jumps = [Row({(0, f, (0, 0)): 1.0, (1, f, (0, 0)): -1.0}, 0) for f in range(2)]
            pulls = zip(
                traction(stiffnesses[number - 1], angle, 0), traction(stiffnesses[number], angle, 1), strict=True
            )
            rows = (*jumps, *(Row({**a, **b}, 1) for a, b in pulls))
        edges.append(rows)
    return wedge_of(bounds, [equilibrium(s) for s in stiffnesses], edges, ["ux", "uy"], [0, 0])


def held(kind: str, stiffness: np.ndarray, angle: float, side: int, given) -> tuple[Row, ...]:
    if kind == "C":
        return tuple(Row({(side, f, (0, 0)): 1.0}, 0) for f in range(2))
    pulls = traction(stiffness, angle, side)
    if kind == "F":
        return tuple(Row(terms, 1, part) for terms, part in zip(pulls, given, strict=True))
    nx, ny = normal(angle, side)
    across = {(side, f, (0, 0)): n for f, n in ((0, nx), (1, ny)) if abs(n) > 1e-15}
    along: dict = {}
    for weight, terms in ((-ny, pulls[0]), (nx, pulls[1])):
        for key, value in terms.items():
            along[key] = along.get(key, 0.0) + weight * value
    return Row(across, 0), Row(along, 1)


# ---- Stokes ---------------------------------------------------------------------------------------------------------


def stokes(bounds: Sequence[float], kinds: str, viscosity: float = 1.0, velocities=NONE) -> Wedge:
    """-viscosity Laplace u + grad p = 0, div u = 0; kinds: C (no slip) or F (no stress)."""
    momentum = [
        Row({(0, f, (2, 0)): -viscosity, (0, f, (0, 2)): -viscosity, (0, 2, ((1, 0), (0, 1))[f]): 1.0}, 2)
        for f in range(2)
    ]
    mass = Row({(0, 0, (1, 0)): 1.0, (0, 1, (0, 1)): 1.0}, 1)
    edges = []
    for number, kind in enumerate(kinds):
        angle, side = bounds[number], 1 - number
        nx, ny = normal(angle, side)
        if kind == "C":
            given = velocities[number] if velocities else (0.0, 0.0)
            edges.append(tuple(Row({(side, f, (0, 0)): 1.0}, 0, along_edge([given[f]], angle)) for f in range(2)))
        else:
            x = {
                (side, 0, (1, 0)): 2 * viscosity * nx,
                (side, 0, (0, 1)): viscosity * ny,
                (side, 1, (1, 0)): viscosity * ny,
            }
            y = {
                (side, 1, (0, 1)): 2 * viscosity * ny,
                (side, 0, (0, 1)): viscosity * nx,
                (side, 1, (1, 0)): viscosity * nx,
            }
            edges.append((Row({**x, (side, 2, (0, 0)): -nx}, 1), Row({**y, (side, 2, (0, 0)): -ny}, 1)))
    return wedge_of(bounds, [(*momentum, mass)], edges, ["u", "v", "p"], [0, 0, 1])


def biharmonic(bounds: Sequence[float]) -> Wedge:
    """A clamped plate: Laplace Laplace w = 0, w = w_n = 0."""
    plate = Row({(0, 0, (4, 0)): 1.0, (0, 0, (2, 2)): 2.0, (0, 0, (0, 4)): 1.0}, 4)
    edges = [
        (Row({(1 - number, 0, (0, 0)): 1.0}, 0), Row(flux(1.0, bounds[number], 1 - number), 1)) for number in range(2)
    ]
    return wedge_of(bounds, [(plate,)], edges, ["w"], [0])


# ---- substitution ---------------------------------------------------------------------------------------------------


def residuals(wedge: Wedge, found, seed: int = 0, count: int = 200) -> float:
    """The largest relative residual of the equations at random points and of the conditions on the edges.

    Relative to r^(Re a - s) and the largest coefficient, functions being about 1 at r = 1.
    """
    rng = np.random.default_rng(seed)
    worst = 0.0

    def check(row: Row, sides: dict[int, tuple[Sector, np.ndarray]]) -> None:
        nonlocal worst
        radii = rng.uniform(0.05, 2.0, count)
        plan = plan_jets([Partial(orders) for _, _, orders in row.terms], 2)
        total = 0.0
        for side, (sector, angles) in sides.items():
            names = sector.outputs
            basis = CornerBasis([0.0, 0.0], found, list(dict.fromkeys(n for s in wedge.sectors for n in s.outputs)))
            points = torch.as_tensor(np.column_stack([radii * np.cos(angles), radii * np.sin(angles)]))
            turn = np.sign((sector.start + sector.end) / 2 - angles)  # across the ray, into the sector
            inward = torch.as_tensor(np.column_stack([-turn * np.sin(angles), turn * np.cos(angles)]))
            jets = basis.jets(points, plan, inward)
            for (where, field, orders), value in row.terms.items():
                if where == side:
                    total = (
                        total + value * jets[plan.index(Partial(orders))][:, basis.outputs.index(names[field])].numpy()
                    )
        angles = next(iter(sides.values()))[1]
        for number, function in enumerate(found.functions):
            degree = round(function.exponent.real) - row.order
            data = row.data_at(degree, angles) * radii**degree / function.multiple if function.particular else 0.0
            error = np.abs(total[:, number] - data) / (radii ** (function.exponent.real - row.order))
            worst = max(worst, float(np.max(error)) / max(abs(value) for value in row.terms.values()))

    for sector in wedge.sectors:
        for row in sector.equations:
            check(row, {0: (sector, rng.uniform(sector.start, sector.end, count))})
    for number, edge in enumerate(wedge.edges):
        sides = {
            side: (wedge.sectors[place[0]], np.full(count, place[1]))
            for side, place in enumerate(wedge.beside(number))
            if place
        }
        for row in edge.conditions:
            check(row, sides)
    return worst
