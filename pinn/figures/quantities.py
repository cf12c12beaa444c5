"""The panels of one quantity: its map or its curves, its error or residual, and the deformed body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor, log10
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import KDTree

from pinn.export.sampling.grid import Array
from pinn.export.sampling.sample import Sample
from pinn.figures.colours import Scale, log_scale
from pinn.figures.page import BAR, PLAIN, Panel, beside, legend_room
from pinn.figures.panels import FAINT, colour_bar, draw_curves, draw_log_curves, draw_map, draw_outline
from pinn.figures.supports import draw_symbols, symbols
from pinn.figures.views import Map, Views

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The largest displacement of a deformed picture, as a share of the body's size.
DEFORMATION_SHARE = 0.08

# Inches: the height of a map and the limits of its width; a panel of curves.
MAP_HEIGHT = 3.2
MAP_WIDTHS = (1.8, 7.0)
CURVE_SIZE = (4.4, 2.8)

SAME = 1e-6  # relative: values that differ by less have no largest one
MARKED = 0.1  # of the largest value of all maps that share their colours

Pick = Callable[[Sample], dict[str, Array]]


def quantity_panel(seen: Views, name: str) -> Panel:
    view = seen.representative
    if view is None:
        return curve_panel(seen, name, title=seen.named(name))

    def paint(axes: Axes) -> None:
        values = view.sample.values[name]
        scale = seen.scale([values])
        colour_bar(draw_map(axes, view, values, scale), beside(axes), scale, seen.unit(name))
        draw_supports(axes, seen)
        mark_largest(axes, view, values, scale)
        axes.set_title(_with_caption(seen.title(name), view))

    return Panel(map_size(view), paint, BAR)


def curve_panel(seen: Views, name: str, *, title: str = "") -> Panel:
    exact = [line.sample.exact.get(name) for line in seen.lines]

    def paint(axes: Axes) -> None:
        draw_curves(axes, seen.lines, [line.sample.values[name] for line in seen.lines], exact)
        axes.set_title(title)

    labelled = len(seen.lines) > 1 or exact[0] is not None
    return Panel(
        CURVE_SIZE, paint, legend_room([*(line.caption for line in seen.lines), "computed"]) if labelled else PLAIN
    )


def magnitude_panel(seen: Views, names: Sequence[str], pick: Pick, title: str, unit: str = "") -> Panel:
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
        colour_bar(draw_map(axes, view, values, scale), beside(axes), scale, unit)
        axes.set_title(_with_caption(title, view))

    return Panel(map_size(view), paint, BAR)


def deformed_panel(seen: Views, components: Sequence[str]) -> Panel | None:
    view = seen.representative
    if view is None:
        return None
    moved = np.column_stack([view.sample.values[name] for name in components])
    magnitude = np.linalg.norm(moved, axis=1)
    largest = float(np.max(magnitude[np.isfinite(magnitude)], initial=0))  # under a point load it is infinite
    if largest == 0:
        return None
    factor = enlargement(float(np.ptp(view.plane, axis=0).max()), largest)
    shape = view.plane + factor * np.where(np.isfinite(moved), moved, 0.0)  # what has no value is not drawn

    def paint(axes: Axes) -> None:
        scale = seen.scale([magnitude])
        mappable = draw_map(axes, view, magnitude, scale, shape=shape)
        draw_outline(axes, view, view.plane, colour=FAINT, style="--")
        colour_bar(mappable, beside(axes), scale, seen.unit("displacement"))
        draw_supports(axes, seen, lambda points: (shape - view.plane)[KDTree(view.plane).query(points)[1]])
        axes.set_title(_with_caption(f"|displacement|, deformation × {factor:g}", view))

    return Panel(_fit(np.vstack([view.plane, shape])), paint, BAR)


def mark_largest(axes: Axes, view: Map, values: Array, scale: Scale) -> None:
    """A ring where the magnitude is largest, with the value; nothing where the colours leave out a few points that are
    far beyond, as at a singular corner, where all values are the same, or far below those of another map."""
    known = np.isfinite(values)
    known[np.setdiff1d(np.arange(len(values)), view.triangles)] = False
    if scale.extend != "neither" or not known.any() or np.ptp(values[known]) <= SAME * np.abs(values[known]).max():
        return
    at = int(np.argmax(np.where(known, np.abs(values), -1.0)))
    if abs(values[at]) < MARKED * max(abs(scale.norm.vmin or 0.0), abs(scale.norm.vmax or 0.0)):
        return
    place, middle = view.plane[at], (view.plane.min(axis=0) + view.plane.max(axis=0)) / 2
    left, below = place > middle  # the value stands towards the middle of the picture
    axes.plot(*place, "o", ms=5, mfc="none", mec="black", mew=1.0, clip_on=False, zorder=20)
    axes.annotate(
        f"{values[at]:#.3g}".rstrip("."),
        place,
        xytext=(-6 if left else 6, -6 if below else 6),
        textcoords="offset points",
        ha="right" if left else "left",
        va="top" if below else "bottom",
        fontsize=8,
        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.7},
        zorder=20,
    )


def draw_supports(axes: Axes, seen: Views, moved: Callable[[Array], Array] | None = None) -> None:
    """Supports and loads of a plane body at rest, faintly; where it is drawn deformed, `moved` by so much there."""
    problem = seen.sample.solution.problem
    if problem.time is not None:
        return
    found = symbols(problem)
    draw_symbols(axes, problem, found if found is None or moved is None else found.moved(moved), faint=True)


def enlargement(size: float, largest: float) -> float:
    """The largest of … 1, 2, 5, 10 … that shows the largest displacement as at most DEFORMATION_SHARE of the size."""
    ideal = DEFORMATION_SHARE * size / largest
    power = 10.0 ** floor(log10(ideal))
    return max(step * power for step in (1, 2, 5) if step * power <= ideal * (1 + 1e-12))


def map_size(view: Map) -> tuple[float, float]:
    return _fit(view.plane) if view.equal else (4.0, MAP_HEIGHT)


def _fit(points: Array) -> tuple[float, float]:
    """Inches of a panel in the shape of the points, not higher than MAP_HEIGHT, its width within MAP_WIDTHS."""
    width, height = np.ptp(points, axis=0)
    panel = min(max(MAP_HEIGHT * float(width / height), MAP_WIDTHS[0]), MAP_WIDTHS[1])
    return panel, min(MAP_HEIGHT, panel * float(height / width))


def _with_caption(title: str, view: Map) -> str:
    return f"{title}  ({view.caption})" if view.caption else title
