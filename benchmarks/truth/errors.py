"""True errors of a run: what it left, evaluated where the right values are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.truth.answers import Answer, At, Value
from pinn.equations.compiler.compile import evaluate
from pinn.equations.subdomains import Subdomain
from pinn.problem.problem import Problem
from pinn.solution.solution import Solution

POINTS, SEED = 2000, 97  # for closed forms, of no training
LINE = np.polynomial.legendre.leggauss(200)  # for the mean along a line


@dataclass(frozen=True)
class Error:
    """Of a field, a quantity at points, a probe or an unknown: relative, and to what the right value is known."""

    relative: float
    within: float


def true_errors(answer: Answer, solution: Solution) -> dict[str, Error]:
    """Label -> error. Of several right solutions the one counts that is nearest."""
    found = {}
    if answer.from_metrics:
        return reported(solution)
    if answer.solutions:
        each = [closed_errors(answer, solution, forms) for forms in answer.solutions]
        found |= min(each, key=worst)
    if answer.rows:
        found |= min((row_errors(solution, rows) for rows in answer.rows), key=worst)
    metrics = solution.metrics
    for name, right in answer.probes.items():
        found[f"probe {name}"] = number_error(metrics["probes"][name]["value"], right)
    for name, right in answer.unknowns.items():
        found[f"unknown {name}"] = number_error(metrics["unknowns"][name], right)
    return found


def worst(errors: Mapping[str, Error]) -> float:
    return max(
        (error.relative if math.isfinite(error.relative) else math.inf for error in errors.values()), default=math.nan
    )


def number_error(found: float | None, right: Value) -> Error:
    """Of a number whose size is its own, absolute where it is zero."""
    if found is None:
        return Error(math.inf, right.within)
    return Error(abs(found - right.value) / (abs(right.value) or 1.0), right.within)


def closed_errors(answer: Answer, solution: Solution, forms: Mapping[str, str]) -> dict[str, Error]:
    """Relative L2 of each field against its closed form; of a component of a vector relative to the vector."""
    problem = solution.problem
    points = problem.heldout_points(POINTS, SEED)
    right = closed_values(problem, forms, points)
    found = solution(points, list(forms))
    sizes = {name: float(np.linalg.norm(values)) for name, values in right.items()}
    for components in problem.vectors.values():
        if set(components) <= set(sizes):
            whole = math.hypot(*(sizes[name] for name in components))
            sizes |= dict.fromkeys(components, whole)
    return {
        name: Error(
            float(np.linalg.norm(found[name] - right[name])) / (sizes[name] or math.sqrt(POINTS)), answer.within
        )
        for name in forms
    }


def closed_values(problem: Problem, forms: Mapping[str, str], points: np.ndarray) -> dict[str, np.ndarray]:
    """Closed forms, texts in the problem's own names, at points [N, D], each in its subdomain: name -> [N]."""

    def evaluated(subdomain: Subdomain, points: Tensor) -> dict[str, Tensor]:
        inputs = {axis: points[:, number] for number, axis in enumerate(problem.axes)}
        return {
            name: evaluate(subdomain.scope.expression(text, ("closed", name)), inputs, len(points), points)
            for name, text in forms.items()
        }

    found = problem.subdomains.piecewise(torch.as_tensor(points), evaluated)
    return {name: values.numpy() for name, values in found.items()}


def row_errors(solution: Solution, rows: Sequence[At]) -> dict[str, Error]:
    """Largest error of each quantity at its points, relative to its largest right value, with the mean ones apart."""
    found: dict[str, Error] = {}
    labels = {(row.quantity, row.to is not None) for row in rows}
    for quantity, along in sorted(labels):
        ours = [row for row in rows if row.quantity == quantity and (row.to is not None) == along]
        size = max(abs(row.right.value) for row in ours) or 1.0
        values = [mean(solution, row) for row in ours] if along else at_points(solution, quantity, ours)
        relative = max(abs(value - row.right.value) / size for value, row in zip(values, ours, strict=True))
        label = f"mean {quantity}" if along else quantity
        found[label] = Error(float(relative), max(row.right.within for row in ours))
    return found


def at_points(solution: Solution, quantity: str, rows: Sequence[At]) -> list[float]:
    return solution(np.array([row.at for row in rows]), [quantity])[quantity].tolist()


def mean(solution: Solution, row: At) -> float:
    nodes, weights = LINE
    start, end = np.array(row.at), np.array(row.to)
    points = start + (end - start) * (nodes[:, None] + 1) / 2
    return float(weights @ solution(points, [row.quantity])[row.quantity] / 2)


def reported(solution: Solution) -> dict[str, Error]:
    """Errors of a file of problems/ as its metrics have them: of fields, probes with an expected value, unknowns."""
    metrics, fields = solution.metrics, solution.problem.fields
    known: Mapping[str, float | None] = metrics.get("relative_l2") or {}
    chosen = {name: error for name, error in known.items() if name in fields} or known
    found = {name: Error(math.inf if error is None else error, 0.0) for name, error in chosen.items()}
    for name, probe in (metrics.get("probes") or {}).items():
        if "relative_l2" in probe:
            found[f"probe {name}"] = Error(probe["relative_l2"], 0.0)
        elif "expected" in probe:
            found[f"probe {name}"] = number_error(probe["value"], Value(probe["expected"], 0.0))
    for name, error in (metrics.get("unknown_errors") or {}).items():
        found[f"unknown {name}"] = Error(error, 0.0)
    return found


def estimates(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The run's own estimates of relative errors, by the same labels; empty where it gives none.

    Those of probes are in the unit of their values.
    """
    found = {name: float(error) for name, error in (metrics.get("error_estimate") or {}).items()}
    for name, probe in (metrics.get("probes") or {}).items():
        if "error_estimate" in probe and isinstance(probe["value"], float):
            found[f"probe {name}"] = float(probe["error_estimate"]) / (abs(probe["value"]) or 1.0)
    return found
