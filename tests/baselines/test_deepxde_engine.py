"""The engine deepxde: the same residuals as ours, nothing left behind, runs that are complete."""

from __future__ import annotations

import json
import math
import os
import random
from dataclasses import replace

import numpy as np
import pytest
import torch

import pinn
from pinn.baselines.deepxde_engine import prepare, stages_of
from pinn.baselines.deepxde_library import deepxde_on, load
from pinn.baselines.deepxde_session import Session, unscaled_network
from pinn.baselines.deepxde_training import DeepXDEAdam, DeepXDELBFGS
from pinn.baselines.output_transform import ExactConditions, find_output_transform
from pinn.cli.main import run
from pinn.errors import Divergence, SpecError
from pinn.solution.measuring import errors
from pinn.solution.verdict import Verdict
from pinn.training.loop import train
from pinn.training.residuals.assembly import residuals
from pinn.training.residuals.model import Model
from tests.training import examples

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")

PLATE = """
name: plate
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}}
domain:
  difference:
    - rectangle: {from: [0, 0], to: [2, 2]}
    - disk: {center: [0, 0], radius: 0.5, name: hole}
conditions:
  - {on: left, ux: 0, traction_y: 0}
  - {on: bottom, uy: 0, traction_x: 0, weight: 3}
  - {on: hole, traction: [0, 0]}
  - {on: [right, top], traction: [x, y**2]}
sampling: {interior: 40, boundary: 60}
"""
ROBIN = """
name: rod
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {poisson: laplacian(u) + u**3 = x*y}
conditions:
  - {on: left, u_n: 1}
  - {on: right, equation: u_n + 2*(u - 1) = 0}
  - {on: [top, bottom], u: x}
  - {at: [0.5, 0.5], u: 2}
sampling: {interior: 40, boundary: 40}
"""
BEAM = """
name: beam
coordinates: [x]
fields: [w]
definitions: {bending_moment: -3*w_xx, shear_force: -3*w_xxx}
domain: {interval: {from: 0, to: 2}}
equations: {bending: 3*w_xxxx = x}
conditions:
  - {on: left, w: 0, w_x: 0}
  - {on: right, bending_moment: 0, shear_force: 0}
sampling: {interior: 20}
"""
BIHARMONIC = """
name: membrane
coordinates: [x, y]
fields: [w]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {bending: "laplacian(laplacian(w)) = 1"}
conditions:
  - {on: boundary, w: 0, w_n: 0}
sampling: {interior: 20, boundary: 20}
"""
HEAT = """
name: heat
coordinates: [x]
time: {from: 0, to: 1}
fields: [u]
domain: {interval: {from: 0, to: 2}}
equations: {heat: u_t = u_xx}
conditions:
  - {on: initial, u: x*(3 - x)}
  - {on: left, u: sin(t)}
  - {on: right, u: 2}
sampling: {interior: 30, boundary: 16, initial: 10}
exact: {u: x*(3 - x)}
"""

PROBLEMS = {
    "elasticity with a hole": PLATE,
    "Neumann, Robin, a point": ROBIN,
    "fourth order": BEAM,
    "biharmonic": BIHARMONIC,
    "time": HEAT,
    "unknowns, two fields": examples.COUPLED,
    "periodic in the loss": examples.PERIODIC % "off",
    "periodic by construction": examples.PERIODIC % "auto",
}


def session_of(text: str, hard: bool = False) -> Session:
    """A model with random weights and biases in DeepXDE's hands."""
    found = prepare(examples.problem(text))
    now = examples.run_of(found, seed=3)
    transform = find_output_transform(found) if hard else None
    generator = torch.Generator().manual_seed(5)
    now.model = Model(found, unscaled_network(found, generator, CPU, torch.float64, transform))
    with torch.no_grad():
        for parameter in now.model.network.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return Session(now, now.model, fresh=False, until=math.inf)


def terms_of(session: Session) -> list[float]:
    """DeepXDE's own losses at its own points, in its order."""
    with session.library() as deepxde:
        session.compile(deepxde, "adam", 1e-3)
        state = session.dde.data.train_next_batch()
        _, losses = session.dde.outputs_losses_train(*state)
    return losses.tolist()


WITH_ANSATZ = ("elasticity with a hole", "fourth order", "time", "unknowns, two fields")


@pytest.mark.parametrize(
    ("name", "hard"), [*((name, False) for name in PROBLEMS), *((name, True) for name in WITH_ANSATZ)]
)
def test_losses_agree_with_ours_on_the_same_network(name, hard):
    """mean(r^2) of every statement: ours through jets, without the scaling, theirs through nested differentiation."""
    session = session_of(PROBLEMS[name], hard)
    model = session.model
    assert isinstance(model.network, ExactConditions) == hard
    satisfied = model.network.transform.statements if isinstance(model.network, ExactConditions) else frozenset()
    expected = {"interior": [], "other": []}
    for group in session.groups:
        for number, statement, r in zip(group.indices, group.statements, residuals(model, group), strict=True):
            size = session.run.problem.scaling.statements[number]
            value = statement.weight**2 * float((size * r).square().mean().detach())
            if number in satisfied:
                assert value < 1e-24
            else:
                expected["interior" if statement.is_equation else "other"].append(value)
    found = terms_of(session)
    assert len(found) == len(session.translation.names)
    np.testing.assert_allclose(found, [*expected["interior"], *expected["other"]], rtol=1e-10, atol=1e-22)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (PLATE, {"ux on left", "uy on bottom"}),
        (HEAT, {"u on initial", "u on left", "u on right"}),
        (examples.POISSON, {"u on left, right"}),
    ],
)
def test_conditions_that_an_output_transform_can_hold(text, names):
    """Of the plate's, uy on the bottom has a weight, which says that it belongs in the loss."""
    found = examples.problem(text)
    transform = find_output_transform(found)
    assert transform is not None
    kept = {found.statements[number].name for number in transform.statements}
    assert kept == names - ({"uy on bottom"} if "weight" in text else set())


@pytest.mark.parametrize(
    "conditions",
    [
        "{on: left, u: 0, where: y > 0.5}, {on: boundary, u_n: 0}",  # a part of a face
        "{on: boundary, u_n: 0}, {at: [0, 0], u: 0}",  # no face
        "{on: left, u: 0, weight: 2}, {on: boundary, u_n: 0}",  # a weight is one in the loss
    ],
)
def test_conditions_that_it_cannot_hold(conditions):
    text = ROBIN[: ROBIN.index("conditions")] + f"conditions: [{conditions}]"
    assert find_output_transform(examples.problem(text)) is None


def test_faces_that_disagree_where_they_meet_have_no_transform():
    text = HEAT.replace("u: x*(3 - x)}\n  -", "u: 1 + x}\n  -").replace("u: sin(t)", "u: t")
    assert text.count("1 + x") == 1
    assert find_output_transform(examples.problem(text)) is None


def test_inside_the_domain_the_blend_knows_nothing_of_the_expressions():
    """On the four sides the value is x; inside, its expression is something else, and the blend of the sides is x."""
    text = ROBIN[: ROBIN.index("conditions")] + "conditions: [{on: boundary, u: x**2*(1-x)*sin(3*y)*(1-y)*y + x}]"
    transform = find_output_transform(examples.problem(text))
    assert transform is not None
    points = torch.rand(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(transform(points, torch.zeros(20, 1, dtype=torch.float64))[:, 0], points[:, 0])


def test_nothing_is_left_behind(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DDE_BACKEND", raising=False)

    def state():
        return (
            torch.get_default_dtype(), torch.get_default_device(), torch.random.get_rng_state().tolist(),
            np.random.get_state()[1].tolist(), random.getstate(), os.environ.get("DDE_BACKEND"),
        )  # fmt: skip

    before = state()
    found = examples.problem(examples.POISSON)
    pinn.solve(limited(found, 0.5), engine="deepxde", seed=1, device="cpu")
    assert state() == before
    assert load().config.default_float() == "float32"  # DeepXDE's own default
    assert capsys.readouterr() == ("", "")
    assert not (tmp_path / ".deepxde").exists()  # matplotlib, which it loads, may leave its font cache
    with pytest.raises(KeyboardInterrupt), deepxde_on(CPU, torch.float64):
        raise KeyboardInterrupt
    assert state() == before


def limited(found, seconds: float):
    solver = found.spec.solver.model_copy(update={"time_limit": seconds})
    return replace(found, spec=found.spec.model_copy(update={"solver": solver}))


def adam_only(found, iterations: int, seed: int) -> Model:
    now = examples.run_of(found, seed=seed)
    stage = DeepXDEAdam(now, share=1.0, start="soft")
    stage.pace.iterations = lambda most: min(iterations, most)
    stage.step()
    return stage.session.model


def test_the_seed_decides():
    found = prepare(examples.problem(examples.POISSON))
    first, again, other = (adam_only(found, 5, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["network.layers.0.weight"], other["network.layers.0.weight"])


def test_training_solves_a_problem_and_stops_at_the_tolerance_of_heldout_points():
    found = prepare(examples.problem(examples.POISSON, network="{hidden: [10]}"))
    now = examples.run_of(found, seconds=10, tolerance=1e-2)
    result = train(now, stages_of(found))
    assert result.stop_reason == "tolerance"
    assert result.heldout <= 1e-2
    stages = list(dict.fromkeys(row["stage"] for row in now.history))
    assert stages[:2] == ["deepxde adam soft", "deepxde adam hard"]
    solution = pinn.Solution(found, result.model, {}, now.history.rows, {})
    points = np.linspace(0, 1, 20)[:, None]
    np.testing.assert_allclose(solution(points)["u"], np.sin(np.pi * points[:, 0]), atol=2e-2)


def test_unknowns_are_found_within_their_bounds(tmp_path):
    """u_xx = k, u(0) = 0, u(1) = 1/2 and u(1/2) = 1/8 measured: k = 1 (a start at 0.7, an upper bound at 0.9)."""
    x = np.linspace(0.1, 0.9, 9)
    np.savetxt(tmp_path / "data.csv", np.column_stack([x, x**2 / 2]), delimiter=",", header="x,u", comments="")
    text = """
name: inverse
coordinates: [x]
fields: [u]
unknowns: {k: {initial: 0.7, max: %s}}
domain: {interval: {from: 0, to: 1}}
equations: {curve: u_xx = k}
conditions: [{on: left, u: 0}, {on: right, u: 0.5}]
data: [{file: data.csv, quantities: {u: u}}]
network: {hidden: [12]}
sampling: {interior: 30}
"""
    for limit, expected in (("5", 1.0), ("0.9", 0.9)):
        found = prepare(examples.problem(text % limit, tmp_path))
        now = examples.run_of(found, seconds=60)
        now.model = Model(found, unscaled_network(found, now.generator, CPU, torch.float64))
        stage = DeepXDELBFGS(now)
        stage.pace.iterations = lambda most=150: 150
        for _ in range(2):
            stage.step()
        assert float(now.model.unknowns["k"].detach()) == pytest.approx(expected, abs=0.02)


def test_a_loss_that_is_not_finite_is_a_divergence():
    now = examples.run_of(prepare(examples.problem(examples.POISSON)))
    stage = DeepXDEAdam(now, share=1.0)
    with torch.no_grad():
        stage.session.model.network.linears[0].weight[0] = torch.nan
    with pytest.raises(Divergence, match="term 'poisson' became nan in deepxde adam, step 20"):
        stage.step()


def test_interruption_keeps_what_there_is():
    found = prepare(examples.problem(examples.POISSON))
    rows = []

    def interrupt(row):
        rows.append(row)
        if len(rows) == 3:
            raise KeyboardInterrupt

    result = train(examples.run_of(found), stages_of(found), interrupt)
    assert result.stop_reason == "interrupted"
    assert result.iterations == rows[1]["iteration"] or result.iterations == rows[2]["iteration"]


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("{fourier: 4}", "network.fourier: the engine deepxde has no Fourier features"),
        ("{activation: lambda_gelu}", "network.activation: the engine deepxde has no lambda_gelu"),
    ],
)
def test_what_deepxde_does_not_have_is_refused(network, message):
    with pytest.raises(SpecError) as refusal:
        prepare(examples.problem(examples.POISSON, network=network))
    assert str(refusal.value).startswith(message)


def test_the_networks_defaults_are_deepxdes_and_the_users_choice_holds():
    plain = prepare(examples.problem(ROBIN)).spec.network
    assert (plain.activation.name, plain.hidden) == ("tanh", (50, 50, 50, 50))
    chosen = prepare(examples.problem(ROBIN, network="{hidden: [7], activation: silu}")).spec.network
    assert (chosen.activation.name, chosen.hidden) == ("silu", (7,))


@pytest.mark.parametrize("text", [HEAT, PLATE])
def test_a_run_is_complete_and_is_read_again(text, tmp_path, capsys):
    (tmp_path / "spec.yaml").write_text(text)
    out = tmp_path / "run"
    settings = ["solver.time_limit=0.5", "network.hidden=[9, 9]", "outputs.resolution=6"]
    settings += ["outputs.figures=false"] if text == PLATE else []
    arguments = [word for setting in settings for word in ("--set", setting)]
    command = ["solve", str(tmp_path / "spec.yaml"), "--engine", "deepxde", "--out", str(out), "-q", *arguments]
    assert run(command) in (0, Verdict.NOT_SOLVED.exit_code)  # half a second is short
    assert {file.name for file in out.iterdir()} >= {
        "spec.yaml", "environment.json", "history.csv", "model.safetensors", "metrics.json", "fields.vtu", "log.txt",
    }  # fmt: skip
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["engine"] == "deepxde"
    assert metrics["conditions"] in ("soft", "hard")
    assert metrics["activation"] == "tanh"
    assert metrics["stop_reason"] == "time_limit"
    assert run(["info", str(out)]) == 0
    assert run(["export", str(out), "--format", "npz", "--resolution", "5"]) == 0
    arrays = np.load(out / "export.npz")
    field = "u" if "u" in arrays else "ux"
    assert np.isfinite(arrays[field]).all()
    again = pinn.Solution.load(out)
    assert isinstance(again.model.network, ExactConditions) == (metrics["conditions"] == "hard")
    points = again.problem.heldout_points(50, 1)
    found = again.residual(points)
    assert set(found) == {s.name for s in again.problem.statements if s.is_equation}
    if text == HEAT:  # by central differences, whose error is of this order
        step = 1e-4
        (before, now, after), (earlier, later) = (
            [again(points + shift * np.eye(2)[axis])["u"] for shift in shifts]
            for axis, shifts in ((0, (-step, 0, step)), (1, (-step, step)))
        )
        differences = (later - earlier) / (2 * step) - (after - 2 * now + before) / step**2
        scale = again.problem.scaling.statements[0]
        np.testing.assert_allclose(found["heat"] * scale, differences, rtol=0, atol=1e-6 * np.abs(differences).max())
    for name, error in metrics["relative_l2"].items():
        assert error == pytest.approx(errors(again)[0][name], rel=1e-9)
