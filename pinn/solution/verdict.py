"""The verdict: what a result is worth, by one list of rules over what was measured of it.

A rule is a function of the measured numbers that says what speaks against the result, if anything does; the worst
finding of all rules is the verdict. A new rule is a function here and its name in RULES.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pinn.training.run.stop_reason import StopReason

NOT_SOLVED = 2e-2  # held-out residual above which fields are not to be used
ROUGH = 1e-4  # held-out residual of a few digits
ROUGH_TIMES = 100.0  # times the tolerance: nobody who asks for few digits is told that there are few
NOT_CONVERGED = 0.1  # relative error in the energy's norm: of stresses, above which no engineer uses them
MOST_ERROR = 10.0  # times the tolerance: a known error above it contradicts the stop reason `tolerance`


class Verdict(StrEnum):
    """Each is the key that metrics.json has, with its sentence and the exit code of a run that ends with it."""

    sentence: str
    exit_code: int

    SOLVED = "solved", "solved to the tolerance", 0
    USEFUL = "useful", "above the tolerance: it has the digits that were measured", 0
    NOT_SOLVED = "not_solved", "no solution: do not use these fields", 0

    def __new__(cls, key: str, sentence: str, exit_code: int) -> Verdict:
        member = str.__new__(cls, key)
        member._value_, member.sentence, member.exit_code = key, sentence, exit_code
        return member


BEST_FIRST = tuple(Verdict)


@dataclass(frozen=True)
class Measured:
    """What a result is judged by, of which nothing is measured on points that were trained on.

    stop_reason    why the training stopped
    tolerance      of the held-out residual
    heldout        that residual, dimensionless: 1 means that the equations are missed by as much as their own terms
    energy_error   estimate of the relative error in the energy's norm, None where no energy was minimised
    errors         known relative L2 errors of the fields; of the quantities that are known, where no field is
    noisy          whether the data have noise, which makes errors of its own
    unidentified   unknown parameters that the statements leave open
    """

    stop_reason: StopReason
    tolerance: float
    heldout: float
    energy_error: float | None = None
    errors: Mapping[str, float] = field(default_factory=dict)
    noisy: bool = False
    unidentified: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What speaks against a result: it is worth no more than `verdict`.

    contradicts   it says that a training stopped for `tolerance` is no solution all the same
    """

    verdict: Verdict
    sentence: str = ""
    contradicts: bool = False


@dataclass(frozen=True)
class Judgement:
    """The verdict, the sentence that gives its cause ('' where there is nothing to add), and what else follows.

    stop_reason      the training's, or `stagnated` in place of a `tolerance` that is contradicted
    contradictions   the sentences that contradict it
    """

    verdict: Verdict
    because: str
    stop_reason: StopReason
    contradictions: tuple[str, ...] = ()


def tolerance_is_met(measured: Measured) -> Finding | None:
    """Without a word: the stop reason has its own."""
    return None if measured.stop_reason is StopReason.TOLERANCE else Finding(Verdict.USEFUL)


def energy_has_converged(measured: Measured) -> Finding | None:
    if measured.energy_error is None or measured.energy_error <= NOT_CONVERGED:
        return None
    return Finding(
        Verdict.NOT_SOLVED, "NOT SOLVED: the energy still falls a lot from level to level; give it more time"
    )


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
    if measured.heldout > max(ROUGH, ROUGH_TIMES * measured.tolerance):
        return Finding(
            Verdict.USEFUL,
            "rough: the equations and conditions are satisfied to a few digits at most; errors may be larger still",
        )
    return None


def known_errors_are_small(measured: Measured) -> Finding | None:
    """A small residual proves a small error only for the problem that is stated, and as far as that is well posed."""
    worst = max(measured.errors, key=lambda name: measured.errors[name], default=None)
    met = measured.stop_reason is StopReason.TOLERANCE and not measured.noisy
    if worst is None or not met or measured.errors[worst] <= MOST_ERROR * measured.tolerance:
        return None
    return Finding(
        Verdict.USEFUL,
        f"the held-out residual meets the tolerance, but the error of {worst} is {measured.errors[worst]:.1e}: the "
        "statements and the exact solution disagree, or small residuals leave room for large errors here",
        contradicts=True,
    )


def unknowns_are_identified(measured: Measured) -> Finding | None:
    """Without a word: what the equations leave open, and so is not solved for, has its remark already."""
    return Finding(Verdict.USEFUL, contradicts=True) if measured.unidentified else None


Rule = Callable[[Measured], Finding | None]
RULES: tuple[Rule, ...] = (
    energy_has_converged,
    equations_are_satisfied,
    known_errors_are_small,
    unknowns_are_identified,
    tolerance_is_met,
)


def judge(measured: Measured, rules: tuple[Rule, ...] = RULES) -> Judgement:
    """The worst that any rule finds; `solved` where none finds anything."""
    findings = [finding for rule in rules if (finding := rule(measured)) is not None]
    verdict = max((finding.verdict for finding in findings), key=BEST_FIRST.index, default=Verdict.SOLVED)
    deciding = (finding for finding in findings if finding.verdict is verdict and not finding.contradicts)
    contradicting = [finding for finding in findings if finding.contradicts]
    denied = bool(contradicting) and measured.stop_reason is StopReason.TOLERANCE
    return Judgement(
        verdict,
        next((finding.sentence for finding in deciding if finding.sentence), ""),
        StopReason.STAGNATED if denied else measured.stop_reason,
        tuple(finding.sentence for finding in contradicting if finding.sentence),
    )
