"""Partial derivatives by nested reverse-mode differentiation: slow, and independent of every rule in jets.py.

It differentiates the function that torch implements, so a wrong closed form or a wrong combinatorial factor in the fast
path shows up as a difference. `solver.derivatives: autograd` selects it for a whole run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from pinn.derivatives.jets import JetPlan, Jets, Partial


@torch.enable_grad()
def partial_derivatives(
    function: Callable[[Tensor], Tensor], points: Tensor, partials: Iterable[Partial], space: int | None = None
) -> dict[Partial, Tensor]:
    """All `partials` of `function`: points [N, D] -> [N, F], at `points`. Returns partial -> [N, F], differentiable.

    `space` is the number of coordinates, from the first, that a Laplacian sums over (default: all).
    """
    dimension = points.shape[1]
    columns = [points[:, axis].clone().requires_grad_(True) for axis in range(dimension)]
    value = function(torch.stack(columns, dim=1))
    known: dict[Partial, Tensor] = {Partial((0,) * dimension): value}

    def derivative(of: Tensor, axis: int) -> Tensor:
        parts = []
        for field in of.unbind(1):
            if not field.requires_grad:
                parts.append(torch.zeros_like(field))
                continue
            (part,) = torch.autograd.grad(field.sum(), columns[axis], create_graph=True, allow_unused=True)
            parts.append(torch.zeros_like(field) if part is None else part)
        return torch.stack(parts, dim=1)

    def step(partial: Partial, axis: int) -> Partial:
        return Partial(tuple(n + (i == axis) for i, n in enumerate(partial.orders)), partial.laplacians)

    def find(partial: Partial) -> Tensor:
        if partial not in known:
            axis = next((i for i, n in enumerate(partial.orders) if n), None)
            if axis is not None:
                lower = Partial(tuple(n - (i == axis) for i, n in enumerate(partial.orders)), partial.laplacians)
                known[partial] = derivative(find(lower), axis)
            else:
                lower = Partial(partial.orders, partial.laplacians - 1)
                axes = range(dimension if space is None else space)
                known[partial] = torch.stack([find(step(step(lower, i), i)) for i in axes]).sum(0)
        return known[partial]

    return {partial: find(partial) for partial in partials}


def jets_by_autograd(function: Callable[[Tensor], Tensor], points: Tensor, plan: JetPlan) -> Jets:
    """The channels of a plan, each [N, F]: the slow reference for the jets of a network."""
    found = partial_derivatives(function, points, plan.channels, plan.space)
    return [found[channel] for channel in plan.channels]
