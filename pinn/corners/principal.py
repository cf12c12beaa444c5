"""Principal parts: equations and conditions of a spec as rows of a wedge, linearised about zero fields at a vertex."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pinn.corners.angular import Array
from pinn.corners.wedge import Row, Term, along_edge
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import CompiledExpression, Derivative, laplacian_parts

ROUNDING = 1e-13  # relative to terms of the same field and order: what is left of terms that cancel
DEGREES = 4  # of data and coefficients: constant to cubic

Terms = dict[tuple[str, tuple[int, int]], float]  # (output, orders) -> coefficient


class NoWedge(ValueError):
    """Why a vertex has no corner functions: a clause that goes on from its name."""


@dataclass(frozen=True)
class Surroundings:
    """What expressions may use at the vertex: axes and further names with their values there.

    axes     names of all coordinates, those of the plane first
    vertex   their values
    others   unknown parameters: name -> value
    """

    axes: tuple[str, ...]
    vertex: tuple[float, ...]
    others: Mapping[str, float]

    def inputs(self, points: Tensor, normal: Array | None) -> dict[str, Tensor]:
        """name -> [N] at points [N, 2]."""
        count = len(points)
        found = {name: points.new_full((count,), value) for name, value in zip(self.axes, self.vertex, strict=True)}
        found |= {name: points[:, index] for index, name in enumerate(self.axes[:2])}
        found |= {name: points.new_full((), value) for name, value in self.others.items()}
        if normal is not None:
            found |= {f"n{name}": points.new_full((count,), n) for name, n in zip(self.axes, normal, strict=False)}
        return found


def terms_at_vertex(compiled: CompiledExpression, around: Surroundings, normal: Array | None) -> Terms:
    """Coefficients in the vertex of the derivatives in the plane. Raises NoWedge where one is not finite."""
    vertex = torch.tensor([around.vertex[:2]], dtype=torch.float64)
    zero = {d: vertex.new_zeros(1) for d in compiled.derivatives}
    terms: Terms = {}
    for key, coefficient in compiled.linearise(around.inputs(vertex, normal), zero).items():
        if not isinstance(key, Derivative) or any(key.partial.orders[2:]):
            continue
        value = float(torch.as_tensor(coefficient).reshape(-1)[0])
        if not math.isfinite(value):
            raise NoWedge("has coefficients that are not finite")
        for orders, times in plane_orders(key):
            terms[key.field, orders] = terms.get((key.field, orders), 0.0) + times * value
    largest: dict[tuple[str, int], float] = {}
    for (name, orders), value in terms.items():
        largest[name, sum(orders)] = max(largest.get((name, sum(orders)), 0.0), abs(value))
    return {key: value for key, value in terms.items() if abs(value) > ROUNDING * largest[key[0], sum(key[1])]}


def coefficients_near(
    compiled: CompiledExpression, around: Surroundings, normal: Array | None, angle: float | None
) -> dict[tuple[str, tuple[int, int]], tuple[Array, ...]]:
    """Taylor's polynomials of the coefficients of derivatives in the plane: (output, orders) -> [degree] of [d + 1].

    angle   of a condition the ray along which they are expanded
    """
    x, y = (torch.tensor([value], dtype=torch.float64, requires_grad=True) for value in around.vertex[:2])
    r = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    ray = (x, y) if angle is None else (around.vertex[0] + r * math.cos(angle), around.vertex[1] + r * math.sin(angle))
    zero = {d: torch.zeros(1, dtype=torch.float64) for d in compiled.derivatives}
    found: dict[tuple[str, tuple[int, int]], list[Array]] = {}
    inputs = around.inputs(torch.stack(ray, dim=1), normal)
    for key, coefficient in compiled.linearise(inputs, zero).items():
        if not isinstance(key, Derivative) or any(key.partial.orders[2:]):
            continue
        value = torch.as_tensor(coefficient, dtype=torch.float64).sum()
        series = taylor_in_plane(value, x, y) if angle is None else along_edge(taylor_along(value, r), angle)
        for orders, times in plane_orders(key):
            parts = found.setdefault((key.field, orders), [np.zeros(degree + 1) for degree in range(len(series))])
            for degree, part in enumerate(finite(series)):
                parts[degree] = parts[degree] + times * part
    return {key: tuple(parts) for key, parts in found.items()}


def plane_orders(key: Derivative) -> list[tuple[tuple[int, int], int]]:
    """The derivatives in the plane that it is a sum of, with multiplicity."""
    laplacians = key.partial.laplacians
    parts = laplacian_parts(2, 2, laplacians).items() if laplacians else [(None, 1)]
    own = key.partial.orders
    return [((own[0] + (p.orders[0] if p else 0), own[1] + (p.orders[1] if p else 0)), times) for p, times in parts]


def lower_parts(
    expanded: Mapping[tuple[str, tuple[int, int]], tuple[Array, ...]],
    names: Mapping[str, tuple[int, int]],
    weights: Sequence[int],
    order: int,
) -> dict[int, tuple[tuple[Term, Array], ...]]:
    """What of an equation or condition of this order is not its principal part, as `Row.lower`."""
    found: dict[int, list[tuple[Term, Array]]] = {}
    for (name, orders), series in expanded.items():
        side, field = names[name]
        largest = max((float(np.abs(part).max()) for part in series), default=0.0)
        for degree, part in enumerate(series):
            rise = order - sum(orders) - weights[field] + degree
            if rise > 0 and float(np.abs(part).max()) > ROUNDING * largest:
                found.setdefault(rise, []).append(((side, field, orders), part))
    return {rise: tuple(parts) for rise, parts in found.items()}


def right_hand_side(compiled: CompiledExpression, around: Surroundings, normal: Array | None, points: Tensor) -> Tensor:
    """-r of the expression r for zero fields at points [N, 2]: [N]."""
    zero = {d: points.new_zeros(len(points)) for d in compiled.derivatives}
    value = compiled.value(around.inputs(points, normal), zero)
    return -torch.as_tensor(value, dtype=points.dtype).expand(len(points))


def data_in_sector(compiled: CompiledExpression, around: Surroundings) -> tuple[Array, ...]:
    """Taylor's polynomial of an equation's right-hand side: data[d] the coefficients of x^(d-k) y^k."""
    x, y = (torch.tensor([value], dtype=torch.float64, requires_grad=True) for value in around.vertex[:2])
    return finite(taylor_in_plane(right_hand_side(compiled, around, None, torch.stack([x, y], dim=1)).sum(), x, y))


def largest_data(compiled: CompiledExpression, around: Surroundings, place: PointSet) -> float:
    """The largest right-hand side at points of a place; of those at which it is finite."""
    inputs = around.inputs(place.points[:, :2], None)
    if place.normals is not None:
        inputs |= {f"n{name}": place.normals[:, index] for index, name in enumerate(around.axes[:2])}
    value = compiled.value(inputs, {d: place.points.new_zeros(len(place.points)) for d in compiled.derivatives})
    found = torch.as_tensor(value, dtype=place.points.dtype).abs().expand(len(place.points))
    return float(found[torch.isfinite(found)].max()) if torch.isfinite(found).any() else 0.0


def taylor_in_plane(value: Tensor, x: Tensor, y: Tensor) -> list[Array]:
    """[degree] of the coefficients [d + 1] of x^(d-k) y^k."""
    rows = [[value]]
    for _ in range(1, DEGREES):
        last = rows[-1]
        rows.append([*(slope(value, x) for value in last), slope(last[-1], y)])
    found = []
    for degree, row in enumerate(rows):
        factorials = [math.factorial(degree - k) * math.factorial(k) for k in range(degree + 1)]
        found.append(np.array([float(v.detach()) / f for v, f in zip(row, factorials, strict=True)]))
    return found


def taylor_along(value: Tensor, r: Tensor) -> list[float]:
    """The coefficients of r^degree."""
    values = [value]
    for _ in range(1, DEGREES):
        values.append(slope(values[-1], r))
    return [float(value.detach()) / math.factorial(degree) for degree, value in enumerate(values)]


def data_on_edge(compiled: CompiledExpression, around: Surroundings, normal: Array, angle: float) -> tuple[Array, ...]:
    """Taylor's polynomial in r of a condition's right-hand side along the ray at this angle."""
    r = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    x, y = around.vertex[0] + r * math.cos(angle), around.vertex[1] + r * math.sin(angle)
    value = right_hand_side(compiled, around, normal, torch.stack([x, y], dim=1)).sum()
    return finite(list(along_edge(taylor_along(value, r), angle)))


def slope(value: Tensor, by: Tensor) -> Tensor:
    """The derivative of a scalar, zero where it does not depend."""
    if not value.requires_grad:
        return torch.zeros((), dtype=by.dtype)
    (found,) = torch.autograd.grad(value, by, create_graph=True, allow_unused=True)
    return torch.zeros((), dtype=by.dtype) if found is None else found.sum()


def finite(data: Sequence[Array]) -> tuple[Array, ...]:
    """The degrees before the first that is not finite."""
    kept = []
    for part in data:
        if not np.isfinite(part).all():
            break
        kept.append(part)
    return tuple(kept)


def principal_row(
    terms: Terms,
    names: Mapping[str, tuple[int, int]],
    weights: Sequence[int],
    data: tuple[Array, ...],
    expanded: Mapping[tuple[str, tuple[int, int]], tuple[Array, ...]],
    order: int | None = None,
) -> Row:
    """The row of the terms of highest order, or of just `order`; names: output -> (side, field).

    expanded   as `coefficients_near` gives it
    """
    orders = {key: sum(key[1]) + weights[names[key[0]][1]] for key in terms}
    order = max(orders.values()) if order is None else order
    kept = {(*names[key[0]], key[1]): value for key, value in terms.items() if orders[key] == order}
    return Row(kept, order, data, lower_parts(expanded, names, weights, order))
