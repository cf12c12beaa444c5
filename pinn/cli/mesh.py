"""`pinn mesh SPEC`: a mesh of the domain that a spec describes, made by gmsh."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pinn.cli.arguments import SpecFile


def mesh(
    spec: SpecFile,
    size: Annotated[
        float | None, typer.Option(metavar="H", help="Longest edges. Default: 1/20 of the domain's longest side.")
    ] = None,
    order: Annotated[int, typer.Option(min=1, max=2, help="1: straight cells. 2: curved ones.")] = 2,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its suffix chooses the format, of those gmsh writes.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a value of the spec. Repeatable.")
    ] = None,
) -> None:
    """Mesh the domain of SPEC; patches and subdomains become physical groups. Default file: NAME.msh in this folder."""
    import math

    import pinn
    from pinn.errors import SpecError
    from pinn.files.writing import write_atomic
    from pinn.geometry.meshing.gmsh_mesh import mesh_with_gmsh
    from pinn.geometry.shapes.shape import GeometryError

    if size is not None and not (size > 0 and math.isfinite(size)):
        raise SpecError(("--size",), f"must be positive, got {size:g}")
    problem = pinn.load(spec, overrides=overrides or ())
    file = out or Path(f"{problem.name}.msh")
    shape = problem.subdomains.partition or problem.geometry
    made = []
    try:
        write_atomic(file, lambda scratch: made.append(mesh_with_gmsh(shape, scratch, size, order)))
    except GeometryError as error:
        raise SpecError(("domain", *error.path), error.message) from None
    (found,) = made
    typer.echo(f"{file}")
    groups, patches = ", ".join(found.groups), ", ".join(found.patches)
    typer.echo(f"{found.nodes} nodes, {found.cells} cells ({groups}); patches {patches}", err=True)
    if merged := [patch for patch in problem.geometry.patches if patch not in found.patches]:
        words = (
            "which goes on straight from another; give both one name" if len(merged) == 1 else "which go on straight"
        )
        typer.echo(f"no facet bears the name {', '.join(merged)}, {words}", err=True)
