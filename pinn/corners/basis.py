"""CornerBasis: the functions of one corner as a table, made from those of its wedge.

A function is a vector of all outputs: it has one coefficient, where a feature of a network has one for each output.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
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
        terms = [(n, piece) for n, function in enumerate(found.functions) for piece in function.pieces]
        exponents = np.array([exponent for _, (exponent, _) in terms], dtype=complex)
        mixing = torch.zeros(len(terms), len(found.functions), dtype=torch.float64)
        for row, (n, (exponent, _)) in enumerate(terms):
            mixing[row, n] = radius ** (exponent - found.functions[n].exponent).real
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
            "mixing": mixing,
            "sectors": torch.tensor(sectors, dtype=torch.float64),
            "series": all_series(found, [in_unit(levels, radius) for _, (_, levels) in terms]),
        }
        super().__init__(tensors, len(outputs))
        self.outputs, self.functions = outputs, found.functions


def in_unit(levels: NDArray, radius: float) -> NDArray:
    """Levels of powers of log(r/R), from those of log r = log(r/R) + log R."""
    shift, count = math.log(radius), len(levels)
    return np.array(
        [sum(math.comb(k, j) * shift ** (k - j) * levels[k] for k in range(j, count)) for j in range(count)]
    )


def all_series(found: CornerFunctions, terms: Sequence[NDArray]) -> Tensor:
    """[parts, derivatives, degrees, logarithms + 1, terms, 2] of all outputs in all sectors, padded to the longest."""
    logarithms = max((len(levels) for levels in terms), default=1)
    unknowns = np.zeros((found.discretisation.size, logarithms, len(terms)), dtype=complex)
    for number, levels in enumerate(terms):
        unknowns[:, : len(levels), number] = levels.T
    parts = [
        np.array(found.discretisation.series(unknowns, sector, field, MAX_ORDER))
        for sector, _ in enumerate(found.wedge.sectors)
        for field, _ in enumerate(found.wedge.weights)
    ]
    degrees = max(part.shape[1] for part in parts)
    padded = [np.pad(part, ((0, 0), (0, degrees - part.shape[1]), (0, 0), (0, 0))) for part in parts]
    return torch.view_as_real(torch.as_tensor(np.array(padded)))
