"""`pinn validate SPEC`: read and check a spec, and say how it was understood."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pinn.cli.arguments import SpecFile


def validate(
    spec: SpecFile,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a value of the spec. Repeatable.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw a plane problem: its patches and what holds there.")
    ] = None,
) -> None:
    """Check SPEC without solving it, and print the problem as it was understood."""
    import pinn
    from pinn.solution.unheld import unheld_loads
    from pinn.training.stages import stages_of

    problem = pinn.load(spec, overrides=overrides or ())
    stages_of(problem)  # refused here as a solve would refuse it
    if picture is not None:
        from pinn.figures.domain_figure import domain_figure
        from pinn.files.writing import write_atomic

        figure = domain_figure(problem)
        write_atomic(picture, lambda scratch: figure.savefig(scratch, format=picture.suffix[1:] or "png"))
    typer.echo(problem.describe())
    for warning in unheld_loads(problem):
        typer.echo(f"warning: {warning}")
    typer.echo(f"{spec}: valid")
