"""Legendre polynomials P_0 … P_n of s in [-1, 1], and what they are differentiated, integrated and interpolated by.

A polynomial is its coefficients [n + 1]; matrices act on columns of them.
Source: NIST Digital Library of Mathematical Functions, §§ 18.9, 18.17.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.polynomial import legendre
from numpy.typing import NDArray
from torch import Tensor

Matrix = NDArray[np.float64]


def table(s: Tensor, degree: int) -> Tensor:
    """P_0 … P_degree at s [N]: [N, degree + 1].   (k + 1) P_(k+1) = (2k + 1) s P_k - k P_(k-1)."""
    found = [torch.ones_like(s), s]
    for k in range(1, degree):
        found.append(((2 * k + 1) * s * found[k] - k * found[k - 1]) / (k + 1))
    return torch.stack(found[: degree + 1], dim=1)


def derivative(degree: int) -> Matrix:
    """[n + 1, n + 1]: coefficients of p' from those of p."""
    found = np.zeros((degree + 1, degree + 1))
    for k in range(1, degree + 1):
        lower = legendre.legder(np.eye(degree + 1)[k])
        found[: len(lower), k] = lower
    return found


def integral(degree: int) -> Matrix:
    """[n + 2, n + 1]: coefficients of the integral of p from -1."""
    return np.column_stack([legendre.legint(np.eye(degree + 1)[k], lbnd=-1) for k in range(degree + 1)])


def from_values(nodes: NDArray[np.float64]) -> Matrix:
    """[n + 1, n + 1]: coefficients from values at n + 1 nodes."""
    found: Matrix = np.asarray(np.linalg.inv(legendre.legvander(nodes, len(nodes) - 1)), dtype=np.float64)
    return found
