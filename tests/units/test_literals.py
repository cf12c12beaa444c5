"""Values with units in texts: where they stand, and where a text has none."""

from __future__ import annotations

import pytest

from pinn.units.literals import has_literals, name_in, only_literal, with_numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("210 GPa", "<210|GPa>"),
        ("-5 MPa", "<-5|MPa>"),
        ("12e-6 1/K", "<12e-6|1/K>"),
        ("45 W/(m K)", "<45|W/(m K)>"),
        ("5 N m^-1", "<5|N m^-1>"),
        ("9.81 m/s**2", "<9.81|m/s**2>"),
        ("3 cm²", "<3|cm²>"),
        ("20 °C", "<20|°C>"),
        ("50 MPa sqrt(m)", "<50|MPa sqrt(m)>"),
        ("x < 5 mm and y > -2 mm", "x < <5|mm> and y > <-2|mm>"),
        ("2*(3 kN)", "2*(<3|kN>)"),
        ("[0 mm, 20 cm]", "[<0|mm>, <20|cm>]"),
        ("where(x < 5 mm, 1 GPa, 2 GPa)", "where(x < <5|mm>, <1|GPa>, <2|GPa>)"),
    ],
)
def test_values_are_found_between_what_delimits_them(text, found):
    assert with_numbers(text, lambda number, unit: f"<{number}|{unit}>") == found


@pytest.mark.parametrize(
    "text", ["3 - 5 mm", "5 MPa + 3", "0 < y", "x > 0 and y < 1", "0 or x", "1 - 2*x", "u_xx", "5"]
)
def test_other_texts_have_none(text):
    assert not has_literals(text)


def test_a_text_that_is_nothing_else():
    assert only_literal(" 5 MPa ") == ("5", "MPa")
    assert only_literal("2*(5 MPa)") is only_literal("5") is only_literal(5) is None


def test_names_of_a_problem_in_a_unit():
    declared = {"a", "t", "m", "L"}
    units = ("a", "N/m", "t/mm^3", "t", "N*t", "kg", "N/L", "m", "N*m")
    found = [name_in(unit, declared.__contains__, ("x", "t")) for unit in units]
    assert found == ["a", "", "", "t", "t", "", "L", "m", "m"]


def test_long_texts_are_looked_through_in_no_time():
    """A text that almost is a value is given up at once: its parts are looked at once each."""
    for text in ("1 " + "a " * 900 + "!", "1 " + "(a b) " * 300 + "!", "1 (" * 600, "1 " + "a^1" * 600 + "!"):
        assert not has_literals(text)
