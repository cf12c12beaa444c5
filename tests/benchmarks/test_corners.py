"""Stress intensity factors against J of the same fields, which is another way to define them, and the literature."""

from __future__ import annotations

import math

import pytest

from benchmarks.corners import CENTRE, EDGE, EDGE_CRACK, PULL, E, centre, contour, half, plate, solved


@pytest.mark.slow
@pytest.mark.parametrize(("left", "expected"), [(EDGE, EDGE_CRACK[0.4]), (CENTRE, centre(0.4))], ids=["edge", "centre"])
def test_a_crack_in_a_strip(left, expected):
    solution, corners, _ = solved(half(20.0, left))
    tip = next(c for c in corners if abs(c["at"][0] - 20) < 1e-9)
    of_j = math.sqrt(contour(solution, (20.0, 0.0), (1.0, 0.0), 10.0, 0.0) * E)
    assert abs(of_j / tip["K_I"] - 1) < 1e-5
    assert abs(tip["K_I"] / (PULL * math.sqrt(math.pi * 20)) / expected - 1) < 1e-3  # the formula for the centre: 1e-3
    assert abs(tip["K_II"]) < 1e-6 * tip["K_I"]


@pytest.mark.slow
def test_an_oblique_crack_in_both_modes():
    """In an infinite plate K_I : K_II = cos b : sin b, and J has the sum of their squares."""
    text = plate(-40, 40, 40, "[8, 4], [-0.001, 0.002], [-8, -4], [0.001, -0.002]")
    solution, corners, _ = solved(text)
    tip = next(c for c in corners if abs(c["at"][0] - 8) < 1e-6)
    both = math.hypot(tip["K_I"], tip["K_II"])
    along = (8 / math.hypot(8, 4), 4 / math.hypot(8, 4))
    assert abs(math.sqrt(contour(solution, (8.0, 4.0), along, 4.0, -math.pi) * E) / both - 1) < 1e-3
    assert abs(tip["K_II"] / tip["K_I"] - 0.5) < 0.02  # of the plate's finite width
