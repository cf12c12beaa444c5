"""Every stage lowers the loss of a small problem, stops for its stated reason, and repeats itself bit for bit."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import pytest
import torch

import pinn
from pinn.domain.places import Periodic
from pinn.errors import Divergence, SpecError
from pinn.geometry.points.seeds import seed_of
from pinn.geometry.points.sequences import SEQUENCES
from pinn.network.mlp import MLP
from pinn.spec.blocks.solver import AdamOptions, GaussNewtonOptions, LBFGSOptions, QuasiNewtonOptions, SOAPOptions
from pinn.training.all_weights.adam import Adam
from pinn.training.all_weights.gauss_newton import STAGNATION_STEPS, GaussNewton
from pinn.training.all_weights.lbfgs import LBFGS
from pinn.training.all_weights.quasi_newton import MOST_WEIGHTS, QuasiNewton
from pinn.training.all_weights.soap import SOAP
from pinn.training.loop import train
from pinn.training.residuals.assembly import loss_terms, mean_squares
from pinn.training.residuals.points import draw
from pinn.training.run.run import Report
from pinn.training.run.stop_reason import StopReason
from pinn.training.stages import stages_of
from tests.training.examples import COUPLED, PERIODIC, POISSON, PROBLEMS, model_of, problem, run_of

METHODS = {
    "adam": "{adam: {iterations: 60, learning_rate: 1e-2}}",
    "soap": "{soap: {iterations: 60, learning_rate: 1e-2}}",
    "lbfgs": "{lbfgs: {iterations: 30}}",
    "quasi_newton": "{quasi_newton: {iterations: 30}}",
    "gauss_newton": "{gauss_newton: {iterations: 8}}",
}


def solved(text: str, method: str, more: str = "", **options):
    return pinn.solve(problem(text, solver=f"{{method: {method}, threads: 1{more}}}", **options))


# ---- accuracy ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_least_squares_solves_poisson():
    found = pinn.load(
        PROBLEMS / "heat" / "poisson_2d.yaml",
        ["solver.method={least_squares: {features: 600, scale: 2}}", "solver.threads=1"],
    )
    solution = pinn.solve(found)
    assert solution.metrics["relative_l2"]["u"] < 1e-9
    assert solution.metrics["heldout_residual"] < 1e-6


@pytest.mark.slow
def test_least_squares_solves_a_nonlinear_problem_by_newton():
    found = pinn.load(
        PROBLEMS / "heat" / "nonlinear_poisson.yaml",
        ["solver.method={least_squares: {features: 300, scale: 2.5}}", "solver.threads=1"],
    )
    assert not found.is_linear
    solution = pinn.solve(found)
    assert solution.metrics["relative_l2"]["u"] < 1e-8


@pytest.mark.slow
def test_gauss_newton_solves_poisson():
    solution = solved(POISSON, "{gauss_newton: {iterations: 60}}")
    assert solution.metrics["relative_l2"]["u"] < 1e-3


# ---- loss and reasons to stop --------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_the_loss_falls_and_the_limit_ends_the_run(name):
    solution = solved(POISSON, METHODS[name], ", tolerance: 1e-25")
    losses = [row["loss"] for row in solution.history]
    assert losses[-1] < 0.5 * losses[0]
    assert solution.metrics["stop_reason"] == "iteration_limit"
    assert solution.metrics["iterations"] == len(losses) == int(re.search(r"iterations: (\d+)", METHODS[name])[1])
    assert [row["iteration"] for row in solution.history] == list(range(1, len(losses) + 1))
    assert {row["stage"] for row in solution.history} == {name}
    assert set(solution.metrics["terms"]) == {"poisson", "u on left, right"}


def test_gauss_newton_never_raises_the_loss_on_the_same_points():
    found = problem(POISSON)
    run = run_of(found)
    stage = GaussNewton(GaussNewtonOptions(iterations=10, resample=0, variable_projection=False), run)
    groups = draw(
        found, 2500, 800, run.seed_for("gauss_newton", 0), run.device, run.dtype
    )  # those of the stage's first step
    before = float(sum(loss_terms(run.model, groups).values()).detach())
    losses = [before] + [stage.step().loss for _ in range(10)]
    assert all(later <= earlier for earlier, later in pairwise(losses))
    assert losses[-1] < 1e-3 * losses[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*METHODS, "least_squares"])
def test_the_tolerance_ends_the_run(name):
    method = METHODS.get(name, "{least_squares: {features: 60}}")
    solution = solved(POISSON, method, ", tolerance: 100")
    assert solution.metrics["stop_reason"] == "tolerance"
    assert solution.metrics["heldout_residual"] <= 100


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_the_time_limit_ends_the_run(name):
    solution = solved(POISSON, f"{{{name}: {{iterations: 1000000}}}}", ", tolerance: 1e-30, time_limit: 0.5")
    assert solution.metrics["stop_reason"] in ("time_limit", *(["stagnated"] if name not in ("adam", "soap") else []))
    assert solution.metrics["heldout_residual"] is not None


def test_least_squares_with_fixed_features_has_one_level():
    solution = solved(POISSON, "{least_squares: {features: 20, scale: 3}}", ", tolerance: 1e-25")
    assert solution.metrics["stop_reason"] == "iteration_limit"
    assert len(solution.history) == 1


def test_lbfgs_stagnates_where_there_is_nothing_left_to_gain():
    run = run_of(problem(POISSON))
    stage = LBFGS(LBFGSOptions(iterations=10_000), run)
    stage.losses = [1.0] * 25
    assert stage.finished() == "stagnated"
    stage.losses = [1.0 - 1e-9 * k for k in range(25)]
    assert stage.finished() is None


def test_gauss_newton_stagnates_after_many_steps_without_a_percent():
    run = run_of(problem(POISSON))
    stage = GaussNewton(GaussNewtonOptions(), run)
    stage.losses = [1.0 - 1e-5 * k for k in range(STAGNATION_STEPS)]
    assert stage.finished(False) == "stagnated"
    stage.losses = [0.97**k for k in range(STAGNATION_STEPS)]
    assert stage.finished(False) is None


@pytest.mark.slow
def test_stages_run_one_after_another_from_the_best_model():
    solution = solved(POISSON, "[{adam: {iterations: 20}}, {gauss_newton: {iterations: 3}}]", ", tolerance: 1e-25")
    assert [row["stage"] for row in solution.history] == ["adam"] * 20 + ["gauss_newton"] * 3
    assert solution.history[20]["loss"] < solution.history[19]["loss"]


class Scripted:
    """A stage that reports given held-out residuals."""

    name, measure_every = "scripted", 1

    def __init__(self, run, heldouts, end="iteration_limit"):
        run.model = run.model or model_of(run.problem)
        self.run, self.heldouts, self.end = run, list(heldouts), end
        self.weight = run.model.mlp.layers[-1].bias

    def step(self):
        value = self.heldouts.pop(0)
        if isinstance(value, BaseException):
            raise value
        with torch.no_grad():
            self.weight.fill_(value)
        return Report(value, heldout=value, finished=None if self.heldouts else StopReason(self.end))


@pytest.mark.parametrize(
    ("heldouts", "end", "reason", "best"),
    [
        ([3.0, 1.0, 2.0], "stagnated", "stagnated", 1.0),
        ([3.0, 1.0, 0.05, 0.01], "stagnated", "tolerance", 0.05),
        ([3.0, KeyboardInterrupt()], "stagnated", "interrupted", 3.0),
        ([3.0, 2.0, Divergence("term 'p' became nan")], "stagnated", "diverged", 2.0),
        ([3.0, math.nan], "iteration_limit", "diverged", 3.0),
    ],
)
def test_the_best_model_is_returned_with_its_reason(heldouts, end, reason, best):
    run = run_of(problem(POISSON), tolerance=0.1)
    seen = []
    result = train(run, [lambda run: Scripted(run, heldouts, end)], seen.append)
    assert (result.stop_reason, result.heldout) == (reason, best)
    assert float(result.model.mlp.layers[-1].bias.detach()[0]) == best
    assert len(seen) == len(run.history) == sum(isinstance(h, float) for h in heldouts[: len(seen)])


def test_training_points_alone_never_claim_the_tolerance():
    """A loss of zero on the training points, and a held-out residual that is not."""

    class Fooled(Scripted):
        def step(self):
            return Report(0.0, finished=StopReason.STAGNATED)

    run = run_of(problem(POISSON), tolerance=1e-3)
    result = train(run, [lambda run: Fooled(run, [])])
    assert result.stop_reason == "stagnated"
    assert result.heldout > 1e-3


# ---- divergence ----------------------------------------------------------------------------------

LOGARITHM = """
name: logarithm
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {entropy: laplacian(u) + log(u) = 0}
conditions: [{on: boundary, u: -3}]
network: {hidden: [6]}
sampling: {interior: 40, boundary: 16}
"""


@pytest.mark.parametrize("name", METHODS)
def test_divergence_names_term_point_and_step(name):
    run = run_of(problem(LOGARITHM))
    stage = {
        "adam": lambda: Adam(AdamOptions(), run),
        "soap": lambda: SOAP(SOAPOptions(), run),
        "quasi_newton": lambda: QuasiNewton(QuasiNewtonOptions(), run),
        "lbfgs": lambda: LBFGS(LBFGSOptions(), run),
        "gauss_newton": lambda: GaussNewton(GaussNewtonOptions(), run),
    }[name]()
    with torch.no_grad():
        run.model.mlp.layers[-1].bias.fill_(-5.0)
    with pytest.raises(
        Divergence, match=rf"term 'entropy' became nan at x = [\d.e-]+, y = [\d.e-]+ in {name}, step \d+"
    ):
        stage.step()


def test_a_run_that_diverges_says_so():
    solution = solved(LOGARITHM, "{adam: {iterations: 5}}")
    assert solution.metrics["stop_reason"] == "diverged"
    assert "term 'entropy' became nan at x = " in solution.metrics["message"]


# ---- points --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("file", ["heat/poisson_2d.yaml", "elasticity/plate_with_hole.yaml", "transport/burgers.yaml"])
def test_heldout_points_are_not_trained_on(file):
    found = pinn.load(PROBLEMS / file)
    run = run_of(found)
    heldout = {point for group in run.heldout_groups for point in map(tuple, group.points.points.tolist())}
    assert len(heldout) > 2000
    for seed in (0, 1, run.seed_for("gauss_newton", 0), run.seed_for("held-out"), seed_of(0, "gauss_newton", 1)):
        for group in draw(found, 600, 200, seed, run.device, run.dtype):
            assert heldout.isdisjoint(map(tuple, group.points.points.tolist())), seed


def test_fresh_points_are_fresh_and_counts_are_honoured():
    found = problem(COUPLED)
    first, second, again = (draw(found, 500, 200, seed, torch.device("cpu"), torch.float64) for seed in (1, 2, 1))
    sizes = {g.statements[0].place.label: len(g.points) for g in first}
    assert sizes["interior"] == 12
    assert sizes["initial"] == 5
    assert sum(len(g.indices) for g in first) == len(found.statements)
    for a, b, c in zip(first, second, again, strict=True):
        torch.testing.assert_close(a.points.points, c.points.points, rtol=0, atol=0)
        assert not torch.equal(a.points.points, b.points.points)


@pytest.mark.parametrize("method", SEQUENCES)
def test_the_sampling_method_moves_training_points_only(method):
    sobol, found = (
        problem(COUPLED, sampling=f"{{interior: 90, boundary: 40, initial: 30, method: {m}}}")
        for m in ("sobol", method)
    )
    run, expected = run_of(found), run_of(sobol)
    heldout = set()
    for group, same in zip(run.heldout_groups, expected.heldout_groups, strict=True):
        assert torch.equal(group.points.points, same.points.points)
        heldout |= set(map(tuple, group.points.points.tolist()))
    for group, other in zip(*(draw(p, 500, 200, 3, run.device, run.dtype) for p in (found, sobol)), strict=True):
        points = group.points.points
        assert points.shape == other.points.points.shape
        assert len(torch.unique(points, dim=0)) == len(points)
        assert heldout.isdisjoint(map(tuple, points.tolist()))
        assert torch.equal(points, other.points.points) == (method == "sobol")


def test_boundary_points_are_shared_by_length():
    found = pinn.load(PROBLEMS / "elasticity" / "plate_with_hole.yaml")
    sizes = {
        g.statements[0].place.label: len(g.points)
        for g in draw(found, 100, 1000, 0, torch.device("cpu"), torch.float64)
    }
    lengths = {"left": 1.5, "bottom": 1.5, "right": 2.0, "top": 2.0, "hole": math.pi / 4}
    whole = sum(lengths.values())
    for patch, length in lengths.items():
        assert sizes[patch] == pytest.approx(1000 * length / whole, abs=3)


def test_heldout_residual_is_the_root_of_the_mean_over_statements(monkeypatch):
    run = run_of(problem(COUPLED))
    model = model_of(run.problem)
    squares = mean_squares(model, run.heldout_groups)
    assert len(squares) == len(run.problem.statements)
    assert run.heldout(model) == pytest.approx(math.sqrt(np.mean(squares)), rel=1e-12)
    monkeypatch.setattr(MLP, "cache_rows", 17)
    assert mean_squares(model, run.heldout_groups) == pytest.approx(squares, rel=1e-10)


# ---- options -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", [*METHODS, "least_squares"])
def test_a_seed_repeats_the_run_bit_for_bit(name):
    method = (
        METHODS.get(name, "{least_squares: {features: 40, scale: 3}}")
        .replace("60,", "10, schedule: warmup_exponential,")
        .replace("30", "5")
    )
    first, again, other = (
        pinn.solve(problem(POISSON, solver=f"{{method: {method}, tolerance: 1e-25, threads: 1}}"), seed=seed)
        for seed in (1, 1, 2)
    )
    assert [row["loss"] for row in first.history] == [row["loss"] for row in again.history]
    for key, tensor in first.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[key]), key
    assert [row["loss"] for row in first.history] != [row["loss"] for row in other.history]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["adam", "lbfgs", "quasi_newton"])  # SOAP's first bases hang on rounding errors
def test_autograd_derivatives_give_the_same_steps(name):
    short = METHODS[name].replace("60", "6").replace("30", "4")
    jets, reference = (solved(COUPLED, short, f", tolerance: 1e-25, derivatives: {d}") for d in ("jets", "autograd"))
    assert reference.model.derivatives == "autograd"
    for a, b in zip(jets.history, reference.history, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-6)
    assert jets.metrics["heldout_residual"] == pytest.approx(reference.metrics["heldout_residual"], rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*METHODS, "least_squares"])
def test_float32_works(name):
    method = METHODS.get(name, "{least_squares: {features: 60, scale: 3, regularisation: 1e-7}}")
    solution = solved(POISSON, method, ", tolerance: 1e-25, precision: float32")
    assert {parameter.dtype for parameter in solution.model.parameters()} == {torch.float32}
    assert solution.metrics["dtype"] == "float32"
    assert math.isfinite(solution.metrics["heldout_residual"])
    if name != "least_squares":
        assert solution.history[-1]["loss"] < 0.5 * solution.history[0]["loss"]
    assert solution(np.array([[0.5]]))["u"].dtype == np.float32


def test_a_network_speaks_in_the_units_of_its_fields():
    found = problem(POISSON.replace("-pi**2*sin", "-1e6*pi**2*sin"))
    network = model_of(found).network
    assert network.field_scale.tolist() == pytest.approx([found.scaling.fields["u"]], rel=1e-7)  # rounded to float32
    points = torch.linspace(0, 1, 9, dtype=torch.float64)[:, None]
    h = network.features(points)
    for layer in network.layers[:-1]:
        h = network.activation.function(layer(h))
    unscaled = network.layers[-1](h)
    torch.testing.assert_close(network(points), unscaled * network.field_scale)
    assert found.scaling.fields["u"] > 1e5


@pytest.mark.slow
def test_periodic_networks_are_periodic():
    found = problem(PERIODIC % "auto", solver="{method: {gauss_newton: {iterations: 3}}, threads: 1}")
    assert found.periods == {0: 2.0}
    assert not any(isinstance(statement.place, Periodic) for statement in found.statements)
    solution = pinn.solve(found)
    times = np.linspace(0, 1, 7)
    ends = [solution(np.stack([np.full(7, x), times], axis=1))["u"] for x in (-1.0, 1.0)]
    np.testing.assert_allclose(ends[0], ends[1], rtol=0, atol=1e-13)
    assert np.ptp(ends[0]) > 1e-3


@pytest.mark.slow
def test_periodic_conditions_as_statements():
    found = problem(PERIODIC % "off", solver="{method: {lbfgs: {iterations: 20}}, tolerance: 1e-25, threads: 1}")
    assert found.periods == {}
    points = found.domain.sample(next(s for s in found.statements if isinstance(s.place, Periodic)).place, 9, 0)
    first, second = points.points.chunk(2)
    assert points.weights is not None
    assert points.weights.tolist() == [1.0, -1.0]
    np.testing.assert_allclose(first[:, 0].numpy(), -1.0)
    np.testing.assert_allclose(second[:, 0].numpy(), 1.0)
    assert torch.equal(first[:, 1], second[:, 1])
    history = pinn.solve(found).history
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]


def test_an_inverse_hessian_too_large_is_refused_before_anything_is_trained():
    found = problem(POISSON, network="{hidden: [150, 150]}", solver="{method: [adam, quasi_newton]}")
    with pytest.raises(SpecError, match=rf"23101 x 23101 numbers \(4 GB\), at most {MOST_WEIGHTS}.*lbfgs") as refusal:
        stages_of(found)
    assert refusal.value.path == ("network", "hidden")


@pytest.mark.slow
def test_quasi_newton_goes_further_than_lbfgs():
    """The same 150 iterations; limited memory keeps 10 of them."""
    losses = {}
    for name, options in (("quasi_newton", "resample: 0"), ("lbfgs", "history: 10")):
        method = f"{{{name}: {{iterations: 150, {options}}}}}"
        losses[name] = solved(POISSON, method, ", tolerance: 1e-25, seed: 1").history[-1]["loss"]
    assert losses["quasi_newton"] < 0.3 * losses["lbfgs"], losses


@pytest.mark.slow
def test_soap_goes_further_than_adam():
    """Layers whose weights act together are what its preconditioner is for: two hidden ones, in the plane."""
    plane = """
name: poisson
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {poisson: -laplacian(u) = 2*pi**2*sin(pi*x)*sin(pi*y)}
conditions: [{on: boundary, u: 0}]
network: {hidden: [20, 20, 20]}
sampling: {interior: 200, boundary: 80}
"""
    losses = {}
    for name in ("soap", "adam"):
        method = f"{{{name}: {{iterations: 300, learning_rate: 1e-2}}}}"
        losses[name] = solved(plane, method, ", tolerance: 1e-25, seed: 1").history[-1]["loss"]
    assert losses["soap"] < 0.1 * losses["adam"], losses


def test_stages_of_the_spec():
    def names(method: str) -> list[str]:
        found = problem(POISSON, network="{}", solver=f"{{method: {method}}}")
        return [getattr(make, "func", make).__name__ for make in stages_of(found)]

    assert names("auto") == ["LeastSquares", "Cells", "last_resort"]
    assert names("[adam, soap, lbfgs, quasi_newton]") == ["Adam", "SOAP", "LBFGS", "QuasiNewton"]


# ---- inverse problems ----------------------------------------------------------------------------

INVERSE = """
name: diffusivity
coordinates: [x]
time: {from: 0, to: 1}
fields: [u]
unknowns: {D: {initial: 1, min: 0.01, max: 10}}
domain: {interval: {from: 0, to: 1}}
equations: {heat: u_t = D*u_xx}
conditions: [{on: initial, u: sin(pi*x)}, {on: boundary, u: 0}]
data: [{file: measured.csv, quantities: {u: temperature}, coordinates: {x: place}}]
network: {hidden: [10, 10]}
sampling: {interior: 200, boundary: 60, initial: 40}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "accuracy"),
    [("{gauss_newton: {iterations: 60}}", 1e-2), ("{least_squares: {features: 120, scale: 3}}", 1e-3)],
)
def test_an_unknown_diffusivity_is_identified_from_a_table(tmp_path, method, accuracy):
    true = 0.3
    generator = np.random.default_rng(0)
    x, t = generator.uniform(0, 1, (2, 50))
    u = np.exp(-true * np.pi**2 * t) * np.sin(np.pi * x)
    rows = [f"{a!r},{b!r},{c!r}" for a, b, c in zip(x.tolist(), t.tolist(), u.tolist(), strict=True)]
    (tmp_path / "measured.csv").write_text("\n".join(["place,t,temperature", *rows]), encoding="utf-8")
    found = problem(INVERSE, tmp_path, solver=f"{{method: {method}, tolerance: 1e-6, threads: 1}}")
    assert not found.is_linear
    solution = pinn.solve(found)
    assert solution.metrics["unknowns"]["D"] == pytest.approx(true, rel=accuracy)
    assert "data u" in {statement.name for statement in found.statements}


@pytest.mark.slow
def test_unknowns_stay_within_their_bounds(tmp_path):
    (tmp_path / "measured.csv").write_text("place,t,temperature\n0.5,0.5,0.9\n0.4,0.9,0.85\n", encoding="utf-8")
    found = problem(
        INVERSE.replace("min: 0.01", "min: 0.9"),
        tmp_path,
        solver="{method: {gauss_newton: {iterations: 6}}, threads: 1}",
    )
    assert pinn.solve(found).metrics["unknowns"]["D"] >= 0.9


@pytest.mark.slow
def test_least_squares_by_autograd_gives_the_coefficients_of_jets():
    """solver.derivatives: autograd replaces every derivative, those of the sampled features among them."""
    weights = {}
    for derivatives in ("jets", "autograd"):
        spec = (
            POISSON + f"\nsolver: {{method: {{least_squares: {{features: 12, scale: 2}}}}, derivatives: {derivatives}}}"
        )
        solution = pinn.solve(problem(spec), seed=1, device="cpu")
        weights[derivatives] = solution(np.array([[0.3], [0.6]]))["u"]
    np.testing.assert_allclose(weights["autograd"], weights["jets"], rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_a_trainable_hardness_moves_and_stays_above_one(name):
    network = "{hidden: [8, 7], activation: {lambda_gelu: {trainable: true}}}"
    found = problem(POISSON, network=network, solver=f"{{method: {METHODS[name]}, threads: 1}}")
    history = pinn.solve(found, seed=2, device="cpu").history
    first, last = ([row[f"hardness:{layer}"] for layer in (0, 1)] for row in (history[0], history[-1]))
    assert max(abs(a - b) for a, b in zip(first, last, strict=True)) > 1e-3
    assert min(last) >= 1.0
