"""Problem: a spec with its geometry and its statements compiled, ready to be solved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from html import escape
from pathlib import Path

import numpy as np
import sympy
from torch import Tensor

from pinn.corners.find import Corner, find_corners
from pinn.domain.domain import Domain
from pinn.domain.places import Place
from pinn.domain.point_set import PointSet, joined
from pinn.equations.closed_forms import closed_forms
from pinn.equations.compiler.compile import CompiledExpression, Derivative, evaluate
from pinn.equations.eigenproblem import Eigenproblem
from pinn.equations.energy.functional import EnergyFunctional, EnergyReader
from pinn.equations.hard_constraints.ansatz import Ansatz, jet_of
from pinn.equations.scaling import Scaling, Units, find_scaling
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Seen, Subdomain, Subdomains
from pinn.errors import SpecError, UnknownName, did_you_mean
from pinn.geometry.shapes.shape import Shape
from pinn.point_loads.reading import KnownLoad
from pinn.problem.first_guess import first_guess
from pinn.problem.probe import Extent, Probe
from pinn.problem.scan import Scan, scan
from pinn.problem.unit_labels import UnitLabels
from pinn.spec.blocks.energy import Energy
from pinn.spec.language.expressions import Scope
from pinn.spec.schema import Spec
from pinn.spec.yaml.source import dump

SCALING_POINTS = 256
SHOWN = 6  # names in a line


@dataclass(frozen=True, eq=False)
class Reference:
    """A tabulated solution: points [N, D] and its quantities, name -> [N]; `outside` the domain it had more rows."""

    points: np.ndarray
    quantities: dict[str, np.ndarray]
    outside: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """What is to be solved. `load` makes one from a file.

    domain       where its points come from
    subdomains   parts of the domain with fields of their own; one, without a name, where the spec names none
    statements   equations, conditions and data, all of the form expression = 0 at the points of a place
    cuts         in words: jumps that the domain was cut at, and the parts that this gave
    uncut        in words: jumps that no cut follows, with the reason
    ansatz       how fields follow from the network's outputs; None where they are these outputs
    posed        with an ansatz: the statements over the fields themselves, then the conditions that it meets exactly
    vectors      name -> component quantities;  tensors: name -> {"xx": quantity, …}
    periods      axis -> period, for networks that are periodic by construction
    declared_energy   what the spec, or else its physics, declares to be stationary
    positive     quantities that are positive wherever the equations mean anything
    eigen        what is sought where the spec asks for modes; None for one solution
    cases        load cases and their combinations; the problem itself is the first of them
    motions      names of the unknown motions of rigid patches
    loads        what acts at points; their part of the fields is in the ansatz
    pointwise    whether equations whose terms vary by orders of magnitude count in units of these at each point
    """

    spec: Spec
    folder: Path
    domain: Domain
    subdomains: Subdomains
    statements: tuple[Statement, ...]
    vectors: dict[str, tuple[str, ...]]
    tensors: dict[str, dict[str, str]]
    periods: dict[int, float]
    probes: dict[str, Probe | Extent]
    reference: Reference | None
    cuts: tuple[str, ...] = ()
    uncut: tuple[str, ...] = ()
    ansatz: Ansatz | None = None
    posed: tuple[Statement, ...] = ()
    declared_energy: Energy | None = None
    positive: tuple[str, ...] = ()
    eigen: Eigenproblem | None = None
    motions: tuple[str, ...] = ()
    loads: tuple[KnownLoad, ...] = ()
    pointwise: bool = True
    cases: Mapping[str, Problem] = field(default_factory=dict)
    _compiled: dict[tuple[str, str], CompiledExpression] = field(init=False, default_factory=dict, repr=False)

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

    @property
    def parameters(self) -> Mapping[str, tuple[float, float]]:
        """Parameter -> its range, of a family of problems."""
        return self.domain.parameters

    @property
    def geometry(self) -> Shape:
        """The shape in space, in the middle of the parameters where there are some."""
        return self.domain.shape

    @property
    def time(self) -> tuple[float, float] | None:
        return self.domain.time

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

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper corner [D] of the domain's box, parameters and time included."""
        return self.domain.bounds

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

    def require_inside(self, name: str) -> None:
        """Raises SpecError unless `name` has a value inside the domain: a quantity, or a derivative such as u_xy."""
        if name in self.quantities:
            return
        try:
            inputs = self.compiled(name).inputs
        except UnknownName:
            raise SpecError((), f"unknown quantity '{name}'{did_you_mean(name, self.quantities)}") from None
        if normals := inputs & {f"n{axis}" for axis in self.coordinates}:
            raise SpecError((), f"'{name}' needs the normal ({', '.join(sorted(normals))}), which has no value inside")

    def derivative(self, derivative: Derivative, subdomain: Subdomain) -> CompiledExpression:
        """A partial derivative of a field, compiled over the network's outputs."""
        return self.over_outputs(jet_of(derivative, subdomain.scope), subdomain)

    def over_outputs(self, expression: sympy.Expr, subdomain: Subdomain) -> CompiledExpression:
        """An expression over a subdomain's fields, compiled over the network's outputs."""
        if self.ansatz is None:
            return subdomain.compile(expression)
        return self.ansatz.compile(subdomain.over_outputs(expression))

    @property
    def of_fields(self) -> tuple[Statement, ...]:
        """The statements as they are of the fields: with an ansatz that changes their terms, those before it."""
        return self.statements if self.ansatz is None or self.ansatz.shifts else self.posed

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
        """name -> (initial, min, max), the coefficients of the enrichment and the motions
        of rigid patches among them."""
        found = {}
        for name, unknown in self.spec.unknowns.items():
            path = ("unknowns", name)
            initial = self.scope.number(unknown.initial, (*path, "initial"))
            low = None if unknown.min is None else self.scope.number(unknown.min, (*path, "min"))
            high = None if unknown.max is None else self.scope.number(unknown.max, (*path, "max"))
            if (low is not None and initial < low) or (high is not None and initial > high):
                raise SpecError((*path, "initial"), f"must lie between min and max, got {initial:g}")
            found[name] = (initial, low, high)
        for name in (*self.motions, *(self.ansatz.coefficients if self.ansatz else ())):
            found[name] = (0.0, None, None)
        return found

    @cached_property
    def guesses(self) -> dict[str, float]:
        """What expressions have beside coordinates, before anything is solved: first guesses; an eigenvalue is zero."""
        found = {name: value[0] for name, value in self.unknowns.items()}
        return found if self.eigen is None else {**found, self.eigen.name: 0.0}

    @cached_property
    def corners(self) -> tuple[Corner, ...]:
        """The vertices of a plane domain; none in one and three dimensions."""
        return self.corners_near(self.guesses)

    def corners_near(self, others: Mapping[str, float]) -> tuple[Corner, ...]:
        """The same where what expressions have beside coordinates are these: name -> value."""
        if self.space != 2:
            return ()
        return tuple(find_corners(self.domain, self.subdomains, self.of_fields, others))

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
        path = ("energy",) if self.spec.energy else self.spec.physics_path
        compile = partial(self.over_outputs, subdomain=self.subdomains[0])
        return EnergyReader(self.scope, self.geometry.patches, path, compile)

    @cached_property
    def first_guess(self) -> dict[str, sympy.Expr]:
        """Output -> what Newton's iteration starts from, in the coordinates; empty for zero."""
        return first_guess(self)

    @cached_property
    def scan(self) -> Scan:
        """What was seen of the known data between the points that a solver looks at."""
        return scan(self)

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
        if self.of_fields is self.statements:
            return found
        return Scaling(found.fields, self._scaling_of(self.posed).statements[: len(self.statements)])

    def scaling_points(self, place: Place) -> PointSet:
        """Some points of a place, some of them where its data vary, if they do so in a small part of it."""
        points = self.domain.looked_at(place, SCALING_POINTS, 0)
        if place not in self.scan.concentrations:
            return points
        return joined([points, self.scan.concentrations[place].drawn(SCALING_POINTS, 0, measuring=False)])

    def _scaling_of(self, statements: Sequence[Statement]) -> Scaling:
        samples = [self.scaling_points(statement.place) for statement in statements]
        # the terms of an ansatz vanish where it holds values: no measure of what stands beside them
        pointwise = self.pointwise and self.of_fields is self.statements
        return find_scaling(statements, samples, self.outputs, self.units, pointwise)

    @cached_property
    def unit_labels(self) -> UnitLabels:
        """The units of quantities, where the spec says something of units."""
        return UnitLabels(self)

    @cached_property
    def units(self) -> Units:
        """What the terms of statements are measured with: half the domain's sides, first guesses of the unknowns."""
        lengths = [float(width) for width in self.domain.half_width]
        vectors = [[name for name in names if name in self.fields] for names in self.vectors.values()]
        alike = (frozenset(s.output(name) for name in names) for names in vectors for s in self.subdomains)
        return Units(self.axes, lengths, self.space, self.guesses, tuple(group for group in alike if group))

    def heldout_points(self, count: int, seed: int) -> np.ndarray:
        """`count` interior points [count, D] for measuring errors, none of them a training point."""
        return self.domain.heldout_points(count, seed)

    def describe(self) -> str:
        """What was understood, for `pinn validate`."""
        from pinn.problem.description import describe

        return describe(self)

    def to_yaml(self) -> str:
        """The spec with every default filled in, as text that `pinn.load` reads."""
        return dump(self.spec.resolved())

    def __reduce__(self):
        from pinn.problem.loading import restored

        return restored, (self.to_yaml(), str(self.folder))

    def __repr__(self) -> str:
        kind, names = "linear" if self.is_linear else "nonlinear", listed(self.fields)
        return f"<Problem {self.name}: {names} over {', '.join(self.axes)}, {kind}>"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.describe())}</pre>"


def listed(names: Sequence[str]) -> str:
    """The names in a line, the first ones where they are many."""
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
