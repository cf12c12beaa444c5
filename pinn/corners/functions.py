"""Corner functions of a wedge: all that solutions may have there beside polynomials, up to some power of r.

u_f = Re sum_l r^(a - t_f) (log r)^l phi_fl(theta), where r^a are eigenfunctions, of which a solution holds unknown
multiples, or the particular solutions that the data ask for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pinn.corners.discretisation import Discretisation
from pinn.corners.exponents import MARGIN, exponents_of
from pinn.corners.particular import particular_solution
from pinn.corners.shadows import Piece, shadows
from pinn.corners.smoothness import samples, without_smooth
from pinn.corners.wedge import Wedge

NEGLIGIBLE = 1e-12  # of a function's size: what a factor of (log r)^l as small as this is rounding errors


@dataclass(frozen=True, eq=False)
class CornerFunction:
    """The real part of sum_l r^a (log r)^l phi_l, its largest value at r = 1 about one.

    multiple   how much of it the data ask for; None for an eigenfunction, of which there may be any multiple
    levels     [logarithms + 1, unknowns of the discretisation]
    shadows    what terms of lower order add to it, each with its exponent and levels (shadows.py)
    """

    exponent: complex
    multiple: float | None
    levels: NDArray
    shadows: tuple[Piece, ...] = ()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return ((self.exponent, self.levels), *self.shadows)

    @property
    def particular(self) -> bool:
        """Whether the data ask for it, rather than the corner itself."""
        return self.multiple is not None

    @property
    def logarithms(self) -> int:
        """The highest power of log r."""
        return len(self.levels) - 1


@dataclass(frozen=True, eq=False)
class CornerFunctions:
    """Functions by real part of their exponents, with the discretisation that they are given on.

    exponents   all with 0 < Re a < the limit and Im a >= 0, those of polynomials as well, with their multiplicity
    """

    wedge: Wedge
    discretisation: Discretisation
    functions: tuple[CornerFunction, ...]
    exponents: tuple[complex, ...]

    def of(self, wedge: Wedge, below: float) -> CornerFunctions:
        """Those with Re a < below, for a wedge that differs in the names of its outputs alone."""
        functions = tuple(one for one in self.functions if one.exponent.real < below - MARGIN)
        exponents = tuple(value for value in self.exponents if value.real < below - MARGIN)
        return CornerFunctions(wedge, self.discretisation, functions, exponents)


def corner_functions(wedge: Wedge, below: float) -> CornerFunctions:
    """The functions with Re a < below that are not polynomials."""
    fine = Discretisation(wedge, below)
    found: list[CornerFunction] = []
    exponents: list[complex] = []
    for exponent in exponents_of(Discretisation(wedge, below, continued=False), fine, below):
        functions, degree = exponent.functions, exponent.integer
        exponents += [exponent.value] * len(functions)
        if degree is not None:
            functions = without_smooth(fine, functions, degree)
        for levels in functions:
            turns = (1, -1j) if exponent.value.imag else (1,)
            following = shadows(fine, exponent.value, levels, below)
            found += [_scaled(fine, exponent.value, turn, False, levels, following) for turn in turns]
    for degree in range(math.ceil(below)):
        levels = particular_solution(fine, degree)
        if levels is not None:
            following = shadows(fine, complex(degree), levels, below)
            found.append(_scaled(fine, complex(degree), 1, True, levels, following))
    found.sort(key=lambda function: function.exponent.real)
    return CornerFunctions(wedge, fine, tuple(found), tuple(exponents))


def _scaled(
    fine: Discretisation, value: complex, turn: complex, particular: bool, levels: NDArray, following: list[Piece]
) -> CornerFunction:
    """The function turned in the complex plane, in its natural size, without logarithms that it has not got."""
    sizes = samples(fine, levels[None])[0]
    largest = sizes.ravel()[int(np.argmax(np.abs(sizes)))]
    kept = len(levels)
    while kept > 1 and np.abs(sizes[kept - 1]).max() < NEGLIGIBLE * abs(largest):
        kept -= 1
    multiple = float(largest.real) if particular else None
    pieces = tuple((exponent, turn * found / largest) for exponent, found in following)
    return CornerFunction(value, multiple, turn * levels[:kept] / largest, pieces)
