"""Wedge: what a plane problem looks like from one of its vertices, with all lengths gone.

Around the vertex lie sectors, one after the other anticlockwise, each with its equations; edges bound them, with the
conditions that hold there, and interfaces separate them. Of equations and conditions only the principal part counts,
with coefficients as they are in the vertex. Fields behave as u_f = r^(a - t_f) phi_f(theta), where t_f is the weight of
a field: 0 for displacements and velocities, 1 for the pressure that belongs to them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from pinn.corners.angular import Array
from pinn.corners.polar import Orders

DIGITS = 11  # up to which wedges are the same

Term = tuple[int, int, Orders]  # (0 for the sector before an edge or for the only one, 1 for that after; field; orders)


@dataclass(frozen=True, eq=False)
class Row:
    """One equation or condition: sum of coefficients * D^orders u_f = data.

    terms   those of principal order
    order   s: with fields r^(a - t_f) phi_f every term is of r^(a - s)
    data    the right-hand side near the vertex: data[d] holds the coefficients [d + 1] of x^(d-k) y^k, x and y from
            the vertex
    lower   m -> what takes r^a to r^(a - s + m), m > 0: terms of lower order, and of coefficients that vary, each with
            a homogeneous polynomial in x and y as its coefficient
    """

    terms: Mapping[Term, float]
    order: int
    data: tuple[Array, ...] = ()
    lower: Mapping[int, tuple[tuple[Term, Array], ...]] = field(default_factory=dict)

    @property
    def key(self) -> tuple[object, ...]:
        """The same where only rounding errors differ."""
        lower = tuple((m, tuple((term, rounded(part)) for term, part in parts)) for m, parts in self.lower.items())
        data = rounded(np.concatenate(self.data)) if self.data else ()
        return tuple(self.terms), rounded(self.terms.values()), self.order, len(self.data), data, lower

    def data_at(self, degree: int, angles: Array) -> Array:
        """The part of the data of r^degree, without that factor, at angles [N]."""
        return homogeneous(self.data[degree], angles) if 0 <= degree < len(self.data) else np.zeros(len(angles))


def rounded(values: Iterable[float] | Array) -> tuple[float, ...]:
    """Numbers of one row to eleven digits of the largest, and that one, without the signs of zeros."""
    given = np.array(list(values), dtype=float)
    unit = float(f"{np.abs(given).max(initial=0.0):.10e}") or 1.0
    return (unit, *(np.round(given / unit, DIGITS) + 0.0).tolist())


def homogeneous(coefficients: Array, angles: Array) -> Array:
    """sum_k coefficients[k] x^(d-k) y^k on the unit circle, d the degree."""
    x, y, degree = np.cos(angles), np.sin(angles), len(coefficients) - 1
    return sum((c * x ** (degree - k) * y**k for k, c in enumerate(coefficients)), start=np.zeros(len(angles)))


def along_edge(coefficients: Array | list[float], angle: float) -> tuple[Array, ...]:
    """Data of a condition that is sum_d coefficients[d] r^d on an edge: each r^d as (x cos + y sin)^d."""
    c, s = math.cos(angle), math.sin(angle)
    return tuple(
        value * np.array([math.comb(d, k) * c ** (d - k) * s**k for k in range(d + 1)])
        for d, value in enumerate(coefficients)
    )


@dataclass(frozen=True, eq=False)
class Sector:
    """start < theta < end, with the equations there.

    outputs    the names of its fields, in the order that rows count them
    low, high  the angles between which functions are computed; beyond an outer edge they go on as the equations say
    """

    start: float
    end: float
    outputs: tuple[str, ...]
    equations: tuple[Row, ...]
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Edge:
    """A ray from the vertex with the conditions that hold on it; between two sectors it is an interface."""

    angle: float
    conditions: tuple[Row, ...]


@dataclass(frozen=True, eq=False)
class Wedge:
    """Sectors and the edges before, between and after them; a closed one has as many edges as sectors.

    weights   t_f of each field
    """

    sectors: tuple[Sector, ...]
    edges: tuple[Edge, ...]
    weights: tuple[int, ...]

    @property
    def closed(self) -> bool:
        return len(self.edges) == len(self.sectors)

    @property
    def angle(self) -> float:
        return self.sectors[-1].end - self.sectors[0].start

    @cached_property
    def key(self) -> tuple[object, ...]:
        """The same for wedges that differ in the names of their outputs and in rounding errors alone."""
        return (
            self.weights,
            tuple(
                (rounded((math.pi, one.start, one.end, one.low, one.high)), *(row.key for row in one.equations))
                for one in self.sectors
            ),
            tuple((rounded((math.pi, edge.angle)), *(row.key for row in edge.conditions)) for edge in self.edges),
        )

    def beside(self, edge: int) -> tuple[tuple[int, float] | None, tuple[int, float] | None]:
        """(number, angle of the edge as seen from it) of the sectors before and after an edge; None where is none."""
        count = len(self.sectors)
        before = (edge - 1, self.sectors[edge - 1].end) if edge > 0 or self.closed else None
        if before and before[0] < 0:
            before = (count - 1, self.sectors[-1].end)
        after = (edge, self.sectors[edge].start) if edge < count else None
        return before, after

    @property
    def order(self) -> int:
        """How many conditions an interface takes, twice as many as an edge: the order of the system in theta."""
        return sum(row.order for row in self.sectors[0].equations) - sum(self.weights)
