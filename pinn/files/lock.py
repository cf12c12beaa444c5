"""Lock: a run's folder belongs to one process at a time.

The lock is the system's own: it ends with the process that has it, however that ends. Where there is flock it is one
on the folder itself, which leaves no file behind; elsewhere (Windows) filelock has one on a file in the folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

try:
    import fcntl
except ImportError:
    fcntl = None

NAME = ".lock"  # of the file, where a folder cannot be locked


class Lock:
    """Taken when made, until it is released or nothing refers to it any more. Raises BlockingIOError where taken."""

    def __init__(self, folder: Path):
        self._release = _flock(folder) if fcntl else _filelock(folder)

    def release(self) -> None:
        release, self._release = self._release, _nothing
        release()

    def __del__(self) -> None:
        if hasattr(self, "_release"):
            self.release()


def _nothing() -> None:
    """What is left to do of a lock that was given back."""


def _flock(folder: Path) -> Callable[[], None]:
    assert fcntl
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return lambda: os.close(descriptor)


def _filelock(folder: Path) -> Callable[[], None]:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / NAME, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise BlockingIOError(str(error)) from None
    return lock.release
