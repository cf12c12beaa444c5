"""A tabulated solution counts at those of its points that lie in the domain."""

import numpy as np
import pytest

import pinn
from pinn.problem.warnings import warnings

POISSON = """
name: segment
coordinates: [x]
domain: {interval: {from: 0, to: 1}}
fields: [u]
equations: {poisson: u_xx = -2}
conditions: [{on: boundary, u: 0}]
reference: {file: table.csv}
"""


def problem(folder, x):
    rows = [f"{a},{a * (1 - a)}" for a in x]
    (folder / "table.csv").write_text("\n".join(["x,u", *rows]) + "\n")
    (folder / "spec.yaml").write_text(POISSON)
    return pinn.load(folder / "spec.yaml")


def test_points_outside_are_left_out_and_said(tmp_path):
    loaded = problem(tmp_path, [-0.5, 0, 0.25, 1, 2])
    np.testing.assert_array_equal(loaded.reference.points[:, 0], [0, 0.25, 1])
    np.testing.assert_array_equal(loaded.reference.quantities["u"], [0, 0.1875, 0])
    assert [line for line in warnings(loaded) if "reference" in line] == [
        "2 of the reference's 5 points lie outside the domain, and do not count"
    ]


def test_a_table_within_the_domain_warns_of_nothing(tmp_path):
    assert not [line for line in warnings(problem(tmp_path, [0, 0.5, 1])) if "reference" in line]


def test_a_table_elsewhere_is_refused(tmp_path):
    with pytest.raises(pinn.SpecError, match=r"no point of .*table\.csv lies in the domain"):
        problem(tmp_path, [2, 3])
