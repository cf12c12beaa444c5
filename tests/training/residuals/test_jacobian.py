"""Jacobian rows and products against torch's own gradients of the same residuals."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

import pinn
from pinn.training.residuals.assembly import Group, loss_terms, residuals
from pinn.training.residuals.jacobian import Jacobian, jacobian_rows, trained_parameters
from pinn.training.residuals.linearisation import linear_rows, set_coefficients
from pinn.training.residuals.points import draw
from tests.training.examples import COUPLED, PERIODIC, PROBLEMS, model_of, problem

CPU = torch.device("cpu")


def groups_of(found, seed: int = 3) -> list[Group]:
    return draw(found, 12, 8, seed, CPU, torch.float64)


def flat_residuals(model, group: Group) -> Tensor:
    """Weighted residuals [E*N] with |r|^2 the group's part of the loss."""
    found = residuals(model, group)
    return torch.cat(
        [r * group.weight(s) / math.sqrt(len(group.points)) for s, r in zip(group.statements, found, strict=True)]
    )


def weighted_gradient(model, residual: Tensor, weights: Tensor) -> Tensor:
    """J^T w by one ordinary reverse pass, in the order of the rows' columns."""
    parameters = trained_parameters(model)
    parts = torch.autograd.grad(residual @ weights, parameters, retain_graph=True, allow_unused=True)
    return torch.cat(
        [(torch.zeros_like(p) if g is None else g).flatten() for p, g in zip(parameters, parts, strict=True)]
    )


def assert_is_jacobian(rows: Tensor, model, group: Group, columns=slice(None)) -> None:
    """Every row of `rows` is the gradient of its residual: random weights of the rows, and some rows alone."""
    residual = flat_residuals(model, group)
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(len(residual), generator=generator, dtype=rows.dtype) for _ in range(4)]
    weights += [torch.eye(len(residual), dtype=rows.dtype)[k] for k in (0, len(residual) // 2, len(residual) - 1)]
    for weight in weights:
        expected = weighted_gradient(model, residual, weight)[columns]
        torch.testing.assert_close(
            rows.T @ weight, expected, rtol=1e-9, atol=1e-11 * float(rows.detach().abs().max()) * len(rows)
        )


def test_rows_of_joined_points_hold_both_ends():
    """A soft periodic condition: a residual depends on both ends of a point."""
    found = problem(PERIODIC % "off")
    model = model_of(found)
    joined = [group for group in groups_of(found) if group.points.ends > 1]
    assert joined
    for group in joined:
        assert_is_jacobian(jacobian_rows(model, group)[1], model, group)


@pytest.mark.parametrize(
    "network",
    [
        "{hidden: [6, 5]}",
        "{hidden: [6, 5], fourier: 2, activation: tanh}",
        "{hidden: [6], activation: {lambda_gelu: {hardness: 2}}}",
        "{hidden: [6, 5], activation: {lambda_gelu: {hardness: 2, trainable: true}}}",
        "{hidden: [6, 5], activation: {lambda_gelu: {trainable: true, per: neuron, parameterisation: softplus}}}",
        "{hidden: [6, 5], normalisation: layer, activation: {lambda_gelu: {trainable: true, per: neuron}}}",
    ],
)
def test_rows_are_torchs_jacobian(network):
    found = problem(COUPLED, network=network, solver="{method: gauss_newton}")
    assert set(found.unknowns) == {"k", "a"}
    model = model_of(found)
    kinds = set()
    for group in groups_of(found):
        value, rows = jacobian_rows(model, group)
        torch.testing.assert_close(value, flat_residuals(model, group).detach(), rtol=1e-13, atol=1e-13)
        assert_is_jacobian(rows, model, group)
        kinds.add(group.points.normals is not None)
    assert kinds == {True, False}


@pytest.mark.slow
def test_rows_of_elasticity_with_collapsed_and_mixed_derivatives():
    found = pinn.load(
        PROBLEMS / "elasticity" / "plate_with_hole.yaml",
        ["network.hidden=[6, 5]", "sampling.interior=20", "sampling.boundary=30"],
    )
    model = model_of(found)
    for group in groups_of(found):
        _, rows = jacobian_rows(model, group)
        assert_is_jacobian(rows, model, group)


def test_chunks_of_rows_make_the_whole():
    found = problem(COUPLED)
    model = model_of(found)
    (group,) = (g for g in groups_of(found) if g.statements[0].is_equation)
    value, rows = jacobian_rows(model, group)
    count = len(group.points)
    parts = [jacobian_rows(model, group, chunk) for chunk in group.chunks(5)]
    for k in range(len(group.indices)):
        pieces = []
        for part_value, part_rows in parts:
            size = len(part_value) // len(group.indices)
            pieces.append(part_rows[k * size : (k + 1) * size])
        torch.testing.assert_close(torch.cat(pieces), rows[k * count : (k + 1) * count])
    assert float(value.square().sum()) == pytest.approx(sum(float(v.square().sum()) for v, _ in parts))


def test_loss_is_the_sum_of_squared_rows():
    found = problem(COUPLED)
    model, groups = model_of(found), groups_of(found)
    terms = loss_terms(model, groups)
    assert set(terms) == {statement.name for statement in found.statements}
    total = sum(float(jacobian_rows(model, group)[0].square().sum()) for group in groups)
    assert float(sum(terms.values()).detach()) == pytest.approx(total, rel=1e-12)


def test_linear_rows_are_the_jacobian_of_the_output_layer_and_the_unknowns():
    """Linearised at the model's own state: A is the Jacobian, and b = A c - r."""
    found = problem(COUPLED)
    model = model_of(found)
    last, width = model.mlp.layers[-1], model.mlp.layers[-1].in_features
    with torch.no_grad():
        last.bias.copy_(torch.tensor([0.3, -0.2]))
    for group in groups_of(found):
        with torch.no_grad():
            state = model.jets(group.points.points, group.plan, group.derivatives)
            parts = linear_rows(model, group, slice(None), state)
        rows, target = (torch.cat([part[k] for part in parts]) for k in (0, 1))
        total = sum(parameter.numel() for parameter in trained_parameters(model))
        start = total - (2 * width + 2 + 2)  # of output weights [2, W], output biases [2], unknowns [2]
        first, second = list(range(start, start + width)), list(range(start + width, start + 2 * width))
        columns = [*first, start + 2 * width, *second, start + 2 * width + 1, total - 2, total - 1]
        assert_is_jacobian(rows, model, group, columns)
        weights = torch.cat([last.weight, last.bias[:, None]], dim=1).detach().flatten()
        coefficients = torch.cat([weights, torch.stack([raw.detach() for raw in model.raw.values()])])
        torch.testing.assert_close(
            target, rows @ coefficients - flat_residuals(model, group).detach(), rtol=1e-9, atol=1e-10
        )


def test_set_coefficients_is_their_order():
    found = problem(COUPLED)
    model = model_of(found)
    width = model.mlp.layers[-1].in_features
    set_coefficients(model, torch.arange(2 * (width + 1) + 2, dtype=torch.float64))
    assert model.mlp.layers[-1].weight[1].tolist() == list(range(width + 1, 2 * width + 1))
    assert model.mlp.layers[-1].bias.tolist() == [width, 2 * width + 1]
    assert [float(raw.detach()) for raw in model.raw.values()] == [2 * width + 2, 2 * width + 3]
    units = {"k": 2.0, "a": 0.5}  # the sizes of the first guesses
    for k, name in enumerate(model.raw):
        assert float(model.unknowns[name].detach()) == units[name] * (2 * width + 2 + k)


def test_linear_rows_of_periodic_faces():
    found = problem(PERIODIC % "off")
    model = model_of(found)
    (group,) = (g for g in groups_of(found) if g.points.ends > 1)
    assert {s.name for s in group.statements} == {"periodic u", "periodic u_x"}
    with torch.no_grad():
        parts = linear_rows(model, group, slice(None), None)
    rows = torch.cat([part[0] for part in parts])
    width = model.mlp.layers[-1].in_features
    assert_is_jacobian(rows, model, group, slice(-(width + 1), None))


# ---- products with the factors -------------------------------------------------------------------


@pytest.mark.parametrize("text", [COUPLED, PERIODIC % "off"])
def test_products_by_factors_are_products_with_the_rows(text):
    found = problem(text, network="{hidden: [6, 5], activation: {lambda_gelu: {trainable: true, per: neuron}}}")
    jacobian = Jacobian(model_of(found), groups_of(found))
    rows = torch.cat(list(jacobian.rows()))
    assert rows.shape == jacobian.shape
    generator = torch.Generator().manual_seed(4)
    weights = torch.randn(rows.shape[1], generator=generator, dtype=rows.dtype)
    residuals = torch.randn(rows.shape[0], generator=generator, dtype=rows.dtype)
    torch.testing.assert_close(jacobian.times(weights), rows @ weights, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(jacobian.transposed_times(residuals), rows.T @ residuals, rtol=1e-11, atol=1e-11)


@pytest.mark.slow
def test_sampled_rows_have_the_jacobians_gram_matrix_on_average():
    found = problem(PERIODIC % "off")
    jacobian = Jacobian(model_of(found), groups_of(found))
    rows = torch.cat(list(jacobian.rows()))
    generator = torch.Generator().manual_seed(5)
    samples = [jacobian.sampled_rows(len(rows) // 3, generator) for _ in range(600)]
    assert max(map(len, samples)) < len(rows) // 2
    mean = sum(sample.T @ sample for sample in samples) / len(samples)
    whole = rows.T @ rows
    assert float((mean - whole).norm()) < 0.05 * float(whole.norm())  # 600 samples: their spread is 0.02
    torch.testing.assert_close(jacobian.sampled_rows(10 * len(rows), generator), rows)
