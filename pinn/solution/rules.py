"""The rules of the verdict: each says what of the measured numbers speaks against a result, if anything does.

A new rule is a function here and its name in RULES.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping

from pinn.solution.verdict import Finding, Measured, Verdict
from pinn.training.run.stop_reason import StopReason

NOT_SOLVED = 2e-2  # held-out residual above which fields are not to be used
MISSED = 0.1  # relative residual of a statement, above which it is not met: 0.15 and more where loads are ignored
WRONG = 2e-2  # estimated or known relative error of a field, above which it is not to be used
FEW = 1e-3  # estimated relative error, above which a reader is told so with more than the number of digits
UNEXPECTED = 1e-3  # relative difference of a probe from what is expected there: textbooks have three digits
OTHER = 0.1  # the same, from which it is another problem's value
NOT_CONVERGED = 0.1  # relative error in the energy's norm: of stresses, above which no engineer uses them
NOTHING_SURE = 0.1  # relative error that the residual may cause: above it not even one digit is sure
DISAGREES = 100.0  # times its estimate: a known error above it is another solution's
MOST_ERROR = 10.0  # times the tolerance: a known error above it contradicts the stop reason `tolerance`


def tolerance_is_met(measured: Measured) -> Finding | None:
    """Of the residual, and of every estimate: else the digits that there are."""
    known = {**measured.estimates, **measured.probes}
    worst = worst_of(known)
    if measured.stop_reason is StopReason.TOLERANCE and (worst is None or known[worst] <= measured.tolerance):
        return None
    if worst is None:
        return Finding(Verdict.USEFUL)
    digits, of_fields = digits_of(known[worst]), worst_of(measured.estimates)
    said = (
        f"useful: about {digits} digit{'s' * (digits != 1)}; the largest estimated relative error is "
        f"{known[worst]:.1e}, of {worst}"
    )
    if worst in measured.probes and of_fields is not None and digits_of(measured.estimates[of_fields]) > digits:
        said += f"; the fields have about {digits_of(measured.estimates[of_fields])}"
    return Finding(Verdict.USEFUL, said)


def energy_has_converged(measured: Measured) -> Finding | None:
    if measured.energy_error is None or measured.energy_error <= NOT_CONVERGED:
        return None
    return Finding(
        Verdict.NOT_SOLVED, "NOT SOLVED: the energy still falls a lot from level to level; give it more time"
    )


def nothing_is_free(measured: Measured) -> Finding | None:
    """What the statements leave open is somewhere in the result, by chance."""
    if not measured.free:
        return None
    return Finding(Verdict.NOT_SOLVED, f"NOT SOLVED: {'; '.join(measured.free)}", contradicts=True)


def it_is_a_minimum(measured: Measured) -> Finding | None:
    if not measured.saddle:
        return None
    return Finding(
        Verdict.NOT_SOLVED,
        "NOT SOLVED: the energy falls from here in some direction, so this is a saddle and no minimum: minimise it "
        "with --set solver.formulation=energy, or start elsewhere, fields: {NAME: {initial: …}}",
        contradicts=True,
    )


def all_times_are_covered(measured: Measured) -> Finding | None:
    """A part is no answer to the problem that was stated; what it has is told by its errors."""
    if not measured.cut:
        return None
    return Finding(Verdict.NOT_SOLVED, f"NOT SOLVED to its end: {measured.cut}", contradicts=True)


def misfits_are_noise(measured: Measured) -> Finding | None:
    if not measured.systematic:
        return None
    return Finding(Verdict.NOT_SOLVED, f"NOT SOLVED: {'; '.join(measured.systematic)}", contradicts=True)


def equations_are_satisfied(measured: Measured) -> Finding | None:
    """Not asked of a least energy, which says nothing of second derivatives, nor of a ReLU network, which has none."""
    if measured.energy_error is not None or measured.stop_reason is StopReason.HARDENED:
        return None
    if not measured.heldout <= NOT_SOLVED:  # NaN is not
        return Finding(
            Verdict.NOT_SOLVED,
            "NOT SOLVED: the equations and conditions are far from satisfied; do not use these fields."
            " Give it more time, refine near corners and layers, or check the conditions",
        )
    return None


def every_statement_is_met(measured: Measured) -> Finding | None:
    """Each in units of its own terms: the mean over all of them hides the one that carries the load."""
    worst = worst_of(measured.residuals)
    if (
        measured.energy_error is not None
        or worst is None
        or measured.residuals[worst] <= max(MISSED, measured.tolerance)
    ):
        return None
    return Finding(
        Verdict.NOT_SOLVED,
        f"NOT SOLVED: '{worst}' is missed by {measured.residuals[worst]:.0%} of its own terms; do not use these fields",
        contradicts=True,
    )


def estimated_errors_are_small(measured: Measured) -> Finding | None:
    """Of a least energy the estimate is the error of its coarser level."""
    worst = worst_of(measured.estimates)
    most = WRONG if measured.energy_error is None else NOT_CONVERGED
    if worst is None or measured.estimates[worst] <= max(most, measured.tolerance):
        return None
    return Finding(
        Verdict.NOT_SOLVED,
        f"NOT SOLVED: the estimated error of {worst} is {measured.estimates[worst]:.1e} of its size: small residuals "
        "leave room for large errors here",
        contradicts=True,
    )


def residuals_are_not_amplified(measured: Measured) -> Finding | None:
    """Near a problem without a unique solution the residual leaves room for errors that no second solve need show.

    The correction of a linear problem is its solution in other features, those that are amplified among them; of a
    nonlinear one it is a first step, which a front that is far from its place is beyond.
    """
    if not measured.reach > MOST_ERROR * measured.tolerance:
        return None
    if measured.reach > NOTHING_SURE and not measured.linear:
        return Finding(
            Verdict.NOT_SOLVED,
            f"NOT SOLVED: the residual is amplified so much that it may be an error of {measured.reach:.1e}",
            contradicts=True,
        )
    digits = digits_of(measured.reach)
    return Finding(
        Verdict.USEFUL,
        f"useful: {digits} digit{'s are' if digits != 1 else ' is'} sure; the residual is amplified so much that it "
        f"may be an error of {measured.reach:.1e}",
        contradicts=True,
    )


def loads_are_balanced(measured: Measured) -> Finding | None:
    """By quadrature, so that a load that a field ignores is seen whatever the residuals are in the mean."""
    worst = worst_of(measured.unbalanced)
    if worst is None or measured.stop_reason is StopReason.HARDENED:
        return None
    missing, of_stresses = measured.unbalanced[worst], measured.energy_error is not None
    if not missing <= max(NOT_CONVERGED if of_stresses else WRONG, measured.tolerance):
        return Finding(
            Verdict.NOT_SOLVED,
            f"NOT SOLVED: {worst} is out of balance by {missing:.0%} of its size: what is applied is not what reacts",
            contradicts=True,
        )
    if of_stresses or missing <= MOST_ERROR * measured.tolerance:
        return None
    return Finding(
        Verdict.USEFUL,
        f"useful: {worst} is out of balance by {missing:.1e} of its size, which is above the tolerance",
        contradicts=True,
    )


def known_errors_are_small(measured: Measured) -> Finding | None:
    """A small residual proves a small error only for the problem that is stated, and as far as that is well posed."""
    worst = worst_of(measured.errors)
    if worst is None or measured.noisy or measured.errors[worst] <= MOST_ERROR * measured.tolerance:
        return None
    error = measured.errors[worst]
    said = "is not a number" if math.isnan(error) else f"is {error:.1e}"
    estimated = measured.estimates.get(worst)
    if not error <= max(WRONG, measured.tolerance):
        return Finding(
            Verdict.NOT_SOLVED,
            f"NOT SOLVED: the error of {worst} {said}: the statements and the exact solution disagree, or small "
            "residuals leave room for large errors here",
            contradicts=True,
        )
    if measured.stop_reason is StopReason.TOLERANCE or (estimated is not None and error > DISAGREES * estimated):
        return Finding(
            Verdict.USEFUL,
            f"the held-out residual meets the tolerance, but the error of {worst} {said}: the "
            "statements and the exact solution disagree, or small residuals leave room for large errors here",
            contradicts=True,
        )
    return None


def probes_are_as_expected(measured: Measured) -> Finding | None:
    worst = worst_of(measured.unexpected)
    if worst is None or measured.unexpected[worst] <= max(UNEXPECTED, MOST_ERROR * measured.tolerance):
        return None
    return Finding(
        Verdict.USEFUL if measured.unexpected[worst] <= OTHER else Verdict.NOT_SOLVED,
        f"the probe {worst} is {measured.unexpected[worst]:.1e} off the value that is expected there",
        contradicts=True,
    )


def unknowns_are_identified(measured: Measured) -> Finding | None:
    """Without a word: what the equations leave open, and so is not solved for, has its remark already."""
    return Finding(Verdict.USEFUL, contradicts=True) if measured.unidentified else None


def digits_of(error: float) -> int:
    """Decimal digits that a relative error leaves; none where it is no number."""
    return max(0, math.floor(-math.log10(max(error, sys.float_info.epsilon)))) if math.isfinite(error) else 0


def worst_of(numbers: Mapping[str, float]) -> str | None:
    """The name of the largest number; of the first that is none."""
    return max(numbers, key=lambda name: math.inf if math.isnan(numbers[name]) else numbers[name], default=None)


Rule = Callable[[Measured], Finding | None]
RULES: tuple[Rule, ...] = (
    nothing_is_free,
    it_is_a_minimum,
    all_times_are_covered,
    misfits_are_noise,
    energy_has_converged,
    every_statement_is_met,
    equations_are_satisfied,
    estimated_errors_are_small,
    loads_are_balanced,
    residuals_are_not_amplified,
    known_errors_are_small,
    probes_are_as_expected,
    unknowns_are_identified,
    tolerance_is_met,
)
