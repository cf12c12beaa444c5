"""Checks: what a compiled problem must satisfy beyond its spec's form, each refusal at its place."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from pinn.domain.places import Initial
from pinn.domain.point_set import PointSet
from pinn.equations.conditions.quantities import read_quantity
from pinn.equations.conditions.reader import ConditionReader
from pinn.equations.statements import MEASURED
from pinn.equations.subdomains import Subdomain, Subdomains
from pinn.errors import SpecError, UnknownName
from pinn.geometry.shapes.shape import GeometryError, Shape
from pinn.physics.model import Physics
from pinn.problem.first_guess import guessed_jets, stated_guess
from pinn.problem.probe import Extent, Probe
from pinn.problem.problem import Problem
from pinn.problem.table_ranges import asks_of_fields
from pinn.spec.language.expressions import Scope
from pinn.spec.schema import Spec


def check_energy(problem: Problem) -> None:
    """A declared energy can be read; one that is to be minimised fits the conditions."""
    spec = problem.spec
    if spec.solver.minimises_energy:
        require_fixed_fields(problem)
    elif spec.energy:
        problem.energy_reader.declared(spec.energy)


def require_fixed_fields(problem: Problem) -> None:
    """Raises SpecError where the energy is the same for a field and the field plus a constant."""
    assert problem.energy is not None
    fixed = {jet for term in problem.energy.terms for jet in term.expression.curved}
    for statement in (*problem.statements, *problem.posed):
        if not statement.is_equation:
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
            way_out = f"; {physics.beyond[name]}" if name in physics.beyond and float(value) >= high else ""
            origin = scope.origin(name)
            if origin[-1:] == (name,):
                raise SpecError(origin, f"must {bounds}, got {float(value):g}{way_out}")
            raise SpecError(origin, f"makes {name} {float(value):g}, which must {bounds}{way_out}")


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


def refuse_gaps(subdomains: Subdomains, geometry: Shape, equations, statements, reader: ConditionReader, time) -> None:
    """A second-order problem needs something on every patch, a problem in time an initial state."""
    space = len(subdomains[0].scope.space)
    space_order = max((d.spatial_order(space) for e in equations for d in e.expression.derivatives), default=0)
    has_data = any(statement.values is not None for statement in statements)
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
            if isinstance(s.place, Initial) and any(d.field == name for d in s.expression.derivatives)
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


def check_names(problem: Problem) -> None:
    """The exact solution and the outputs name quantities; closed forms and first guesses can be read."""
    for name in problem.spec.exact:
        read_quantity(problem.scope, problem.vectors, name, ("exact", name))
    _ = problem.exact, problem.unknowns, stated_guess(problem)
    for number, name in enumerate(problem.spec.outputs.quantities or ()):
        if name in problem.vectors or name in problem.tensors:  # stands for its components
            continue
        require_quantity(problem, name, ("outputs", "quantities", number))


def check_points(problem: Problem) -> None:
    """Every statement gets points, and finite numbers at them. Raises SpecError that names the condition."""
    guesses = {name: torch.tensor(value, dtype=torch.float64) for name, value in problem.guesses.items()}
    stated = stated_guess(problem)
    for statement in problem.statements:
        try:
            points = problem.domain.looked_at(statement.place, 64, 1)
        except GeometryError as error:
            raise SpecError(place_path(problem.spec, statement.path), f"gets no points: {error.message}") from None
        except SpecError as error:
            raise SpecError(statement.path, error.message) from None
        extra: dict[str, Any] = dict(guesses)
        if statement.values is not None:
            extra[MEASURED] = statement.values
        inputs = points.inputs(problem.axes, extra)
        derivatives = statement.expression.derivatives
        tried = {d: torch.full((len(points),), 0.7, dtype=torch.float64) for d in derivatives}
        if stated:
            tried = guessed_jets(problem, points, derivatives)
        value = torch.as_tensor(statement.expression.value(inputs, tried))
        if asks_of_fields(problem, statement):
            continue
        bad = torch.nonzero(~torch.isfinite(value.expand(len(points))) & meaningful(problem, points)).flatten()
        if len(bad):
            place = ", ".join(
                f"{a} = {c:.6g}" for a, c in zip(problem.axes, points.points[bad[0]].tolist(), strict=True)
            )
            raise SpecError(statement.path, f"is not a finite number at {place}")
    for name, probe in problem.probes.items():
        if isinstance(probe, Extent):
            continue

        def evaluated(subdomain: Subdomain, points: Tensor, quantity: str = probe.quantity) -> dict[str, Tensor]:
            compiled = problem.compiled(quantity, subdomain)
            ones = {d: torch.full((len(points),), 0.7, dtype=torch.float64) for d in compiled.derivatives}
            value = compiled.value(PointSet(points).inputs(problem.axes, guesses), ones)
            return {quantity: torch.as_tensor(value).expand(len(points))}

        found = problem.subdomains.piecewise(torch.as_tensor(probe.points), evaluated, probe.subdomain)
        if not torch.isfinite(found[probe.quantity]).all():
            raise SpecError(("probes", name, "at"), f"{probe.quantity} {not_finite(problem, probe)}")
    for name, value in problem.exact_values(torch.as_tensor(problem.heldout_points(64, 2))).items():
        if not torch.isfinite(value).all():
            raise SpecError(("exact", name), "is not a finite number everywhere inside the domain")


def not_finite(problem: Problem, probe: Probe) -> str:
    """What to say of a quantity that has no value at a point of a probe."""
    for load in problem.loads:
        if load.acts_at(probe.points[:, : problem.space], problem.geometry.size).any():
            return f"is infinite under the {load.label}; move the point beside it, or spread the load"
    return "is not a finite number there; move the point"


def meaningful(problem: Problem, points: PointSet) -> torch.Tensor:
    """Where the jets that `check_points` tries out are within what the physics asks for: [N]."""
    found = torch.ones(len(points), dtype=torch.bool)
    for name in problem.positive:
        compiled = problem.compiled(name)
        extra: dict[str, Any] = {key: torch.tensor(1.0, dtype=torch.float64) for key in problem.guesses}
        tried = {d: torch.full((len(points),), 0.7, dtype=torch.float64) for d in compiled.derivatives}
        found &= torch.as_tensor(compiled.value(points.inputs(problem.axes, extra), tried)) > 0
    return found


def place_path(spec: Spec, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Where the spec says for which points a condition holds."""
    match path:
        case ("conditions", int(index), *_):
            return (*path[:2], "where" if spec.conditions[index].where is not None else "on")
    return path
