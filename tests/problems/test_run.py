"""Every file of problems/ is solved, shortly; benchmarks/accuracy.py solves them to their stated errors."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import pinn
from pinn.cli.main import run
from pinn.problem.warnings import warnings
from pinn.solution.estimating import Estimates
from pinn.solution.verdict import Verdict

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent

# quantity and the error that the short run must reach: some ten to forty times what it reached when this was written
SHORT = {
    "heat/poisson_2d": ("u", 5e-11, {}),
    "heat/heat_1d": ("u", 2e-10, {}),
    "heat/fin_family": ("u", 2e-6, {"solver.tolerance": "1e-6"}),
    "heat/nonlinear_poisson": ("u", 5e-10, {"solver.tolerance": "1e-5"}),
    "elasticity/manufactured_plate": ("displacement", 2e-9, {"solver.tolerance": "1e-6"}),
    "elasticity/inverse_modulus": ("unknown:E", 1e-8, {"solver.tolerance": "1e-7"}),
    "elasticity/inverse_modulus_field": ("E", 5e-2, {"solver.method": "{least_squares: {features: 120, scale: 2}}"}),
    "elasticity/cantilever": ("stress", 1e-8, {"solver.tolerance": "1e-6"}),
    "elasticity/plate_with_hole": ("stress", 3e-3, {"solver.tolerance": "1e-3"}),
    "elasticity/plate_family": ("stress", 2e-2, {"solver.method": "{slices: {features: 300, scale: 4, terms: 4}}"}),
    "elasticity/cylinder_family": ("stress", 2e-2, {"solver.tolerance": "5e-3"}),
    "elasticity/inclusion": ("stress", 2e-4, {"solver.method": "{least_squares: {features: 300, scale: 4}}"}),
    "heat/two_materials": ("u", 1e-5, {"solver.tolerance": "1e-4"}),
    "elasticity/cube_3d": ("displacement", 1e-3, {"solver.tolerance": "1e-3"}),
    "elasticity/hyperelastic_manufactured": ("displacement", 1e-8, {"solver.tolerance": "1e-6"}),
    "elasticity/hyperelastic_block": ("displacement", 5e-3, {"solver.tolerance": "2e-3", "solver.load_steps": "1"}),
    "elasticity/hyperelastic_beam": (
        "displacement",
        1e-2,
        {"solver.method": "{ritz: {levels: 1}}", "solver.load_steps": "2"},
    ),
    "elasticity/bracket": ("displacement", 5e-3, {"solver.method": "{ritz: {levels: 1}}"}),
    "waves/wave_1d": ("u", 2e-6, {"solver.tolerance": "1e-4"}),
    "elasticity/strip_wave": ("displacement", 5e-2, {"solver.method": "{march: {features: 150, scale: 4}}"}),
    "waves/membrane": ("u", 2e-4, {"solver.method": "{march: {features: 250, scale: 2.5}}"}),
    "fluids/taylor_green": ("u", 1e-2, {"solver.method": "{march: {features: 100, scale: 2}}", "time.to": "0.05"}),
    "waves/helmholtz_2d": ("u", 2e-6, {"solver.tolerance": "1e-6"}),
    "heat/poisson_5d": ("u", 1e-2, {"solver.tolerance": "1e-2"}),
    "elasticity/beam_euler": ("w", 5e-11, {"solver.tolerance": "1e-6"}),
    "elasticity/plate_kirchhoff": ("w", 1e-9, {"solver.tolerance": "1e-5"}),
    "elasticity/beam_on_foundation": ("w", 1e-8, {"solver.tolerance": "1e-6"}),
    "elasticity/pressurised_cylinder": ("stress", 1e-4, {"solver.tolerance": "1e-4"}),
    "elasticity/pressurised_ring": ("stress", 1e-4, {"solver.tolerance": "1e-4"}),
    "elasticity/graded_ring": ("stress", 1e-4, {"solver.tolerance": "1e-4"}),
    "elasticity/heated_cylinder": ("stress", 1e-4, {"solver.tolerance": "1e-4"}),
    "elasticity/incompressible_cylinder": ("stress", 1e-3, {"solver.tolerance": "1e-4"}),
    "elasticity/vibrating_bar": ("u", 3e-7, {"solver.tolerance": "1e-5"}),
    "transport/advection": ("u", 1e-4, {"solver.tolerance": "1e-3"}),
    "fluids/kovasznay": ("u", 5e-6, {"solver.method": "{least_squares: {features: 200, scale: 2}}"}),
    "heat/poisson_l_shape": ("u", 1e-6, {"solver.tolerance": "1e-6"}),
    "elasticity/orthotropic_plate_with_hole": ("stress", 3e-2, {"solver.method": "{cells: {passes: 1}}"}),
    "elasticity/mindlin_disk": ("w", 1e-8, {"solver.tolerance": "1e-5"}),
    "elasticity/fuel_rod": ("stress", 1e-6, {"solver.tolerance": "1e-5"}),
    "elasticity/brazilian_disc": ("stress_xx", 1e-10, {}),
    "elasticity/plate_point_load": ("probe:twisting", 1e-5, {"solver.tolerance": "1e-4"}),
    "elasticity/orthotropic_block": ("stress", 1e-3, {"solver.tolerance": "1e-2"}),
    "elasticity/lug": ("probe:tip", 1e-2, {"solver.tolerance": "2e-3"}),
    "fluids/colliding_flow": ("velocity", 1e-7, {"solver.tolerance": "1e-5"}),
    # the largest relative error of an eigenvalue that is known
    "waves/square_membrane_modes": ("modes", 1e-8, {}),
    "waves/l_membrane_modes": ("modes", 1e-6, {"solver.tolerance": "1e-5"}),
    "elasticity/clamped_plate_modes": ("modes", 2e-6, {"solver.tolerance": "1e-5"}),
    "elasticity/cantilever_modes": ("modes", 1e-8, {}),
    "elasticity/column_buckling": ("modes", 1e-9, {}),
    "elasticity/sheet_modes": ("modes", 1e-8, {"solver.tolerance": "1e-6"}),
    # probes, relative to what is expected
    "elasticity/nafems_le1": (
        "probe:stress_yy_D",
        3e-2,
        {"solver.method": "{least_squares: {features: 640, scale: 6}}"},
    ),
    "elasticity/cook_membrane": ("probe:tip", 1e-4, {"solver.tolerance": "1e-4"}),
    "elasticity/pressure_vessel": (
        "probe:centre_of_end",
        2e-2,
        {"solver.method": "{least_squares: {features: 640, scale: 6}}"},
    ),
    "elasticity/turbine_disc": (
        "probe:growth_of_rim",
        2e-2,
        {"solver.method": "{least_squares: {features: 400, scale: 5}}"},
    ),
    # the first pass of cells
    "transport/burgers": ("u", 1e-2, {"solver.method": "{cells: {passes: 1}}"}),
    "transport/allen_cahn": ("u", 6e-2, {"solver.method": "{cells: {passes: 1, features: 25}}"}),
    "transport/kdv": ("u", 3e-2, {"solver.method": "{cells: {passes: 1}}"}),
    "ordinary/lotka_volterra": ("hares", 1e-6, {"solver.tolerance": "1e-6"}),
    "ordinary/van_der_pol": ("u", 1e-6, {"solver.tolerance": "1e-6"}),
    "ordinary/robertson": ("b", 1e-6, {"solver.tolerance": "1e-6"}),
    "heat/plate_with_hole_heated": (
        "temperature",
        5e-2,
        {"solver.method": "{march: {features: 250}}", "time.to": "0.1", "probes.corner.at": "[0, 0, 0.1]"},
    ),
    "fluids/lid_driven_cavity": ("u", 0.1, {"solver.method": "{cells: {passes: 1, features: 35}}"}),
}


# one of each kind: what its errors are estimated by takes as long as the solution
ESTIMATED = (
    "heat/heat_1d",
    "heat/fin_family",
    "heat/two_materials",
    "heat/poisson_5d",
    "elasticity/cantilever",
    "elasticity/inverse_modulus",
    "elasticity/plate_kirchhoff",
    "elasticity/incompressible_cylinder",
    "elasticity/hyperelastic_block",
    "waves/membrane",
    "transport/burgers",
    "ordinary/van_der_pol",
)


def test_every_problem_is_listed():
    """But those of PINNacle, which `pinn bench pinnacle` solves."""
    files = {str(file.relative_to(ROOT / "problems").with_suffix("")) for file in ROOT.glob("problems/*/*.yaml")}
    assert {file for file in files if not file.startswith("pinnacle/")} == set(SHORT)


@pytest.fixture
def _one_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors are measured, so that no second march or second solution on cells has to estimate them."""
    monkeypatch.setattr("pinn.solution.estimating.second_solution", lambda solution, latest: None)


@pytest.mark.usefixtures("_one_solution")
@pytest.mark.parametrize("name", SHORT)
def test_problem_is_solved(name, monkeypatch):
    quantity, error, settings = SHORT[name]
    problem = pinn.load(ROOT / "problems" / f"{name}.yaml", [f"{key}={value}" for key, value in settings.items()])
    if name not in ESTIMATED:
        monkeypatch.setattr("pinn.solution.metrics.estimates_of", lambda solution, result, latest: Estimates())
    assert "time.to" in settings or warnings(problem) == []  # a reference of the whole time lies outside a shorter one
    solution = pinn.solve(problem, seed=3, device="cpu")
    if quantity.startswith("probe:"):
        found = solution.metrics["probes"][quantity.removeprefix("probe:")]
        assert found["value"] == pytest.approx(found["expected"], rel=error)
    elif quantity == "modes":
        found = solution.metrics["modes"]
        assert max(mode["relative_error"] for mode in found if "expected" in mode) < error
        assert solution.metrics["stop_reason"] == "tolerance"
        return  # as soon as the eigenvalues are known to the tolerance, whatever the residual
    elif quantity.startswith("unknown:"):
        assert solution.metrics["unknown_errors"][quantity.removeprefix("unknown:")] < error
    else:
        assert solution.metrics["relative_l2"][quantity] < error
    if "solver.method" not in settings:
        assert solution.metrics["stop_reason"] == "tolerance"
        assert solution.metrics["heldout_residual"] <= problem.spec.solver.tolerance


def test_same_plate_in_si_units_is_solved_as_well(tmp_path):
    """Steel, millimetres, pascal: the dimensionless residual and the relative error are those of the scaled plate."""
    scaled = (ROOT / "problems/elasticity/plate_with_hole.yaml").read_text()
    si = scaled.replace("{L: 2, a: 0.5, S: 1}", "{L: 0.002, a: 0.0005, S: 1e8}").replace(
        "youngs_modulus: 1,", "youngs_modulus: 2.1e11,"
    )
    assert si != scaled
    errors = {}
    for name, text in (("scaled", scaled), ("si", si)):
        (tmp_path / f"{name}.yaml").write_text(text)
        method = "solver.method={least_squares: {features: 400, scale: 5}}"
        solution = pinn.solve(pinn.load(tmp_path / f"{name}.yaml", [method]), seed=0, device="cpu")
        errors[name] = solution.metrics["relative_l2"]["stress"]
    assert errors["scaled"] < 5e-3
    assert errors["si"] == pytest.approx(errors["scaled"], rel=0.2)


def test_run_leaves_what_paraview_opens(tmp_path):
    """The whole way: command line, files, and VTK reading back what the solution says."""
    import pyvista

    out = tmp_path / "run"
    spec = ROOT / "problems/elasticity/plate_with_hole.yaml"
    method = "solver.method={least_squares: {features: 300, scale: 4}}"
    command = ["solve", str(spec), "--out", str(out), "--set", method, "--set", "outputs.resolution=20", "-q"]
    assert run(command) in (0, Verdict.NOT_SOLVED.exit_code)  # 300 features are few
    for file in ("spec.yaml", "environment.json", "history.csv", "model.safetensors", "metrics.json", "log.txt"):
        assert (out / file).stat().st_size > 0
    assert (out / "figures" / "summary.png").is_file()

    mesh = pyvista.read(out / "fields.vtu")
    solution = pinn.Solution.load(out)
    points = np.asarray(mesh.points)[:, :2]
    found = solution(points)
    np.testing.assert_allclose(mesh["von_mises"], found["von_mises"], rtol=1e-9)
    np.testing.assert_allclose(mesh["displacement"][:, :2], np.column_stack([found["ux"], found["uy"]]), rtol=1e-9)
    assert mesh["displacement"].shape[1] == 3
    assert mesh["stress"].shape[1] == 6
    np.testing.assert_allclose(mesh["stress"][:, 3], found["stress_xy"], rtol=1e-9, atol=1e-12)  # XX YY ZZ XY YZ XZ
    assert "residual_equilibrium_x" in mesh.array_names
    assert "error_stress_xx" in mesh.array_names


def test_resolved_spec_solves_to_the_same_result(tmp_path):
    first, again = tmp_path / "first", tmp_path / "again"
    settings = ["--set", "solver.method={least_squares: {features: 60, scale: 2}}", "--set", "outputs.figures=false"]
    spec = ROOT / "problems/heat/poisson_2d.yaml"
    assert run(["solve", str(spec), "--seed", "5", "--out", str(first), "-q", *settings]) == 0
    assert run(["solve", str(first / "spec.yaml"), "--out", str(again), "-q"]) == 0
    weights, repeated = (load_file(folder / "model.safetensors") for folder in (first, again))
    assert weights.keys() == repeated.keys()
    for name, tensor in weights.items():
        assert torch.equal(tensor, repeated[name]), name
