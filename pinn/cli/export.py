"""`pinn export RUN`: a run's solution on another mesh, at other times, in another format."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's directory.")],
    mesh: Annotated[Path | None, typer.Option(metavar="FILE", help="Evaluate on this mesh; meshio reads it.")] = None,
    resolution: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Evaluate on our own mesh, N cells along the longest side.")
    ] = None,
    times: Annotated[str | None, typer.Option(metavar="T1,T2,…", help="Instants, for a problem with time.")] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A parameter's value. Default: the middle of its range."),
    ] = None,
    quantities: Annotated[
        str | None, typer.Option(metavar="Q1,Q2,…", help="Only these fields and quantities. Default: all.")
    ] = None,
    format: Annotated[
        str | None, typer.Option(metavar="vtu|xdmf|csv|npz|onnx", help="Default: what --out ends in, else vtu.")
    ] = None,
    single: Annotated[
        bool, typer.Option("--single", help="onnx in single precision, GELU as ONNX's own operator; digits are lost.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: RUN/export.FORMAT.")] = None,
) -> None:
    """Write the fields of RUN for ParaView (vtu, xdmf) or other programs (csv, npz), or the network itself (onnx)."""
    from pinn.errors import SpecError

    if mesh is not None and resolution is not None:
        raise SpecError(("--mesh",), "cannot be combined with --resolution")
    if not run.is_dir():
        raise SpecError((), f"{run} is not a run's directory")
    path = _target(run, format, out)
    instants = None if times is None else _numbers(times)
    names = None if quantities is None else [name.strip() for name in quantities.split(",") if name.strip()]

    from pinn import Solution
    from pinn.analysis.export import export as write

    solution = Solution.load(run)
    places: dict[str, Any] = {"at": _assignments(at or [])}
    places |= {"resolution": resolution, "mesh_file": mesh, "times": instants, "quantities": names}
    for file in write(solution, path, **places, single=single):
        typer.echo(file)
    if path.suffix == ".onnx":
        from pinn.analysis.onnx_export.check import agreement

        typer.echo(agreement(solution, path))


def _target(run: Path, format: str | None, out: Path | None) -> Path:
    """The file to write; one that exists in the run is not overwritten, the name gets a number instead."""
    from pinn.errors import SpecError

    if out is not None:
        if format is not None and out.suffix != f".{format}":
            raise SpecError(("--out",), f"{out} does not end in .{format}; leave out --format or rename it")
        return out
    suffix = format or "vtu"
    path, count = run / f"export.{suffix}", 1
    while path.exists():
        count += 1
        path = run / f"export-{count}.{suffix}"
    return path


def _assignments(texts: list[str]) -> dict[str, float]:
    """radius=0.42, once or several times, or several with commas between them."""
    from pinn.errors import SpecError

    found: dict[str, float] = {}
    for text in ",".join(texts).split(",") if texts else ():
        name, equals, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not equals or not math.isfinite(number):
            raise SpecError(("--at",), f"expected NAME=VALUE such as radius=0.42, got '{text}'")
        if name.strip() in found:
            raise SpecError(("--at",), f"'{name.strip()}' has two values")
        found[name.strip()] = number
    return found


def _numbers(text: str) -> list[float]:
    from pinn.errors import SpecError

    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise SpecError(("--times",), f"expected numbers with commas between them, got '{text}'") from error
