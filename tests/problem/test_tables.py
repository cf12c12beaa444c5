"""Tables as functions: what they are in a problem, and what is refused at its place."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import sympy

from pinn import load, solve
from pinn.errors import SpecError

MATERIAL = """
name: material
coordinates: [x]
fields: [T]
tables: {k: {file: k.csv, x: T, values: k, interpolation: cubic}}
domain: {interval: {from: 0, to: 1}}
equations: {heat: "d(k(T)*T_x, x) = 0"}
conditions: [{on: left, T: 300}, {on: right, T: 700}]
exact: {T: "300 + (sqrt(1 + 0.004*(400 + 160)*x) - 1)/0.002"}
"""
LAYERS = """
name: layers
coordinates: [x]
fields: [u]
tables: {k: {file: k.csv, x: x, values: k}}
domain: {interval: {from: 0, to: 1}}
equations: {heat: "d(k(x)*u_x, x) = 0"}
conditions: [{on: left, u: 0}, {on: right, u: 1}]
"""
POISSON = """
name: poisson
coordinates: [x, y]
fields: [u]
tables: {a: {file: a.npz, x: [x, y], values: a}}
domain: {rectangle: {from: [0, 0], to: [1, 2]}}
equations: {poisson: "-a(x, y)*laplacian(u) = 1"}
conditions: [{on: boundary, u: 0}]
"""
STEEL = "T,k\n" + "\n".join(f"{T},{1 + 0.002 * (T - 300)}" for T in (300, 400, 500, 650, 800))


@pytest.fixture
def written(tmp_path):
    def problem(text, **files):
        for name, content in files.items():
            name = name.replace("_", ".")
            if isinstance(content, str):
                (tmp_path / name).write_text(content)
            else:
                np.savez(tmp_path / name, **content)
        file = tmp_path / "problem.yaml"
        file.write_text(text)
        return file

    return problem


def grid(values=None):
    x, y = np.linspace(0, 1, 5), np.linspace(0, 2, 9)
    return {"x": x, "y": y, "a": 1 + x + 10 * y[:, None] if values is None else values}


@pytest.mark.slow
def test_a_material_curve_of_the_field_itself(written):
    """(1 + 0.002 (T - 300)) T' is constant, of which the closed form is the root of a square."""
    solution = solve(written(MATERIAL, k_csv=STEEL))
    assert solution.metrics["verdict"] == "solved"
    assert solution.metrics["relative_l2"]["T"] < 1e-9


@pytest.mark.slow
def test_a_jump_of_a_table_cuts_the_domain(written):
    """The flux is continuous: q = 1/(0.5/1 + 0.5/10)."""
    solution = solve(written(LAYERS, k_csv="x,k\n0,1\n0.5,1\n0.5,10\n1,10\n"))
    q = 1 / (0.5 + 0.05)
    np.testing.assert_allclose(solution([[0.25], [0.75]])["u"], [q * 0.25, 1 - q * 0.025], rtol=1e-9)
    assert "the domain is cut there" in solution.problem.describe()


def test_a_table_that_goes_downwards_jumps_the_same_way(written):
    problem = load(written(LAYERS, k_csv="x,k\n1,10\n0.5,10\n0.5,1\n0,1\n"))
    found = [float(problem.scope.expression(f"k({place})", ())) for place in (0.25, 0.75)]
    assert found == [1, 10]


def test_arguments_stand_in_their_order(written):
    """a[j, i] at x[i], y[j], in a file by grid and in one by columns."""
    by_grid = load(written(POISSON, a_npz=grid()))
    x, y = np.meshgrid(grid()["x"], grid()["y"])
    rows = "\n".join(f"{a},{b},{1 + a + 10 * b}" for a, b in zip(x.ravel(), y.ravel(), strict=True))
    by_columns = load(written(POISSON.replace("a.npz", "a.csv"), a_csv="x,y,a\n" + rows))
    for problem in (by_grid, by_columns):
        found = problem.scope.expression("a(0.3, 1.7)", ())
        assert float(found) == pytest.approx(1 + 0.3 + 17)


def test_a_problem_with_tables_is_pickled_and_written(written):
    problem = load(written(POISSON, a_npz=grid()))
    for one in (pickle.loads(pickle.dumps(problem)), copy.deepcopy(problem), load(written(problem.to_yaml()))):
        assert float(one.scope.expression("a(1, 2)", ())) == 22


@pytest.mark.parametrize(
    ("text", "files", "place", "words"),
    [
        (LAYERS, {"k_csv": "x,k\n0,1\n0.9,1\n"}, "equations.heat", "has x from 0 to 0.9, but is asked at"),
        (LAYERS, {"k_csv": "x,k\n0,1\n0.5,2\n1,1\n"}, "equations.heat", "linear between its points"),
        (LAYERS, {"k_csv": "x,k\n0,1\n"}, "tables.k.x", "one value only"),
        (LAYERS, {"k_csv": "x,k\n0,1\n0.5,1\n0.5,2\n0.5,3\n1,1\n"}, "tables.k.x", "0.5 three times"),
        (LAYERS, {"k_csv": "x,k\n0,1\n0,2\n1,1\n"}, "tables.k.x", "jumps at the end"),
        (LAYERS, {"k_csv": "z,k\n0,1\n1,1\n"}, "tables.k.x", "no column 'x'"),
        (LAYERS, {}, "tables.k.file", "no such file"),
        (LAYERS.replace("k(x)", "k"), {"k_csv": "x,k\n0,1\n1,1\n"}, "equations.heat", "is a table: write k(x)"),
        (LAYERS.replace("k(x)", "k(x, x)"), {"k_csv": "x,k\n0,1\n1,1\n"}, "equations.heat", "takes 1 arguments, got 2"),
        (
            POISSON.replace("a.npz", "a.csv"),
            {"a_csv": "x,y,a\n0,0,1\n1,0,1\n0,2,1\n"},
            "tables.a.file",
            "3 rows for 2 of x x 2 of y",
        ),
        (POISSON, {"a_npz": grid(np.ones((9, 4)))}, "tables.a.file", "fields on a grid"),
    ],
)
def test_refusals(written, text, files, place, words):
    with pytest.raises(SpecError) as refused:
        load(written(text, **files))
    assert ".".join(map(str, refused.value.path)) == place
    assert words in refused.value.message


def test_a_file_where_an_expression_belongs_is_told_where_tables_stand(written):
    with pytest.raises(SpecError, match="a table stands under 'tables'"):
        load(written("definitions: {b: {file: a.npz}}\n" + POISSON, a_npz=grid()))


def test_a_cubic_table_has_two_derivatives(written):
    text = POISSON.replace("values: a}", "values: a, interpolation: cubic}")
    problem = load(written(text, a_npz=grid()))
    problem.scope.expression("d(a(x, y), x, x, y, y)", ())
    with pytest.raises(SpecError, match="a derivative of order 3 of the table 'a', which has 2"):
        problem.scope.expression("d(a(x, y), x, x, x)", ())


def test_numbers_may_stand_in_the_spec(written):
    """A table without a file is the one that a file would be."""
    x, y = np.linspace(0, 1, 4), np.linspace(0, 2, 3)
    values = 1 + x * y[:, None]
    of_file = load(written(POISSON, a_npz={"x": x, "y": y, "a": values}))
    inside = {"x": {"x": x.tolist(), "y": y.tolist()}, "values": values.tolist()}
    here = load(of_file.to_yaml(), tables={"a": {"file": None, **inside}})
    at = sympy.symbols("x y")
    assert of_file.spec.tables["a"].function.at(*at) == here.spec.tables["a"].function.at(*at)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("{x: {x: [0, 1]}, values: [1, 2, 3]}", r"tables\.k\.values: must be 2 numbers, by the points of x, got 3"),
        ("{x: {x: [0, 1]}, values: k}", r"tables\.k\.values: must be numbers, as the points of x are"),
        ("{x: x, values: [1, 2]}", r"tables\.k\.values: must be the name of a column of the file"),
        ("{x: {x: [0, a]}, values: [1, 2]}", r"tables\.k\.x\.x\[1\]: must be a number, got 'a'"),
        ("{x: x, values: k}", r"tables\.k\.file: is missing; write the path .*; or the numbers themselves"),
        ("{file: k.csv, x: {x: [0, 1]}, values: k}", r"tables\.k\.x: names columns of the file"),
        (
            "{x: {x: [0, 1], y: [0, 1]}, values: [[1, 2], [3]]}",
            "must be 2 x 2 numbers, by the points of x, got lists of",
        ),
    ],
)
def test_what_is_no_table_is_refused_at_its_place(table, said):
    with pytest.raises(SpecError, match=said):
        load(LAYERS.replace("{file: k.csv, x: x, values: k}", table))
