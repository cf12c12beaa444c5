"""Runs: `pinn solve` in a process of its own for each problem and seed, and the row of the table that comes of it.

Limits and seconds are of the processor, not of the wall: a verdict hangs on how far a run comes, which must not hang on
what else the machine does.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from benchmarks.truth.answers import CORPUS, Answer
from benchmarks.truth.errors import Error, estimates, true_errors, worst
from benchmarks.truth.judgement import Claim, Outcome, claim_of, estimate_ratios, is_late, judge
from benchmarks.truth.tables import make
from pinn.errors import PinnError
from pinn.solution.solution import Solution

ROOT = Path(__file__).resolve().parents[2]
GRACE = 300.0  # seconds beyond three times the limit, after which a run is ended
BUSY = 20.0  # seconds of the wall for one of the processor, at most
LONGEST_MESSAGE = 200
EVALUATION = Lock()  # one thread at a time evaluates networks; the others wait for their processes


@dataclass(frozen=True)
class Row:
    """One run: claim, error and outcome. `error` is the worst of `errors` (label -> relative); None where unknown.

    within     label -> to what the right value is known, where it is not exactly
    measured   what the verdict was judged by
    """

    name: str
    kind: str
    seed: int
    limit: float
    exit: int
    claim: str
    outcome: str
    right: str
    error: float | None = None
    errors: dict[str, float] = field(default_factory=dict)
    estimates: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)
    stop_reason: str = ""
    heldout: float | None = None
    tolerance: float | None = None
    seconds: float = 0.0
    late: bool = False
    message: str = ""
    within: dict[str, float] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)


def laid_out(folder: Path) -> Path:
    """A copy of the corpus with the tables that its problems read."""
    copy = folder / "corpus"
    shutil.copytree(CORPUS, copy)
    make(copy)
    return copy


def run(answer: Answer, seed: int, limit: float, corpus: Path) -> Row:
    """Solve one problem as its user would, and judge what came out."""
    file = corpus / answer.file.relative_to(CORPUS) if answer.file.is_relative_to(CORPUS) else answer.file
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        judged = Path(folder) / "measured.json"
        command = [sys.executable, "-m", "benchmarks.truth.child", str(judged), "solve", str(file), "--out", str(out)]
        command += ["--seed", str(seed), "-q"]
        command += ["--device", "cpu", "--set", f"solver.time_limit={limit:g}", "--set", "outputs.figures=false"]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}  # or each thread's time counts
        code, said, seconds = timed(command, environment, Path(folder) / "said", 3 * limit + GRACE)
        metrics, measured = read_metrics(out / "metrics.json"), read_metrics(judged)
        errors, problem = {}, ""
        if metrics is not None and answer.has_values:
            with EVALUATION:
                errors, problem = evaluated(answer, out)
    return row(answer, seed, limit, code, metrics, errors, seconds, problem or last_line(said), measured)


def timed(command: list[str], environment: dict[str, str], said: Path, most: float) -> tuple[int, str, float]:
    """(exit code, what it said, seconds of the processor) of a process, which is ended after BUSY `most` seconds."""
    with said.open("wb") as stream:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stream, env=environment)
        end = Timer(BUSY * most, process.kill)
        end.start()
        _, status, usage = os.wait4(process.pid, 0)
        end.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, said.read_text(encoding="utf-8", errors="replace"), usage.ru_utime + usage.ru_stime


def read_metrics(file: Path) -> dict[str, Any] | None:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def evaluated(answer: Answer, out: Path) -> tuple[dict[str, Error], str]:
    """(errors, what was in the way of them)."""
    try:
        return true_errors(answer, Solution.load(out)), ""
    except (PinnError, LookupError, ArithmeticError, ValueError) as error:
        return {}, f"not evaluated: {error}"[:LONGEST_MESSAGE]


def last_line(text: str) -> str:
    """What a refusal or a failure says in the end; warnings of a run that went well are not kept."""
    lines = [line for line in text.strip().splitlines() if not line.startswith("warning:")]
    return lines[-1][-LONGEST_MESSAGE:] if lines else ""


def row(
    answer: Answer,
    seed: int,
    limit: float,
    code: int,
    metrics: dict[str, Any] | None,
    errors: dict[str, Error],
    seconds: float,
    message: str,
    measured: dict[str, Any] | None = None,
) -> Row:
    claim = claim_of(code, metrics)
    known = metrics or {}
    tolerance, guessed = float(known.get("tolerance") or 1e-8), estimates(known)
    outcome = judge(answer, claim, errors, guessed, tolerance)
    largest = worst(errors)
    return Row(
        name=answer.name,
        kind=answer.kind,
        seed=seed,
        limit=limit,
        exit=code,
        claim=claim.value,
        outcome=outcome.value,
        right=answer.verdict,
        error=None if math.isnan(largest) else largest,
        errors={label: error.relative for label, error in errors.items()},
        within={label: error.within for label, error in errors.items() if error.within},
        estimates=guessed,
        ratios=estimate_ratios(errors, guessed),
        stop_reason=str(known.get("stop_reason", "")),
        heldout=known.get("heldout_residual"),
        tolerance=known.get("tolerance"),
        seconds=round(seconds, 1),
        late=claim is not Claim.REFUSED and is_late(seconds, limit),
        message="" if outcome in (Outcome.RIGHT,) and claim != Claim.REFUSED else message,
        measured=measured or {},
    )


def plain(rows: list[Row]) -> list[dict[str, Any]]:
    """For JSON."""
    return [as_text(asdict(one)) for one in rows]


def as_text(value: Any) -> Any:
    """What JSON has no number for, as text."""
    if isinstance(value, dict):
        return {key: as_text(entry) for key, entry in value.items()}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def numbers(value: Any) -> Any:
    """The numbers again, of what is not finite and stands as text."""
    if isinstance(value, dict):
        return {key: numbers(entry) for key, entry in value.items()}
    return float(value) if isinstance(value, str) and value in ("inf", "-inf", "nan") else value


def restored(content: list[dict[str, Any]]) -> list[Row]:
    return [Row(**{key: numbers(value) for key, value in one.items()}) for one in content]
