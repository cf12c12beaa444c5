"""Which names a spec may declare."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pinn.spec.yaml.subset import shown

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
MAX_NAME = 60
FUNCTIONS = frozenset(
    ("sin", "cos", "tan", "exp", "log", "sqrt", "abs", "sinh", "cosh", "tanh", "asin", "acos", "atan", "atan2", "erf")
    + ("min", "max", "where", "sign", "heaviside", "d", "laplacian", "grad", "div")
)
RESERVED = frozenset({"t", "n", "nx", "ny", "nz", "pi", "e", "exact"})


def spelling_refusal(name: str) -> str | None:
    """Why `name` cannot be an identifier of the expression language, or None."""
    if not IDENTIFIER.fullmatch(name) or name.endswith("_") or "__" in name:
        return f"{shown(name)} is not a name; use letters, digits and single underscores inside, a letter first"
    if len(name) > MAX_NAME:
        return f"names have at most {MAX_NAME} characters, got {len(name)}; shorten it"
    return None


def name_refusal(name: str, coordinates: Sequence[str]) -> str | None:
    """Why nothing may be called `name` in a problem with these coordinates, or None."""
    if refusal := spelling_refusal(name):
        return refusal
    if name in coordinates:
        return f"{shown(name)} is a coordinate; choose another name"
    if name in FUNCTIONS:
        return f"{shown(name)} is a function; choose another name"
    if name in RESERVED:
        return f"{shown(name)} is reserved; choose another name"
    return None
