"""Corners: values that meet there agree up to the round-off of their data, whatever these are at the corner itself."""

from __future__ import annotations

import pytest

import pinn
from pinn.errors import SpecError

SPEC = """
name: corner
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {laplace: laplacian(u) = 0}
conditions:
  - {on: bottom, u: SIZE*sin(pi*x)}
  - {on: [left, right, top], u: VALUE}
"""


def loaded(tmp_path, size: str, value: str):
    file = tmp_path / "corner.yaml"
    file.write_text(SPEC.replace("SIZE", size).replace("VALUE", value))
    return pinn.load(file)


@pytest.mark.parametrize("size", ["1", "1e-30", "1e12"])
def test_the_sine_of_pi_is_zero_up_to_rounding(size, tmp_path):
    """sin(pi) is 1.2e-16 in doubles, and the other side says 0."""
    assert loaded(tmp_path, size, "0").statements


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e12])
def test_a_contradiction_is_one_in_any_units(size, tmp_path):
    with pytest.raises(SpecError, match=r"contradicts conditions\[0\] at the corner"):
        loaded(tmp_path, str(size), str(1e-4 * size))
