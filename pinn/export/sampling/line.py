"""Line: points at equal distances between two, as ParaView's Plot Over Line takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pinn.errors import SpecError
from pinn.export.sampling.grid import Grid, located
from pinn.export.sampling.outside import COMPUTED, outside

if TYPE_CHECKING:
    from pinn.problem.problem import Problem

DEFAULT_POINTS = 200


@dataclass(frozen=True)
class Line:
    """From `start` to `end`, each [D], with `count` points in all."""

    start: Sequence[float]
    end: Sequence[float]
    count: int = DEFAULT_POINTS

    def grid(self, problem: Problem) -> Grid:
        """Its points, with `arc_length` from the start; those outside the domain, as in a hole, have no values.

        Raises SpecError for ends that are no points of the problem, for one point, and for a line all outside.
        """
        wanted = ", ".join(problem.coordinates)
        for end in (self.start, self.end):
            if len(end) != len(problem.coordinates):
                raise SpecError(("--line",), f"its ends must have the coordinates {wanted}, got {len(end)} numbers")
        if self.count < 2:
            raise SpecError(("--points",), f"must be at least 2, got {self.count}")
        start, end = np.asarray(self.start, float), np.asarray(self.end, float)
        length = float(np.linalg.norm(end - start))
        if length == 0:
            raise SpecError(("--line",), "its ends are the same point")
        share = np.linspace(0, 1, self.count)
        points = start + share[:, None] * (end - start)
        beyond = outside(points, problem.geometry, COMPUTED)
        if beyond.all():
            raise SpecError(("--line",), "no point of it lies in the domain")
        nodes = np.arange(self.count)
        cells = {"line": np.column_stack([nodes[:-1], nodes[1:]])}
        return located(Grid(points, cells, marks={"arc_length": share * length}, outside=beyond), problem)
