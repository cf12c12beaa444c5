"""Writing files that appear whole or not at all."""

from __future__ import annotations

import csv
import errno
import json
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pinn.files.disk import disk, os_errors


def write_atomic(path: Path, writer: Callable[[Path], Any]) -> None:
    """Let `writer` write a file of the same name in a scratch folder, then move it to `path`.

    What the writer leaves beside it (the .h5 of an .xdmf, the folder of a .pvd) moves first. Every file is on the disk
    before it gets its name, so a crash or a full disk leaves the old file or none, never half of one, and never one
    whose companions are partly there.
    """
    with os_errors(path):
        disk().make_folder(path.parent)
        scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        try:
            disk().write(scratch / path.name, writer)
            _move(scratch, path)
        finally:
            disk().remove(scratch)


def _move(scratch: Path, path: Path) -> None:
    """Give the files of a scratch folder their names, that of `path` last; if one cannot have its name, none has."""
    main = scratch / path.name
    companions = sorted(file for file in scratch.rglob("*") if file.is_file() and file != main)
    files = [*companions, main]
    for file in files:
        disk().sync(file)
    if companions and path.exists():
        disk().remove(path)  # it must not be there while its companions are partly new
    moved: list[Path] = []
    try:
        for file in files:
            target = path.parent / file.relative_to(scratch)
            if target.parent != path.parent:
                if target.parent.is_symlink():
                    raise OSError(errno.ELOOP, "is a link", str(target.parent))
                disk().make_folder(target.parent)
            moved.append(target)
            disk().rename(file, target)
        for folder in dict.fromkeys(target.parent for target in moved):
            disk().sync(folder)
    except BaseException:
        if companions:
            for target in moved:
                with suppress(OSError):
                    disk().remove(target)
                    if target.parent != path.parent:
                        target.parent.rmdir()  # where this was the last file in it
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    write_atomic(path, lambda scratch: scratch.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Write JSON: floats to their last digit, NaN and infinities as null, since JSON has no word for them."""
    write_text(path, json.dumps(plain(content), indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def write_history(path: Path, history: Sequence[Mapping[str, Any]]) -> None:
    """Write one line per iteration; the columns are every key that any iteration has, in order of appearance."""
    columns = list(dict.fromkeys(key for row in history for key in row))

    def write(scratch: Path) -> None:
        with scratch.open("w", encoding="utf-8", newline="") as stream:
            table = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
            table.writeheader()
            table.writerows({key: "" if value is None else value for key, value in row.items()} for row in history)

    write_atomic(path, write)


def plain(value: Any) -> Any:
    """Content that JSON can hold: numpy and torch scalars and arrays become numbers and lists, paths become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if hasattr(value, "tolist"):  # numpy and torch, neither of which is imported here
        return plain(value.tolist())
    return str(value)
