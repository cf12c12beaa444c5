"""`pinn list`: the problems that come with pinn, or those in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pinn.files.shipped import shipped_folder, shipped_names


def list_problems(
    folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="List those in this folder and its subfolders instead.")
    ] = None,
) -> None:
    """List the problems that come with pinn: what to write after 'pinn solve', and the title."""
    from pinn.errors import SpecError

    if folder is None:
        listed = [(name, shipped_folder() / f"{name}.yaml") for name in shipped_names()]
        read = read_shipped
    elif folder.is_dir():
        listed = [(str(file), file) for file in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")])]
        read = read_header
    else:
        raise SpecError(("--folder",), f"there is no folder '{folder}'; write a problem of your own with 'pinn init'")
    if not listed:
        typer.echo(f"no problems in {folder}")
        return
    width = max(len(name) for name, _ in listed)
    for name, file in listed:
        typer.echo(f"{name:{width}}  {' '.join(read(file)[1].split())}".rstrip())


def read_shipped(file: Path) -> tuple[str, str]:
    """(name, title) of a problem that comes with pinn: of a file that is known to be one, the two lines are enough.

    Reading all of all files takes most of the time of a list.
    """
    from pinn.spec.yaml.source import parse_spec

    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(("name:", "title:"))]
    content = parse_spec("\n".join(lines), str(file)).data
    return str(content["name"]), str(content["title"])


def read_header(file: Path) -> tuple[str, str]:
    """(name, title) of a spec, without checking the rest of it: a list must not fail because of one bad file."""
    from pinn.errors import PinnError
    from pinn.spec.yaml.source import read_spec

    try:
        content = read_spec(file).data
        return str(content["name"]), str(content.get("title") or "")
    except (PinnError, KeyError):
        return file.stem, f"(not a problem as it stands: see 'pinn validate {file}')"
