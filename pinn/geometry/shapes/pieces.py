"""Piece: one smooth part of a boundary, parametrised by the unit interval, square or cube.

The map from parameters to points has a constant Jacobian (arc length along a curve, area on a surface), so uniform
parameters give points uniform over the piece.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.shapes.sobol import ScrambledSobol

Array = NDArray[np.float64]
Keep = Callable[[Array, Array], NDArray[np.bool_]]  # (points [N, D], normals [N, D]) -> [N]

_MASK_SAMPLES_LOG2 = 16  # 65 536 points: the area of a cut surface is then good to about 1e-4


class Piece(ABC):
    """A boundary part of dimension D-1 with its patch name.

    `measure` is its length or area (1 for the end point of an interval); `full_measure` that of the whole parametrised
    surface, of which `kept` tells which parameters belong to the piece.
    """

    patch: str
    scattered = False  # are only scattered points of its rim known?

    @property
    @abstractmethod
    def measure(self) -> float: ...

    @abstractmethod
    def points(self, parameters: Array) -> Array:
        """Points [N, D] at parameters [N, D-1] in the unit cube."""

    @abstractmethod
    def normals(self, parameters: Array) -> Array:
        """Outward unit normals [N, D] at parameters [N, D-1]."""

    @property
    def full_measure(self) -> float:
        return self.measure

    def kept(self, parameters: Array) -> NDArray[np.bool_]:
        """Which of the parameters [N, D-1] lie on the piece."""
        return np.ones(len(parameters), dtype=bool)


@dataclass(frozen=True, eq=False)
class Flat(Piece):
    """origin + parameters @ spans: an end point (D=1), a line segment (D=2), a parallelogram with orthogonal sides."""

    patch: str
    origin: Array  # [D]
    spans: Array  # [D-1, D], mutually orthogonal
    normal: Array  # [D]

    @property
    def measure(self) -> float:
        return float(np.prod(np.linalg.norm(self.spans, axis=1)))

    def points(self, parameters: Array) -> Array:
        return self.origin + parameters @ self.spans

    def normals(self, parameters: Array) -> Array:
        return np.broadcast_to(self.normal, (len(parameters), len(self.normal))).copy()


@dataclass(frozen=True, eq=False)
class Reversed(Piece):
    """The same piece seen from its other side: normals change sign. For the boundary of a subtracted shape."""

    piece: Piece

    @property
    def patch(self) -> str:  # type: ignore[override]
        return self.piece.patch

    @property
    def measure(self) -> float:
        return self.piece.measure

    @property
    def full_measure(self) -> float:
        return self.piece.full_measure

    def points(self, parameters: Array) -> Array:
        return self.piece.points(parameters)

    def normals(self, parameters: Array) -> Array:
        return -self.piece.normals(parameters)

    def kept(self, parameters: Array) -> NDArray[np.bool_]:
        return self.piece.kept(parameters)


@dataclass(frozen=True, eq=False)
class Relabelled(Piece):
    """The same piece under another patch name."""

    piece: Piece
    patch: str

    @property
    def measure(self) -> float:
        return self.piece.measure

    @property
    def full_measure(self) -> float:
        return self.piece.full_measure

    def points(self, parameters: Array) -> Array:
        return self.piece.points(parameters)

    def normals(self, parameters: Array) -> Array:
        return self.piece.normals(parameters)

    def kept(self, parameters: Array) -> NDArray[np.bool_]:
        return self.piece.kept(parameters)


class Masked(Piece):
    """The part of a surface (D >= 3) that a rule keeps; its area is found by quasi-Monte Carlo, once."""

    scattered = True

    def __init__(self, piece: Piece, keep: Keep, parameter_dimension: int):
        self.patch = piece.patch
        self._piece = piece
        self._keep = keep
        parameters = sobol_parameters(parameter_dimension, _MASK_SAMPLES_LOG2)
        self._measure = piece.full_measure * float(np.mean(self.kept(parameters)))

    @property
    def measure(self) -> float:
        return self._measure

    @property
    def full_measure(self) -> float:
        return self._piece.full_measure

    def points(self, parameters: Array) -> Array:
        return self._piece.points(parameters)

    def normals(self, parameters: Array) -> Array:
        return self._piece.normals(parameters)

    def kept(self, parameters: Array) -> NDArray[np.bool_]:
        kept = self._piece.kept(parameters)
        kept[kept] = self._keep(self.points(parameters[kept]), self.normals(parameters[kept]))
        return kept


def sobol_parameters(dimension: int, count_log2: int, seed: int = 0) -> Array:
    """2**count_log2 scrambled Sobol points [N, dimension] in the unit cube."""
    return ScrambledSobol(dimension, np.random.default_rng(seed)).random(2**count_log2)


def total_measure(pieces: Sequence[Piece]) -> float:
    return float(sum(piece.measure for piece in pieces))
