"""What of a solution is certified: ranges of its quantities, Lipschitz constants, residuals, errors where these follow.

A claim is a name, an expression over coordinates and jets of the network's outputs, a region, and bounds that hold at
every point of it, of the network as the real function that its stored weights define: evaluation in double precision
rounds on top of that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from pinn.certificates.bisection import Bisection, Bound, bisect
from pinn.certificates.expressions import evaluated
from pinn.certificates.network import perceptron_jets
from pinn.certificates.regions import Region, regions_of
from pinn.certificates.ridge import Ridge
from pinn.certificates.second_order import second_order
from pinn.certificates.taylor import Array, Taylor, algebra
from pinn.derivatives.jets import MAX_ORDER, JetPlan, Partial, plan_jets
from pinn.domain.places import Interior, Place
from pinn.equations.compiler.compile import CompiledExpression, Derivative
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomain
from pinn.errors import SpecError
from pinn.network.mlp import MLP
from pinn.problem.problem import Problem
from pinn.solution.solution import Solution
from pinn.spec.language.expressions import symbol

RIDGE_DEGREES = {1: 12, 2: 10, 3: 6, 4: 4}  # of Taylor models, by the number of variables, of one hidden layer
DEEP_DEGREES = {1: 8, 2: 5, 3: 3, 4: 2}  # and of several
FEWEST = 2


@dataclass(frozen=True)
class Options:
    """gap: share of a range that a bound may be beyond what is reached; boxes: at most so many in each region."""

    gap: float = 0.02
    boxes: int = 2000
    degree: int | None = None


@dataclass(frozen=True, eq=False)
class Subject:
    """A function that is bounded on a region.

    kind      "range", "slope" (a derivative of something), "residual"
    """

    name: str
    kind: str
    expression: CompiledExpression


@dataclass(frozen=True, eq=False)
class Part:
    """Subjects on one region, and what was found of them."""

    region: Region
    subjects: tuple[Subject, ...]
    found: Bisection
    degree: int

    def bound(self, name: str) -> Bound:
        return self.found.bounds[name]

    def root_mean_square(self, name: str) -> float:
        return math.sqrt(self.bound(name).square / self.found.volume)

    def l2_norm(self, name: str) -> float:
        """Over the region: parameters of a curve are scaled to its length."""
        return math.sqrt(self.bound(name).square * self.region.measure_factor) * (1 + 1e-12)


@dataclass(frozen=True, eq=False)
class Certificate:
    """All parts, with the statements that they are the residuals of, and how they are told apart by subdomain.

    left      in words: what could not be certified
    missing   names of subjects that lack a bound somewhere -> why
    """

    solution: Solution
    parts: tuple[Part, ...]
    left: tuple[str, ...]
    missing: Mapping[str, str]
    options: Options

    def parts_of(self, name: str) -> list[Part]:
        """Those that bound this subject. Raises SpecError where it is bounded nowhere, or not everywhere."""
        if name in self.missing:
            raise SpecError((), f"'{name}' is not certified everywhere: {self.missing[name]}")
        found = [part for part in self.parts if name in part.found.bounds]
        if not found:
            raise SpecError((), f"'{name}' is not certified")
        return found

    @property
    def widths(self) -> list[float]:
        """Sides of the box around the domain that bounds inside were found on, time among them."""
        region = self.parts[0].region
        return ((region.upper - region.lower) * (1 + 1e-12)).tolist()

    def bound_of(self, name: str) -> Bound:
        """Over all regions."""
        bounds = [part.bound(name) for part in self.parts_of(name)]
        reached = min(b.reached[0] for b in bounds), max(b.reached[1] for b in bounds)
        lower, upper = min(b.lower for b in bounds), max(b.upper for b in bounds)
        return Bound(lower, upper, reached, sum(b.square for b in bounds), bounds[0].symmetric)

    def l2_of(self, name: str) -> float:
        return math.hypot(*(part.l2_norm(name) for part in self.parts_of(name))) * (1 + 1e-12)

    def lipschitz(self, name: str) -> float | None:
        """At least the largest slope of a quantity in space; None where its derivatives are not certified.

        Along any path inside; between any two points where the domain is convex.
        """
        slopes = [f"d({name}, {axis})" for axis in self.solution.problem.coordinates]
        if not all(any(slope in part.found.bounds for part in self.parts) for slope in slopes):
            return None
        return math.hypot(*(self.bound_of(slope).largest for slope in slopes)) * (1 + 1e-12)


def certify(
    solution: Solution, options: Options | None = None, say: Callable[[str], None] = lambda text: None
) -> Certificate:
    """Raises SpecError where nothing of the solution can be certified."""
    options = options or Options()
    problem = solution.problem
    network = solution.model.network
    if not isinstance(network, MLP):
        raise SpecError(
            (), f"a network of the kind '{network.kind}' cannot be certified yet; one of the kind 'mlp' can"
        )
    if problem.eigen is not None:
        raise SpecError(("modes",), "modes cannot be certified yet")
    if problem.loads:
        raise SpecError(("point_loads",), "fields under point loads have no bounds, and cannot be certified")
    work = Work(solution, options, say)
    for subdomain in problem.subdomains:
        place = Interior(subdomain.name)
        work.on(place, [*quantities(solution, subdomain), *residuals_of(solution, place), *coefficients(problem)])
    for place in dict.fromkeys(s.place for s in stated(problem) if not isinstance(s.place, Interior)):
        work.on(place, residuals_of(solution, place))
    return Certificate(solution, tuple(work.parts), tuple(dict.fromkeys(work.left)), work.missing, options)


@dataclass
class Work:
    """What was found so far."""

    solution: Solution
    options: Options
    say: Callable[[str], None]
    parts: list[Part] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def on(self, place: Place, subjects: Sequence[Subject]) -> None:
        """Bounds of subjects on all regions of a place."""
        try:
            regions = regions_of(place, self.solution.problem.domain)
        except SpecError as error:
            self.left.append(error.message)
            self.missing |= {subject.name: error.message for subject in subjects}
            return
        for region in regions:
            evaluation = Evaluation(self.solution, region, subjects, self.options.degree)
            for subject, why in evaluation.refused.items():
                self.left.append(f"{subject} ({region.name}): {why}")
                self.missing[subject] = why
            if evaluation.subjects:
                part = evaluation.bounded(self.options)
                self.parts.append(part)
                self.say(f"{region.name}: {part.found.boxes} boxes")


def coefficients(problem: Problem) -> list[Subject]:
    """Of a linear equation of second order, for what is proved of its errors."""
    try:
        forms = second_order(problem).named(problem.coordinates)
    except SpecError:
        return []
    return [Subject(name, "coefficient", CompiledExpression(form, {}, ())) for name, form in forms.items()]


def quantities(solution: Solution, subdomain: Subdomain) -> list[Subject]:
    """Fields, definitions, their first derivatives, and the derivatives of fields that an equation asks for."""
    problem = solution.problem
    found: dict[str, Subject] = {}
    for name in problem.quantities:
        found[name] = Subject(name, "range", problem.compiled(name, subdomain))
        if found[name].expression.order < MAX_ORDER:
            for axis in problem.coordinates:
                slope = f"d({name}, {axis})"
                expression = differentiated(problem, subdomain, name, axis)
                if expression is not None:
                    found[slope] = Subject(slope, "slope", expression)
    for statement in problem.posed or problem.statements:
        if statement.is_equation and statement.place.subdomain == subdomain.name:
            for derivative in statement.expression.derivatives:
                if derivative.partial.order > 1:
                    name = written(own(derivative, subdomain), problem.axes)
                    found[name] = Subject(name, "range", problem.derivative(own(derivative, subdomain), subdomain))
    return [*found.values()]


def written(derivative: Derivative, axes: Sequence[str]) -> str:
    """u_xy, or laplacian(u)."""
    letters = "".join(axis * count for axis, count in zip(axes, derivative.partial.orders, strict=True))
    name = f"{derivative.field}_{letters}" if letters else derivative.field
    for _ in range(derivative.partial.laplacians):
        name = f"laplacian({name})"
    return name


def own(derivative: Derivative, subdomain: Subdomain) -> Derivative:
    """The derivative of a field, where a statement has that of the subdomain's output."""
    names = {subdomain.output(name): name for name in subdomain.scope.fields}
    return Derivative(names.get(derivative.field, derivative.field), derivative.partial)


def differentiated(problem: Problem, subdomain: Subdomain, name: str, axis: str) -> CompiledExpression | None:
    """d name/d axis, compiled; None where the language has no name for it."""
    try:
        return problem.over_outputs(subdomain.scope.resolve(f"{name}_{axis}"), subdomain)
    except SpecError:
        return None


def residuals_of(solution: Solution, place: Place) -> list[Subject]:
    """The statements of a place: lhs - rhs, in their own units."""
    statements = stated(solution.problem)
    return [Subject(s.name, "residual", s.expression) for s in statements if s.place == place and s.values is None]


def stated(problem: Problem) -> tuple[Statement, ...]:
    """Equations and conditions over the network's outputs, those that hold by construction among them."""
    if problem.ansatz is None:
        return problem.statements
    constructed = problem.posed[len(problem.statements) :]
    return (*problem.statements, *(problem.ansatz.restate(statement) for statement in constructed))


class Evaluation:
    """Subjects on boxes of a region, as Taylor models.

    refused   those that cannot be evaluated -> why
    """

    def __init__(self, solution: Solution, region: Region, subjects: Sequence[Subject], degree: int | None):
        network = solution.model.network
        assert isinstance(network, MLP)
        self.solution, self.region, self.network = solution, region, network
        self.ridge = Ridge.of(network) if region.kind == "box" else None
        degrees = RIDGE_DEGREES if len(network.linears) == 2 else DEEP_DEGREES
        self.degree = degree or degrees.get(len(region.lower), FEWEST)
        self.refused: dict[str, str] = {}
        middle = (region.lower + region.upper)[None] / 2
        kept = []
        for subject in subjects:
            self.subjects = (subject,)
            try:
                self(middle, np.zeros_like(middle))
                kept.append(subject)
            except SpecError as error:
                self.refused[subject.name] = error.message
        self.subjects = tuple(kept)

    @property
    def plan(self) -> JetPlan:
        axes = len(self.solution.problem.axes)
        wanted = [d.partial for s in self.subjects for d in s.expression.derivatives]
        return plan_jets([Partial((0,) * axes), *wanted], axes, self.solution.problem.space)

    def bounded(self, options: Options) -> Part:
        region, problem = self.region, self.solution.problem

        def inside(centre: Array) -> NDArray[np.bool_]:
            return problem.geometry.contains(centre[:, : problem.space])

        counts = None if region.ground is None else inside
        symmetric = frozenset(s.name for s in self.subjects if s.kind == "residual")
        found = bisect(self, region.lower, region.upper, options.gap, options.boxes, region.outside, counts, symmetric)
        return Part(region, self.subjects, found, self.degree)

    def __call__(self, centre: Array, radius: Array) -> Mapping[str, Taylor]:
        problem, region, plan = self.solution.problem, self.region, self.plan
        space = algebra(centre.shape[1], self.degree)
        places = region.places(centre, radius, space)
        if self.ridge is not None:
            channels: Sequence[Taylor | None] = self.ridge.jets(centre, radius, plan, space)
        else:
            channels = perceptron_jets(self.network, places, plan)
        like = places[:, 0]
        environment: dict[Symbol, Taylor] = {symbol(axis): places[:, i] for i, axis in enumerate(problem.axes)}
        for axis, normal in zip(problem.coordinates, region.normals(centre, radius, space), strict=False):
            environment[symbol(f"n{axis}")] = normal
        for name, value in self.solution.model.unknowns.items():
            environment[symbol(name)] = Taylor.constant(space, np.full(like.shape, float(value)))
        jets = dict(zip(plan.channels, channels, strict=True))
        outputs = problem.outputs
        return {s.name: expressed(s.expression, environment, jets, outputs, like) for s in self.subjects}


def expressed(
    compiled: CompiledExpression,
    environment: Mapping[Symbol, Taylor],
    jets: Mapping[Partial, Taylor | None],
    outputs: Sequence[str],
    like: Taylor,
) -> Taylor:
    """A compiled expression over jets [B, F] and inputs [B]."""
    known = dict(environment)
    for jet, derivative in compiled.symbols.items():
        if derivative in compiled.derivatives:
            channel = jets[derivative.partial]
            column = outputs.index(derivative.field)
            known[jet] = Taylor.constant(like.space, np.zeros(like.shape)) if channel is None else channel[:, column]
    for standing, form in compiled.closed.items():
        if standing in compiled.expression.free_symbols:
            known[standing] = evaluated(form, known, like)
    return evaluated(compiled.expression, known, like)
