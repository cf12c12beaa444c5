"""`pinn resume RUN`: go on with a run that was interrupted, from its last checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

CHANGEABLE = ("solver.time_limit", "solver.checkpoint")  # what leaves the weights as they would have been


def resume(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's directory.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A longer solver.time_limit, or solver.checkpoint."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Go on with the run in RUN where its last checkpoint is: it ends as if it had never been interrupted."""
    from pinn.errors import SpecError

    for override in overrides or ():
        if override.partition("=")[0].strip() not in CHANGEABLE:
            raise SpecError(("--set",), f"a run that is resumed can change {' and '.join(CHANGEABLE)}, not {override}")
    from pinn.cli.training import Header, carry_out, without_state
    from pinn.problem.loading import build
    from pinn.run import checkpoint
    from pinn.run.directory import RunDirectory
    from pinn.solution.environment import versions
    from pinn.spec.yaml.overrides import apply_overrides
    from pinn.spec.yaml.source import parse_spec
    from pinn.training.run.stop_reason import StopReason

    directory = RunDirectory.reopen(run)

    def warn(text: str) -> None:
        directory.log(f"warning: {text}")
        typer.echo(f"warning: {text}", err=True)

    state, damaged = checkpoint.read(run)
    kept = Header.of(state, run)
    for text in (*damaged, *kept.other_versions(versions())):
        warn(text)
    _require_same_problem(run, kept.spec)
    source = apply_overrides(parse_spec(kept.spec, str(run / "spec.yaml")), list(overrides or ()))
    problem = build(source, Path(kept.spec_folder))
    training = kept.training
    reason = _finished(run)
    out_of_time = reason == StopReason.TIME_LIMIT
    longer = out_of_time and training and training["run"]["seconds"] < problem.spec.solver.time_limit
    if reason not in (None, StopReason.INTERRUPTED) and not longer:
        way_out = "; --set solver.time_limit=SECONDS goes on" if out_of_time and training else ""
        typer.echo(f"{run} is finished ({reason}), nothing to do{way_out}")
        return
    if training is None:
        why = without_state(kept.settings.engine) or "its checkpoint holds no state of a training"
        raise SpecError((str(run),), f"{why}, so there is nothing to go on from; start again with pinn solve")
    directory.log(f"resumed after {training['run']['seconds']:.1f} s, iteration {training['iteration']}")
    carry_out(directory, problem, kept.settings, context.obj, quiet=quiet, state=training)


def _require_same_problem(run: Path, kept: str) -> None:
    """Raises SpecError where the checkpoint is not one of the problem in the run's spec.yaml."""
    from pinn.errors import SpecError
    from pinn.spec.yaml.source import parse_spec, read_spec

    file = run / "spec.yaml"
    if not file.is_file():
        return  # the checkpoint knows it as well

    # An unfinished march leaves the spec of the part that it has.
    cut = ("time", "probes", "reference", "outputs") if _unfinished(run) else ()

    def fixed(spec: dict[str, Any]) -> dict[str, Any]:
        """Without what a run that is resumed may change; a spec of a run has a solver with everything in it."""
        solver = spec.get("solver")
        kept = solver if isinstance(solver, dict) else {}
        found = {**spec, "solver": {key: value for key, value in kept.items() if f"solver.{key}" not in CHANGEABLE}}
        return {key: value for key, value in found.items() if key not in cut}

    if fixed(read_spec(file).data) != fixed(parse_spec(kept, str(file)).data):
        message = "the checkpoint is one of another problem, or spec.yaml was changed; restore what was there"
        raise SpecError((), f"{run}: {message}, or start again with pinn solve")


def _unfinished(run: Path) -> bool:
    """Whether a run's fields end before the problem does."""
    from pinn.errors import ResourceError
    from pinn.files.reading import read_json

    try:
        return (run / "metrics.json").is_file() and "reached" in read_json(run / "metrics.json")
    except ResourceError:
        return False


def _finished(run: Path) -> str | None:
    """Why a run stopped; None where its metrics or its weights are not there, or damaged: they are written again."""
    from pinn.errors import ResourceError
    from pinn.files.reading import read_json

    file = run / "metrics.json"
    if not (run / "model.safetensors").is_file():
        return None
    try:
        reason = read_json(file).get("stop_reason") if file.is_file() else None
    except ResourceError:
        return None
    return reason if isinstance(reason, str) else None
