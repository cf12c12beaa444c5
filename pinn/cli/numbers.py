"""Numbers of the command line: finite ones, alone, in lists and as assignments."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pinn.errors import SpecError


def finite(value: float | None, option: str) -> float | None:
    """The number of an option, where one is given. Raises SpecError for NaN and infinity."""
    if value is not None and not math.isfinite(value):
        raise SpecError((option,), f"must be a finite number, got {value:g}")
    return value


def numbers(text: str, option: str) -> list[float]:
    """`0.5,1e-3`. Raises SpecError for anything but finite numbers."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise SpecError((option,), f"expected numbers with commas between them, got '{text}'") from error
    for number in found:
        finite(number, option)
    return found


def assignments(texts: Sequence[str], option: str) -> dict[str, float]:
    """radius=0.42, once or several times, or several with commas between them."""
    found: dict[str, float] = {}
    for text in ",".join(texts).split(",") if texts else ():
        name, equals, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not equals or not math.isfinite(number):
            raise SpecError((option,), f"expected NAME=VALUE such as radius=0.42, got '{text}'")
        if name.strip() in found:
            raise SpecError((option,), f"'{name.strip()}' has two values")
        found[name.strip()] = number
    return found
