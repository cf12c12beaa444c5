"""Answers: what is right about each problem of the corpus, and of problems/.

A table answers/KIND.toml has one entry for each file corpus/KIND/NAME.yaml:

    verdict       solved      well posed and smooth: must be called solved
                  open        well posed, hard: any honest verdict, solved only where the values are right
                  not solved  not unique, without solution, or contradicted by what the file knows: never solved
                              (`useful: true` where a part of it is determined, and the run says what is open)
                  refused     must not even begin: exit code 2; never solved but where `closed` says that it is right
    why           where the right values come from, or why there are none
    closed        field -> its closed form, in the problem's own names
    alternatives  several such, where several are right
    reference     rows of references.json
    values        {quantity, at, value, within}
    means         {quantity, from, to, value, within}: the mean along a line
    probes        name of a probe of the file -> {value, within}
    unknowns      name -> {value, within}
    within        to what the closed forms are known (noise in the data), relative; absent: exactly
    tolerated     residual that rounding leaves of the closed forms in the problem's statements, relative
    continuous    {quantities, at, along}: what has no jump at a point, in the direction `along` (default: radial)
    limit         seconds that a user would give it; quick: ends in a few seconds
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pinn
from benchmarks.truth.references.rows import Row
from benchmarks.truth.references.table import read

HERE = Path(__file__).resolve().parent
CORPUS, TABLES = HERE / "corpus", HERE / "answers"
PROBLEMS = HERE.parents[1] / "problems"
USUAL_LIMIT = 60.0  # seconds
ROUNDING = 1e-9  # of derivatives of closed forms, relative to the statement's parts

Verdict = Literal["solved", "open", "not solved", "refused"]
VERDICTS = ("solved", "open", "not solved", "refused")


@dataclass(frozen=True)
class Value:
    """A number that is right `within` so much of its size."""

    value: float
    within: float


@dataclass(frozen=True)
class At:
    """A quantity at a point, or its mean along a line to another."""

    quantity: str
    at: tuple[float, ...]
    right: Value
    to: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Answer:
    """What is right about one problem; `solutions` holds closed forms by field, one mapping per right solution."""

    name: str
    kind: str
    file: Path
    verdict: Verdict
    why: str
    solutions: tuple[dict[str, str], ...] = ()
    rows: tuple[tuple[At, ...], ...] = ()  # of references and values: one tuple per right solution
    probes: dict[str, Value] = field(default_factory=dict)
    unknowns: dict[str, Value] = field(default_factory=dict)
    within: float = 0.0
    tolerated: float = ROUNDING
    continuous: tuple[dict[str, Any], ...] = ()
    limit: float = USUAL_LIMIT
    quick: bool = False
    useful: bool = False
    from_metrics: bool = False  # problems/: its errors are those that the run reports against `exact` or `reference`

    @property
    def has_values(self) -> bool:
        return bool(self.solutions or self.rows or self.probes or self.unknowns or self.from_metrics)


def at_points(entries: list[dict[str, Any]], references: list[Row], within: float) -> list[At]:
    """Rows of a reference, and `values` or `means` of an entry."""
    found = [At(row.quantity, row.at, Value(row.value, within)) for row in references]
    for entry in entries:
        right = Value(float(entry["value"]), float(entry["within"]))
        to = tuple(map(float, entry["to"])) if "to" in entry else None
        found.append(At(entry["quantity"], tuple(map(float, entry.get("at", entry.get("from")))), right, to))
    return found


def answer(name: str, kind: str, entry: dict[str, Any]) -> Answer:
    """One entry of a table. Raises TypeError for a key that no answer has, ValueError for an unknown verdict."""
    given = dict(entry)
    if given["verdict"] not in VERDICTS:
        raise ValueError(f"{kind}/{name}: unknown verdict {given['verdict']}; known: {', '.join(VERDICTS)}")
    closed, alternatives = given.pop("closed", None), given.pop("alternatives", [])
    listed = [*given.pop("values", []), *given.pop("means", [])]
    within, references = read()[given.pop("reference")] if "reference" in given else (0.0, [[]])
    rows = tuple(tuple(at_points(listed, solution, within)) for solution in references)
    numbers = {
        block: {key: Value(float(one["value"]), float(one["within"])) for key, one in given.pop(block, {}).items()}
        for block in ("probes", "unknowns")
    }
    return Answer(
        name=name,
        kind=kind,
        file=CORPUS / kind / f"{name}.yaml",
        solutions=tuple(alternatives or ([closed] if closed else [])),
        rows=rows if any(rows) else (),
        continuous=tuple(given.pop("continuous", [])),
        **numbers,
        **given,
    )


@cache
def answers() -> dict[str, Answer]:
    """Name -> answer, of the whole corpus. Raises ValueError where two files have one name."""
    found: dict[str, Answer] = {}
    for table in sorted(TABLES.glob("*.toml")):
        for name, entry in tomllib.loads(table.read_text(encoding="utf-8")).items():
            if name in found:
                raise ValueError(f"{table}: {name} is in {found[name].kind} as well; choose another name")
            found[name] = answer(name, table.stem, entry)
    return found


def shipped() -> dict[str, Answer]:
    """The same for each file of problems/ that knows its solution, in closed form, as a table or at a probe."""
    found = {}
    for file in sorted(PROBLEMS.rglob("*.yaml")):
        spec = pinn.load(file).spec
        if spec.exact or spec.reference or any(probe.expected is not None for probe in spec.probes.values()):
            name, why = f"problems/{file.stem}", "its own exact solution, reference or expected values"
            limit = spec.solver.time_limit
            found[name] = Answer(name, "problems", file, "open", why, limit=limit, from_metrics=True)
    return found
