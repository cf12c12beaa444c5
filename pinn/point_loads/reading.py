"""Reading `point_loads`: what they make of the fields near them, as an ansatz u = known part + network.

The known part is chosen by the terms of highest order at the point, and then held against everything that is stated:
the equations must have nothing left of it, and conditions on edges through the point nothing that grows towards it.
What else conditions have of it is data to the network. So the equations stay those of the network, whose fields are as
smooth as if there were no load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
import sympy
import torch
from numpy.typing import NDArray
from torch import Tensor

from pinn.domain.domain import Domain
from pinn.domain.integrals import Integral
from pinn.domain.places import Boundary
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative, laplacian_parts
from pinn.equations.hard_constraints.ansatz import Ansatz, FieldForm
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomains
from pinn.errors import SpecError
from pinn.point_loads.forms import Acting, Form, candidates
from pinn.point_loads.place import EdgeFrom, LoadedPoint, locate
from pinn.spec.blocks.point_load import PointLoad
from pinn.spec.schema import Spec

Array = NDArray[np.float64]
Path = tuple[str | int, ...]
LOOKS = 128  # points of a place at which the known part is looked at
NEAR = (1e-2, 1e-5)  # of an edge: what holds there has the same size at both distances, or less
GROWS = 1.5  # log r grows by 2.5 from the one to the other, 1/r by 1000
ROUNDING = 1e-9  # of the terms: what is left of them where they cancel
DIRECTIONS = 8
AT_LOAD = 1e-9  # of the domain's size: a point that is written as the load's own
SPREAD = "spread it over a small area, as exp(-((x - x0)**2 + (y - y0)**2)/s**2)/(pi*s**2), or over a patch"


@dataclass(frozen=True, eq=False)
class KnownLoad:
    """A load of a problem.

    point    [S], in the subdomain
    force    [D] of a body, else one number
    amounts, reactions   equation -> what the load, and a support at the point, add to the integral of its left side
                         minus its right side
    """

    label: str
    point: Array
    force: Array
    subdomain: str
    amounts: Mapping[str, float]
    reactions: Mapping[str, float]

    def acts_at(self, points: Array, size: float) -> NDArray[np.bool_]:
        """Which of the points [N, S] are the load's own, where fields have no values: [N]; `size` is the domain's."""
        return np.linalg.norm(points - self.point, axis=1) < AT_LOAD * size

    @property
    def support(self) -> str:
        return f"support{self.label.removeprefix(self.label.split()[0])}"


@dataclass(frozen=True, eq=False)
class Known:
    """All loads of a spec, the fields with their known part, and the statements over the network's outputs."""

    loads: tuple[KnownLoad, ...]
    ansatz: Ansatz
    statements: tuple[Statement, ...]


def read_point_loads(
    spec: Spec,
    subdomains: Subdomains,
    domain: Domain,
    statements: Sequence[Statement],
    vectors: Mapping[str, tuple[str, ...]],
) -> Known:
    """Raises SpecError for a load that has no closed form here."""
    scope = subdomains[0].network
    whole: dict[str, sympy.Expr] = {}
    loads = []
    for index, block in enumerate(spec.point_loads):
        path = ("point_loads", index)
        number = subdomains[0].scope.number
        at = [number(value, (*path, "at", k)) for k, value in enumerate(block.at)]
        if len(at) != domain.space:
            listed = ", ".join(domain.coordinates)
            raise SpecError((*path, "at"), f"a point needs the coordinates {listed}, got {len(at)} numbers")
        loaded = locate(subdomains, domain, at, (*path, "at"))
        acting = acting_on(block, index, loaded, domain, statements, vectors)
        form = chosen(acting, loaded, domain, statements, path)
        for name, part in form.outputs.items():
            whole[name] = whole.get(name, sympy.S.Zero) + part
        label = f"{block.word} at ({', '.join(f'{value:.6g}' for value in loaded.point)})"
        loads.append(
            KnownLoad(label, loaded.point, acting.amounts, loaded.subdomain.name, form.amounts, form.reactions)
        )
    ansatz = Ansatz(scope, {name: FieldForm(extension=part) for name, part in whole.items()})
    return Known(tuple(loads), ansatz, tuple(restated(one, ansatz, domain) for one in statements))


def acting_on(
    block: PointLoad,
    index: int,
    loaded: LoadedPoint,
    domain: Domain,
    statements: Sequence[Statement],
    vectors: Mapping[str, tuple[str, ...]],
) -> Acting:
    """The fields that a load acts on, with the equations that determine them. Raises SpecError."""
    path = ("point_loads", index, block.word)
    scope = loaded.subdomain.scope
    moved = [name for name in vectors.get("displacement", ()) if name in scope.fields]
    others = [name for name in scope.fields if name not in moved]
    fields = moved if moved and block.source is None else others
    if len(fields) != len(block.amounts):
        if len(fields) > 1 and fields == moved:
            raise SpecError(path, f"must have a number for each of {', '.join(fields)}, got {len(block.amounts)}")
        if len(block.amounts) > 1:
            raise SpecError(path, f"must be a number: it acts on {' or '.join(fields) or 'one field'}")
        listed = ", ".join(fields) if fields else "no field but a displacement"
        raise SpecError(path, f"acts on one field, but there are {listed}; {SPREAD}")
    amounts = [scope.number(value, (*path, k) if len(fields) > 1 else path) for k, value in enumerate(block.amounts)]
    equations = [s for s in statements if s.is_equation and s.place.subdomain == loaded.subdomain.name]
    return Acting(
        tuple(loaded.subdomain.output(name) for name in fields), np.array(amounts), equations, domain.coordinates, path
    )


def chosen(acting: Acting, loaded: LoadedPoint, domain: Domain, statements: Sequence[Statement], path: Path) -> Form:
    """The first candidate that leaves nothing unbounded on the edges. Raises SpecError where there is none."""
    scope = loaded.subdomain.network
    held = [(one, edge) for edge in loaded.edges for one in statements if holds(one, edge, domain)]
    for form in candidates(acting, loaded, domain.shape.size):
        ansatz = Ansatz(scope, {name: FieldForm(extension=part) for name, part in form.outputs.items()})
        if any(unbounded(one, edge, ansatz, domain) for one, edge in held):
            continue
        for equation in acting.equations:
            require_nothing_left(equation, ansatz, loaded, domain, path)
        return form
    patches = " and ".join(f"'{name}'" for name in dict.fromkeys(edge.end.patch for edge in loaded.edges))
    raise SpecError(
        (*path, "at"),
        f"lies on {patches}, where what is given there carries the load; on an edge it acts where tractions or fluxes "
        "are known, or along a line of symmetry. Move it inside, or leave it out",
    )


# ---- what is left of the known part ----------------------------------------------------------------------------------


def left_of(statement: Statement, ansatz: Ansatz, points: PointSet, axes: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    """(value, size) [N]: what a statement has of the known part at points, and what its terms have at most.

    That is each coefficient times the largest derivative of its order there, of all fields: a displacement that
    vanishes on a line of symmetry is rounding beside the other one.
    """
    like = points.points
    zero = {d: like.new_zeros(len(points)) for d in statement.expression.derivatives}
    inputs = points.inputs(axes, {name: torch.zeros(()).double() for name in statement.expression.unknowns})

    def known(name: str, orders: tuple[int, ...]) -> Tensor:
        jet = ansatz.compile(ansatz.scope.jet(name, orders))
        value = jet.value(inputs, {d: like.new_zeros(len(points)) for d in jet.derivatives})
        return torch.as_tensor(value, dtype=torch.float64).expand(len(points))

    @lru_cache
    def largest(order: int) -> Tensor:
        every = [orders for orders in product(range(order + 1), repeat=len(axes)) if sum(orders) == order]
        return torch.stack([known(name, orders).abs() for name in ansatz.forms for orders in every]).amax(dim=0)

    value = size = like.new_zeros(len(points))
    for key, slope in statement.expression.linearise(inputs, zero).items():
        if not isinstance(key, Derivative) or key.field not in ansatz.forms:
            continue
        factor = torch.as_tensor(slope, dtype=torch.float64)
        laplacians, own = key.partial.laplacians, key.partial.orders
        parts = laplacian_parts(len(own), len(own), laplacians) if laplacians else {key.partial: 1}
        value = value + factor * sum((times * known(key.field, part.orders) for part, times in parts.items()), 0.0)
        size = size + factor.abs() * sum(parts.values()) * largest(key.partial.order)
    return value, size


def restated(statement: Statement, ansatz: Ansatz, domain: Domain) -> Statement:
    """The statement over the network's outputs: itself where the known part satisfies it."""
    if statement.is_equation:
        return statement
    if not isinstance(statement.place, Integral) and statement.values is None:
        value, size = left_of(statement, ansatz, domain.looked_at(statement.place, LOOKS, 0), domain.axes)
        if bool((value.abs() <= ROUNDING * size).all()):
            return statement
    return ansatz.restate(statement)


def require_nothing_left(equation: Statement, ansatz: Ansatz, loaded: LoadedPoint, domain: Domain, path: Path) -> None:
    """Raises SpecError for an equation with more in it than what the known part solves."""
    inside = domain.sample(equation.place, LOOKS, 0)
    turns = np.random.default_rng(0).standard_normal((DIRECTIONS, domain.space))
    near = loaded.point + NEAR[0] * domain.shape.size * turns / np.linalg.norm(turns, axis=1, keepdims=True)
    near = near[loaded.subdomain.shape.contains(near, 0.0)]
    points = PointSet(torch.cat([inside.points, torch.as_tensor(near)]))
    value, size = left_of(equation, ansatz, points, domain.axes)
    if not bool((value.abs() <= ROUNDING * size).all()):
        raise SpecError(
            path,
            f"is known in closed form where '{equation.name}' has constant coefficients and its terms of highest order "
            f"alone; here it has others. Give the point a subdomain with constant coefficients, or {SPREAD}",
        )


def holds(statement: Statement, edge: EdgeFrom, domain: Domain) -> bool:
    """Whether a condition is stated where an edge leaves the point."""
    place, end = statement.place, edge.end
    if not isinstance(place, Boundary) or place.subdomain != end.subdomain or end.patch not in place.patches:
        return False
    mask = domain.mask(place.where)
    return mask is None or bool(mask(end.near[None])[0])


def unbounded(statement: Statement, edge: EdgeFrom, ansatz: Ansatz, domain: Domain) -> bool:
    """Whether what a condition has of the known part grows towards the point, along an edge that leaves it."""
    found = []
    for share in NEAR:
        points = PointSet(*(torch.as_tensor(array) for array in edge.points(share)))
        found.append(left_of(statement, ansatz, points, domain.axes))
    (there, _), (value, size) = found
    return not float(value.abs()) <= GROWS * float(there.abs()) + ROUNDING * float(size)
