"""Two materials: statements in each subdomain and between them, solved, evaluated piece by piece, exported, refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

import pinn
from pinn.domain.places import Boundary, Initial, Interface, Interior
from pinn.errors import SpecError
from pinn.network.mlp import MLP
from pinn.problem.contradictions import contradictions
from pinn.problem.loading import build
from pinn.run.directory import RunDirectory
from pinn.solution.saved import save_run
from pinn.solution.solution import Solution
from pinn.spec.yaml.source import parse_spec
from pinn.training.stages import stages_of

ROOT = Path(__file__).resolve().parents[2]

# Harmonic on both sides of a quarter circle; value and flux jump by a known amount.
SPEC = """
name: jump
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
subdomains: {inner: {disk: {center: [0, 0], radius: 0.5}}, outer: rest}
definitions: {k: {inner: 3, outer: 1}, flux: k*u_n, kux: k*u_x}
equations:
  conduction: d(k*u_x, x) + d(k*u_y, y) = 0
conditions: [{on: boundary, u: exact.u}]
interfaces:
  - {between: [inner, outer], jump: {u: x*y + 2 - x**2 + y**2, flux: 3*(y*nx + x*ny) - 2*(x*nx - y*ny)}}
exact: {u: {inner: x*y + 2, outer: x**2 - y**2}}
network: {hidden: [40]}
solver: {method: {least_squares: {features: 120, scale: 3}}, tolerance: 1e-5}
"""
ON = np.array([[0.3, 0.4], [0.5, 0.0], [0.4, 0.3]])  # on the interface
JUMP = ON[:, 0] * ON[:, 1] + 2 - ON[:, 0] ** 2 + ON[:, 1] ** 2


def problem_of(*replacements: tuple[str, str], text: str = SPEC) -> pinn.Problem:
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return build(parse_spec(text, "jump.yaml"))


@pytest.fixture(scope="module")
def solution() -> Solution:
    return pinn.solve(problem_of(), seed=0, device="cpu")


def test_exact_solution_satisfies_every_statement():
    problem = problem_of()
    assert problem.outputs == ("u in inner", "u in outer")
    assert contradictions(problem) == []


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("[inner, outer], jump", "[outer, inner], jump", "u on outer | inner"),
        ("flux: 3*(y*nx + x*ny)", "flux: -3*(y*nx + x*ny)", "flux on inner | outer"),
        ("k: {inner: 3, outer: 1}", "k: {inner: 1, outer: 3}", "flux on inner | outer"),
    ],
)
def test_a_slip_at_the_interface_contradicts_the_exact_solution(old, new, name):
    """A normal that points the other way, a sign, materials that are swapped."""
    assert any(f"does not satisfy '{name}'" in line for line in contradictions(problem_of((old, new))))


@pytest.mark.slow
def test_jump_is_solved_for(solution):
    assert solution.metrics["relative_l2"]["u"] < 1e-5  # 1.1e-6 when this was written
    within = solution.metrics["subdomains"]
    assert set(within) == {"inner", "outer"}
    assert max(part["relative_l2"]["kux"] for part in within.values()) < 1e-3


@pytest.mark.slow
def test_interface_statements_matter():
    """Without the flux condition the problem has other solutions, and the one of least norm is not the exact one."""
    entry = SPEC[SPEC.index("  - {between") : SPEC.index("exact:")]
    less = "  - {between: [inner, outer], free: true, jump: {u: x*y + 2 - x**2 + y**2}}\n"
    loose = pinn.solve(problem_of((entry, less)), seed=0, device="cpu")
    assert loose.metrics["relative_l2"]["u"] > 1e-4


def test_a_point_of_the_interface_has_a_value_for_each_side(solution):
    inner, outer = (solution(ON, ["u", "kux"], name) for name in ("inner", "outer"))
    assert inner["u"] - outer["u"] == pytest.approx(JUMP, abs=1e-5)
    assert solution(ON, ["u"])["u"] == pytest.approx(inner["u"], abs=1e-10)
    mixed = solution(np.tile(ON[0], (2, 1)), ["u"], np.array([1, 0]))["u"]
    assert mixed == pytest.approx([outer["u"][0], inner["u"][0]], abs=1e-10)
    with pytest.raises(SpecError, match=r"unknown subdomain 'iner'; did you mean 'inner'\?"):
        solution(ON, ["u"], "iner")


def test_values_are_piecewise_and_differentiable(solution):
    points = torch.tensor([[0.2, 0.1], [0.9, 0.4], [0.1, 0.3]], dtype=torch.float64, requires_grad=True)
    values = solution(points)["u"]
    (slope,) = torch.autograd.grad(values.sum(), points)
    x, y = points.detach().T
    inside = torch.tensor([True, False, True])
    assert values.detach().numpy() == pytest.approx(torch.where(inside, x * y + 2, x**2 - y**2).numpy(), abs=1e-5)
    assert slope[:, 0].numpy() == pytest.approx(torch.where(inside, y, 2 * x).numpy(), abs=1e-4)
    flux = solution(points.detach().numpy(), ["kux"])["kux"]
    assert flux == pytest.approx([0.3, 1.8, 0.9], abs=1e-3)
    assert set(solution.residual(points.detach().numpy())) == {"conduction"}


def test_values_do_not_depend_on_how_many_points_are_evaluated_at_once(solution, monkeypatch):
    points = np.random.default_rng(0).random((40, 2))
    seen = np.arange(40) % 2

    def evaluated() -> list[np.ndarray]:
        values, residual = solution(points, ["u", "kux"], seen), solution.residual(points)
        return [values["u"], values["kux"], residual["conduction"]]

    whole = evaluated()
    monkeypatch.setattr(MLP, "cache_rows", 7)
    for one, other in zip(whole, evaluated(), strict=True):
        assert one.shape == (40,)
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    assert solution(points[:0], ["u"])["u"].shape == (0,)


def test_export_smears_nothing(solution, tmp_path):
    solution.export(tmp_path / "fields.npz", resolution=12)
    found = np.load(tmp_path / "fields.npz")
    assert set(found["subdomain"]) == {0, 1}
    assert np.abs(found["error_u"]).max() < 1e-4  # the jump is 2
    triangles = found["cells_triangle"]
    assert np.all(found["subdomain"][triangles] == found["subdomain"][triangles][:, :1])
    radius = np.linalg.norm(found["points"], axis=1)
    on = np.abs(radius - 0.5) < 1e-9
    inner, outer = (found["points"][on & (found["subdomain"] == number)] for number in (0, 1))
    assert len(inner) > 4
    assert inner[np.argsort(inner[:, 0])] == pytest.approx(outer[np.argsort(outer[:, 0])])


def test_export_on_a_foreign_mesh_doubles_its_nodes_on_the_interface(solution, tmp_path):
    import meshio

    points = np.array([[0, 0], [0.5, 0], [0, 0.5], [0.9, 0.9]])
    meshio.write_points_cells(
        tmp_path / "mesh.vtu", np.pad(points, ((0, 0), (0, 1))), {"triangle": [[0, 1, 2], [1, 3, 2]]}
    )
    solution.export(tmp_path / "fields.npz", mesh_file=tmp_path / "mesh.vtu")
    found = np.load(tmp_path / "fields.npz")
    assert len(found["points"]) == 6
    assert found["u"] == pytest.approx(found["exact_u"], abs=1e-4)


@pytest.mark.slow
def test_weights_come_back(solution, tmp_path):
    directory = RunDirectory.create("jump", out=tmp_path / "run")
    save_run(directory, solution)
    loaded = Solution.load(directory.path)
    assert loaded(ON, ["u"], "outer")["u"] == pytest.approx(solution(ON, ["u"], "outer")["u"], abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "share"), [("gauss_newton: {iterations: 8}", 0.1), ("adam: {iterations: 40, learning_rate: 0.01}", 0.7)]
)
def test_other_solvers_know_nothing_of_interfaces(method, share):
    small = ("network: {hidden: [40]}", "network: {hidden: [8]}\nsampling: {interior: 48, boundary: 48}")
    eager = ("tolerance: 1e-5", "compile: off")
    found = pinn.solve(
        problem_of(("least_squares: {features: 120, scale: 3}", method), small, eager), seed=0, device="cpu"
    )
    losses = [row["loss"] for row in found.history if row.get("loss") is not None]
    assert losses[-1] < share * losses[0]


def test_automatic_leaves_cells_out():
    problem = problem_of(("network: {hidden: [40]}\n", ""), ("{least_squares: {features: 120, scale: 3}}", "auto"))
    assert len(stages_of(problem)) == 2


def test_conditions_hold_in_the_subdomains_that_a_patch_touches():
    conditions = "[{on: boundary, u: exact.u}]"
    other = (
        "[{on: left, where: y < 0.4, u: 0}, {on: left, where: y > 0.4, u: 0}, "
        "{on: [right, bottom], u: 0}, {on: top, u: 0}]"
    )
    places = [s.place for s in problem_of((conditions, other)).statements if isinstance(s.place, Boundary)]
    assert [(place.patches, place.subdomain) for place in places] == [
        (("left",), "inner"),  # of y > 0.4 both have a part, of y < 0.4 only the inner one
        (("left",), "inner"),
        (("left",), "outer"),
        (("bottom",), "inner"),
        (("right", "bottom"), "outer"),
        (("top",), "outer"),
    ]


@pytest.mark.slow
def test_parameters_of_a_physics_by_subdomain():
    problem = pinn.load(ROOT / "problems/elasticity/inclusion.yaml")
    assert contradictions(problem) == []
    values = problem.exact_values(torch.tensor([[0.1, 0.1], [0.3, 0.2]], dtype=torch.float64))
    assert values["stress_xx"].numpy() == pytest.approx(problem.probes["stress_inside"].expected[0])


def test_a_physics_reads_a_material_of_each_subdomain_only():
    text = (
        (ROOT / "problems/elasticity/inclusion.yaml")
        .read_text()
        .replace("{inclusion: E_inclusion, ", "{inclusoin: 1, ")
    )
    with pytest.raises(SpecError, match=r"unknown subdomain 'inclusoin'; did you mean 'inclusion'\?"):
        build(parse_spec(text, "x.yaml"))


def test_three_dimensions_and_time():
    text = """
name: ball
coordinates: [x, y, z]
time: {from: 0, to: 1}
fields: [u]
domain: {cuboid: {from: [0, 0, 0], to: [1, 1, 1]}}
subdomains: {ball: {sphere: {center: [0.5, 0.5, 0.5], radius: 0.3}}, block: rest}
definitions: {k: {ball: 2, block: 1}, flux: k*u_n}
equations: {heat: u_t - k*laplacian(u) = 0}
conditions: [{on: initial, u: 0}, {on: boundary, u: t}]
interfaces: [{between: [ball, block], continuous: [u, flux]}]
"""
    problem = problem_of(text=text)
    kinds = [(type(s.place), s.place.subdomain) for s in problem.statements]
    assert kinds == [
        (Interior, "ball"),
        (Interior, "block"),
        (Initial, "ball"),
        (Initial, "block"),
        (Boundary, "block"),
        (Interface, "ball"),
        (Interface, "ball"),
    ]
    for statement in problem.statements:
        assert len(problem.domain.sample(statement.place, 32, 0)) == 32


ENTRY = SPEC[SPEC.index("  - {between") : SPEC.index("exact:")]
PARTS = next(line for line in SPEC.splitlines() if line.startswith("subdomains"))
REFUSED = {  # name: ((old, new), message)
    "unknown subdomain between": (("[inner, outer]", "[iner, outer]"), "between[0]: unknown subdomain 'iner'"),
    "one subdomain between": (("[inner, outer]", "[inner]"), "must name two subdomains such as"),
    "unknown quantity": (("jump: {u:", "jump: {v:"), "interfaces[0].jump.v: unknown quantity 'v'"),
    "a jump of fields": (("u: x*y + 2 - x**2 + y**2", "u: u_x"), "without fields"),
    "no field": (("flux: 3*(y*nx + x*ny) - 2*(x*nx - y*ny)", "k: 1"), "k does not depend on a field in 'inner'"),
    "said twice": ((ENTRY, ENTRY + "  - {between: [outer, inner], continuous: u}\n"), "stated by interfaces[0]"),
    "nothing said": ((f"interfaces:\n{ENTRY}", ""), "nothing is stated between 'inner' and 'outer'"),
    "flux forgotten": ((ENTRY, "  - {between: [inner, outer], continuous: u}\n"), "only u is stated between"),
    "empty entry": ((ENTRY, "  - {between: [inner, outer]}\n"), "interfaces[0]: states nothing"),
    "a value is missing": (("k: {inner: 3, outer: 1}", "k: {inner: 3}"), "says nothing for the subdomain 'outer'"),
    "a value too many": (("outer: 1}", "outer: 1, shell: 1}"), "definitions.k.shell: unknown subdomain 'shell'"),
    "overlap": (("outer: rest", "outer: {disk: {center: [1, 0], radius: 0.8}}"), "subdomains.outer: overlaps 'inner'"),
    "a gap": (("outer: rest", "outer: {disk: {center: [1, 1], radius: 0.5}}"), "without a name; add one"),
    "outside": (("center: [0, 0], radius: 0.5", "center: [3, 0], radius: 0.5"), "no point in common with the domain"),
    "two rests": (("{disk: {center: [0, 0], radius: 0.5}}", "rest"), "'inner' is the rest already"),
    "one subdomain": ((", outer: rest}", "}"), "must name two or more"),
    "a coordinate": (("outer: rest}", "outer: rest, x: {disk: {center: [1, 1], radius: 0.1}}}"), "is a coordinate"),
    "hard": (("network: {hidden: [40]}", "network: {constraints: hard}"), "network.constraints: is not available with"),
    "cells": (("{least_squares: {features: 120, scale: 3}}", "cells"), "cells are not available with subdomains"),
    "periodic": (("[{on: boundary, u: exact.u}]", "[{periodic: [left, right]}, {on: [top, bottom], u: 0}]"), "is not"),
    "no subdomains": ((PARTS, ""), "needs 'subdomains'"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    replacement, message = REFUSED[name]
    with pytest.raises(SpecError) as caught:
        problem_of(replacement)
    assert message in str(caught.value)


def test_parts_that_are_apart_cannot_be_joined():
    shapes = ("outer: rest}", "core: {disk: {center: [1, 1], radius: 0.2}}, outer: rest}")
    values = ("outer: 1}", "core: 1, outer: 1}"), ("outer: x**2 - y**2}", "core: 0, outer: x**2 - y**2}")
    entries = (
        ENTRY,
        ENTRY + "  - {between: [core, outer], continuous: [u, flux]}\n  - {between: [core, inner], continuous: u}\n",
    )
    with pytest.raises(SpecError, match="'core' and 'inner' do not touch"):
        problem_of(shapes, *values, entries)


def test_the_slow_baseline_refuses():
    with pytest.raises(SpecError, match="the engine deepxde has no subdomains"):
        pinn.solve(problem_of(), engine="deepxde")
