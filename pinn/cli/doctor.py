"""`pinn doctor`: is everything here that a solve needs, and what to do about what is not?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pinn.cli.solve import Device

OUT_HELP = "Where runs would go. Default: results/runs."


def doctor(
    device: Annotated[
        Device, typer.Option(help="Where a solve would compute; cuda has to be there then.")
    ] = Device.auto,
    out: Annotated[Path, typer.Option(metavar="DIR", help=OUT_HELP, show_default=False)] = Path("results/runs"),
) -> None:
    """Check Python, torch, CUDA, compiler, threads, write access, VTK and the optional extras.

    Exit code 0 where a solve can run: a note is about something optional. Exit code 4 where a line begins with fail.
    """
    from pinn.cli.installation import checks

    findings = [check() for check in checks(device.value, out)]
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        advice = f"  -> {finding.advice}" if finding.advice else ""
        typer.echo(f"{finding.level:4}  {finding.what:{width}}  {finding.found}{advice}")
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(4)
