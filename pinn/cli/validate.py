"""`pinn validate SPEC`: read and check a spec, and say how it was understood."""

from __future__ import annotations

from typing import Annotated

import typer

from pinn.cli.arguments import SpecFile


def validate(
    spec: SpecFile,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a value of the spec. Repeatable.")
    ] = None,
) -> None:
    """Check SPEC without solving it, and print the problem as it was understood."""
    import pinn
    from pinn.training.stages import stages_of

    problem = pinn.load(spec, overrides=overrides or ())
    stages_of(problem)  # refused here as a solve would refuse it
    typer.echo(problem.describe())
    typer.echo(f"{spec}: valid")
