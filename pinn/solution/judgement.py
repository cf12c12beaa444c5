"""The judgement on a result: the worst finding of all rules is its verdict."""

from __future__ import annotations

from dataclasses import dataclass

from pinn.solution.rules import RULES, Rule
from pinn.solution.verdict import Measured, Verdict
from pinn.training.run.stop_reason import StopReason

BEST_FIRST = tuple(Verdict)


@dataclass(frozen=True)
class Judgement:
    """The verdict, the sentence that gives its cause ('' where there is nothing to add), and what else follows.

    stop_reason      the training's, or `stagnated` in place of a `tolerance` that is contradicted
    contradictions   further sentences that contradict it
    """

    verdict: Verdict
    because: str
    stop_reason: StopReason
    contradictions: tuple[str, ...] = ()


def judge(measured: Measured, rules: tuple[Rule, ...] = RULES) -> Judgement:
    """The worst that any rule finds; `solved` where none finds anything."""
    findings = [finding for rule in rules if (finding := rule(measured)) is not None]
    verdict = max((finding.verdict for finding in findings), key=BEST_FIRST.index, default=Verdict.SOLVED)
    deciding = (finding for finding in findings if finding.verdict is verdict)
    contradicting = [finding for finding in findings if finding.contradicts]
    denied = bool(contradicting) and measured.stop_reason is StopReason.TOLERANCE
    because = next((finding.sentence for finding in deciding if finding.sentence), "")
    if verdict is Verdict.SOLVED and (measured.estimates or measured.probes):
        because = f"solved: every estimated error is below the tolerance, {measured.tolerance:g}"
    return Judgement(
        verdict,
        because,
        StopReason.STAGNATED if denied else measured.stop_reason,
        tuple(
            f.sentence.removeprefix(f"{f.verdict}: ") for f in contradicting if f.sentence and f.verdict is not verdict
        ),
    )
