"""The comparison with other methods: its finite elements are right, its table says what was measured."""

import numpy as np
import pytest

import pinn
from benchmarks import finite_elements
from benchmarks.against_others import CASES, exact
from benchmarks.error_against_seconds import table


# quadratic elements: order 3 for the field, order 2 for the stress
@pytest.mark.slow
@pytest.mark.parametrize(("name", "order"), [("poisson", 3), ("helmholtz", 3), ("kirsch", 2)])
def test_finite_elements_converge_at_their_order(name, order):
    case = CASES[name]
    problem = pinn.load(case.file)
    points = problem.heldout_points(500, 1)
    true = exact(problem, case.quantities, points)
    errors = [
        np.linalg.norm(finite_elements.SOLVERS[name](problem, cells, points)[2] - true) / np.linalg.norm(true)
        for cells in (12, 24)
    ]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.1)


def test_cooks_tip_comes_near_the_accepted_deflection():
    problem = pinn.load(CASES["cook"].file)
    seconds, unknowns, values = finite_elements.cook_membrane(problem, 16, problem.probes["tip"].points)
    assert seconds > 0
    assert unknowns == 2 * 33**2
    assert values.item() == pytest.approx(23.96774, rel=1e-3)


def test_table_gives_the_first_seconds_at_or_below_an_error():
    rows = [{"level": 9, "size": 9, "seconds": s, "known": s / 2, "error": e} for s, e in ((1, 1e-3), (2, 1e-5))]
    text = table({"poisson": {"FastLSQ": rows}}, {"poisson": "Poisson"}, "a machine")
    assert "| Poisson | FastLSQ | 2.00 | 2.00 | – | 1.0e-05 | 2.00 |" in text
    assert "| Poisson | FastLSQ, scale known | 1.00 | 1.00 | – | 1.0e-05 | 1.00 |" in text
