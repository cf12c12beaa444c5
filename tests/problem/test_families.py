"""Families of problems: a parameter as an input of the network, alone and as a dimension of the domain."""

from pathlib import Path

import meshio
import numpy as np
import pytest
import torch

import pinn
from pinn.cli.main import run as command
from pinn.comparison.hardening import Ramp, harden_solution
from pinn.domain.places import Boundary, Initial, Interior, Points
from pinn.errors import SpecError
from pinn.problem.contradictions import contradictions
from pinn.problem.loading import build_problem
from pinn.run.directory import RunDirectory
from pinn.solution.saved import save_run
from pinn.spec.parameters import slice_of

ROOT = Path(__file__).resolve().parents[2]
FIN = ROOT / "problems/heat/fin_family.yaml"
PLATE = ROOT / "problems/elasticity/plate_family.yaml"
HEAT = """
name: heat-family
coordinates: [x]
parameters: {kappa: {from: 0.5, to: 1}, length: {from: 1, to: 2}}
constants: {k: pi/length, rate: kappa*k**2}
time: {from: 0, to: 0.2}
fields: [u]
domain: {interval: {from: 0, to: length}}
equations: {heat: u_t - kappa*u_xx = 0}
conditions:
  - {on: boundary, u: 0}
  - {on: initial, u: sin(k*x)}
exact: {u: exp(-rate*t)*sin(k*x)}
"""


@pytest.fixture(scope="module")
def fin():
    return pinn.solve(pinn.load(FIN, ["solver.tolerance=1e-6"]), seed=3, device="cpu")


@pytest.fixture(scope="module")
def plate():
    return pinn.load(PLATE)


@pytest.fixture
def load(tmp_path):
    def load(text: str, *overrides: str):
        file = tmp_path / "spec.yaml"
        file.write_text(text)
        return pinn.load(file, overrides)

    return load


@pytest.mark.slow
def test_a_slice_is_the_single_solution(fin):
    x = np.linspace(0, 1, 41)[:, None]
    single = pinn.solve(build_problem(slice_of(fin.problem.spec, {"m": 2.3})), seed=3, device="cpu")(x)
    for found in (fin(x, m=2.3), fin.at(m=2.3)(x)):
        for name, values in single.items():
            assert found[name] == pytest.approx(values, abs=1e-5), name
    assert np.abs(fin(x, m=2.0)["u"] - single["u"]).max() > 1e-2  # another slice is another solution


def test_parameters_by_name_as_columns_and_by_slice_agree(fin):
    x = np.linspace(0, 1, 7)[:, None]
    columns = np.hstack([x, np.full_like(x, 1.7)])
    for name, values in fin(columns).items():
        assert fin(x, m=1.7)[name] == pytest.approx(values, rel=1e-14)
        assert fin.at(m=1.7)(x)[name] == pytest.approx(values, rel=1e-10)
        assert fin(torch.as_tensor(x), m=1.7)[name].detach().numpy() == pytest.approx(values, rel=1e-14)
    middle = fin.at()
    assert middle(x)["u"] == pytest.approx(fin(x, m=2.25)["u"], rel=1e-10)
    assert middle.exact(x)["u"] == pytest.approx(np.cosh(2.25 * (1 - x[:, 0])) / np.cosh(2.25))
    assert middle.at() is middle


def test_errors_are_of_the_whole_family(fin):
    points = fin.problem.heldout_points(500, 1)
    assert points[:, 1].min() < 0.55
    assert points[:, 1].max() > 3.95
    assert fin.metrics["relative_l2"]["u"] < 1e-6
    heat = fin.metrics["probes"]["heat_loss"]
    assert heat["expected"] == pytest.approx([m * np.tanh(m) for m in (0.5, 1, 2, 4)])
    assert heat["max_error"] < 1e-5


@pytest.mark.slow
def test_saved_family_exports_the_slice_asked_for(fin, tmp_path, capsys):
    folder = tmp_path / "run"
    save_run(RunDirectory.create("fin", out=folder), fin)
    assert pinn.Solution.load(folder)([[0.5]], m=3)["u"] == pytest.approx(fin([[0.5]], m=3)["u"], rel=1e-14)
    for option, m in ((["--at", "m=3.1"], 3.1), ([], 2.25)):
        out = tmp_path / f"{m}.csv"
        assert command(["export", str(folder), "--out", str(out), "--resolution", "8", *option]) == 0
        table = np.genfromtxt(out, delimiter=",", names=True)
        assert table["u"] == pytest.approx(np.cosh(m * (1 - table["x"])) / np.cosh(m), abs=1e-5)
        assert np.abs(table["error_u"]).max() < 1e-5
    assert command(["export", str(folder), "--out", str(tmp_path / "f.vtu"), "--at", "m=1"]) == 0
    assert "u" in meshio.read(tmp_path / "f.vtu").point_data
    capsys.readouterr()
    for wrong, message in (
        ("m=9", "--at: m = 9 is outside what was trained, 0.5 to 4"),
        ("mass=1", "--at: unknown parameter 'mass'; "),
        ("m", "--at: expected NAME=VALUE such as radius=0.42, got 'm'"),
    ):
        assert command(["export", str(folder), "--out", str(tmp_path / "no.csv"), "--at", wrong]) == 2
        assert message in capsys.readouterr().err


def test_figures_are_of_the_slice_in_the_middle(fin):
    figure = fin.plot("u")
    assert figure.axes


@pytest.mark.slow
def test_points_lie_in_the_shape_of_their_own_parameters(plate):
    points = plate.domain.redrawn(1).sample(Interior(), 500, 1).points
    x, y, radius = points.T
    assert ((x**2 + y**2 > radius**2) & (points[:, :2] > 0).all(1) & (points[:, :2] < 1.2).all(1)).all()
    assert len(radius.unique()) == 32
    assert radius.min() < 0.41
    assert radius.max() > 0.59
    other = plate.domain.redrawn(2).sample(Interior(), 500, 1).points[:, 2]
    assert not set(other.tolist()) & set(radius.tolist())  # another drawing tests between these slices
    distance = (x**2 + y**2).sqrt()
    ring = (distance > 0.4) & (distance < 0.6)
    square = (0.6**3 - 0.4**3) / 3 / 0.2  # the mean of radius**2
    share = np.pi / 4 * (0.36 - square) / (1.44 - np.pi / 4 * square)
    assert float(ring.double().mean()) == pytest.approx(share, abs=0.02)


def test_normals_are_those_of_the_shape_at_the_parameters(plate):
    drawn = plate.domain.sample(Boundary(("hole",)), 200, 1)
    assert drawn.normals is not None
    assert drawn.normals.shape == (200, 2)
    place, radius = drawn.points[:, :2], drawn.points[:, 2:]
    torch.testing.assert_close(place.norm(dim=1, keepdim=True), radius, rtol=1e-12, atol=0)
    torch.testing.assert_close(drawn.normals, -place / radius, rtol=1e-10, atol=1e-12)
    left = plate.domain.sample(Boundary(("left",)), 200, 1).points
    assert (left[:, 1] >= left[:, 2]).all()
    assert (left[:, 0] == 0).all()
    assert "nradius" not in drawn.inputs(plate.axes)


@pytest.mark.slow
def test_exact_solution_holds_in_every_slice(load):
    problem = load(HEAT)
    assert problem.axes == ("x", "kappa", "length", "t")
    assert contradictions(problem) == []
    assert contradictions(load(HEAT.replace("rate: kappa*", "rate: 1.01*kappa*"))) != []
    ends = problem.domain.sample(Boundary(("right",)), 50, 0)
    torch.testing.assert_close(ends.points[:, 0], ends.points[:, 2])
    start = problem.domain.sample(Initial(), 50, 0).points
    assert (start[:, 3] == 0).all()
    assert (start[:, 0] < start[:, 2]).all()
    fixed = problem.domain.sample(Points(((0.5,),)), 16, 0).points
    assert fixed.shape == (16, 4)
    assert (fixed[:, 0] == 0.5).all()
    assert fixed[:, 1].min() >= 0.5
    assert fixed[:, 1].max() <= 1
    assert fixed[:, 3].max() <= 0.2


@pytest.mark.slow
def test_family_in_time_over_two_parameters_is_solved(load):
    problem = load(HEAT, "solver.tolerance=1e-3")
    solution = pinn.solve(problem, seed=3, device="cpu")
    assert solution.metrics["stop_reason"] == "tolerance"
    assert solution.metrics["relative_l2"]["u"] < 1e-3
    member = solution.at(kappa=0.6, length=1.5)
    points = member.problem.heldout_points(200, 5)
    assert member.problem.axes == ("x", "t")
    assert np.abs(member(points)["u"] - member.exact(points)["u"]).max() < 5e-3


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (("kappa: {from: 0.5, to: 1}", "kappa: {from: 1, to: 0.5}"), "parameters.kappa.to", "greater than from = 1"),
        (("kappa: {from: 0.5", "kappa: {from: length"), "parameters.kappa.from", "unknown name 'length'"),
        (("{kappa: {", "{x: {from: 0, to: 1}, kappa: {"), "parameters.x", "is a coordinate"),
        (("{kappa: {", "{Kappa: {from: 0, to: 1}, kappa: {"), "parameters.Kappa", "one lower-case word"),
        (("{kappa: {", "{points: {from: 0, to: 1}, kappa: {"), "parameters.points", "argument of a solution"),
        (("constants: {k", "constants: {kappa: 1, k"), "constants.kappa", "already declared in 'parameters'"),
        (("kappa*u_xx", "kappa*u_kappa"), "equations.heat", "has letters of x, t or n"),
        (("kappa*u_xx", "laplacian(u_kappa)"), "equations.heat", "has letters of x, t or n"),
        (("to: 0.2", "to: 0.2*length"), "time.to", "depends on length"),
        (("to: length", "to: length - 1"), "domain.interval.to", "(at length = 1)"),
        (("fields: [u]", "fields: [u]\nnetwork: {constraints: hard}"), "network.constraints", "not available with par"),
        (("fields: [u]", "fields: [u]\nsolver: {method: cells}"), "solver.method", "not available with parameters"),
        (("{on: boundary, u: 0}", "{periodic: [left, right]}"), "conditions[0].periodic", "depends on parameters"),
        (("initial, u", "initial, where: x < kappa, u"), "conditions[1].where", "not on kappa"),
        (
            ("exact:", "probes: {p: {quantity: u, at: [1.5, 1, 1.2, 0]}}\nexact:"),
            "probes.p.at",
            "(1.5, 1, 1.2, 0) lies outside the domain",
        ),
    ],
)
def test_what_does_not_fit_a_family_is_refused_by_name(load, change, path, message):
    with pytest.raises(SpecError) as refused:
        load(HEAT.replace(*change))
    assert path in str(refused.value)
    assert message in str(refused.value)


def test_material_parameter_stays_within_its_limits():
    with pytest.raises(SpecError, match="poissons_ratio"):
        pinn.load(PLATE, ["parameters={nu: {from: 0.2, to: 0.6}}", "constants={L: 1.2, S: 1, radius: 0.5}",
                          "physics.linear_elasticity.poissons_ratio=nu"])  # fmt: skip


def test_what_is_of_one_problem_refuses_a_family(fin, tmp_path, capsys):
    with pytest.raises(SpecError, match="hardening follows one problem; write the parameters"):
        harden_solution(fin, Ramp())
    assert command(["compare", str(FIN), "--activations", "gelu", "--out", str(tmp_path / "out")]) == 2
    assert "a comparison is of one problem" in capsys.readouterr().err


@pytest.mark.slow
def test_description_says_what_moves_the_domain(plate, fin):
    assert "parameters   radius; the domain moves with radius" in plate.describe()
    assert "parameters   m; the domain is the same for all" in fin.problem.describe()


def test_engine_deepxde_refuses_a_family():
    pytest.importorskip("deepxde")
    with pytest.raises(SpecError, match="no parameters"):
        pinn.solve(pinn.load(FIN), engine="deepxde")
