"""`pinn export RUN`: a run's solution on another mesh, at other times, in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's directory.")],
    mesh: Annotated[Path | None, typer.Option(metavar="FILE", help="Evaluate on this mesh; meshio reads it.")] = None,
    line: Annotated[
        str | None, typer.Option(metavar="X,Y:X,Y", help="Evaluate along a line from one point to another.")
    ] = None,
    points: Annotated[int | None, typer.Option(metavar="N", help="Points of the line. Default: 200.")] = None,
    on: Annotated[
        str, typer.Option(metavar="nodes|cells|gauss", help="Point data, cell data, nodes,cells for both, or a cloud.")
    ] = "nodes",
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
        str | None,
        typer.Option(
            metavar="vtu|pvd|vtkhdf|xdmf|csv|npz|onnx", help="Default: that of --out, else vtu; csv for a line."
        ),
    ] = None,
    single: Annotated[
        bool, typer.Option("--single", help="onnx in single precision, GELU as ONNX's own operator; digits are lost.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: RUN/export.FORMAT.")] = None,
) -> None:
    """Write the fields of RUN for ParaView (vtu, pvd, vtkhdf, xdmf), tables (csv, npz), or the network (onnx)."""
    from pinn.cli.numbers import assignments, numbers
    from pinn.errors import SpecError
    from pinn.run.directory import require_run

    if mesh is not None and resolution is not None:
        raise SpecError(("--mesh",), "cannot be combined with --resolution")
    require_run(run)
    if points is not None and line is None:
        raise SpecError(("--points",), "belongs to --line; for a finer mesh use --resolution")
    path = _target(run, format or ("csv" if line is not None and out is None else None), out, mesh)
    instants = None if times is None else numbers(times, "--times")
    names = None if quantities is None else [name.strip() for name in quantities.split(",") if name.strip()]
    settled = assignments(at or [], "--at")
    ends = None if line is None else [numbers(end, "--line") for end in line.split(":")]
    if ends is not None and len(ends) != 2:
        raise SpecError(("--line",), f"expected two points such as 0,0:1,1, got '{line}'")

    from pinn import Solution
    from pinn.export.export import export as write
    from pinn.export.sampling.line import DEFAULT_POINTS, Line
    from pinn.solution.report import unverified

    def say(text: str) -> None:
        typer.echo(text, err=True)

    solution = Solution.load(run)
    if doubt := unverified(solution.metrics):
        say(f"warning: {doubt}")
    places: dict[str, Any] = {
        "at": settled,
        "resolution": resolution,
        "mesh_file": mesh,
        "line": None if ends is None else Line(*ends, count=DEFAULT_POINTS if points is None else points),
        "on": [place.strip() for place in on.split(",")],
        "times": instants,
        "quantities": names,
    }
    for file in write(solution, path, **places, single=single, say=say):
        typer.echo(file)
    if path.suffix == ".onnx":
        from pinn.export.onnx.check import agreement

        typer.echo(agreement(solution, path))


def _target(run: Path, format: str | None, out: Path | None, mesh: Path | None) -> Path:
    """The file to write; one that exists in the run is not overwritten, the name gets a number instead.

    Raises SpecError for a file that is a run's own, or the mesh.
    """
    from pinn.errors import SpecError
    from pinn.run.directory import refuse_own_file

    if out is not None:
        if format is not None and out.suffix != f".{format}":
            raise SpecError(("--out",), f"{out} does not end in .{format}; leave out --format or rename it")
        refuse_own_file(out)
        if mesh is not None and out.exists() and mesh.exists() and out.samefile(mesh):
            raise SpecError(("--out",), f"{out} is the mesh itself; name another file")
        return out
    suffix = format or "vtu"
    path, count = run / f"export.{suffix}", 1
    while path.exists():
        count += 1
        path = run / f"export-{count}.{suffix}"
    return path
