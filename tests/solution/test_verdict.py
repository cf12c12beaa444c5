"""The verdict: which measured numbers make a result solved, useful or not solved, and what is said of them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from pinn.solution.judgement import BEST_FIRST, judge
from pinn.solution.rules import RULES
from pinn.solution.verdict import Finding, Measured, Verdict
from pinn.training.run.stop_reason import StopReason

MET = Measured(StopReason.TOLERANCE, tolerance=1e-8, heldout=1e-9)
MISSED = Measured(StopReason.TIME_LIMIT, tolerance=1e-8, heldout=1e-7)


def test_nothing_against_it_is_solved():
    found = judge(MET)
    assert (found.verdict, found.because, found.stop_reason) == (Verdict.SOLVED, "", StopReason.TOLERANCE)
    assert found.contradictions == ()


@pytest.mark.parametrize("reason", [reason for reason in StopReason if reason is not StopReason.TOLERANCE])
def test_only_a_met_tolerance_is_solved(reason):
    found = judge(replace(MET, stop_reason=reason))
    assert (found.verdict, found.because, found.stop_reason) == (Verdict.USEFUL, "", reason)


@pytest.mark.parametrize(
    ("heldout", "verdict", "word"),
    [
        (5e-5, Verdict.USEFUL, ""),
        (1.9e-2, Verdict.USEFUL, ""),
        (2.1e-2, Verdict.NOT_SOLVED, "NOT SOLVED: the equations"),
        (math.inf, Verdict.NOT_SOLVED, "NOT SOLVED: the equations"),
        (math.nan, Verdict.NOT_SOLVED, "NOT SOLVED: the equations"),
    ],
)
def test_the_heldout_residual(heldout, verdict, word):
    found = judge(replace(MISSED, heldout=heldout))
    assert found.verdict is verdict
    assert found.because.startswith(word)
    assert bool(found.because) == bool(word)


@pytest.mark.parametrize(
    ("estimates", "probes", "verdict", "because"),
    [
        ({"u": 9e-9}, {"tip": 1e-9}, Verdict.SOLVED, "solved: every estimated error is below the tolerance, 1e-08"),
        (
            {"u": 2e-8},
            {},
            Verdict.USEFUL,
            "useful: about 7 digits; the largest estimated relative error is 2.0e-08, of u",
        ),
        ({"u": 1e-9}, {"tip": 3e-3}, Verdict.USEFUL, "useful: about 2 digits"),
        ({"u": 1e-9, "v": 0.3}, {}, Verdict.NOT_SOLVED, "NOT SOLVED: the estimated error of v is 3.0e-01"),
        ({"u": math.nan}, {}, Verdict.NOT_SOLVED, "NOT SOLVED: the estimated error of u"),
    ],
)
def test_estimated_errors(estimates, probes, verdict, because):
    found = judge(replace(MET, estimates=estimates, probes=probes))
    assert found.verdict is verdict
    assert found.because.startswith(because)
    assert (found.stop_reason is StopReason.STAGNATED) == (verdict is Verdict.NOT_SOLVED)


@pytest.mark.parametrize(
    ("reach", "verdict"),
    [(0.0, Verdict.SOLVED), (9e-8, Verdict.SOLVED), (9e-2, Verdict.USEFUL), (0.11, Verdict.NOT_SOLVED)],
)
def test_a_residual_that_is_amplified(reach, verdict):
    found = judge(replace(MET, estimates={"u": 1e-9}, reach=reach))
    assert found.verdict is verdict
    assert ("amplified" in found.because) == (verdict is not Verdict.SOLVED)


def test_the_estimate_of_a_least_energy_is_that_of_its_coarser_level():
    found = judge(replace(MISSED, energy_error=1e-2, estimates={"u": 5e-2}))
    assert (found.verdict, found.because[:16]) == (Verdict.USEFUL, "useful: about 1 ")
    assert judge(replace(MISSED, energy_error=1e-2, estimates={"u": 0.2})).verdict is Verdict.NOT_SOLVED


@pytest.mark.parametrize(("missed", "solved"), [(9e-2, True), (0.11, False), (math.nan, False)])
def test_the_worst_statement_counts_not_the_mean(missed, solved):
    found = judge(replace(MET, residuals={"equilibrium": 1e-9, "traction on load": missed}))
    assert (found.verdict is Verdict.SOLVED) == solved
    assert solved or "'traction on load' is missed by" in found.because


@pytest.mark.parametrize(
    ("missing", "energy_error", "verdict"),
    [
        (9e-8, None, Verdict.SOLVED),
        (2e-7, None, Verdict.USEFUL),
        (1e-2, None, Verdict.USEFUL),
        (3e-2, None, Verdict.NOT_SOLVED),
        (math.nan, None, Verdict.NOT_SOLVED),
        (3e-2, 1e-3, Verdict.SOLVED),
        (0.2, 1e-3, Verdict.NOT_SOLVED),
    ],
)
def test_loads_and_reactions_are_in_balance(missing, energy_error, verdict):
    """Stresses of a least energy are known in the mean alone: their balance to a tenth."""
    found = judge(replace(MET, energy_error=energy_error, unbalanced={"heat": 0.0, "moment_xy": missing}))
    assert found.verdict is verdict
    assert ("moment_xy is out of balance" in found.because) == (verdict is not Verdict.SOLVED)
    hardened = judge(replace(MET, stop_reason=StopReason.HARDENED, unbalanced={"moment_xy": missing}))
    assert hardened.because == ""


def test_a_saddle_of_an_energy_is_no_solution():
    found = judge(replace(MET, saddle=True))
    assert (found.verdict, found.stop_reason) == (Verdict.NOT_SOLVED, StopReason.STAGNATED)
    assert "saddle" in found.because


def test_a_march_that_ends_early_is_no_solution():
    found = judge(replace(MET, cut="the march came to t = 1 of 2"))
    assert (found.verdict, found.because) == (
        Verdict.NOT_SOLVED,
        "NOT SOLVED to its end: the march came to t = 1 of 2",
    )


def test_misfits_that_are_no_noise():
    found = judge(replace(MET, noisy=True, systematic=("what data u is missed by keeps its sign",)))
    assert (found.verdict, found.because) == (
        Verdict.NOT_SOLVED,
        "NOT SOLVED: what data u is missed by keeps its sign",
    )


def test_what_is_free_is_not_solved():
    found = judge(replace(MET, free=("nothing fixes u up to a constant",)))
    assert (found.verdict, found.stop_reason) == (Verdict.NOT_SOLVED, StopReason.STAGNATED)
    assert found.because == "NOT SOLVED: nothing fixes u up to a constant"


@pytest.mark.parametrize(
    ("off", "verdict"),
    [
        (9e-4, Verdict.SOLVED),
        (2e-3, Verdict.USEFUL),
        (0.09, Verdict.USEFUL),
        (0.11, Verdict.NOT_SOLVED),
        (math.nan, Verdict.NOT_SOLVED),
    ],
)
def test_a_probe_that_is_not_as_expected(off, verdict):
    assert judge(replace(MET, unexpected={"tip": off})).verdict is verdict


@pytest.mark.parametrize(("error", "verdict"), [(5e-3, Verdict.USEFUL), (0.3, Verdict.NOT_SOLVED)])
def test_an_energy_is_judged_by_its_levels(error, verdict):
    """The residual of the strong form is large at the least energy of a bracket."""
    found = judge(replace(MISSED, heldout=0.4, energy_error=error))
    assert found.verdict is verdict
    assert found.because.startswith("NOT SOLVED: the energy still falls") == (verdict is Verdict.NOT_SOLVED)


def test_a_hardened_network_is_not_asked_for_second_derivatives():
    found = judge(Measured(StopReason.HARDENED, tolerance=1e-8, heldout=0.9))
    assert (found.verdict, found.because) == (Verdict.USEFUL, "")


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (9e-8, Verdict.SOLVED),
        (2e-7, Verdict.USEFUL),
        (2.1e-2, Verdict.NOT_SOLVED),
        (math.nan, Verdict.NOT_SOLVED),
    ],
)
def test_a_known_error_contradicts_the_tolerance(error, verdict):
    found = judge(replace(MET, errors={"u": 1e-9, "v": error}))
    assert found.verdict is verdict
    assert (found.stop_reason is StopReason.STAGNATED) == (verdict is not Verdict.SOLVED)
    assert verdict is Verdict.SOLVED or "the error of v is" in found.because


def test_a_known_error_of_a_result_above_the_tolerance_contradicts_nothing():
    assert judge(replace(MISSED, errors={"u": 1e-2})) == judge(MISSED)


def test_a_known_error_far_above_its_estimate_is_another_solutions():
    found = judge(replace(MISSED, errors={"u": 1e-3}, estimates={"u": 1e-7}))
    assert "the exact solution disagree" in found.because


def test_noise_makes_errors_of_its_own():
    assert judge(replace(MET, errors={"u": 1.0}, noisy=True)) == judge(MET)


def test_what_the_statements_leave_open_is_not_solved_for():
    found = judge(replace(MET, unidentified=("E",)))
    assert (found.verdict, found.stop_reason) == (Verdict.USEFUL, StopReason.STAGNATED)
    late = judge(replace(MISSED, unidentified=("E",)))
    assert (late.verdict, late.stop_reason) == (Verdict.USEFUL, StopReason.TIME_LIMIT)


def test_the_worst_finding_is_the_verdict_wherever_it_stands():
    def rule(measured):
        return Finding(Verdict.NOT_SOLVED, "its cause")

    for rules in ((rule, *RULES), (*RULES, rule)):
        found = judge(replace(MISSED, estimates={"u": 1e-3}), rules)  # useful already
        assert (found.verdict, found.because) == (Verdict.NOT_SOLVED, "its cause")


def test_of_two_causes_of_a_verdict_the_first_is_told():
    def first(measured):
        return Finding(Verdict.NOT_SOLVED, "first")

    def second(measured):
        return Finding(Verdict.NOT_SOLVED, "second")

    assert judge(MISSED, (second, *RULES, first)).because == "second"


def test_every_verdict_has_a_key_a_sentence_and_an_exit_code():
    assert [str(verdict) for verdict in BEST_FIRST] == ["solved", "useful", "not_solved"]
    assert all(verdict.sentence for verdict in Verdict)
    assert all(Verdict(str(verdict)) is verdict for verdict in Verdict)
    assert [verdict.exit_code for verdict in BEST_FIRST] == [0, 0, 5]


def test_a_milder_finding_does_not_call_useful_what_is_not_solved():
    found = judge(replace(MISSED, heldout=0.5, unbalanced={"heat": 1e-3}))
    assert found.because.startswith("NOT SOLVED")
    assert found.contradictions == ("heat is out of balance by 1.0e-03 of its size, which is above the tolerance",)


@pytest.mark.parametrize(("linear", "verdict"), [(True, Verdict.USEFUL), (False, Verdict.NOT_SOLVED)])
def test_what_may_be_an_error_of_a_tenth(linear, verdict):
    """Of a linear problem the estimate knows what is amplified; of others it is a first step of Newton's."""
    measured = replace(MISSED, reach=0.2, linear=linear, estimates={"u": 1e-3})
    assert judge(measured).verdict is verdict
