"""Gauss-Newton: damped systems against dense linear algebra, curvature and variable projection against differences."""

from __future__ import annotations

import pytest
import torch

from pinn.spec.blocks.solver import AdamOptions, GaussNewtonOptions
from pinn.training.all_weights import damping
from pinn.training.all_weights.adam import Adam
from pinn.training.all_weights.gauss_newton import GaussNewton, assign
from pinn.training.all_weights.krylov import Krylov
from pinn.training.all_weights.normal_equations import PANEL, ResidualSpace, WeightSpace, add_gram
from pinn.training.output_layer.variable_projection import ProjectedJacobian, output_columns, solve_output_layer
from pinn.training.residuals.jacobian import Jacobian, trained_parameters
from pinn.training.residuals.points import draw
from tests.training.examples import COUPLED, PERIODIC, POISSON, model_of, problem, run_of

CPU = torch.device("cpu")


def system_of(text: str, hidden: str):
    """(model, Jacobian, its rows written out)"""
    found = problem(text, network=f"{{hidden: {hidden}}}")
    model = model_of(found)
    jacobian = Jacobian(model, draw(found, 12, 8, 3, CPU, torch.float64))
    return model, jacobian, torch.cat(list(jacobian.rows()))


def krylov(jacobian: Jacobian) -> Krylov:
    return Krylov(jacobian, torch.Generator().manual_seed(0), tolerance=1e-12, most_iterations=2000)


SYSTEMS = {
    "weights": WeightSpace,
    "residuals": lambda jacobian: ResidualSpace(torch.cat(list(jacobian.rows()))),
    "krylov": krylov,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize(("hidden", "few_rows"), [("[6, 5]", False), ("[14, 13]", True)])
def test_every_form_solves_the_damped_normal_equations(name, hidden, few_rows, monkeypatch):
    monkeypatch.setattr(
        "pinn.training.all_weights.krylov.SAMPLED_ROWS", 20
    )  # a preconditioner that leaves something to do
    _, jacobian, rows = system_of(COUPLED, hidden)
    assert (rows.shape[0] < rows.shape[1]) is few_rows
    system = SYSTEMS[name](jacobian)
    size = float(rows.square().sum())
    assert system.size == pytest.approx(size, rel=0.5 if name == "krylov" else 1e-12)
    y = torch.randn(rows.shape[0], generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for mu in (size * 1e-6, size * 1e-2, size):
        expected = -torch.linalg.solve(rows.T @ rows + mu * torch.eye(rows.shape[1], dtype=rows.dtype), rows.T @ y)
        found = system.solve(y, mu)
        assert found is not None
        torch.testing.assert_close(system.image(found), rows @ found)
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-7 * float(expected.abs().max()))


@pytest.mark.slow
def test_a_sampled_preconditioner_saves_iterations():
    _, jacobian, rows = system_of(COUPLED, "[14, 13]")
    mu = 1e-5 * float(rows.square().sum())
    counts = []
    for sampled in (1, 40, 10_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("pinn.training.all_weights.krylov.SAMPLED_ROWS", sampled)
            system = krylov(jacobian)
        system.solve(jacobian.residual, mu)
        counts.append(system.iterations)
    assert counts[0] > 1.2 * counts[1] > counts[2]
    assert counts[2] <= 2  # all rows: the preconditioner is the matrix


def test_gram_matrices_in_panels():
    block = torch.randn(7, 2 * PANEL + 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    matrix = torch.zeros(block.shape[1], block.shape[1], dtype=torch.float64)
    add_gram(matrix, block)
    torch.testing.assert_close(matrix.tril(), (block.T @ block).tril())


def test_indefinite_matrices_are_no_step():
    _, jacobian, _ = system_of(COUPLED, "[6, 5]")
    system = WeightSpace(jacobian)
    assert system.solve(jacobian.residual, -system.size) is None


@pytest.mark.slow
def test_the_acceleration_follows_the_curve():
    """Along v, w + s v + s^2 a/2 leaves a residual whose second derivative is orthogonal to J, as far as mu lets it."""
    model, jacobian, rows = system_of(COUPLED, "[6, 5]")
    groups = draw(problem(COUPLED), 12, 8, 3, CPU, torch.float64)
    old = [parameter.detach().clone() for parameter in trained_parameters(model)]

    def residual(update):
        assign(trained_parameters(model), old, update)
        return Jacobian(model, groups).residual

    system = WeightSpace(jacobian)
    mu = 1e-1 * system.size
    found = damping.step(system, jacobian.residual, mu, residual)
    assert found is not None
    velocity = system.solve(jacobian.residual, mu)
    acceleration = 2 * (found[0] - velocity)
    s = 1e-3
    curve = [residual(t * velocity + t * t * acceleration / 2) for t in (-s, 0.0, s)]
    second = (curve[0] - 2 * curve[1] + curve[2]) / s**2
    # J^T (k + J a) = -mu a, by the definition of a.
    torch.testing.assert_close(
        rows.T @ second, -mu * acceleration, rtol=1e-2, atol=1e-2 * mu * float(acceleration.abs().max())
    )


# ---- variable projection -------------------------------------------------------------------------


def reduced(model, groups):
    """Residuals [N] as a function of the hidden weights alone."""
    old = [parameter.detach().clone() for parameter in trained_parameters(model)]

    def residual(update):
        assign(trained_parameters(model), old, update)
        solve_output_layer(model, groups)
        return Jacobian(model, groups).residual

    return residual


@pytest.mark.parametrize("text", [POISSON, PERIODIC % "off"])
def test_the_projected_gradient_is_that_of_the_reduced_functional(text):
    """|r(h, c(h))|^2 has the gradient 2 (P J_h)^T r: exact, though P J_h leaves out a term of the reduced Jacobian."""
    found = problem(text, network="{hidden: [5, 4]}")
    model, groups = model_of(found), draw(found, 40, 16, 3, CPU, torch.float64)
    residual = reduced(model, groups)
    weights = sum(parameter.numel() for parameter in trained_parameters(model))
    residual(torch.zeros(weights, dtype=torch.float64))
    jacobian = Jacobian(model, groups)
    projected = ProjectedJacobian(model, jacobian)
    hidden = ~output_columns(model, weights)
    generator = torch.Generator().manual_seed(2)
    gradient = projected.transposed_times(projected.residual)
    for _ in range(3):
        direction = torch.zeros(weights, dtype=torch.float64)
        direction[hidden] = torch.randn(int(hidden.sum()), generator=generator, dtype=torch.float64)
        h = 1e-5
        ends = [float(residual(sign * h * direction).square().sum()) for sign in (1, -1)]
        assert (ends[0] - ends[1]) / (2 * h) == pytest.approx(2 * float(gradient @ direction), rel=1e-4)


def test_the_projected_step_damps_the_hidden_weights_only():
    found = problem(POISSON, network="{hidden: [5, 4]}")
    model, groups = model_of(found), draw(found, 40, 16, 3, CPU, torch.float64)
    jacobian = Jacobian(model, groups)
    rows = torch.cat(list(jacobian.rows()))
    hidden = ~output_columns(model, rows.shape[1])
    mu = 1e-4 * float(rows.square().sum())
    damped = rows.T @ rows + mu * torch.diag(hidden.double())
    expected = -torch.linalg.solve(damped, rows.T @ jacobian.residual)
    for form in (WeightSpace, lambda projected: ResidualSpace(projected.matrix)):
        update = form(ProjectedJacobian(model, jacobian)).solve(jacobian.residual, mu)
        largest = float(expected[hidden].abs().max())
        torch.testing.assert_close(update[hidden], expected[hidden], rtol=1e-5, atol=1e-6 * largest)
        assert not update[~hidden].any()  # they are solved for afterwards


@pytest.mark.slow
def test_variable_projection_leaves_less_residual_after_as_many_steps():
    residuals = []
    for wanted in (True, False):
        run = run_of(problem(POISSON), seed=1)
        stage = GaussNewton(GaussNewtonOptions(variable_projection=wanted), run)
        assert stage.projected is wanted
        for _ in range(12):
            stage.step()
        residuals.append(run.heldout(run.model))
    assert residuals[0] < 0.8 * residuals[1]


@pytest.mark.parametrize(("text", "linear"), [(POISSON, True), (COUPLED, False)])
def test_the_output_layer_is_eliminated_where_the_problem_is_linear(text, linear):
    found = problem(text)
    assert found.is_linear is linear
    assert GaussNewton(GaussNewtonOptions(), run_of(found)).projected is linear
    assert not GaussNewton(GaussNewtonOptions(solver="iterative"), run_of(found)).projected


# ---- the stage -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_conjugate_gradients_train_as_the_dense_solver_does(monkeypatch):
    monkeypatch.setattr("pinn.training.all_weights.krylov.SAMPLED_ROWS", 30)
    losses = {}
    for solver in ("dense", "iterative"):
        run = run_of(problem(COUPLED))
        stage = GaussNewton(GaussNewtonOptions(solver=solver, resample=0), run)
        losses[solver] = [stage.step().loss for _ in range(16)]
    assert losses["iterative"][-1] < 1e-2 * losses["iterative"][0]
    assert losses["iterative"][-1] < 1e3 * losses["dense"][-1]


def test_neither_jacobian_nor_gram_matrix_is_formed_by_the_iterative_solver(monkeypatch):
    """Every tensor that a step makes stays below a third of J [N, P]."""
    largest = 0

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, arguments=(), options=None):
            nonlocal largest
            result = function(*arguments, **(options or {}))
            if isinstance(result, torch.Tensor):
                largest = max(largest, result.numel())
            return result

    monkeypatch.setattr("pinn.training.all_weights.krylov.SAMPLED_ROWS", 50)
    monkeypatch.setattr("pinn.training.residuals.jacobian.JACOBIAN_CHUNK", 100)
    text = POISSON.replace("interior: 60, boundary: 16", "interior: 1500, boundary: 100")
    run = run_of(problem(text, network="{hidden: [30, 30]}"))
    stage = GaussNewton(GaussNewtonOptions(solver="iterative"), run)
    with Watch():
        stage.step()
    rows, weights = len(stage.residual(run.model)), 30 * 2 + 30 * 31 + 31
    assert rows > 1500
    assert largest < rows * weights / 3


@pytest.mark.slow
def test_points_are_fresh_after_a_step_that_fails():
    run = run_of(problem(COUPLED))
    stage = GaussNewton(GaussNewtonOptions(resample=1000), run)
    stage.step()
    before = stage.groups
    stage.step()
    assert stage.groups is before
    stage.rejections = 1
    stage.step()
    assert stage.groups is not before


@pytest.mark.parametrize(("stage", "options"), [(GaussNewton, GaussNewtonOptions()), (Adam, AdamOptions())])
def test_gates_cross_the_domain(stage, options):
    """Every unit of every hidden layer is on both sides of its hyperplane somewhere."""
    run = run_of(problem(POISSON, network="{hidden: [8, 7], activation: {lambda_gelu: {hardness: 2}}}"))
    stage(options, run)
    network = run.model.network
    points = torch.linspace(0, 1, 400, dtype=torch.float64)[:, None]
    h = network.features(points)
    for layer in network.linears[:-1]:
        z = layer(h)
        assert bool(((z.min(dim=0).values < 1e-2) & (z.max(dim=0).values > -1e-2)).all())
        h = network.activation.function(2 * z) / 2
