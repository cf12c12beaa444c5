"""`pinn harden RUN`: a trained GELU network becomes a ReLU network that keeps its field."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Target(StrEnum):
    """What the network becomes."""

    relu = "relu"


class Measure(StrEnum):
    """What a tolerance is a tolerance of: the integral |Phi(lambda z) - H(z)| dz, or the gap sup |f - ReLU|."""

    integral = "integral"
    gap = "gap"


def harden(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run with gelu or lambda_gelu.")],
    target: Annotated[Target, typer.Option(help="What the activation becomes.")] = Target.relu,
    hardness: Annotated[
        float | None, typer.Option(min=1, help="λ at the end of the ramp. Default: 160, the integral to 0.005.")
    ] = None,
    tolerance: Annotated[float | None, typer.Option(help="λ from a tolerance instead: see --measure.")] = None,
    measure: Annotated[
        Measure, typer.Option(help="--tolerance is of ∫|Φ(λz) − H(z)| dz = 0.798/λ, or of sup|f − ReLU| = 0.170/λ.")
    ] = Measure.integral,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps of the ramp. Default: 10.")] = None,
    iterations: Annotated[int | None, typer.Option(min=1, help="Gauss-Newton steps at each. Default: 2.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Turn the smooth network of RUN into a ReLU network that keeps the field, step by step; writes RUN/hardened."""
    from pinn.cli.numbers import finite
    from pinn.errors import SpecError
    from pinn.run.directory import require_run

    finite(hardness, "--hardness")
    if hardness is not None and tolerance is not None:
        raise SpecError(("--hardness",), "cannot be combined with --tolerance; either gives λ")
    if tolerance is not None and not 0 < tolerance < 1:
        raise SpecError(("--tolerance",), f"must lie between 0 and 1, got {tolerance:g}")
    require_run(run)

    from pinn import Solution
    from pinn.comparison.hardening import harden_solution
    from pinn.comparison.hardening_report import cells, save, text
    from pinn.solution.report import unverified
    from pinn.training.hardening.hardening import Ramp, target_hardness

    given = {"target": hardness, "steps": steps, "iterations": iterations}
    if tolerance is not None:
        given["target"] = target_hardness(tolerance, measure.value)
    ramp = Ramp(**{name: value for name, value in given.items() if value is not None})
    solution = Solution.load(run)
    if doubt := unverified(solution.metrics):
        typer.echo(f"warning: {doubt}", err=True)

    def say(step) -> None:
        if not quiet:
            name, hardness, field, gradient, *_ = cells(step)
            typer.echo(f"{name}: λ {hardness}, field error {field}, gradient error {gradient}", err=True)

    hardened = harden_solution(solution, ramp, say)
    folder = save(hardened, run)
    typer.echo(text(hardened))
    typer.echo("")
    typer.echo(folder)
