"""Checkpoints: numbered folders with a state each, of which the newest two are kept.

    RUN/checkpoint/000007/  state.json  tensors.safetensors  manifest.json

A checkpoint is written under a hidden name, its manifest last, every file and the folder flushed to the disk, and only
then gets its number; so a number stands for a whole one. The manifest has the size and SHA-256 of each file and its own
number, and ends in a line with the SHA-256 of what is above. Nothing is believed that does not agree with it.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from pinn.errors import ResourceError, one_line
from pinn.files.disk import disk, os_errors
from pinn.files.reading import read_some
from pinn.run.encoding import from_bytes, to_bytes

FOLDER = "checkpoint"
FORMAT = 5
KEPT = 2
LARGEST_MANIFEST = 10_000  # bytes; it has some 300
STATE, TENSORS, MANIFEST = "state.json", "tensors.safetensors", "manifest.json"


def write(run: Path, state: Any) -> int:
    """Write the next checkpoint of a run's folder; returns its bytes.

    Raises ResourceError, which leaves those before it as they are.
    """
    folder = run / FOLDER
    text, tensors = to_bytes(state)
    number = max(numbers(run), default=0) + 1
    files = {STATE: text, TENSORS: tensors}
    files[MANIFEST] = manifest(number, files)
    size = sum(map(len, files.values()))
    hidden, final = folder / f".{number:06d}", folder / f"{number:06d}"
    with os_errors(final, size):
        try:
            disk().make_folder(folder)
            disk().remove(hidden)
            disk().make_folder(hidden)
            for name, content in files.items():
                disk().write(hidden / name, lambda path, content=content: path.write_bytes(content))
                disk().sync(hidden / name)
            disk().sync(hidden)
            disk().rename(hidden, final)
            disk().sync(folder)
        except OSError:
            disk().remove(hidden)
            raise
    for old in sorted(numbers(run))[:-KEPT]:
        disk().remove(folder / f"{old:06d}")
    return size


def read(run: Path) -> tuple[Any, list[str]]:
    """(state, warnings): the newest checkpoint that is whole, and a line for each newer one that is not.

    Raises ResourceError where there is none.
    """
    warnings = []
    for number in sorted(numbers(run), reverse=True):
        folder = run / FOLDER / f"{number:06d}"
        try:
            return checked(folder, number), warnings
        except (OSError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError, SafetensorError) as error:
            warnings.append(f"{folder}: damaged, the one before is used: {one_line(str(error))}")
    found = "; ".join(warnings).replace(", the one before is used", "") or f"{run / FOLDER}: no checkpoint"
    raise ResourceError(f"{found}; start again with pinn solve")


def numbers(run: Path) -> list[int]:
    """Of the checkpoints in a run's folder."""
    folder = run / FOLDER
    return [int(entry.name) for entry in folder.iterdir() if entry.name.isdecimal()] if folder.is_dir() else []


def manifest(number: int, files: dict[str, bytes]) -> bytes:
    """What a checkpoint's files must be."""
    parts = {name: {"bytes": len(content), "sha256": digest(content)} for name, content in files.items()}
    content = json.dumps({"format": FORMAT, "number": number, "files": parts}, indent=1).encode()
    return content + b"\n" + digest(content).encode() + b"\n"


def checked(folder: Path, number: int) -> Any:
    """The state in a checkpoint's folder. Raises ValueError where a file is not what the manifest says."""
    written = read_some(folder / MANIFEST, LARGEST_MANIFEST)
    content, _, rest = written[:-1].rpartition(b"\n")
    if written[-1:] != b"\n" or rest != digest(content).encode():
        raise ValueError(f"{MANIFEST} does not agree with its checksum")
    described = json.loads(content)
    if described["format"] != FORMAT:
        raise ValueError(f"it has format {described['format']}, and this version of pinn reads format {FORMAT}")
    if described["number"] != number:
        raise ValueError(f"{MANIFEST} is of checkpoint {described['number']}")
    files = {}
    for name in (STATE, TENSORS):
        size = int(described["files"][name]["bytes"])
        if (folder / name).stat().st_size != size or size > memory():
            raise ValueError(f"{name} does not have the {size:,} bytes of the manifest, or they do not fit into memory")
        files[name] = read_some(folder / name, size)
        if digest(files[name]) != described["files"][name]["sha256"]:
            raise ValueError(f"{name} does not agree with its checksum")
    state = from_bytes(files[STATE], files[TENSORS])
    if not isinstance(state, dict):
        raise ValueError(f"{STATE} holds no state")
    return state


def memory() -> int:
    """Bytes of the machine."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
