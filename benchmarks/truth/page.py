"""The page: one line for each problem and seed, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.truth.judgement import FAILURES, HIGH, LOW, Outcome
from benchmarks.truth.runs import Row

MOST_HARSH = 0.05  # share of the sound problems
WITHIN = 0.95  # share of the estimates


def summary(rows: Sequence[Row]) -> list[str]:
    """Counts, one to a line."""
    outcomes = Counter(row.outcome for row in rows)
    sound = [row for row in rows if row.right in ("solved", "open")]
    solved = [row for row in rows if row.claim == "solved"]
    ratios = [ratio for row in rows for ratio in row.ratios.values()]
    claimed = [ratio for row in rows if row.claim in ("solved", "useful") for ratio in row.ratios.values()]
    harsh = outcomes[Outcome.TOO_HARSH]
    return [
        f"{len(rows)} runs of {len({row.name for row in rows})} problems; {len(solved)} say that they are solved",
        f"false claims: {outcomes[Outcome.FALSE_CLAIM]} (target 0)",
        f"false digits: {outcomes[Outcome.FALSE_DIGITS]} (target 0)",
        f"too harsh: {harsh} of {len(sound)} runs of sound problems (target below {MOST_HARSH:.0%})",
        f"estimates within {LOW:g} to {HIGH:g} of the true error, of what is claimed: {fair(claimed)} (target "
        f"{WITHIN:.0%}); with the runs that are not solved, which claim nothing: {fair(ratios)}",
        f"later than 1.2 times the limit and 5 s: {sum(row.late for row in rows)} (target 0)",
        f"crashed: {outcomes[Outcome.CRASH]}; solved and not evaluated: {outcomes[Outcome.UNKNOWN]}",
    ]


def fair(ratios: Sequence[float]) -> str:
    return f"{sum(LOW <= ratio <= HIGH for ratio in ratios)} of {len(ratios)}"


def kinds(rows: Sequence[Row]) -> list[str]:
    """A table of the kinds."""
    shown = (Outcome.RIGHT, Outcome.HONEST, Outcome.TOO_HARSH, Outcome.FALSE_DIGITS, Outcome.FALSE_CLAIM, Outcome.CRASH)
    lines = ["| kind | runs | " + " | ".join(shown) + " |", "|---|---|" + "---|" * len(shown)]
    for kind in sorted({row.kind for row in rows}):
        ours = Counter(row.outcome for row in rows if row.kind == kind)
        lines.append(f"| {kind} | {ours.total()} | " + " | ".join(str(ours[one] or "") for one in shown) + " |")
    return lines


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"


def line(row: Row) -> str:
    ratios = sorted(row.ratios.values(), key=lambda ratio: max(ratio / HIGH, LOW / ratio if ratio else HIGH))
    worst = number(ratios[-1]) if ratios else ""
    compared = [value for label, value in row.estimates.items() if label in row.errors or not row.errors]
    estimate = number(max(compared)) if compared else ""
    mark = f"**{row.outcome}**" if row.outcome in FAILURES | {Outcome.TOO_HARSH} else row.outcome
    seconds = f"{row.seconds:.0f}/{row.limit:.0f}" + (" late" if row.late else "")
    cells = (
        row.name,
        str(row.seed),
        row.right,
        row.claim,
        mark,
        number(row.error),
        estimate,
        worst,
        number(row.heldout),
    )
    return "| " + " | ".join((*cells, row.stop_reason or f"exit {row.exit}", seconds)) + " |"


def page(rows: Sequence[Row], machine: str, corpus: int) -> str:
    """The whole page: summary, kinds, and every run, the wrong ones first.

    corpus   how many problems there are, beside those of problems/
    """
    order = {outcome: place for place, outcome in enumerate((Outcome.FALSE_CLAIM, Outcome.FALSE_DIGITS, Outcome.CRASH))}
    listed = sorted(rows, key=lambda row: (order.get(Outcome(row.outcome), len(order)), row.kind, row.name, row.seed))
    ours = len({row.name for row in rows if row.kind != "problems"})
    columns = "problem | seed | right | claim | outcome | true error | estimate | ratio | held-out | stopped | seconds"
    return "\n".join(
        [
            "# Truth: verdicts against right values",
            "",
            "Made by `python -m benchmarks.truth`. Errors are relative, the worst of the fields, points, probes and",
            "unknowns that are known; `estimate` is the run's own largest for these, `ratio` that over the true error",
            "where it is furthest from fair; errors and estimates below 1e-12 are rounding, and count as 1e-12 there.",
            "What is right about each problem: `benchmarks/truth/answers/`.",
            f"{ours} of the {corpus} problems of the corpus are in it.",
            "",
            *(f"- {text}" for text in summary(rows)),
            "",
            *kinds(rows),
            "",
            f"| {columns} |",
            "|" + "---|" * (columns.count("|") + 1),
            *map(line, listed),
            "",
            machine,
            "",
        ]
    )
