"""Shapes in gmsh's geometry kernel (Open CASCADE). To add a shape, add one line to BUILDERS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pinn.geometry.shapes.boxes import Box
from pinn.geometry.shapes.csg import Combination, Difference, Intersection, Union
from pinn.geometry.shapes.partition import Inner, Partition
from pinn.geometry.shapes.pieces import Array
from pinn.geometry.shapes.planar import Annulus, Disk, Ellipse, Sector
from pinn.geometry.shapes.polygon import Polygon
from pinn.geometry.shapes.shape import GeometryError, Shape
from pinn.geometry.shapes.sides import Complement, HalfSpace
from pinn.geometry.shapes.solids import Cylinder, Sphere

_ARCS = 4  # parts of a sector's arcs; gmsh wants each to be less than half a turn

Entities = list[tuple[int, int]]  # gmsh's (dimension, tag)


def built(kernel: Any, shape: Shape) -> Entities:
    """The shape in the kernel. Raises GeometryError for one that has no counterpart there."""
    for kind in type(shape).__mro__:
        if kind in BUILDERS:
            return BUILDERS[kind](kernel, shape)
    raise GeometryError((), f"a {type(shape).__name__} cannot be meshed; if the domain is a mesh already, use its file")


def _point(centre: Array) -> list[float]:
    return [*map(float, centre), *[0.0] * (3 - len(centre))]


def _box(kernel: Any, shape: Box) -> Entities:
    sides = [*map(float, shape.upper - shape.lower)]
    if shape.dimension == 2:
        return [(2, kernel.addRectangle(*_point(shape.lower), *sides))]
    return [(3, kernel.addBox(*_point(shape.lower), *sides))]


def _polygon(kernel: Any, shape: Polygon) -> Entities:
    corners = [kernel.addPoint(*_point(vertex)) for vertex in shape.vertices]
    edges = [kernel.addLine(start, end) for start, end in zip(corners, [*corners[1:], corners[0]], strict=True)]
    return [(2, kernel.addPlaneSurface([kernel.addCurveLoop(edges)]))]


def _half_space(kernel: Any, shape: HalfSpace) -> Entities:
    """What of it is near its box: from its boundary as far inwards as that is wide."""
    (flat,) = shape.pieces
    corners = flat.points(np.array([[0, 0], [1, 0], [1, 1], [0, 1]])[:, : shape.dimension - 1])
    depth = -float(np.linalg.norm(np.ptp(corners, axis=0))) * shape.normal
    if shape.dimension == 2:
        ends = corners[:2]
        return _polygon(kernel, Polygon([*ends, *(ends + depth)[::-1]]))
    points = [kernel.addPoint(*map(float, corner)) for corner in corners]
    edges = [kernel.addLine(start, end) for start, end in zip(points, [*points[1:], points[0]], strict=True)]
    side = kernel.addPlaneSurface([kernel.addCurveLoop(edges)])
    return [entity for entity in kernel.extrude([(2, side)], *map(float, depth)) if entity[0] == 3]


def _complement(kernel: Any, shape: Complement) -> Entities:
    lower, upper = shape.bounds
    beyond = upper - lower
    return kernel.cut(
        _box(kernel, Box((lower - beyond).tolist(), (upper + beyond).tolist())), built(kernel, shape.shape)
    )[0]


def _disk(kernel: Any, shape: Disk) -> Entities:
    return [(2, kernel.addDisk(*_point(shape.center), shape.radius, shape.radius))]


def _ellipse(kernel: Any, shape: Ellipse) -> Entities:
    """gmsh wants the longer semi-axis first."""
    a, b = map(float, shape.semi_axes)
    turn = shape.rotation + (np.pi / 2 if a < b else 0.0)
    axis = [float(np.cos(turn)), float(np.sin(turn)), 0.0]
    return [(2, kernel.addDisk(*_point(shape.center), max(a, b), min(a, b), zAxis=[0, 0, 1], xAxis=axis))]


def _annulus(kernel: Any, shape: Annulus) -> Entities:
    outer, inner = (
        (2, kernel.addDisk(*_point(shape.center), radius, radius))
        for radius in (shape.outer_radius, shape.inner_radius)
    )
    return kernel.cut([outer], [inner])[0]


def _sector(kernel: Any, shape: Sector) -> Entities:
    centre = kernel.addPoint(*_point(shape.center))
    angles = np.linspace(shape.from_angle, shape.to_angle, _ARCS + 1)

    def arc(radius: float) -> tuple[list[int], list[int]]:
        on = shape.center + radius * np.column_stack([np.cos(angles), np.sin(angles)])
        points = [kernel.addPoint(*_point(point)) for point in on]
        return points, [kernel.addCircleArc(points[k], centre, points[k + 1]) for k in range(_ARCS)]

    outer, curves = arc(shape.outer_radius)
    inner, back = arc(shape.inner_radius) if shape.inner_radius else ([centre], [])
    sides = [kernel.addLine(inner[0], outer[0]), kernel.addLine(outer[-1], inner[-1])]
    loop = kernel.addCurveLoop([sides[0], *curves, sides[1], *[-curve for curve in reversed(back)]])
    return [(2, kernel.addPlaneSurface([loop]))]


def _sphere(kernel: Any, shape: Sphere) -> Entities:
    return [(3, kernel.addSphere(*_point(shape.center), shape.radius))]


def _cylinder(kernel: Any, shape: Cylinder) -> Entities:
    return [(3, kernel.addCylinder(*_point(shape.start), *_point(shape.end - shape.start), shape.radius))]


def _partition(kernel: Any, shape: Partition) -> Entities:
    """The parts, with what they share of their boundaries made one."""
    parts = [entity for part in shape.parts.values() for entity in built(kernel, part)]
    return kernel.fragment(parts[:1], parts[1:])[0]


def _combined(operation: str) -> Callable[[Any, Combination], Entities]:
    def build(kernel: Any, shape: Combination) -> Entities:
        first, *others = (built(kernel, child) for child in shape.shapes)
        for other in others:
            first = getattr(kernel, operation)(first, other)[0]
        return first

    return build


BUILDERS: dict[type[Shape], Callable[[Any, Any], Entities]] = {
    Box: _box,
    Polygon: _polygon,
    HalfSpace: _half_space,
    Complement: _complement,
    Disk: _disk,
    Ellipse: _ellipse,
    Annulus: _annulus,
    Sector: _sector,
    Sphere: _sphere,
    Cylinder: _cylinder,
    Union: _combined("fuse"),
    Difference: _combined("cut"),
    Intersection: _combined("intersect"),
    Partition: _partition,
    Inner: lambda kernel, inner: built(kernel, inner.shape),
}
