"""`pinn bench [NAMES]`: the same problems under several engines, error against seconds; or a folder of problems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pinn.files.shipped import find_spec, shipped_folder

# Smooth and steep, linear and nonlinear, steady and in time, scalar and elastic.
NAMES = (
    "heat/poisson_2d",
    "heat/heat_1d",
    "heat/nonlinear_poisson",
    "waves/helmholtz_2d",
    "waves/wave_1d",
    "transport/burgers",
    "fluids/kovasznay",
    "elasticity/manufactured_plate",
    "elasticity/plate_with_hole",
)


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAMES]",
            help="Problems of 'pinn list', or files. Default: nine of them. A folder of 'pinn list', such as pinnacle, "
            "solves all its problems, or those named after it, and writes a table of them.",
        ),
    ] = None,
    engines: Annotated[
        str, typer.Option(help="Which engines, with commas between them: native is this program.")
    ] = "native,deepxde",
    time_limit: Annotated[
        float | None, typer.Option(min=0.1, metavar="S", help="Seconds of each run, instead of solver.time_limit.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds: 0, 1, …")] = 1,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override, as in 'pinn solve'. Repeatable.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where engines.md, engines.json and engines.png go.")] = Path(
        "results/benchmarks"
    ),
) -> None:
    """Race engines on a list of problems. Runs that are done are kept; repeated ones replace their rows."""
    from pinn.cli.numbers import finite
    from pinn.run.directory import make_folder
    from pinn.solution.engines import require_engine

    finite(time_limit, "--time-limit")
    if names and "/" not in names[0] and (shipped_folder() / names[0]).is_dir():
        solve_folder(shipped_folder() / names[0], names[1:], time_limit, seeds, overrides or (), out)
        return
    chosen = [engine.strip() for engine in engines.split(",") if engine.strip()]
    for engine in chosen:
        require_engine(engine)
    files = {name: find_spec(name) for name in names or NAMES}

    import os
    import platform

    import pinn
    from pinn.comparison.race import Entry, Race, primary_quantity, timed
    from pinn.comparison.race_figure import draw_race
    from pinn.errors import SpecError
    from pinn.files.writing import write_text

    problems = {name: pinn.load(file, overrides=overrides or ()) for name, file in files.items()}
    quantities = {name: primary_quantity(problem) for name, problem in problems.items()}
    for name, quantity in quantities.items():
        if quantity is None:
            raise SpecError(("NAMES",), f"{name}: nothing is known of its solution; it needs 'exact' or 'reference'")
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    make_folder(out, "--out")
    race = Race.resume(out / "engines.json", machine)
    for seed in range(seeds):
        for name, file in files.items():
            for engine in chosen:
                limit = time_limit or problems[name].spec.solver.time_limit
                entry = Entry(name, engine, seed, limit, quantities[name] or "")
                typer.echo(f"{name}  {engine}  seed {seed}  …", err=True)
                entry, seconds = timed(entry, file, overrides or ())
                race.add(entry)
                write_text(out / "engines.md", race.table())
                draw_race(race, out / "engines.png")
                what = entry.message or f"error {entry.error:.1e} of {entry.quantity} in {entry.seconds:.1f} s"
                typer.echo(f"{name}  {engine}  seed {seed}  {what}; {seconds:.1f} s in all", err=True)
    for suffix in ("md", "json", "png"):
        typer.echo(out / f"engines.{suffix}")


def solve_folder(
    folder: Path, names: Sequence[str], time_limit: float | None, seeds: int, overrides: Sequence[str], out: Path
) -> None:
    """All problems of a folder, or those named, into FOLDER.md and FOLDER.json."""
    import os
    import platform

    from pinn.comparison.collection import Collection, solved
    from pinn.run.directory import make_folder

    files = [find_spec(f"{folder.name}/{name}") for name in names] or sorted(folder.glob("*.yaml"))
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    make_folder(out, "--out")
    collection = Collection.resume(folder, out / f"{folder.name}.json", machine)
    for seed in range(seeds):
        for file in files:
            typer.echo(f"{file.stem}  seed {seed}  …", err=True)
            result = solved(file, seed, time_limit, overrides)
            collection.add(result)
            errors = ", ".join(f"{name} {error:.1e}" for name, error in result.errors.items()) or result.message
            typer.echo(f"{file.stem}  seed {seed}  {errors}; {result.verdict}; {result.seconds:.1f} s", err=True)
    for suffix in ("md", "json"):
        typer.echo(out / f"{folder.name}.{suffix}")
