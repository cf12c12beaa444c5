"""The energy of a model, by quadrature: E(u) = sum over terms and points of weight * integrand.

Divided by its own unit, half the sum of d2E/d(jet)^2 U^2 at zero fields, which makes it free of units as the scaled
residuals are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from pinn.derivatives.jets import JetPlan, plan_jets
from pinn.domain.places import FEWEST
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.equations.energy.functional import EnergyTerm
from pinn.equations.scaling import length_factor
from pinn.errors import Divergence
from pinn.geometry.mesh.orders import Density
from pinn.geometry.points.quadrature import interior_quadrature
from pinn.problem.problem import Problem
from pinn.training.residuals.admissible import remark
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.divergence import place_of
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw

UNIT_POINTS = 4000  # always as many, so that energies of different quadratures have one unit
QUADRATURE_CHUNK = 4096  # points at once


@dataclass(frozen=True, eq=False)
class Integral:
    """One term with the points [N] and weights [N] of its quadrature, in units of the energy."""

    problem: Problem
    term: EnergyTerm
    points: PointSet
    weights: Tensor

    @property
    def derivatives(self) -> tuple[Derivative, ...]:
        return self.term.expression.derivatives

    @cached_property
    def plan(self) -> JetPlan:
        return plan_jets([d.partial for d in self.derivatives], len(self.problem.axes), self.problem.space)

    def chunks(self) -> Iterator[slice]:
        return (slice(start, start + QUADRATURE_CHUNK) for start in range(0, len(self.points), QUADRATURE_CHUNK))

    def inputs(self, chunk: slice | Tensor) -> dict[str, Tensor]:
        return self.points.taken(chunk).inputs(self.problem.axes)

    def integrand(self, model: Model, chunk: slice) -> Tensor:
        """[n] at the points of the chunk."""
        points = self.points.points[chunk]
        jets = model.jets(points, self.plan, self.derivatives)
        return torch.as_tensor(self.term.expression.value(self.inputs(chunk), jets)).to(points).expand(len(points))


def integrals(
    problem: Problem,
    interior: int,
    boundary: int,
    device: torch.device,
    dtype: torch.dtype,
    density: Density | None = None,
) -> list[Integral]:
    """Every term of the problem's energy with about so many points; on the boundary each term has its own.

    density   points per volume wanted at places inside, where that is more
    """
    assert problem.energy is not None
    found, unit = [], energy_unit(problem, UNIT_POINTS)
    for term in problem.energy.terms:
        rule = term.place.quadrature(problem.domain, interior, boundary, density)
        normals = None if rule.normals is None else torch.as_tensor(rule.normals)
        points = PointSet(torch.as_tensor(rule.points), normals).to(device=device, dtype=dtype)
        weights = torch.as_tensor(rule.weights / unit).to(device=device, dtype=dtype)
        found.append(Integral(problem, term, points, weights))
    return found


def essential_groups(
    problem: Problem, boundary: int, seed: int, device: torch.device, dtype: torch.dtype
) -> list[Group]:
    """Points of the conditions that the energy leaves to be met and that are not met by construction."""
    assert problem.energy is not None
    groups = draw(problem, FEWEST, boundary, seed, device, dtype) if problem.energy.essential else []
    found = []
    for group in groups:
        indices = tuple(index for index in group.indices if index in problem.energy.essential)
        if indices:
            found.append(replace(group, indices=indices))
    return found


def energy_unit(problem: Problem, count: int) -> float:
    """Half of the second derivatives at zero fields times U_a U_b, integrated: the energy of fields of their size."""
    assert problem.energy is not None
    lengths = [float(width) for width in problem.domain.half_width]
    rule = interior_quadrature(problem.geometry, count)
    points = PointSet(torch.as_tensor(rule.points))
    density = problem.energy.density.expression
    zero = {d: torch.zeros(len(points), dtype=torch.float64) for d in density.derivatives}
    total = torch.zeros(len(points), dtype=torch.float64)
    for (a, b), second in density.curvature(points.inputs(problem.axes), zero).items():
        if a == b:
            size = problem.scaling.fields[a.field] * length_factor(a.partial, lengths, problem.space)
            total = total + torch.as_tensor(second).abs() * size**2 / 2
    unit = float((total * torch.as_tensor(rule.weights)).sum())
    return unit if math.isfinite(unit) and unit > 0 else 1.0


def energy_of(model: Model, parts: Sequence[Integral]) -> Tensor:
    """E(u), a scalar that gradients flow through."""
    sums = [(part.weights[chunk] * part.integrand(model, chunk)).sum() for part in parts for chunk in part.chunks()]
    return torch.stack(sums).sum()


def require_finite_energy(model: Model, parts: Sequence[Integral], where: str) -> None:
    """Raises Divergence that names a point where an integrand is not finite; `where` says in which stage and step."""
    with torch.no_grad():
        for part in parts:
            for chunk in part.chunks():
                values = part.integrand(model, chunk)
                if (place := bad_place(part, chunk, [values])) is not None:
                    became = float(values[~torch.isfinite(values)][0])
                    raise Divergence(
                        f"the integrand of '{part.term.name}' became {became} at {place} in {where}"
                        f"{remark(part.problem)}"
                    )


def require_finite_slopes(model: Model, parts: Sequence[Integral], where: str) -> None:
    """Raises Divergence that names a point where an integrand's first or second derivatives are not finite.

    Those by the jets: the gradient and the Hessian of the energy are made of them.
    """
    with torch.no_grad():
        for part in parts:
            for chunk in part.chunks():
                jets = model.jets(part.points.points[chunk], part.plan, part.derivatives)
                expression, inputs = part.term.expression, part.inputs(chunk)
                for said, found in (
                    ("gradient", expression.linearise(inputs, jets)),
                    ("Hessian", expression.curvature(inputs, jets)),
                ):
                    if (place := bad_place(part, chunk, found.values())) is not None:
                        raise Divergence(
                            f"the {said} of the integrand of '{part.term.name}' is not finite at {place} in {where}"
                            f"{remark(part.problem)}"
                        )


def bad_place(part: Integral, chunk: slice, found: Iterable[Tensor]) -> str | None:
    """A point of the chunk where one of the values [n] is not finite."""
    points = part.points.points[chunk]
    for values in found:
        bad = torch.nonzero(~torch.isfinite(torch.as_tensor(values).to(points).expand(len(points)))).flatten()
        if len(bad):
            return place_of(part.problem, part.points, chunk.start + int(bad[0]))
    return None
