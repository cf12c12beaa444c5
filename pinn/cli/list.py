"""`pinn list`: the problems in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def list_problems(
    folder: Annotated[Path, typer.Option(metavar="DIR", help="Where to look, with its subfolders.")] = Path("problems"),
) -> None:
    """List the problems in ./problems: name, title, path."""
    from pinn.errors import SpecError

    if not folder.is_dir():
        raise SpecError(
            ("--folder",), f"there is no folder '{folder}' here; name one, or write a problem with 'pinn init NAME'"
        )
    files = sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")])
    rows = [(*read_header(file), str(file)) for file in files]
    if not rows:
        typer.echo(f"no problems in {folder}")
        return
    name_width, title_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, title, path in rows:
        typer.echo(f"{name:{name_width}}  {title:{title_width}}  {path}")


def read_header(file: Path) -> tuple[str, str]:
    """(name, title) of a spec, without checking the rest of it: a list must not fail because of one bad file."""
    from pinn.errors import PinnError
    from pinn.spec.yaml.source import read_spec

    try:
        content = read_spec(file).data
        return str(content["name"]), str(content.get("title") or "")
    except (PinnError, KeyError):
        return file.stem, f"(not a problem as it stands: see 'pinn validate {file}')"
