"""Fitting a given field: what is minimised, against nested autograd; what stays fixed."""

from __future__ import annotations

import pytest
import torch

from pinn.comparison.hardening import jet
from pinn.solution.solution import Solution
from pinn.training.hardening.field_fit import GRADIENT_WEIGHT, FieldFit, TargetField, target_points
from pinn.training.residuals.model import Model
from tests.training.examples import COUPLED, POISSON, model_of, problem

HARD = "{hidden: [6, 5], constraints: hard}"


def target_of(model: Model, found) -> TargetField:
    points = target_points(found, model.mlp)[::20]
    unknowns = {name: value.detach() for name, value in model.unknowns.items()}
    return TargetField(found, points, jet(Solution(found, model, {}, [], {}), points), unknowns)


def loss(fit: FieldFit) -> float:
    return float(fit.residual(fit.model).square().sum())


@pytest.mark.parametrize(("text", "network"), [(COUPLED, "{hidden: [6, 5]}"), (POISSON, HARD)])
def test_the_loss_is_the_relative_error_of_values_and_gradients(text, network):
    found = problem(text, network=network)
    true, other = model_of(found, seed=1), model_of(found, seed=2)
    target = target_of(true, found)
    fit = FieldFit(target, other.mlp, 60.0)
    fit.groups = [fit.group]
    half_width = torch.as_tensor(found.domain.half_width)

    def value_and_gradient(model: Model, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        points = target.points.clone().requires_grad_()
        values = Solution(found, model, {}, [], {})(points, [name])[name]
        (gradient,) = torch.autograd.grad(values.sum(), points)
        return values.detach(), gradient * half_width

    expected = 0.0
    for name in found.fields:
        for wanted, given, weight in zip(
            value_and_gradient(true, name), value_and_gradient(other, name), (1.0, GRADIENT_WEIGHT), strict=True
        ):
            expected += weight**2 * float((given - wanted).square().sum() / wanted.square().sum())
    assert loss(fit) == pytest.approx(expected, rel=1e-9)


def test_the_field_itself_is_where_the_loss_is_zero():
    found = problem(COUPLED)
    model = model_of(found, seed=1)
    fit = FieldFit(target_of(model, found), model.mlp, 60.0)
    fit.groups = [fit.group]
    assert loss(fit) < 1e-28


def test_a_fit_finds_the_output_layer_and_then_the_field():
    found = problem(POISSON, network="{hidden: [2, 2]}")
    true, other = model_of(found, seed=1), model_of(found, seed=2)
    fit = FieldFit(target_of(true, found), other.mlp, 60.0)
    fit.groups = [fit.group]
    begun = loss(fit)
    fit.solve_output()
    solved = loss(fit)
    fit.fit(6)
    assert solved < 0.1 * begun
    assert loss(fit) < 0.1 * solved
