"""Weights: equal gradient norms, and later times that wait for earlier ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import pinn
from pinn.domain.point_set import PointSet
from pinn.spec.blocks.solver import AdamOptions
from pinn.spec.blocks.weights import CausalOptions, GradientNormOptions, Weights
from pinn.training.all_weights.objective import Objective
from pinn.training.all_weights.weights import SETTLED, CausalWeights, GradientNormWeights, gradient_norm
from pinn.training.residuals.assembly import residuals
from tests.training.examples import COUPLED, problem, run_of

# Two time scales of the same decay, and a large initial mismatch: statements of very different gradients.
STIFF = """
name: stiff
coordinates: [x]
time: {from: 0, to: 1}
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {heat: u_t - 0.1*u_xx = 0}
conditions: [{on: initial, u: sin(pi*x)}, {on: boundary, u: 0, weight: 30}]
exact: {u: exp(-0.1*pi**2*t)*sin(pi*x)}
network: {hidden: [12, 12]}
sampling: {interior: 150, boundary: 40, initial: 40}
"""


def objective(text: str, weights: Weights) -> Objective:
    found = Objective(run_of(problem(text)), AdamOptions(weights=weights), "adam", (8, 8))
    found.draw(0)
    return found


@pytest.mark.parametrize("text", [COUPLED, STIFF])
def test_balanced_gradients_have_the_same_norm(text):
    found = objective(text, Weights(gradient_norm=GradientNormOptions()))
    found()
    before = [gradient_norm(term, found.parameters) for term in found.terms.values()]
    assert max(before) > 3 * min(before)
    found()
    found.rebalance()
    found()
    weighted = [found.weight(name) * gradient_norm(term, found.parameters) for name, term in found.terms.items()]
    assert weighted == pytest.approx([sum(before)] * len(before), rel=1e-9)


def test_the_moving_average_remembers():
    weights = GradientNormWeights(GradientNormOptions(memory=0.75))
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    constant = (0 * x).sum()
    weights.update({"a": (3 * x).sum(), "b": x.sum(), "c": constant}, [x])
    assert weights.values == pytest.approx({"a": 4 / 3, "b": 4})
    weights.update({"a": x.sum(), "b": x.sum(), "c": constant}, [x])
    assert weights.values == pytest.approx({"a": 0.75 * 4 / 3 + 0.25 * 2, "b": 0.75 * 4 + 0.25 * 2})


def test_causal_weights_by_a_slow_sum():
    """Against loops over bins and points, two equations on the same points."""
    options = CausalOptions(bins=5, strength=0.3)
    found = objective(COUPLED, Weights(causal=options))
    (inside,) = (group for group in found.groups if group.statements[0].is_equation)
    times = inside.points.points[:, 1].tolist()
    squares = [residual.detach().square().tolist() for residual in residuals(found.model, inside)]
    expected, earlier = [], 0.0
    for k in range(5):
        expected.append(math.exp(-0.3 * earlier))
        members = [i for i, t in enumerate(times) if k <= t / 0.5 * 5 < k + 1]
        earlier += sum(np.mean([part[i] for i in members]) for part in squares) if members else 0.0
    assert found.causal is not None
    assert found.causal.values.tolist() == pytest.approx(expected, rel=1e-12)
    found()
    terms = [np.mean([expected[int(t / 0.1)] * r for t, r in zip(times, part, strict=True)]) for part in squares]
    assert [float(found.terms[name].detach()) for name in ("heat", "growth")] == pytest.approx(terms, rel=1e-12)


def test_later_times_wait_for_earlier_ones():
    options = CausalOptions(bins=4, strength=1.0)
    found = objective(STIFF, Weights(causal=options))
    inside = next(group for group in found.groups if group.statements[0].is_equation)
    weights = CausalWeights(options, (0.0, 1.0))

    def after(*sizes: float) -> list[float]:
        """Weights where the residual has these sizes in the four bins."""
        bins = weights.bins(inside)
        weights.mean(inside, torch.tensor(sizes, dtype=torch.float64)[bins])
        weights.update()
        return weights.values.tolist()

    assert after(5, 5, 5, 5) == pytest.approx([1, math.exp(-25), math.exp(-50), math.exp(-75)])
    assert after(0, 5, 5, 5) == pytest.approx([1, 1, math.exp(-25), math.exp(-50)])
    assert weights.strength == 1.0
    assert after(0, 0, 0, 5) == [1, 1, 1, 1]
    assert weights.strength == 10.0
    for _ in range(5):
        after(0, 0, 0, 0)
    assert weights.strength == 100.0
    assert after(0.1, 0, 0, 0)[-1] == pytest.approx(math.exp(-1))
    assert math.exp(-1) < SETTLED  # so the strength stayed


def test_bins_cover_the_time_to_its_end():
    found = objective(STIFF, Weights(causal=CausalOptions(bins=4)))
    ends = PointSet(torch.tensor([[0.5, 0.0], [0.5, 0.26], [0.5, 1.0]], dtype=torch.float64))
    weights = CausalWeights(CausalOptions(bins=4), (0.0, 1.0))
    group = type(found.groups[0])(found.run.problem, (0,), ends)
    assert weights.bins(group).tolist() == [0, 1, 3]


@pytest.mark.slow
def test_balancing_pays_where_one_statement_shouts_down_the_others():
    """The boundary's weight of 30 hides the equation from Adam; gradient-norm weights undo it."""
    errors = {}
    for weights in ("none", "gradient_norm"):
        method = f"{{adam: {{iterations: 300, learning_rate: 1e-2, weights: {weights}}}}}"
        found = problem(STIFF, solver=f"{{method: {method}, threads: 1, tolerance: 1e-9}}")
        errors[weights] = pinn.solve(found, seed=0, device="cpu").metrics["relative_l2"]["u"]
    assert errors["gradient_norm"] < 0.5 * errors["none"], errors
