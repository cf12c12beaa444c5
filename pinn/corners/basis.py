"""CornerBasis: the functions of one corner as a table, made from those of its wedge.

A function is a vector of all outputs: it has one coefficient, where a feature of a network has one for each output.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from pinn.corners.functions import CornerFunctions
from pinn.corners.table import CornerTable
from pinn.derivatives.jets import MAX_ORDER


class CornerBasis(CornerTable):
    """n functions of `outputs`.

    vertex   [2];  radius  R > 0, the unit of r
    window   (inner, outer): radii between which the functions fade out; None where they reach everywhere
    """

    def __init__(
        self,
        vertex: ArrayLike,
        found: CornerFunctions,
        outputs: Sequence[str],
        radius: float = 1.0,
        window: tuple[float, float] | None = None,
    ):
        outputs = tuple(outputs)
        exponents = np.array([function.exponent for function in found.functions], dtype=complex)
        sectors = [
            (outputs.index(name), weight, sector.low, sector.high)
            for sector in found.wedge.sectors
            for name, weight in zip(sector.outputs, found.wedge.weights, strict=True)
        ]
        tensors = {
            "vertex": torch.as_tensor(np.asarray(vertex, dtype=float)),
            "radius": torch.tensor(float(radius)),
            "window": torch.tensor(window or (0.0, 0.0)),
            "exponents": torch.view_as_real(torch.as_tensor(exponents)),
            "sectors": torch.tensor(sectors, dtype=torch.float64),
            "series": all_series(found),
        }
        super().__init__(tensors, len(outputs))
        self.outputs, self.functions = outputs, found.functions


def all_series(found: CornerFunctions) -> Tensor:
    """[parts, derivatives, terms, logarithms + 1, n, 2] of all outputs in all sectors, padded to the longest."""
    logarithms = max((function.logarithms for function in found.functions), default=0)
    parts = []
    unknowns = np.zeros((found.discretisation.size, logarithms + 1, len(found.functions)), dtype=complex)
    for number, function in enumerate(found.functions):
        unknowns[:, : len(function.levels), number] = function.levels.T
    for sector, _ in enumerate(found.wedge.sectors):
        for field, _ in enumerate(found.wedge.weights):
            parts.append(np.array(found.discretisation.series(unknowns, sector, field, MAX_ORDER)))
    terms = max(part.shape[1] for part in parts)
    padded = [np.pad(part, ((0, 0), (0, terms - part.shape[1]), (0, 0), (0, 0))) for part in parts]
    return torch.view_as_real(torch.as_tensor(np.array(padded)))
