"""`pinn report RUN [RUN …]`: the page of a run again, or one page for several."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN…", help="One run's directory, or several.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: report.html in the run's folder, or here for several.")
    ] = None,
) -> None:
    """Write report.html: a run's verdict, numbers, fields to turn and to read, pictures; or a table of several runs."""
    import pinn
    from pinn.errors import SpecError
    from pinn.files.writing import write_text
    from pinn.report.page import FILE, comparison, page, pictures_of

    solutions = [pinn.Solution.load(run) for run in runs]
    file = out or (runs[0] / FILE if len(runs) == 1 else Path(FILE))
    if out is not None and out.suffix != ".html":
        raise SpecError(("--out",), f"must end in .html, got {out}")
    if len(runs) == 1:
        text = page(solutions[0], pictures_of(solutions[0], runs[0]))
    else:
        text = comparison([(str(run), solution) for run, solution in zip(runs, solutions, strict=True)])
    write_text(file, text)
    typer.echo(file)
