"""Fluxes: the densities of conservation laws at quadrature points on patches, on interfaces and inside.

Where a condition states a flux, as a traction or Robin's law does, the density is what it states, else that of the
fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pinn.derivatives.jets import plan_jets
from pinn.domain.integrals import Integral
from pinn.domain.places import Boundary
from pinn.domain.point_set import PointSet
from pinn.equations.balance.laws import conservation_laws
from pinn.equations.compiler.compile import CompiledExpression, Derivative
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomain
from pinn.geometry.points.quadrature import (
    Quadrature,
    boundary_quadrature,
    interior_quadrature,
    pieces_quadrature,
    simplex_rule,
)
from pinn.geometry.points.sampling import Where
from pinn.geometry.shapes.shape import Shape
from pinn.network.cell_network import CellNetwork
from pinn.network.chunks import in_chunks
from pinn.problem.problem import Problem
from pinn.solution.solution import Solution
from pinn.training.cells.points import lengths_at
from pinn.training.cells.second import boxes_of

# Dimensions -> points inside and on the boundary, for which smooth fluxes are integrated to rounding in one and two
# dimensions and to 1e-4 on surfaces; with time, at each of PANELS times GAUSS moments.
POINTS = {1: (300, 2), 2: (4000, 1600), 3: (20_000, 16_000)}
POINTS_IN_TIME = {1: (300, 2), 2: (1500, 600), 3: (3000, 3000)}
POINTS_IN_CELL = {1: 60, 2: 150, 3: 150}  # of a partition of unity: about two for each of its features
PANELS, GAUSS = 8, 3
BESIDE = 1e-6  # of the domain's size
PROPORTIONAL = 1e-8  # relative: a condition states the flux where its derivatives are those of the flux times a factor
INSIDE = ""  # where no patch is
Environment = tuple[PointSet, Mapping[str, Tensor], Mapping[Derivative, Tensor]]  # points, inputs, jets


@dataclass(frozen=True, eq=False)
class Part:
    """Densities at points [N, D] with weights [N] on a patch, or inside: law -> [N].

    A flux is stated or computed at each point, and zero in the other one.
    """

    where: str
    points: np.ndarray
    weights: np.ndarray
    stated: dict[str, np.ndarray]
    computed: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Flow:
    """A law over the network's outputs in a subdomain."""

    flux: CompiledExpression
    source: CompiledExpression


def flows_in(problem: Problem, subdomain: Subdomain) -> dict[str, Flow]:
    laws = conservation_laws(problem.spec, subdomain)
    return {
        law.name: Flow(problem.over_outputs(law.flux, subdomain), problem.over_outputs(law.source, subdomain))
        for law in laws
    }


def parts(solution: Solution, flows: Mapping[str, Mapping[str, Flow]], share: float) -> Iterator[Part]:
    """The inside of every subdomain, its patches, the interfaces that the spec states, and its loads at points."""
    problem = solution.problem
    inside, around = (POINTS_IN_TIME if problem.time else POINTS)[problem.space]
    inside, around = max(1, round(share * inside)), max(1, round(share * around))
    panels = max(1, round(share * PANELS))
    for subdomain in problem.subdomains:
        shape = problem.domain.over(subdomain.name)
        rule = over_time(inside_rule(solution, shape, inside, share), problem.time, panels)
        sources = {name: flow.source for name, flow in flows[subdomain.name].items()}
        yield Part(INSIDE, rule.points, rule.weights, {}, densities(solution, rule, sources))
        for patch in shape.patches:
            if patch in problem.geometry.patches:
                changes = [mask for _, mask in stated_on(problem, subdomain, patch) if mask is not None]
                plane = problem.space == 2
                rule = boundary_quadrature(shape, [patch], around, graded=plane, changes=changes)
                rule = over_time(rule, problem.time, panels)
                yield on_patch(solution, subdomain, patch, rule, flows[subdomain.name])
    if problem.subdomains.partition is not None and not problem.cuts:  # across a cut the flux is continuous
        for (first, second), pieces in problem.subdomains.partition.touching.items():
            rule = over_time(
                pieces_quadrature(pieces, problem.space, around, graded=problem.space == 2), problem.time, panels
            )
            sides = [densities(solution, rule, {n: f.flux for n, f in flows[side].items()}) for side in (first, second)]
            jump = {name: sides[0][name] - sides[1][name] for name in sides[0] if name in sides[1]}
            yield Part(f"{first} | {second}", rule.points, rule.weights, jump, {})
    yield from at_points(problem, flows)


def at_points(problem: Problem, flows: Mapping[str, Mapping[str, Flow]]) -> Iterator[Part]:
    """The loads at points, which no quadrature has."""
    for load in problem.loads:
        laws = flows[load.subdomain]
        acting, held = (
            {name: np.array([amount]) for name, amount in amounts.items() if name in laws}
            for amounts in (load.amounts, load.reactions)
        )
        yield Part(load.label, load.point[None], np.ones(1), acting, {})
        yield Part(load.support, load.point[None], np.ones(1), {}, held)


def inside_rule(solution: Solution, shape: Shape, count: int, share: float) -> Quadrature:
    """Points inside, more of them in small cells of a partition of unity: layers lie between points spread evenly."""
    network, dimension = solution.model.network, solution.problem.space
    if not isinstance(network, CellNetwork) or solution.problem.time is not None:
        return interior_quadrature(shape, count)
    cells, _ = boxes_of(network)

    def density(points: np.ndarray) -> np.ndarray:
        volumes = (2 * lengths_at(cells, torch.as_tensor(points))).prod(dim=1).numpy()
        return share * POINTS_IN_CELL[dimension] / volumes

    return interior_quadrature(shape, count, density)


def over_time(rule: Quadrature, time: tuple[float, float] | None, panels: int) -> Quadrature:
    """The rule in space at Gauss points of so many panels of the time."""
    if time is None:
        return rule
    nodes, weights = simplex_rule(1, GAUSS)
    length = (time[1] - time[0]) / panels
    moments = (time[0] + length * (np.arange(panels)[:, None] + nodes[:, 0])).ravel()
    seconds = np.tile(weights, panels) * length
    count = len(rule.points)
    points = np.hstack([np.tile(rule.points, (len(moments), 1)), np.repeat(moments, count)[:, None]])
    normals = None if rule.normals is None else np.tile(rule.normals, (len(moments), 1))
    return Quadrature(points, np.outer(seconds, rule.weights).ravel(), normals)


def on_patch(solution: Solution, subdomain: Subdomain, patch: str, rule: Quadrature, flows: Mapping[str, Flow]) -> Part:
    """The fluxes on a patch, stated where a condition says what they are."""
    problem = solution.problem
    rule = beside_loads(problem, rule)
    fluxes = {name: flow.flux for name, flow in flows.items()}
    conditions = [
        (statement, mask, [name for name, flux in fluxes.items() if may_state(statement, flux)])
        for statement, mask in (*stated_on(problem, subdomain, patch), *totals_on(problem, subdomain, patch))
    ]
    wanted = [*fluxes.values(), *(statement.expression for statement, _, names in conditions if names)]
    seen = environments(solution, rule, wanted)
    found, stated = values_of(seen, fluxes), {}
    if rule.normals is not None and not all(np.isfinite(values).all() for values in found.values()):
        points = rule.points.copy()  # on an axis u/r is 0/0: its limit is as good as what stands just beside
        points[:, : problem.space] -= BESIDE * problem.geometry.size * rule.normals[:, : problem.space]
        rule = Quadrature(points, rule.weights, rule.normals)
        seen = environments(solution, rule, wanted)
        found = values_of(seen, fluxes)
    for statement, mask, names in conditions:
        where = np.ones(len(rule.points), dtype=bool) if mask is None else mask(rule.points[:, : problem.space])
        for name in names:
            gap, factor = missed(seen, fluxes[name], statement)
            if isinstance(statement.place, Integral):  # the fluxes as they are, but for what their sum misses
                gap = np.full(len(gap), missed_by_sum(solution, statement))
            here = where & np.isfinite(factor)
            value = np.where(here, found[name] - gap / np.where(here, factor, 1.0), 0.0)
            known = stated.get(name, np.zeros(len(where)))
            stated[name] = known + value
            found[name] = np.where(here, 0.0, found[name])
    return Part(patch, rule.points, rule.weights, stated, found)


def beside_loads(problem: Problem, rule: Quadrature) -> Quadrature:
    """The rule without points at loads, where fluxes have no values: what acts there is counted by itself."""
    kept = np.ones(len(rule.points), dtype=bool)
    for load in problem.loads:
        kept &= ~load.acts_at(rule.points, problem.geometry.size)
    normals = None if rule.normals is None else rule.normals[kept]
    return rule if kept.all() else Quadrature(rule.points[kept], rule.weights[kept], normals)


def stated_on(problem: Problem, subdomain: Subdomain, patch: str) -> list[tuple[Statement, Where | None]]:
    """Conditions on a patch of a subdomain, each with the part of the patch that it is stated on."""
    return [
        (statement, problem.domain.mask(place.where))
        for statement in problem.statements
        if isinstance(place := statement.place, Boundary) and patch in place.patches
        if place.subdomain == subdomain.name and statement.values is None
    ]


def totals_on(problem: Problem, subdomain: Subdomain, patch: str) -> list[tuple[Statement, Where | None]]:
    """Integrals that are stated over a patch of a subdomain, alone or with others, of problems at rest."""
    return [
        (statement, problem.domain.mask(part.where))
        for statement in problem.statements
        if isinstance(statement.place, Integral)
        and problem.time is None
        and statement.place.subdomain == subdomain.name
        for part in statement.place.over
        if isinstance(part, Boundary) and patch in part.patches
    ]


def missed_by_sum(solution: Solution, statement: Statement) -> float:
    """What a statement on an integral misses, in units of its expression."""
    scale, problem = solution.model.network.field_scale, solution.problem
    points = statement.place.sample(problem.domain, 1, 0).to(device=scale.device, dtype=scale.dtype)
    inputs, jets = environment(solution, points.single, [statement.expression])
    return float(points.summed(column(statement.expression.value(inputs, jets), points.single)))


def may_state(statement: Statement, flux: CompiledExpression) -> bool:
    return highest(statement.expression) == highest(flux)


def highest(compiled: CompiledExpression) -> set[Derivative]:
    """Its derivatives of the highest order."""
    return {d for d in compiled.derivatives if d.partial.order == compiled.order}


def missed(
    seen: Sequence[Environment], flux: CompiledExpression, statement: Statement
) -> tuple[np.ndarray, np.ndarray]:
    """What a condition misses at the points [N], and its derivatives over those of the flux [N], NaN where these are
    not proportional."""
    keys = sorted(highest(flux))

    def at(points: PointSet, inputs: Mapping[str, Tensor], jets: Mapping[Derivative, Tensor]) -> tuple[Tensor, Tensor]:
        ours, theirs = (
            torch.stack([column(slopes[key], points) for key in keys])
            for slopes in (statement.expression.linearise(inputs, jets), flux.linearise(inputs, jets))
        )
        factor = (ours * theirs).sum(dim=0) / theirs.square().sum(dim=0)
        apart = (ours - factor * theirs).norm(dim=0) > PROPORTIONAL * ours.norm(dim=0)
        factor = torch.where(apart | (factor == 0), torch.full_like(factor, torch.nan), factor)
        return column(statement.expression.value(inputs, jets), points), factor

    found = [at(*one) for one in seen]
    gap, factor = (torch.cat(parts).double().cpu().numpy() for parts in zip(*found, strict=True))
    return gap, factor


def densities(
    solution: Solution, rule: Quadrature, compiled: Mapping[str, CompiledExpression]
) -> dict[str, np.ndarray]:
    """Values of expressions at the points of a rule: name -> [N]."""

    return values_of(environments(solution, rule, [*compiled.values()]), compiled) if compiled else {}


def values_of(seen: Sequence[Environment], compiled: Mapping[str, CompiledExpression]) -> dict[str, np.ndarray]:
    """The same where the jets are known."""
    if not compiled:
        return {}
    pieces = [
        torch.stack([column(one.value(inputs, jets), points) for one in compiled.values()])
        for points, inputs, jets in seen
    ]
    return dict(zip(compiled, torch.cat(pieces, dim=1).double().cpu().numpy(), strict=True))


def environments(solution: Solution, rule: Quadrature, compiled: Sequence[CompiledExpression]) -> list[Environment]:
    """What expressions are of at the points of a rule, a few at a time: computed once for all of them."""
    return [(points, *environment(solution, points, compiled)) for points in pieces_of(solution, rule)]


def column(value: Tensor | float, points: PointSet) -> Tensor:
    """A value at points [N], of the points' number type."""
    like = points.points
    return torch.as_tensor(value, dtype=like.dtype, device=like.device).expand(len(points))


def pieces_of(solution: Solution, rule: Quadrature) -> Iterator[PointSet]:
    """The points of a rule, a few at a time, where the solution computes."""
    scale = solution.model.network.field_scale

    def chosen(chunk: slice) -> PointSet:
        normals = None if rule.normals is None else torch.as_tensor(rule.normals[chunk]).to(scale)
        return PointSet(torch.as_tensor(rule.points[chunk]).to(scale), normals)

    for _, points in in_chunks(chosen, len(rule.points), solution.model.network.cache_rows):
        yield points


def environment(
    solution: Solution, points: PointSet, compiled: Sequence[CompiledExpression]
) -> tuple[Mapping[str, Tensor], Mapping[Derivative, Tensor]]:
    """(inputs, jets) of expressions at points."""
    problem = solution.problem
    wanted = tuple(sorted({d for one in compiled for d in one.derivatives}))
    with torch.no_grad():
        plan = plan_jets([d.partial for d in wanted], len(problem.axes), problem.space)
        found = solution.model.jets(points.points, plan, wanted) if wanted else {}
        jets = {derivative: jet.detach() for derivative, jet in found.items()}
        unknowns = {name: value.detach() for name, value in solution.model.unknowns.items()}
    return points.inputs(problem.axes, unknowns), jets
