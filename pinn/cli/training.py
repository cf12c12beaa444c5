"""A training as `pinn solve` begins it and `pinn resume` goes on with it: checkpoints, results, report, exit code."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from pinn.cli.interruption import Interruption
    from pinn.problem import Problem
    from pinn.run.directory import RunDirectory


@dataclass(frozen=True)
class Settings:
    """What the command line says of a run beside its spec; a run that is resumed keeps it."""

    seed: int | None
    device: str
    engine: str
    track_errors: bool


def carry_out(
    directory: RunDirectory,
    problem: Problem,
    settings: Settings,
    interruption: Interruption,
    *,
    quiet: bool,
    state: dict[str, Any] | None = None,
) -> None:
    """Train, from `state` on if there is one, save the run and print its report. Exits with 3 or a signal's code."""
    from rich.console import Console

    import pinn
    from pinn.analysis.export import export_fields
    from pinn.analysis.figures import draw_figures
    from pinn.analysis.report import report
    from pinn.cli.progress import Progress
    from pinn.engines import find_engine
    from pinn.run.directory import save_run
    from pinn.run.keeper import Keeper
    from pinn.spec.source import dump

    def warn(text: str) -> None:
        directory.log(f"warning: {text}")
        if not quiet:
            typer.echo(f"warning: {text}", err=True)

    options = problem.spec.solver
    header = {
        "version": pinn.__version__,
        "spec": dump(problem.spec.resolved()),
        "spec_folder": str(problem.folder.resolve()),
        "settings": asdict(settings),
    }
    keeper = Keeper(directory.path, options.checkpoint, header, warn)
    with interruption.patient(keeper):
        with Progress(Console(stderr=True), time_limit=options.time_limit, quiet=quiet, log=directory.log) as progress:
            solution = pinn.solve(
                problem, progress=progress, out=directory.path, keeper=keeper, state=state, **asdict(settings)
            )
        keeper.stopped = True  # a signal from here on leaves the rest of the deadline to the results
        files = save_run(directory, solution, products=(export_fields, draw_figures))
    text = report(solution, [*files, directory.path])
    directory.log(text)
    typer.echo(text)
    stop_reason = solution.metrics["stop_reason"]
    if stop_reason == "diverged":
        raise typer.Exit(3)
    if stop_reason == "interrupted":
        if find_engine(settings.engine).RESUMABLE:
            typer.echo(f"pinn resume {directory.path} goes on from here", err=True)
        raise typer.Exit(interruption.exit_code)
