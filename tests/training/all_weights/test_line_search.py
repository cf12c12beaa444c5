"""The line search ends where both Wolfe conditions hold, or says that nothing does."""

from __future__ import annotations

import math

import pytest
import torch

from pinn.training.all_weights.line_search import C1, C2, flat_gradient, strong_wolfe

DOWN = torch.tensor([1.0], dtype=torch.float64)

FUNCTIONS = {
    "parabola": lambda a: (a - 3) ** 2,
    "narrow": lambda a: (a - 1e-4) ** 2,
    "far": lambda a: (a / 500 - 1) ** 4,
    "wavy": lambda a: -a / 10 + torch.cos(5 * a) / 5 + (a - 2) ** 2,
    "infinite beyond": lambda a: -3 * a - torch.log(0.7 - a),
    "More and Thuente": lambda a: -a / (a**2 + 2),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("first", [1e-3, 1.0, 20.0])
def test_both_conditions_hold(name, first):
    def evaluate(step: float) -> tuple[float, torch.Tensor]:
        a = torch.tensor(step, dtype=torch.float64, requires_grad=True)
        value = FUNCTIONS[name](a)
        return float(value.detach()), torch.autograd.grad(value, a)[0][None]

    value, gradient = evaluate(0.0)
    found = strong_wolfe(evaluate, DOWN, value, gradient, first)
    assert found is not None
    slope = float(gradient[0])
    assert found.value <= value + C1 * found.step * slope
    assert abs(found.slope) <= -C2 * slope
    assert (found.value, float(found.gradient[0])) == (evaluate(found.step)[0], float(evaluate(found.step)[1][0]))


def test_no_step_is_taken_uphill():
    up = torch.tensor([1.0], dtype=torch.float64)
    assert strong_wolfe(lambda a: (a * a, 2 * a * up), DOWN, 0.0, 0 * up, 1.0) is None
    assert strong_wolfe(lambda a: (math.nan, up), DOWN, 0.0, -up, 1.0) is None


def test_flat_gradient_has_the_order_of_the_parameters():
    first, unused, last = (torch.nn.Parameter(torch.ones(n, dtype=torch.float64)) for n in (2, 3, 1))
    loss = (first * torch.tensor([1.0, 2.0])).sum() + 5 * last.sum()
    assert flat_gradient(loss, [first, unused, last]).tolist() == [1, 2, 0, 0, 0, 5]
