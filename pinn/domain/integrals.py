"""Integrals: a place whose one point is a sum over the ends of a quadrature.

    sum of w_q f(x_q) = 1/|M| integral of f over M,      sum of w_q = 1

over patches, parts of a domain or straight cuts; in a problem with time one such sum at each of some instants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch

from pinn.domain.domain import Domain
from pinn.domain.places import FEWEST, Boundary, Counts, Interior, Place
from pinn.domain.point_set import PointSet
from pinn.geometry.points.quadrature import Quadrature, interior_quadrature, pieces_quadrature
from pinn.geometry.points.sections import Section
from pinn.geometry.shapes.partition import Partition
from pinn.geometry.shapes.shape import Shape

Extended = Interior | Boundary | Section  # what has a length, an area or a volume

# Points of a rule over the domain and over a boundary, by its dimension: those of a smooth field are integrated to
# 1e-8 in a plane, to 1e-4 on curved surfaces.
INSIDE = {1: 300, 2: 5000, 3: 15_000}
AROUND = {1: 2, 2: 800, 3: 8000}
KEPT = 32  # rules that are remembered: a statement asks for the same one at every level


@dataclass(frozen=True)
class Integral(Place):
    """The mean over places of one subdomain, as one point with many ends."""

    over: tuple[Extended, ...] = field()
    subdomain: str = ""

    @property
    def label(self) -> str:
        return ", ".join(label_of(place) for place in self.over)

    @property
    def listed(self) -> int:
        return 1

    def sample(self, domain: Domain, count: int, seed: int, method: str = "sobol") -> PointSet:
        """One sum; with time one at each of `count` instants."""
        rule = self.rule(domain)
        points, normals = rule.points, rule.normals
        if domain.time is not None:
            points = domain.throughout(points, count * len(points), seed)
            if normals is not None:
                normals = np.repeat(normals, len(points) // len(normals), axis=0)
        weights = torch.as_tensor(rule.weights / rule.weights.sum())
        return PointSet(torch.as_tensor(points), None if normals is None else torch.as_tensor(normals), weights)

    def count(self, domain: Domain, wanted: Counts) -> int:
        return FEWEST if domain.time is not None else 1

    def rule(self, domain: Domain) -> Quadrature:
        """In space alone."""
        return remembered(self.over, domain.coordinates, domain.shape, domain.partition)

    def measure(self, domain: Domain) -> float:
        """Length, area or volume."""
        return float(self.rule(domain).weights.sum())


def label_of(place: Extended) -> str:
    if isinstance(place, Section):
        return "a line"
    return place.label if isinstance(place, Boundary) else place.subdomain or "domain"


@lru_cache(maxsize=KEPT)
def remembered(
    over: Sequence[Extended], coordinates: tuple[str, ...], shape: Shape, partition: Partition | None
) -> Quadrature:
    domain = Domain(coordinates, shape, partition=partition)
    return joined([quadrature(place, domain, INSIDE[domain.space], AROUND[domain.space]) for place in over])


def quadrature(place: Extended, domain: Domain, inside: int, around: int) -> Quadrature:
    """A rule over a place in space, as many points as given for the whole domain or its boundary.

    Raises GeometryError where nothing of it is left.
    """
    if isinstance(place, Section):
        return place.quadrature(domain.shape)
    if isinstance(place, Interior):
        return interior_quadrature(domain.over(place.subdomain), inside)
    where, graded = domain.mask(place.where), domain.space == 2
    return pieces_quadrature(place.pieces(domain), domain.space, around, where, graded)


def joined(rules: Sequence[Quadrature]) -> Quadrature:
    """Several rules as one; without normals where one of them has none."""
    normals = [rule.normals for rule in rules if rule.normals is not None]
    return Quadrature(
        np.concatenate([rule.points for rule in rules]),
        np.concatenate([rule.weights for rule in rules]),
        np.concatenate(normals) if len(normals) == len(rules) else None,
    )
