"""Balls in any dimension: intervals, disks and spheres by their middle and radius, and what has no name of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import gamma, pi

import numpy as np
from scipy.special import betaincinv

from pinn.geometry.shapes.boxes import Interval
from pinn.geometry.shapes.pieces import Array, Piece
from pinn.geometry.shapes.planar import Disk
from pinn.geometry.shapes.shape import Shape, named, positive, vector
from pinn.geometry.shapes.solids import Sphere


def ball(center: Sequence[float], radius: float, name: str | None = None) -> Shape:
    """|point - center| <= radius, with the boundary that a shape of its dimension has. Raises GeometryError."""
    match len(center):
        case 1:
            radius = positive(radius, "radius")
            return Interval(center[0] - radius, center[0] + radius, name)
        case 2:
            return Disk(center, radius, name)
        case 3:
            return Sphere(center, radius, name)
    return Ball(center, radius, name)


class Ball(Shape):
    """The ball in four dimensions or more; patch sphere."""

    def __init__(self, center: Sequence[float], radius: float, name: str | None = None):
        self.center = vector(center, "center")
        self.radius = positive(radius, "radius")
        self.name = name

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.center - self.radius, self.center + self.radius

    @property
    def measure(self) -> float:
        return unit_volume(len(self.center)) * self.radius ** len(self.center)

    def level(self, points: Array) -> Array:
        return np.linalg.norm(points - self.center, axis=1) - self.radius

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        return (BallSurface(named("sphere", self.name), self.center, self.radius),)


@dataclass(frozen=True, eq=False)
class BallSurface(Piece):
    """The sphere around a ball of D dimensions, one coordinate after another.

    Of points spread evenly over the unit sphere of D dimensions (x_1 + 1)/2 has the distribution Beta((D - 1)/2,
    (D - 1)/2), and the others lie evenly on the sphere of radius sqrt(1 - x_1^2) of D - 1 dimensions.
    Source: Fang, Kotz & Ng, Symmetric Multivariate and Related Distributions (1990), theorem 1.5.
    """

    patch: str
    center: Array
    radius: float

    @property
    def measure(self) -> float:
        dimension = len(self.center)
        return dimension * unit_volume(dimension) * self.radius ** (dimension - 1)

    def points(self, parameters: Array) -> Array:
        return self.center + self.radius * self.normals(parameters)

    def normals(self, parameters: Array) -> Array:
        left = np.ones(len(parameters))  # radius of the sphere that the coordinates to come lie on
        columns = []
        for number in range(parameters.shape[1] - 1):
            half = (len(self.center) - number - 1) / 2
            columns.append(left * (2 * betaincinv(half, half, parameters[:, number]) - 1))
            left = np.sqrt(np.maximum(left**2 - columns[-1] ** 2, 0.0))
        angle = 2 * pi * parameters[:, -1]
        return np.column_stack([*columns, left * np.cos(angle), left * np.sin(angle)])


def unit_volume(dimension: int) -> float:
    """pi^(D/2)/Gamma(D/2 + 1)."""
    return pi ** (dimension / 2) / gamma(dimension / 2 + 1)
