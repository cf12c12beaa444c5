"""Jacobian rows and Gauss-Newton steps against torch's own gradients of the same residuals."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

import pinn
from pinn.training import gauss_newton
from pinn.training.assembly import Group, linear_rows, loss_terms, residuals, set_coefficients
from pinn.training.jacobian import jacobian_rows, trained_parameters
from pinn.training.points import draw
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
    """A soft periodic condition: a residual depends on a point and on its partner."""
    found = problem(PERIODIC % "off")
    model = model_of(found)
    joined = [group for group in groups_of(found) if group.points.partner is not None]
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
    ],
)
def test_rows_are_torchs_jacobian(network):
    found = problem(COUPLED, network=network)
    assert set(found.unknowns) == {"k", "a"}
    model = model_of(found)
    kinds = set()
    for group in groups_of(found):
        value, rows = jacobian_rows(model, group)
        torch.testing.assert_close(value, flat_residuals(model, group).detach(), rtol=1e-13, atol=1e-13)
        assert_is_jacobian(rows, model, group)
        kinds.add(group.points.normals is not None)
    assert kinds == {True, False}


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
    (group,) = (g for g in groups_of(found) if g.statements[0].place.kind == "interior")
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
    last, width = model.network.layers[-1], model.network.layers[-1].in_features
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
    width = model.network.layers[-1].in_features
    set_coefficients(model, torch.arange(2 * (width + 1) + 2, dtype=torch.float64))
    assert model.network.layers[-1].weight[1].tolist() == list(range(width + 1, 2 * width + 1))
    assert model.network.layers[-1].bias.tolist() == [width, 2 * width + 1]
    assert [float(raw.detach()) for raw in model.raw.values()] == [2 * width + 2, 2 * width + 3]
    units = {"k": 2.0, "a": 0.5}  # the sizes of the first guesses
    for k, name in enumerate(model.raw):
        assert float(model.unknowns[name].detach()) == units[name] * (2 * width + 2 + k)


def test_linear_rows_of_periodic_faces():
    found = problem(PERIODIC % "off")
    model = model_of(found)
    (group,) = (g for g in groups_of(found) if g.points.partner is not None)
    assert {s.name for s in group.statements} == {"periodic u", "periodic u_x"}
    with torch.no_grad():
        parts = linear_rows(model, group, slice(None), None)
    rows = torch.cat([part[0] for part in parts])
    width = model.network.layers[-1].in_features
    assert_is_jacobian(rows, model, group, slice(-(width + 1), None))


# ---- the step ------------------------------------------------------------------------------------


def whole_jacobian(model, groups):
    parts = [jacobian_rows(model, group) for group in groups]
    return torch.cat([r for r, _ in parts]), torch.cat([j for _, j in parts])


@pytest.mark.parametrize(("hidden", "few_rows"), [("[6, 5]", False), ("[14, 13]", True)])
def test_steps_solve_the_damped_normal_equations(hidden, few_rows):
    """(J^T J + mu I) step = -J^T r, and the predicted reduction is |r|^2 - |r + J step|^2."""
    found = problem(COUPLED, network=f"{{hidden: {hidden}}}")
    model, groups = model_of(found), groups_of(found)
    r, j = whole_jacobian(model, groups)
    assert (j.shape[0] < j.shape[1]) is few_rows
    residual, gradient, steps, largest = gauss_newton.decompose(model, groups)
    torch.testing.assert_close(residual, r)
    torch.testing.assert_close(gradient, j.T @ r, rtol=1e-10, atol=1e-10)
    assert largest == pytest.approx(float(torch.linalg.matrix_norm(j, 2)) ** 2, rel=1e-10)
    for mu in (largest * 1e-6, largest * 1e-2, largest):
        update, predicted = steps(mu)
        expected = -torch.linalg.solve(j.T @ j + mu * torch.eye(j.shape[1], dtype=j.dtype), j.T @ r)
        torch.testing.assert_close(update, expected, rtol=1e-6, atol=1e-8 * float(expected.abs().max()))
        assert predicted == pytest.approx(float(r.square().sum() - (r + j @ expected).square().sum()), rel=1e-6)


def test_both_forms_of_the_decomposition_give_the_same_step(monkeypatch):
    found = problem(COUPLED, network="{hidden: [14, 13]}")
    model, groups = model_of(found), groups_of(found)
    few = gauss_newton.decompose(model, groups)
    # Zero rows make the same system with more rows than weights.
    original = gauss_newton.jacobian_rows

    def padded(*arguments):
        value, rows = original(*arguments)
        return torch.cat([value, value.new_zeros(300)]), torch.cat([rows, rows.new_zeros(300, rows.shape[1])])

    monkeypatch.setattr(gauss_newton, "jacobian_rows", padded)
    monkeypatch.setattr(Group, "__len__", lambda self: 1000, raising=False)
    monkeypatch.setattr(
        gauss_newton, "trained_parameters", lambda m: trained_parameters(m)[:1]
    )  # fewer than the rows, as counted
    many = gauss_newton.decompose(model, groups)
    assert many[3] == pytest.approx(few[3], rel=1e-10)
    for mu in (few[3] * 1e-5, few[3] * 1e-2):
        (update, predicted), (other, other_predicted) = few[2](mu), many[2](mu)
        torch.testing.assert_close(update, other, rtol=1e-6, atol=1e-8 * float(update.abs().max()))
        assert predicted == pytest.approx(other_predicted, rel=1e-6)
