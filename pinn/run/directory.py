"""The directory of a run: where it is, and who owns it."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pinn.errors import SpecError
from pinn.files.disk import disk, os_errors
from pinn.files.lock import NAME as LOCK
from pinn.files.lock import Lock

FILES = ("spec.yaml", "environment.json", "history.csv", "model.safetensors", "metrics.json", "log.txt")
FIELDS = "fields"  # stem of the fields that a run leaves, in any format
DEFAULT_ROOT = Path("results/runs")


@dataclass(frozen=True)
class RunDirectory:
    """The directory that one run owns, and no other process while `lock` is held."""

    path: Path
    lock: Lock | None = field(default=None, repr=False, compare=False)

    @classmethod
    def create(
        cls, name: str, *, root: Path = DEFAULT_ROOT, out: Path | None = None, now: datetime | None = None
    ) -> RunDirectory:
        """Make `out`, or root/name/YYYYmmdd-HHMMSS with -2, -3, … behind it when that is taken.

        Raises SpecError when `out` already holds something or is another process's, ResourceError when a directory
        cannot be made.
        """
        if out is not None:
            make_folder(out, "--out")
            with os_errors(out):
                lock = taken(out, "--out")  # first: of two that find it empty, one must not write
                if any(entry.name != LOCK for entry in out.iterdir()):
                    raise SpecError(("--out",), f"{out} is not empty; a run is never overwritten, name a new directory")
                _require_writable(out)
            return cls(out, lock)
        stamp = f"{now or datetime.now():%Y%m%d-%H%M%S}"
        parent = root / name
        with os_errors(parent):
            parent.mkdir(parents=True, exist_ok=True)
            count = 1
            while True:
                path = parent / (stamp if count == 1 else f"{stamp}-{count}")
                try:
                    path.mkdir()  # mkdir decides who owns the name, so two runs in one second cannot share it
                    return cls(path, taken(path, str(path)))
                except FileExistsError:
                    count += 1

    @classmethod
    def reopen(cls, path: Path) -> RunDirectory:
        """A directory that a run has been in. Raises SpecError where another process is in it, and for links in it."""
        require_run(path)
        with os_errors(path):
            return cls(path, taken(path, str(path)))

    def log(self, line: str) -> None:
        """Add a line to log.txt, if that is possible: a full disk must not end a training for the sake of a line."""
        with suppress(OSError):
            disk().append(self.path / "log.txt", line.rstrip("\n") + "\n")


def make_folder(path: Path, option: str) -> None:
    """Make a folder where there is none. Raises SpecError for a file, ResourceError where it cannot be made."""
    with os_errors(path):
        if path.exists() and not path.is_dir():
            raise SpecError((option,), f"{path} is a file; name a directory that is new or empty")
        path.mkdir(parents=True, exist_ok=True)


def require_run(folder: Path) -> None:
    """Raises SpecError where that is no folder, or one with links: what is written in it would land elsewhere."""
    if not folder.is_dir():
        raise SpecError((), f"{folder} is not a run's directory")
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            if path.is_symlink():
                raise SpecError((), f"{path} is a link; a run's directory holds files of its own, copy it or remove it")


def refuse_own_file(file: Path, option: str = "--out") -> None:
    """Raises SpecError for a file that a run itself writes, or its resumption would: an export has names of its own."""
    file = file.resolve()
    begun = (file.parent / "spec.yaml").is_file()
    if begun and (file.name in FILES or file.stem == FIELDS):
        raise SpecError((option,), f"{file.name} is a file of the run itself and stays as it is; name another one")


def taken(folder: Path, name: str) -> Lock:
    """The lock of a folder. Raises SpecError, under that name, where another process has it."""
    try:
        return Lock(folder)
    except BlockingIOError:
        raise SpecError((name,), f"{folder} belongs to a run that is at work; name another directory") from None


def _require_writable(folder: Path) -> None:
    """Find out before the computing, not after it."""
    with tempfile.TemporaryFile(dir=folder):
        pass
