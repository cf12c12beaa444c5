"""The problems that come with pinn, by name: heat/poisson_2d, in an installed package and in a checkout alike."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from pinn.errors import SpecError, closest, did_you_mean
from pinn.files.reading import printable

PACKAGE = Path(__file__).resolve().parents[1]
NAME = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)?")  # of a problem: its file without the ending .yaml


def shipped_folder() -> Path:
    """Where the problems lie: in the package once it is installed, beside it in a checkout."""
    installed = PACKAGE / "problems"
    return installed if installed.is_dir() else PACKAGE.parent / "problems"


def shipped_names() -> tuple[str, ...]:
    """field/problem for each of them, in order."""
    folder = shipped_folder()
    return tuple(sorted(file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.yaml")))


def find_spec(written: str | Path) -> Path:
    """The file that `written` means: a file of that name, one in ./problems, or a shipped problem, whose folder may be
    left out.

    Raises SpecError where there is none, with what was probably meant.
    """
    path, own = Path(written), Path("problems", f"{written}.yaml")
    with suppress(OSError):  # a name that is too long is no file's
        if path.exists() or path.is_symlink():
            return path
        if own.is_file():
            return own
    if (name := _shipped(str(written).replace("\\", "/"))) is not None:
        return shipped_folder() / f"{name}.yaml"
    raise SpecError((), f"there is no such file{_way_out(path)}", (printable(str(path)), 1, 1))


def _way_out(path: Path) -> str:
    """A clause with the file beside it, or the shipped problem, that is probably meant; else with those beside it."""
    siblings = {entry.stem: entry.name for entry in path.parent.glob("*.yaml")} if path.parent.is_dir() else {}
    names = {name: name for name in shipped_names() if "/" in str(path) or not path.suffix}
    names |= {name.partition("/")[2]: name for name in names if "/" not in str(path)}
    for written, known in ((path.stem, siblings), (str(path), names)):
        if meant := closest(written, [*known]):
            return f"; did you mean '{known[meant]}'?"
    return did_you_mean(path.stem, [*siblings.values()]) or "; 'pinn list' names those to try"


def _shipped(written: str) -> str | None:
    """The name of the shipped problem that `written` is, or ends, where it is one alone."""
    written = written.removesuffix(".yaml").removeprefix("problems/")
    if not NAME.fullmatch(written):
        return None
    found = [name for name in shipped_names() if written in (name, name.partition("/")[2])]
    return found[0] if len(found) == 1 else None
