"""`pinn init NAME`: a first problem, ready to solve and to change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

TEMPLATE = """\
# Solve it:   pinn solve NAME.yaml
# Check it:   pinn validate NAME.yaml
# Ordinary equations have a time, and neither coordinates nor a domain: pinn init NAME --from ordinary/lotka_volterra
name: NAME
title: Poisson's equation on the unit square

coordinates: [x, y]               # add `time: {from: 0, to: 1}` for a problem in time
fields: [u]                       # the unknown functions; {u: {initial: 1}} states a first guess
constants: {k: 1}                 # numbers, or expressions of earlier constants

definitions:                      # derived quantities: exported, drawn, and usable below
  source: 2*pi**2*k*sin(pi*x)*sin(pi*y)
  flux_x: -k*u_x                  # u_x is the derivative of u with respect to x
  flux_y: -k*u_y

domain:
  rectangle: {from: [0, 0], to: [1, 1]}  # its sides are called left, right, bottom, top

equations:
  balance: d(flux_x, x) + d(flux_y, y) = source

conditions:
  - {on: boundary, u: 0}          # every side; `on: left` is one of them, `u_n: 0` an insulated one

exact:                            # optional: if you know the answer, the run reports its error
  u: sin(pi*x)*sin(pi*y)

probes:                           # values at points, in metrics.json
  centre: {quantity: u, at: [0.5, 0.5], expected: 1}

# solver: {tolerance: 1e-8, time_limit: 60}
# network: {hidden: [64, 64], activation: gelu}
"""


def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Letters a-z, digits and hyphens.")],
    origin: Annotated[
        str, typer.Option("--from", metavar="PROBLEM", help="Begin with a copy of this one; see 'pinn list'.")
    ] = "",
) -> None:
    """Write NAME.yaml: a commented Poisson problem that solves as it stands, or a copy of another problem."""
    from pinn.errors import SpecError

    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):  # one with a hyphen first would be an option of every command
        raise SpecError(("NAME",), f"must consist of a-z, 0-9 and hyphens, no hyphen first, got '{name}'")
    path = Path(f"{name}.yaml")
    files = copied(name, origin) if origin else {path: TEMPLATE.replace("NAME", name).encode()}
    for file, content in files.items():
        write_new(file, content)
        typer.echo(f"{file} written" + (f"; now: pinn solve {path}" if file == path else ""))


def copied(name: str, origin: str) -> dict[Path, bytes]:
    """What a copy of a problem consists of: the files beside it that its text names, and last the text itself."""
    from pinn.files.shipped import find_spec

    source = find_spec(origin)
    text = source.read_text(encoding="utf-8")
    words = set(re.findall(r"[\w.-]+", text))
    beside = [file for file in sorted(source.parent.iterdir()) if file.is_file() and file.name in words]
    renamed = re.sub(r"(?m)^name:.*$", f"name: {name}", text, count=1)
    return {**{Path(file.name): file.read_bytes() for file in beside}, Path(f"{name}.yaml"): renamed.encode()}


def write_new(file: Path, content: bytes) -> None:
    """Raises SpecError where there is such a file already."""
    from pinn.errors import SpecError
    from pinn.files.disk import os_errors

    try:
        with os_errors(file), file.open("xb") as stream:
            stream.write(content)
    except Exception as error:
        if isinstance(error.__cause__, FileExistsError):
            raise SpecError(("NAME",), f"{file} exists already; choose another name") from error
        raise
