"""The directory of a run: where it is, and files that appear in it whole or not at all."""

from __future__ import annotations

import csv
import errno
import json
import math
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from pinn.errors import SpecError
from pinn.files.disk import disk, os_errors
from pinn.files.lock import Lock

if TYPE_CHECKING:
    from pinn.solution.solution import Solution

DEFAULT_ROOT = Path("results/runs")

# What analysis makes of a solution, in a run's directory: fields, figures. It returns the files it wrote.
Product = Callable[["Solution", Path], Sequence[Path]]


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
            with os_errors(out):
                if out.exists() and not out.is_dir():
                    raise SpecError(("--out",), f"{out} is a file; name a directory that is new or empty")
                out.mkdir(parents=True, exist_ok=True)
                lock = taken(out, "--out")  # first: of two that find it empty, one must not write
                if any(out.iterdir()):
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


def require_run(folder: Path) -> None:
    """Raises SpecError where that is no folder, or one with links: what is written in it would land elsewhere."""
    if not folder.is_dir():
        raise SpecError((), f"{folder} is not a run's directory")
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            if path.is_symlink():
                raise SpecError((), f"{path} is a link; a run's directory holds files of its own, copy it or remove it")


def taken(folder: Path, name: str) -> Lock:
    """The lock of a folder. Raises SpecError, under that name, where another process has it."""
    try:
        return Lock(folder)
    except BlockingIOError:
        raise SpecError((name,), f"{folder} belongs to a run that is at work; name another directory") from None


def save_run(directory: RunDirectory, solution: Solution, products: Sequence[Product] = ()) -> list[Path]:
    """Write everything a run leaves; metrics.json comes last, so a directory that has it has the weights and history.

    `products` make the fields and the figures. If one fails, what cost the computing time is still saved, and the
    failure is raised at the end. The total of seconds in metrics.json counts the writing as well.
    """
    from pinn.spec.yaml.source import dump

    begun = perf_counter()
    folder = directory.path
    write_text(folder / "spec.yaml", dump(solution.problem.spec.resolved()))
    write_json(folder / "environment.json", solution.environment)
    write_history(folder / "history.csv", solution.history)
    write_atomic(folder / "model.safetensors", solution.save_weights)
    written: list[Path] = []
    failure: Exception | None = None
    for product in products:
        try:
            written += product(solution, folder)
        except Exception as error:
            directory.log(f"{type(error).__name__}: {error}")
            failure = failure or error
    seconds = solution.metrics["seconds"]
    total = seconds["total"] + perf_counter() - begun
    write_json(folder / "metrics.json", {**solution.metrics, "seconds": {**seconds, "total": total}})
    if failure is not None:
        raise failure
    return written


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


def _require_writable(folder: Path) -> None:
    """Find out before the computing, not after it."""
    with tempfile.TemporaryFile(dir=folder):
        pass
