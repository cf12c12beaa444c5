"""`pinn solve SPEC`: train, save the run, print the errors and where the files are."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pinn.cli.arguments import SpecFile


class Device(StrEnum):
    """Where to compute; auto takes CUDA when there is one."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def solve(
    context: typer.Context,
    spec: SpecFile,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override, e.g. solver.time_limit=30. Repeatable."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Directory of the run, new or empty. Default: results/runs/NAME/DATE-TIME."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the random numbers, instead of solver.seed.")] = None,
    device: Annotated[Device, typer.Option(help="Where to compute.")] = Device.auto,
    engine: Annotated[
        str, typer.Option(help="What computes: native (this program), or deepxde for comparison.")
    ] = "native",
    track_errors: Annotated[
        bool, typer.Option("--track-errors", help="Add the true errors, where known, to history.csv as error:NAME.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 5 unless every estimated error is below the tolerance.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Solve the problem in SPEC and leave a run directory: weights, metrics, fields for ParaView, figures."""
    from pinn.solution.engines import find_engine, require_engine

    require_engine(engine)
    import pinn
    from pinn.cli.training import Settings, carry_out
    from pinn.export.export import output_times
    from pinn.files.writing import write_text
    from pinn.problem.warnings import warnings
    from pinn.run.directory import RunDirectory
    from pinn.run.space import require_space
    from pinn.solution.unheld import unheld_loads
    from pinn.spec.yaml.source import dump

    overrides = [*(overrides or ()), *([] if seed is None else [f"solver.seed={seed}"])]  # spec.yaml repeats the run
    problem = pinn.load(spec, overrides=overrides)
    problem = find_engine(engine).prepare(problem)
    find_engine(engine).stages_of(problem)  # refused before there is a directory
    output_times(problem)  # refused now rather than after the training
    directory = RunDirectory.create(problem.name, out=out)
    require_space(directory.path, problem)
    directory.log(f"pinn {pinn.__version__}: " + " ".join(sys.argv[1:]))
    for warning in (*warnings(problem), *unheld_loads(problem)):
        directory.log(f"warning: {warning}")
        if not quiet:
            typer.echo(f"warning: {warning}", err=True)
    write_text(directory.path / "spec.yaml", dump(problem.spec.resolved()))
    settings = Settings(seed=seed, device=device.value, engine=engine, track_errors=track_errors)
    carry_out(directory, problem, settings, context.obj, quiet=quiet, strict=strict)
