"""Measuring: errors of a solution where the true values are known, on points never trained on; its probes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pinn.problem.probe import Extent
from pinn.problem.problem import Problem
from pinn.solution.solution import Solution
from pinn.training.estimates.sizes import SMALLEST_SHARE

ERROR_POINTS, ERROR_SEED = 5000, 424_242


@dataclass(frozen=True, eq=False)
class PointErrors:
    """A quantity at points never trained on: its error, its true value and the number of the subdomain, each [N]."""

    error: np.ndarray
    true: np.ndarray
    subdomain: np.ndarray


def errors(solution: Solution) -> tuple[dict[str, float], dict[str, float]]:
    """Relative L2 and largest error of every quantity that is known, of vectors and tensors as wholes too."""
    return norms(solution.problem, differences(solution))


def errors_by_subdomain(solution: Solution) -> dict[str, dict[str, dict[str, float]]]:
    """Subdomain -> {"relative_l2", "max_error"} in it alone; empty where there is only the domain."""
    problem = solution.problem
    found = differences(solution) if len(problem.subdomains) > 1 else {}
    by_name = {}
    for number, subdomain in enumerate(problem.subdomains if found else ()):
        inside = {
            name: PointErrors(d.error[d.subdomain == number], d.true[d.subdomain == number], d.subdomain)
            for name, d in found.items()
        }
        relative, largest = norms(problem, inside)
        by_name[subdomain.name] = {"relative_l2": relative, "max_error": largest}
    return by_name


def differences(solution: Solution) -> dict[str, PointErrors]:
    """Every quantity that is known, in closed form at random points, from a table at its own."""
    problem = solution.problem
    names = problem.exact_quantities
    closed = problem.exact[problem.subdomains[0].name]
    sources: list[tuple[list[str], np.ndarray, Mapping[str, Any]]] = []
    if known := [name for name in names if name in closed]:
        points = problem.heldout_points(ERROR_POINTS, ERROR_SEED)
        true = {name: values.numpy() for name, values in problem.exact_values(torch.as_tensor(points)).items()}
        sources.append((known, points, true))
    if tabulated := [name for name in names if name not in closed]:
        assert problem.reference is not None
        sources.append((tabulated, problem.reference.points, problem.reference.quantities))
    result = {}
    for known, points, true in sources:
        found, number = solution(points, known), problem.subdomains.number_at(torch.as_tensor(points)).numpy()
        result |= {name: PointErrors(found[name] - true[name], true[name], number) for name in known}
    return {name: result[name] for name in names}


def norms(problem: Problem, found: Mapping[str, PointErrors]) -> tuple[dict[str, float], dict[str, float]]:
    """Relative L2 and largest error of each quantity, and the former of vectors and tensors.

    A component that vanishes, less than SMALLEST_SHARE of the whole, is measured against that: 1e-9 of what is 1e-16
    of rounding is no error of 1e7.
    """
    squares = {name: (float(d.error @ d.error), float(d.true @ d.true)) for name, d in found.items()}
    largest = {name: float(np.abs(d.error).max(initial=0.0)) for name, d in found.items()}
    wholes = {**problem.vectors, **{name: tuple(parts.values()) for name, parts in problem.tensors.items()}}
    whole_of = {
        part: sum(squares[one][1] for one in parts)
        for parts in wholes.values()
        if all(part in squares for part in parts)
        for part in parts
    }
    relative = {
        name: ratio(error, size if size >= SMALLEST_SHARE**2 * (whole := whole_of.get(name, 0.0)) else whole)
        for name, (error, size) in squares.items()
    }
    for name, parts in wholes.items():
        if all(part in squares for part in parts):
            relative[name] = ratio(*(sum(squares[part][k] for part in parts) for k in (0, 1)))
    return relative, largest


def probed(solution: Solution) -> dict[str, dict[str, Any]]:
    """Each probe's value or list of values, with what was expected; of a list the relative L2 and largest error too.

    An extreme has its place beside it.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, probe in solution.problem.probes.items():
        if isinstance(probe, Extent):
            answered = solution.extents[name]
            values, place = np.array([answered.value]), answered.at
        else:
            values, place = solution(probe.points, [probe.quantity], probe.subdomain)[probe.quantity], None
        single = len(values) == 1
        found[name] = {"value": float(values[0]) if single else values.tolist()}
        if place is not None:
            found[name]["at"] = list(place)
            found[name]["unbounded"] = bool(np.isinf(values[0]))
        if probe.expected is None:
            continue
        expected = np.array(probe.expected)
        found[name]["expected"] = float(expected[0]) if single else expected.tolist()
        if not single:
            difference = values - expected
            found[name]["relative_l2"] = ratio(float(difference @ difference), float(expected @ expected))
            found[name]["max_error"] = float(np.abs(difference).max())
    return found


def ratio(error: float, size: float) -> float:
    """|error|/|size| from squares; the error itself where the true quantity is zero."""
    return math.sqrt(error / size) if size > 0 else math.sqrt(error)
