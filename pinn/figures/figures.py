"""The pictures of a run: every quantity, the deformed body, error, residual, convergence, and one summary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from pinn.export.sampling.sample import scalar_names
from pinn.figures.hardness_figure import hardness_figure
from pinn.figures.leading import leading_of, leading_panel, mode_panel
from pinn.figures.modes_figure import members_summary, mode_figure
from pinn.figures.names import written
from pinn.figures.page import BAR, PLAIN, Panel, beside, legend_room, page
from pinn.figures.panels import (
    STYLE,
    colour_bar,
    column_label,
    column_names,
    draw_columns,
    draw_convergence,
    draw_curves,
    draw_map,
)
from pinn.figures.quantities import (
    CURVE_SIZE,
    Pick,
    curve_panel,
    deformed_panel,
    draw_supports,
    magnitude_panel,
    map_size,
    mark_largest,
    quantity_panel,
)
from pinn.figures.views import Views, displacement, drawn_quantities, leading_quantity, views
from pinn.files.writing import write_atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pinn.export.sampling.solved import Mode, Solved

# Inches that the maps of a row share.
ROW_WIDTH = 9.5

# The verdict of a result that is not to be used, as metrics.json has it, and how it is written across a picture.
NOT_SOLVED = "not_solved"
ACROSS = {"fontsize": 48, "fontweight": "bold", "color": "#c0392b", "alpha": 0.45, "zorder": 100}

# A third of the time of level 6, for files a tenth larger.
PNG = {"compress_level": 2}


def draw_figures(solution: Solved, folder: Path) -> list[Path]:
    """Draw everything into folder/figures; return the files. Nothing is drawn when `outputs.figures` is off."""
    if not solution.problem.spec.outputs.figures:
        return []
    solution = solution.at()  # of a family, the member in the middle
    of_several = makers_of_modes if solution.modes else makers_of_cases
    makers = of_several(solution) if solution.members else makers_of_fields(solution)
    written = []
    with matplotlib.rc_context(STYLE):
        for name, make in makers.items():
            figure = make()
            if figure is not None:
                warn_across(figure, solution)
                path = folder / "figures" / f"{name}.png"
                write_atomic(path, lambda scratch, figure=figure: figure.savefig(scratch, pil_kwargs=PNG))
                written.append(path)
    return written


def makers_of_fields(solution: Solved) -> dict[str, Callable[[], Figure | None]]:
    """Name of a picture -> what draws it."""
    seen = views(solution)
    problem, leading = solution.problem, leading_quantity(solution)
    names = drawn_quantities(problem)
    return {
        "summary": lambda: summary_figure(solution, seen),
        **{name: lambda name=name: quantity_figure(seen, name) for name in names},
        **({"surface": lambda: page([leading_of(solution, seen, leading)], 1)} if problem.space == 3 else {}),
        "deformed": lambda: deformed_figure(solution, seen),
        "error": lambda: error_figure(seen, names),
        "residual": lambda: residual_figure(seen),
        "convergence": lambda: convergence_figure(solution),
        "hardness": lambda: hardness_figure(solution.history),
    }


def makers_of_modes(solution: Solved) -> dict[str, Callable[[], Figure | None]]:
    """A page of all modes, one of each, and how they were found."""

    def alone(mode: Mode) -> Figure | None:
        components = displacement(mode.solution)
        if components is None or len(components) == 2:
            return mode_figure(mode, mode_panel)
        figure = deformed_figure(mode.solution, views(mode.solution, quantities=components))
        if figure is not None:
            figure.suptitle(mode.label)
        return figure

    return {
        "summary": lambda: members_summary(solution, mode_panel, [mode.label for mode in solution.modes]),
        **{f"mode_{mode.number}": lambda mode=mode: alone(mode) for mode in solution.modes},
        "convergence": lambda: convergence_figure(solution),
    }


def makers_of_cases(solution: Solved) -> dict[str, Callable[[], Figure | None]]:
    """A page of all load cases, that of each, and how they were found."""

    def page_of(member: Solved) -> Figure | None:
        return summary_figure(member, views(member))

    labels = [
        f"{written(member.problem, leading_quantity(member))}, {name}" for name, member in solution.members.items()
    ]
    return {
        "summary": lambda: members_summary(solution, leading_panel, labels),
        **{f"case_{name}": lambda member=member: page_of(member) for name, member in solution.members.items()},
        "convergence": lambda: convergence_figure(solution),
    }


def plot(solution: Solved, quantity: str) -> Figure:
    """The picture of a quantity; of a vector or a tensor, one panel for each component.

    Raises SpecError for a name that the problem does not know.
    """
    solution = solution.at()
    names = scalar_names(solution.problem, [quantity])
    seen = views(solution, quantities=names)
    with matplotlib.rc_context(STYLE):
        figure = quantity_figure(seen, names[0]) if len(names) == 1 else _grid([quantity_panel(seen, n) for n in names])
        warn_across(figure, solution)
        return figure


def plot_on(axes: Axes, solution: Solved, quantity: str) -> Figure:
    """Draw a scalar quantity on given axes: its representative map with a colour bar, or its curves.

    Raises SpecError for a name that the problem does not know.
    """
    (name,) = scalar_names(solution.problem, [quantity])[:1]
    seen = views(solution.at(), quantities=[name])
    view, figure = seen.representative, axes.get_figure(root=True)
    assert figure is not None
    if view is None:
        values = [line.sample.values[name] for line in seen.lines]
        draw_curves(axes, seen.lines, values, [line.sample.exact.get(name) for line in seen.lines])
    else:
        values = view.sample.values[name]
        scale = seen.scale([values])
        figure.colorbar(draw_map(axes, view, values, scale), ax=axes, extend=scale.extend)
    axes.set_title(" ".join(filter(None, (seen.named(name), view.caption if view else ""))))
    warn_across(figure, solution)
    return figure


def warn_across(figure: Figure, solution: Solved) -> None:
    """Write across a picture that it is none of a solution, where the verdict says so: pictures travel alone."""
    if solution.metrics.get("verdict") == NOT_SOLVED:
        figure.text(0.5, 0.5, "NOT SOLVED", rotation=25, ha="center", va="center", **ACROSS)


def quantity_figure(seen: Views, name: str) -> Figure:
    """One quantity: all maps in a row under one scale, then the curves with the exact ones over them."""
    scale = seen.scale([view.sample.values[name] for view in seen.maps])

    def paint_map(axes: Axes, index: int) -> None:
        view = seen.maps[index]
        mappable = draw_map(axes, view, view.sample.values[name], scale)
        draw_supports(axes, seen)
        mark_largest(axes, view, view.sample.values[name], scale)
        axes.set_title(view.caption, fontsize=10)
        if index > 0 and view.labels == seen.maps[index - 1].labels:  # panels that share their axes say so once
            axes.set_ylabel("")
            axes.tick_params(labelleft=False)
        if index == len(seen.maps) - 1:
            colour_bar(mappable, beside(axes), scale, seen.unit(name))

    sizes = [map_size(view) for view in seen.maps]
    shrink = min(1.0, ROW_WIDTH / sum(width for width, _ in sizes)) if sizes else 1.0
    panels = [
        Panel(
            (shrink * width, shrink * height),
            lambda axes, i=index: paint_map(axes, i),
            BAR if index == len(sizes) - 1 else PLAIN,
        )
        for index, (width, height) in enumerate(sizes)
    ]
    if seen.lines:
        panels.append(curve_panel(seen, name))
    return page(panels, len(panels), heading=seen.named(name) if seen.lines else seen.title(name))


def error_figure(seen: Views, names: Sequence[str]) -> Figure | None:
    """|computed − exact| of every quantity that has an exact value, on a logarithmic scale."""
    known = [name for name in names if name in seen.sample.error]
    return _magnitude_figure(seen, "|error|", known, lambda sampled: sampled.error, seen.unit) if known else None


def residual_figure(seen: Views) -> Figure | None:
    """The dimensionless residual of every equation, on a logarithmic scale."""
    names = list(seen.sample.residual)
    return _magnitude_figure(seen, "|residual|", names, lambda sampled: sampled.residual) if names else None


def deformed_figure(solution: Solved, seen: Views) -> Figure | None:
    """The deformed body, its displacement enlarged by a round factor, over the undeformed outline."""
    components = displacement(solution)
    if components is None:
        return None
    if len(components) == 3:
        from pinn.figures.solid import deformed_solid

        return deformed_solid(solution, components)
    panel = deformed_panel(seen, components)
    return page([panel], 1) if panel else None


def convergence_figure(solution: Solved) -> Figure | None:
    """Loss and held-out residual against time; beside it the terms of the loss."""
    history = solution.history
    if not history:
        return None
    panels = [Panel(CURVE_SIZE, lambda axes: draw_convergence(axes, history, _tolerance(solution)))]
    terms = column_names(history, "term:")
    if terms:
        panels.append(_terms_panel(history, terms))
    return page(panels, len(panels))


def summary_figure(solution: Solved, seen: Views) -> Figure:
    """One picture for a page: the solution, the deformed body, the error (else the residual), the convergence."""
    problem, sampled = solution.problem, seen.sample
    name = leading_quantity(solution)
    components = displacement(solution)
    panels = [leading_of(solution, seen, name)]
    deformed = deformed_panel(seen, components) if components is not None and len(components) == 2 else None
    if deformed is not None:
        panels.append(deformed)
    if sampled.error:
        known = name if name in sampled.error else next(iter(sampled.error))
        panels.append(
            magnitude_panel(seen, [known], lambda s: s.error, f"|error| of {seen.title(known)}", seen.unit(known))
        )
    if sampled.residual and len(panels) < 3:
        worst = max(sampled.residual, key=lambda key: float(np.nanmax(np.abs(sampled.residual[key]), initial=0)))
        panels.append(magnitude_panel(seen, [worst], lambda s: s.residual, f"|residual| of {worst}"))
    if solution.history:
        size = CURVE_SIZE if seen.representative is None else _at_least(panels[0].size, (3.4, 2.2))
        panels.append(Panel(size, lambda axes: draw_convergence(axes, solution.history, _tolerance(solution))))
    columns = {1: 1, 3: 3 if panels[0].size[0] <= 4.5 else 1}.get(len(panels), 2)
    return page(panels, columns, heading=problem.title or problem.name)


def _magnitude_figure(
    seen: Views, title: str, names: Sequence[str], pick: Pick, unit: Callable[[str], str] = lambda name: ""
) -> Figure:
    if seen.representative is None:
        return page([magnitude_panel(seen, names, pick, title)], 1)
    return _grid([magnitude_panel(seen, [name], pick, f"{title} of {seen.title(name)}", unit(name)) for name in names])


def _terms_panel(history: Sequence[Mapping[str, object]], names: Sequence[str]) -> Panel:
    def paint(axes: Axes) -> None:
        draw_columns(axes, history, names)
        axes.set_ylabel("terms of the loss")

    return Panel(CURVE_SIZE, paint, legend_room([column_label(name) for name in names]))


def _grid(panels: Sequence[Panel]) -> Figure:
    """At most three in a row, as square as that allows; wide panels two in a row."""
    columns = {1: 1, 2: 2, 4: 2}.get(len(panels), 3)
    width, height = panels[0].size
    if width > 2 * height:
        columns = min(columns, 2 if len(panels) > 3 else 1)
    return page(panels, columns)


def _at_least(size: tuple[float, float], least: tuple[float, float]) -> tuple[float, float]:
    return max(size[0], least[0]), max(size[1], least[1])


def _tolerance(solution: Solved) -> float | None:
    return solution.problem.spec.solver.tolerance
