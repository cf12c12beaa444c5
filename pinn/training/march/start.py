"""The start: initial conditions fitted in the units of space, fields and their derivatives in time together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pinn.derivatives.jets import Partial
from pinn.errors import Divergence
from pinn.problem.problem import Problem
from pinn.training.march.factorised import Factorised
from pinn.training.march.rows import Rows, order_in_time

MOST_STEPS = 20  # of Newton's iteration
CONVERGED, ROUNDING = 1e-13, 1e-6  # change of the fields, relative to their size; where steps may stop gaining


def initial_state(problem: Problem, rows: Sequence[Rows], orders: tuple[int, ...], scale: Tensor, units: int) -> Tensor:
    """[Q, F, n] that meets the initial conditions in the least-squares sense, Q the highest order (at least 1).

    What they do not mention stays zero. Raises Divergence where Newton's iteration for them does not converge.
    """
    highest, fields = max(1, *orders), len(orders)
    state = scale.new_zeros(highest, fields, units)
    time = torch.tensor([problem.time[0] if problem.time else 0.0]).to(scale)
    last = float("inf")
    for _ in range(MOST_STEPS):
        whole = torch.cat([state, state[:1] * 0])[:, None]
        matrix, right = [], []
        for one in rows:
            values, slopes = one.residuals(whole, time), one.slopes(whole, time)
            for number, index in enumerate(one.indices):
                weight = one.weight(number) / problem.scaling.statements[index]
                block = scale.new_zeros(len(one.points), highest, fields, units)
                for d, slope in slopes[number].items():
                    if (part := one.on_functions(slope * weight, d)) is not None:
                        block[:, order_in_time(d), one.field_of[d]] += part[0]
                matrix.append(block.flatten(1))
                right.append(-weight * values[number][0])
        if not matrix:
            return state
        whole_matrix = torch.cat(matrix)
        change = Factorised(whole_matrix).solved(torch.cat(right))
        state = state + change.reshape(state.shape)
        size = float((whole_matrix @ change).norm() / (1e-300 + (whole_matrix @ state.flatten()).norm()))
        if not size < float("inf"):
            break
        if size < CONVERGED or (size > last / 2 and last < ROUNDING):
            return state
        last = size
    raise Divergence("Newton's iteration for the initial conditions does not converge")


def rms_by_field(rows: Rows, state: Tensor) -> Tensor:
    """Root mean square of values [s, F, n] of the fields at the rows' points and all instants: [F]."""
    value = Partial((0,) * rows.problem.space)
    table = rows.values[value]
    return (state.flatten(0, 1) @ table.T).reshape(*state.shape[:2], -1).square().mean(dim=(0, 2)).sqrt()
