"""Domain: a shape over time and over the parameters of a family, which points are drawn from.

A statement says what holds, a place (places.py) says where, a domain has the points of the place. It knows nothing of
equations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import sympy
import torch
from numpy.typing import ArrayLike, NDArray

from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import evaluate
from pinn.geometry.points.sampling import BoundaryPoints, Where, sample_interior, sample_pieces
from pinn.geometry.points.sequences import SEQUENCES
from pinn.geometry.shapes.family import Family
from pinn.geometry.shapes.partition import Partition
from pinn.geometry.shapes.pieces import Array, Piece
from pinn.geometry.shapes.shape import Shape

if TYPE_CHECKING:
    from pinn.domain.places import Place

Range = tuple[float, float]
CHUNK = 100_000  # points whose distances are held at once


@dataclass(frozen=True, eq=False)
class Domain:
    """Where points come from: [N, D] with the coordinates first, then the parameters, t last where there is time.

    coordinates  letters of the space
    shape        in space; of a family its member in the middle of the parameters
    time         first and last
    parameters   of a family: name -> its range
    family       the shapes over all parameters, where there are some
    partition    the shape's subdomains, where it has several
    """

    coordinates: tuple[str, ...]
    shape: Shape
    time: Range | None = None
    parameters: Mapping[str, Range] = field(default_factory=dict)
    family: Family | None = None
    partition: Partition | None = None

    @property
    def axes(self) -> tuple[str, ...]:
        return (*self.coordinates, *self.parameters, *(("t",) if self.time else ()))

    @property
    def space(self) -> int:
        """Number of coordinates."""
        return len(self.coordinates)

    @property
    def duration(self) -> float:
        """Of the time; 1 where there is none."""
        return self.time[1] - self.time[0] if self.time else 1.0

    @property
    def measure(self) -> float:
        """Length, area or volume, times the duration."""
        return self.shape.measure * self.duration

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper corner [D] of the box around the domain, parameters and time included."""
        lower, upper = (np.asarray(corner, dtype=float) for corner in (self.family or self.shape).bounds)
        if self.time:
            lower, upper = np.append(lower, self.time[0]), np.append(upper, self.time[1])
        return lower, upper

    @property
    def centre(self) -> Array:
        return (self.bounds[0] + self.bounds[1]) / 2

    @property
    def half_width(self) -> Array:
        """Half the box's sides [D]; of a parameter that moves the domain, at least that of the coordinates.

        Such a parameter is a length: what bends over a distance in space bends over as much of it. In units of its own,
        mostly small range the features would be wasted on it (plate family, 600 features: error 0.39 against 0.28).
        """
        found = (self.bounds[1] - self.bounds[0]) / 2
        if self.family is not None:
            moving = [self.space + index for index in self.family.moving]
            found[moving] = np.maximum(found[moving], found[: self.space].max())
        return found

    # ---- parts of it ---------------------------------------------------------------------------------------------

    def within(self, first: float, last: float) -> Domain:
        """The domain on a time slab."""
        return replace(self, time=(first, last))

    def at(self, values: ArrayLike) -> Domain:
        """The member of a family at these values of all parameters, its points in the family's coordinates and box."""
        family = self.family
        assert family is not None
        point = np.asarray(values, dtype=float)
        return replace(
            self,
            shape=family.slices.at(point[family.moving].tolist()),
            parameters={name: (value, value) for name, value in zip(self.parameters, point.tolist(), strict=True)},
            family=Family(family.slices, point, point, family.moving, bounds=family.bounds),
        )

    def redrawn(self, seed: int) -> Domain:
        """The same domain; a family that moves has other slices, which all points are then drawn from.

        One drawing takes the same slices for all its places: to build them takes longer than to draw from them.
        """
        return self if self.family is None else replace(self, family=self.family.redrawn(seed))

    def over(self, subdomain: str = "") -> Shape:
        """What the points of a subdomain, or of the whole, are drawn from: over all parameters in a family."""
        if subdomain and self.partition is not None:
            return self.partition.parts[subdomain]
        return self.family or self.shape

    def interface(self, first: str, second: str) -> tuple[Piece, ...]:
        """What two subdomains share of their boundaries, normals out of the first."""
        return self.partition.interface(first, second) if self.partition else ()

    def contains(self, point: Sequence[float], slack: float = 1e-9) -> bool:
        """Whether a point [S] or [D] is inside, by its coordinates and parameters: up to slack * size outside, too.

        Without parameters it has to be in every member of a family.
        """
        at, tolerance = np.array([point]), slack * self.shape.size
        place, values = at[:, : self.space], at[0, self.space : self.space + len(self.parameters)]
        if self.family is None:
            return bool(self.shape.contains(place, tolerance)[0])
        if not len(values):
            return all(bool(shape.contains(place, tolerance)[0]) for shape in self.family.extremes)
        within = bool(((self.family.lower <= values) & (values <= self.family.upper)).all())
        return within and bool(self.family.contains(at[:, : self.family.dimension], tolerance)[0])

    def inside(self, points: Array, slack: float = 1e-6) -> NDArray[np.bool_]:
        """Whether each point [N, D] is inside, in time too: up to slack * size outside as well.

        The slack is what coordinates that were written in single precision are off.
        """
        found, (lower, upper) = np.empty(len(points), bool), self.bounds
        margin, shape = slack * self.shape.size, self.family or self.shape
        columns = self.space if self.family is None else self.family.dimension
        for start in range(0, len(points), CHUNK):
            some = points[start : start + CHUNK]
            within = ((lower - slack * (upper - lower) <= some) & (some <= upper + slack * (upper - lower))).all(axis=1)
            within &= shape.contains(some[:, :columns], margin)
            found[start : start + CHUNK] = within
        return found

    # ---- points --------------------------------------------------------------------------------------------------

    def sample(self, place: Place, count: int, seed: int, method: str = "sobol") -> PointSet:
        """`count` points of a place, on the CPU in float64; points that the place lists come as they are."""
        return place.sample(self, count, seed, method)

    def looked_at(self, place: Place, count: int, seed: int) -> PointSet:
        """About `count` points of a place one by one, the ends of sums too: for what is said of the place as such."""
        return self.sample(place, count, seed).single

    def heldout_points(self, count: int, seed: int) -> Array:
        """`count` points [count, D] inside for measuring errors, none of them a training point."""
        return sample_interior(self.redrawn(seed).over(), count, seed, self.time)

    def boundary_points(
        self, pieces: Sequence[Piece], count: int, seed: int, where: sympy.Expr | None = None, method: str = "sobol"
    ) -> BoundaryPoints:
        """Points on pieces of the boundary or of an interface, with their normals and the measure they stand for."""
        dimension = self.space + len(self.parameters)
        return sample_pieces(pieces, dimension, count, seed, self.mask(where), self.time, method)

    def throughout(self, points: Array, count: int, seed: int) -> Array:
        """About `count` points: those given [K, S], over all parameters and times; points [K, D] stay as they are."""
        if points.shape[1] == len(self.axes):
            return points
        each = max(2, count // len(points))
        if self.parameters:
            lower, upper = np.array([*self.parameters.values(), *([self.time] if self.time else [])]).T
            further = lower + (upper - lower) * SEQUENCES["sobol"](len(lower), seed, each).first()
        else:
            assert self.time
            further = np.linspace(*self.time, each)[:, None]
        return np.hstack([np.repeat(points, each, axis=0), np.tile(further, (len(points), 1))])

    def beside(self, points: Array, values: Mapping[str, float]) -> Array:
        """Points [N, D] of the family at points [N, S or S+1] of the member at these values of all parameters."""
        columns = [np.full(len(points), values[name]) for name in self.parameters]
        return np.column_stack([points[:, : self.space], *columns, points[:, self.space :]])

    def mask(self, where: sympy.Expr | None) -> Where | None:
        """An expression that is 1 at the points that count, as a function of points [N, S+P]; None for all points."""
        if where is None:
            return None

        def mask(points: Array) -> np.ndarray:
            tensor = torch.as_tensor(points)
            inputs = {axis: tensor[:, i] for i, axis in enumerate((*self.coordinates, *self.parameters))}
            return (evaluate(where, inputs, len(points), tensor) > 0.5).numpy()

        return mask
