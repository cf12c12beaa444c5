"""Arguments that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pinn.files.shipped import find_spec

# A file that is not there is refused here, before a command imports torch.
SpecFile = Annotated[
    Path,
    typer.Argument(metavar="SPEC", help="A YAML file, or a problem of 'pinn list'.", callback=find_spec),
]
RunOrSpec = Annotated[
    Path,
    typer.Argument(metavar="RUN|SPEC", help="A run's directory, or a problem's YAML file.", callback=find_spec),
]
