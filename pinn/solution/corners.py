"""Corners of a solution: the coefficients of their functions, and stress intensity factors, with estimated errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinn.corners.find import Corner
from pinn.corners.intensity import Intensities
from pinn.corners.network import CornerNetwork
from pinn.corners.table import CornerTable
from pinn.network.field_network import FieldNetwork
from pinn.network.sum_network import SumNetwork
from pinn.problem.corners import corner_intensities, edges_of
from pinn.problem.problem import Problem
from pinn.problem.singular import order_of, singular

NEAR = 1e-9  # of the domain's size: a table's vertex is a corner's


def corner_entries(problem: Problem, network: FieldNetwork, corrected: FieldNetwork | None) -> list[dict[str, Any]]:
    """One for each singular corner: where it is, its functions of unbounded derivatives, and what the solution has of
    them.

    coefficients are those of r^a Re (...), r in the user's unit, the largest value at r = 1 about one.
    corrected   the solution and its correction, a CornerNetwork too: the estimate of the coefficients' errors
    """
    if not isinstance(network, CornerNetwork):
        return []
    errors = correction_of(network, corrected)
    order, size = order_of(problem), problem.geometry.size
    found = []
    for number, table in enumerate(network.tables):
        if not isinstance(table, CornerTable):
            continue
        vertex = table.vertex.cpu().numpy()
        here = [one for one in problem.corners if np.linalg.norm(one.point - vertex) <= NEAR * size]
        if not here or not singular(here[0], order):  # the middle of a hole is no corner
            continue
        corner = here[0]
        coefficients = table.in_natural_units(network.of_corners[number].detach().cpu().numpy())
        error = None if errors is None else table.in_natural_units(errors[number])
        found.append(entry(problem, corner, table, order, coefficients, error))
    return found


def correction_of(network: CornerNetwork, corrected: FieldNetwork | None) -> list[NDArray] | None:
    """What a correction adds to the coefficients of each corner; None where there is none of the kind."""
    if not isinstance(corrected, SumNetwork) or not isinstance(corrected.second, CornerNetwork):
        return None
    found = [part.detach().cpu().numpy() for part in corrected.second.of_corners]
    return found if [len(part) for part in found] == [len(table) for table in network.tables] else None


def entry(
    problem: Problem,
    corner: Corner,
    table: CornerTable,
    order: int,
    coefficients: NDArray,
    error: NDArray | None,
) -> dict[str, Any]:
    """Of one corner."""
    shown = np.flatnonzero(table.growth[:, 0] < order)
    growth = table.growth[shown].tolist()
    found: dict[str, Any] = {
        "at": [float(value) for value in corner.point],
        "angle": math.degrees(corner.angle),
        "conditions": edges_of(corner),
        "exponents": [[real, imaginary] if imaginary else real for real, imaginary in growth],
        "coefficients": [float(value) for value in coefficients[shown]],
    }
    if error is not None:
        found["coefficient_errors"] = [abs(float(value)) for value in error[shown]]
    factors = corner_intensities(problem, corner, table.natural())
    if factors is not None and factors.singular.any():
        found |= intensity_entries(factors, coefficients, error)
    return found


def intensity_entries(factors: Intensities, coefficients: NDArray, error: NDArray | None) -> dict[str, float]:
    """K_I and K_II, of stress times length^(1 - Re a), with their errors."""
    found = {}
    for name, of_each in (("K_I", factors.opening), ("K_II", factors.shearing)):
        found[name] = float(of_each @ coefficients)
        if error is not None:
            found[f"{name}_error"] = abs(float(of_each @ error))
    return found
