"""The pages of `pinn harden`: tables, a picture, and the folder that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

from pinn.comparison.hardening import CONTROLS, REFITTED, SUBSTITUTED, Hardened, Step, meaningless, summary
from pinn.export.export import export
from pinn.figures.page import Panel, page
from pinn.figures.panels import COLOURS, FAINT, STYLE
from pinn.files.disk import os_errors
from pinn.files.writing import write_atomic, write_history, write_json, write_text
from pinn.run.directory import RunDirectory
from pinn.solution.report import table
from pinn.solution.saved import save_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADER = ("step", "lambda", "field", "gradient", "exact", "residual", "seconds")
SIZE = (4.4, 3.2)  # inches of a panel
LEVELS = {SUBSTITUTED: "--", CONTROLS[1]: ":", CONTROLS[2]: "-."}  # lines of the ReLU networks


def cells(step: Step) -> tuple[str, ...]:
    """One line of the table."""
    low, high = min(step.hardness), max(step.hardness)
    exact = step.worst_exact
    return (
        step.name,
        "inf" if high == float("inf") else f"{high:.4g}" if high < 1.001 * low else f"{low:.4g}–{high:.4g}",
        f"{step.field_error:.2e}",
        f"{step.gradient_error:.2e}",
        "" if exact is None else f"{exact:.2e}",
        f"{step.heldout_residual:.2e}",
        f"{step.seconds:.1f}",
    )


def columns(step: Step) -> dict[str, Any]:
    """One line of harden.csv, all digits."""
    return {
        "step": step.name,
        **{f"hardness:{layer}": value for layer, value in enumerate(step.hardness)},
        "field_error": step.field_error,
        "gradient_error": step.gradient_error,
        **{f"error:{name}": value for name, value in step.exact.items()},
        "heldout_residual": step.heldout_residual,
        "seconds": step.seconds,
    }


def text(hardened: Hardened) -> str:
    """The table and what it says."""
    return "\n".join([table(HEADER, [cells(step) for step in hardened.steps]), "", *conclusions(hardened)])


def conclusions(hardened: Hardened) -> list[str]:
    """What the ramp was worth, and what the residual is worth."""
    substituted, refitted = hardened.step(SUBSTITUTED), hardened.step(REFITTED)
    swap, layer, layers = (hardened.step(name) for name in CONTROLS)
    before = [step for step in hardened.steps if step.name == "ramp"][-1]
    trained = hardened.steps[0]
    found = [
        f"Substitution changed the field's error from {before.field_error:.2e} to {substituted.field_error:.2e} after "
        f"the ramp; without the ramp from 0 to {swap.field_error:.2e}.",
        f"The ramp ended at {refitted.field_error:.2e}; ReLU at once reached {layer.field_error:.2e} by a new output "
        f"layer and {layers.field_error:.2e} by as many steps on all layers at most, of which "
        f"{hardened.accepted_without_ramp} lowered the misfit.",
    ]
    if reason := meaningless(hardened.solution.problem):
        found.append(
            f"The held-out residual went from {trained.heldout_residual:.2e} (trained) to "
            f"{substituted.heldout_residual:.2e}: {reason}."
        )
    return found


def markdown(hardened: Hardened) -> str:
    rows = [HEADER, tuple("---" for _ in HEADER), *(cells(step) for step in hardened.steps)]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    problem = hardened.solution.problem
    ramp = hardened.ramp
    return "\n".join(
        [
            f"# {problem.name}: from GELU to ReLU",
            "",
            f"lambda grows to {ramp.target:.6g} in {ramp.steps} equal ratios, {ramp.iterations} Gauss-Newton steps on "
            "the trained field (values and gradients) at each; then ReLU is substituted.",
            "Errors are relative L2 norms of the worst field: against the trained field, of the gradient, against the "
            "exact solution.",
            "",
            *lines,
            "",
            *(f"- {line}" for line in conclusions(hardened)),
            "",
        ]
    )


def draw(hardened: Hardened, file: Path) -> None:
    """Errors and the residual against lambda; the ReLU networks are level lines."""
    ramp = [step for step in hardened.steps if step.name in ("trained", "ramp")]
    errors = (("field", COLOURS[0], "field_error"), ("gradient", COLOURS[1], "gradient_error"))

    def levels(axes: Axes, name: str, drawn: Sequence[tuple[str, str]]) -> None:
        for colour, key in drawn:
            axes.axhline(getattr(hardened.step(name), key), color=colour, ls=LEVELS[name], lw=1)

    def paint_errors(axes: Axes) -> None:
        for label, colour, key in errors:
            shown = [(max(s.hardness), getattr(s, key)) for s in ramp if getattr(s, key) > 0]
            axes.plot(*zip(*shown, strict=True), color=colour, marker="o", ms=3, label=f"{label}, ramp")
        for name in LEVELS:
            levels(axes, name, [(colour, key) for _, colour, key in errors])
            axes.plot([], [], color=FAINT, ls=LEVELS[name], lw=1, label=f"ReLU: {name}")
        axes.set_ylabel("relative L2 error against the trained field")

    def paint_residual(axes: Axes) -> None:
        axes.plot(
            [max(s.hardness) for s in ramp], [s.heldout_residual for s in ramp], color=COLOURS[2], marker="o", ms=3
        )
        levels(axes, SUBSTITUTED, [(COLOURS[2], "heldout_residual")])
        axes.set_ylabel("held-out residual")

    def framed(paint):
        def draw_panel(axes: Axes) -> None:
            paint(axes)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel("hardness λ")
            axes.grid(alpha=0.25, lw=0.5)
            if axes.get_legend_handles_labels()[1]:
                axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))

        return draw_panel

    with matplotlib.rc_context(STYLE):
        heading = f"{hardened.solution.problem.name}: the field while GELU becomes ReLU"
        figure = page([Panel(SIZE, framed(paint_errors), 3.0), Panel(SIZE, framed(paint_residual))], 2, heading=heading)
        write_atomic(file, lambda scratch: figure.savefig(scratch, dpi=120))


def save(hardened: Hardened, run: Path) -> Path:
    """Write RUN/hardened, or hardened-2, … where that is taken; it appears when all of its files are there."""
    with os_errors(run):
        scratch = Path(tempfile.mkdtemp(prefix=".hardened.", dir=run))
    try:
        write_json(scratch / "harden.json", summary(hardened, str(run)))
        write_text(scratch / "harden.md", markdown(hardened))
        write_history(scratch / "harden.csv", [columns(step) for step in hardened.steps])
        draw(hardened, scratch / "figures" / "harden.png")
        if find_spec("onnx") is not None:
            export(hardened.solution, scratch / "model.onnx")
        save_run(RunDirectory(scratch), hardened.solution)
        folder, count = run / "hardened", 1
        while folder.exists():
            count += 1
            folder = run / f"hardened-{count}"
        with os_errors(folder):
            scratch.chmod(0o755)  # mkdtemp's folders are the owner's alone
            os.rename(scratch, folder)
        return folder
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
