"""Places: the sets of points that statements hold at. A new kind of place is one class here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import sympy
import torch

from pinn.domain.domain import Domain
from pinn.domain.point_set import PointSet
from pinn.geometry.mesh.orders import Density
from pinn.geometry.points.quadrature import Quadrature, boundary_quadrature, interior_quadrature
from pinn.geometry.points.sampling import BoundaryPoints, sample_boundary, sample_interior
from pinn.geometry.shapes.pieces import Piece, total_measure
from pinn.geometry.shapes.shape import Shape

FEWEST = 16  # points on any part of a boundary, however short, and for a point at all times
MEASURE_POINTS = 1024  # to find how much of a patch a condition concerns
SPLIT_SAMPLES = 1024  # points on which one looks for what a condition's 'where' leaves in a subdomain


@dataclass(frozen=True)
class Counts:
    """How many points are wanted: inside, at the start, on all parts of the boundary together.

    covered   measure of these parts, which share `boundary` in proportion to theirs
    """

    interior: int
    boundary: int
    initial: int
    covered: float


class Place(ABC):
    """A set of points of a domain.

    subdomain   that the points lie in, or that their normals point out of; "" where there is only the domain
    """

    subdomain: str = ""

    @property
    @abstractmethod
    def label(self) -> str:
        """How a message names it."""

    @abstractmethod
    def sample(self, domain: Domain, count: int, seed: int, method: str = "sobol") -> PointSet:
        """`count` points, on the CPU in float64; listed points come as they are."""

    @abstractmethod
    def count(self, domain: Domain, wanted: Counts) -> int:
        """How many of the points it gets."""

    @property
    def listed(self) -> int:
        """How many points are given one by one; 0 where they are drawn."""
        return 0

    def covers(self, domain: Domain) -> dict[Hashable, float]:
        """Patches and interfaces that it lies on -> their whole measure in space."""
        return {}

    def parts(self, domain: Domain) -> Sequence[Place]:
        """The place as one for each subdomain that has points of it."""
        return [self]

    def has_moments(self, domain: Domain) -> bool:
        """Whether some of its points are given at one moment."""
        return False


@dataclass(frozen=True)
class Interior(Place):
    """The inside of the domain or of a subdomain."""

    subdomain: str = ""

    @property
    def label(self) -> str:
        return "interior"

    def sample(self, domain: Domain, count: int, seed: int, method: str = "sobol") -> PointSet:
        inside = sample_interior(domain.over(self.subdomain), count, seed, domain.time, method=method)
        return PointSet(torch.as_tensor(inside))

    def count(self, domain: Domain, wanted: Counts) -> int:
        return wanted.interior

    def quadrature(self, domain: Domain, interior: int, boundary: int, density: Density | None = None) -> Quadrature:
        return interior_quadrature(domain.shape, interior, density)


@dataclass(frozen=True)
class Initial(Place):
    """The domain at the first time, where `where` is 1 (an expression of the coordinates; None for everywhere)."""

    where: sympy.Expr | None = None
    subdomain: str = ""

    @property
    def label(self) -> str:
        return "initial"

    def sample(self, domain: Domain, count: int, seed: int, method: str = "sobol") -> PointSet:
        assert domain.time
        inside = sample_interior(domain.over(self.subdomain), count, seed, None, domain.mask(self.where), method)
        return PointSet(torch.as_tensor(np.hstack([inside, np.full((len(inside), 1), domain.time[0])])))

    def count(self, domain: Domain, wanted: Counts) -> int:
        return wanted.initial

    def parts(self, domain: Domain) -> list[Place]:
        if domain.partition is None:
            return [self]
        found = [replace(self, subdomain=name) for name in domain.partition.parts]
        return [part for part in found if part.is_left(domain, domain.over(part.subdomain))] or [*found]

    def is_left(self, domain: Domain, shape: Shape) -> bool:
        """Whether 'where' leaves something of it in the shape, by sampling."""
        mask = domain.mask(self.where)
        return mask is None or bool(mask(sample_interior(shape, SPLIT_SAMPLES, seed=0)).any())


class OnBoundary(Place):
    """A part of the boundary, or an interface."""

    where: sympy.Expr | None = None

    @abstractmethod
    def pieces(self, domain: Domain) -> tuple[Piece, ...]:
        """What it is made of, 'where' aside."""

    def drawn(self, domain: Domain, count: int, seed: int, method: str = "sobol") -> BoundaryPoints:
        return domain.boundary_points(self.pieces(domain), count, seed, self.where, method)

    def sample(self, domain: Domain, count: int, seed: int, method: str = "sobol") -> PointSet:
        """Points, with normals out of the place's subdomain."""
        drawn = self.drawn(domain, count, seed, method)
        return PointSet(torch.as_tensor(drawn.points), torch.as_tensor(drawn.normals[:, : domain.space]))

    def count(self, domain: Domain, wanted: Counts) -> int:
        """In proportion to its measure."""
        measure = self.drawn(domain, MEASURE_POINTS, 0).measure
        return max(FEWEST, round(wanted.boundary * measure / wanted.covered))


@dataclass(frozen=True)
class Boundary(OnBoundary):
    """Patches of the boundary, where `where` is 1 (an expression of the coordinates; None for everywhere)."""

    patches: tuple[str, ...]
    where: sympy.Expr | None = None
    subdomain: str = ""

    @property
    def label(self) -> str:
        return ", ".join(self.patches)

    def pieces(self, domain: Domain) -> tuple[Piece, ...]:
        return domain.over(self.subdomain).pieces_of(self.patches)

    def covers(self, domain: Domain) -> dict[Hashable, float]:
        return {patch: domain.shape.patch_measure(patch) for patch in self.patches}

    def parts(self, domain: Domain) -> list[Boundary]:
        if domain.partition is None:
            return [self]
        found = []
        for name, shape in domain.partition.parts.items():
            patches = tuple(patch for patch in self.patches if patch in shape.patches)
            found += [replace(self, patches=patches, subdomain=name)] if patches else []
        return [part for part in found if part.is_left(domain, domain.over(part.subdomain))] or [*found]

    def is_left(self, domain: Domain, shape: Shape) -> bool:
        """Whether 'where' leaves something of it on the shape, by sampling."""
        mask = domain.mask(self.where)
        return mask is None or bool(mask(sample_boundary(shape, self.patches, SPLIT_SAMPLES, seed=0).points).any())

    def quadrature(self, domain: Domain, interior: int, boundary: int, density: Density | None = None) -> Quadrature:
        return boundary_quadrature(domain.shape, self.patches, boundary, domain.mask(self.where))


@dataclass(frozen=True)
class Interface(OnBoundary):
    """Where two subdomains touch, with normals out of the first."""

    subdomain: str = field()  # without the default that a place has
    beside: str = field()

    @property
    def label(self) -> str:
        return f"{self.subdomain} | {self.beside}"

    def pieces(self, domain: Domain) -> tuple[Piece, ...]:
        return domain.interface(self.subdomain, self.beside)

    def covers(self, domain: Domain) -> dict[Hashable, float]:
        return {frozenset((self.subdomain, self.beside)): total_measure(self.pieces(domain))}


@dataclass(frozen=True)
class Periodic(OnBoundary):
    """Two opposite patches, `period` apart along an axis; a point on the first has its other end on the second."""

    patches: tuple[str, str]
    axis: int
    period: float

    @property
    def label(self) -> str:
        return ", ".join(self.patches)

    def pieces(self, domain: Domain) -> tuple[Piece, ...]:
        return domain.over().pieces_of(self.patches)

    def sample(self, domain: Domain, count: int, seed: int, method: str = "sobol") -> PointSet:
        drawn = domain.boundary_points(domain.over().pieces_of(self.patches[:1]), count, seed, None, method)
        opposite = drawn.points.copy()
        opposite[:, self.axis] -= np.sign(drawn.normals[:, self.axis]) * self.period
        ends = torch.as_tensor(np.vstack([drawn.points, opposite]))
        return PointSet(ends, weights=torch.tensor([1.0, -1.0], dtype=torch.float64))

    def covers(self, domain: Domain) -> dict[Hashable, float]:
        return {patch: domain.shape.patch_measure(patch) for patch in self.patches}


@dataclass(frozen=True)
class Points(Place):
    """Points of a condition, one by one; with the coordinates of space alone they stand for all times."""

    points: tuple[tuple[float, ...], ...]
    subdomain: str = ""

    @property
    def label(self) -> str:
        return "points"

    @property
    def listed(self) -> int:
        return len(self.points)

    def sample(self, domain: Domain, count: int, seed: int, method: str = "sobol") -> PointSet:
        return PointSet(torch.as_tensor(domain.throughout(np.array(self.points, dtype=float), count, seed)))

    def count(self, domain: Domain, wanted: Counts) -> int:
        return self.listed * (FEWEST if domain.time or domain.parameters else 1)

    def parts(self, domain: Domain) -> list[Place]:
        """A point belongs to one subdomain."""
        if domain.partition is None:
            return [self]
        numbers = domain.partition.part_of(np.array([point[: domain.space] for point in self.points])).tolist()
        names = [*domain.partition.parts]
        owned = {n: tuple(p for p, m in zip(self.points, numbers, strict=True) if m == n) for n in numbers}
        return [replace(self, points=points, subdomain=names[n]) for n, points in owned.items()]

    def has_moments(self, domain: Domain) -> bool:
        return any(len(point) == len(domain.axes) for point in self.points)

    def quadrature(self, domain: Domain, interior: int, boundary: int, density: Density | None = None) -> Quadrature:
        """Each point counts as one."""
        return Quadrature(np.array(self.points, dtype=float), np.ones(len(self.points)))


@dataclass(frozen=True)
class Data(Place):
    """Points where something was measured, with all their coordinates."""

    points: tuple[tuple[float, ...], ...]

    @property
    def label(self) -> str:
        return "data"

    @property
    def listed(self) -> int:
        return len(self.points)

    def sample(self, domain: Domain, count: int, seed: int, method: str = "sobol") -> PointSet:
        return PointSet(torch.tensor(self.points, dtype=torch.float64))

    def count(self, domain: Domain, wanted: Counts) -> int:
        return self.listed

    def has_moments(self, domain: Domain) -> bool:
        return True
