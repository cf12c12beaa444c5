"""Judgement: what a run claims, held against what is right."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from benchmarks.truth.answers import Answer
from benchmarks.truth.errors import Error, worst
from pinn.solution.verdict import Verdict

ALLOWED = 10.0  # times the tolerance, or three times what the right value is known to: the error of what is solved
KNOWN = 3.0
HARSH = 1e-5  # an answer that is right to this is no failure
LOW, HIGH = 0.3, 30.0  # an estimate over the true error
UNSEEN = 1e-12  # relative: errors and estimates below it are rounding, and count as this
USELESS = 0.1  # true error above which nothing is useful, whatever the digits that are said
THREE_DIGITS = 1e-3  # of fields, beside which a probe may have none
LATE_FACTOR, LATE_SECONDS = 1.2, 5.0  # of the time limit


class Claim(StrEnum):
    """What a run says of itself."""

    SOLVED = "solved"
    USEFUL = "useful"
    NOT_SOLVED = "not solved"
    REFUSED = "refused"
    CRASHED = "crashed"


class Outcome(StrEnum):
    """What the claim is worth."""

    RIGHT = "right"
    FALSE_CLAIM = "FALSE CLAIM"  # solved, where that is wrong or where nothing can be right
    FALSE_DIGITS = "FALSE DIGITS"  # useful, with an estimate far below the true error, useless, or nothing can be right
    TOO_HARSH = "TOO HARSH"  # right, and not called so; or a sound problem that is refused
    HONEST = "honest"  # no solution, and it says so
    CRASH = "CRASH"
    UNKNOWN = "unknown"  # solved, and nothing could be evaluated


FAILURES = {Outcome.FALSE_CLAIM, Outcome.FALSE_DIGITS, Outcome.CRASH, Outcome.UNKNOWN}


def claim_of(exit_code: int, metrics: Mapping[str, Any] | None) -> Claim:
    """From the verdict in metrics.json, or from the exit code where there is none.

    3 is a training that diverged: it says so, and leaves files or none. Another code than the verdict's is a crash.
    """
    if metrics is None:
        return {2: Claim.REFUSED, 3: Claim.NOT_SOLVED}.get(exit_code, Claim.CRASHED)
    verdict = Verdict(metrics["verdict"])
    if exit_code not in (verdict.exit_code, 3):
        return Claim.CRASHED
    return {Verdict.SOLVED: Claim.SOLVED, Verdict.USEFUL: Claim.USEFUL, Verdict.NOT_SOLVED: Claim.NOT_SOLVED}[verdict]


def judge(
    answer: Answer, claim: Claim, errors: Mapping[str, Error], estimates: Mapping[str, float], tolerance: float
) -> Outcome:
    """What a claim is worth. `errors` and `estimates` by label; no errors where none is known."""
    sound = answer.verdict in ("solved", "open")
    if claim == Claim.CRASHED:
        return Outcome.CRASH
    if claim == Claim.REFUSED:
        return Outcome.TOO_HARSH if answer.verdict == "solved" else Outcome.HONEST if sound else Outcome.RIGHT
    if answer.has_values and not errors and claim != Claim.NOT_SOLVED:
        return Outcome.UNKNOWN
    possible = sound or (answer.has_values and answer.verdict == "refused")
    if claim == Claim.SOLVED:
        wrong = not possible or any(
            not error.relative <= max(ALLOWED * tolerance, KNOWN * error.within) for error in errors.values()
        )
        return Outcome.FALSE_CLAIM if wrong else Outcome.RIGHT
    if not possible:
        return Outcome.FALSE_DIGITS if claim == Claim.USEFUL and not answer.useful else Outcome.RIGHT
    if claim == Claim.USEFUL:
        far = [
            label
            for label, error in errors.items()
            if not (error.relative <= max(USELESS, KNOWN * error.within) or has_no_digit(label, errors, estimates))
            or (label in estimates and not error.relative <= max(HIGH * estimates[label], UNSEEN, KNOWN * error.within))
        ]
        return Outcome.FALSE_DIGITS if far else Outcome.RIGHT
    known = bool(errors) and all(error.within <= HARSH for error in errors.values())
    return Outcome.TOO_HARSH if known and worst(errors) <= max(HARSH, ALLOWED * tolerance) else Outcome.HONEST


def has_no_digit(label: str, errors: Mapping[str, Error], estimates: Mapping[str, float]) -> bool:
    """Whether it is a probe of which the run says so, beside fields that are right: the probe is small beside them."""
    fields = [error.relative for name, error in errors.items() if not name.startswith("probe ")]
    right = bool(fields) and all(error <= THREE_DIGITS for error in fields)
    return label.startswith("probe ") and estimates.get(label, 0.0) >= USELESS and right


def estimate_ratios(errors: Mapping[str, Error], estimates: Mapping[str, float]) -> dict[str, float]:
    """Estimate over true error, where that is known well enough; below UNSEEN both count as that."""
    return {
        label: max(estimates[label], UNSEEN) / max(error.relative, UNSEEN)
        for label, error in errors.items()
        if label in estimates and error.relative > KNOWN * error.within
    }


def is_late(seconds: float, limit: float) -> bool:
    return seconds > LATE_FACTOR * limit + LATE_SECONDS
