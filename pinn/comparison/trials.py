"""The trials of a comparison: the same spec with one activation and one seed each, every one in a run directory."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pinn
from pinn.comparison.curvature import diagnose, reference_figures
from pinn.comparison.hardness import gate_curvature
from pinn.comparison.processes import Job
from pinn.errors import SpecError
from pinn.files.writing import write_json
from pinn.problem.compatibility import refuse_incompatible
from pinn.problem.features import Asked
from pinn.problem.problem import Problem
from pinn.solution.solution import Solution
from pinn.spec.yaml.source import dump
from pinn.training.run.stop_reason import StopReason

# What most people run: a plain deep network under Adam, then L-BFGS.
DEEP = ("network.hidden=[64, 64, 64, 64]", "solver.method=[{adam: {iterations: 2000}}, {lbfgs: {iterations: 5000}}]")
WITHOUT_PICTURES = ("outputs.figures=false", "outputs.formats=[]")  # of each run: a comparison draws its own
STYLES: dict[str, tuple[str, ...]] = {"spec": (), "deep": DEEP}


@dataclass(frozen=True, eq=False)
class Trial:
    """One run of a comparison.

    name       the activation as the user wrote it
    hardness   where the trial is a step of the walk from GELU to ReLU
    spec       the resolved spec, as the run itself writes it
    untrained  figures of the network before training, shared by all seeds and filled when first asked for
    """

    name: str
    hardness: float | None
    seed: int
    job: Job
    spec: str
    untrained: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.name}  seed {self.seed}"

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """metrics.json of a finished run; empty where there is none."""
        return self.job.metrics or {}

    @property
    def finished(self) -> bool:
        """Whether this very run is there already, from this comparison or from an earlier one."""
        written = self.job.out / "spec.yaml"
        metrics = self.job.metrics
        same = written.is_file() and written.read_text(encoding="utf-8") == self.spec
        return same and metrics is not None and metrics["stop_reason"] != StopReason.INTERRUPTED

    def clear(self) -> None:
        """Remove what an unfinished run or one with other settings left."""
        shutil.rmtree(self.job.out, ignore_errors=True)

    @cached_property
    def solution(self) -> Solution:
        """Measured with jets, also where it was trained with the slow reference."""
        solution = Solution.load(self.job.out)
        solution.model.derivatives = "jets"
        return solution

    @property
    def learned_hardness(self) -> list[float] | None:
        """lambda of each hidden layer, of one per neuron the mean; None where none was trained."""
        learned = self.solution.model.network.learned_hardness
        return [float(layer.detach().mean()) for layer in learned] or None

    @cached_property
    def diagnosis(self) -> dict[str, Any]:
        """The curvature diagnostics; computed once and kept with the run."""
        file = self.job.out / "curvature.json"
        if not file.is_file():
            if not self.untrained:
                self.untrained.update(reference_figures(self.solution.problem))
            gates = gate_curvature(self.solution)
            found = {"gate_curvature": gates.mean_square, "gate_curvature_predicted": gates.predicted}
            write_json(file, {**diagnose(self.solution, self.untrained), **found})
        return json.loads(file.read_text(encoding="utf-8"))

    def error(self, quantity: str) -> float:
        """The relative L2 error of a quantity; infinity where it is not finite or not known."""
        value = self.metrics.get("relative_l2", {}).get(quantity)
        return math.inf if value is None else value

    def curve(self, quantity: str | None) -> list[tuple[float, float]]:
        """(seconds, error) of the best network so far; the held-out residual where no quantity is known."""
        column = "heldout_residual" if quantity is None else f"error:{quantity}"
        with (self.job.out / "history.csv").open(newline="", encoding="utf-8") as stream:
            curve = [(float(row["seconds"]), float(row[column])) for row in csv.DictReader(stream) if row.get(column)]
        last = self.metrics["heldout_residual"] if quantity is None else self.error(quantity)
        return [*curve, (self.metrics["seconds"]["solve"], math.inf if last is None else last)]


def plan_trials(
    file: Path, activations: Sequence[str], hardness: Sequence[float], seeds: int, overrides: Sequence[str], out: Path
) -> list[Trial]:
    """All activations with the first seed, then with the next. Raises SpecError for an unknown activation."""
    problem = pinn.load(file, overrides=overrides)
    refuse_incompatible(Asked(problem.spec, problem, by="compare"))
    chosen = [(name, activation_value(name, problem), None) for name in activations]
    chosen += [
        (f"lambda_gelu {value:g}", f"{{lambda_gelu: {{hardness: {value!r}, trainable: false}}}}", value)
        for value in hardness
    ]
    trials = []
    untrained: dict[str, dict[str, Any]] = {name: {} for name, _, _ in chosen}
    for seed in range(seeds):
        for name, value, step in chosen:
            settings = (*overrides, f"network.activation={value}", *WITHOUT_PICTURES)
            try:
                resolved = pinn.load(file, overrides=[*settings, f"solver.seed={seed}"]).spec.resolved()
            except SpecError as error:
                raise SpecError(("--hardness" if step else "--activations",), error.message) from None
            folder = re.sub(r"[^a-z0-9_.]+", "-", name.lower()).strip("-")
            job = Job(file, out / "runs" / f"{folder}-seed{seed}", seed, settings)
            trials.append(Trial(name, step, seed, job, dump(resolved), untrained[name]))
    return trials


def activation_value(name: str, problem: Problem) -> str:
    """What `network.activation` is set to for a name of the list.

    lambda_gelu alone is the spec's own where it has one, else with trained hardness: fixed at 1 it would be gelu.
    """
    if name != "lambda_gelu":
        return name
    own = problem.spec.network.activation
    return json.dumps(own.written()) if own.name == name else "{lambda_gelu: {trainable: true}}"
