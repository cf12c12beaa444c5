"""Numbers with their units in a text: `210 GPa`, `[0, -5 MPa]`, `x < 5 mm`, `2*(3 kN)`.

Such a value stands alone: between the ends of the text, brackets, commas, comparisons and the words and, or, not. No
other text of the expression language has a word behind a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
_NAME = r"(?!(?:and|or|not|if|else|in|is)\b)[A-Za-z°µμΩ_][A-Za-z0-9°µμΩ_]*"
_POWER = r"(?:\s*(?:\^|\*\*)\s*(?:-?\d{1,2}(?:\.\d{1,2})?|\(\s*-?\d{1,2}\s*(?:/\s*\d{1,2}\s*)?\))|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
_ONE = rf"(?:{_NAME}{_POWER})"
_TIMES = r"(?:\s*[*/·⋅]\s*|\s+)"
_GROUP = rf"(?:(?:sqrt\s*)?\(\s*{_ONE}(?:{_TIMES}{_ONE})*\s*\){_POWER})"
_UNIT = rf"(?:1\s*/\s*)?(?:{_GROUP}|{_ONE})(?:{_TIMES}(?:{_GROUP}|{_ONE}))*"
_BEFORE = r"(?P<before>^|[(\[,<>=]|\b(?:and|or|not)\b)"
_BEHIND = r"(?=\s*(?:$|[)\],<>=]|!=|and\b|or\b))"
LITERAL = re.compile(rf"{_BEFORE}(?P<space>\s*)(?P<number>{_NUMBER})\s+(?P<unit>{_UNIT}){_BEHIND}")
_LIKELY = re.compile(r"\d\.?\s+[(A-Za-z°µμΩ1]")
USUAL = ("m", "g", "s", "h", "N", "J", "W", "K", "A", "V", "t", "Pa", "kg")  # short names of units
LONGEST = 2000  # characters of a text that is looked at


def has_literals(text: object) -> bool:
    """Whether a value of a spec is a text with a number and its unit in it."""
    return isinstance(text, str) and len(text) <= LONGEST and bool(_LIKELY.search(text) and LITERAL.search(text))


def with_numbers(text: str, number: Callable[[str, str], str]) -> str:
    """The text with what `number`, of a value and its unit, gives in their place."""
    if not has_literals(text):
        return text
    return LITERAL.sub(lambda found: f"{found['before']}{found['space']}{number(found['number'], found['unit'])}", text)


def only_literal(text: object) -> tuple[str, str] | None:
    """The value and the unit of a text that is nothing else."""
    found = LITERAL.match(text.strip()) if isinstance(text, str) and len(text) <= LONGEST else None
    whole = found is not None and not found["before"] and found.end() == len(found.string)
    return (found["number"], found["unit"]) if found and whole else None


def units_in(value: object) -> set[str]:
    """The units of all values with one, in a text, or in lists and mappings of texts."""
    if isinstance(value, Mapping):
        return {unit for one in value.values() for unit in units_in(one)}
    if isinstance(value, list | tuple):
        return {unit for one in value for unit in units_in(one)}
    text = value if isinstance(value, str) and has_literals(value) else ""
    return {found["unit"] for found in LITERAL.finditer(text)}


def name_in(unit: str, declares: Callable[[str], bool], letters: Sequence[str]) -> str:
    """A word of a unit that a spec has as a name, so that a product may be meant; '' where there is none.

    letters   coordinates and t
    A quotient of usual units, as kN/m or t/mm^3, is one also where m is a constant and t the time.
    """
    for word in re.findall(_NAME, unit):
        if declares(word) and (unit == word or "*" in unit or word not in (*letters, *USUAL)):
            return word
    return ""
