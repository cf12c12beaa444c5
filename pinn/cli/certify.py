"""`pinn certify RUN`: bounds that hold at every point, and an independent check of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def certify(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")],
    check: Annotated[
        bool, typer.Option("--check", help="Check RUN/certificate.json again, in Arb's ball arithmetic (python-flint).")
    ] = False,
    gap: Annotated[float, typer.Option(help="Share of its range that a bound may be beyond what is reached.")] = 0.02,
    boxes: Annotated[int, typer.Option(min=1, help="Boxes for each region, at most.")] = 2000,
    degree: Annotated[
        int | None, typer.Option(min=1, max=14, help="Of the Taylor models. Default: by dimension and network.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Prove ranges, slopes, residuals and, where a theorem covers the problem, errors; writes RUN/certificate.json."""
    from pinn.cli.numbers import finite
    from pinn.errors import SpecError
    from pinn.run.directory import require_run

    finite(gap, "--gap")
    if not gap > 0:
        raise SpecError(("--gap",), f"must be positive, got {gap:g}")
    require_run(run)

    def say(text: str) -> None:
        if not quiet:
            typer.echo(text, err=True)

    if check:
        _check(run, say)
        return

    from pinn import Solution
    from pinn.certificates.certify import Options
    from pinn.certificates.certify import certify as certified
    from pinn.certificates.document import save
    from pinn.certificates.summary import summary
    from pinn.certificates.theorem import proved

    found = certified(Solution.load(run), Options(gap, boxes, degree), say)
    theorem = proved(found)
    typer.echo(summary(found, theorem))
    typer.echo("")
    typer.echo(save(found, theorem, run))


def _check(run: Path, say) -> None:
    from pinn.errors import ResourceError

    if not (run / "certificate.json").is_file():
        raise ResourceError(f"{run}: has no certificate.json; 'pinn certify {run}' makes one")
    try:
        from pinn.certificates.check import check
    except ImportError:
        raise ResourceError("the check needs python-flint: pip install 'jetpinn[certify]'") from None
    if failed := check(run, say):
        raise ResourceError(f"{run / 'certificate.json'}: does not follow: {'; '.join(failed)}")
    typer.echo("every claim holds, by an independent computation in ball arithmetic")
