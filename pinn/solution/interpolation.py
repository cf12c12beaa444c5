"""Interpolation: a reference table between its points, for pictures; errors are measured at the table's own points."""

from __future__ import annotations

import math

import numpy as np

from pinn.problem.problem import Reference


def interpolate(
    reference: Reference, points: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]
) -> dict[str, np.ndarray]:
    """Its quantities at points [N, D]: name -> [N]. `bounds` are corners [D], whose sides are the units of distance."""
    from scipy.interpolate import LinearNDInterpolator, RegularGridInterpolator

    axes = [np.unique(reference.points[:, k]) for k in range(reference.points.shape[1])]
    found = {}
    for name, values in reference.quantities.items():
        if math.prod(len(axis) for axis in axes) == len(values) and len(axes) > 1:
            order = np.lexsort(reference.points.T[::-1])
            grid = values[order].reshape([len(axis) for axis in axes])
            # fill_value None extrapolates; pyright takes the default's type, float, for the only one allowed.
            extrapolating = RegularGridInterpolator(axes, grid, bounds_error=False, fill_value=None)  # pyright: ignore[reportArgumentType]
            found[name] = extrapolating(points)
        elif len(axes) == 1:
            order = np.argsort(reference.points[:, 0])
            found[name] = np.interp(points[:, 0], reference.points[order, 0], values[order])
        else:
            lower, upper = bounds
            found[name] = LinearNDInterpolator((reference.points - lower) / (upper - lower), values)(
                (points - lower) / (upper - lower)
            )
    return found
