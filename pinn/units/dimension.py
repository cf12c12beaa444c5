"""Dimension: of what a number is a measure, as powers of length, mass, time, temperature, current and amount."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

BASES = ("length", "mass", "time", "temperature", "current", "amount")


@dataclass(frozen=True)
class Dimension:
    """The powers of BASES; none at all of a pure number."""

    powers: tuple[Fraction, ...] = (Fraction(0),) * len(BASES)

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(tuple(a + b for a, b in zip(self.powers, other.powers, strict=True)))

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other**-1

    def __pow__(self, exponent: int | Fraction) -> Dimension:
        return Dimension(tuple(a * exponent for a in self.powers))

    @property
    def is_pure(self) -> bool:
        """Whether it is that of a pure number."""
        return not any(self.powers)


PURE = Dimension()


def base(name: str) -> Dimension:
    return Dimension(tuple(Fraction(one == name) for one in BASES))


DERIVED = {  # name -> what it is, over names further up
    "force": "mass length/time^2",
    "pressure": "force/length^2",
    "energy": "force length",
    "power": "energy/time",
    "velocity": "length/time",
    "acceleration": "length/time^2",
    "density": "mass/length^3",
    "body_force": "force/length^3",
    "number": "1",
}


@cache
def dimension(text: str) -> Dimension:
    """`power/length/temperature`, `force length^2`, `1/time`: names of dimensions with whole powers, one `/` for each
    that divides."""
    found = PURE
    for number, part in enumerate(text.split("/")):
        for factor in part.split():
            name, _, power = factor.partition("^")
            one = PURE if name == "1" else base(name) if name in BASES else dimension(DERIVED[name])
            found *= one ** (int(power or 1) * (1 if number == 0 else -1))
    return found
