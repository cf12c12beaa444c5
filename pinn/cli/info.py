"""`pinn info RUN|SPEC`: what a run found, or what a spec says."""

from __future__ import annotations

from pathlib import Path

import typer

from pinn.cli.arguments import RunOrSpec

SHOWN = (
    ".html",
    ".vtu",
    ".vtkhdf",
    ".xdmf",
    ".csv",
    ".npz",
    ".png",
    ".safetensors",
)  # files of a run that a user opens


def info(
    path: RunOrSpec,
) -> None:
    """Print a summary of a run (errors, probes, why it stopped, files), or of a problem."""
    typer.echo(_run_summary(path) if path.is_dir() else _problem_summary(path))


def _problem_summary(path: Path) -> str:
    import pinn

    return pinn.load(path).describe()


def _run_summary(folder: Path) -> str:
    from pinn.errors import ResourceError, SpecError, one_line
    from pinn.files.reading import read_json
    from pinn.solution.report import report_metrics, unverified

    files = sorted(file for file in folder.rglob("*") if file.is_file())
    metrics_file = folder / "metrics.json"
    if not metrics_file.is_file():
        if not (folder / "spec.yaml").is_file():
            raise SpecError((), f"{folder} is not a run: it has neither metrics.json nor spec.yaml{newest(folder)}")
        found = ", ".join(file.name for file in files)
        return f"{folder}: an unfinished run, without metrics.json; it has {found}"
    metrics = read_json(metrics_file)
    shown = [file for file in files if file.suffix in SHOWN]
    try:
        text = report_metrics(metrics, [*shown, folder], title=_title(folder / "spec.yaml"))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ResourceError(f"{metrics_file}: not the metrics of a run: {error}") from None
    doubt = unverified(metrics)
    return "\n".join([*map(one_line, text.splitlines()), *([f"\nwarning: {doubt}"] if doubt else [])])


def newest(folder: Path) -> str:
    """A clause with the last of the runs inside a folder; empty where there is none."""
    runs = sorted(file.parent for file in folder.glob("*/metrics.json"))
    return f"; the last run in it is {runs[-1]}" if runs else ""


def _title(spec: Path) -> str:
    from pinn.cli.list import read_header

    return read_header(spec)[1] if spec.is_file() else ""
