"""The one picture of a solution that stands for it: its leading quantity, or a mode's deformed body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinn.export.sampling.sample import scalar_names
from pinn.figures.page import Panel
from pinn.figures.quantities import deformed_panel, quantity_panel
from pinn.figures.views import Views, displacement, leading_quantity, views

if TYPE_CHECKING:
    from pinn.export.sampling.solved import Solved


def leading_of(solution: Solved, seen: Views, name: str) -> Panel:
    """A quantity on the surface of a solid, else in the plane or along the line."""
    if solution.problem.space != 3:
        return quantity_panel(seen, name)
    from pinn.figures.solid import surface_panel

    return surface_panel(solution, name)


def leading_panel(solution: Solved) -> Panel:
    """The picture of the quantity that matters most."""
    name = leading_quantity(solution)
    return leading_of(solution, views(solution, quantities=[name]), name)


def mode_panel(solution: Solved) -> Panel:
    """The deformed body, or the first of the fields that a mode has."""
    components = displacement(solution) or ()
    asked = solution.problem.spec.outputs.quantities
    name = scalar_names(solution.problem, asked)[0] if asked else solution.problem.fields[0]
    seen = views(solution, quantities=list(dict.fromkeys((name, *components))))
    deformed = deformed_panel(seen, components) if len(components) == 2 and not asked else None
    return deformed or quantity_panel(seen, name)
