"""Arrays and functions of arrays as tables, and SymPy's objects in blocks."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from pinn import table
from pinn.errors import SpecError
from pinn.spec.stating import stated
from pinn.spec.yaml.pieces import spec_of

X, Y = sympy.symbols("x y")
U = sympy.Function("u")(X, Y)


def test_numbers_stand_as_they_are():
    grid = np.arange(6.0).reshape(2, 3)
    found = table(grid, x=[0, 1, 2], y=[0, 1], interpolation="linear")
    assert found == {"x": {"x": [0, 1, 2], "y": [0, 1]}, "values": grid.tolist(), "interpolation": "linear"}


def test_a_function_at_given_points():
    found = table(lambda x, y: x + 10 * y, x=[0, 1, 2], y=[0, 1, 2, 3])
    assert found["values"][3][2] == 32  # [j][i] at x[i], y[j]


def test_a_function_over_a_range_has_points_enough():
    few, more = (table(np.sin, accuracy=accuracy, T=(0, 3)) for accuracy in (1e-4, 1e-9))
    assert len(few["x"]["T"]) < len(more["x"]["T"])
    assert more["x"]["T"][-1] == 3
    assert table(lambda T: 0 * T + 2.5, T=(0, 1))["values"] == [2.5] * 9
    plane = table(lambda x, y: np.cos(x) * y, accuracy=1e-6, x=(0, 1), y=np.linspace(0, 1, 5))
    assert np.shape(plane["values"]) == (5, len(plane["x"]["x"]))


@pytest.mark.parametrize(
    ("function", "arguments", "said"),
    [
        (lambda T: np.abs(T - 0.3), {"T": (0, 1)}, "2049 points of each argument, not to 1e-08; write an accuracy"),
        (np.sin, {}, "one to three arguments, such as T"),
        (np.add, {"x": range(100), "y": range(100)}, "at most 8,000 numbers, got 10,000; save them with numpy.savez"),
    ],
)
def test_what_is_no_smooth_function_is_refused(function, arguments, said):
    with pytest.raises(SpecError, match=said):
        table(function, **arguments)


def test_symbols_become_text_in_values_and_keys():
    blocks = {
        "coordinates": [X, Y],
        "fields": [U],
        "constants": {"k": sympy.Integer(3), "c": sympy.Float(0.1), "h": sympy.pi / 2},
        "conditions": [{"on": "left", U: sympy.sin(Y), U.diff(X): 0}],
    }
    assert stated(blocks, "<mapping>") == {
        "coordinates": ["x", "y"],
        "fields": ["u"],
        "constants": {"k": 3, "c": 0.1, "h": "pi/2"},
        "conditions": [{"on": "left", "u": "sin(y)", "u_x": 0}],
    }


def test_a_refusal_names_its_place():
    with pytest.raises(SpecError, match=r"<mapping>:1:1: conditions\[0\]\.u: 'u\(0, y\)' is a field at a place"):
        stated({"conditions": [{"on": "left", "u": sympy.Function("u")(0, Y)}]}, "<mapping>")


def test_the_largest_table_is_one_that_a_spec_holds():
    numbers = table(np.add, x=range(80), y=range(100))
    assert spec_of({"tables": {"a": numbers}}).data["tables"]["a"]["x"]["x"][-1] == 79
