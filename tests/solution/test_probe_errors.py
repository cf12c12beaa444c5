"""Estimated errors of probes, relative to the probe itself, however small it is beside its field."""

from __future__ import annotations

import math

import pytest

import pinn
from pinn.solution.estimating import relative_error
from tests.training.examples import problem


@pytest.mark.parametrize(
    ("error", "value", "size", "relative"),
    [
        (1e-9, 0.5, 1.0, 2e-9),
        (1e-9, 1e-6, 1.0, 1e-3),
        (1e-9, 1e-9, 1.0, 1.0),
        (1e-9, 0.0, 1.0, 1.0),
        (1e-13, 0.0, 1.0, 1e-13),
        (1e-13, 3e-14, 1.0, 1e-13),
        (1e-13, 1e-9, 1.0, 1e-4),
        (1e-13, 5.0, 1.0, 2e-14),
        (0.0, 0.0, 0.0, 0.0),
    ],
)
def test_relative_to_the_value_unless_it_is_zero_but_for_rounding(error, value, size, relative):
    assert relative_error(error, value, size) == pytest.approx(relative, rel=1e-12)


def test_what_is_no_number_stays_none():
    assert math.isnan(relative_error(math.nan, 1.0, 1.0))


WALL = """
name: wall
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {balance: u_xx = 900*u}
conditions: [{on: left, u: 1}, {on: right, u: exp(-30)}]
probes: {deep: {quantity: u, at: [0.7]}}
"""
WAVE = """
name: wave
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {balance: -u_xx = 4*pi**2*sin(2*pi*x) + 2e-8}
conditions: [{on: boundary, u: 0}]
probes: {whole: {integral: u, on: domain}}
"""
SOLVER = "{tolerance: 1e-6, method: {least_squares: {features: 120, scale: 20}}, threads: 1, time_limit: 3600}"


@pytest.mark.parametrize(("text", "name", "right"), [(WALL, "deep", math.exp(-21)), (WAVE, "whole", 1e-8 / 6)])
def test_a_probe_far_below_its_field_has_the_digits_that_it_has(text, name, right):
    """1e-9 beside a field of 1, which is right to about as much."""
    metrics = pinn.solve(problem(text, solver=SOLVER)).metrics
    probe = metrics["probes"][name]
    assert metrics["error_estimate"]["u"] < 1e-6
    assert probe["error_estimate"] > 0.3 * abs(probe["value"] - right)
    assert metrics["verdict"] == "useful"
    assert f"of {name}" in metrics["because"]
    assert "; the fields have about " in metrics["because"]
