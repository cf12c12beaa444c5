"""A training as `pinn solve` begins it and `pinn resume` goes on with it: checkpoints, results, report, exit code."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from pinn.cli.interruption import Interruption
    from pinn.problem.problem import Problem
    from pinn.run.directory import RunDirectory


COMPUTING = ("pinn", "torch", "numpy", "scipy")  # packages whose other versions may round in another way


@dataclass(frozen=True)
class Settings:
    """What the command line says of a run beside its spec; a run that is resumed keeps it."""

    seed: int | None
    device: str
    engine: str
    track_errors: bool


@dataclass(frozen=True)
class Header:
    """What a run's checkpoints say of the run, and the state of its training in one of them."""

    spec: str
    spec_folder: str
    settings: Settings
    versions: dict[str, str]
    training: dict[str, Any] | None  # None where the engine hands out none

    @classmethod
    def of(cls, state: dict[str, Any], run: Path) -> Header:
        """What `carry_out` had written. Raises ResourceError for anything else."""
        from pinn.errors import ResourceError

        try:
            found = cls(
                str(state["spec"]),
                str(state["spec_folder"]),
                Settings(**state["settings"]),
                dict(state["versions"]),
                None if state["training"] is None else dict(state["training"]),
            )
            training = found.training
            if training is not None and not isinstance(
                training["run"]["seconds"] + training["iteration"], (int, float)
            ):
                raise TypeError("its clock is no number")
        except (LookupError, TypeError, ValueError) as error:
            reason = f"{type(error).__name__} {error}"
            raise ResourceError(
                f"{run}: its checkpoint is not one of a run ({reason}); start again with pinn solve"
            ) from None
        return found

    def other_versions(self, now: dict[str, str]) -> list[str]:
        """A warning where what computes is not what began the run."""
        other = [
            f"{name} {self.versions[name]} ({now[name]} now)"
            for name in COMPUTING
            if self.versions.get(name, now[name]) != now[name]
        ]
        return (
            [f"the run was begun with {', '.join(other)}: the last digits may be others than without the interruption"]
            if other
            else []
        )


def without_state(engine: str) -> str:
    """Why the state of a training cannot be kept; empty where it is."""
    from pinn.solution.engines import find_engine

    return "" if find_engine(engine).RESUMABLE else f"the engine {engine} hands out no state of its training"


def carry_out(
    directory: RunDirectory,
    problem: Problem,
    settings: Settings,
    interruption: Interruption,
    *,
    quiet: bool,
    strict: bool = False,
    state: dict[str, Any] | None = None,
) -> None:
    """Train, from `state` on if there is one, save the run and print its report.

    Exits with the code of its verdict, 3 where it diverged, a signal's code where it was interrupted. `strict` takes
    every verdict but `solved` for one of a result that is not solved.
    """
    from rich.console import Console

    import pinn
    from pinn.errors import Divergence
    from pinn.export.export import export_fields
    from pinn.figures.figures import draw_figures
    from pinn.report.page import write_report
    from pinn.run.keeper import CheckpointKeeper
    from pinn.solution.environment import versions
    from pinn.solution.progress import Progress
    from pinn.solution.report import report
    from pinn.solution.saved import save_run
    from pinn.solution.verdict import Verdict
    from pinn.spec.yaml.source import dump
    from pinn.training.run.stop_reason import StopReason

    def warn(text: str) -> None:
        directory.log(f"warning: {text}")
        if not quiet:
            typer.echo(f"warning: {text}", err=True)

    options = problem.spec.solver
    header = {
        "versions": versions(),
        "spec": dump(problem.spec.resolved()),
        "spec_folder": str(problem.folder.resolve()),
        "settings": asdict(settings),
    }
    keeper = CheckpointKeeper(directory.path, options.checkpoint, header, warn)
    lost = without_state(settings.engine)
    if lost:
        keeper.keep(None)  # so that `pinn resume` knows, even if this process is killed
    with interruption.patient(keeper):
        with Progress(Console(stderr=True), time_limit=options.time_limit, quiet=quiet, log=directory.log) as progress:
            solution = pinn.solve(
                problem, progress=progress, keeper=keeper, state=state, begun=interruption.begun, **asdict(settings)
            )
        keeper.stopped = True  # a signal from here on leaves the rest of the deadline to the results
        files = save_run(directory, solution, products=(export_fields, draw_figures, write_report))
    text = report(solution, [*files, directory.path])
    directory.log(text)
    typer.echo(text)
    stop_reason = solution.metrics["stop_reason"]
    if stop_reason == StopReason.DIVERGED:
        raise typer.Exit(Divergence.exit_code)
    if stop_reason == StopReason.INTERRUPTED:
        typer.echo(
            f"{lost}: it cannot be resumed" if lost else f"pinn resume {directory.path} goes on from here", err=True
        )
        raise typer.Exit(interruption.exit_code)
    verdict = Verdict(solution.metrics["verdict"])
    raise typer.Exit(Verdict.NOT_SOLVED.exit_code if strict and verdict is not Verdict.SOLVED else verdict.exit_code)
