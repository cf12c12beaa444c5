"""Break one rule at a time in a copy of the package, and see whether the test that guards it fails.

    python benchmarks/mutants.py [--only RULE] [--missing] [--sample] [--out results/benchmarks]

`benchmarks/mutants.toml` is the table: groups of mutants with a rule, a file and a test, each mutant an old text that
occurs once in the file, a new text, and what the test's node id ends with. First every named test must pass on the copy
as it is. Then each mutant is written into the copy, a fork of this process (which has imported torch and what else
takes long, but nothing of pinn) runs the named test, and the file is put back. A mutant is caught where the test fails;
a test that does not run to its end (no such test, a file that cannot be imported) catches nothing. What was found is
kept in mutants.json after every mutant; `--missing` goes on with those not caught yet, one of each group first.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import py_compile
import shutil
import signal
import sys
import tempfile
import time
import tomllib
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "benchmarks" / "mutants.toml"
RESULTS = ROOT / "results" / "benchmarks"
COPIED = ("pinn", "tests", "problems", "benchmarks")
PYTEST = ("-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist")
PATIENCE = 600.0  # seconds for one test: a mutant that makes it run for ever is caught, too
PASSED, FAILED = 0, 1  # pytest's exit codes; all others mean that the test itself did not run
OUT_OF_TIME = -signal.SIGKILL


@dataclass(frozen=True)
class Mutant:
    """One rule broken: `old` in `file` becomes `new`, and `test` must fail. A sample of them runs with the tests."""

    rule: str
    file: str
    old: str
    new: str
    test: str
    sample: bool = False

    def mutated(self, text: str) -> str:
        """The file's text with the rule broken. Raises ValueError where the old text does not occur just once."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file}: {self.old!r} occurs {text.count(self.old)} times, not once")
        return text.replace(self.old, self.new)


def read_table(path: Path = TABLE) -> list[Mutant]:
    groups = tomllib.loads(path.read_text(encoding="utf-8"))["group"]
    found = []
    for group in groups:
        for number, (old, new, *suffix) in enumerate(group["mutants"]):
            test = group["test"] + "".join(suffix)
            found.append(
                Mutant(group["rule"], group["file"], old, new, test, number == 0 and group.get("sample", False))
            )
    return found


def copied(folder: Path) -> None:
    """The package and its tests, compiled so that a changed source is noticed whatever its time and size."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    compileall.compile_dir(folder / "pinn", quiet=2, invalidation_mode=mode)


def import_the_slow() -> None:
    """Packages that nearly every test needs: imported once, and shared by all forks."""
    import mpmath  # noqa: F401
    import pytest  # noqa: F401
    import scipy.stats  # noqa: F401
    import sympy  # noqa: F401
    import torch

    torch.set_num_threads(1)  # a fork has no threads but its own
    assert "pinn" not in sys.modules


def run_tests(folder: Path, tests: Sequence[str]) -> int:
    """pytest's exit code in a fork whose working directory is the copy; OUT_OF_TIME where it takes too long."""
    process = os.fork()
    if process == 0:
        code = 70
        try:
            code = in_copy(folder, tests)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    end = time.monotonic() + PATIENCE * len(tests)
    while time.monotonic() < end:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return OUT_OF_TIME


def in_copy(folder: Path, tests: Sequence[str]) -> int:
    import pytest

    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    import pinn

    assert Path(pinn.__file__ or "").is_relative_to(folder)
    code = int(pytest.main([*PYTEST, *tests]))
    sys.stdout.flush()
    return code


def outcome(folder: Path, mutant: Mutant) -> str:
    path = folder / mutant.file
    text = path.read_text(encoding="utf-8")
    path.write_text(mutant.mutated(text), encoding="utf-8")
    try:
        code = run_tests(folder, [mutant.test])
    finally:
        path.write_text(text, encoding="utf-8")
    return {FAILED: "caught", OUT_OF_TIME: "caught", PASSED: "survived"}.get(code, f"not run ({code})")


def key(mutant: Mutant) -> str:
    return f"{mutant.file} | {mutant.old} | {mutant.new} | {mutant.test}"


def table(outcomes: Mapping[str, str]) -> str:
    mutants = read_table()
    found = [outcomes.get(key(mutant), "not run yet") for mutant in mutants]
    lines = [
        "# Rules broken one at a time",
        "",
        "`python benchmarks/mutants.py`: each line of `benchmarks/mutants.toml` breaks one rule in a copy of the",
        "package; the named test must fail. On the copy as it is every one of these tests passes.",
        "",
        f"{len(mutants)} mutants: {', '.join(f'{found.count(each)} {each}' for each in dict.fromkeys(sorted(found)))}.",
    ]
    rule = ""
    for mutant, outcome in zip(mutants, found, strict=True):
        if mutant.rule != rule:
            rule = mutant.rule
            lines += ["", f"## {rule}", "", "| file | instead of | stands | test | |", "|---|---|---|---|---|"]
        texts = (mutant.file, mutant.old.strip(), mutant.new.strip() or " ", mutant.test)
        cells = [f"`{text}`".replace("|", "\\|").replace("\n", " ") for text in texts]
        lines.append(f"| {' | '.join(cells)} | {outcome} |")
    return "\n".join([*lines, ""])


def kept(out: Path, outcomes: Mapping[str, str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "mutants.json").write_text(json.dumps(outcomes, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / "mutants.md").write_text(table(outcomes), encoding="utf-8")


def chosen(options: argparse.Namespace, outcomes: Mapping[str, str]) -> list[Mutant]:
    mutants = [m for m in read_table() if (options.only or "") in m.rule and (m.sample or not options.sample)]
    if not options.missing:
        return mutants
    missing = [mutant for mutant in mutants if outcomes.get(key(mutant)) != "caught"]
    seen: Counter[tuple[str, str]] = Counter()
    place = {}
    for mutant in missing:
        place[mutant] = seen[mutant.rule, mutant.file]
        seen[mutant.rule, mutant.file] += 1
    return sorted(missing, key=place.__getitem__)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="the rules that have this in their name")
    parser.add_argument("--missing", action="store_true", help="those alone that are not known to be caught")
    parser.add_argument("--sample", action="store_true", help="the few mutants of the test suite; nothing is written")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    before = options.out / "mutants.json"
    fresh = not before.exists() or not (options.only or options.missing)
    outcomes = {} if fresh else json.loads(before.read_text(encoding="utf-8"))
    mutants, missed = chosen(options, outcomes), 0
    import_the_slow()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        copied(folder)
        if run_tests(folder, list(dict.fromkeys(mutant.test for mutant in mutants))) != PASSED:
            raise SystemExit("a test fails although nothing is broken:\n" + (folder / "log").read_text())
        for mutant in mutants:
            begun = time.monotonic()
            found = outcomes[key(mutant)] = outcome(folder, mutant)
            missed += found != "caught"
            print(
                f"{found:10} {time.monotonic() - begun:5.1f} s  {mutant.rule}: {mutant.old} -> {mutant.new}", flush=True
            )
            if not options.sample:
                kept(options.out, outcomes)
    if missed:
        raise SystemExit(f"{missed} of {len(mutants)} mutants are not caught")


if __name__ == "__main__":
    main()
