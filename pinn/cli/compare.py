"""`pinn compare SPEC`: the same problem with each activation, what each can carry, and why."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pinn.cli.arguments import SpecFile

DEFAULT_ROOT = Path("results/comparisons")


class Style(StrEnum):
    """How to solve: as the spec says, or a plain deep network under Adam, then L-BFGS."""

    spec = "spec"
    deep = "deep"


def compare(
    spec: SpecFile,
    activations: Annotated[
        str, typer.Option(help="Which, with commas between them; lambda_gelu alone learns its hardness.")
    ] = "gelu,lambda_gelu,tanh,silu,relu",
    hardness: Annotated[
        str, typer.Option(metavar="LIST", help="Also the walk from GELU to ReLU, e.g. 1,2,5,10,20,50,160.")
    ] = "",
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds: 0, 1, …")] = 3,
    style: Annotated[
        Style, typer.Option(help="The spec's own solver, or a deep network (4x64) under Adam, then L-BFGS.")
    ] = Style.spec,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override, as in 'pinn solve'. Repeatable.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs at once. Default: one per core, or per solver.threads cores.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Default: results/comparisons/NAME, or NAME-deep. Finished runs are kept."),
    ] = None,
) -> None:
    """Train a problem with each activation under the same conditions; say which can carry its curvature, and why."""
    names = split(activations, "--activations")
    steps = [positive(text) for text in split(hardness, "--hardness")] if hardness else []

    import pinn
    from pinn.comparison.compare import Comparison
    from pinn.comparison.compare_figures import draw_comparison
    from pinn.comparison.compare_page import markdown
    from pinn.comparison.processes import cores
    from pinn.comparison.trials import STYLES, plan_trials
    from pinn.files.writing import write_json, write_text
    from pinn.problem.description import method
    from pinn.report.page import of_markdown
    from pinn.run.directory import make_folder

    settings = [*STYLES[style.value], *(overrides or ())]
    problem = pinn.load(spec, overrides=settings)
    at_once, threads = shares(cores(), jobs, problem.spec.solver.threads)
    settings.append(f"solver.threads={threads}")
    folder = out or DEFAULT_ROOT / (problem.name if style is Style.spec else f"{problem.name}-{style.value}")
    trials = plan_trials(spec, names, steps, seeds, settings, folder)
    make_folder(folder, "--out")
    comparison = Comparison(problem, method(problem), trials)

    def say(text: str) -> None:
        typer.echo(text, err=True)

    try:
        comparison.run(at_once, threads, say)
    except KeyboardInterrupt:
        say(f"the runs that have ended are kept in {folder}; the same command goes on from there")
        raise
    say("measuring curvature, drawing …")
    summary = comparison.summary()
    page = markdown(summary)
    write_json(folder / "comparison.json", summary)
    write_text(folder / "comparison.csv", comparison.table())
    write_text(folder / "comparison.md", page)
    pictures = draw_comparison(comparison, summary, folder)
    seen = [picture for picture in pictures if picture.suffix == ".png"]
    write_text(folder / "comparison.html", of_markdown(f"Activations: {problem.name}", page, seen))
    typer.echo(page)
    for path in [*(folder / f"comparison.{suffix}" for suffix in ("json", "csv", "md", "html")), *pictures]:
        typer.echo(path)


def split(text: str, option: str) -> list[str]:
    """The entries of a list, at the commas that stand outside {…}; each once."""
    from pinn.errors import SpecError

    found = [part.strip() for part in re.split(r",(?![^{]*\})", text) if part.strip()]
    if not found:
        raise SpecError((option,), f"names nothing; write them with commas between, got '{text}'")
    return list(dict.fromkeys(found))


def positive(text: str) -> float:
    from pinn.errors import SpecError

    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value < float("inf"):
        raise SpecError(("--hardness",), f"must be numbers of at least 1, such as 1,2,5,10, got '{text}'")
    return value


def shares(cores: int, jobs: int | None, threads: int | None) -> tuple[int, int]:
    """(runs at once, threads of each), together no more than the cores."""
    from pinn.errors import SpecError

    jobs = jobs or max(1, cores // (threads or 1))
    threads = threads or max(1, cores // jobs)
    if jobs > 1 and jobs * threads > cores:
        raise SpecError(("--jobs",), f"{jobs} runs of {threads} threads each need more than the {cores} cores here")
    return jobs, threads
