"""The disk, as a run uses it: all that a run writes goes through one object, which tests replace by one that fails."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pinn.errors import ResourceError

HAS_FOLDERS = hasattr(os, "O_DIRECTORY")  # can a folder be opened as a file is, to have its names written?


class Disk:
    """Writes, flushes and renames. Every method may raise OSError."""

    def make_folder(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)

    def write(self, path: Path, writer: Callable[[Path], Any]) -> None:
        """Let `writer` write the file, and what it leaves beside it."""
        writer(path)

    def append(self, path: Path, text: str) -> None:
        """Add to a file, which is no link: whoever made that chose another file."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(path, flags, 0o666), "a", encoding="utf-8") as stream:
            stream.write(text)

    def sync(self, path: Path) -> None:
        """Return when a file's content, or the names in a folder, are on the disk; Windows opens no folders."""
        if not HAS_FOLDERS and path.is_dir():
            return
        descriptor = os.open(path, os.O_RDONLY if HAS_FOLDERS else os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Give a file or folder its name; a file of that name is replaced in the same moment."""
        os.replace(source, target)

    def remove(self, path: Path) -> None:
        """Remove a file, folder or link as far as that is possible: what is left over is in nobody's way."""
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    def free_bytes(self, folder: Path) -> int:
        """What this user may still write."""
        return shutil.disk_usage(folder).free


_disks = [Disk()]  # the last one is in use


def disk() -> Disk:
    return _disks[-1]


@contextmanager
def replaced_by(other: Disk) -> Iterator[None]:
    """Use another disk meanwhile."""
    _disks.append(other)
    try:
        yield
    finally:
        _disks.remove(other)


@contextmanager
def os_errors(path: Path, size: int | None = None) -> Iterator[None]:
    """Turn an OSError into a ResourceError that names the path, the reason and, where known, the bytes."""
    try:
        yield
    except OSError as error:
        bytes_ = "" if size is None else f" {size:,} bytes"
        raise ResourceError(f"{path}: cannot write{bytes_}: {error.strerror or error}") from error
