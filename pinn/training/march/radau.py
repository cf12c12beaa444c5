"""Radau IIA: collocation nodes of a slab of length 1, what differentiates on them, and the stages' eigenvalues.

A function with the value v_0 at the start and values v [s] at the nodes has, as a polynomial of degree s, the slopes
d v_0 + B v at the nodes. B = V diag(lambda) V^-1 splits the stages of a linear problem from one another.
Source: Hairer & Wanner, Solving Ordinary Differential Equations II, 2nd ed., §§ IV.5, IV.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from pinn.network.legendre import derivative, from_values

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Radau:
    """nodes [s], the last of them 1; differentiation d [s] and B [s, s]; to_legendre [s + 1, s + 1] from the values at
    0 and the nodes; backwards [s] to 0 from the nodes; eigenvalues lambda [s] and eigenvectors [s, s] of B, complex."""

    nodes: Array
    of_start: Array
    of_nodes: Array
    to_legendre: Array
    backwards: Array
    eigenvalues: NDArray[np.complex128]
    eigenvectors: NDArray[np.complex128]

    @property
    def stages(self) -> int:
        return len(self.nodes)


@lru_cache(maxsize=8)
def radau(stages: int) -> Radau:
    """The nodes are the zeros of P_s - P_(s-1), moved from (-1, 1] to (0, 1]."""
    series = np.zeros(stages + 1)
    series[stages], series[stages - 1] = 1.0, -1.0
    nodes = np.sort(legendre.legroots(series).real)
    slope = legendre.legder(series)
    for _ in range(2):  # the zeros of a companion matrix have lost a digit or two
        nodes -= legendre.legval(nodes, series) / legendre.legval(nodes, slope)
    nodes[-1] = 1.0
    all_nodes = np.concatenate([[-1.0], nodes])
    to_legendre = from_values(all_nodes)
    slopes = 2 * legendre.legvander(all_nodes, stages) @ derivative(stages) @ to_legendre
    eigenvalues, eigenvectors = np.linalg.eig(slopes[1:, 1:])
    backwards = legendre.legvander(np.array([-1.0]), stages - 1)[0] @ from_values(nodes)
    return Radau((nodes + 1) / 2, slopes[1:, 0], slopes[1:, 1:], to_legendre, backwards, eigenvalues, eigenvectors)
