"""Checks: what a compiled problem must satisfy beyond its spec's form, each refusal at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pinn.domain.point_set import PointSet
from pinn.equations.conditions.reader import ConditionReader
from pinn.equations.statements import MEASURED
from pinn.equations.subdomains import Subdomain, Subdomains
from pinn.errors import SpecError, UnknownName, did_you_mean
from pinn.geometry.shapes.family import Family
from pinn.geometry.shapes.shape import GeometryError, Shape
from pinn.physics.model import Physics
from pinn.problem.problem import Problem
from pinn.spec.language.expressions import Scope
from pinn.spec.schema import Spec

KEPT_BETWEEN_DRAWS = ("lbfgs", "quasi_newton")  # line searches need a loss that stays the same
DATA_TOLERANCE = 1e-3  # of the domain's size and of the duration, for points of measurements


def refuse_beside_subdomains(spec: Spec) -> None:
    """What is not available together with subdomains."""
    if spec.network.constraints == "hard":
        raise SpecError(("network", "constraints"), "is not available with subdomains; write constraints: soft")
    if spec.network.enrichment:
        raise SpecError(("network", "enrichment"), "is not available with subdomains; remove one or the other")
    if spec.data:
        raise SpecError(("data",), "is not available with subdomains; remove one or the other")
    if uses_energy(spec):
        raise SpecError(("solver",), "the energy is not available with subdomains; write formulation: strong")
    for index, condition in enumerate(spec.conditions):
        if condition.periodic:
            path = ("conditions", index, "periodic")
            raise SpecError(
                path, "is not available with subdomains; give values on both patches, or symmetry conditions"
            )
    for index, stage in enumerate(spec.solver.stages):
        if stage.name == "cells":
            path = ("solver", "method", *([index] if len(spec.solver.stages) > 1 else []))
            raise SpecError(
                path, "cells are not available with subdomains; write method: auto, slices or least_squares"
            )


def refuse_beside_parameters(spec: Spec) -> None:
    """What is not available in a family of problems."""
    if not spec.parameters:
        return
    words = "is not available with parameters"
    if spec.subdomains:
        raise SpecError(("subdomains",), f"{words}; write the material as an expression of the coordinates")
    if spec.network.constraints == "hard":
        raise SpecError(("network", "constraints"), f"{words}; write constraints: soft")
    if spec.network.enrichment:
        raise SpecError(("network", "enrichment"), f"{words}; remove one or the other")
    if spec.data:
        raise SpecError(("data",), f"{words}; identify a constant under 'unknowns' instead")
    if uses_energy(spec):
        raise SpecError(("solver",), f"the energy {words}; write formulation: strong")
    for index, stage in enumerate(spec.solver.stages):
        if stage.name == "cells":
            path = ("solver", "method", *([index] if len(spec.solver.stages) > 1 else []))
            raise SpecError(path, f"cells are {words[3:]}; write method: auto, or least_squares")


def refuse_moving_ends(spec: Spec, family: Family | None) -> None:
    """Ends of the domain that are joined keep their distance over all parameters."""
    for index, condition in enumerate(spec.conditions):
        if condition.periodic and family is not None and family.moving:
            path = ("conditions", index, "periodic")
            raise SpecError(path, "is not available with a domain that depends on parameters")


def refuse_weights(spec: Spec) -> None:
    """Causal weights need time, and a stage that looks at them again."""
    stages = spec.solver.stages
    for index, stage in enumerate(stages):
        weights = stage.parameters.get("weights")
        if weights is None or weights.causal is None:
            continue
        path = ("solver", "method", *([index] if len(stages) > 1 else []), stage.name, "weights")
        if spec.time is None:
            raise SpecError(path, "causal weights order the times, but this problem has no time; write gradient_norm")
        if not stage.parameters["resample"] and stage.name in KEPT_BETWEEN_DRAWS:
            raise SpecError(
                path, f"{stage.name} looks at causal weights where it draws points; write for example resample: 200"
            )


STRONG_ONLY = ("least_squares", "cells", "gauss_newton")  # stages that know a sum of squares and nothing else


def refuse_load(spec: Spec) -> None:
    """Load steps need a constant that can grow; it may not be zero."""
    solver = spec.solver
    if solver.load_steps is None and solver.load is None:
        return
    if solver.load is None:
        raise SpecError(("solver", "load_steps"), "needs the constant that grows; write for example load: P")
    if solver.load_steps is None:
        raise SpecError(("solver", "load"), "needs the number of steps; write for example load_steps: 10")
    if solver.load not in spec.constants:
        hint = did_you_mean(solver.load, tuple(spec.constants))
        raise SpecError(("solver", "load"), f"must be one of the constants, got '{solver.load}'{hint}")


def uses_energy(spec: Spec) -> bool:
    return spec.solver.formulation == "energy" or any(stage.name == "ritz" for stage in spec.solver.stages)


def check_energy(problem: Problem) -> None:
    """A declared energy can be read; one that is to be minimised fits the conditions and the stages."""
    spec = problem.spec
    if not uses_energy(spec):
        if spec.energy:
            problem.energy_reader.declared(spec.energy)
        return
    stages = spec.solver.stages
    path = ("solver", "method" if spec.solver.formulation == "strong" else "formulation")
    if spec.solver.formulation == "energy":
        for index, stage in enumerate(stages):
            if stage.name in STRONG_ONLY:
                at = ("solver", "method", *([index] if len(stages) > 1 else []))
                raise SpecError(at, f"{stage.name} solves the equations, not the energy; write ritz, lbfgs or adam")
    for index, stage in enumerate(stages):
        weights = stage.parameters.get("weights")
        if spec.solver.formulation == "energy" and weights is not None and weights.gradient_norm:
            at = ("solver", "method", *([index] if len(stages) > 1 else []), stage.name, "weights")
            raise SpecError(at, "an energy has one weight; remove gradient_norm")
    if problem.declared_energy is None:
        raise SpecError(path, "needs an energy: add the block energy: {density: …}, or a physics that has one")
    if problem.time is not None:
        raise SpecError(path, "needs a problem without time; solve the equations (formulation: strong)")
    if spec.solver.derivatives != "jets":
        raise SpecError(("solver", "derivatives"), "an energy is minimised with jets; remove 'autograd'")
    if problem.unknowns:
        raise SpecError(
            path, f"'{next(iter(problem.unknowns))}' cannot be identified by an energy; solve the equations"
        )
    require_fixed_fields(problem)


def require_fixed_fields(problem: Problem) -> None:
    """Raises SpecError where the energy is the same for a field and the field plus a constant."""
    assert problem.energy is not None
    fixed = {jet for term in problem.energy.terms for jet in term.expression.curved}
    for statement in (*problem.statements, *problem.posed):
        if statement.place.kind in ("boundary", "points"):
            fixed |= set(statement.expression.derivatives)
    known = {jet.field for jet in fixed if not jet.partial.order}
    for name in problem.outputs:
        if name not in known:
            point = ", ".join("0" for _ in problem.axes)
            raise SpecError(
                ("conditions",),
                f"nothing fixes {name}: the energy is the same for {name} + 1; prescribe it on a patch, or at a point: "
                f"{{at: [{point}], {name}: 0}}",
            )


def refuse_limits(scope: Scope, physics: Physics) -> None:
    """A parameter of the physics that is a constant must lie within the limits that the physics states."""
    for name, (low, high) in physics.limits.items():
        value = scope.resolve(name)
        if value.is_number and not low < float(value) < high:
            bounds = "be positive" if (low, high) == (0, float("inf")) else f"lie between {low:g} and {high:g}"
            origin = scope.origin(name)
            if origin[-1:] == (name,):
                raise SpecError(origin, f"must {bounds}, got {float(value):g}")
            raise SpecError(origin, f"makes {name} {float(value):g}, which must {bounds}")


def require_quantity(problem: Problem, name: str, path: tuple[str | int, ...]) -> None:
    """Raises SpecError for what is not a quantity with a value inside the domain, and says why."""
    if name in problem.quantities:
        return
    scope = problem.scope
    if name in problem.vectors:
        raise SpecError(path, f"'{name}' is a vector; take {' or '.join(problem.vectors[name])}")
    try:
        compiled = problem.compiled(name)
    except UnknownName as error:
        raise error.as_quantity(path, problem.quantities) from None
    except SpecError as error:
        raise error.at(path) from None
    if normals := sorted(compiled.inputs & {f"n{axis}" for axis in scope.space}):
        raise SpecError(path, f"'{name}' uses the normal ({', '.join(normals)}), which is known on the boundary only")
    if not compiled.derivatives:
        raise SpecError(path, f"'{name}' does not depend on a field; name a field or a definition of fields")
    raise SpecError(path, f"'{name}' is a derivative; give it a name of its own in 'definitions' and take that")


def refuse_outside(points: np.ndarray, geometry: Shape, time, file: Path, path) -> None:
    """Measurements must lie in the domain, up to the rounding of a written table, and within the time."""
    space = points[:, : geometry.dimension]
    outside = ~geometry.contains(space, DATA_TOLERANCE * geometry.size)
    if time is not None:
        slack = DATA_TOLERANCE * (time[1] - time[0])
        outside |= (points[:, -1] < time[0] - slack) | (points[:, -1] > time[1] + slack)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        listed = ", ".join(f"{value:g}" for value in points[row])
        words = f"{outside.sum()} of {len(points)} points lie" if outside.sum() > 1 else "a point lies"
        raise SpecError(path, f"{file}: {words} outside the domain, first ({listed}) in row {row + 1}")


def refuse_gaps(subdomains: Subdomains, geometry: Shape, equations, statements, reader: ConditionReader, time) -> None:
    """A second-order problem needs something on every patch, a problem in time an initial state."""
    space = len(subdomains[0].scope.space)
    space_order = max((d.spatial_order(space) for e in equations for d in e.expression.derivatives), default=0)
    has_data = any(statement.place.kind == "data" for statement in statements)
    silent = [f"'{patch}'" for patch in geometry.patches if patch not in reader.covered]
    if space_order >= 2 and silent and not has_data:
        words = ("patch", "it") if len(silent) == 1 else ("patches", "them")
        raise SpecError(
            ("conditions",),
            f"nothing is said about the boundary {words[0]} {', '.join(silent)}; add a condition on {words[1]}, or "
            "free: true where nothing is known",
        )
    if time is None or has_data:
        return
    for name in (output for subdomain in subdomains for output in subdomain.outputs):
        order = max(
            (d.partial.orders[-1] for e in equations for d in e.expression.derivatives if d.field == name), default=0
        )
        given = [
            [d.partial.orders[-1] for d in s.expression.derivatives if d.field == name]
            for s in statements
            if s.place.kind == "initial" and any(d.field == name for d in s.expression.derivatives)
        ]
        if len(given) < order:
            stated = {max(orders) for orders in given}
            missing = next((n for n in range(order) if n not in stated), order - 1)
            what = f"{name}_{'t' * missing}" if missing else name
            raise SpecError(
                ("conditions",),
                f"{name} has {order} time derivative{'s' * (order > 1)} but {len(given)} initial condition"
                f"{'s' * (len(given) != 1)}; add {{on: initial, {what}: …}}",
            )


def check_points(problem: Problem) -> None:
    """Every statement gets points, and finite numbers at them. Raises SpecError that names the condition."""
    guesses = {name: torch.tensor(value[0], dtype=torch.float64) for name, value in problem.unknowns.items()}
    for statement in problem.statements:
        try:
            points = problem.sample(statement.place, 64, 1)
        except GeometryError as error:
            raise SpecError(place_path(problem.spec, statement.path), f"gets no points: {error.message}") from None
        except SpecError as error:
            raise SpecError(statement.path, error.message) from None
        extra: dict[str, Any] = dict(guesses)
        if statement.values is not None:
            extra[MEASURED] = statement.values
        inputs = points.inputs(problem.axes, extra)
        ones = {d: torch.full((len(points),), 0.7, dtype=torch.float64) for d in statement.expression.derivatives}
        value = torch.as_tensor(statement.expression.value(inputs, ones))
        bad = torch.nonzero(~torch.isfinite(value.expand(len(points))) & meaningful(problem, points)).flatten()
        if len(bad):
            place = ", ".join(
                f"{a} = {c:.6g}" for a, c in zip(problem.axes, points.points[bad[0]].tolist(), strict=True)
            )
            raise SpecError(statement.path, f"is not a finite number at {place}")
    for name, probe in problem.probes.items():

        def evaluated(subdomain: Subdomain, points: Tensor, quantity: str = probe.quantity) -> dict[str, Tensor]:
            compiled = problem.compiled(quantity, subdomain)
            ones = {d: torch.full((len(points),), 0.7, dtype=torch.float64) for d in compiled.derivatives}
            value = compiled.value(PointSet(points).inputs(problem.axes, guesses), ones)
            return {quantity: torch.as_tensor(value).expand(len(points))}

        found = problem.subdomains.piecewise(torch.as_tensor(probe.points), evaluated, probe.subdomain)
        if not torch.isfinite(found[probe.quantity]).all():
            raise SpecError(("probes", name, "at"), f"{probe.quantity} is not a finite number there; move the point")
    for name, value in problem.exact_values(torch.as_tensor(problem.heldout_points(64, 2))).items():
        if not torch.isfinite(value).all():
            raise SpecError(("exact", name), "is not a finite number everywhere inside the domain")


def meaningful(problem: Problem, points: PointSet) -> torch.Tensor:
    """Where the jets that `check_points` tries out are within what the physics asks for: [N]."""
    found = torch.ones(len(points), dtype=torch.bool)
    for name in problem.positive:
        compiled = problem.compiled(name)
        extra: dict[str, Any] = {key: torch.tensor(1.0, dtype=torch.float64) for key in problem.unknowns}
        tried = {d: torch.full((len(points),), 0.7, dtype=torch.float64) for d in compiled.derivatives}
        found &= torch.as_tensor(compiled.value(points.inputs(problem.axes, extra), tried)) > 0
    return found


def place_path(spec: Spec, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Where the spec says for which points a condition holds."""
    match path:
        case ("conditions", int(index), *_):
            return (*path[:2], "where" if spec.conditions[index].where is not None else "on")
    return path
