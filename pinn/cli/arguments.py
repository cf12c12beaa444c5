"""Arguments that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pinn.files.shipped import find_spec, shipped_names


def completions(incomplete: str) -> list[str]:
    """What a shell offers after so much of a spec: files here, folders, and names of `pinn list`."""
    here = [file for file in sorted(Path().glob(f"{incomplete}*")) if file.is_dir() or file.suffix in (".yaml", ".yml")]
    files = [f"{file.as_posix()}/" if file.is_dir() else file.as_posix() for file in here]
    return [*files, *(name for name in shipped_names() if name.startswith(incomplete))]


# A file that is not there is refused here, before a command imports torch.
SpecFile = Annotated[
    Path,
    typer.Argument(
        metavar="SPEC",
        help="A YAML file, or a problem of 'pinn list'.",
        callback=find_spec,
        autocompletion=completions,
    ),
]
RunOrSpec = Annotated[
    Path,
    typer.Argument(metavar="RUN|SPEC", help="A run's directory, or a problem's YAML file.", callback=find_spec),
]
