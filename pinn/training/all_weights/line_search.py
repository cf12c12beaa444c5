"""Line search: a step length that satisfies the strong Wolfe conditions.

With phi(a) = f(w + a d), a step a is taken where

    phi(a) <= phi(0) + C1 a phi'(0)      and      |phi'(a)| <= -C2 phi'(0)

Source: Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 3.5 and 3.6, eq. 3.59.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

C1, C2 = 1e-4, 0.9  # usual for quasi-Newton directions (Nocedal & Wright, § 3.1)
LONGER = 2.0  # factor on a step that is still going downhill
MOST_TRIALS = 25
NEAREST_END = 0.1  # share of an interval that an interpolated step keeps from either end


@dataclass(frozen=True, eq=False)
class TrialStep:
    """phi(step), phi'(step), and the gradient [P] of f there."""

    step: float
    value: float
    slope: float
    gradient: Tensor


def strong_wolfe(
    evaluate: Callable[[float], tuple[float, Tensor]], direction: Tensor, value: float, gradient: Tensor, first: float
) -> TrialStep | None:
    """A step along `direction` [P], the first one tried being `first`; None where none lowers the value.

    evaluate   step -> (value, gradient [P]) at w + step * direction
    Of the steps tried last, one that lowers the value enough is taken if none meets the second condition too.
    """
    start = TrialStep(0.0, value, float(gradient @ direction), gradient)
    trials = 0

    def trial_at(step: float) -> TrialStep:
        nonlocal trials
        trials += 1
        found, at = evaluate(step)
        return TrialStep(step, found, float(at @ direction), at)

    def too_high(trial: TrialStep, than: TrialStep) -> bool:
        enough = start.value + C1 * trial.step * start.slope
        return not math.isfinite(trial.value) or trial.value > enough or trial.value >= than.value

    def flat(trial: TrialStep) -> bool:
        return abs(trial.slope) <= -C2 * start.slope

    low, high, step = start, None, first
    while trials < MOST_TRIALS:
        trial = trial_at(step)
        if too_high(trial, low):
            high = trial
        elif flat(trial):
            return trial
        else:
            if trial.slope * ((high.step - trial.step) if high else 1.0) >= 0:
                high = low  # the minimum lies behind
            low = trial
        step = LONGER * low.step if high is None else between(low, high)
    return low if low.step > 0 else None


def between(low: TrialStep, high: TrialStep) -> float:
    """The minimum of the cubic through both trials, kept away from the ends; the middle where there is none."""
    width = high.step - low.step
    share = 0.5
    if math.isfinite(high.value) and math.isfinite(high.slope):
        tilt = low.slope + high.slope - 3 * (high.value - low.value) / width
        under_root = tilt * tilt - low.slope * high.slope
        if under_root >= 0:
            root = math.copysign(math.sqrt(under_root), width)
            denominator = high.slope - low.slope + 2 * root
            if denominator != 0:
                share = 1 - (high.slope + root - tilt) / denominator
    return low.step + width * min(max(share, NEAREST_END), 1 - NEAREST_END)


def flat_gradient(loss: Tensor, parameters: list[torch.nn.Parameter]) -> Tensor:
    """d loss / d parameters [P], in their order."""
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    parts = [torch.zeros_like(p) if g is None else g for g, p in zip(gradients, parameters, strict=True)]
    return torch.cat([part.flatten() for part in parts])
