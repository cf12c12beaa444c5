"""`pinn distill RUN`: a small network that keeps the field of a large one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def distill(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run: the teacher.")],
    units: Annotated[str | None, typer.Option(metavar="N[,N…]", help="Widths of the student's hidden layers.")] = None,
    tolerance: Annotated[
        float | None, typer.Option(help="Instead: one hidden layer, widened until the field is kept to this, relative.")
    ] = None,
    activation: Annotated[str, typer.Option(help="Of the student.")] = "gelu",
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Gauss-Newton steps on each student. Default: 60.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Fit a small network to values and gradients of RUN's field; writes RUN/distilled, a run like any other."""
    from pinn.cli.numbers import finite
    from pinn.errors import SpecError
    from pinn.run.directory import require_run

    finite(tolerance, "--tolerance")
    if (units is None) == (tolerance is None):
        raise SpecError(("--units",), "give either --units, the student's size, or --tolerance, its deviation")
    if tolerance is not None and not 0 < tolerance < 1:
        raise SpecError(("--tolerance",), f"must lie between 0 and 1, got {tolerance:g}")
    widths = None if units is None else _widths(units)
    require_run(run)

    from pinn import Solution
    from pinn.comparison.distillation import ITERATIONS, distil, sketches_for
    from pinn.comparison.distillation_report import cells, save, text

    def say(figures) -> None:
        if not quiet:
            name, weights, deviation, *_ = cells(figures)
            typer.echo(f"{name}: {weights} weights, deviation {deviation}", err=True)

    students = sketches_for(widths, activation, iterations or ITERATIONS)
    distilled = distil(Solution.load(run), students, tolerance or 0.0, say)
    folder, sizes = save(distilled, run)
    typer.echo(text(distilled, sizes))
    if tolerance is not None and distilled.figures[-1].deviation > tolerance:
        typer.echo(
            f"warning: no student of up to {students[-1].hidden[0]} units keeps the field to {tolerance:g}", err=True
        )
    typer.echo("")
    typer.echo(folder)


def _widths(text: str) -> list[int]:
    from pinn.errors import SpecError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise SpecError(("--units",), f"must be one or more positive whole numbers such as 32 or 16,16, got {text}")
    return [int(part) for part in parts]
