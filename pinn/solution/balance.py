"""Balance: what is applied to a solution against its reactions, by quadrature over the boundary and the inside.

For each conservation law (equations/balance/laws.py)

    sum over patches of the integral of F.n + integral of the sources = 0,

over the whole duration where there is time, the storage being among the sources. Where a condition states the flux, as
a traction or Robin's law does, what it states counts as applied; elsewhere the flux of the fields is the reaction. So a
load that the fields ignore is missing in the reactions, however small the residuals are in the mean. For forces the
moments are in balance as well, about the middle of the domain (not of large deformations, whose arms move).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pinn.equations.balance.laws import conservation_laws, flux_reader, have_moments, plain
from pinn.geometry.shapes.shape import GeometryError
from pinn.problem.problem import Problem
from pinn.solution.fluxes import INSIDE, POINTS, Part, flows_in, parts
from pinn.solution.solution import Solution
from pinn.training.estimates.sizes import SMALLEST_SHARE

COARSER = 0.5  # of the points, for what the quadrature may be off
DOUBTED = 3.0  # times that change, which is no difference of the fields


@dataclass
class Balance:
    """The integrals of one law, by patch.

    size         what differences are relative to: the integral of the absolute values
    quadrature   what the difference changes by with fewer points
    """

    applied: dict[str, float] = field(default_factory=dict)
    reactions: dict[str, float] = field(default_factory=dict)
    inside: float = 0.0
    size: float = 0.0
    quadrature: float = 0.0

    @property
    def difference(self) -> float:
        return sum(self.applied.values()) + sum(self.reactions.values()) + self.inside

    @property
    def missing(self) -> float:
        """The relative difference that is not the quadrature's."""
        return self.relative(max(abs(self.difference) - DOUBTED * self.quadrature, 0.0))

    def relative(self, value: float) -> float:
        return value / self.size if self.size > 0 else 0.0

    def entry(self) -> dict[str, object]:
        """For metrics.json."""
        return {
            "applied": self.applied,
            "reactions": self.reactions,
            "inside": self.inside,
            "difference": self.difference,
            "relative": self.relative(abs(self.difference)),
            "quadrature": self.relative(self.quadrature),
        }


def balances(solution: Solution) -> dict[str, Balance]:
    """Law or moment -> balance; of a family in the middle of its parameters. Empty where nothing can be integrated."""
    solution = solution.at() if solution.problem.parameters else solution
    problem = solution.problem
    flows = {subdomain.name: flows_in(problem, subdomain) for subdomain in problem.subdomains}
    if not any(flows.values()) or problem.space not in POINTS:
        return {}
    forces, turn = forces_of(problem)
    try:
        fine, coarse = (summed(problem, parts(solution, flows, share), turn) for share in (1.0, COARSER))
    except GeometryError:
        return {}
    sizes = common_sizes(problem, fine, forces)
    return {
        name: replace(one, size=sizes[name], quadrature=abs(one.difference - coarse[name].difference))
        for name, one in fine.items()
    }


def forces_of(problem: Problem) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The laws that are equilibrium of forces, in the order of the coordinates, and the same where their moments are in
    balance; empty where there are none."""
    names = problem.vectors.get("traction", ())
    first = problem.subdomains[0]
    _, reader = flux_reader(problem.spec, first)
    tractions = [reader.settled(plain(reader.resolve(name), reader)) for name in names]
    laws = [law for law in conservation_laws(problem.spec, first) if law.flux in tractions]
    laws.sort(key=lambda law: tractions.index(law.flux))
    forces = tuple(law.name for law in laws)
    return forces, forces if have_moments(laws, tractions, problem.coordinates) else ()


def summed(problem: Problem, found: Iterable[Part], forces: Sequence[str]) -> dict[str, Balance]:
    """Law or moment -> its integrals."""
    sums: dict[str, Balance] = {}
    for part in found:
        for densities, stated in ((part.stated, True), (part.computed, False)):
            for name, values in {**densities, **moments(problem, part.points, densities, forces)}.items():
                total = sums.setdefault(name, Balance())
                whole = float(part.weights @ values)
                total.size += float(part.weights @ np.abs(values))
                if part.where == INSIDE:
                    total.inside += whole
                elif values.any():
                    patches = total.applied if stated else total.reactions
                    patches[part.where] = patches.get(part.where, 0.0) + whole
    return sums


def moments(
    problem: Problem, points: np.ndarray, densities: Mapping[str, np.ndarray], forces: Sequence[str]
) -> dict[str, np.ndarray]:
    """Moments (x_i F_j - x_j F_i) of forces about the middle of the domain: name -> [N]."""
    if not any(name in densities for name in forces):
        return {}
    arms = points - (problem.bounds[0] + problem.bounds[1]) / 2
    zero = np.zeros(len(points))
    force = [densities.get(name, zero) for name in forces]
    return {
        f"moment_{problem.coordinates[i]}{problem.coordinates[j]}": arms[:, i] * force[j] - arms[:, j] * force[i]
        for i in range(len(forces))
        for j in range(i + 1, len(forces))
    }


def common_sizes(problem: Problem, found: Mapping[str, Balance], forces: Sequence[str]) -> dict[str, float]:
    """What differences are relative to: of forces and of moments to the largest, of others at least to a share of what
    the terms of the equation have."""
    volume = problem.domain.measure
    terms = {
        statement.name: size * volume
        for statement, size in zip(problem.statements, problem.scaling.statements, strict=True)
        if statement.is_equation
    }
    sizes = {name: max(one.size, SMALLEST_SHARE * terms.get(name, 0.0)) for name, one in found.items()}
    largest = max((sizes[name] for name in forces if name in sizes), default=0.0)
    turning = [name for name in found if name not in terms]
    arm = float(np.linalg.norm(problem.domain.half_width[: problem.space]))
    most = max([SMALLEST_SHARE * largest * arm, *(sizes[name] for name in turning)])
    return sizes | dict.fromkeys((name for name in forces if name in sizes), largest) | dict.fromkeys(turning, most)
