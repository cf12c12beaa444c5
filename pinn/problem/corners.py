"""Corners of a problem: in words, for `pinn validate`, and what their functions' coefficients mean."""

from __future__ import annotations

import math

from pinn.corners.find import Corner
from pinn.corners.functions import CornerFunction
from pinn.corners.intensity import Intensities, intensities
from pinn.corners.principal import terms_at_vertex
from pinn.corners.table import CornerTable
from pinn.problem.problem import Problem

MOST = 20  # lines; a boundary of many vertices has many corners of one kind


def corner_lines(problem: Problem) -> list[str]:
    """Place, angle, conditions and exponents of the corners at which derivatives are unbounded."""
    places: dict[str, list[str]] = {}
    for corner in problem.corners:
        found = corner.functions()
        if found is not None and found.functions:
            where = ", ".join(f"{value:.6g}" for value in corner.point)
            places.setdefault(behaviour(corner, found.functions), []).append(f"({where})")
    lines = [f"  {', '.join(listed[:3])}{more(len(listed) - 3)}: {text}" for text, listed in places.items()]
    if len(lines) > MOST:
        lines = [*lines[: MOST - 1], f"  and {len(lines) - MOST + 1} more kinds"]
    return ["", "singular corners", *lines] if lines else []


def more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""


def behaviour(corner: Corner, functions: tuple[CornerFunction, ...]) -> str:
    """108.4 degrees, ux, uy | traction_x, traction_y: r^0.6772, r^1.353"""
    powers = list(dict.fromkeys(power(function) for function in functions))
    return f"{math.degrees(corner.angle):.4g} degrees, {' | '.join(edges_of(corner))}: {', '.join(powers)}"


def edges_of(corner: Corner) -> list[str]:
    """The conditions on each edge."""
    return [", ".join(dict.fromkeys(name.partition(" on ")[0] for name in edge)) for edge in corner.conditions]


def power(function: CornerFunction) -> str:
    """r^0.5, r^(0.5 ± 0.0758i), r^1 log r, r^0 (from the data)"""
    value, logarithms = function.exponent, function.logarithms
    number = f"{value.real:.4g}" if not value.imag else f"({value.real:.4g} ± {abs(value.imag):.4g}i)"
    logarithm = "" if not logarithms else " log r" if logarithms == 1 else f" (log r)^{logarithms}"
    return f"r^{number}{logarithm}{' (from the data)' if function.particular else ''}"


def corner_intensities(problem: Problem, corner: Corner, table: CornerTable) -> Intensities | None:
    """Stress intensity factors of the natural functions of a corner; None where the problem has no such stresses."""
    stress, displacement = problem.tensors.get("stress"), problem.vectors.get("displacement")
    if stress is None or displacement is None or len(displacement) != 2:
        return None
    x, y = problem.coordinates
    components = {"xx": stress[f"{x}{x}"], "yy": stress[f"{y}{y}"], "xy": stress[f"{x}{y}"]}
    named = {subdomain.outputs: subdomain for subdomain in problem.subdomains}
    assert corner.wedge is not None
    of_subdomains = [named[sector.outputs] for sector in corner.wedge.sectors]
    stresses = [
        {
            name: terms_at_vertex(subdomain.compile(subdomain.scope.resolve(quantity)), corner.around, None)
            for name, quantity in components.items()
        }
        for subdomain in of_subdomains
    ]
    names = [s.output(name) for s in of_subdomains for name in displacement]
    return intensities(table, corner.wedge, problem.outputs, names, stresses)
