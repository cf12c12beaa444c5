"""Every problem of problems/ on a card and on the CPU beside it: python -m benchmarks.gpu [--seconds 6] [--only NAME …]

Two processes work at the same time, one on the card, one on the CPU; each is imported once and solves problem after
problem within the same limit of time, so that all are through in less than ten minutes. A problem that fails is a row
with its error; one that takes its process down, as a card that lost its memory does, costs a new process and no more.

Writes results/benchmarks/gpu.json and .md: errors, seconds of the solution, peak memory (of the card: what tensors
held; of the CPU: the process). Without a card it says so and measures nothing; `--card cpu` runs all of it on two CPUs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from pinn.files.shipped import shipped_names

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results" / "benchmarks"
SECONDS = 6.0  # limit of each problem: some 60 of them, with loading and estimates, are through in less than 10 minutes
NO_CARD = "no card: torch finds no CUDA device here; nothing was measured (`--card cpu` runs all of it on the CPU)"


# ---- in a process for one device -------------------------------------------------------------------------------------


def work(device: str, seconds: float, names: Sequence[str]) -> None:
    """Solve these problems in turn; a line of JSON after each."""
    for name in names:
        print(json.dumps({"problem": name, **attempt(name, device, seconds)}), flush=True)


def attempt(name: str, device: str, seconds: float) -> dict[str, Any]:
    import torch

    import pinn

    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    begun = perf_counter()
    try:
        problem = pinn.load(name)
        limit = min(seconds, problem.spec.solver.time_limit)
        metrics = pinn.solve(pinn.load(name, solver={"time_limit": limit}), device=device).metrics
    except Exception as error:  # whatever it is, the next problem has its turn
        return {"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}
    return {
        "errors": metrics["relative_l2"],
        "heldout": metrics["heldout_residual"],
        "verdict": metrics["verdict"],
        "solve": metrics["seconds"]["solve"],
        "total": perf_counter() - begun,
        "memory": peak_memory(device),
    }


def peak_memory(device: str) -> float:
    """In MB: of the card since the problem began, of the CPU since the process did."""
    import resource

    import torch

    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ---- in the process that waits for both ------------------------------------------------------------------------------


def measured(device: str, seconds: float, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """problem -> what its device made of it. A process that ends before its last problem is followed by another."""
    found: dict[str, dict[str, Any]] = {}
    while left := [name for name in names if name not in found]:
        command = [sys.executable, "-m", "benchmarks.gpu", "--work", device, "--seconds", str(seconds), "--only", *left]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            said: list[str] = []
            listener = threading.Thread(target=said.extend, args=(process.stderr,), daemon=True)
            listener.start()  # a pipe that nobody reads would stop the process
            for line in process.stdout:
                row = json.loads(line)
                found[row.pop("problem")] = row
                print(f"{device}: {line.strip()}", flush=True)
        listener.join()
        missing = [name for name in left if name not in found]
        if missing:
            last = said[-1].strip() if said else f"exit code {process.returncode}"
            found[missing[0]] = {"failed": f"its process ended: {last[:200]}"}
    return found


def both(card: str, seconds: float, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """On the card and on the CPU, at the same time."""
    results: list[dict[str, Any]] = [{}, {}]

    def run(place: int, device: str) -> None:
        results[place] = measured(device, seconds, names)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate((card, "cpu"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results[0], results[1]


def card_name(card: str) -> str | None:
    """What torch calls the card; None where there is none."""
    import torch

    if card != "cuda":
        return f"{card} ({torch.get_num_threads()} threads), in place of a card"
    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def table(found: dict[str, Any]) -> str:
    rows = found["rows"]
    failed = [row["problem"] for row in rows if "failed" in row["card"] and "failed" not in row["cpu"]]
    lines = [
        "# Every problem on a card",
        "",
        f"`python -m benchmarks.gpu`: {found['card']}, torch {found['torch']}; beside it {found['cores']} cores.",
        f"Both have {found['seconds']:g} s for each problem. Seconds are those of the solution, MB the peak.",
        "",
        f"{len(rows)} problems in {found['minutes']:.1f} minutes; failed on the card alone: "
        f"{', '.join(failed) or 'none'}.",
        "",
        "| problem | error, card | error, CPU | seconds, card | seconds, CPU | MB, card | MB, CPU | verdict, card |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        card, cpu = row["card"], row["cpu"]
        lines.append(
            f"| {row['problem']} | {error_of(card)} | {error_of(cpu)} | {number(card, 'solve', '.1f')} "
            f"| {number(cpu, 'solve', '.1f')} | {number(card, 'memory', '.0f')} | {number(cpu, 'memory', '.0f')} "
            f"| {card.get('verdict', card.get('failed'))} |"
        )
    return "\n".join(lines) + "\n"


def error_of(one: dict[str, Any]) -> str:
    """The largest relative error that is known, else the held-out residual in brackets."""
    if "failed" in one:
        return "failed"
    return f"{max(one['errors'].values()):.1e}" if one["errors"] else f"({one['heldout']:.1e})"


def number(one: dict[str, Any], key: str, form: str) -> str:
    return format(one[key], form) if key in one else ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=SECONDS, help="limit of each problem")
    parser.add_argument("--only", nargs="*", default=list(shipped_names()))
    parser.add_argument("--card", default="cuda", help="cuda, or cpu for a run without a card")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.work:
        work(chosen.work, chosen.seconds, chosen.only)
        return 0
    name = card_name(chosen.card)
    if name is None:
        print(NO_CARD)
        return 4
    import torch

    begun = perf_counter()
    card, cpu = both(chosen.card, chosen.seconds, chosen.only)
    found = {
        "card": name,
        "torch": torch.__version__,
        "cores": os.cpu_count(),
        "seconds": chosen.seconds,
        "minutes": (perf_counter() - begun) / 60,
        "rows": [{"problem": problem, "card": card[problem], "cpu": cpu[problem]} for problem in chosen.only],
    }
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "gpu.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (chosen.out / "gpu.md").write_text(table(found), encoding="utf-8")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
