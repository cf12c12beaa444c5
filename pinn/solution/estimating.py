"""Estimates: how far a solution is from the true one, without knowing that; what its statements leave open.

A quantity q of the solution u has the estimated error q(u + e) - q(u), with e Newton's correction in features of
another seed (`training/estimates/companion.py`). Of a march, u + e is a second march (`training/march/second.py`), of a
partition of unity a second solution on the same cells (`training/cells/second.py`). Of a least energy, which has no
residuals to correct, it is the solution of the level before: that is the coarser one's error, and more than that of u.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np

from pinn.network.cell_network import CellNetwork
from pinn.network.march_network import MarchNetwork
from pinn.problem.probe import Extent
from pinn.problem.problem import Problem
from pinn.problem.steps import steps
from pinn.solution.extents import answer
from pinn.solution.horizon import KNOWN, known_until
from pinn.solution.solution import Solution
from pinn.training.cells.second import second_cells
from pinn.training.estimates.companion import Companion
from pinn.training.estimates.curvature import falls
from pinn.training.estimates.freedom import amplification, freedom
from pinn.training.estimates.relative_residuals import relative_residuals
from pinn.training.estimates.sizes import SMALLEST_SHARE
from pinn.training.march.second import second_march
from pinn.training.residuals.assembly import heldout_residual
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw_heldout

POINTS, SEED = 2000, 616_161
LEAST_SECONDS = 2.0  # for a second solution
AFTERWARDS = 2.5  # seconds, for what follows it: errors by quantity, files
VANISHES = 1e-6  # of the magnitude that the equations give a field, which is zero below: 200 waves of a load leave 3e-6
# Of the size of a probe's quantity: a value below it, whose error is below it too, is zero but for rounding.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Estimates:
    """quantities   name -> estimated relative L2 error, fields first
    probes       name -> largest estimated error of its values, in the quantity's unit, and relative to the values
    residuals    statement -> relative residual (`training/estimates/relative_residuals.py`)
    free         sentences: what the statements leave open
    amplified    a sentence where residuals are amplified, though nothing is open
    reach        the largest relative error that the residual may cause there; 0 where nothing is amplified
    corrected    the solution with its correction
    saddle       whether a declared energy falls from the solution
    horizon      the time up to which all fields are known to three digits, None where that is always (horizon.py)
    """

    quantities: dict[str, float] = field(default_factory=dict)
    probes: dict[str, tuple[float, float]] = field(default_factory=dict)
    residuals: dict[str, float] = field(default_factory=dict)
    free: tuple[str, ...] = ()
    amplified: str | None = None
    reach: float = 0.0
    corrected: Model | None = None
    saddle: bool = False
    horizon: float | None = None


def estimate(solution: Solution, latest: float = math.inf) -> Estimates:
    """All estimates of a solution of the equations; `latest` is the moment at which its run has to be over."""
    problem, model = solution.problem, solution.model
    scale = model.network.field_scale
    heldout = draw_heldout(problem, scale.device, scale.dtype)
    marched = isinstance(model.network, MarchNetwork)
    companion = Companion(problem, model) if problem.space or not marched else None
    modes = companion.modes() if companion else []
    better = second_solution(solution, latest)
    if better is None:
        better = (companion or Companion(problem, model)).corrected()
    corrected = Solution(problem, better, {}, [], {})
    names = [statement.name for statement in problem.statements]
    worst: dict[str, float] = {}
    for name, share in zip(names, relative_residuals(model, heldout), strict=True):
        worst[name] = larger(worst.get(name, 0.0), share)
    free = (*freedom(problem, modes), *map(narrow, problem.scan.unseen), *steps(problem))
    amplified = None if free else amplification(modes)
    reach = modes[0].gain * heldout_residual(model, heldout) if amplified else 0.0
    return Estimates(
        quantities=quantity_errors(solution, corrected),
        probes=probe_errors(solution, corrected),
        residuals=worst,
        free=free,
        amplified=amplified,
        reach=reach,
        corrected=better,
        saddle=falls(problem, model),
        horizon=known_until(solution, corrected) if problem.time and not problem.parameters else None,
    )


def estimate_of_levels(solution: Solution, coarser: Model) -> Estimates:
    """The estimates of a least energy, by the difference of its last two levels.

    Where both miss the conditions on the fields, which are met by a penalty, they are wrong alike: by as much.
    """
    problem, model = solution.problem, solution.model
    other = Solution(problem, coarser, {}, [], {})
    scale = model.network.field_scale
    essential = problem.energy.essential if problem.energy is not None else ()
    shares = relative_residuals(model, draw_heldout(problem, scale.device, scale.dtype)) if essential else []
    missed = max((share for index, share in enumerate(shares) if index in essential), default=0.0)
    return Estimates(
        quantities={name: larger(error, missed) for name, error in quantity_errors(solution, other).items()},
        probes=probe_errors(solution, other),
    )


def no_smaller_than(estimates: Estimates, relative: float) -> Estimates:
    """The estimates where no relative error of a quantity or a probe is below this one.

    A correction shows what its features can show. Loads that are out of balance are an error whatever these show: of a
    slender, bonded step the moments were 1.4e-3 out of balance, a stress 1.0e-3 off, and corrected by 1.1e-4.
    """

    def raised(error: float, share: float) -> tuple[float, float]:
        return (error * relative / share, relative) if 0 < share < relative else (error, share)

    return replace(
        estimates,
        quantities={name: larger(error, relative) for name, error in estimates.quantities.items()},
        probes={name: raised(*pair) for name, pair in estimates.probes.items()},
    )


def second_solution(solution: Solution, latest: float) -> Model | None:
    """A march or a partition of unity once more, in other features; None where there is neither, or no time for it."""
    problem, model, seconds = solution.problem, solution.model, seconds_for_second(solution, latest)
    if isinstance(model.network, MarchNetwork) and seconds > 0:
        return second_march(problem, model, seconds)
    if isinstance(model.network, CellNetwork) and seconds > 0:
        return second_cells(problem, model, seconds)
    return None


def seconds_for_second(solution: Solution, latest: float) -> float:
    """What a second solution may take: as long as the first took, and no more than what is left before the end."""
    spent = float(solution.history[-1]["seconds"]) if solution.history else 0.0
    return min(max(spent, LEAST_SECONDS), latest - AFTERWARDS - perf_counter())


def ends_early(problem: Problem, horizon: float | None) -> str:
    """What is said of a solution that is known up to some time only; '' where there is nothing to say."""
    if horizon is None or problem.time is None or horizon <= problem.time[0]:
        return ""
    return (
        f"up to t = {horizon:.4g} the estimated error of every field stays below {KNOWN:g} of its size, and not beyond"
    )


def narrow(statement: str) -> str:
    """What is said of data that nobody has seen."""
    return (
        f"the data of '{statement}' are zero wherever one looks, though they are not written as zero: if they are that "
        "narrow, state them as what they are in the limit, or widen them"
    )


def quantity_errors(solution: Solution, corrected: Solution) -> dict[str, float]:
    """Relative L2 difference of every quantity, and of vectors and tensors as wholes."""
    problem = solution.problem
    points = problem.heldout_points(POINTS, SEED)
    found, better = solution(points), corrected(points)
    error = {name: rms(better[name] - found[name]) for name in found}
    size = {name: rms(found[name]) for name in found}
    least = least_sizes(solution, points, size)
    result = {name: ratio(error[name], max(size[name], least[name])) for name in found}
    for name, parts in wholes(problem, found).items():
        result[name] = ratio(math.hypot(*(error[one] for one in parts)), math.hypot(*(size[one] for one in parts)))
    return result


def least_sizes(solution: Solution, points: np.ndarray, size: Mapping[str, float]) -> dict[str, float]:
    """Quantity -> what it is measured against at the least.

    What is less than SMALLEST_SHARE of its vector or tensor, or of the terms that it is a sum of, vanishes, and is
    measured against these as wholes: the difference of two large terms, such as the second principal stress of a bar,
    is known as well as they are. A field is often far below the magnitude that its equations give it (under a load that
    oscillates), and vanishes only where rounding errors are left of it.
    """
    problem = solution.problem
    whole_of = {
        part: math.hypot(*(size[one] for one in parts)) for parts in wholes(problem, size).values() for part in parts
    }
    natural = natural_sizes(problem)
    terms = {name: rms(values) for name, values in solution.evaluation.terms(points, [*size]).items()}
    found = {}
    for name in size:
        parts = ((whole_of.get(name, 0.0), SMALLEST_SHARE), (terms[name], SMALLEST_SHARE))
        shares = (*parts, (natural.get(name, 0.0), VANISHES))
        found[name] = max((whole for whole, share in shares if size[name] < share * whole), default=0.0)
    return found


def wholes(problem: Problem, known: Container[str]) -> dict[str, tuple[str, ...]]:
    """Vectors and tensors -> their components, where all of these are known."""
    every = {**problem.vectors, **{name: tuple(parts.values()) for name, parts in problem.tensors.items()}}
    return {name: parts for name, parts in every.items() if all(part in known for part in parts)}


def natural_sizes(problem: Problem) -> dict[str, float]:
    """Field -> the largest of the magnitudes that its outputs have."""
    magnitudes = problem.scaling.fields
    return {
        name: max(magnitudes[subdomain.output(name)] for subdomain in problem.subdomains) for name in problem.fields
    }


def probe_errors(solution: Solution, corrected: Solution) -> dict[str, tuple[float, float]]:
    """Probe -> largest difference of its values, and the largest relative to the value, however small it is.

    A temperature that is 1e-9 of the field's may be wrong as a whole where the field is right to 1e-9. What vanishes in
    the whole domain is measured as the quantity is, and so is a value that is zero but for rounding.
    """
    problem = solution.problem
    result = {}
    sizes, least = probed_sizes(solution)
    for name, probe in problem.probes.items():
        if isinstance(probe, Extent):
            found = solution.extents[name]
            if math.isinf(found.value):  # of no largest value there is no error
                continue
            error = abs(answer(corrected, probe, near=found).value - found.value) + found.off
            result[name] = (error, relative_error(error, abs(found.value), found.size))
            continue
        quantity = probe.quantity
        value = solution(probe.points, [quantity], probe.subdomain)[quantity]
        difference = np.abs(corrected(probe.points, [quantity], probe.subdomain)[quantity] - value)
        size = np.maximum(np.abs(value), least[quantity])
        relative = [
            relative_error(one, of, sizes[quantity]) for one, of in zip(difference.tolist(), size.tolist(), strict=True)
        ]
        result[name] = (float(difference.max()), max(relative, key=lambda x: math.inf if math.isnan(x) else x))
    return result


def probed_sizes(solution: Solution) -> tuple[dict[str, float], dict[str, float]]:
    """Quantity -> its root mean square over the domain, and what it is measured against at the least; empty without
    probes."""
    if not solution.problem.probes:
        return {}, {}
    points = solution.problem.heldout_points(POINTS, SEED)
    found = {name: rms(values) for name, values in solution(points).items()}
    least = least_sizes(solution, points, found)
    return {name: max(size, least[name]) for name, size in found.items()}, least


def relative_error(error: float, value: float, size: float) -> float:
    """Of a value whose quantity has this size; 1 where it is zero, and its error is none of rounding."""
    if max(error, value) <= ROUNDING * size:
        return ratio(error, size)
    return error / value if value > 0 else 1.0


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def ratio(error: float, size: float) -> float:
    """error/size; the error itself where the quantity is zero."""
    return error / size if size > 0 else error


def larger(one: float, other: float) -> float:
    """The larger of two, NaN where either is."""
    return math.nan if math.isnan(one) or math.isnan(other) else max(one, other)
