"""Newton's iteration on output layers, for least squares on one box and on cells: one rule for how far a step goes.

    c <- c + a (c* - c),        a = 1, 1/2, 1/4, … the first that lowers the loss

c* solves the statements linearised at the present fields. Where no a down to SHORTEST_STEP lowers the loss, c stays as
it is and the iteration ends; it ends as well after a step that gains little, and after one that ends where the
linearised statements said: then they were as good as linear, and another would gain little.

The first step has no loss to compare with: the fields that it is linearised at belong to another network, or are zero.
It is taken whole where the loss is finite there, else halved towards the output layer as it was until it is.
Source: Nocedal & Wright, Numerical Optimization, 2nd ed., § 10.3 (Gauss-Newton with a line search).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from pinn.errors import Divergence
from pinn.training.residuals.admissible import remark
from pinn.training.residuals.assembly import FieldJets, Group, loss_at
from pinn.training.residuals.model import Model

SHORTEST_STEP = 1e-3


class NewtonSystem(Protocol):
    """The output layers of a model and its unknowns, to be solved for on the points of some groups."""

    @property
    def model(self) -> Model: ...

    @property
    def groups(self) -> Sequence[Group]: ...

    def solved(self, jets: Sequence[FieldJets]) -> Tensor:
        """Coefficients [P] of the least-squares solution, the statements linearised at these jets, by group."""
        ...

    def coefficients(self) -> Tensor:
        """The coefficients as they are [P], a copy."""
        ...

    def set(self, coefficients: Tensor) -> None:
        """Give the model these."""
        ...

    def jets(self) -> list[FieldJets]:
        """The model's jets by group."""
        ...


@torch.no_grad()
def newton(
    system: NewtonSystem,
    jets: Sequence[FieldJets],
    *,
    steps: int,
    least_gain: float,
    loss: float = math.inf,
    over: Callable[[], bool] = lambda: False,
    expected: Callable[[], float] = lambda: 0.0,
) -> tuple[float, Sequence[FieldJets]]:
    """Iterate from the jets; returns the loss and the jets at the end, which are those of the model.

    least_gain   a step that lowers the loss by less than this fraction of it is the last
    loss         at the jets, where they are those of the model; infinite where they are not
    over         whether there is no time for another step
    expected     the loss of the linearised statements at their last solution, where it is known
    Raises Divergence where no step has a finite loss.
    """
    for _ in range(steps):
        before = loss
        found = damped_step(system, system.solved(jets), loss)
        if found is None and not math.isfinite(loss):
            problem = system.groups[0].problem
            raise Divergence(f"the loss is not finite after any step of Newton's iteration{remark(problem)}")
        if found is None:
            break
        loss, jets = found
        if not loss < (1 - least_gain) * before or (1 - least_gain) * loss < expected() or over():
            break
    return loss, jets


def damped_step(system: NewtonSystem, aim: Tensor, loss: float) -> tuple[float, list[FieldJets]] | None:
    """Take the longest step towards `aim` that lowers the loss; (loss, jets) there, None where the layers stay."""
    start, share = system.coefficients(), 1.0
    while share > SHORTEST_STEP:
        system.set(torch.lerp(start, aim, share))  # exactly `aim` for the whole step
        system.model.respect_bounds()
        jets = system.jets()
        found = loss_at(system.model, system.groups, jets)
        if found < loss:
            return found, jets
        share /= 2
    system.set(start)
    return None
