"""A race: the same spec under several engines, its true error against seconds.

Each run is a process of its own, one after another. The error is the relative L2 error, on points never trained on, of
the best network by held-out residual so far: what the engine would have returned then. Measuring it is not charged.
"""

from __future__ import annotations

import csv
import math
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter

from pinn.comparison.processes import Job, run
from pinn.errors import ResourceError, SpecError
from pinn.files.reading import read_json
from pinn.files.writing import write_json
from pinn.problem.problem import Problem

THRESHOLDS = (1e-2, 1e-4, 1e-6)
PAGES = (".md", ".png")  # written beside the JSON of a race

Curve = list[tuple[float, float]]  # (seconds, error)


@dataclass
class Entry:
    """One run: which, how it ended, and its error against seconds. `message` says why there is no curve."""

    problem: str
    engine: str
    seed: int
    time_limit: float
    quantity: str
    curve: Curve = field(default_factory=list)
    stop_reason: str = ""
    iterations: int = 0
    conditions: str = ""
    message: str = ""

    @property
    def key(self) -> tuple[str, str, int]:
        return self.problem, self.engine, self.seed

    @property
    def error(self) -> float:
        return self.curve[-1][1] if self.curve else math.inf

    @property
    def seconds(self) -> float:
        return self.curve[-1][0] if self.curve else math.inf

    def seconds_to(self, error: float) -> float:
        """When the error was first this small; infinity if never."""
        return next((seconds for seconds, found in self.curve if found <= error), math.inf)


def primary_quantity(problem: Problem) -> str | None:
    """The quantity whose error is raced: a vector or tensor that is known as a whole, else the first that is known."""
    known = problem.exact_quantities
    wholes = {**problem.vectors, **{name: tuple(parts.values()) for name, parts in problem.tensors.items()}}
    whole = (name for name, parts in wholes.items() if all(part in known for part in parts))
    return next(whole, known[0] if known else None)


def run_entry(entry: Entry, file: Path, overrides: Sequence[str] = ()) -> Entry:
    """`pinn solve` in a process of its own; fills in the entry."""
    settings = [*overrides, f"solver.time_limit={entry.time_limit}", "outputs.figures=false", "outputs.resolution=2"]
    with tempfile.TemporaryDirectory() as folder:
        job = Job(file, Path(folder) / "run", entry.seed, settings, entry.engine)
        entry.message = run(job)
        metrics = job.metrics
        if metrics is None:
            return entry
        with (job.out / "history.csv").open(newline="", encoding="utf-8") as stream:
            entry.curve = read_curve(list(csv.DictReader(stream)), entry.quantity)
    last = metrics["relative_l2"][entry.quantity]
    entry.curve.append((metrics["seconds"]["solve"], math.inf if last is None else last))
    entry.stop_reason, entry.iterations = metrics["stop_reason"], metrics["iterations"]
    entry.conditions, entry.message = metrics.get("conditions", ""), metrics.get("message", "")
    return entry


def read_curve(rows: Sequence[dict[str, str]], quantity: str) -> Curve:
    """The error column of a history."""
    key = f"error:{quantity}"
    return [(float(row["seconds"]), float(row[key])) for row in rows if row.get(key)]


@dataclass
class Race:
    """All runs so far, kept in a JSON file; a run that is repeated replaces its row."""

    file: Path
    machine: str
    entries: list[Entry]

    @classmethod
    def resume(cls, file: Path, machine: str) -> Race:
        """The race that a file holds, a new one where there is none.

        Raises SpecError for a file of something else, and for pages that no such file was kept with: they are not ours.
        """
        if not file.exists():
            for page in (file.with_suffix(suffix) for suffix in PAGES):
                if page.exists():
                    raise SpecError(("--out",), f"{page} is there without {file.name}; name another directory")
            return cls(file, machine, [])
        try:
            entries = [
                Entry(**{**row, "curve": [(s, math.inf if e is None else e) for s, e in row["curve"]]})
                for row in read_json(file)["runs"]
            ]
        except (LookupError, TypeError, ValueError, ResourceError):
            raise SpecError(("--out",), f"{file} holds no race of pinn bench; name another directory") from None
        return cls(file, machine, entries)

    def add(self, entry: Entry) -> None:
        keys = [other.key for other in self.entries]
        if entry.key in keys:
            self.entries[keys.index(entry.key)] = entry
        else:
            self.entries.append(entry)
        write_json(self.file, {"machine": self.machine, "runs": [asdict(e) for e in self.entries]})

    @property
    def problems(self) -> list[str]:
        return list(dict.fromkeys(entry.problem for entry in self.entries))

    @property
    def engines(self) -> list[str]:
        return list(dict.fromkeys(entry.engine for entry in self.entries))

    def runs(self, problem: str, engine: str) -> list[Entry]:
        return [entry for entry in self.entries if (entry.problem, entry.engine) == (problem, engine)]

    def table(self) -> str:
        """results/benchmarks/engines.md."""
        header = ["problem", "quantity", "engine", *(f"s to {t:.0e}" for t in THRESHOLDS)]
        header += ["final error (worst)", "seconds", "limit", "seeds", "ended by"]
        lines = [
            "# Engines: error against seconds",
            "",
            "Made by `pinn bench`. Each run is `pinn solve` in a process of its own, one after another, the engines",
            "taking turns. Errors are relative L2 on points never trained on, of the best network by held-out",
            "residual; seconds are those of solving, without imports, export and the measuring of these errors.",
            "Medians over the seeds; — is never.",
            "",
            f"Machine: {self.machine}.",
            "",
            row(header),
            row(["---"] * len(header)),
        ]
        for problem in self.problems:
            lines += [row(self.cells(problem, engine)) for engine in self.engines if self.runs(problem, engine)]
        compared = [cells for problem in self.problems for cells in self.ratios(problem)]
        if compared:
            first = self.engines[0]
            header = ["problem", "engine", "error that both reach", f"s {first}", "s", "ratio", "ratio of final errors"]
            lines += ["", f"Against {first}:", "", row(header), row(["---"] * len(header)), *map(row, compared)]
        return "\n".join(lines) + "\n"

    def cells(self, problem: str, engine: str) -> list[str]:
        runs = self.runs(problem, engine)
        how = sorted({" ".join(filter(None, (e.stop_reason or e.message, e.conditions))) for e in runs})
        return [
            problem,
            runs[0].quantity,
            engine,
            *(seconds(statistics.median(e.seconds_to(threshold) for e in runs)) for threshold in THRESHOLDS),
            f"{statistics.median(e.error for e in runs):.1e} ({max(e.error for e in runs):.1e})",
            seconds(statistics.median(e.seconds for e in runs)),
            f"{runs[0].time_limit:g}",
            str(len(runs)),
            ", ".join(how),
        ]

    def ratios(self, problem: str) -> list[list[str]]:
        """For every engine but the first: how many times longer it takes to the larger of the two final errors."""
        found = []
        first, *others = self.engines
        own = self.runs(problem, first)
        for engine in others:
            runs = self.runs(problem, engine)
            if not own or not runs:
                continue
            errors = [statistics.median(e.error for e in group) for group in (own, runs)]
            shared = max(errors)
            times = [statistics.median(e.seconds_to(shared) for e in group) for group in (own, runs)]
            if not math.isfinite(shared) or not all(map(math.isfinite, times)):
                continue
            found.append(
                [
                    problem,
                    engine,
                    f"{shared:.1e}",
                    *map(seconds, times),
                    ratio(times[1], times[0]),
                    ratio(errors[1], errors[0]),
                ]
            )
        return found


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def seconds(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "—"


def ratio(value: float, of: float) -> str:
    return f"{value / of:.3g}" if of > 0 else "—"


def timed(entry: Entry, file: Path, overrides: Sequence[str] = ()) -> tuple[Entry, float]:
    """The entry, run, and the seconds of the whole command."""
    begun = perf_counter()
    return run_entry(entry, file, overrides), perf_counter() - begun
