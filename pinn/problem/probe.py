"""Probes: what is asked of a solution beside its fields, and what is expected of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pinn.domain.places import Boundary, Interior
from pinn.equations.compiler.compile import CompiledExpression
from pinn.geometry.points.sections import Section
from pinn.spec.blocks.observations import Kind


@dataclass(frozen=True, eq=False)
class Probe:
    """A quantity at points [K, D], with the value that is expected there, if any, seen from a subdomain."""

    quantity: str
    points: np.ndarray
    expected: tuple[float, ...] | None
    subdomain: str | None = None


@dataclass(frozen=True, eq=False)
class Extent:
    """What becomes of an expression over a place, at one time.

    kind         integral (over length, area or volume), mean (that over the measure), max or min
    text         the expression as it was written
    compiled     subdomain -> the expression over the network's outputs; on boundaries and sections of the normal too
    places       parts of the domain, each within one subdomain
    time         None where the problem has none
    """

    kind: Kind
    text: str
    compiled: Mapping[str, CompiledExpression]
    places: tuple[Interior | Boundary | Section, ...]
    time: float | None
    expected: tuple[float, ...] | None
