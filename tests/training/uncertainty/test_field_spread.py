"""Standard deviation of an identified field: against the exact posterior, its coverage, and where it is written.

u'' + f = 0 with f of second degree, f = c_0 + c_1 x + c_2 x^2, from noisy u: u is linear in c, so that its
least-squares estimate has the covariance noise^2 (J^T J)^-1 with the columns of J the solutions for f = 1, x, x^2.
"""

import meshio
import numpy as np
import pytest

import pinn
from pinn.cli.main import run as command
from pinn.errors import SpecError
from pinn.run.directory import RunDirectory
from pinn.solution.saved import save_run

SOURCE = """
name: load-field
coordinates: [x]
fields: [u, f]
domain: {interval: {from: 0, to: 1}}
equations: {balance: u_xx + f = 0, second_degree: f_xxx = 0}
conditions: [{on: left, u: 0}, {on: right, u: 0}]
definitions: {twice: 2*f}
data: [{file: m.csv, quantities: {u: u}, noise: 0.01}]
solver: {tolerance: 1e-6, method: {least_squares: {features: 30, scale: 2}}}
"""
SIGMA = 0.01
X = np.linspace(0.04, 0.96, 24)
TRUE = np.array([4.0, -6.0, 9.0])
LINE = np.linspace(0.1, 0.9, 9)


def loads(x):
    return np.stack([np.ones_like(x), x, x**2], axis=1)


def displacements(x):
    """u for f = 1, x, x^2, zero at both ends: (x - x^(k+2))/((k+1)(k+2))."""
    return np.stack([(x - x ** (k + 2)) / ((k + 1) * (k + 2)) for k in range(3)], axis=1)


def posterior(x):
    """Standard deviation of f at x."""
    sensitivity = displacements(X)
    covariance = SIGMA**2 * np.linalg.inv(sensitivity.T @ sensitivity)
    return np.sqrt(np.einsum("ni,ij,nj->n", loads(x), covariance, loads(x)))


def solve(folder, seed):
    values = displacements(X) @ TRUE + SIGMA * np.random.default_rng(seed).standard_normal(len(X))
    table = np.column_stack([X, values])
    np.savetxt(folder / "m.csv", table, delimiter=",", header="x,u", comments="", fmt="%.17g")
    (folder / "p.yaml").write_text(SOURCE)
    return pinn.solve(pinn.load(folder / "p.yaml"), device="cpu", seed=1)


@pytest.fixture(scope="module")
def solution(tmp_path_factory):
    return solve(tmp_path_factory.mktemp("spread"), 0)


@pytest.mark.slow
def test_deviation_is_that_of_the_exact_posterior(solution):
    found = solution.standard_deviation(LINE[:, None])
    assert found["f"] == pytest.approx(posterior(LINE), rel=1e-2)
    assert found["twice"] == pytest.approx(2 * found["f"], rel=1e-10)


@pytest.mark.slow
def test_true_field_lies_inside_as_often_as_stated(tmp_path):
    inside, total = 0, 0
    for seed in range(10):
        one = solve(tmp_path, seed)
        error = one(LINE[:, None])["f"] - loads(LINE) @ TRUE
        inside += int((np.abs(error) <= 1.96 * one.standard_deviation(LINE[:, None], ["f"])["f"]).sum())
        total += len(LINE)
    assert 0.75 * total <= inside < total  # 95 % of 10 draws, whose nine points go together


def test_deviation_is_exported_from_a_saved_run(solution, tmp_path):
    save_run(RunDirectory.create("field", out=tmp_path / "run"), solution)
    assert command(["export", str(tmp_path / "run"), "--out", str(tmp_path / "f.vtu"), "--resolution", "8"]) == 0
    mesh = meshio.read(tmp_path / "f.vtu")
    expected = solution.standard_deviation(mesh.points[:, :1], ["f"])["f"]
    assert mesh.point_data["standard_deviation_f"] == pytest.approx(expected, rel=1e-8)


@pytest.mark.slow
def test_exact_data_have_none(tmp_path):
    (tmp_path / "m.csv").write_text("x,u\n0.5,0.1\n")
    (tmp_path / "p.yaml").write_text(SOURCE.replace(", noise: 0.01", ""))
    found = pinn.solve(pinn.load(tmp_path / "p.yaml"), device="cpu")
    with pytest.raises(SpecError, match="state the noise"):
        found.standard_deviation(LINE[:, None])
