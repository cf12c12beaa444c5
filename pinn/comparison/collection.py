"""A collection: all problems of a folder, each solved as `pinn solve` would, beside what others have published.

Runs are processes of their own, one after another, kept in a JSON file; one that is repeated replaces its row. A file
`published.csv` in the folder has a line for each problem: its name there, and the best error known elsewhere.
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
from pinn.comparison.race import row
from pinn.errors import ResourceError, SpecError
from pinn.files.reading import read_json
from pinn.files.writing import write_json, write_text

HEAD = """# {title}

Made by `pinn bench {name}`. Each run is `pinn solve` with default settings in a process of its own; seconds are those
of the whole command, and the limit is that of solving. Errors are relative L2, on points never trained on or at those
of the reference; what is said is the verdict of the run itself. Medians over the seeds, the worst in brackets.
Published is the best error of the benchmark's own paper.

Machine: {machine}.

"""


@dataclass
class Result:
    """One run. `message` says why there are no errors, or what the run said besides."""

    problem: str
    seed: int
    limit: float
    seconds: float
    errors: dict[str, float] = field(default_factory=dict)
    verdict: str = ""
    stop_reason: str = ""
    message: str = ""

    @property
    def key(self) -> tuple[str, int]:
        return self.problem, self.seed


@dataclass(frozen=True)
class Published:
    called: str
    error: float


def solved(file: Path, seed: int, limit: float | None, overrides: Sequence[str] = ()) -> Result:
    """`pinn solve` of one problem, and what it left."""
    settings = [*overrides, "outputs.figures=false", "outputs.resolution=2"]
    settings += [f"solver.time_limit={limit}"] if limit else []
    with tempfile.TemporaryDirectory() as folder:
        job = Job(file, Path(folder) / "run", seed, settings)
        begun = perf_counter()
        message = run(job)
        found = Result(file.stem, seed, limit or 0.0, perf_counter() - begun, message=message)
        metrics = job.metrics
        if metrics is None:
            return found
    found.errors = {name: math.inf if e is None else e for name, e in metrics.get("relative_l2", {}).items()}
    found.verdict, found.stop_reason = str(metrics.get("verdict", "")), str(metrics["stop_reason"])
    found.message = str(metrics.get("message", ""))
    return found


def published(folder: Path) -> dict[str, Published]:
    """Problem -> what is known elsewhere; empty without such a file."""
    file = folder / "published.csv"
    if not file.is_file():
        return {}
    with file.open(newline="", encoding="utf-8") as stream:
        lines = (line for line in stream if not line.startswith("#"))
        return {one["problem"]: Published(one["called"], float(one["error"])) for one in csv.DictReader(lines)}


@dataclass
class Collection:
    """The runs of a folder's problems so far."""

    folder: Path
    file: Path
    machine: str
    results: list[Result]

    @classmethod
    def resume(cls, folder: Path, file: Path, machine: str) -> Collection:
        """What a file holds, nothing where there is none. Raises SpecError for a file of something else."""
        if not file.exists():
            if file.with_suffix(".md").exists():
                raise SpecError(
                    ("--out",), f"{file.with_suffix('.md')} is there without {file.name}; name another directory"
                )
            return cls(folder, file, machine, [])
        try:
            results = [Result(**one) for one in read_json(file)["results"]]
        except (LookupError, TypeError, ResourceError):
            raise SpecError(("--out",), f"{file} holds no table of pinn bench; name another directory") from None
        for result in results:
            result.errors = {name: math.inf if e is None else e for name, e in result.errors.items()}
        return cls(folder, file, machine, results)

    def add(self, result: Result) -> None:
        keys = [other.key for other in self.results]
        if result.key in keys:
            self.results[keys.index(result.key)] = result
        else:
            self.results.append(result)
        rows = [
            asdict(one) | {"errors": {name: e if math.isfinite(e) else None for name, e in one.errors.items()}}
            for one in self.results
        ]
        write_json(self.file, {"machine": self.machine, "results": rows})
        write_text(self.file.with_suffix(".md"), self.table())

    def table(self) -> str:
        """The page: a line for each problem, in the order of their names."""
        known = published(self.folder)
        name = self.folder.name
        lines = [HEAD.format(title=name.capitalize(), name=name, machine=self.machine)]
        header = ["problem", "called", "error", "s", "limit", "seeds", "said", "published"]
        lines += [row(header) + "\n", row(["---"] * len(header)) + "\n"]
        for problem in sorted({result.problem for result in self.results}):
            lines.append(row(self.cells(problem, known.get(problem))) + "\n")
        return "".join(lines)

    def cells(self, problem: str, elsewhere: Published | None) -> list[str]:
        runs = [result for result in self.results if result.problem == problem]
        names = list(dict.fromkeys(name for one in runs for name in one.errors))
        errors = []
        for name in names:
            values = [one.errors.get(name, math.inf) for one in runs]
            worst = f" ({max(values):.1e})" if len(values) > 1 else ""
            errors.append(f"{name} {statistics.median(values):.1e}{worst}")
        said = sorted({one.verdict.replace("_", " ") or one.message or one.stop_reason for one in runs})
        limits = sorted({one.limit for one in runs})
        return [
            problem,
            elsewhere.called if elsewhere else "",
            ", ".join(errors) or "—",
            f"{statistics.median(one.seconds for one in runs):.0f}",
            ", ".join(f"{limit:g}" if limit else "its own" for limit in limits),
            str(len(runs)),
            "; ".join(said),
            f"{elsewhere.error:.1e}" if elsewhere else "",
        ]
