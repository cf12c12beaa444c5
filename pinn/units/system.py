"""A coherent system of units: a few that are chosen, from which all others follow without a factor.

With the units of length and force chosen as mm and N, that of stress is N/mm^2 = MPa, and of density t/mm^3. What is
left open is s, m, kg, K, A and mol, the first of these that the choice does not settle already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from pinn.units.dimension import BASES, PURE, Dimension, base, dimension
from pinn.units.measure import Unit, UnitError, to_power, unit_of
from pinn.units.writing import PREFIXES, Parts, as_parts, named, written

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHOICES = (*BASES, "force", "pressure", "energy", "power", "velocity", "density")
IN_ORDER = (
    "density",
    "mass",
    "force",
    "pressure",
    "energy",
    "power",
    "velocity",
    *BASES,
)  # in which factors are written
OPEN = {"time": "s", "length": "m", "mass": "kg", "temperature": "K", "current": "A", "amount": "mol"}


class ChoiceError(Exception):
    """A unit that does not go with those chosen before it.

    key   what it was chosen for
    """

    def __init__(self, key: str, message: str):
        super().__init__(message)
        self.key = key


@dataclass(frozen=True)
class UnitSystem:
    """`chosen`: what for -> the unit's text, in their order."""

    chosen: tuple[tuple[str, str], ...] = ()

    @cached_property
    def basis(self) -> dict[str, tuple[str, Unit]]:
        """What for -> text and unit, as many as there are bases, none of which follows from the others.

        Raises ChoiceError for a choice that is no unit of its kind, or follows from those before it.
        """
        found: dict[str, tuple[str, Unit]] = {}
        for key, text in self.chosen:
            try:
                unit = unit_of(text)
            except UnitError as error:
                raise ChoiceError(key, str(error)) from None
            if unit.zero:
                raise ChoiceError(key, f"'{text}' has a zero of its own; write K here, and values as 20 {text}")
            wanted = dimension(key)
            if unit.dimension != wanted:
                measured = called(unit.dimension) or SI.label(unit.dimension) or "nothing"
                raise ChoiceError(key, f"'{text}' is no unit of {key}, it measures {measured}")
            if (powers := combination([one.dimension for _, one in found.values()], wanted)) is not None:
                follows = UnitSystem(tuple((name, text) for name, (text, _) in found.items()))
                of = " and ".join(name for name, power in zip(found, powers, strict=True) if power)
                raise ChoiceError(key, f"follows from {of}: {written(follows.parts(wanted))}; remove it")
            found[key] = (text, unit)
        for key, text in OPEN.items():
            if combination([one.dimension for _, one in found.values()], base(key)) is None:
                found[key] = (text, unit_of(text))
        return found

    def powers(self, of: Dimension) -> dict[str, Fraction]:
        """The powers of the basis that a dimension is."""
        found = combination([unit.dimension for _, unit in self.basis.values()], of)
        assert found is not None
        return dict(zip(self.basis, found, strict=True))

    def factor(self, of: Dimension) -> Fraction:
        """How many units of the SI the system's unit of a dimension is."""
        found = Fraction(1)
        for key, power in self.powers(of).items():
            found *= to_power(self.basis[key][1].factor, power)
        return found

    def number(self, value: Fraction, unit: Unit) -> Fraction:
        """So many of a unit, in the system's: 20 degC are 293.15 K."""
        return (value * unit.factor + unit.zero) / self.factor(unit.dimension)

    def numbers(self, values: NDArray[np.float64], unit: Unit) -> NDArray[np.float64]:
        """The same of an array."""
        zero, one = (float(self.number(Fraction(value), unit)) for value in (0, 1))
        return zero + values * float(unit.factor / self.factor(unit.dimension)) if zero else values * one

    def parts(self, of: Dimension) -> Parts:
        """The system's unit of a dimension by its usual name: MPa rather than N/mm^2."""
        if of == PURE:
            return ()
        own = {dimension(key): text for key, (text, _) in self.basis.items()}
        if of in own:
            return as_parts(own[of], Fraction(1))
        if found := named(of, lambda one: own.get(one, ""), self.factor):
            return found
        powers = sorted(self.powers(of).items(), key=lambda one: IN_ORDER.index(one[0]))
        return tuple(part for key, power in powers if power for part in as_parts(self.basis[key][0], power))

    def label(self, of: Dimension | None, *, plain: bool = False) -> str:
        """mW/(mm K), or plainly mW mm^-1 K^-1; nothing for a pure number and for what is not known."""
        return "" if of is None else written(self.parts(of), plain=plain)

    @property
    def frequency(self) -> str:
        """Of what repeats itself in time: Hz where that is in seconds."""
        factor = self.factor(base("time") ** -1)
        return next((f"{prefix}Hz" for power, prefix in PREFIXES.items() if factor == Fraction(10) ** power), "") or (
            self.label(base("time") ** -1)
        )


SI = UnitSystem()


def system_of(chosen: Mapping[str, str] | None) -> UnitSystem:
    return UnitSystem(tuple((chosen or {}).items()))


def called(of: Dimension) -> str:
    """A dimension in a word: a pressure; '' of one that has none."""
    for key in CHOICES:
        if dimension(key) == of:
            return key if key in ("time", "power", "current") else f"a{'n' if key[0] in 'ae' else ''} {key}"
    return ""


def combination(of: Sequence[Dimension], wanted: Dimension) -> list[Fraction] | None:
    """The powers with which given dimensions, none of which follows from the others, make the wanted one; None where
    they do not. By Gauss's elimination."""
    rows = [[*(one.powers[row] for one in of), wanted.powers[row]] for row in range(len(BASES))]
    count, top = len(of), 0
    for column in range(count):
        pivot = next(row for row in range(top, len(rows)) if rows[row][column])
        rows[top], rows[pivot] = rows[pivot], rows[top]
        rows[top] = [value / rows[top][column] for value in rows[top]]
        for row, values in enumerate(rows):
            if row != top and values[column]:
                rows[row] = [a - values[column] * b for a, b in zip(values, rows[top], strict=True)]
        top += 1
    return None if any(rows[row][count] for row in range(top, len(rows))) else [rows[row][count] for row in range(top)]
