"""The stage `cells` from spec to error: refinement, slabs, passes, and what is saved."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import pinn
from pinn.errors import SpecError
from pinn.run.directory import RunDirectory
from pinn.solution.saved import save_run
from pinn.spec.blocks.solver import CellsOptions
from pinn.training.cells.slabs import Slab
from pinn.training.cells.stage import FIRST_TOLERANCE, TIGHTER, Cells
from pinn.training.loop import train
from tests.network.examples import window_sums
from tests.training.cells.examples import network_of, stage_of
from tests.training.examples import POISSON, PROBLEMS, problem, run_of

HEAT = """
name: heat
coordinates: [x]
time: {from: 0, to: 1}
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {heat: u_t = u_xx/pi**2}
conditions: [{on: initial, u: sin(pi*x)}, {on: boundary, u: 0}]
exact: {u: exp(-t)*sin(pi*x)}
"""


def loaded(name: str, options: str, *more: str):
    settings = [f"solver.method={{cells: {options}}}", "solver.threads=1", "solver.tolerance=1e-12", *more]
    return pinn.load(PROBLEMS / f"{name}.yaml", settings)


def stage(text: str = HEAT, options: str = "{slabs: 2, passes: 1}", **blocks: str):
    return problem(text, solver=f"{{method: {{cells: {options}}}, threads: 1, tolerance: 1e-12}}", **blocks)


# ---- accuracy ------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("heat/heat_1d", "{slabs: 3, passes: 2}", 1e-6),
        ("waves/wave_1d", "{slabs: 5, passes: 3}", 1e-4),
        ("transport/advection", "{passes: 1}", 2e-4),
        ("heat/nonlinear_poisson", "{passes: 2}", 1e-4),
    ],
)
def test_errors(name, options, error):
    solution = pinn.solve(loaded(name, options), seed=1, device="cpu")
    assert solution.metrics["relative_l2"]["u"] < error
    assert solution.metrics["stop_reason"] == "iteration_limit"


@pytest.mark.slow
def test_periodic_conditions_as_rows():
    """Where the network is not periodic by construction, both ends are in one row."""
    solution = pinn.solve(
        loaded("transport/advection", "{passes: 1}", "network.periodic=off", "constants.c=10"), device="cpu"
    )
    assert not network_of(solution.model).period.any()
    assert solution.metrics["relative_l2"]["u"] < 1e-3


def burgers(x: np.ndarray, t: np.ndarray, nu: float) -> np.ndarray:
    """Burgers' equation from -sin(pi x) by the Cole-Hopf transformation and Gauss-Hermite quadrature.

    Source: Basdevant et al., Comput. Fluids 14 (1986) 23.
    """
    nodes, weights = np.polynomial.hermite.hermgauss(80)
    y = x[:, None] - np.sqrt(4 * nu * t)[:, None] * nodes
    kernel = weights * np.exp(-np.cos(np.pi * y) / (2 * np.pi * nu))
    return -(kernel * np.sin(np.pi * y)).sum(axis=1) / kernel.sum(axis=1)


@pytest.mark.slow
def test_a_front():
    """Cells crowd where the front is, and nowhere else."""
    found = loaded("transport/burgers", "{slabs: 5, passes: 2}", "constants.nu=0.03/pi")
    solution = pinn.solve(found, device="cpu")
    generator = np.random.default_rng(0)
    x, t = 2 * generator.random(3000) - 1, 0.01 + 0.99 * generator.random(3000)
    true = burgers(x, t, 0.03 / np.pi)
    values = solution(np.column_stack([x, t]))["u"]
    assert np.linalg.norm(values - true) < 1e-3 * np.linalg.norm(true)
    network = network_of(solution.model)
    centres = (network.lower[:, 0, 0] + network.upper[:, 0, 0]) / 2
    lengths = network.upper[:, 0, 0] - network.lower[:, 0, 0]
    assert float(lengths[centres.abs() < 0.15].min()) < 0.5 * float(lengths[centres.abs() > 0.5].median())


@pytest.mark.slow
def test_an_unknown_diffusivity(tmp_path):
    true = 0.3
    x, t = np.random.default_rng(0).uniform(0, 1, (2, 50))
    u = np.exp(-true * np.pi**2 * t) * np.sin(np.pi * x)
    rows = [f"{a!r},{b!r},{c!r}" for a, b, c in zip(x.tolist(), t.tolist(), u.tolist(), strict=True)]
    (tmp_path / "measured.csv").write_text("\n".join(["x,t,u", *rows]), encoding="utf-8")
    found = problem(
        HEAT,
        tmp_path,
        equations="{heat: u_t = D*u_xx}",
        unknowns="{D: {initial: 1, min: 0.01, max: 10}}",
        data="[{file: measured.csv, quantities: {u: u}}]",
        exact="{u: exp(-0.3*pi**2*t)*sin(pi*x)}",
        solver="{method: {cells: {passes: 2}}, threads: 1, tolerance: 1e-12}",
    )
    assert pinn.solve(found).metrics["unknowns"]["D"] == pytest.approx(true, rel=1e-4)


# ---- passes, rounds, slabs -----------------------------------------------------------------------


@pytest.mark.slow
def test_a_pass_is_measured_when_all_slabs_are_done():
    solution = pinn.solve(stage(options="{slabs: 3, passes: 2, features: 25}"), seed=0, device="cpu")
    measured = [row["heldout_residual"] is not None for row in solution.history]
    assert measured.count(True) == 2
    assert measured[-1]
    assert all(row["stage"] == "cells" and row["cells"] >= 4 for row in solution.history)
    heldout = [row["heldout_residual"] for row in solution.history if row["heldout_residual"] is not None]
    assert solution.metrics["heldout_residual"] == min(heldout)


@pytest.mark.slow
def test_cells_are_halved_until_the_tolerance_is_met():
    """Of the first pass, 1e-2 in every cell of every slab; of the second a tenth of it."""
    run = run_of(problem(HEAT, conditions="[{on: initial, u: sin(6*pi*x)}, {on: boundary, u: 0}]"))
    found = Cells(CellsOptions(slabs=2), run)
    before = 8  # cells to begin with, in both slabs together
    for number in (0, 1):
        assert found.tolerance == pytest.approx(FIRST_TOLERANCE * TIGHTER**number)
        tolerance = found.tolerance
        while found.passes == number:
            found.step()
        for slab in found.slabs:
            assert slab.residuals is not None
            assert len(slab.residuals) == len(slab.cells)
            assert slab.residuals.max() <= tolerance
        after = sum(len(slab.cells) for slab in found.slabs)
        assert after > before
        before = after


@pytest.mark.slow
def test_slabs_inherit_cells_once(monkeypatch):
    calls = []
    inherit = Slab.inherit
    monkeypatch.setattr(Slab, "inherit", lambda *given: calls.append(given) or inherit(*given))
    worker = stage_of(problem(HEAT), 30, slabs=3, passes=2)
    while worker.passes < 2:
        worker.step()
    first, second, third = worker.slabs
    assert calls == [(second, first, FIRST_TOLERANCE), (third, second, FIRST_TOLERANCE)]


def test_hidden_layers_of_cells():
    """The first unit is constant; the others' hyperplanes cross the cell's reach; cells keep what they have."""
    found = problem(HEAT)
    worker = stage_of(found, 30)
    slab = worker.slabs[0]
    first = network_of(worker.sampled(slab))
    assert not first.weight[:, 0].any()
    assert (first.bias[:, 0] == 1).all()
    reach = torch.cat([first.lower - first.lower_width, first.upper + first.upper_width], dim=1)
    corners = torch.stack([torch.stack([reach[:, i, 0], reach[:, j, 1]], dim=1) for i in (0, 1) for j in (0, 1)], dim=1)
    z = torch.einsum("lmd,lcd->lmc", first.weight, corners) + first.bias[:, :, None]
    assert (z[:, 1:].amin(dim=2) < 0).all()
    assert (z[:, 1:].amax(dim=2) > 0).all()
    half = (reach[:, 1] - reach[:, 0]) / 2
    lengths = (first.weight[:, 1:] * half[:, None]).norm(dim=2)
    assert 0.7 * worker.scale <= float(lengths.min()) <= float(lengths.max()) <= worker.scale
    slab.cells = [*slab.cells[:-1], *slab.cells[-1].halved(0)]
    second = network_of(worker.sampled(slab))
    assert torch.equal(second.weight[:3], first.weight[:3])
    assert not torch.isin(second.weight[3:, 1:], first.weight[:, 1:]).any()
    assert set(slab.sampled) == set(slab.cells)


def test_a_nonlinear_slab_starts_from_the_end_of_the_one_before():
    found = problem(HEAT, equations="{heat: u_t = u_xx/pi**2 - u**3}", exact="{u: 0}")
    worker = stage_of(found, 20, slabs=2, passes=1)
    while worker.current == 0:
        worker.step()
    before, slab = worker.slabs
    (group,) = [g for g in worker.run.heldout_groups if g.statements[0].is_equation]
    start = worker.start(slab, before, group)
    assert before.model is not None
    for derivative, jet in start.items():
        points = group.points.points.clone()
        points[:, 1] = 0.5
        with torch.no_grad():
            true = before.model.jets(points, group.plan, group.derivatives)[derivative]
        expected = torch.zeros_like(true) if derivative.partial.orders[1] else true
        torch.testing.assert_close(jet, expected, rtol=1e-12, atol=1e-12)
    zero = worker.start(worker.slabs[0], None, group)
    assert any(jet.any() for jet in zero.values())  # its own last solution
    fresh = worker.start(Slab(0.0, 0.5, found.domain, slab.cells), None, group)
    assert not any(jet.any() for jet in fresh.values())


@pytest.mark.slow
def test_windows_of_a_solution_sum_to_one():
    solution = pinn.solve(stage(options="{slabs: 3, passes: 1}"), device="cpu")
    points = torch.rand(2000, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    sums = window_sums(network_of(solution.model), points)
    torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=1e-14)


def test_without_time_left_there_is_still_a_model():
    found = stage(options="{slabs: 4, features: 20}")
    run = run_of(found, seconds=1e-6)
    outcome = train(run, [lambda given: Cells(CellsOptions(slabs=4, features=20), given)])
    assert outcome.stop_reason == "time_limit"
    assert outcome.iterations == 1
    assert np.isfinite(outcome.heldout)


# ---- saving, seeds, refusals ---------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("network", "hardness"), [("{}", 1.0), ("{activation: {lambda_gelu: {hardness: 2}}}", 2.0)])
def test_a_saved_solution_gives_the_same_values(tmp_path, network, hardness):
    solution = pinn.solve(stage(network=network), seed=1, device="cpu")
    save_run(RunDirectory.create("run", out=tmp_path / "run"), solution)
    again = pinn.Solution.load(tmp_path / "run")
    assert network_of(solution.model).hardness.tolist() == network_of(again.model).hardness.tolist() == [hardness]
    points = np.random.default_rng(0).random((500, 2))
    values = solution(points)["u"]
    np.testing.assert_array_equal(again(points)["u"], values)
    assert np.abs(values).max() > 0.3
    np.testing.assert_array_equal(again.residual(points)["heat"], solution.residual(points)["heat"])


@pytest.mark.slow
def test_a_seed_repeats_the_run_bit_for_bit():
    first, again, other = (pinn.solve(stage(), seed=seed, device="cpu").model.state_dict() for seed in (4, 4, 5))
    assert first.keys() == again.keys()
    assert all(torch.equal(tensor, again[name]) for name, tensor in first.items())
    assert not torch.equal(first["network.output"], other["network.output"])


@pytest.mark.slow
def test_float32():
    found = problem(
        POISSON, solver="{method: {cells: {features: 20, passes: 1}}, precision: float32, threads: 1}", network="{}"
    )
    solution = pinn.solve(found, device="cpu")
    assert network_of(solution.model).output.dtype == torch.float32
    assert solution.metrics["relative_l2"]["u"] < 1e-2


@pytest.mark.parametrize(
    ("options", "path", "message"),
    [
        ("{features: 1}", "features", "2"),
        ("{slabs: 0}", "slabs", "1"),
        ("{slabs: 2.5}", "slabs", "whole"),
        ("{passes: 0}", "passes", "1"),
        ("{scale: -1}", "scale", "greater than 0"),
        ("{regularisation: -1e-9}", "regularisation", "0"),
        ("{slab: 3}", "slab", "slabs"),
        ("{cells: 3}", "cells", ""),
    ],
)
def test_bad_options_are_refused(options, path, message):
    with pytest.raises(SpecError) as refusal:
        stage(options=options)
    assert path in str(refusal.value)
    assert message in str(refusal.value)


def test_cells_refuse_the_slow_reference():
    with pytest.raises(SpecError, match="cells need jets"):
        pinn.load(PROBLEMS / "heat/heat_1d.yaml", ["solver.method=cells", "solver.derivatives=autograd"])
