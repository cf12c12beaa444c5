"""CSV tables that somebody else wrote: a line of names, then lines of numbers, kept as numbers from the start."""

from __future__ import annotations

import csv
import math
from array import array
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MOST_COLUMNS = 10_000  # a table of instants by nodes is turned over to have fewer; names this many are compared quickly


def read_csv(file: Path) -> dict[str, NDArray[np.float64]]:
    """Column name -> [N], from UTF-8 text with or without a byte order mark; lines that begin with # are comments.

    Raises ValueError for text that is no such table, OSError where it cannot be read.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            return _columns(row for row in csv.reader(stream) if row and not row[0].startswith("#"))
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 text (byte {error.start}); save it as 'CSV UTF-8'") from None
    except csv.Error as error:  # also: one field of more characters than any number has
        raise ValueError(f"is no table of numbers: {error}") from None


def _columns(rows) -> dict[str, NDArray[np.float64]]:
    names = [name.strip() for name in next(rows, [])]
    _require_names(names)
    values, count = array("d"), 0
    for count, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise ValueError(f"line {count + 1} has {len(row)} values, the header {len(names)} names")
        try:
            values.extend([_number(text) for text in row])
        except ValueError as error:
            raise ValueError(f"line {count + 1}: {error}") from None
    if not count:
        raise ValueError("needs a line of column names and at least one line of numbers")
    table = np.frombuffer(values).reshape(count, len(names))
    return {name: table[:, k].copy() for k, name in enumerate(names)}


def _require_names(names: list[str]) -> None:
    if len(names) > MOST_COLUMNS:
        raise ValueError(f"has {len(names):,} columns, at most {MOST_COLUMNS:,} are read; write one row for each value")
    if len(names) == 1 and ";" in names[0]:
        raise ValueError("the separator must be a comma, not a semicolon, and decimals have a point")
    if names and all(_is_number(name) for name in names):
        raise ValueError(f"the first line must name the columns, got {', '.join(names[:5])}")
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"column '{name}' appears twice")
        seen.add(name)


def _number(text: str) -> float:
    """As a table writes it: Python alone would read 1_0 as ten, and digits of other scripts."""
    if "_" in text or not text.isascii():
        raise ValueError(f"'{text[:30]}' is not a number")
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"'{text[:30]}' is not a number") from None


def _is_number(text: str) -> bool:
    try:
        return not math.isnan(_number(text))
    except ValueError:
        return False
