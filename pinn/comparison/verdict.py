"""One sentence about an activation, from its measured numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

BLIND = 0.5  # residual floor: more of the equations is left than training has met
MISMATCH = 0.1  # between the curvature from jets and from finite differences: one of them is not the field's
UNSOLVED = 0.05  # relative L2 error
AS_GOOD = 1.5  # times the smallest error


def verdict(name: str, curvature: Mapping[str, Any], error: float | None, smallest: float | None) -> str:
    """`error` and `smallest` are relative L2 errors, of this activation and of the best one; None where not known."""
    order = curvature["required_order"]
    floor = curvature["residual_floor"]
    part = curvature["jacobian_norm_by_order"].get(str(order))
    figures = [] if floor is None else [f"residual floor {floor:.1e}"]
    figures += [] if error is None else [f"error {error:.1e}"]
    outcome = ", ".join(figures)
    mismatch = curvature["curvature_mismatch"]
    if mismatch is None:
        return "Its fields are not finite."
    if part == 0:
        borrowed = curvature["trained"]["jacobian_norm_by_order"].get(str(order), 0)
        rest = "; what curvature its trained network has comes from the windows between cells" if borrowed else ""
        return (
            f"Cannot carry these equations: they need order {order}, and that part of their Jacobian is exactly zero"
            f" for {name}{rest} ({outcome})."
        )
    unsolved = (floor is not None and floor > BLIND) or (error is not None and error > UNSOLVED)
    smoothness = curvature["smoothness_order"]
    if smoothness is not None and smoothness < order and unsolved:
        return (
            f"Not smooth enough: it has derivatives up to order {smoothness}, the equations need {order}, and what lies"
            f" between the points as jumps goes unseen ({outcome})."
        )
    if floor is not None and floor > BLIND:
        return f"Has not learned the equations: most of their source is left as residual ({outcome})."
    if order >= 2 and mismatch > MISMATCH:
        return (
            "Its second derivatives are not those of the field: they differ from finite differences by"
            f" {mismatch:.0%} ({outcome})."
        )
    if unsolved:
        return f"Carries the derivatives, but these runs have not solved the problem ({outcome})."
    rank = f"rank {curvature['jacobian_rank']} of {curvature['jacobian_rows']}"
    agree = f", second derivatives agree with finite differences to {mismatch:.0e}" if order >= 2 else ""
    return f"Carries the derivatives: {rank}{agree} ({outcome}){comparison(error, smallest)}."


def comparison(error: float | None, smallest: float | None) -> str:
    if error is None or smallest is None or not 0 < smallest < math.inf:
        return ""
    if error == smallest:
        return ", the smallest error here"
    return (
        ", as good as the best" if error < AS_GOOD * smallest else f", {error / smallest:.2g} times the smallest error"
    )
