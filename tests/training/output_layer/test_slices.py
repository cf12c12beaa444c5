"""Least squares on slices of a family: accuracy between the slices, adaptive lengths, what it refuses."""

import numpy as np
import pytest

import pinn
from pinn.errors import SpecError
from pinn.network.series import SeriesNetwork
from pinn.run.directory import RunDirectory
from pinn.solution.saved import save_run

WAVE = """
name: wave
coordinates: [x]
parameters: {k: {from: 1, to: 3}, load: {from: 1, to: 2}}
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {balance: u_xx + k**2*u - load*(1 + k**2*x**2/2) = 0}
conditions: [{on: left, u: 1}, {on: right, u: cos(k) + load/2}]
exact: {u: cos(k*x) + load*x**2/2}
solver: {tolerance: 1e-8, method: {slices: {features: 40, scale: 2}}}
"""
# A bar of any length, heated inside: where a slice is shorter than others, its equation goes on beyond its end.
BAR = """
name: bar
coordinates: [x]
parameters: {length: {from: 1, to: 1.5}}
fields: [u]
domain: {interval: {from: 0, to: length}}
equations: {heat: u_xx + cos(x) = 0}
conditions: [{on: left, u: 1}, {on: right, u_n: -length**2}]
exact: {u: cos(x) + (sin(length) - length**2)*x}
solver: {tolerance: 1e-9, method: {slices: {features: 40, scale: 1.5}}}
"""


@pytest.fixture
def solve(tmp_path):
    def solve(text: str):
        (tmp_path / "p.yaml").write_text(text)
        return pinn.solve(pinn.load(tmp_path / "p.yaml"), device="cpu", seed=1)

    return solve


@pytest.fixture
def load(tmp_path):
    def load(text: str):
        (tmp_path / "p.yaml").write_text(text)
        return pinn.load(tmp_path / "p.yaml")

    return load


@pytest.mark.slow
def test_the_series_is_lengthened_where_the_solution_needs_it(solve):
    found = solve(WAVE)
    network = found.model.network
    assert isinstance(network, SeriesNetwork)
    assert found.metrics["stop_reason"] == "tolerance"
    assert found.metrics["relative_l2"]["u"] < 1e-8
    assert int(network.degrees[:, 0].max()) > 5  # cos(k x) is no short polynomial in k
    assert int(network.degrees[:, 1].max()) == 2  # the load enters linearly: the first length was enough


@pytest.mark.slow
def test_slices_go_on_where_others_are_longer(solve):
    found = solve(BAR)
    assert found.metrics["stop_reason"] == "tolerance"
    assert found.metrics["relative_l2"]["u"] < 1e-8
    length = 1.3
    x = np.linspace(0, length, 30)[:, None]
    true = np.cos(x[:, 0]) + (np.sin(length) - length**2) * x[:, 0]
    assert found(x, length=length)["u"] == pytest.approx(true, abs=1e-8)
    assert found.at(length=length)(x)["u"] == pytest.approx(true, abs=1e-8)


@pytest.mark.slow
def test_saved_series_is_the_same(solve, tmp_path):
    found = solve(BAR)
    save_run(RunDirectory.create("bar", out=tmp_path / "run"), found)
    points = np.array([[0.5, 1.2], [1.1, 1.4]])
    assert np.array_equal(pinn.Solution.load(tmp_path / "run")(points)["u"], found(points)["u"])


@pytest.mark.slow
def test_equation_that_means_nothing_beyond_a_slice(solve):
    """sqrt(length - x) has no value where other slices are longer; it is enough that a slice has its own points."""
    text = BAR.replace("cos(x) = 0", "cos(x) + 0*sqrt(length - x) = 0")
    assert text != BAR
    assert solve(text).metrics["relative_l2"]["u"] < 1e-2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("parameters: {length: {from: 1, to: 1.5}}", "constants: {length: 1}"), "state its 'parameters'"),
        (("cos(x) = 0", "u**2 = 0"), "linear in the fields"),
        (("fields: [u]", "fields: [u]\nunknowns: {c: {initial: 1}}"), "unknowns tie"),
    ],
)
def test_other_problems_are_refused(load, change, message):
    text = BAR.replace(*change)
    assert text != BAR
    with pytest.raises(SpecError, match=message):
        pinn.solve(load(text), device="cpu")
