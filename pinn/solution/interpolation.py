"""Interpolation: a reference table between its points, for pictures; errors are measured at the table's own points."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from pinn.problem.problem import Reference

Values = Callable[[np.ndarray], np.ndarray]  # points [N, D] -> [N, Q] of all quantities
KEPT = 8  # references whose triangulations are held


def interpolate(
    reference: Reference, points: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]
) -> dict[str, np.ndarray]:
    """Its quantities at points [N, D]: name -> [N]. `bounds` are corners [D], whose sides are the units of distance."""
    lower, upper = (tuple(map(float, corner)) for corner in bounds)
    found = interpolator(reference, lower, upper)(points)
    return {name: found[:, k] for k, name in enumerate(reference.quantities)}


@lru_cache(maxsize=KEPT)
def interpolator(reference: Reference, lower: tuple[float, ...], upper: tuple[float, ...]) -> Values:
    """Linear between the points of a grid, of a triangulation, or of one in space at every instant; made once."""
    from scipy.interpolate import LinearNDInterpolator, RegularGridInterpolator

    points, values = reference.points, np.column_stack([*reference.quantities.values()])
    axes = [np.unique(column) for column in points.T]
    if len(axes) == 1:
        order = np.argsort(points[:, 0])
        x, columns = points[order, 0], values[order].T
        return lambda at: np.column_stack([np.interp(at[:, 0], x, column) for column in columns])
    order = np.lexsort(points.T[::-1])
    if math.prod(len(axis) for axis in axes) == len(values):
        grid = values[order].reshape([*(len(axis) for axis in axes), values.shape[1]])
        # fill_value None extrapolates; pyright takes the default's type, float, for the only one allowed.
        return RegularGridInterpolator(axes, grid, bounds_error=False, fill_value=None)  # pyright: ignore[reportArgumentType]
    low, width = np.array(lower), np.array(upper) - np.array(lower)
    instants = axes[-1]
    nodes = len(values) // len(instants)
    if nodes * len(instants) == len(values):
        by_node = order.reshape(nodes, len(instants))
        if all(np.ptp(points[by_node, axis], axis=1).max() == 0 for axis in range(points.shape[1] - 1)):
            return at_instants(points[by_node[:, 0], :-1], instants, values[by_node], low[:-1], width[:-1])
    scattered = LinearNDInterpolator((points - low) / width, values)
    return lambda at: scattered((at - low) / width)


def at_instants(
    nodes: np.ndarray, instants: np.ndarray, values: np.ndarray, low: np.ndarray, width: np.ndarray
) -> Values:
    """Of the same nodes [M, S] at all instants [T], with values [M, T, Q]: linear in space and in time."""
    from scipy.interpolate import LinearNDInterpolator

    if nodes.shape[1] == 1:
        whole = np.argsort(nodes[:, 0])

        def in_space(at: np.ndarray, columns: np.ndarray) -> np.ndarray:
            return np.column_stack([np.interp(at[:, 0], nodes[whole, 0], own[whole]) for own in columns.T])
    else:
        from scipy.spatial import Delaunay

        mesh = Delaunay((nodes - low) / width)

        def in_space(at: np.ndarray, columns: np.ndarray) -> np.ndarray:
            return LinearNDInterpolator(mesh, columns)((at - low) / width)

    def at_points(at: np.ndarray) -> np.ndarray:
        found = np.empty((len(at), values.shape[2]))
        before = np.clip(np.searchsorted(instants, at[:, -1], side="right") - 1, 0, len(instants) - 2)
        share = ((at[:, -1] - instants[before]) / (instants[before + 1] - instants[before]))[:, None]
        for number in np.unique(before):
            rows = before == number
            both = in_space(at[rows, :-1], values[:, number : number + 2].reshape(len(values), -1))
            first, second = both[:, : values.shape[2]], both[:, values.shape[2] :]
            found[rows] = first * (1 - share[rows]) + second * share[rows]
        return found

    return at_points
