"""Lock: a run's folder belongs to one process at a time.

The lock is the system's own (flock) on the folder itself: it leaves no file behind, and ends with the process that has
it, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Lock:
    """Taken when made, until it is released or nothing refers to it any more. Raises BlockingIOError where taken."""

    def __init__(self, folder: Path):
        self.descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __del__(self) -> None:
        if hasattr(self, "descriptor"):
            self.release()
