"""Output transform: conditions that hold exactly, as DeepXDE's examples write them.

    u(x) = g(x) + phi(x) N(x)

with phi = 0 and g = the prescribed value wherever u is prescribed on a face of the domain's box or at the first time:
phi is the product of the distances to these faces, x - a and b - x, and of t - t_0. g blends the values linearly from
face to face, axis after axis (transfinite interpolation; Gordon, SIAM J. Numer. Anal. 8 (1971), 158): with w_k linear,

    g_k = g_(k-1) + sum over the faces F of axis k of  w_F(x_k) (value_F - g_(k-1)) at F.

g uses the values on the faces only, never what an expression says inside the domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import sympy
import torch
from torch import Tensor

from pinn.derivatives.autograd import jets_by_autograd
from pinn.derivatives.jets import JetPlan, Jets
from pinn.domain.places import Boundary, Initial
from pinn.equations.compiler.program import Program
from pinn.equations.statements import Statement
from pinn.network.mlp import MLP, Tape
from pinn.problem.problem import Problem
from pinn.spec.language.expressions import symbol

MOST_AXES = 3  # the blend's formula grows threefold with each axis
CHECKED_POINTS, CHECKED_SEED = 64, 0
AGREEMENT = 1e-9  # of the largest value: faces that meet prescribe the same there


@dataclass(frozen=True)
class Face:
    """Where coordinate `axis` takes its first (end 0) or last (end 1) value; time has a first only."""

    axis: int
    end: int


@dataclass(frozen=True, eq=False)
class OutputTransform:
    """The transform of the network's outputs: points [N, D], N(x) [N, F] -> fields [N, F].

    statements   numbers of the statements that it satisfies
    """

    axes: tuple[str, ...]
    program: Program  # g_1, phi_1, g_2, phi_2, …
    statements: frozenset[int]

    def __call__(self, points: Tensor, outputs: Tensor) -> Tensor:
        inputs = {symbol(axis): points[:, k] for k, axis in enumerate(self.axes)}
        values = [torch.as_tensor(v, dtype=points.dtype, device=points.device) for v in self.program(inputs)]
        columns = torch.stack([value.expand(len(points)) for value in values], dim=1)
        return columns[:, ::2] + columns[:, 1::2] * outputs

    def __deepcopy__(self, memo: dict) -> OutputTransform:
        return self  # nothing in it changes


class ExactConditions(MLP):
    """A network whose fields go through an transform; its jets come from nested differentiation."""

    kind: ClassVar[str] = "output_transform"
    transform: OutputTransform

    def forward(self, points: Tensor) -> Tensor:
        return self.transform(points, super().forward(points))

    def jets(self, points: Tensor, plan: JetPlan, tape: Tape | None = None) -> Jets:
        jets = jets_by_autograd(self, points, plan)
        return jets if torch.is_grad_enabled() else [None if jet is None else jet.detach() for jet in jets]


def find_output_transform(problem: Problem) -> OutputTransform | None:
    """The transform for all the fields that have one, or None where no field has: see `blend`."""
    if len(problem.axes) > MOST_AXES:
        return None
    expressions: list[sympy.Expr] = []
    satisfied: set[int] = set()
    for field in problem.fields:
        values: dict[Face, sympy.Expr] = {}
        numbers = set()
        for number, statement in enumerate(problem.statements):
            value = prescribed_value(statement, field, problem.axes)
            faces = faces_of(problem, statement)
            if value is not None and faces:
                values |= dict.fromkeys(faces, value)
                numbers.add(number)
        g, phi = blend(problem, values)
        if values and continuous(problem, g, values):
            expressions += [g, phi]
            satisfied |= numbers
        else:
            expressions += [sympy.S(0), sympy.S(1)]
    return OutputTransform(problem.axes, Program(expressions), frozenset(satisfied)) if satisfied else None


def prescribed_value(statement: Statement, field: str, allowed: tuple[str, ...]) -> sympy.Expr | None:
    """What `field` equals where the statement holds, if it says field = an expression of the `allowed` names."""
    expression = statement.expression
    jets = [s for s in expression.symbols if s in expression.expression.free_symbols]
    if len(jets) != 1 or expression.symbols[jets[0]].field != field or expression.symbols[jets[0]].partial.order:
        return None
    slope = expression.expression.diff(jets[0])
    value = sympy.expand(jets[0] - expression.expression / slope) if slope.is_number and slope != 0 else None
    return value if value is not None and value.free_symbols <= {symbol(name) for name in allowed} else None


def faces_of(problem: Problem, statement: Statement) -> list[Face]:
    """The faces that the statement's place is made of; none where it is no face, or only a part of one."""
    place = statement.place
    if not isinstance(place, Boundary | Initial) or place.where is not None or statement.weight != 1:
        return []
    if isinstance(place, Initial):
        return [Face(problem.space, 0)]
    found = []
    for patch in place.patches:
        face = face_of(problem, patch, place.patches)
        if face is None:
            return []
        found.append(face)
    return found


def face_of(problem: Problem, patch: str, stated: tuple[str, ...]) -> Face | None:
    """The face of the domain's box on which the patch lies, if nothing else of the boundary lies there."""
    geometry = problem.geometry
    along = max(geometry.dimension - 1, 0)
    ends = np.array(np.meshgrid(*[[0.0, 0.5, 1.0]] * along)).reshape(along, -1).T if along else np.zeros((1, 0))
    tolerance = 1e-9 * geometry.size

    def lies_on(piece, axis: int, value: float) -> bool:
        return bool(np.all(np.abs(piece.points(ends)[:, axis] - value) < tolerance))

    for axis in range(geometry.dimension):
        for end, bound in enumerate(geometry.bounds):
            if all(lies_on(piece, axis, bound[axis]) for piece in geometry.pieces_of([patch])):
                others = [piece for piece in geometry.pieces if piece.patch not in stated]
                return None if any(lies_on(piece, axis, bound[axis]) for piece in others) else Face(axis, end)
    return None


def blend(problem: Problem, values: Mapping[Face, sympy.Expr]) -> tuple[sympy.Expr, sympy.Expr]:
    """(g, phi) of one field."""
    lower, upper = problem.bounds
    g: sympy.Expr = sympy.S(0)
    phi: sympy.Expr = sympy.S(1)
    for axis, name in enumerate(problem.axes):
        x = symbol(name)
        low, high = sympy.Float(float(lower[axis])), sympy.Float(float(upper[axis]))
        here = {face: value for face, value in values.items() if face.axis == axis}
        share = {0: (high - x) / (high - low), 1: (x - low) / (high - low)}
        step: sympy.Expr = sympy.S(0)
        for face, value in here.items():
            phi = phi * (high - x if face.end else x - low)
            step += (share[face.end] if len(here) == 2 else 1) * (value - g).subs(x, high if face.end else low)
        g = g + step
    return g, phi


def continuous(problem: Problem, g: sympy.Expr, values: Mapping[Face, sympy.Expr]) -> bool:
    """Whether g has the prescribed value on every face: not so where faces that meet disagree at their edge."""
    lower, upper = problem.bounds
    program = Program([g, *values.values()])
    for number, face in enumerate(values):
        points = torch.as_tensor(problem.heldout_points(CHECKED_POINTS, CHECKED_SEED)).clone()
        points[:, face.axis] = float((lower, upper)[face.end][face.axis])
        found = program({symbol(axis): points[:, k] for k, axis in enumerate(problem.axes)})
        wanted = torch.as_tensor(found[1 + number], dtype=torch.float64)
        gap = (torch.as_tensor(found[0], dtype=torch.float64) - wanted).abs().max()
        if not gap <= AGREEMENT * max(1.0, float(wanted.abs().max())):
            return False
    return True
