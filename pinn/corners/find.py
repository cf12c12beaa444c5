"""Corners of a problem: its vertices as wedges, each with its equations, conditions and materials."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import sympy

from pinn.corners.angular import Array
from pinn.corners.exponents import NoExponents
from pinn.corners.functions import CornerFunctions, corner_functions
from pinn.corners.orders import system_orders
from pinn.corners.principal import (
    NoWedge,
    Surroundings,
    Terms,
    coefficients_near,
    data_in_sector,
    data_on_edge,
    largest_data,
    principal_row,
    terms_at_vertex,
)
from pinn.corners.splitting import split
from pinn.corners.symbol import symbol_roots
from pinn.corners.vertices import End, Vertex, VertexSector, find_vertices
from pinn.corners.wedge import Edge, Sector, Wedge
from pinn.domain.domain import Domain
from pinn.domain.places import Boundary, Interface, Place
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomains
from pinn.geometry.points.sampling import Where

STRAIGHT = 0.01  # radians: a turn that small leaves r^-0.01 of second derivatives; cuts of curves that touch make some
BELOW = 2.0  # exponents from this on leave second derivatives bounded
# Limits up to which functions are computed, and from which those below a smaller one are taken: what a description
# shows; what singular corners of second order are told by and what the first levels of a solution take (6, 7, 8).
COMPUTED = (2.0, 8.0)
# Data in a vertex that are less than this share of what is largest on SAMPLES points of their patch vanish there:
# where a normal is looked at a patch may have turned by 1e-8.
VANISHES, SAMPLES = 1e-7, 64


@dataclass(frozen=True, eq=False)
class Corner:
    """A vertex of the domain.

    around       the values that expressions have there
    conditions   the names of the statements on each edge, in the order of the sectors
    wedge        None where there is none; `reason` then says why, a clause that goes on from the vertex
    """

    vertex: Vertex
    around: Surroundings
    conditions: tuple[tuple[str, ...], ...]
    wedge: Wedge | None
    reason: str = ""

    @property
    def point(self) -> Array:
        return self.vertex.point

    @property
    def angle(self) -> float:
        """Radians, all sectors together."""
        return self.vertex.sectors[-1].end - self.vertex.sectors[0].start

    def functions(self, below: float = BELOW) -> CornerFunctions | None:
        """Its functions with Re a < below; None without a wedge."""
        if self.wedge is None:
            return None
        found = _computed(_ByContent(self.wedge.key, self.wedge), next((c for c in COMPUTED if below <= c), below))
        return None if found is None else found.of(self.wedge, below)


@dataclass(frozen=True)
class _ByContent:
    """A wedge, as what is computed of it once is found again: in a body and in its parts, say."""

    key: tuple[object, ...]
    wedge: Wedge = field(compare=False)


@lru_cache(maxsize=128)
def _computed(which: _ByContent, below: float) -> CornerFunctions | None:
    try:
        return corner_functions(which.wedge, below)
    except NoExponents:  # conditions that follow from each other
        return None


def find_corners(
    domain: Domain, subdomains: Subdomains, statements: Sequence[Statement], others: Mapping[str, float]
) -> list[Corner]:
    """The vertices of a plane domain, without those where a boundary or an interface just goes on.

    Of a family those of the member in the middle of its parameters; expressions are taken at the start of the time.
    others   unknown parameters: name -> value
    """
    parameters = [(low + high) / 2 for low, high in domain.parameters.values()]
    beyond = (*parameters, *(domain.time[:1] if domain.time else ()))

    def mask_of(where: sympy.Expr) -> Where:
        mask = domain.mask(where)
        assert mask is not None
        return lambda points: mask(np.hstack([points, np.tile(parameters, (len(points), 1))]))

    masks: dict[str, list[Where]] = {}
    for statement in statements:
        place = statement.place
        if isinstance(place, Boundary) and place.where is not None:
            for patch in place.patches:
                masks.setdefault(patch, []).append(mask_of(place.where))
    shapes = {subdomain.name: subdomain.shape for subdomain in subdomains}
    found = []
    for vertex in find_vertices(shapes, domain.shape.patches, masks):
        around = Surroundings(domain.axes, (*(float(value) for value in vertex.point), *beyond), others)
        edges = edge_statements(vertex, statements, mask_of)
        if goes_on(vertex, edges):
            continue
        names = tuple(tuple(statement.name for statement, _ in edge) for edge in edges)
        try:
            wedge = read_wedge(vertex, subdomains, statements, edges, around, vanishing(domain, around))
            found.append(Corner(vertex, around, names, wedge))
        except NoWedge as error:
            found.append(Corner(vertex, around, names, None, str(error)))
    return found


# ---- what holds on an edge ------------------------------------------------------------------------------------------

Held = list[tuple[Statement, End]]  # statements with the end whose normal they are about


def holds(place: Place, end: End, mask_of: Callable[[sympy.Expr], Where]) -> bool:
    """Whether a place has this end of a piece of the domain's boundary."""
    if not isinstance(place, Boundary) or place.subdomain != end.subdomain or end.patch not in place.patches:
        return False
    return place.where is None or bool(mask_of(place.where)(end.near[None])[0])


def edge_statements(
    vertex: Vertex, statements: Sequence[Statement], mask_of: Callable[[sympy.Expr], Where]
) -> list[Held]:
    """What holds on each edge of the wedge."""
    sectors, count = vertex.sectors, len(vertex.sectors)
    found: list[Held] = []
    for number in range(count + (not vertex.closed)):
        before = sectors[number - 1] if number or vertex.closed else None
        after = sectors[number] if number < count else None
        if before and after:
            found.append(between(before.closing, after.opening, statements))
        else:
            end = after.opening if after else sectors[-1].closing
            found.append([(statement, end) for statement in statements if holds(statement.place, end, mask_of)])
    return found


def between(first: End, second: End, statements: Sequence[Statement]) -> Held:
    """What holds on an interface, with the end of the subdomain whose normal it is about."""
    ends = {first.subdomain: first, second.subdomain: second}
    return [
        (statement, ends[place.subdomain])
        for statement in statements
        if isinstance(place := statement.place, Interface) and {place.subdomain, place.beside} == {*ends}
    ]


def goes_on(vertex: Vertex, edges: Sequence[Held]) -> bool:
    """Whether nothing changes: one sector of half a turn with the same on both sides, or two of one interface."""
    straight = all(abs(sector.end - sector.start - math.pi) < STRAIGHT for sector in vertex.sectors)
    if not straight or len(vertex.sectors) > 2 or len(edges) != 2:
        return False
    first, second = ({id(statement) for statement, _ in edge} for edge in edges)
    return first == second


# ---- the wedge ------------------------------------------------------------------------------------------------------


Data = tuple[Array, ...]  # of a condition, as `Row.data`


def vanishing(domain: Domain, around: Surroundings) -> Callable[[Statement, Data], Data]:
    """What makes of the data of a condition those whose value in the vertex is zero where it is only rounding errors.

    The pressure of a pin on a half of its hole ends with the normal's component along the force, which is 6e-9 where it
    should be 0: a jump of that size would be a corner, and the body be cut in parts for it.
    """

    def without(statement: Statement, data: Data) -> Data:
        value = abs(float(data[0][0])) if data else 0.0
        place = statement.place
        if value == 0 or not isinstance(place, Boundary):
            return data
        largest = largest_data(statement.expression, around, place.sample(domain, SAMPLES, 0))
        return (np.zeros(1), *data[1:]) if value < VANISHES * largest else data

    return without


def read_wedge(
    vertex: Vertex,
    subdomains: Subdomains,
    statements: Sequence[Statement],
    edges: Sequence[Held],
    around: Surroundings,
    without_rounding: Callable[[Statement, Data], Data],
) -> Wedge:
    """The vertex as a wedge. Raises NoWedge where its equations or conditions are not of that kind."""
    equations = [
        [s for s in statements if s.is_equation and s.place.subdomain == sector.subdomain] for sector in vertex.sectors
    ]
    terms = [[terms_at_vertex(s.expression, around, None) for s in part] for part in equations]
    outputs = [subdomains.named(sector.subdomain).outputs for sector in vertex.sectors]
    orders, weights = orders_of(terms, outputs)
    void = 0.0 if vertex.closed else 2 * math.pi - (vertex.sectors[-1].end - vertex.sectors[0].start)
    sectors = []
    for number, sector in enumerate(vertex.sectors):
        names = {name: (0, field) for field, name in enumerate(outputs[number])}
        rows = tuple(
            principal_row(
                found,
                names,
                weights,
                data_in_sector(statement.expression, around),
                coefficients_near(statement.expression, around, None, None),
                order,
            )
            for found, statement, order in zip(terms[number], equations[number], orders, strict=True)
        )
        low = sector.start - void / 2 * (number == 0)
        high = sector.end + void / 2 * (number == len(vertex.sectors) - 1)
        sectors.append(Sector(sector.start, sector.end, outputs[number], rows, low, high))
    order = sum(orders) - sum(weights)
    for sector in sectors:
        if symbol_roots(sector.equations, order) is None:
            raise NoWedge("is not elliptic for fields of zero")
    found = []
    for number, held in enumerate(edges):
        names, angle = beside(number, vertex.sectors, outputs, vertex.closed)
        needed = order if len({side for side, _ in names.values()}) == 2 else order // 2
        rows = [
            principal_row(
                terms_at_vertex(statement.expression, around, end.normal),
                names,
                weights,
                without_rounding(statement, data_on_edge(statement.expression, around, end.normal, angle)),
                coefficients_near(statement.expression, around, end.normal, angle),
            )
            for statement, end in held
        ]
        if len(rows) != needed:
            raise NoWedge(f"has {len(rows)} conditions on an edge where its equations take {needed}")
        found.append(Edge(angle, tuple(rows)))
    return split(Wedge(tuple(sectors), tuple(found), weights))


def beside(
    edge: int, sectors: Sequence[VertexSector], outputs: Sequence[tuple[str, ...]], closed: bool
) -> tuple[dict[str, tuple[int, int]], float]:
    """Outputs on both sides of an edge, name -> (side, field), and its angle."""
    count, names = len(sectors), {}
    if edge or closed:
        names |= {name: (0, field) for field, name in enumerate(outputs[edge - 1])}
    if edge < count:
        names |= {name: (1, field) for field, name in enumerate(outputs[edge])}
    return names, sectors[edge].start if edge < count else sectors[-1].end


def orders_of(
    terms: Sequence[Sequence[Terms]], outputs: Sequence[Sequence[str]]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """s of the equations and t of the fields, the same in all sectors. Raises NoWedge where there are none."""
    count = len(terms[0])
    if any(len(part) != count for part in terms):
        raise NoWedge("has different numbers of equations beside it")
    highest = np.full((count, len(outputs[0])), -1)
    for part, names in zip(terms, outputs, strict=True):
        for number, found in enumerate(part):
            for name, orders in found:
                field = list(names).index(name)
                highest[number, field] = max(highest[number, field], sum(orders))
    orders = system_orders(highest)
    if orders is None or sum(orders[0]) - sum(orders[1]) < 2:
        raise NoWedge("has equations that do not determine every field by its derivatives")
    return orders
