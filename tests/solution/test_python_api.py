"""What a user of Python has: problems from text and mappings, derivatives by name, NaN outside, tables, copies."""

from __future__ import annotations

import copy
import pickle
import sys

import numpy as np
import pytest
import torch

import pinn
from pinn.errors import ResourceError, SpecError

PLATE = """
name: quarter-plate
title: Laplace's equation beside a hole
coordinates: [x, y]
fields: [u]
definitions: {flux_x: -u_x, outflow: u_n}
domain:
  difference:
    - rectangle: {from: [0, 0], to: [2, 2]}
    - disk: {center: [0, 0], radius: 1, name: hole}
equations: {balance: laplacian(u) = 0}
conditions: [{on: [hole, left, right, top, bottom], u: x**2 - y**2}]
exact: {u: x**2 - y**2}
network: {hidden: [40]}
outputs: {resolution: 6}
solver: {method: {least_squares: {features: 40, scale: 1}}, threads: 1}
"""
ROD = {
    "name": "rod",
    "coordinates": ["x"],
    "time": {"from": 0, "to": 1},
    "fields": ["T"],
    "domain": {"interval": {"from": 0, "to": 1}},
    "equations": {"heat": "T_t = T_xx"},
    "conditions": [{"on": "initial", "T": "x"}, {"on": "left", "T": 0}, {"on": "right", "T": 1}],
    "network": {"hidden": [20]},
    "outputs": {"resolution": 2, "times": 3},
    "solver": {"method": {"least_squares": {"features": 20, "scale": 1}}, "threads": 1},
}
POINTS = np.array([[1.5, 0.5], [1.0, 0.0], [2.0, 2.0], [0.1, 0.1], [2.1, 1.0]])


@pytest.fixture(scope="module")
def plate() -> pinn.Solution:
    return pinn.solve(PLATE)


@pytest.fixture(scope="module")
def rod() -> pinn.Solution:
    return pinn.solve(ROD)


def test_a_problem_is_a_file_a_name_text_or_a_mapping(tmp_path):
    (tmp_path / "rod.yaml").write_text(pinn.load(ROD).to_yaml())
    resolved = pinn.load(ROD).spec.resolved()
    assert pinn.load(tmp_path / "rod.yaml").spec.resolved() == resolved
    assert pinn.load((tmp_path / "rod.yaml").read_text()).spec.resolved() == resolved
    assert pinn.load("heat/poisson_2d").name == "poisson-2d"
    assert pinn.load(ROD, time={"to": 3}).time == (0, 3)
    assert pinn.load(ROD, overrides=["time.to=2"], name="other").time == (0, 2)
    with pytest.raises(SpecError, match=r"<keyword>:1:1: solver\.tolerence: .* did you mean 'tolerance'"):
        pinn.load(ROD, solver={"tolerence": 1})


@pytest.mark.slow
def test_derivatives_by_name(plate):
    inside = POINTS[:3]
    found = plate(inside, ["u", "u_x", "u_xy", "u_yy", "flux_x", "flux_x_x"])
    np.testing.assert_allclose(found["u"], inside[:, 0] ** 2 - inside[:, 1] ** 2, atol=1e-3)
    np.testing.assert_allclose(found["u_x"], 2 * inside[:, 0], atol=0.05)
    np.testing.assert_array_equal(found["flux_x"], -found["u_x"])
    (second,) = {*plate(inside, ["u_xx"])}
    np.testing.assert_array_equal(found["flux_x_x"], -plate(inside, [second])[second])
    np.testing.assert_allclose(found["u_yy"], -2, atol=0.5)
    np.testing.assert_allclose(found["u_xy"], 0, atol=0.5)


@pytest.mark.parametrize(
    ("name", "said"),
    [("outflow", "needs the normal"), ("u_n", "needs the normal"), ("w", "unknown quantity 'w'"), ("u_z", "u_z")],
)
def test_names_without_a_value_inside_are_refused(plate, name, said):
    with pytest.raises(SpecError, match=said):
        plate(POINTS, [name])


def test_outside_the_domain_there_are_no_values(plate, rod):
    known = [True, True, True, False, False]
    assert list(np.isfinite(plate(POINTS, ["u"])["u"])) == known
    assert list(np.isfinite(plate(POINTS, ["u_x"])["u_x"])) == known
    assert np.isfinite(plate(POINTS, ["u"], outside="extend")["u"]).all()
    assert torch.isfinite(plate(torch.as_tensor(POINTS), ["u"])["u"]).all()  # tensors: what the network says
    within = [[0.5, 0], [0.5, 1], [0.5, 1.1], [0.5, -0.1], [1.1, 0.5], [1 + 1e-8, 0.5]]
    assert list(np.isfinite(rod(within)["T"])) == [True, True, False, False, False, True]


@pytest.mark.slow
def test_outside_the_members_of_a_family_there_are_no_values():
    text = PLATE.replace("radius: 1", "radius: a").replace("u: x**2 - y**2", "u: a*(x**2 - y**2)")
    family = pinn.solve(f"{text}\nparameters: {{a: {{from: 0.5, to: 1}}}}\n", seed=0)
    points = [[0.6, 0.1], [0.3, 0.1]]
    assert list(np.isfinite(family(points, ["u"], a=0.5)["u"])) == [True, False]
    assert list(np.isfinite(family(points, ["u"], a=1.0)["u"])) == [False, False]


def test_arrays_are_the_values_at_nodes_and_instants(plate, rod):
    found = plate.arrays(["u", "flux_x"], resolution=4)
    assert list(found) == ["x", "y", "u", "flux_x"]
    points = np.column_stack([found["x"], found["y"]])
    assert (np.hypot(*points.T) > 1 - 1e-9).all()
    np.testing.assert_allclose(found["u"], plate(points)["u"], rtol=1e-13, atol=1e-15)
    assert len(plate.arrays(resolution=8)["u"]) > len(points)
    found = rod.arrays()
    assert list(found) == ["x", "t", "T"]
    assert sorted({*found["t"]}) == [0, 0.5, 1]
    once = rod(np.column_stack([found["x"], found["t"]]))["T"]  # in one batch: sums in another order
    np.testing.assert_allclose(found["T"], once, rtol=1e-13)


ORDINARY = {
    "name": "decay",
    "time": {"from": 0, "to": 2},
    "fields": ["u"],
    "equations": {"decay": "u_t = -u"},
    "conditions": [{"on": "initial", "u": 1}],
    "solver": {"tolerance": 1e-6, "threads": 1},
}


def test_a_problem_without_space_has_arrays_over_time_and_points_that_are_instants():
    solution = pinn.solve(ORDINARY)
    found = solution.arrays(resolution=8)
    np.testing.assert_allclose(found["t"], np.linspace(0, 2, 9))
    np.testing.assert_allclose(found["u"], np.exp(-found["t"]), atol=1e-5)
    np.testing.assert_array_equal(solution([0.5, 1.0])["u"], solution([[0.5], [1.0]])["u"])
    assert np.isnan(solution([3.0])["u"]).all()
    with pytest.raises(SpecError, match=r"points must be \[N, 1\] \(t\)"):
        solution([[0.5, 1.0]])


def test_a_dataframe_is_one_of_pandas_or_a_refusal_that_says_what_to_install(plate, monkeypatch):
    class Pandas:
        DataFrame = staticmethod(lambda columns: ("a frame", list(columns)))

    monkeypatch.setitem(sys.modules, "pandas", Pandas)
    assert plate.to_dataframe(["u"]) == ("a frame", ["x", "y", "u"])
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ResourceError, match=r"^pandas is not installed: pip install pandas$"):
        plate.to_dataframe()


@pytest.mark.slow
def test_a_mesh_of_pyvista(plate):
    mesh = plate.pyvista(resolution=4)
    assert {"u", "flux_x", "exact_u", "error_u"} <= set(mesh.array_names)
    np.testing.assert_allclose(mesh["u"], plate(mesh.points[:, :2])["u"], atol=1e-6)


def test_copies_answer_as_the_original(plate):
    for other in (copy.copy(plate), copy.deepcopy(plate), pickle.loads(pickle.dumps(plate))):
        np.testing.assert_array_equal(other(POINTS[:3], ["u"])["u"], plate(POINTS[:3], ["u"])["u"])
        assert (other.metrics, other.history) == (plate.metrics, plate.history)
    problem = pickle.loads(pickle.dumps(plate.problem))
    assert problem.spec.resolved() == plate.problem.spec.resolved()


def test_a_problem_that_names_a_file_is_pickled_with_its_folder():
    problem = pickle.loads(pickle.dumps(pinn.load("transport/burgers")))
    assert problem.reference is not None
    assert problem.folder.name == "transport"


def test_what_a_problem_and_a_solution_show_of_themselves(plate):
    assert repr(plate.problem) == "<Problem quarter-plate: u over x, y, linear>"
    assert plate.problem._repr_html_().startswith("<pre>quarter-plate: Laplace&#x27;s equation beside a hole\n")
    sentence = {"solved": "solved", "useful": "above the tolerance", "not_solved": "no solution"}
    assert repr(plate).startswith(f"<Solution of quarter-plate: {sentence[plate.metrics['verdict']]}")
    assert repr(plate).endswith("; u, flux_x>")
    assert plate.table() in plate._repr_html_().replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">")
    assert "relative L2" in plate.table()


@pytest.mark.slow
def test_progress_is_shown_where_it_is_wanted(capsys):
    pinn.solve(ROD, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "iteration 1" in shown.err
    pinn.solve(ROD, progress=False)
    assert capsys.readouterr().err == ""


def test_a_plot_on_axes_of_the_users_own(plate, rod):
    from matplotlib.figure import Figure

    figure = Figure()
    first, second = figure.subplots(1, 2)
    assert plate.plot("u", ax=first) is figure
    assert first.collections
    assert first.get_title() == "u"
    before = len(figure.axes)
    rod.plot("T", ax=second)
    assert second.get_title() == "T"
    assert len(figure.axes) == before + 1  # its colour bar
