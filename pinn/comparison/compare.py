"""A comparison of activations: trials run, summed up as JSON and CSV."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pinn.comparison.hardness_profile import agreement
from pinn.comparison.processes import Job, run_all
from pinn.comparison.race import primary_quantity
from pinn.comparison.trials import Trial
from pinn.comparison.verdict import verdict
from pinn.problem.problem import Problem


@dataclass
class Comparison:
    """Trials of one problem. `messages` says why a trial left no result, under its directory's name."""

    problem: Problem
    solver: str
    trials: Sequence[Trial]
    messages: dict[str, str] = field(default_factory=dict)

    def run(self, at_once: int, threads: int, say: Callable[[str], None]) -> None:
        """Run what is not finished yet; a failing trial is said and survived."""
        waiting = [trial for trial in self.trials if not trial.finished]
        if kept := len(self.trials) - len(waiting):
            say(f"{kept} of {len(self.trials)} runs are there already")
        by_job = {trial.job: trial for trial in waiting}
        done = [0]

        def ended(job: Job, message: str) -> None:
            done[0] += 1
            self.messages[job.out.name] = message
            say(f"{by_job[job].label}  {message or self.outcome(by_job[job])}  ({done[0]} of {len(waiting)})")

        for trial in waiting:
            trial.clear()
        run_all(by_job, at_once, threads, lambda job: say(f"{by_job[job].label}  …"), ended)

    def outcome(self, trial: Trial) -> str:
        quantity = self.quantity
        what = f"error {trial.error(quantity):.1e} of {quantity}" if quantity else "solved"
        return f"{what} in {trial.metrics['seconds']['solve']:.1f} s, {trial.metrics['stop_reason']}"

    @property
    def quantity(self) -> str | None:
        """Whose error is compared."""
        return primary_quantity(self.problem)

    @property
    def activations(self) -> list[str]:
        return list(dict.fromkeys(trial.name for trial in self.trials if trial.hardness is None))

    def solved(self, name: str) -> list[Trial]:
        """The trials of a name that left a result."""
        return [trial for trial in self.trials if trial.name == name and trial.metrics]

    def typical(self, name: str) -> Trial | None:
        """The trial with the median error, which pictures show."""
        trials = self.solved(name)
        quantity = self.quantity
        ranked = sorted(trials, key=lambda t: t.error(quantity)) if quantity else trials
        return ranked[(len(ranked) - 1) // 2] if ranked else None

    def summary(self) -> dict[str, Any]:
        """comparison.json."""
        found = {
            "problem": self.problem.name,
            "solver": self.solver,
            "quantity": self.quantity,
            "activations": {name: self.entry(name) for name in self.activations},
        }
        quantity = self.quantity
        errors = [entry["relative_l2"].get(quantity) for entry in found["activations"].values()]
        smallest = min((error for error in errors if error is not None), default=None)
        for name, entry in found["activations"].items():
            error = entry["relative_l2"].get(quantity)
            if entry["curvature"]:
                entry["verdict"] = verdict(name, entry["curvature"], error, smallest)
            else:
                entry["verdict"] = f"No result: {'; '.join(entry['messages']) or 'the runs have not ended'}"
        learned = {name: agreement(self.profiles(name)) for name in self.activations if self.learns(name)}
        if learned:
            found["hardness_over_seeds"] = learned
        walk = {trial.name: trial.hardness for trial in self.trials if trial.hardness is not None}
        if walk:
            found["hardness"] = [{"hardness": value, **self.entry(name)} for name, value in walk.items()]
        return found

    def learns(self, name: str) -> bool:
        """Whether the activation has a hardness that is trained."""
        return any(trial.learned_hardness is not None for trial in self.solved(name))

    def profiles(self, name: str) -> dict[int, list[float]]:
        """seed -> the final hardness of each layer."""
        found = {trial.seed: trial.learned_hardness for trial in self.solved(name)}
        return {seed: profile for seed, profile in found.items() if profile is not None}

    def entry(self, name: str) -> dict[str, Any]:
        """One activation over its seeds: medians, and [smallest, largest] of the errors."""
        trials = self.solved(name)
        errors = {q: [t.error(q) for t in trials] for q in (trials[0].metrics["relative_l2"] if trials else ())}
        mine = [trial for trial in self.trials if trial.name == name]
        messages = [self.messages.get(trial.job.out.name, "") for trial in mine]
        return {
            "relative_l2": {quantity: statistics.median(values) for quantity, values in errors.items()},
            "spread": {quantity: [min(values), max(values)] for quantity, values in errors.items()},
            "heldout_residual": median([trial.metrics["heldout_residual"] for trial in trials]),
            "seconds": median([trial.metrics["seconds"]["solve"] for trial in trials]),
            "stop_reasons": [trial.metrics["stop_reason"] for trial in trials],
            "messages": sorted({message for message in messages if message}),
            "curvature": median([trial.diagnosis for trial in trials]),
        }

    def table(self) -> str:
        """comparison.csv: one line per run."""
        quantities = list(dict.fromkeys(q for trial in self.trials for q in trial.metrics.get("relative_l2", ())))
        header = ["activation", "hardness", "seed", "stop_reason", "seconds", "heldout_residual", "message"]
        stream = io.StringIO()
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow([*header, *(f"error:{quantity}" for quantity in quantities)])
        for trial in self.trials:
            metrics = trial.metrics
            cells = [trial.name, trial.hardness, trial.seed, metrics.get("stop_reason")]
            cells += [metrics.get("seconds", {}).get("solve"), metrics.get("heldout_residual")]
            cells += [self.messages.get(trial.job.out.name) or metrics.get("message")]
            cells += [metrics.get("relative_l2", {}).get(quantity) for quantity in quantities]
            lines.writerow(["" if cell is None else cell for cell in cells])
        return stream.getvalue()


def median(values: Sequence[Any]) -> Any:
    """Of numbers; of mappings, each key by itself; of texts the first. None does not count; None where none is left."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    if isinstance(known[0], dict):
        return {key: median([value.get(key) for value in known]) for key in known[0]}
    return known[0] if isinstance(known[0], str) else statistics.median(known)
