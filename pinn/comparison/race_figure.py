"""The picture of a race: error against seconds, one panel per problem, one colour per engine, one line per seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from pinn.comparison.race import Curve, Race
from pinn.figures.page import Panel, page
from pinn.figures.panels import COLOURS, STYLE
from pinn.files.writing import write_atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE, COLUMNS = (3.6, 2.6), 3  # inches of a panel; panels in a row
MARGIN = 0.2  # decades beyond the curves
SMALLEST = 1e-16  # of what a logarithmic axis shows


def draw_race(race: Race, file: Path) -> None:
    """Write the picture to `file`."""
    with matplotlib.rc_context(STYLE):
        panels = [
            Panel(SIZE, lambda axes, problem=problem: draw_problem(axes, race, problem)) for problem in race.problems
        ]
        figure = page(panels, min(COLUMNS, len(panels)))
        write_atomic(file, lambda scratch: figure.savefig(scratch, dpi=120))


def draw_problem(axes: Axes, race: Race, problem: str) -> None:
    runs = {engine: race.runs(problem, engine) for engine in race.engines}
    draw_curves(axes, {engine: [entry.curve for entry in entries] for engine, entries in runs.items()})
    axes.set_title(problem)
    first = runs[race.engines[0]]
    axes.set_ylabel(f"relative L2 error of {first[0].quantity}" if first else "relative L2 error")


def draw_curves(axes: Axes, families: Mapping[str, Sequence[Curve]]) -> None:
    """Errors against seconds on logarithmic axes, one colour and name for each family."""
    smallest, largest = math.inf, 0.0
    for index, (name, curves) in enumerate(families.items()):
        label: str | None = name
        for curve in curves:
            shown = [(s, e) for s, e in curve if s > 0 and SMALLEST < e < math.inf]
            if shown:
                axes.plot(
                    *zip(*shown, strict=True),
                    color=COLOURS[index % len(COLOURS)],
                    ls="-" if index < len(COLOURS) else "--",
                    label=label,
                    marker="o" if len(shown) < 40 else None,
                    ms=2.5,
                    lw=1.2,
                )
                label = None
                errors = [error for _, error in shown]
                smallest, largest = min(smallest, *errors), max(largest, *errors)
    axes.set_xscale("log")
    axes.set_yscale("log")
    if largest > 0:  # whole decades: ticks between them would have long labels
        low, high = math.floor(math.log10(smallest) - MARGIN), math.ceil(math.log10(largest) + MARGIN)
        axes.set_ylim(10.0**low, 10.0 ** max(high, low + 1))
    first, last = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if last < 100 * first else (1,)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_xlabel("seconds")
    axes.grid(alpha=0.25, lw=0.5)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="best")
