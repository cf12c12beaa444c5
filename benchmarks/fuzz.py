"""A long run of the fuzzer over the texts that pinn reads; the tests have a short one.

    python -m benchmarks.fuzz [--seconds 900] [--out results/benchmarks]

Each input is read and built as `pinn validate` does it. It must be accepted, or refused with SpecError: short lines,
each with its place; within seconds of computing and a bound of memory; and nothing may be written, started or connected
meanwhile, which Python's audit tells. Whatever else happens is a failure, and is listed with its input.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from benchmarks import fuzz_inputs
from pinn.equations.compiler.compile import compile_expression
from pinn.errors import SpecError, SpecErrors
from pinn.problem.loading import build
from pinn.spec.language.expressions import Scope
from pinn.spec.yaml.source import parse_spec

RESULTS = Path(__file__).parent.parent / "results" / "benchmarks"
SECONDS = {"expression": 3.0, "spec": 20.0}  # of computing; what is accepted is computed with: 20 s are a large mesh
MEGABYTES = 1000  # by which one input may raise the largest memory of the process
LONGEST_LINE, LONGEST_MESSAGE = 1000, 20_000  # characters of a refusal
SHOWN = 40  # refusals in the figures
PER_ROUND = 100  # inputs, between two looks at the clock
TOUCHING = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")
STARTING = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess", "socket", "pickle.find_class")


class TooSlow(BaseException):
    """Not an Exception, so that nothing between here and the alarm takes it for its own."""


@dataclass
class Counts:
    """What became of the inputs of one kind."""

    kind: str
    accepted: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_input: str = ""
    megabytes: float = 0.0  # the largest rise of the process's peak by one input
    failures: list[dict[str, str]] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)  # the first words of the messages

    @property
    def tried(self) -> int:
        return self.accepted + self.refused + len(self.failures)


class Watch:
    """Events of Python's audit that reading an input never causes. A hook stays for good, so there is one."""

    def __init__(self):
        self.seen: list[str] = []
        self.on = False
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            if "__pycache__" not in str(arguments[0]):
                self.seen.append(f"open {arguments[0]} for writing")
        elif event.startswith(STARTING) or (event in TOUCHING and "__pycache__" not in str(arguments[0])):
            self.seen.append(f"{event} {arguments!r}"[:200])


def read_expression(text: str) -> None:
    """As a definition, an equation and a condition read it."""
    scope = Scope(
        ("x", "y"),
        time=True,
        constants={"c": 2},
        unknowns=("k",),
        fields=("u", "v"),
        definitions={"q": "c*u_x + v**2", "w": text},
        exact={"u": "sin(x)*exp(-t)", "v": "x*y"},
    )
    compile_expression(scope.expression(text, ("definitions", "w")), scope, ("definitions", "w"))
    if "<" in text or ">" in text:
        scope.condition(text, ("definitions", "w"))
    if "=" in text:
        scope.equation(text, ("definitions", "w"))


def read_spec(text: str, folder: Path) -> None:
    """As `pinn validate` does."""
    build(parse_spec(text, "fuzz.yaml"), folder).describe()


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooSlow where this process computes for longer."""

    def stop(*_: Any) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def examine(counts: Counts, watch: Watch, read: Callable[[], None], text: str) -> str | None:
    """Read one input and count what became of it; what went wrong, None where nothing did."""
    memory, begun = peak_megabytes(), time.process_time()
    wrong, where, refusal = None, "", None
    watch.seen.clear()
    watch.on = True
    try:
        with at_most(SECONDS[counts.kind]):
            read()
    except SpecError as error:
        wrong, refusal = unfit(error, counts.kind), error
    except TooSlow as error:
        wrong, where = f"computed for more than {SECONDS[counts.kind]:g} s", last_frames(error)
    except Exception as error:
        wrong, where = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}", last_frames(error)
    finally:
        watch.on = False
    seconds, rise = time.process_time() - begun, peak_megabytes() - memory
    if watch.seen or rise > MEGABYTES:
        wrong = watch.seen[0] if watch.seen else f"took {rise:.0f} MB"
    counts.seconds += seconds
    counts.megabytes = max(counts.megabytes, rise)
    if seconds > counts.slowest:
        counts.slowest, counts.slowest_input = seconds, text[:1000]
    if wrong is not None:
        counts.failures.append({"what": wrong, "where": where, "input": text})
    elif refusal is not None:
        counts.refused += 1
        counts.refusals[first_words(refusal)] += 1
    else:
        counts.accepted += 1
    return wrong


def unfit(error: SpecError, kind: str) -> str | None:
    """What is wrong with a refusal: its lines must be short, and each must have its place."""
    errors = error.errors if isinstance(error, SpecErrors) else (error,)
    for one in errors:
        line = str(one)
        if len(line.splitlines()) != 1 or not line.isprintable():
            return f"a refusal that is not one printable line: {line[:200]!r}"
        if len(line) > LONGEST_LINE or len(str(error)) > LONGEST_MESSAGE:
            return f"a refusal of {len(line)} characters"
        if not one.path if kind == "expression" else one.position is None:
            return f"a refusal without its place: {line[:200]}"
    return None


def first_words(error: SpecError) -> str:
    """Of a message, without what it quotes: enough to see which refusals the inputs reach."""
    return " ".join(word for word in error.message.split() if word.isalpha())[:40]


def last_frames(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/pinn/" in frame.filename] or frames
    return " <- ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(own[-3:]))


def fuzz(
    number: int, expressions: Counts, specs: Counts, watch: Watch, of_each: tuple[int, int] = (PER_ROUND, PER_ROUND)
) -> None:
    """So many expressions and specs, which depend on the number of the round alone."""

    def quiet(count: int) -> settings:
        checks = list(HealthCheck)
        return settings(
            max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=checks
        )

    @seed(number)
    @quiet(of_each[0])
    @given(fuzz_inputs.expressions())
    def of_expressions(text: str) -> None:
        examine(expressions, watch, lambda: read_expression(text), text)

    @seed(number)
    @quiet(of_each[1])
    @given(fuzz_inputs.specs())
    def of_specs(drawn: tuple[str, Path]) -> None:
        text, folder = drawn
        examine(specs, watch, lambda: read_spec(text, folder), text)

    of_expressions()
    of_specs()


def table(all_counts: list[Counts], rounds: int) -> str:
    lines = [
        "# Random texts",
        "",
        f"`python -m benchmarks.fuzz`, {rounds} rounds, Python {platform.python_version()}: expressions grown from "
        "the grammar and cut up, shipped problems with values dropped, exchanged, nested and misspelt.",
        "",
        "| input | tried | accepted | refused | kinds of refusal | failures | seconds | slowest | most memory added |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for c in all_counts:
        lines.append(
            f"| {c.kind} | {c.tried:,} | {c.accepted:,} | {c.refused:,} | {len(c.refusals):,} | {len(c.failures)} "
            f"| {c.seconds:.0f} | {c.slowest:.2f} s | {c.megabytes:.0f} MB |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--first", type=int, default=0, help="number of the first round")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    watch, counts, number = Watch(), [Counts("expression"), Counts("spec")], options.first
    until = time.monotonic() + options.seconds
    while time.monotonic() < until:
        fuzz(number, *counts, watch)
        number += 1
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "fuzz.md").write_text(table(counts, number - options.first), encoding="utf-8")
        figures = [{**vars(c), "tried": c.tried, "refusals": dict(c.refusals.most_common(SHOWN))} for c in counts]
        content = {"rounds": [options.first, number], "python": platform.python_version(), "inputs": figures}
        (options.out / "fuzz.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
        print(f"round {number}: " + ", ".join(f"{c.kind} {c.tried} ({len(c.failures)} failed)" for c in counts))
    return int(any(c.failures for c in counts))


if __name__ == "__main__":
    sys.exit(main())
