"""Which expressions jump: continuous branches do not, nor comparisons that never change in the domain."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.equations.jumps.crossing import Samples, brackets, halves, jumps_across
from pinn.geometry.shapes.boxes import Interval, Rectangle
from pinn.geometry.shapes.no_space import NoSpace
from pinn.spec.language.branches import comparisons_of
from pinn.spec.language.expressions import Scope

SCOPE = Scope(["x", "y"], fields=["u"], unknowns=["a"])
SQUARE = Samples(Rectangle([0, 0], [1, 1]), None, ("x", "y"), {"a": 0.4})


def jumping(text: str, samples: Samples = SQUARE) -> set[str]:
    """The comparisons across which the expression jumps."""
    expression = SCOPE.expression(text, ())
    found = set()
    for comparison in comparisons_of(expression):
        ends = brackets(comparison, samples)
        if ends is not None and jumps_across(comparison, ends, [expression], samples)[0]:
            found.add(str(comparison))
    return found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("where(x < 0.5, 1, 10)", 1),
        ("where(x < 0.5, 1, 10)*u_x", 1),
        ("where(x < 0.5, 1, 1 + 1e-6)", 1),
        ("1000*x + where(x < 0.5, 0, 0.001)", 1),
        ("sign(x - 0.5)", 2),  # from -1 to 0 and from 0 to 1
        ("heaviside(x - y)", 1),
        ("abs(x - 0.5)/(x - 0.5)", 1),
        ("where(x < 0.3, 1, where(y < 0.6, 5, 10))", 2),
        ("where(x < 0.3, where(y < 0.6, 5, 5), 10)", 1),
        ("where(x < a, 1, 10)", 1),
        ("where(u > 0.5, 1, 10)", 1),
        ("where(u_x > 300, 1, 10)", 1),
        ("where(x < 0.5, x, 0.5)", 0),
        ("where(x**2 + y**2 < 0.25, x**2 + y**2, 0.25)*u", 0),
        ("abs(x - 0.5)", 0),
        ("max(x, 0.5)*min(y, 0.2)*u_x", 0),
        ("max(u, 0)", 0),
        ("abs(u_x)*u_x", 0),
        ("sqrt(max(x - 0.5, 0))", 0),
        ("where(u > 300, 2*u - 300, u)", 0),
        ("where(x < 1, 1, 10)", 0),
        ("where(x < 3, 1, 10)", 0),
        ("where(u**2 < -1, 1, 10)", 0),
    ],
)
def test_what_jumps(text, count):
    assert len(jumping(text)) == count


def test_without_space_there_is_time_alone():
    """An ordinary equation, as the reader of jumps has it: the shape has no dimension."""
    time = Samples(NoSpace(), (0.0, 2.0), ("t",), {})
    found = Scope([], time=True, fields=["u"]).expression("where(t < 0.7, 1, 3)*u", ())
    (comparison,) = comparisons_of(found)
    ends = brackets(comparison, time)
    assert ends is not None
    assert jumps_across(comparison, ends, [found], time) == [True]


def test_a_spot_between_the_samples_is_searched_for():
    """Radius 0.001: no sample lies in it."""
    (spot,) = comparisons_of(SCOPE.expression("where((x - 0.512)**2 + (y - 0.4123)**2 < 1e-6, 10, 1)", ()))
    assert not (SQUARE.at(spot, SQUARE.points) > 0.5).any()
    found = halves(spot, SQUARE)
    assert found is not None
    assert np.linalg.norm(found[0] - [0.512, 0.4123], axis=1).max() < 1e-3
    ends = brackets(spot, SQUARE)
    assert ends is not None
    more = SQUARE.beside(ends)
    assert (more.at(spot, more.points) > 0.5).any()


def test_samples_of_a_time_have_it_last():
    line = Samples(Interval(0, 1), (2.0, 3.0), ("x", "t"), {})
    scope = Scope(["x"], time=True)
    expression = scope.expression("where(x < t - 2, 1, 10)", ())
    (moving,) = comparisons_of(expression)
    ends = brackets(moving, line)
    assert ends is not None
    assert jumps_across(moving, ends, [expression], line) == [True]
    assert line.points[:, 1].min() >= 2
