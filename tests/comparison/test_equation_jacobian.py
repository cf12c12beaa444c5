"""What the equations say to the weights: against the fast Jacobian, finite differences, and hand-made matrices."""

from __future__ import annotations

import pytest
import torch

from pinn.comparison.equation_jacobian import (
    GRADIENT_BOUNDARY,
    GRADIENT_INTERIOR,
    SEED,
    equation_gradient_share,
    equations_at,
    jacobian_by_order,
    jacobian_figures,
)
from pinn.training.residuals.assembly import residuals
from pinn.training.residuals.jacobian import Jacobian, jacobian_rows, trained_parameters
from pinn.training.residuals.points import draw
from tests.training.cells.examples import cells_of, model_on, network_of, random_output
from tests.training.examples import COUPLED, POISSON, model_of, problem

POINTS = 5


@pytest.mark.parametrize("activation", ["gelu", "{lambda_gelu: {hardness: 2, trainable: true}}", "elu"])
def test_the_parts_add_up_to_the_fast_jacobian(activation):
    found = problem(COUPLED, network=f"{{hidden: [6, 5], activation: {activation}}}")
    model = model_of(found)
    group = equations_at(found, model, POINTS)
    by_order = jacobian_by_order(model, group)
    assert sorted(by_order) == [0, 1, 2]
    whole = sum(by_order.values())
    _, rows = jacobian_rows(model, group)  # [E*N, P], statement by statement, the unknowns last
    trained = trained_parameters(model)
    blocks = dict(zip(map(id, trained), rows.split([weight.numel() for weight in trained], dim=1), strict=True))
    ordered = torch.cat([blocks[id(weight)] for weight in model.network.parameters()], dim=1)
    expected = ordered.reshape(2, POINTS, -1).transpose(0, 1).flatten(0, 1)
    torch.testing.assert_close(whole, expected, rtol=1e-10, atol=1e-12)


def test_rows_of_cells_give_the_residual_of_their_output_layers():
    """The problem is linear: r(w) - r(0) = J w."""
    found = problem(POISSON)
    model = random_output(model_on(found, cells_of(found, [3])))
    group = equations_at(found, model, POINTS)
    (part,) = jacobian_by_order(model, group).values()
    network = network_of(model)
    (residual,) = residuals(model, group)
    product = part @ network.output.detach().flatten()
    with torch.no_grad():
        network.output.zero_()
    (source,) = residuals(model, group)
    torch.testing.assert_close(product, ((residual - source) / POINTS**0.5).detach(), rtol=1e-7, atol=1e-12)


def test_relu_has_no_second_order_part_at_all():
    parts = {}
    for activation in ("gelu", "relu"):
        found = problem(COUPLED, network=f"{{hidden: [6, 5], activation: {activation}}}")
        model = model_of(found)
        parts[activation] = jacobian_by_order(model, equations_at(found, model, POINTS))
    assert torch.count_nonzero(parts["relu"][2]) == 0
    assert torch.count_nonzero(parts["relu"][1]) > 0
    assert float(parts["gelu"][2].norm()) > 1e-3


def test_figures_of_known_matrices():
    first = torch.tensor([[3.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
    second = torch.tensor([[0.0, 0.0, 0.0], [0.0, 8.0, 0.0], [0.0, 12.0, 0.0]], dtype=torch.float64)
    figures = jacobian_figures({1: first, 2: second})
    assert figures.rank == 2  # the second and third rows are parallel, the third column is empty
    assert figures.rows == 3
    assert figures.norm == pytest.approx((9 + 144 + 144) ** 0.5)
    assert figures.by_order == {"1": pytest.approx(5), "2": pytest.approx((64 + 144) ** 0.5)}


def test_share_of_the_gradient_is_that_of_the_least_squares_gradient():
    """The loss is |r|^2, so its gradient is 2 J^T r."""
    found = problem(POISSON, network="{hidden: [8, 7]}")
    model = model_of(found)
    groups = draw(found, GRADIENT_INTERIOR, GRADIENT_BOUNDARY, SEED, torch.device("cpu"), torch.float64)
    sizes = []
    for kind in (True, False):
        jacobian = Jacobian(model, [g for g in groups if g.statements[0].is_equation == kind])
        sizes.append(float(jacobian.transposed_times(jacobian.residual).norm()))
    assert equation_gradient_share(found, model) == pytest.approx(sizes[0] / sum(sizes), rel=1e-9)


def test_equations_are_no_part_of_the_gradient_of_relu():
    found = problem(POISSON, network="{hidden: [8, 7], activation: relu}")
    assert equation_gradient_share(found, model_of(found)) == 0
