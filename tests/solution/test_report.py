"""The summary on stdout: what it says and how it is aligned."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinn.solution.report import report, report_metrics, table
from pinn.training.run.stop_reason import StopReason
from tests import fakes


def test_a_table_is_aligned():
    text = table(("quantity", "error"), [("ux", "1.00e-09"), ("stress_xx", "not finite")])
    assert text.splitlines() == [
        "quantity        error",
        "---------  ----------",
        "ux           1.00e-09",
        "stress_xx  not finite",
    ]


def test_the_report_of_a_solution():
    files = [Path("run/fields.vtu"), Path("run/figures/summary.png"), Path("run/figures/ux.png")]
    text = report(fakes.kirsch_plate(), files)
    lines = text.splitlines()
    assert lines[0].startswith("plate-with-hole: Infinite plate with a circular hole")
    assert (
        "stopped: tolerance (the held-out residual is below the tolerance), 60 iterations, 1.5 s to solve" in lines[1]
    )
    assert "held-out residual 1.00e-09" in lines[2]
    assert "stress_xx     1.25e-09   5.00e-09" in lines
    assert any(line.split() == ["stress_concentration", "3.0000012", "3", "+1.20e-06"] for line in lines)
    assert lines[-3:] == ["run/fields.vtu", "run/figures/summary.png", "run/figures"]


def test_probes_without_expectation_lists_and_nothing_finite():
    metrics = {
        "name": "p", "stop_reason": "diverged", "iterations": 3, "loss": None, "heldout_residual": None,
        "probes": {
            "tip": {"value": 2.0}, "line": {"value": [1.0, 2.0], "expected": [1.0, 2.5]}, "bare": 7.5, "lost": None,
        },
        "unknowns": {"E": 2.1e11},
    }  # fmt: skip
    rows = [line.split() for line in report_metrics(metrics).splitlines()]
    assert ["tip", "2"] in rows
    assert ["line[1]", "2", "2.5", "-5.00e-01"] in rows
    assert ["bare", "7.5"] in rows
    assert ["lost", "not", "finite"] in rows
    assert ["E", "2.1e+11"] in rows
    assert "diverged (a number became NaN or infinite)" in report_metrics(metrics)


def test_columns_of_nothing_are_left_out():
    metrics = {"name": "p", "iterations": 1, "probes": {"tip": {"value": 2.0, "error_estimate": 1e-3}}}
    lines = report_metrics(metrics).splitlines()
    assert "probe  value  estimated error" in lines
    assert "stopped: unknown, 1 iteration, " in lines[1]
    known = {**metrics, "probes": {"tip": {"value": 2.0, "expected": 2.5}}}
    assert "probe  value  expected  difference" in report_metrics(known).splitlines()


def test_a_balance_is_one_row_of_sums():
    law = {"applied": {"right": 2.0, "top": 1.0}, "reactions": {"left": -3.5}, "inside": 0.25, "relative": 0.04}
    rows = [row.split() for row in report_metrics({"name": "p", "balance": {"heat": law}}).splitlines()]
    assert ["heat", "3", "-3.5", "0.25", "4.00e-02"] in rows


def test_a_probe_along_a_line_is_one_row():
    line = {"value": [1.0, 2.0], "expected": [1.0, 2.5], "relative_l2": 0.186, "max_error": 0.5}
    text = report_metrics({"name": "p", "probes": {"line": line, "tip": {"value": 2.0}}})
    rows = [row.split() for row in text.splitlines()]
    assert ["line", "2", "1.86e-01", "5.00e-01"] in rows
    assert ["tip", "2"] in rows
    assert "line[0]" not in text


def test_the_error_of_an_energy_is_explained():
    known = {"name": "bracket", "heldout_residual": 0.4, "stop_reason": "time_limit", "energy_error": 5e-3}
    assert "about 5.00e-03, from the last two levels" in report_metrics(known)


def test_the_cause_of_a_verdict_ends_the_heading():
    metrics = {"name": "plate", "stop_reason": "time_limit", "relative_l2": {"u": 0.5}}
    assert report_metrics(metrics).split("\n\n")[0].splitlines()[-1].startswith("held-out residual")
    because = "NOT SOLVED: the equations and conditions are far from satisfied"
    assert report_metrics({**metrics, "because": because}).split("\n\n")[0].splitlines()[-1] == because


@pytest.mark.parametrize("reason", StopReason)
def test_a_stop_reason_has_its_sentence(reason):
    assert f"stopped: {reason} ({reason.sentence}), " in report_metrics({"name": "p", "stop_reason": reason.value})


def test_a_stop_reason_of_another_version_stands_alone():
    assert "stopped: bored, " in report_metrics({"name": "p", "stop_reason": "bored"})


def test_corners_without_functions_of_their_own_are_left_out():
    plain = {"at": [1.0, 0.0], "angle": 90.0, "conditions": ["u", "u"], "exponents": [], "coefficients": []}
    singular = {"at": [0.0, 0.0], "angle": 270.0, "conditions": ["u", "u"], "exponents": [2 / 3], "coefficients": [0.4]}
    assert "(0, 0)      270          0.6667              0.4" in report_metrics({"corners": [plain, singular]})
    assert "corner" not in report_metrics({"corners": [plain]})
