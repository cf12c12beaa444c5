"""Holes: the functions of r^(-k) about a point inside a hole, which fields around it are made of beside smooth ones.

What surrounds a hole is, as Laurent's series for one function of a complex variable, a sum of what is smooth across it
and of solutions that are singular inside it: r^(-k) phi(theta), k = 1, 2, ..., and log r with what belongs to it. They
are the kernel of the same matrices as a corner's (exponents.py), of a sector that closes after a full turn.
"""

from __future__ import annotations

import math

import numpy as np

from pinn.corners.angular import Array
from pinn.corners.discretisation import Discretisation
from pinn.corners.exponents import KERNEL, chain_matrix, kernel
from pinn.corners.functions import CornerFunction, CornerFunctions
from pinn.corners.smoothness import samples
from pinn.corners.splitting import continuity
from pinn.corners.wedge import Edge, Row, Sector, Wedge

TURN = 2 * math.pi


def around(equations: tuple[Row, ...], outputs: tuple[str, ...], weights: tuple[int, ...]) -> Wedge:
    """A full turn of one material, which closes smoothly."""
    sector = Sector(0.0, TURN, outputs, equations, 0.0, TURN)
    return Wedge((sector,), (Edge(0.0, continuity(sector, 0.0)),), weights)


def hole_functions(wedge: Wedge, powers: int) -> CornerFunctions:
    """Those of r^(-k) up to k = `powers`, and those of log r."""
    fine = Discretisation(wedge, float(powers + 1))
    found: list[CornerFunction] = []
    for power in range(powers + 1):
        exponent = float(-power)
        length = 1 if power else 2  # at r^0 constants are smooth, and each has a function of log r behind it
        chains = kernel(chain_matrix(fine, exponent, length), KERNEL).reshape(-1, length, fine.size)[:, ::-1]
        if not power:
            chains = with_logarithm(fine, chains)
        found += [CornerFunction(complex(exponent), None, scaled(fine, levels)) for levels in chains]
    return CornerFunctions(wedge, fine, tuple(found), ())


def with_logarithm(fine: Discretisation, chains: Array) -> Array:
    """Combinations of chains [n, 2, unknowns], as many as have independent factors of log r."""
    tops = samples(fine, chains)[:, 1]
    vectors, sizes, _ = np.linalg.svd(tops, full_matrices=False)
    kept = vectors[:, sizes > 1e-7 * max(float(sizes[0]), 1e-300)]
    return np.einsum("nm,nlu->mlu", kept, chains)


def scaled(fine: Discretisation, levels: Array) -> Array:
    """Its largest value at r = 1 is one."""
    return levels / np.abs(samples(fine, levels[None])).max()
