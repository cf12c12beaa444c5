"""Variable projection: the output layer eliminated, Gauss-Newton on the hidden weights of what is left.

Where the problem is linear in the fields, r(h, c) = J_o(h) c - b with the hidden weights h and the output layer c, and

    R(h) = min_c |r(h, c)|^2 = |P r|^2,        P = I - J_o J_o^+ .

With Kaufman's Jacobian P J_h of the reduced residuals the damped step is

    d_h = -((P J_h)^T (P J_h) + mu I)^-1 (P J_h)^T r,

the hidden part of a Gauss-Newton step in which the output layer goes undamped. After it the output layer is solved for.
Sampled features are nearly dependent; as in `damped_qr`, rows mu_o D below J_o (a few rounding errors of it) keep c
finite, and with [J_o; mu_o D] = [Q_1; Q_2] R the projection is P = I - Q_1 Q_1^T.

Sources: Golub & Pereyra, SIAM J. Numer. Anal. 10 (1973) 413; Kaufman, BIT 15 (1975) 49.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from pinn.training.output_layer.damped_qr import damped_qr
from pinn.training.output_layer.linear_solve import solve_least_squares
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.jacobian import Jacobian
from pinn.training.residuals.linearisation import linear_rows, set_coefficients
from pinn.training.residuals.model import Model


class ProjectedJacobian:
    """P J_h [N, P] with the output layer's columns zero, and the residuals r [N] that go with it."""

    def __init__(self, model: Model, jacobian: Jacobian):
        rows = torch.cat(list(jacobian.rows()))
        output = output_columns(model, jacobian.shape[1]).to(rows.device)
        self.matrix = damped_qr(rows[:, output]).left_over(rows)
        self.matrix[:, output] = 0.0
        self.residual = jacobian.residual
        self.shape = jacobian.shape

    def rows(self) -> Iterator[Tensor]:
        return iter([self.matrix])

    def times(self, vector: Tensor) -> Tensor:
        return self.matrix @ vector

    def transposed_times(self, vector: Tensor) -> Tensor:
        return self.matrix.T @ vector


def output_size(model: Model) -> int:
    """Number of weights in the output layer, biases included, of coefficients of corner functions and of unknowns."""
    return model.output_size + len(model.raw)


def output_columns(model: Model, weights: int) -> Tensor:
    """Which of the Jacobian's columns belong to the output layer and the unknowns: [P] of bool."""
    chosen = torch.zeros(weights, dtype=torch.bool)
    start = sum(parameter.numel() for layer in model.mlp.linears[:-1] for parameter in layer.parameters())
    chosen[start : start + output_size(model) - len(model.raw)] = True
    chosen[weights - len(model.raw) :] = True
    return chosen


def solve_output_layer(model: Model, groups: Sequence[Group]) -> None:
    """Set the output layer of a linear problem to the least-squares solution for the hidden layers as they are.

    Where that is not finite the layer stays: the residual, which is not finite then, says where it comes from.
    """
    with torch.no_grad():
        coefficients, _ = solve_least_squares(
            block
            for group in groups
            for _, found in group.in_chunks(
                lambda chunk, group=group: linear_rows(model, group, chunk, None), model.mlp.cache_rows
            )
            for block in found
        )
    if torch.isfinite(coefficients).all():
        set_coefficients(model, coefficients)
