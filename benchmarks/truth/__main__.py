"""Truth: does a run say that it is solved where it is wrong, or that it is not where it is right?

    python -m benchmarks.truth [NAMES] [--seeds 0 1 2] [--limit S] [--jobs N] [--quick] [--fresh] [--rules] [--out DIR]

NAMES are names or kinds of the corpus, `problems`, or problems/NAME; default: everything. Runs that are in the table
already are kept, unless --fresh. Writes results/benchmarks/truth.json and truth.md after every run; ends with exit
code 1 where a claim is false. `--rules` runs nothing: it writes truth_rules.md, which problems of the table are claimed
wrongly without one of the verdict's rules, and ends with 1 where nothing notices one. `--corpus DIR` only writes the
corpus with its tables, to be solved by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from benchmarks.truth.answers import Answer, answers, shipped
from benchmarks.truth.judgement import FAILURES, Outcome
from benchmarks.truth.page import page, summary
from benchmarks.truth.rules import noticed, rules_page
from benchmarks.truth.runs import ROOT, Row, laid_out, plain, restored, run

RESULTS = ROOT / "results" / "benchmarks"


def chosen(names: Sequence[str], quick: bool) -> list[Answer]:
    """The problems of these names and kinds. Raises SystemExit for an unknown one."""
    everything = answers()
    if not quick and (not names or any(name.startswith("problems") for name in names)):
        everything = everything | shipped()
    if strange := [name for name in names if not any(name in (one.name, one.kind) for one in everything.values())]:
        raise SystemExit(f"unknown problem or kind: {', '.join(strange)}")
    wanted = [one for one in everything.values() if not names or one.name in names or one.kind in names]
    return [one for one in wanted if one.quick] if quick else wanted


def save(rows: dict[tuple[str, int], Row], out: Path) -> None:
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    ordered = sorted(rows.values(), key=lambda row: (row.kind, row.name, row.seed))
    out.mkdir(parents=True, exist_ok=True)
    content = json.dumps({"machine": machine, "runs": plain(ordered)}, indent=1, allow_nan=False)
    (out / "truth.json").write_text(content + "\n", encoding="utf-8")
    (out / "truth.md").write_text(page(ordered, machine, len(answers())), encoding="utf-8")


def write_rules(rows: Sequence[Row], out: Path) -> None:
    """Raises SystemExit where the table does not notice that a rule is missing."""
    known = answers()
    text = rules_page(rows, known)
    (out / "truth_rules.md").write_text(text, encoding="utf-8")
    print(text)
    if not all(any(worse.values()) for worse in noticed(rows, known).values()):
        raise SystemExit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--limit", type=float, help="most seconds for one run; default: what its answer says")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="only those that end in a few seconds")
    parser.add_argument("--fresh", action="store_true", help="repeat runs that are in the table")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="write the corpus with its tables there, and stop")
    parser.add_argument("--rules", action="store_true", help="the table without each of the verdict's rules, and stop")
    options = parser.parse_args()
    if options.corpus:
        options.corpus.mkdir(parents=True, exist_ok=True)
        print(laid_out(options.corpus))
        return
    file = options.out / "truth.json"
    kept = restored(json.loads(file.read_text(encoding="utf-8"))["runs"]) if file.is_file() else []
    rows = {(row.name, row.seed): row for row in kept}
    if options.rules:
        write_rules(kept, options.out)
        return
    pending = [
        (one, seed)
        for one in chosen(options.names, options.quick)
        for seed in options.seeds
        if options.fresh or (one.name, seed) not in rows
    ]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        corpus = laid_out(Path(folder))
        futures = [
            pool.submit(run, one, seed, min(one.limit, options.limit or one.limit), corpus) for one, seed in pending
        ]
        for future in as_completed(futures):
            row = future.result()
            rows[row.name, row.seed] = row
            save(rows, options.out)
            error = "" if row.error is None else f", error {row.error:.1e}"
            print(f"{row.name} ({row.seed}): {row.claim}{error}, {row.seconds:.0f} s: {row.outcome}", flush=True)
    print("\n".join(summary(list(rows.values()))))
    if any(Outcome(row.outcome) in FAILURES for row in rows.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
