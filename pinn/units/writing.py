"""How a unit is written: by its usual name, MPa rather than N/mm^2, and in one line, mW/(mm K)."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from pinn.units.dimension import BASES, Dimension, base, dimension

Parts = tuple[tuple[str, Fraction], ...]  # (name, power)

PREFIXES = {-12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
PREFIXED = {  # units of the SI with a name, which take prefixes; of mass below
    "force": "N",
    "pressure": "Pa",
    "energy": "J",
    "power": "W",
    "length": "m",
    "time": "s",
    "temperature": "K",
    "current": "A",
    "amount": "mol",
}
OTHERS = {  # what for -> name -> units of the SI
    "mass": {"t": Fraction(1000), "lb": Fraction("0.45359237")},
    "force": {"lbf": Fraction("4.4482216152605")},
    "pressure": {"psi": Fraction(8896443230521, 1290320000), "ksi": Fraction(8896443230521, 1290320)},
    "length": {"in": Fraction("0.0254"), "ft": Fraction("0.3048")},
    "time": {"min": Fraction(60), "h": Fraction(3600)},
}
FORMS = (  # dimensions that are a quotient of named ones; the first that fits
    "pressure",
    "force",
    "energy",
    "power",
    "mass",
    "force/length",
    "force/length^3",
    "power/length",
    "power/length^2",
    "power/length^3",
    "power/temperature",
    "power/length/temperature",
    "power/length^2/temperature",
    "energy/temperature",
    "energy/length^3/temperature",
    "energy/mass/temperature",
    "energy/mass",
    "mass/length^3",
    "mass/length^2",
    "mass/length",
    "mass/time",
    "pressure time",
    "force time/length",
    "pressure/temperature",
    "1/pressure",
    "force length^2",
)
SIMPLE = ("length", "time", "temperature")
SUPERSCRIPTS = str.maketrans("-0123456789/", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹ᐟ")
_FACTOR = re.compile(r"([A-Za-z°µμ_]+)\s*(?:(?:\^|\*\*)\s*\(?(-?\d+(?:/\d+)?)\)?)?")


def named(of: Dimension, own: Callable[[Dimension], str], factor: Callable[[Dimension], Fraction]) -> Parts:
    """The usual name of a unit with this dimension; () where it has none.

    own      name of the unit that was chosen for a dimension, '' for others
    factor   how many units of the SI are the system's unit of a dimension
    """
    if roots := half_of_length(of):
        rest, root = roots
        inner = named(rest, own, factor)
        return (*inner, *((name, power * root) for name, power in named(base("length"), own, factor))) if inner else ()
    for form in (*FORMS, *BASES):
        if dimension(form) == of:
            return slots(form, own, factor)
    return powers_of_bases(of, own, factor)


def half_of_length(of: Dimension) -> tuple[Dimension, Fraction] | None:
    """A dimension with a broken power of a length, as of a stress intensity, as a pressure and this power."""
    power = (of / dimension("pressure")).powers[0]
    rest = dimension("pressure")
    return (rest, power) if power.denominator > 1 and rest * base("length") ** power == of else None


def slots(form: str, own: Callable[[Dimension], str], factor: Callable[[Dimension], Fraction]) -> Parts:
    """A form with the names of its units in their places; () where one of them has no name."""
    found: list[tuple[str, Fraction]] = []
    for number, part in enumerate(form.split("/")):
        for one in part.split():
            key, _, power = one.partition("^")
            if key == "1":
                continue
            name = own(dimension(key)) or name_of(key, factor(dimension(key)))
            if not name:
                return ()
            found += as_parts(name, Fraction(int(power or 1) * (1 if number == 0 else -1)))
    return tuple(found)


def powers_of_bases(of: Dimension, own: Callable[[Dimension], str], factor: Callable[[Dimension], Fraction]) -> Parts:
    """Powers of length, time and temperature alone, as of an acceleration; () of others."""
    found: list[tuple[str, Fraction]] = []
    for key, power in zip(BASES, of.powers, strict=True):
        if not power:
            continue
        name = own(base(key)) or name_of(key, factor(base(key))) if key in SIMPLE else ""
        if not name:
            return ()
        found += as_parts(name, power)
    return tuple(found)


def name_of(key: str, factor: Fraction) -> str:
    """The name of the unit of a kind that is so many units of the SI; '' where it has none."""
    for name, size in OTHERS.get(key, {}).items():
        if size == factor:
            return name
    if key == "mass":
        key, factor, symbol = "mass", factor * 1000, "g"
    else:
        symbol = PREFIXED.get(key, "")
    for exponent, prefix in PREFIXES.items():
        if symbol and factor == Fraction(10) ** exponent:
            return prefix + symbol
    return ""


def as_parts(text: str, power: Fraction) -> Parts:
    """A unit as it was chosen, to a power: its factors, where it is a quotient such as km/h."""
    found = []
    for number, part in enumerate(text.split("/")):
        for name, own in _FACTOR.findall(part):
            found.append((name, Fraction(own or 1) * power * (1 if number == 0 else -1)))
    return tuple(found)


def written(parts: Parts, *, plain: bool = False) -> str:
    """One line: N/mm², MPa √mm; plain, in letters without a bar, as names of arrays have it: N mm^-2, MPa mm^0.5."""
    if plain:
        return " ".join(f"{ascii_name(name)}{'' if power == 1 else f'^{float(power):g}'}" for name, power in parts)
    above = [raised(name, power) for name, power in parts if power > 0]
    below = [raised(name, -power) for name, power in parts if power < 0]
    if not below:
        return " ".join(above)
    under = below[0] if len(below) == 1 else f"({' '.join(below)})"
    return f"{' '.join(above) or '1'}/{under}"


def raised(name: str, power: Fraction) -> str:
    if power == Fraction(1, 2):
        return f"√{name}"
    if power.denominator > 1:
        return f"{name}^{float(power):.4g}"
    return name if power == 1 else name + str(power).translate(SUPERSCRIPTS)


def ascii_name(name: str) -> str:
    return name.replace("µ", "u").replace("μ", "u").replace("°", "deg")
