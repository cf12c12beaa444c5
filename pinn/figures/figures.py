"""The pictures of a run: every quantity, the deformed body, error, residual, convergence, and one summary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import floor, log10
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from pinn.export.sampling.grid import Array
from pinn.export.sampling.sample import Sample, scalar_names
from pinn.figures.hardness_figure import hardness_figure
from pinn.figures.modes_figure import members_summary, mode_figure
from pinn.figures.page import BAR, PLAIN, Panel, beside, legend_room, page
from pinn.figures.panels import (
    FAINT,
    STYLE,
    colour_bar,
    column_label,
    column_names,
    draw_columns,
    draw_convergence,
    draw_curves,
    draw_log_curves,
    draw_map,
    draw_outline,
    linear_scale,
    log_scale,
)
from pinn.figures.views import Map, Views, drawn_quantities, views
from pinn.files.writing import write_atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pinn.export.sampling.solved import Mode, Solved

# The largest displacement of a deformed picture, as a share of the body's size.
DEFORMATION_SHARE = 0.08

# Inches: the height of a map and the limits of its width; a panel of curves.
MAP_HEIGHT = 3.2
MAP_WIDTHS = (1.8, 7.0)
CURVE_SIZE = (4.4, 2.8)

# Inches that the maps of a row share.
ROW_WIDTH = 9.5

# The verdict of a result that is not to be used, as metrics.json has it, and how it is written across a picture.
NOT_SOLVED = "not_solved"
ACROSS = {"fontsize": 48, "fontweight": "bold", "color": "#c0392b", "alpha": 0.45, "zorder": 100}

# A third of the time of level 6, for files a tenth larger.
PNG = {"compress_level": 2}

Pick = Callable[[Sample], dict[str, Array]]


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
    names = drawn_quantities(solution.problem)
    return {
        "summary": lambda: summary_figure(solution, seen),
        **{name: lambda name=name: quantity_figure(seen, name) for name in names},
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

    labels = [f"{leading_quantity(member)}, {name}" for name, member in solution.members.items()]
    return {
        "summary": lambda: members_summary(solution, leading_panel, labels),
        **{f"case_{name}": lambda member=member: page_of(member) for name, member in solution.members.items()},
        "convergence": lambda: convergence_figure(solution),
    }


def leading_panel(solution: Solved) -> Panel:
    """The picture of the quantity that matters most."""
    name = leading_quantity(solution)
    return _quantity_panel(views(solution, quantities=[name]), name)


def mode_panel(solution: Solved) -> Panel:
    """The deformed body, or the first of the fields that a mode has."""
    components = displacement(solution) or ()
    asked = solution.problem.spec.outputs.quantities
    name = scalar_names(solution.problem, asked)[0] if asked else solution.problem.fields[0]
    seen = views(solution, quantities=list(dict.fromkeys((name, *components))))
    deformed = _deformed_panel(seen, components) if len(components) == 2 and not asked else None
    return deformed or _quantity_panel(seen, name)


def plot(solution: Solved, quantity: str) -> Figure:
    """The picture of a quantity; of a vector or a tensor, one panel for each component.

    Raises SpecError for a name that the problem does not know.
    """
    solution = solution.at()
    names = scalar_names(solution.problem, [quantity])
    seen = views(solution, quantities=names)
    with matplotlib.rc_context(STYLE):
        figure = (
            quantity_figure(seen, names[0]) if len(names) == 1 else _grid([_quantity_panel(seen, n) for n in names])
        )
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
        scale = linear_scale([values])
        figure.colorbar(draw_map(axes, view, values, scale), ax=axes, extend=scale.extend)
    axes.set_title(" ".join(filter(None, (name, view.caption if view else ""))))
    warn_across(figure, solution)
    return figure


def warn_across(figure: Figure, solution: Solved) -> None:
    """Write across a picture that it is none of a solution, where the verdict says so: pictures travel alone."""
    if solution.metrics.get("verdict") == NOT_SOLVED:
        figure.text(0.5, 0.5, "NOT SOLVED", rotation=25, ha="center", va="center", **ACROSS)


def quantity_figure(seen: Views, name: str) -> Figure:
    """One quantity: all maps in a row under one scale, then the curves with the exact ones over them."""
    scale = linear_scale([view.sample.values[name] for view in seen.maps])

    def paint_map(axes: Axes, index: int) -> None:
        view = seen.maps[index]
        mappable = draw_map(axes, view, view.sample.values[name], scale)
        axes.set_title(view.caption, fontsize=10)
        if index > 0 and view.labels == seen.maps[index - 1].labels:  # panels that share their axes say so once
            axes.set_ylabel("")
            axes.tick_params(labelleft=False)
        if index == len(seen.maps) - 1:
            colour_bar(mappable, beside(axes), scale)

    sizes = [_map_size(view) for view in seen.maps]
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
        panels.append(_curve_panel(seen, name))
    return page(panels, len(panels), heading=name)


def error_figure(seen: Views, names: Sequence[str]) -> Figure | None:
    """|computed − exact| of every quantity that has an exact value, on a logarithmic scale."""
    known = [name for name in names if name in seen.sample.error]
    return _magnitude_figure(seen, "|error|", known, lambda sampled: sampled.error) if known else None


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

        return deformed_solid(solution, components, lambda size, largest: enlargement(size, largest))
    panel = _deformed_panel(seen, components)
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
    panels = [_quantity_panel(seen, name)]
    deformed = _deformed_panel(seen, components) if components is not None and len(components) == 2 else None
    if deformed is not None:
        panels.append(deformed)
    if sampled.error:
        known = name if name in sampled.error else next(iter(sampled.error))
        panels.append(_magnitude_panel(seen, [known], lambda s: s.error, f"|error| of {known}"))
    if sampled.residual and len(panels) < 3:
        worst = max(sampled.residual, key=lambda key: float(np.nanmax(np.abs(sampled.residual[key]), initial=0)))
        panels.append(_magnitude_panel(seen, [worst], lambda s: s.residual, f"|residual| of {worst}"))
    if solution.history:
        size = CURVE_SIZE if seen.representative is None else _at_least(panels[0].size, (3.4, 2.2))
        panels.append(Panel(size, lambda axes: draw_convergence(axes, solution.history, _tolerance(solution))))
    columns = {1: 1, 3: 3 if panels[0].size[0] <= 4.5 else 1}.get(len(panels), 2)
    return page(panels, columns, heading=problem.title or problem.name)


def displacement(solution: Solved) -> tuple[str, ...] | None:
    """The components of `displacement`, if the problem has that vector in as many dimensions as space, two or three."""
    problem = solution.problem
    components = tuple(problem.vectors.get("displacement", ()))
    if len(components) != len(problem.coordinates) or len(components) not in (2, 3):
        return None
    return components if all(name in problem.quantities for name in components) else None


def leading_quantity(solution: Solved) -> str:
    """What a summary shows: what the spec asks for first, else von Mises stress, else what has an exact value."""
    problem = solution.problem
    asked = problem.spec.outputs.quantities
    if asked:
        return scalar_names(problem, asked)[0]
    if "von_mises" in problem.quantities:
        return "von_mises"
    return next((name for name in problem.quantities if name in problem.exact_quantities), problem.quantities[0])


def enlargement(size: float, largest: float) -> float:
    """The largest of … 1, 2, 5, 10 … that shows the largest displacement as at most DEFORMATION_SHARE of the size."""
    ideal = DEFORMATION_SHARE * size / largest
    power = 10.0 ** floor(log10(ideal))
    return max(step * power for step in (1, 2, 5) if step * power <= ideal * (1 + 1e-12))


def _quantity_panel(seen: Views, name: str) -> Panel:
    view = seen.representative
    if view is None:
        return _curve_panel(seen, name, title=name)

    def paint(axes: Axes) -> None:
        values = view.sample.values[name]
        scale = linear_scale([values])
        colour_bar(draw_map(axes, view, values, scale), beside(axes), scale)
        axes.set_title(_with_caption(name, view))

    return Panel(_map_size(view), paint, BAR)


def _curve_panel(seen: Views, name: str, *, title: str = "") -> Panel:
    exact = [line.sample.exact.get(name) for line in seen.lines]

    def paint(axes: Axes) -> None:
        draw_curves(axes, seen.lines, [line.sample.values[name] for line in seen.lines], exact)
        axes.set_title(title)

    labelled = len(seen.lines) > 1 or exact[0] is not None
    return Panel(
        CURVE_SIZE, paint, legend_room([*(line.caption for line in seen.lines), "computed"]) if labelled else PLAIN
    )


def _magnitude_panel(seen: Views, names: Sequence[str], pick: Pick, title: str) -> Panel:
    """A logarithmic map of one quantity, or curves of all of them."""
    view = seen.representative
    if view is None:

        def paint_curves(axes: Axes) -> None:
            draw_log_curves(
                axes, seen.lines, {name: [pick(line.sample)[name] for line in seen.lines] for name in names}
            )
            axes.set_title(title)

        return Panel(CURVE_SIZE, paint_curves, legend_room(names) if len(names) > 1 else PLAIN)

    def paint(axes: Axes) -> None:
        values = pick(view.sample)[names[0]]
        scale = log_scale([values])
        colour_bar(draw_map(axes, view, values, scale), beside(axes), scale)
        axes.set_title(_with_caption(title, view))

    return Panel(_map_size(view), paint, BAR)


def _magnitude_figure(seen: Views, title: str, names: Sequence[str], pick: Pick) -> Figure:
    if seen.representative is None:
        return page([_magnitude_panel(seen, names, pick, title)], 1)
    return _grid([_magnitude_panel(seen, [name], pick, f"{title} of {name}") for name in names])


def _deformed_panel(seen: Views, components: Sequence[str]) -> Panel | None:
    view = seen.representative
    if view is None:
        return None
    moved = np.column_stack([view.sample.values[name] for name in components])
    magnitude = np.linalg.norm(moved, axis=1)
    largest = float(np.nanmax(magnitude, initial=0))
    if not np.isfinite(largest) or largest == 0:
        return None
    factor = enlargement(float(np.ptp(view.plane, axis=0).max()), largest)
    shape = view.plane + factor * np.where(np.isfinite(moved), moved, 0.0)  # what has no value is not drawn

    def paint(axes: Axes) -> None:
        scale = linear_scale([magnitude])
        mappable = draw_map(axes, view, magnitude, scale, shape=shape)
        draw_outline(axes, view, view.plane, colour=FAINT, style="--")
        colour_bar(mappable, beside(axes), scale)
        axes.set_title(_with_caption(f"|displacement|, deformation × {factor:g}", view))

    return Panel(_fit(np.vstack([view.plane, shape])), paint, BAR)


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


def _map_size(view: Map) -> tuple[float, float]:
    return _fit(view.plane) if view.equal else (4.0, MAP_HEIGHT)


def _fit(points: Array) -> tuple[float, float]:
    """Inches of a panel in the shape of the points, not higher than MAP_HEIGHT, its width within MAP_WIDTHS."""
    width, height = np.ptp(points, axis=0)
    panel = min(max(MAP_HEIGHT * float(width / height), MAP_WIDTHS[0]), MAP_WIDTHS[1])
    return panel, min(MAP_HEIGHT, panel * float(height / width))


def _at_least(size: tuple[float, float], least: tuple[float, float]) -> tuple[float, float]:
    return max(size[0], least[0]), max(size[1], least[1])


def _with_caption(title: str, view: Map) -> str:
    return f"{title}  ({view.caption})" if view.caption else title


def _tolerance(solution: Solved) -> float | None:
    return solution.problem.spec.solver.tolerance
