"""Unknown parameters from noisy data: the covariance against theory and against repeated measurements."""

import gc
import json

import meshio
import numpy as np
import pytest

import pinn
from pinn.cli.main import run as command
from pinn.errors import SpecError
from pinn.solution.verdict import Verdict
from pinn.training.uncertainty import standard_deviation as module

SOURCE = """
name: source
coordinates: [x]
unknowns: {{k: {{initial: 1, expected: 3}}}}
fields: [u]
domain: {{interval: {{from: 0, to: 1}}}}
equations: {{balance: u_xx + k = 0}}
conditions: [{{on: boundary, u: 0}}]
data: [{{file: m.csv, quantities: {{u: u}}{noise}}}]
solver: {{tolerance: 1e-7, method: {{least_squares: {{features: 40, scale: 2}}}}}}
"""
X = np.linspace(0.05, 0.95, 12)
SHAPE = X * (1 - X) / 2  # u/k
TRUE, SIGMA = 3.0, 0.01


@pytest.fixture(autouse=True)
def few_features(monkeypatch):
    monkeypatch.setattr(module, "FEATURES", 60)


def write_csv(file, **columns):
    np.savetxt(
        file, np.column_stack(list(columns.values())), delimiter=",", header=",".join(columns), comments="", fmt="%.17g"
    )


def solve(folder, spec, **data):
    write_csv(folder / "m.csv", **data)
    (folder / "p.yaml").write_text(spec)
    return pinn.solve(pinn.load(folder / "p.yaml"), device="cpu", seed=1)


def measured(folder, noise, values):
    return solve(folder, SOURCE.format(noise=f", noise: {noise}" if noise else ""), x=X, u=values).metrics


@pytest.mark.slow
def test_covariance_is_that_of_repeated_measurements(tmp_path):
    """k is linear in the data, k = sum(s u)/sum(s^2) with u = k s, so that its deviation is noise/sqrt(sum(s^2))."""
    generator = np.random.default_rng(5)
    theory = SIGMA / float(np.linalg.norm(SHAPE))
    found, inside = [], 0
    for _ in range(20):
        values = TRUE * SHAPE + SIGMA * generator.standard_normal(len(X))
        metrics = measured(tmp_path, SIGMA, values)
        one, k = metrics["uncertainty"]["k"], metrics["unknowns"]["k"]
        assert metrics["stop_reason"] == "tolerance"
        assert k == pytest.approx(SHAPE @ values / (SHAPE @ SHAPE), abs=1e-3 * theory)
        assert one["standard_deviation"] == pytest.approx(theory, rel=1e-3)
        found.append(k)
        inside += one["interval"][0] <= TRUE <= one["interval"][1]
    assert np.std(found, ddof=1) == pytest.approx(theory, rel=0.45)  # three deviations of a deviation of 20 draws
    assert inside >= 16


def test_the_interval_of_a_stated_noise_is_normal(tmp_path):
    one = measured(tmp_path, SIGMA, TRUE * SHAPE)["uncertainty"]["k"]
    theory = SIGMA / float(np.linalg.norm(SHAPE))
    assert one["standard_deviation"] == pytest.approx(theory, rel=1e-3)
    normal = 1.959963984540054  # 97.5 % of the normal distribution
    assert one["interval"][1] - one["interval"][0] == pytest.approx(2 * normal * theory, rel=1e-3)


@pytest.mark.slow
def test_covariance_of_two_unknowns_is_that_of_the_sensitivities(tmp_path):
    """u = k x(1 - x)/2 + c (x - x^3)/6, so that the covariance is sigma^2 (S^T S)^-1, S those two columns."""
    spec = SOURCE.format(noise=f", noise: {SIGMA}").replace("+ k", "+ k + c*x")
    spec = spec.replace("expected: 3}", "expected: 3}, c: {initial: -0.5}").replace("initial: 1", "initial: 2")
    sensitivities = np.column_stack([SHAPE, (X - X**3) / 6])
    solution = solve(tmp_path, spec, x=X, u=sensitivities @ [TRUE, -2.0])
    heldout = solution.metrics["heldout_residual"]
    found = module.uncertainty(solution.problem, solution.model, heldout).covariance.numpy()
    np.testing.assert_allclose(found, SIGMA**2 * np.linalg.inv(sensitivities.T @ sensitivities), rtol=1e-3)


def test_noise_takes_the_degrees_of_freedom_of_the_fields(tmp_path):
    """With a free end u = k x(1 - x)/2 + b x: the fields take one degree of freedom, k another."""
    spec = SOURCE.format(noise=", noise: estimate")
    spec = spec.replace("[{on: boundary, u: 0}]", "[{on: left, u: 0}, {on: right, free: true}]")
    values = TRUE * SHAPE + SIGMA * np.random.default_rng(6).standard_normal(len(X))
    metrics = solve(tmp_path, spec, x=X, u=values).metrics
    columns = np.column_stack([SHAPE, X])
    rest = values - columns @ np.linalg.lstsq(columns, values, rcond=None)[0]
    sigma = np.sqrt(rest @ rest / (len(X) - 2))
    assert metrics["data"]["data u"]["noise"] == pytest.approx(sigma, rel=1e-2)


@pytest.mark.slow
def test_interval_grows_with_the_noise(tmp_path):
    values = TRUE * SHAPE + SIGMA * np.random.default_rng(2).standard_normal(len(X))
    small, large = (measured(tmp_path, noise, values) for noise in (SIGMA, 4 * SIGMA))
    ratio = large["uncertainty"]["k"]["standard_deviation"] / small["uncertainty"]["k"]["standard_deviation"]
    assert ratio == pytest.approx(4, rel=1e-6)
    assert "times its stated noise: it is smaller" in large["message"]


def test_noise_is_estimated_from_the_misfit(tmp_path):
    values = TRUE * SHAPE + SIGMA * np.random.default_rng(3).standard_normal(len(X))
    metrics = measured(tmp_path, "estimate", values)
    k = SHAPE @ values / (SHAPE @ SHAPE)
    sigma = np.sqrt(((values - k * SHAPE) ** 2).sum() / (len(X) - 1))
    assert metrics["data"]["data u"]["noise"] == pytest.approx(sigma, rel=1e-3)
    low, high = metrics["uncertainty"]["k"]["interval"]
    student = 2.2009851600829507  # 97.5 % of Student's t with 11 degrees of freedom
    assert (high - low) / 2 == pytest.approx(student * sigma / np.sqrt(SHAPE @ SHAPE), rel=2e-3)
    assert metrics["unknown_errors"]["k"] == pytest.approx(abs(k - TRUE) / TRUE, rel=1e-2)


def test_noise_that_is_not_stated_is_asked_for(tmp_path):
    values = TRUE * SHAPE + SIGMA * np.random.default_rng(4).standard_normal(len(X))
    metrics = measured(tmp_path, None, values)
    assert metrics["stop_reason"] != "tolerance"
    assert "noise: estimate" in metrics["message"]


PLATE = """
name: plate
coordinates: [x, y]
unknowns: {{E: {{initial: 2, min: 0.1}}, nu: {{initial: 0.2, min: 0, max: 0.49}}}}
physics: {{linear_elasticity: {{youngs_modulus: E, poissons_ratio: nu, plane: stress}}}}
domain: {{rectangle: {{from: [0, 0], to: [1, 1]}}}}
conditions:
  - {{on: left, ux: 0, traction_y: 0}}
  - {{on: bottom, uy: 0, traction_x: 0}}
  - {{on: right, traction: [0, 0]}}
  - {{on: top, {top}}}
data: [{{file: {file}, quantities: {quantities}}}]
solver: {{tolerance: 1e-5, method: {{least_squares: {{features: 60, scale: 1}}}}}}
"""
E, NU = 1.6, 0.3
XY = np.array([[x, y] for x in (0.1, 0.5, 0.9) for y in (0.2, 0.5, 0.8)])
UX, UY = -NU / E * XY[:, 0], XY[:, 1] / E  # under a tension of 1


@pytest.mark.slow
def test_modulus_without_a_load_is_named(tmp_path):
    spec = PLATE.format(top="uy: 0.625, traction_x: 0", file="m.csv", quantities="{ux: ux, uy: uy}")
    metrics = solve(tmp_path, spec, x=XY[:, 0], y=XY[:, 1], ux=UX, uy=UY).metrics
    assert metrics["message"].startswith("E cannot be identified from this")
    assert (metrics["verdict"], metrics["stop_reason"]) == ("useful", "stagnated")
    assert metrics["uncertainty"]["E"]["interval"] is None
    assert metrics["unknowns"]["nu"] == pytest.approx(NU, abs=1e-5)
    assert metrics["uncertainty"]["nu"]["standard_deviation"] < 1e-4


@pytest.mark.slow
def test_csv_and_mesh_give_the_same(tmp_path):
    load = "traction: [0, 1]"
    spec = PLATE.format(top=load, file="m.csv", quantities="{ux: ux, uy: uy}")
    table = solve(tmp_path, spec, x=XY[:, 0], y=XY[:, 1], ux=UX, uy=UY).metrics
    nodes = np.column_stack([XY, np.zeros(len(XY))])
    displacement = np.column_stack([UX, UY, np.zeros(len(XY))])
    for name, kind in (("m.vtu", {}), ("m.msh", {"file_format": "gmsh"})):
        meshio.Mesh(nodes, [("triangle", [[0, 1, 3]])], point_data={"displacement": displacement}).write(
            tmp_path / name, **kind
        )
        spec = PLATE.format(top=load, file=name, quantities="{ux: displacement_x, uy: displacement_y}")
        mesh = solve(tmp_path, spec, x=XY[:, 0]).metrics
        for unknown, true in (("E", E), ("nu", NU)):
            assert table["unknowns"][unknown] == pytest.approx(true, rel=1e-6)
            assert mesh["unknowns"][unknown] == pytest.approx(table["unknowns"][unknown], rel=1e-12)


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        ("-1", "must be a positive standard deviation"),
        ("{v: 1}", "'v' is not measured here"),
        ("sigma", "unknown name"),
    ],
)
def test_noise_is_refused(tmp_path, noise, message):
    write_csv(tmp_path / "m.csv", x=X, u=SHAPE)
    (tmp_path / "p.yaml").write_text(SOURCE.format(noise=f", noise: {noise}"))
    with pytest.raises(SpecError, match=message):
        pinn.load(tmp_path / "p.yaml")


@pytest.mark.slow
def test_uncertainty_is_saved_resumed_reported_and_exported(tmp_path, capsys):
    values = TRUE * SHAPE + SIGMA * np.random.default_rng(6).standard_normal(len(X))
    write_csv(tmp_path / "m.csv", x=X, u=values)
    (tmp_path / "p.yaml").write_text(SOURCE.format(noise=f", noise: {SIGMA}"))
    run = tmp_path / "run"
    short = ["--set", "solver.time_limit=1e-9", "--set", "solver.method=[{adam: {iterations: 5}}, least_squares]"]
    assert command(["solve", str(tmp_path / "p.yaml"), "--out", str(run), "-q", *short]) == Verdict.NOT_SOLVED.exit_code
    assert "standard deviation" in capsys.readouterr().out
    first = json.loads((run / "metrics.json").read_text())
    gc.collect()  # a run's folder is locked until the objects of the process that made it are gone
    assert command(["resume", str(run), "-q", "--set", "solver.time_limit=60"]) == 0
    assert "standard deviation" in capsys.readouterr().out
    after = json.loads((run / "metrics.json").read_text())
    one = after["uncertainty"]["k"]
    assert one["standard_deviation"] == pytest.approx(SIGMA / float(np.linalg.norm(SHAPE)), rel=1e-3)
    assert first["stop_reason"] == "time_limit"
    assert one["interval"] != first["uncertainty"]["k"]["interval"]
    assert pinn.Solution.load(run).metrics["uncertainty"] == after["uncertainty"]
    assert command(["export", str(run), "--out", str(tmp_path / "u.csv"), "--resolution", "4"]) == 0
    table = np.genfromtxt(tmp_path / "u.csv", delimiter=",", names=True)
    shape = table["x"] * (1 - table["x"]) / 2
    assert table["standard_deviation_u"] == pytest.approx(shape * one["standard_deviation"], rel=1e-2, abs=1e-6)
