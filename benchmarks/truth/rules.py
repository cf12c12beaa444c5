"""Rules: which of the verdict's rules each problem needs. `python -m benchmarks.truth --rules` writes the table.

A run says what its verdict was judged by. Without one of the rules that is judged once more, and the claim that comes
of it is held against what is right: a rule that nothing notices is either not needed or not tested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from benchmarks.truth.answers import Answer
from benchmarks.truth.errors import Error
from benchmarks.truth.judgement import FAILURES, Claim, Outcome, judge
from benchmarks.truth.runs import Row, numbers
from pinn.solution import judgement
from pinn.solution.rules import RULES
from pinn.solution.verdict import Measured, Verdict
from pinn.training.run.stop_reason import StopReason

CLAIMS = {Verdict.SOLVED: Claim.SOLVED, Verdict.USEFUL: Claim.USEFUL, Verdict.NOT_SOLVED: Claim.NOT_SOLVED}


def measured_of(content: Mapping[str, Any]) -> Measured:
    """What a verdict was judged by, from the table. Raises TypeError for what this version does not measure."""
    known = {**numbers(content), "stop_reason": StopReason(content["stop_reason"])}
    listed = {one.name for one in fields(Measured) if one.name in ("unidentified", "free", "systematic")}
    return Measured(**{name: tuple(value) if name in listed else value for name, value in known.items()})


def without(row: Row, answer: Answer, rule: Callable[..., Any]) -> Outcome:
    """What the run's claim would be worth if the verdict did not have this rule."""
    rules = tuple(one for one in RULES if one is not rule)
    found = judgement.judge(measured_of(row.measured), rules).verdict
    errors = {label: Error(error, row.within.get(label, 0.0)) for label, error in row.errors.items()}
    return judge(answer, CLAIMS[found], errors, row.estimates, row.tolerance or 1e-8)


def noticed(rows: Sequence[Row], answers: Mapping[str, Answer]) -> dict[str, dict[str, list[str]]]:
    """Rule -> what becomes of the claims without it -> the problems whose claim becomes that, of those judged."""
    found: dict[str, dict[str, list[str]]] = {}
    for rule in RULES:
        worse: dict[str, list[str]] = {}
        for row in rows:
            if not row.measured or Outcome(row.outcome) in FAILURES or row.name not in answers:
                continue
            outcome = without(row, answers[row.name], rule)
            if outcome in FAILURES and row.name not in worse.setdefault(outcome.value, []):
                worse[outcome.value].append(row.name)
        found[rule.__name__] = worse
    return found


def rules_page(rows: Sequence[Row], answers: Mapping[str, Answer]) -> str:
    """A row for each rule, and those that nothing notices."""
    found = noticed(rows, answers)
    wrong = (Outcome.FALSE_CLAIM, Outcome.FALSE_DIGITS)
    judged = sum(bool(row.measured) for row in rows)
    lines = [
        f"| {name} | " + " | ".join(", ".join(worse.get(one.value, [])) for one in wrong) + " |"
        for name, worse in found.items()
    ]
    unnoticed = [name for name, worse in found.items() if not any(worse.values())]
    return "\n".join(
        [
            "# The verdict without one of its rules",
            "",
            "Made by `python -m benchmarks.truth --rules`, from what the verdicts of the runs in `truth.json` were",
            f"judged by ({judged} of them): which problems are claimed wrongly as soon as a rule of",
            "`pinn/solution/rules.py` is left out. None is while all are there.",
            "",
            "| without | FALSE CLAIM | FALSE DIGITS |",
            "|---|---|---|",
            *lines,
            "",
            f"Rules that nothing notices: {', '.join(unnoticed) or 'none'}.",
            "",
        ]
    )
