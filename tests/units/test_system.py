"""Coherent systems: what follows from a few units, and how it is written."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pinn.units.dimension import base, dimension
from pinn.units.measure import UnitError, unit_of
from pinn.units.system import ChoiceError, system_of

MILLIMETRE = {"length": "mm", "force": "N"}
LABELS = [  # the units of a system, a dimension, its unit in one line and in plain letters
    ({}, "pressure", "Pa", "Pa"),
    ({}, "power/length/temperature", "W/(m K)", "W m^-1 K^-1"),
    ({}, "energy/length^3/temperature", "J/(m³ K)", "J m^-3 K^-1"),
    (MILLIMETRE, "pressure", "MPa", "MPa"),
    (MILLIMETRE, "density", "t/mm³", "t mm^-3"),
    (MILLIMETRE, "force/length", "N/mm", "N mm^-1"),
    (MILLIMETRE, "body_force", "N/mm³", "N mm^-3"),
    (MILLIMETRE, "power/length^2", "mW/mm²", "mW mm^-2"),
    (MILLIMETRE, "energy", "mJ", "mJ"),
    (MILLIMETRE, "pressure time", "MPa s", "MPa s"),
    (MILLIMETRE, "1/time^2", "1/s²", "s^-2"),
    (MILLIMETRE, "number", "", ""),
    ({"length": "mm", "force": "kN"}, "pressure", "GPa", "GPa"),
    ({"length": "in", "force": "lbf"}, "pressure", "psi", "psi"),
    ({"length": "in", "force": "lbf"}, "density", "lbf s²/in⁴", "lbf in^-4 s^2"),
    ({"length": "mm", "mass": "g", "time": "ms"}, "pressure", "MPa", "MPa"),
    ({"length": "µm", "force": "µN"}, "force/length", "µN/µm", "uN um^-1"),
    ({"length": "mm", "pressure": "GPa", "density": "kg/m^3"}, "density", "kg/m³", "kg m^-3"),
    ({"velocity": "km/h", "length": "km"}, "time", "h", "h"),
]


@pytest.mark.parametrize(("chosen", "of", "label", "plain"), LABELS)
def test_units_follow_and_have_their_usual_names(chosen, of, label, plain):
    system = system_of(chosen)
    assert system.label(dimension(of)) == label
    assert system.label(dimension(of), plain=True) == plain
    assert "/" not in system.label(dimension(of), plain=True)  # a name of an array that is a path in a file


def test_a_label_is_a_unit_as_large_as_the_system_has_it():
    for chosen, of, _, plain in LABELS:
        if plain:
            system, written = system_of(chosen), unit_of(plain.replace("um", "µm").replace("uN", "µN"))
            assert written.dimension == dimension(of)
            assert float(written.factor) == pytest.approx(float(system.factor(dimension(of))), rel=1e-13)


@pytest.mark.parametrize(
    ("value", "unit", "found"),
    [
        ("210", "GPa", 210_000.0),
        ("7850", "kg/m^3", 7.85e-9),
        ("20", "degC", 293.15),
        ("12e-6", "1/degC", 12e-6),
        ("80", "delta_degC", 80.0),
        ("3", "cm²", 300.0),
        ("1", "psi", 0.006894757293168362),
        ("30", "deg", 0.5235987755982989),
        ("3000", "rpm", 314.1592653589793),
        ("45", "W/(m K)", 45.0),  # mW/(mm K)
    ],
)
def test_values_are_converted_without_rounding_of_the_factor(value, unit, found):
    assert float(system_of(MILLIMETRE).number(Fraction(value), unit_of(unit))) == found


@pytest.mark.parametrize("text", ["GPaa", "mm2", "foo/", "m^", "(m", "dB", "cd", "2 m", ""])
def test_what_is_no_unit_is_refused(text):
    if text:
        with pytest.raises(UnitError):
            unit_of(text)


def test_a_choice_that_follows_is_refused_with_what_it_follows_from():
    with pytest.raises(ChoiceError, match="follows from length and velocity") as refused:
        _ = system_of({"length": "mm", "velocity": "km/h", "time": "s"}).basis
    assert refused.value.key == "time"


def test_stress_intensities_have_broken_powers():
    of = dimension("pressure") * base("length") ** Fraction(1, 2)
    assert system_of(MILLIMETRE).label(of) == "MPa √mm"
    assert system_of(MILLIMETRE).label(of, plain=True) == "MPa mm^0.5"
    assert float(system_of(MILLIMETRE).number(Fraction(50), unit_of("MPa sqrt(m)"))) == pytest.approx(50 * 1000**0.5)
    assert system_of(MILLIMETRE).frequency == "Hz"
    assert system_of({"time": "ms"}).frequency == "kHz"
