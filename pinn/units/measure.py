"""Units by their names, as pint knows them: what they measure, and how large they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from pinn.errors import did_you_mean
from pinn.units.dimension import BASES, Dimension

NAMED_BY_PINT = {"substance": "amount"}
_GRAM = Fraction(1, 1000)  # pint's root unit of mass, in kilograms
_ROOT = re.compile(r"\bsqrt\s*(\([^()]*\))")
LIKELY = (  # what is suggested for a name that is misspelt
    *(
        "m",
        "mm",
        "cm",
        "km",
        "in",
        "ft",
        "N",
        "kN",
        "MN",
        "Pa",
        "kPa",
        "MPa",
        "GPa",
        "bar",
        "psi",
        "ksi",
        "kg",
        "g",
        "t",
    ),
    *("s", "ms", "min", "h", "Hz", "rpm", "K", "degC", "degF", "J", "kJ", "W", "kW", "mW", "rad", "deg", "A", "V"),
)


class UnitError(Exception):
    """A unit that is unknown, or that nothing here can be measured in; the message is for the user."""

    def __init__(self, message: str, meant: str = ""):
        super().__init__(message + meant)
        self.says_what_was_meant = bool(meant)


@dataclass(frozen=True)
class Unit:
    """`factor` of these are one unit of the SI; `zero` is what 0 of them is, in units of the SI."""

    dimension: Dimension
    factor: Fraction
    zero: Fraction = Fraction(0)


@cache
def registry() -> Any:
    """pint's own units, with factors that are exact: its types know of no fractions."""
    import pint

    return pint.UnitRegistry(non_int_type=Fraction)  # type: ignore[arg-type]


@cache
def unit_of(text: str) -> Unit:
    """`MPa`, `kg/m^3`, `W/(m K)`, `1/K`, `MPa sqrt(mm)`. Raises UnitError."""
    import pint

    units = registry()
    try:
        one = units.parse_units(_ROOT.sub(r"\1**0.5", text).replace("⋅", "*"))
        root = units.Quantity(Fraction(1), one).to_root_units()
        beginning = units.Quantity(Fraction(0), one).to_root_units()
    except pint.UndefinedUnitError as error:
        names = error.unit_names
        unknown = names if isinstance(names, str) else next(iter(names))
        power = power_of(unknown)
        meant = "" if power else did_you_mean(unknown, LIKELY)
        raise UnitError(f"'{unknown}' is no unit{power}", meant) from None
    except pint.OffsetUnitCalculusError:
        raise UnitError(f"'{text}' has a scale with a zero of its own; write K, or delta_degC") from None
    except Exception:  # pint has no common class for what it cannot read: tokens, brackets, powers
        raise UnitError(f"'{text}' is no unit; write it like kg/m^3 or W/(m K)") from None
    powers = dict.fromkeys(BASES, Fraction(0))
    for named, power in root.dimensionality.items():
        name = NAMED_BY_PINT.get(named.strip("[]"), named.strip("[]"))
        if name not in powers:
            raise UnitError(f"'{text}' measures {name}, which nothing here has")
        powers[name] = Fraction(power).limit_denominator(100)
    found = Dimension(tuple(powers.values()))
    scale = to_power(_GRAM, powers["mass"])
    zero = Fraction(beginning.magnitude)
    return Unit(found, (Fraction(root.magnitude) - zero) * scale, zero * scale)


def to_power(of: Fraction, exponent: Fraction) -> Fraction:
    """Exact for a whole exponent."""
    whole = exponent.denominator == 1
    return of**exponent.numerator if whole else Fraction(float(of) ** float(exponent))


def is_unit(text: str) -> bool:
    """Whether there is such a unit."""
    try:
        return bool(unit_of(text))
    except UnitError:
        return False


def power_of(name: str) -> str:
    """A clause for `mm2`."""
    found = re.fullmatch(r"([A-Za-z]+)(\d)", name)
    return f"; a power is written {found[1]}^{found[2]}" if found else ""
