"""Files that somebody else may have written: only regular ones are read, no more of them than is expected."""

from __future__ import annotations

import csv
import errno
import json
import os
import stat
from os import PathLike
from pathlib import Path
from typing import Any

from pinn.errors import ResourceError

LARGEST_JSON = 100_000_000  # bytes; the metrics of a run take some thousand


def read_some(path: str | PathLike[str], most: int) -> bytes:
    """The bytes of a regular file, at most one more than `most`: a pipe would be waited for, a device never ends."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            raise OSError(errno.EISDIR if folder else errno.EINVAL, "")
        return stream.read(most + 1)


def read_json(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds. Raises ResourceError for anything else."""
    try:
        content = read_some(path, LARGEST_JSON)
        if len(content) > LARGEST_JSON:
            raise ValueError(f"it has more than {LARGEST_JSON:,} bytes")
        found = json.loads(content, object_pairs_hook=without_repetition)
    except RecursionError:
        raise ResourceError(f"{path}: cannot be read: it is nested too deeply") from None
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise ResourceError(f"{path}: cannot be read: {reason}") from None
    if not isinstance(found, dict):
        raise ResourceError(f"{path}: cannot be read: it holds no JSON object")
    return found


def without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of the two values that one key has, each reader would believe another one."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key appears twice")
    return found


def read_history(path: Path) -> list[dict[str, Any]]:
    """The rows that `write_history` wrote, numbers as numbers, empty cells as None; none where there is no file."""
    if not path.is_file():
        return []

    def number(text: str) -> Any:
        try:
            return float(text) if text else None
        except ValueError:
            return text

    try:
        with path.open(newline="", encoding="utf-8") as stream:
            table = csv.DictReader(stream, restkey="", restval="")  # of a row that is too long or too short
            return [{key: number(text) for key, text in row.items() if key} for row in table]
    except (OSError, ValueError, csv.Error) as error:
        raise ResourceError(f"{path}: cannot be read: {error}") from None


def printable(file: str) -> str:
    """A file name as a message shows it: one line, whatever the name holds."""
    return "".join(character if character.isprintable() else "?" for character in file)
