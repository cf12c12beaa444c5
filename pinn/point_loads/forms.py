"""Forms: which closed form a load has, by the terms of highest order that its equations have at the point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
import sympy
import torch
from numpy.typing import NDArray

from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative, laplacian_parts
from pinn.equations.statements import Statement
from pinn.errors import SpecError
from pinn.point_loads.kernels import (
    FULL,
    Offsets,
    Sector,
    bending,
    compensation,
    isotropic,
    plane_body,
    potentials,
    scalar,
    solid,
)
from pinn.point_loads.place import LoadedPoint, gap_ahead

Array = NDArray[np.float64]
Orders = tuple[int, ...]
EQUAL = 1e-9  # relative: coefficients that are meant to be the same
ACROSS = 1e-9  # of a force: what of it points across a line of symmetry is rounding


@dataclass(frozen=True, eq=False)
class Acting:
    """A load, with the outputs that it acts on and the equations of their subdomain.

    amounts    one for each output
    letters    of the coordinates
    path       where the spec says so
    """

    outputs: tuple[str, ...]
    amounts: Array
    equations: Sequence[Statement]
    letters: tuple[str, ...]
    path: tuple[str | int, ...]

    def terms(self, equation: Statement, point: Array) -> dict[tuple[str, Orders], float]:
        """The coefficients at the point: (output, orders) -> coefficient."""
        at = PointSet(torch.as_tensor(point[None]))
        expression = equation.expression
        zero = {d: at.points.new_zeros(1) for d in expression.derivatives}
        inputs = at.inputs(self.letters, {name: torch.zeros(()).double() for name in expression.unknowns})
        found: dict[tuple[str, Orders], float] = {}
        for key, slope in expression.linearise(inputs, zero).items():
            if not isinstance(key, Derivative):
                continue
            value = float(torch.as_tensor(slope, dtype=torch.float64).reshape(-1)[0])
            laplacians = key.partial.laplacians
            parts = laplacian_parts(len(point), len(point), laplacians) if laplacians else {key.partial: 1}
            own = key.partial.orders if laplacians else (0,) * len(point)
            for part, times in parts.items():
                orders = tuple(n + m for n, m in zip(own, part.orders, strict=True))
                found[key.field, orders] = found.get((key.field, orders), 0.0) + times * value
        return found

    def refused(self, reason: str) -> SpecError:
        return SpecError(self.path, reason)


@dataclass(frozen=True, eq=False)
class Form:
    """Closed forms of the outputs, and what acts at the point of it: equation -> amount in its integral.

    amounts     of the load
    reactions   of the support along a line of symmetry, which holds the wedge between it and the load at the point
    """

    outputs: Mapping[str, sympy.Expr]
    amounts: Mapping[str, float]
    reactions: Mapping[str, float] = field(default_factory=dict)


Terms = Mapping[str, Mapping[tuple[str, Orders], float]]  # equation -> (output, orders) -> coefficient


def candidates(acting: Acting, loaded: LoadedPoint, size: float) -> Iterator[Form]:
    """What the outputs may be near the load, the likelier first.

    Raises SpecError for equations whose form is not known.
    """
    found = {equation.name: acting.terms(equation, loaded.point) for equation in acting.equations}
    at = Offsets(acting.letters, loaded.point, size)
    if len(acting.outputs) == 1:
        yield from of_one_field(acting, found, at, loaded)
    else:
        yield from of_a_body(acting, found, at, loaded, size)


# ---- one field -------------------------------------------------------------------------------------------------------


def of_one_field(acting: Acting, found: Terms, at: Offsets, loaded: LoadedPoint) -> Iterator[Form]:
    (output,) = acting.outputs
    orders = {
        name: max((sum(orders) for (field, orders), c in terms.items() if field == output and c), default=0)
        for name, terms in found.items()
    }
    order = max(orders.values())
    determining = [name for name in orders if orders[name] == order]
    if order not in (2, 4) or len(determining) != 1:
        raise acting.refused(
            "a point load is known of a field that one equation of second order determines, or one of fourth order in "
            f"a plate or a beam; here the highest derivative of {output} is of order {order}"
        )
    (name,) = determining
    terms = {o: c for (field, o), c in found[name].items() if field == output and sum(o) == order and c}
    (load,) = acting.amounts
    dimension = len(at.coordinates)
    if order == 2:
        matrix = symmetric(terms, dimension)
        values = np.linalg.eigvalsh(matrix)
        if not (values > 0).all() and not (values < 0).all():
            raise acting.refused(f"'{name}' is not elliptic at the point, so that nothing balances the load")
        sign = 1.0 if values[0] > 0 else -1.0  # of div(A grad u) on the left
        yield Form({output: scalar(at, sign * matrix, load, loaded.sector)}, {name: sign * load})
        return
    if dimension > 2:
        raise acting.refused("a load of an equation of fourth order is known in a plate or a beam only")
    stiffness = next(iter(terms.values())) if dimension == 1 else terms.get((4, 0), 0.0)
    wanted = {(4,): stiffness} if dimension == 1 else {(4, 0): stiffness, (2, 2): 2 * stiffness, (0, 4): stiffness}
    if any(abs(terms.get(o, 0.0) - wanted.get(o, 0.0)) > EQUAL * abs(stiffness) for o in {*terms, *wanted}):
        raise acting.refused(f"a load of an equation of fourth order is known where '{name}' has D*Laplace^2 alone")
    sign = -1.0 if stiffness > 0 else 1.0
    yield Form({output: bending(at, abs(stiffness), load, loaded.sector)}, {name: sign * load})


def symmetric(terms: Mapping[Orders, float], dimension: int) -> Array:
    """The matrix [D, D] of second derivatives."""
    found = np.zeros((dimension, dimension))
    for orders, coefficient in terms.items():
        axes = [axis for axis, count in enumerate(orders) for _ in range(count)]
        i, j = axes
        found[i, j] += coefficient / 2
        found[j, i] += coefficient / 2
    return found


# ---- bodies ----------------------------------------------------------------------------------------------------------


def of_a_body(acting: Acting, found: Terms, at: Offsets, loaded: LoadedPoint, size: float) -> Iterator[Form]:
    dimension, outputs = len(at.coordinates), acting.outputs
    body = body_of(acting, found, dimension)
    if body is None or len(outputs) != dimension:
        raise acting.refused(
            "a force at a point is known in an isotropic body of constant moduli; spread it over a small area, or over "
            "a patch"
        )
    names, sign, lame, mu = body
    amounts = {name: sign * float(amount) for name, amount in zip(names, acting.amounts, strict=True)}
    if dimension == 3:
        fields = solid(at, mu, lame / (2 * (lame + mu)), acting.amounts)
        yield Form(dict(zip(outputs, fields, strict=True)), amounts)
        return
    kappa = (lame + 3 * mu) / (lame + mu)
    for sector, force in sectors(loaded, acting.amounts):
        of = potentials(kappa, force, sector)
        fields = plane_body(at, mu, kappa, of, sector)
        if not sector.whole and (gap := gap_ahead(loaded, sector.outward, size)) is not None:
            further = compensation(at, loaded.point + gap / 2 * sector.outward, mu, kappa, of, sector)
            fields = (fields[0] + further[0], fields[1] + further[1])
        held = -acting.amounts - of.through(loaded.sector) if sector is not loaded.sector else np.zeros(2)
        reactions = {name: sign * float(part) for name, part in zip(names, held, strict=True)}
        yield Form(dict(zip(outputs, fields, strict=True)), amounts, reactions)


def body_of(acting: Acting, found: Terms, dimension: int) -> tuple[tuple[str, ...], float, float, float] | None:
    """(equations in the order of the fields, sign of the divergence of the stress in them, lambda, mu)."""
    mine = [
        name
        for name, terms in found.items()
        if any(field in acting.outputs and sum(o) == 2 and c for (field, o), c in terms.items())
    ]
    if len(mine) != dimension:
        return None
    for names in permutations(mine):
        matrices = [
            [
                symmetric({o: c for (field, o), c in found[name].items() if field == output and sum(o) == 2}, dimension)
                for output in acting.outputs
            ]
            for name in names
        ]
        for sign in (1.0, -1.0):
            moduli = isotropic([[sign * matrix for matrix in row] for row in matrices])
            if moduli is not None:
                return names, sign, *moduli
    return None


def sectors(loaded: LoadedPoint, force: Array) -> Iterator[tuple[Sector, Array]]:
    """The sector itself with its force, and its mirror images on a line of symmetry, where there are two forces."""
    yield loaded.sector, force
    if loaded.sector.whole:
        return
    start, end = loaded.sector.start, loaded.sector.end
    for line, mirrored in ((start, Sector(2 * start - end, end)), (end, Sector(start, 2 * end - start))):
        along = np.array([np.cos(line), np.sin(line)])
        if (
            mirrored.opening > FULL + EQUAL
            or abs(along[0] * force[1] - along[1] * force[0]) > ACROSS * np.abs(force).max()
        ):
            continue
        yield mirrored, 2 * force
