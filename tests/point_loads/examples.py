"""Small problems with point loads, as texts, and what their known parts add up to."""

from __future__ import annotations

import math

import numpy as np
import torch

import pinn
from pinn.domain.point_set import PointSet
from pinn.problem.problem import Problem

BODY = """
name: body
coordinates: [x, y]
physics: {{linear_elasticity: {{youngs_modulus: 3, poissons_ratio: 0.3, plane: {plane}}}}}
domain: {domain}
point_loads: [{loads}]
conditions: {conditions}
"""
SQUARE = "{rectangle: {from: [0, 0], to: [2, 2]}}"
FREE = "[{on: bottom, fixed: true}, {on: boundary, traction: [0, 0]}]"
SCALAR = """
name: scalar
coordinates: [x, y]
fields: [u]
equations: {{balance: {equation}}}
domain: {domain}
point_loads: [{loads}]
conditions: {conditions}
"""


def body(loads: str, domain: str = SQUARE, conditions: str = FREE, plane: str = "stress", more: str = "") -> Problem:
    return pinn.load(BODY.format(loads=loads, domain=domain, conditions=conditions, plane=plane) + more)


def scalar(
    loads: str,
    equation: str = "-2*laplacian(u) = 0",
    domain: str = SQUARE,
    conditions: str = "[{on: boundary, u: 0}]",
    more: str = "",
) -> Problem:
    return pinn.load(SCALAR.format(loads=loads, equation=equation, domain=domain, conditions=conditions) + more)


def known_part(problem: Problem, name: str, points: np.ndarray) -> np.ndarray:
    """A quantity [N] of the fields where the network is zero."""
    at = PointSet(torch.as_tensor(points))
    compiled = problem.compiled(name)
    zero = {d: torch.zeros(len(at), dtype=torch.float64) for d in compiled.derivatives}
    guesses = {key: torch.tensor(value, dtype=torch.float64) for key, value in problem.guesses.items()}
    return torch.as_tensor(compiled.value(at.inputs(problem.axes, guesses), zero)).expand(len(at)).numpy()


def arc(centre, radius: float, start: float, end: float, count: int = 200):
    """Points [N, 2] of an arc, outward normals there, and Gauss weights of its length."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    angles = start + (end - start) * (nodes + 1) / 2
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    return np.array(centre) + radius * normals, normals, weights * radius * (end - start) / 2


def force_through(problem: Problem, centre, radius: float, start: float = 0.0, end: float = 2 * math.pi) -> np.ndarray:
    """The integral of the known part's traction over an arc: minus the force in it."""
    points, normals, weights = arc(centre, radius, start, end)
    xx, yy, xy = (known_part(problem, f"stress_{name}", points) for name in ("xx", "yy", "xy"))
    traction = np.column_stack([xx * normals[:, 0] + xy * normals[:, 1], xy * normals[:, 0] + yy * normals[:, 1]])
    return weights @ traction
