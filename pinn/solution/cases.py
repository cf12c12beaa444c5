"""Load cases of a solution: each a solution of its own; metrics.json of a run with several."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from pinn.solution.judgement import BEST_FIRST
from pinn.solution.metrics import metrics
from pinn.solution.seconds import Seconds
from pinn.solution.solution import Solution
from pinn.solution.verdict import Verdict
from pinn.training.loop import Outcome
from pinn.training.residuals.assembly import heldout_residual
from pinn.training.residuals.linearisation import show_case
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw_heldout

# What metrics.json says of each case; the rest is that of the whole run.
OF_EACH = (
    "verdict", "because", "message", "heldout_residual", "relative_l2", "max_error", "error_estimate",
    "relative_residuals", "corners", "balance", "subdomains", "probes",
)  # fmt: skip


def cases_of(solution: Solution) -> dict[str, Solution]:
    """Case or combination -> its solution, all with one network but for the output layer."""
    found = {}
    for number, (name, problem) in enumerate(solution.problem.cases.items()):
        whole = copy.deepcopy(solution.model)
        show_case(whole, number)
        model = Model(problem, whole.network, whole.derivatives)
        said = {**solution.metrics, **solution.metrics.get("cases", {}).get(name, {})}
        said.pop("cases", None)
        found[name] = Solution(problem, model, said, solution.history, solution.environment)
    return found


def metrics_of_cases(solution: Solution, result: Outcome, device: torch.device, seconds: Seconds) -> dict[str, Any]:
    """The content of metrics.json: of the first case, the verdict of the worst, and each under `cases`."""
    every: dict[str, dict[str, Any]] = {}
    scale = solution.model.network.field_scale
    for name, one in solution.cases.items():
        heldout = heldout_residual(one.model, draw_heldout(one.problem, scale.device, scale.dtype))
        every[name] = metrics(one, replace(result, model=one.model, heldout=heldout), device, seconds)
    worst = max(every, key=lambda name: BEST_FIRST.index(Verdict(every[name]["verdict"])))
    found = {**next(iter(every.values())), "heldout_residual": result.heldout}
    for key in ("verdict", "because", "stop_reason", "message"):
        found.pop(key, None)
        if key in every[worst]:
            found[key] = every[worst][key]
    if found["verdict"] != Verdict.SOLVED and "because" in found:
        found["because"] = f"{worst}: {found['because']}"
    cases = {name: {key: one[key] for key in OF_EACH if key in one} for name, one in every.items()}
    for name, one in solution.cases.items():
        one.metrics = every[name]
    return {**found, "cases": cases, **({"governing": most} if (most := governing(cases)) else {})}


def governing(cases: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Probe of one value -> the case in which it is largest in size, and its value there."""
    found: dict[str, dict[str, Any]] = {}
    for name, case in cases.items():
        for probe, entry in case["probes"].items():
            value = entry["value"]
            if not isinstance(value, float) or math.isnan(value):
                continue
            if probe not in found or abs(value) > abs(found[probe]["value"]):
                found[probe] = {"case": name, "value": value}
    return found
