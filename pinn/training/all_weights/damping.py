"""Levenberg-Marquardt steps: which damping, and how a step follows the curve of the model.

A step for the damping mu is d = v + a/2, with the velocity v and the geodesic acceleration a

    v = -(J^T J + mu I)^-1 J^T r,        a = -(J^T J + mu I)^-1 J^T k,      k = d^2/ds^2 r(w + s v) at s = 0,

k by a central difference along v. It is taken when 2|a| <= |v| (beyond, the second order is no correction) and the loss
falls by more than a low share of what the linear model promises. Without a, Burgers' equation takes three times as many
steps to a loss of 1e-6 (250 and 85).

Sources: Transtrum & Sethna, arXiv:1201.5885 (2012), §§ 4 and 5; low target ratio: DSGNAR (2026).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.training.all_weights.normal_equations import DampedSystem

BOLDER, STEEPER = 3.0, 5.0  # factors by which the damping goes down and up within one step
MOST_TRIES = 12
FIRST_DAMPING = 1e-3  # times the trace of J^T J
PROBE = 0.1  # h of the finite difference; Transtrum & Sethna, § 4
LARGEST_BEND = 1.0  # 2|a|/|v|; Transtrum & Sethna take 0.75, and find little difference up to 1


@dataclass(frozen=True)
class Taken:
    """A step that was accepted: its damping, update [P], the loss after it."""

    damping: float
    update: Tensor
    loss: float


Residual = Callable[[Tensor], Tensor]  # update of the weights [P] -> residuals there [N]


def step(system: DampedSystem, r: Tensor, mu: float, residual: Residual) -> tuple[Tensor, float] | None:
    """(update d [P], reduction of |r|^2 that the linear model predicts for v) from residuals r [N].

    None where the damped matrix has no factor, or the path bends too much.
    """
    velocity = system.solve(r, mu)
    if velocity is None:
        return None
    predicted = float(r @ r - (r + system.image(velocity)).square().sum())
    curvature = (residual(PROBE * velocity) - 2 * r + residual(-PROBE * velocity)) / PROBE**2
    acceleration = system.solve(curvature, mu) if torch.isfinite(curvature).all() else None
    if acceleration is None:
        return velocity, predicted
    if 2 * float(acceleration.norm()) > LARGEST_BEND * float(velocity.norm()):
        return None
    return velocity + acceleration / 2, predicted


def boldest(
    system: DampedSystem, r: Tensor, start: float, target_ratio: float, residual: Residual, land: Residual
) -> Taken | None:
    """The step of the smallest damping, from `start` downwards or upwards, that is still good; None where none is.

    Good is a step whose reduction of the loss is more than `target_ratio` of the predicted one. A smaller damping's
    step is preferred even if it lowers the loss less: the loss falls faster afterwards (Burgers, 150 steps: 7e-9
    against 3e-8). A system whose solutions are costly is content with the first good step.

    r          residuals where the step begins
    residual   residuals after an update
    land       the same, after whatever follows an update: bounds, the output layer
    """
    loss = float(r.square().sum())
    lowest = torch.finfo(r.dtype).eps * system.size
    mu = max(start or FIRST_DAMPING * system.size, lowest)
    best: Taken | None = None
    for _ in range(MOST_TRIES):
        found = step(system, r, mu, residual)
        good = False
        if found is not None:
            update, predicted = found
            after = float(land(update).square().sum())
            good = math.isfinite(after) and loss - after > target_ratio * max(predicted, 0.0)
            if good:
                best = Taken(mu, update, after)
                if mu <= lowest or system.costly:
                    break
                mu = max(mu / BOLDER, lowest)
                continue
        if best is not None:
            break
        mu *= STEEPER
    return best
