"""Pictures of modes: each alone, and all of them, or all load cases, on one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from pinn.figures.page import Panel, page

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pinn.export.sampling.solved import Mode, Solved

Panels = Callable[["Solved"], Panel]  # a solution's leading picture
MOST_TOGETHER = 12
COLUMNS = 3


def mode_figure(mode: Mode, panel: Panels) -> Figure:
    """One mode, with its number and frequency above it."""
    return page([panel(mode.solution)], 1, heading=mode.label)


def members_summary(solution: Solved, panel: Panels, labels: Sequence[str]) -> Figure:
    """The first modes or load cases beside each other, each under its label."""
    members = [*solution.members.values()][:MOST_TOGETHER]
    panels = [titled(panel(member), label) for member, label in zip(members, labels, strict=False)]
    problem = solution.problem
    return page(panels, min(COLUMNS, len(panels)), heading=problem.title or problem.name)


def titled(panel: Panel, title: str) -> Panel:
    def paint(axes: Axes) -> None:
        panel.paint(axes)
        axes.set_title(title, fontsize=10)

    return replace(panel, paint=paint)
