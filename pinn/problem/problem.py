"""Problem: a spec with its geometry and its statements compiled, ready to be solved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import sympy
import torch
from torch import Tensor

from pinn.domain.point_set import PointSet
from pinn.equations.closed_forms import closed_forms
from pinn.equations.compiler.compile import CompiledExpression, Derivative, evaluate
from pinn.equations.conditions.reader import period_of
from pinn.equations.energy.functional import EnergyFunctional, EnergyReader
from pinn.equations.hard_constraints.ansatz import Ansatz, jet_of
from pinn.equations.scaling import Scaling, find_scaling
from pinn.equations.statements import Place, Statement
from pinn.equations.subdomains import Seen, Subdomain, Subdomains
from pinn.errors import SpecError
from pinn.geometry.points.sampling import BoundaryPoints, sample_interior, sample_pieces
from pinn.geometry.points.sequences import SEQUENCES
from pinn.geometry.shapes.family import Family
from pinn.geometry.shapes.pieces import Piece
from pinn.geometry.shapes.shape import Shape
from pinn.spec.blocks.energy import Energy
from pinn.spec.language.expressions import Scope, symbol
from pinn.spec.parameters import parameter_ranges
from pinn.spec.schema import Spec

SCALING_POINTS = 256
SEEDS_PER_DRAW = 1009  # seeds of one drawing of points are this many, one for each place


@dataclass(frozen=True, eq=False)
class Reference:
    """A tabulated solution: points [N, D] and its quantities, name -> [N]."""

    points: np.ndarray
    quantities: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Probe:
    """A quantity at points [K, D], with the value that is expected there, if any, seen from a subdomain."""

    quantity: str
    points: np.ndarray
    expected: tuple[float, ...] | None
    subdomain: str | None = None


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be solved. `load` makes one from a file.

    subdomains   parts of the domain with fields of their own; one, without a name, where the spec names none
    statements   equations, conditions and data, all of the form expression = 0 at the points of a place
    ansatz       how fields follow from the network's outputs; None where they are these outputs
    posed        with an ansatz: the statements over the fields themselves, then the conditions that it meets exactly
    vectors      name -> component quantities;  tensors: name -> {"xx": quantity, …}
    periods      axis -> period, for networks that are periodic by construction
    family       the domain over all parameters, where there are some; `geometry` is then its slice in their middle
    declared_energy   what the spec, or else its physics, declares to be stationary
    positive     quantities that are positive wherever the equations mean anything
    """

    spec: Spec
    folder: Path
    subdomains: Subdomains
    geometry: Shape
    statements: tuple[Statement, ...]
    vectors: dict[str, tuple[str, ...]]
    tensors: dict[str, dict[str, str]]
    periods: dict[int, float]
    time: tuple[float, float] | None
    probes: dict[str, Probe]
    reference: Reference | None
    ansatz: Ansatz | None = None
    posed: tuple[Statement, ...] = ()
    declared_energy: Energy | None = None
    positive: tuple[str, ...] = ()
    family: Family | None = None
    _compiled: dict[tuple[str, str], CompiledExpression] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def title(self) -> str:
        return self.spec.title

    @property
    def scope(self) -> Scope:
        """The names of the spec; of what differs between subdomains it has the meaning in the first."""
        return self.subdomains[0].scope

    @property
    def coordinates(self) -> tuple[str, ...]:
        return self.scope.space

    @property
    def axes(self) -> tuple[str, ...]:
        """Inputs of the network: coordinates, then parameters, with t last where there is time."""
        return self.scope.axes

    @cached_property
    def parameters(self) -> dict[str, tuple[float, float]]:
        """Parameter -> its range, of a family of problems."""
        return parameter_ranges(self.spec, self.scope.number)

    def beside(self, points: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
        """Points [N, D] of the family at points [N, S or S+1] of the slice at these values of all parameters."""
        columns = [np.full(len(points), values[name]) for name in self.parameters]
        return np.column_stack([points[:, : self.space], *columns, points[:, self.space :]])

    @property
    def fields(self) -> tuple[str, ...]:
        return self.scope.fields

    @property
    def outputs(self) -> tuple[str, ...]:
        """The network's outputs: the fields, and where there are subdomains, the fields in each of them."""
        return tuple(name for subdomain in self.subdomains for name in subdomain.outputs)

    @property
    def space(self) -> int:
        return len(self.scope.space)

    @cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper corner [D] of the domain's box, parameters and time included."""
        lower, upper = (np.asarray(corner, dtype=float) for corner in (self.family or self.geometry).bounds)
        if self.time:
            lower, upper = np.append(lower, self.time[0]), np.append(upper, self.time[1])
        return lower, upper

    @property
    def centre(self) -> np.ndarray:
        return (self.bounds[0] + self.bounds[1]) / 2

    @property
    def half_width(self) -> np.ndarray:
        """Half the box's sides [D]; of a parameter that moves the domain, at least that of the coordinates.

        Such a parameter is a length: what bends over a distance in space bends over as much of it. In units of its own,
        mostly small range the features would be wasted on it (plate family, 600 features: error 0.39 against 0.28).
        """
        found = (self.bounds[1] - self.bounds[0]) / 2
        if self.family is not None:
            moving = [self.space + index for index in self.family.moving]
            found[moving] = np.maximum(found[moving], found[: self.space].max())
        return found

    @cached_property
    def is_linear(self) -> bool:
        return all(statement.expression.is_linear for statement in self.statements)

    @cached_property
    def quantities(self) -> tuple[str, ...]:
        """Fields, and the definitions that depend on fields and have a value inside the domain."""
        normals = {f"n{axis}" for axis in self.coordinates}
        found = list(self.fields)
        for name in self.scope.definitions:
            compiled = [self.compiled(name, subdomain) for subdomain in self.subdomains]
            if any(one.derivatives for one in compiled) and not any(one.inputs & normals for one in compiled):
                found.append(name)
        return tuple(found)

    def compiled(self, name: str, subdomain: Subdomain | None = None) -> CompiledExpression:
        """The quantity `name` in a subdomain (the first), compiled. Raises SpecError for an unknown one."""
        subdomain = subdomain or self.subdomains[0]
        key = (name, subdomain.name)
        if key not in self._compiled:
            self._compiled[key] = self.over_outputs(subdomain.scope.resolve(name), subdomain)
        return self._compiled[key]

    def derivative(self, derivative: Derivative, subdomain: Subdomain) -> CompiledExpression:
        """A partial derivative of a field, compiled over the network's outputs."""
        return self.over_outputs(jet_of(derivative, subdomain.scope), subdomain)

    def over_outputs(self, expression: sympy.Expr, subdomain: Subdomain) -> CompiledExpression:
        """An expression over a subdomain's fields, compiled over the network's outputs."""
        return subdomain.compile(expression) if self.ansatz is None else self.ansatz.compile(expression)

    @cached_property
    def exact(self) -> dict[str, dict[str, sympy.Expr]]:
        """Subdomain -> its closed forms: what the spec's `exact` gives, and every quantity that follows from it."""
        found = {subdomain.name: closed_forms(subdomain.scope, self.quantities) for subdomain in self.subdomains}
        everywhere = [name for name in self.quantities if all(name in forms for forms in found.values())]
        return {subdomain: {name: forms[name] for name in everywhere} for subdomain, forms in found.items()}

    @cached_property
    def exact_quantities(self) -> tuple[str, ...]:
        """Quantities whose true value is known, in closed form or from the reference table."""
        known = {*self.exact[self.subdomains[0].name], *(self.reference.quantities if self.reference else ())}
        return tuple(name for name in self.quantities if name in known)

    def exact_values(self, points: Tensor, seen: Seen = None) -> dict[str, Tensor]:
        """Closed forms at points [N, D], each in its subdomain: name -> [N]."""

        def evaluated(subdomain: Subdomain, points: Tensor) -> dict[str, Tensor]:
            inputs, forms = PointSet(points).inputs(self.axes), self.exact[subdomain.name]
            return {name: evaluate(form, inputs, len(points), points) for name, form in forms.items()}

        return self.subdomains.piecewise(points, evaluated, seen)

    @cached_property
    def unknowns(self) -> dict[str, tuple[float, float | None, float | None]]:
        """name -> (initial, min, max), the coefficients of the enrichment among them."""
        found = {}
        for name, unknown in self.spec.unknowns.items():
            path = ("unknowns", name)
            initial = self.scope.number(unknown.initial, (*path, "initial"))
            low = None if unknown.min is None else self.scope.number(unknown.min, (*path, "min"))
            high = None if unknown.max is None else self.scope.number(unknown.max, (*path, "max"))
            if (low is not None and initial < low) or (high is not None and initial > high):
                raise SpecError((*path, "initial"), f"must lie between min and max, got {initial:g}")
            found[name] = (initial, low, high)
        for name in self.ansatz.coefficients if self.ansatz else ():
            found[name] = (0.0, None, None)
        return found

    @cached_property
    def energy(self) -> EnergyFunctional | None:
        """The functional that the solution makes stationary, over the network's outputs; None where none is declared.

        Raises SpecError where a condition does not fit it.
        """
        if self.declared_energy is None:
            return None
        conditions = self.posed[: len(self.statements)] if self.ansatz else self.statements
        return self.energy_reader.read(self.declared_energy, conditions)

    @property
    def energy_reader(self) -> EnergyReader:
        path = ("energy",) if self.spec.energy else ("physics", *self.spec.physics)
        compile = partial(self.over_outputs, subdomain=self.subdomains[0])
        return EnergyReader(self.scope, self.geometry.patches, path, compile)

    @property
    def constructed(self) -> tuple[str, ...]:
        """Names of the conditions that are exact by construction."""
        return tuple(statement.name for statement in self.posed[len(self.statements) :])

    @cached_property
    def scaling(self) -> Scaling:
        """Magnitudes of the network's outputs and of the statements.

        A statement's magnitude is that of its terms in the fields themselves, so that a residual means the same with
        and without an ansatz, also where the closed forms alone solve the problem.
        """
        found = self._scaling_of(self.statements)
        if not self.posed:
            return found
        return Scaling(found.fields, self._scaling_of(self.posed).statements[: len(self.statements)])

    def _scaling_of(self, statements: Sequence[Statement]) -> Scaling:
        samples = [self.sample(statement.place, SCALING_POINTS, 0) for statement in statements]
        initial = {name: value[0] for name, value in self.unknowns.items()}
        lengths = [float(width) for width in self.half_width]
        return find_scaling(statements, samples, self.outputs, self.axes, lengths, self.space, initial)

    # ---- points --------------------------------------------------------------------------------------------------

    def sample(self, place: Place, count: int, seed: int, method: str = "sobol") -> PointSet:
        """`count` points of a place, on the CPU in float64; fixed points come as they are."""
        match place.kind:
            case "interior":
                shape = self._shape(place, seed)
                return PointSet(torch.as_tensor(sample_interior(shape, count, seed, self.time, method=method)))
            case "initial":
                assert self.time
                shape = self._shape(place, seed)
                inside = sample_interior(shape, count, seed, None, self._mask(place.where), method)
                start = np.full((len(inside), 1), self.time[0])
                return PointSet(torch.as_tensor(np.hstack([inside, start])))
            case "boundary" | "interface":
                drawn = self.boundary_points(place, count, seed, method)
                return PointSet(torch.as_tensor(drawn.points), torch.as_tensor(drawn.normals[:, : self.space]))
            case "periodic":
                shape = self._shape(place, seed)
                pieces = shape.pieces_of(place.patches[:1])
                drawn = sample_pieces(pieces, shape.dimension, count, seed, None, self.time, method)
                axis, period = period_of(self.geometry, place.patches, ("conditions",))
                opposite = drawn.points.copy()
                opposite[:, axis] -= np.sign(drawn.normals[:, axis]) * period
                return PointSet(torch.as_tensor(drawn.points), further=((-1.0, torch.as_tensor(opposite)),))
            case _:
                return PointSet(torch.as_tensor(self._fixed(place, count, seed)))

    def boundary_points(self, place: Place, count: int, seed: int, method: str = "sobol") -> BoundaryPoints:
        """Points of a part of the boundary or of an interface, with normals out of the place's subdomain."""
        extent = self._extent(place.where)
        pieces = self.pieces(place, seed)
        dimension = self.space + len(self.parameters)
        return sample_pieces(pieces, dimension, count, seed, self._mask(place.where), extent, method)

    def _shape(self, place: Place, seed: int) -> Shape:
        """The domain of a place, with its parameters; in a family, `seed` chooses the slices to draw from.

        They are the same for all places of one drawing: to build them takes longer than to draw from them.
        """
        if self.family is not None:
            return self.family.redrawn(seed - seed % SEEDS_PER_DRAW)
        return self.geometry if place.kind == "periodic" else self.subdomains.named(place.subdomain).shape

    def pieces(self, place: Place, seed: int = 0) -> tuple[Piece, ...]:
        """What a part of the boundary or an interface is made of, 'where' aside."""
        if place.kind == "interface":
            return self.subdomains.interface(place.subdomain, place.beside)
        return self._shape(place, seed).pieces_of(place.patches)

    def _extent(self, where: sympy.Expr | None) -> tuple[float, float] | None:
        if where is not None and symbol("t") in where.free_symbols:
            raise SpecError(("conditions",), "'where' may depend on space only")
        return self.time

    def _mask(self, where: sympy.Expr | None):
        if where is None:
            return None

        def mask(points: np.ndarray) -> np.ndarray:
            tensor = torch.as_tensor(points)
            inputs = {axis: tensor[:, i] for i, axis in enumerate((*self.coordinates, *self.parameters))}
            return (evaluate(where, inputs, len(points), tensor) > 0.5).numpy()

        return mask

    def _fixed(self, place: Place, count: int, seed: int) -> np.ndarray:
        points = np.array(place.points, dtype=float)
        if points.shape[1] == len(self.axes):
            return points
        if self.parameters:
            each = max(2, count // len(points))
            lower, upper = (bound[self.space :] for bound in self.bounds)
            free = lower + (upper - lower) * SEQUENCES["sobol"](len(lower), seed, each).first()
            return np.hstack([np.repeat(points, each, axis=0), np.tile(free, (len(points), 1))])
        assert self.time
        times = np.linspace(*self.time, max(2, count // len(points)))
        return np.hstack([np.repeat(points, len(times), axis=0), np.tile(times, len(points))[:, None]])

    def heldout_points(self, count: int, seed: int) -> np.ndarray:
        """`count` interior points [count, D] for measuring errors, none of them a training point."""
        return sample_interior(self.family.redrawn(seed) if self.family else self.geometry, count, seed, self.time)

    def describe(self) -> str:
        """What was understood, for `pinn validate`."""
        from pinn.problem.description import describe

        return describe(self)
