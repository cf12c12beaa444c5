"""Load cases: one factorisation solves them all, and each is what it is alone."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import pinn
from pinn.errors import SpecError
from pinn.training.output_layer import linear_solve
from pinn.training.output_layer.linear_solve import solve_least_squares

pytestmark = pytest.mark.slow

SPEC = """
name: two-sources
coordinates: [x, y]
fields: [u]
constants: {a: 0, b: 0}
cases:
  first: {a: 1}
  second: {b: 2}
combinations:
  both: {first: 1.35, second: -1.5}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {poisson: -laplacian(u) = 2*a*pi**2*sin(pi*x)*sin(pi*y)}
conditions:
  - {on: [left, right], u: 0}
  - {on: [bottom, top], u: b*sin(pi*x)}
exact: {u: a*sin(pi*x)*sin(pi*y) + b*sin(pi*x)*cosh(pi*(y - 0.5))/cosh(pi/2)}
probes: {middle: {quantity: u, at: [0.5, 0.5]}}
solver: {tolerance: 1e-4, time_limit: 3600, method: {least_squares: {features: 350, scale: 3}}}
outputs: {formats: [], resolution: 12}
"""
POINTS = np.array([[0.3, 0.4], [0.5, 0.5], [0.9, 0.2]])


@pytest.fixture(scope="module")
def solution():
    return pinn.solve(SPEC)


def test_every_case_is_met(solution):
    x, y = POINTS.T
    first = np.sin(np.pi * x) * np.sin(np.pi * y)
    second = 2 * np.sin(np.pi * x) * np.cosh(np.pi * (y - 0.5)) / np.cosh(np.pi / 2)
    wanted = {"first": first, "second": second, "both": 1.35 * first - 1.5 * second}
    assert [*solution.cases] == [*wanted]
    for name, values in wanted.items():
        np.testing.assert_allclose(solution.cases[name](POINTS)["u"], values, atol=2e-5)
    np.testing.assert_array_equal(solution(POINTS)["u"], solution.cases["first"](POINTS)["u"])


def test_a_combination_is_the_sum_of_its_cases(solution):
    first, second, both = (solution.cases[name](POINTS)["u"] for name in ("first", "second", "both"))
    np.testing.assert_allclose(both, 1.35 * first - 1.5 * second, rtol=1e-9)


def test_the_report_has_each_case_and_what_governs(solution):
    entries = solution.metrics["cases"]
    assert [*entries] == ["first", "second", "both"]
    for name, entry in entries.items():
        assert entry["relative_l2"]["u"] < 1e-4
        assert entry["probes"]["middle"]["value"] == pytest.approx(float(solution.cases[name]([[0.5, 0.5]])["u"][0]))
        assert solution.cases[name].metrics["verdict"] == entry["verdict"]
        assert solution.cases[name].metrics["probes"] == entry["probes"]
        assert 0 < entry["heldout_residual"] <= solution.metrics["heldout_residual"] * (1 + 1e-9)
    assert solution.metrics["governing"]["middle"]["case"] == "first"
    lines = solution.table().splitlines()
    assert any(line.startswith("governing") and line.endswith("first") for line in lines)
    assert any(line.startswith("second") for line in lines)


def test_all_are_solved_with_one_factorisation(monkeypatch):
    counted = []

    def counting(blocks, *further):
        found = solve_least_squares(blocks, *further)
        counted.append(found[0].shape)
        return found

    monkeypatch.setattr("pinn.training.output_layer.perceptron_system.solve_least_squares", counting)
    problem = pinn.load(SPEC)
    solved = pinn.solve(problem)
    assert counted == [(351, 3)]
    assert solved.metrics["verdict"] == "solved"


def test_a_case_alone_is_the_same(solution):
    head, rest = SPEC.split("cases:")
    alone = pinn.solve(head.replace("b: 0", "b: 2") + "domain:" + rest.split("domain:")[1])
    assert not alone.cases
    np.testing.assert_allclose(solution.cases["second"](POINTS)["u"], alone(POINTS)["u"], rtol=1e-4, atol=1e-5)


def test_a_saved_run_has_its_cases(solution, tmp_path):
    from pinn.run.directory import RunDirectory
    from pinn.solution.saved import save_run

    save_run(RunDirectory.create("x", out=tmp_path / "run"), solution)
    again = pinn.Solution.load(tmp_path / "run")
    assert [*again.cases] == ["first", "second", "both"]
    np.testing.assert_array_equal(again.cases["both"](POINTS)["u"], solution.cases["both"](POINTS)["u"])
    assert again.cases["both"].metrics["verdict"] == solution.metrics["cases"]["both"]["verdict"]


def test_files_have_the_fields_of_each_case(solution, tmp_path):
    import meshio

    solution.export(tmp_path / "all.vtu", resolution=8)
    found = meshio.read(tmp_path / "all.vtu").point_data
    assert {"u_first", "u_second", "u_both"} <= found.keys()
    assert np.abs(found["u_both"] - 1.35 * found["u_first"] + 1.5 * found["u_second"]).max() < 1e-9


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("first: {a: 1}", "first: {c: 1}", "cases.first.c: must be one of the constants"),
        ("first: 1.35, ", "frist: 1.35, ", "combinations.both.frist: must be one of the cases; did you mean 'first'?"),
        ("u: b*sin(pi*x)}", "u: b*sin(pi*x) + x*(1 - x)}", "combinations.both: is no sum of its cases"),
        ("-laplacian(u) =", "-laplacian(u) + b*u =", "cases.second: changes how 'poisson' depends on the fields"),
        ("to: [1, 1]", "to: [1 + b, 1]", "cases.second: changes the domain"),
        ("-laplacian(u) =", "-laplacian(u) + u**2 =", "cases: cases share the matrix of a linear problem"),
    ],
)
def test_what_is_no_load_case_is_refused(old, new, message):
    assert old in SPEC
    with pytest.raises(SpecError) as caught:
        pinn.load(SPEC.replace(old, new))
    assert message in str(caught.value)


def test_several_right_hand_sides_are_solved_as_one_each():
    import torch

    generator = torch.Generator().manual_seed(1)
    rows = torch.randn(40, 7, generator=generator, dtype=torch.float64)
    sides = torch.randn(40, 3, generator=generator, dtype=torch.float64)
    together, remainder = linear_solve.solve_least_squares([(rows[:15], sides[:15]), (rows[15:], sides[15:])])
    alone = [solve_least_squares([(rows, side)]) for side in sides.T]
    torch.testing.assert_close(together, torch.stack([found for found, _ in alone], dim=1))
    assert remainder**2 == pytest.approx(sum(left**2 for _, left in alone))


def test_cases_survive_being_copied(solution):
    assert [*copy.deepcopy(solution).cases] == [*solution.cases]


def test_pictures_and_page_show_every_case(solution, tmp_path):
    from pinn.figures.figures import draw_figures
    from pinn.report.fields import field_view
    from pinn.report.page import write_report

    drawn = {file.stem for file in draw_figures(solution, tmp_path)}
    assert drawn == {"summary", "case_first", "case_second", "case_both", "convergence"}
    view = field_view(solution)
    assert [frame.label for frame in view.frames] == ["first", "second", "both"]
    first, second, both = (frame.values["u"] for frame in view.frames)
    np.testing.assert_allclose(both, 1.35 * first - 1.5 * second, atol=1e-9)
    assert not view.swings
    (file,) = write_report(solution, tmp_path)
    assert "governing" in file.read_text()
