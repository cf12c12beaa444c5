"""Newton's correction against true errors; gains against closed forms; freedom by name."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import pinn
from pinn.solution.solution import Solution
from pinn.training.estimates.companion import Companion, fitting_scale
from pinn.training.estimates.freedom import amplification, freedom
from pinn.training.residuals.model import Model, new_network
from tests.training.examples import problem

SQUARE = "{rectangle: {from: [0, 0], to: [1, 1]}}"
PLATE = """
name: plate
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}}
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
conditions:
  - {on: [left, right], traction: [nx, 0]}
  - {on: [bottom, top], traction: [0, 0]}
"""
SINES = """
name: sines
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {poisson: -laplacian(u) = 2*pi**2*sin(pi*x)*sin(pi*y)}
conditions: [{on: boundary, u: 0}]
exact: {u: sin(pi*x)*sin(pi*y)}
"""
SHOCK_NETWORK = "{activation: tanh}"
FEW = "{method: {least_squares: {features: 60, scale: 2}}, threads: 1, time_limit: 3600}"


def solved(text: str, **blocks) -> Solution:
    return pinn.solve(problem(text, solver=FEW, **blocks))


@pytest.mark.slow
def test_the_correction_is_the_error():
    """60 features leave an error of about 1e-4; 400 others show it to a few percent."""
    solution = solved(SINES)
    corrected = Solution(solution.problem, Companion(solution.problem, solution.model).corrected(), {}, [], {})
    points = solution.problem.heldout_points(500, 11)
    true = solution.exact(points)["u"] - solution(points)["u"]
    estimated = corrected(points)["u"] - solution(points)["u"]
    assert np.linalg.norm(true) > 1e-7 * np.linalg.norm(solution(points)["u"])
    assert np.linalg.norm(estimated - true) < 0.1 * np.linalg.norm(true)


@pytest.mark.slow
def test_the_largest_gain_is_that_of_the_lowest_mode():
    """-laplacian(u) = r: the field per residual is largest for sin(pi x) sin(pi y), by 1/(2 pi^2)."""
    solution = solved(SINES)
    mode = Companion(solution.problem, solution.model).modes()[0]
    unit, size = solution.problem.scaling.fields["u"], solution.problem.scaling.statements[0]
    assert mode.gain == pytest.approx(size / unit / (2 * np.pi**2), rel=0.02)
    expected = torch.sin(np.pi * mode.points[:, 0]) * torch.sin(np.pi * mode.points[:, 1])
    values = mode.values["u"]
    assert abs(float(values @ expected / values.norm() / expected.norm())) > 0.999


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pins", "sentences"),
    [
        ("", ["a translation along x", "a translation along y", "a rotation about any point"]),
        ("  - {at: [0.5, 0.25], displacement: [0, 0]}\n", ["a rotation about (x, y) = (0.5, 0.25)"]),
        ("  - {at: [0.5, 0.25], displacement: [0, 0]}\n  - {at: [1.5, 0.25], uy: 0}\n", []),
    ],
)
def test_rigid_motions_are_named(pins, sentences):
    solution = solved(PLATE + pins)
    found = freedom(solution.problem, Companion(solution.problem, solution.model).modes())
    assert len(found) == len(sentences)
    for sentence, wanted in zip(found, sentences, strict=True):
        assert f"nothing fixes {wanted}" in sentence


@pytest.mark.slow
def test_a_constant_is_named():
    text = SINES.replace("2*pi**2*sin(pi*x)*sin(pi*y)", "cos(pi*x)").replace("u: 0}", "u_n: 0}")
    solution = solved(text[: text.index("exact")])
    (sentence,) = freedom(solution.problem, Companion(solution.problem, solution.model).modes())
    assert "nothing fixes u up to a constant" in sentence


@pytest.mark.slow
def test_a_missing_condition_leaves_a_function_open():
    """The free edges state the shear alone: what is pulled there may be anything."""
    solution = solved(
        PLATE.replace("  - {on: [bottom, top], traction: [0, 0]}", "  - {on: [bottom, top], traction_x: 0}")
        + "  - {at: [0, 0], displacement: [0, 0]}\n  - {at: [2, 0], uy: 0}\n"
    )
    (sentence,) = freedom(solution.problem, Companion(solution.problem, solution.model).modes())
    assert "leave a function of" in sentence


@pytest.mark.slow
def test_a_problem_near_an_eigenvalue_amplifies():
    text = SINES.replace("-laplacian(u) =", "laplacian(u) + 2*pi**2*(1 + 1e-6)*u =")
    solution = solved(text[: text.index("exact")])
    modes = Companion(solution.problem, solution.model).modes()
    assert freedom(solution.problem, modes) == []
    assert "amplified" in (amplification(modes) or "")
    assert amplification(Companion(solved(SINES).problem, solved(SINES).model).modes()) is None


@pytest.mark.slow
@pytest.mark.parametrize(("stretched", "open"), [(1, True), (1.3, False)])
def test_zero_is_the_solution_only_where_nothing_else_is(stretched, open):
    """The lowest mode of a square drum satisfies what the zero field satisfies."""
    text = SINES.replace("-laplacian(u) = 2*pi**2*sin(pi*x)*sin(pi*y)", f"laplacian(u) + 2*pi**2*{stretched}*u = 0")
    solution = solved(text[: text.index("exact")])
    found = freedom(solution.problem, Companion(solution.problem, solution.model).modes())
    assert bool(found) == open
    assert not open or "have a solution of their own, largest near x = 0.4" in found[0]
    assert (solution.metrics["verdict"] == "not_solved") == open


@pytest.mark.slow
def test_near_an_eigenvalue_a_problem_without_loads_is_open():
    text = SINES.replace("-laplacian(u) = 2*pi**2*sin(pi*x)*sin(pi*y)", "laplacian(u) + 2*pi**2*(1 + 1e-5)*u = SOURCE")
    text = text[: text.index("exact")]
    assert pinn.solve(problem(text.replace("SOURCE", "0"), solver=FEW)).metrics["verdict"] == "not_solved"
    loaded = solved(text.replace("SOURCE", "sin(2*pi*x)*sin(pi*y)"))
    assert freedom(loaded.problem, Companion(loaded.problem, loaded.model).modes()) == []


@pytest.mark.slow
def test_half_an_inflow_leaves_a_function_open():
    """Nothing flows into the corner below the diagonal that is known."""
    text = SINES.replace("-laplacian(u) = 2*pi**2*sin(pi*x)*sin(pi*y)", "u_x + u_y = 0")
    text = text.replace("{on: boundary, u: 0}", "{on: left, u: y}, {on: [right, bottom, top], free: true}")
    solution = solved(text[: text.index("exact")])
    (sentence,) = freedom(solution.problem, Companion(solution.problem, solution.model).modes())
    assert "leave a function of u open" in sentence


@pytest.mark.slow
def test_a_field_that_hangs_on_noisy_data_is_uncertain_not_free(tmp_path):
    """What the data say of k(x) is little, and what they leave open has a standard deviation."""
    points = np.linspace(0, 1, 41)
    values = points + 1e-3 * np.random.default_rng(1).standard_normal(41)
    (tmp_path / "u.csv").write_text("x,u\n" + "".join(f"{x},{u}\n" for x, u in zip(points, values, strict=True)))
    text = "name: k\ncoordinates: [x]\nfields: [u, k]\ndomain: {interval: {from: 0, to: 1}}\n"
    text += "equations: {rest: 'd((1 + k)*u_x, x) = 0'}\nconditions: [{on: left, u: 0}, {on: right, u: 1, k: 0}]\n"
    text += "data: [{file: u.csv, quantities: {u: u}, noise: NOISE}]\n"
    found = pinn.solve(problem(text.replace("NOISE", "1e-3"), folder=tmp_path, solver=FEW))
    modes = Companion(found.problem, found.model).modes()
    assert sum(mode.gain > 1e3 for mode in modes) >= 4
    assert freedom(found.problem, modes) == []


@pytest.mark.slow
def test_features_of_a_companion_follow_the_solution():
    """A wall of width 0.03 needs finer ones than a wave; a solution on cells has no scale to take."""
    text = "name: wall\ncoordinates: [x]\nfields: [u]\ndomain: {interval: {from: -1, to: 1}}\n"
    text += "equations: {wall: u = SHAPE}\nconditions: [{on: boundary, u: SHAPE}]\n"
    scales = []
    for shape in ("sin(x)", "tanh(x/0.03)"):
        method = "{method: {cells: {features: 40, passes: 3}}, threads: 1, time_limit: 3600}"
        solution = pinn.solve(problem(text.replace("SHAPE", shape), solver=method))
        scales.append(fitting_scale(solution.problem, solution.model, 200, 1))
    assert scales[1] > 2 * scales[0]


SHOCK = """
name: shock
coordinates: [x]
fields: [u]
constants: {nu: NU}
domain: {interval: {from: -1, to: 1}}
equations: {burgers: nu*u_xx = u*u_x}
conditions: [{on: left, u: 1}, {on: right, u: -1}]
"""


@pytest.mark.parametrize(("width", "held"), [("0.2", True), ("0.04", False)])
def test_a_shock_that_nothing_holds_in_place_is_free(width, held):
    """Displaced by s, -tanh(x/(2 nu)) misses the ends by exp(-1/nu) s: 7e-3 s, and 1e-11 s."""
    found = problem(SHOCK.replace("NU", width), solver=FEW, network=SHOCK_NETWORK)
    model = tanh_model(found, 1 / (2 * float(width)))
    modes = Companion(found, model).modes()
    free = freedom(found, modes)
    assert modes[0].moves != held or modes[0].gain < 1e4
    assert (free == []) == held
    assert held or "nothing holds the fields in place" in free[0]


def tanh_model(found, steepness):
    """-tanh(steepness x) by a network of one unit, which a companion takes for a solution."""
    network = new_network(found, [1], torch.Generator().manual_seed(0), torch.device("cpu"), torch.float64)
    with torch.no_grad():
        network.linears[0].weight.fill_(steepness * float(found.domain.half_width[0]))
        network.linears[0].bias.zero_()
        network.linears[1].weight.fill_(-1 / float(network.field_scale[0]))
        network.linears[1].bias.zero_()
    return Model(found, network)


@pytest.mark.slow
def test_fewer_points_than_features_leave_modes_as_well():
    text = SINES.replace("-laplacian(u) =", "-laplacian(u) + u**3 =").replace("exact: {u: sin(pi*x)*sin(pi*y)}\n", "")
    solution = solved(text, sampling="{interior: 60, boundary: 40}")
    modes = Companion(solution.problem, solution.model).modes()
    assert len(modes) > 1
    assert all(np.isfinite(mode.gain) for mode in modes)
