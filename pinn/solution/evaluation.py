"""Evaluation: expressions at points of a trained model, chunk by chunk, on both sides of every interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import sympy
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from pinn.derivatives.jets import plan_jets
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import CompiledExpression, Derivative
from pinn.equations.subdomains import Seen, Subdomain
from pinn.errors import SpecError
from pinn.network.chunks import in_chunks
from pinn.problem.problem import Problem
from pinn.training.residuals.assembly import Group, residuals
from pinn.training.residuals.model import Model

Key = TypeVar("Key", str, Derivative, tuple[str, int])


class Evaluation:
    """What fields and expressions of them are at points, by a model of a problem."""

    def __init__(self, problem: Problem, model: Model):
        self.problem = problem
        self.model = model

    def listed(self, points: ArrayLike) -> np.ndarray:
        """Points [N, D]; on a single axis they may be [N]."""
        array = np.asarray(points, dtype=float)
        return array[:, None] if array.ndim == len(self.problem.axes) == 1 else array

    def require_shape(self, shape: Sequence[int]) -> None:
        if len(shape) != 2 or shape[1] != len(self.problem.axes):
            wanted = ", ".join(self.problem.axes)
            raise SpecError((), f"points must be [N, {len(self.problem.axes)}] ({wanted}), got {list(shape)}")

    def as_points(self, points: ArrayLike) -> Tensor:
        array = self.listed(points)
        self.require_shape(array.shape)
        scale = self.model.network.field_scale
        return torch.as_tensor(array).to(scale)

    def quantities(self, points: Tensor, names: Sequence[str], seen: Seen) -> dict[str, Tensor]:
        def evaluated(subdomain: Subdomain, points: Tensor) -> dict[str, Tensor]:
            return self.values(points, {name: self.problem.compiled(name, subdomain) for name in names})

        return self.problem.subdomains.piecewise(points, evaluated, seen)

    def values(
        self, points: Tensor, compiled: Mapping[Key, CompiledExpression], normals: Tensor | None = None
    ) -> dict[Key, Tensor]:
        """Values of expressions at points [N, D], where there are normals [N, S] of these too, each [N]."""
        wanted = tuple(sorted({d for expression in compiled.values() for d in expression.derivatives}))
        plan = plan_jets([d.partial for d in wanted], len(self.problem.axes), self.problem.space)
        jets = self.model.jets(points, plan, wanted)
        inputs = PointSet(points, normals).inputs(self.problem.axes, self.model.unknowns)
        values = {key: torch.as_tensor(expression.value(inputs, jets)) for key, expression in compiled.items()}
        return {key: value.expand(len(points)) for key, value in values.items()}

    def in_subdomains(
        self,
        evaluated: Callable[[Subdomain, Tensor, Tensor | None], Tensor],
        points: np.ndarray,
        normals: np.ndarray | None = None,
        seen: Seen = None,
    ) -> np.ndarray:
        """What `evaluated` says of points [N, D] and normals [N, S] in each subdomain: [N]."""
        axes = len(self.problem.axes)

        def at(subdomain: Subdomain, rows: Tensor) -> dict[str, Tensor]:
            return {"": evaluated(subdomain, rows[:, :axes], None if normals is None else rows[:, axes:])}

        table = torch.as_tensor(points if normals is None else np.hstack([points, normals]))
        found = self.in_chunks(
            lambda rows, seen: self.problem.subdomains.piecewise(rows, at, seen),
            table.to(self.model.network.field_scale),
            seen,
        )
        return found[""]

    def terms(self, points: ArrayLike, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Sums of the absolute values of the terms that quantities are sums of, at points [N, D]: name -> [N]."""

        def evaluated(subdomain: Subdomain, points: Tensor) -> dict[str, Tensor]:
            each = {name: sympy.Add.make_args(subdomain.scope.resolve(name)) for name in names}
            compiled = {
                (n, k): self.problem.over_outputs(term, subdomain) for n in each for k, term in enumerate(each[n])
            }
            values = self.values(points, compiled)
            return {
                name: sum((values[name, k].abs() for k in range(len(each[name]))), points.new_zeros(len(points)))
                for name in names
            }

        return self.in_chunks(
            lambda points, _: self.problem.subdomains.piecewise(points, evaluated), self.as_points(points), None
        )

    def derivatives(self, points: ArrayLike, wanted: Sequence[Derivative]) -> dict[Derivative, np.ndarray]:
        """Partial derivatives of the fields at points [N, D], each [N]."""

        def evaluated(subdomain: Subdomain, points: Tensor) -> dict[Derivative, Tensor]:
            return self.values(points, {d: self.problem.derivative(d, subdomain) for d in wanted})

        with torch.no_grad():
            found = self.problem.subdomains.piecewise(self.as_points(points), evaluated)
        return {d: values.cpu().numpy() for d, values in found.items()}

    def residual(self, points: ArrayLike, subdomain: Seen = None) -> dict[str, np.ndarray]:
        """Dimensionless residual of every equation at interior points [N, D]: name -> [N]."""
        statements = self.problem.statements

        def evaluated(subdomain: Subdomain, points: Tensor) -> dict[str, Tensor]:
            inside = [i for i, s in enumerate(statements) if s.is_equation and s.place.subdomain == subdomain.name]
            values = residuals(self.model, Group(self.problem, tuple(inside), PointSet(points))) if inside else []
            return {statements[i].name: value for i, value in zip(inside, values, strict=True)}

        def everywhere(points: Tensor, seen: Seen) -> dict[str, Tensor]:
            return self.problem.subdomains.piecewise(points, evaluated, seen)

        return self.in_chunks(everywhere, self.as_points(points), subdomain)

    def in_chunks(
        self, evaluate: Callable[[Tensor, Seen], Mapping[str, Tensor]], points: Tensor, seen: Seen
    ) -> dict[str, np.ndarray]:
        """`evaluate` at points [N, D], a few at a time: name -> [N].

        The results have their place before the first chunk is evaluated: small arrays that are kept would lie between
        the large ones that come and go, which the allocator could then not give back.
        """
        found: dict[str, np.ndarray] = {}

        def at(chunk: slice) -> Mapping[str, Tensor]:
            return evaluate(points[chunk], seen[chunk] if isinstance(seen, np.ndarray) else seen)

        with torch.no_grad():
            for chunk, part in in_chunks(at, max(len(points), 1), self.model.network.cache_rows):
                for name, values in part.items():
                    if name not in found:
                        found[name] = np.zeros(len(points), values.cpu().numpy().dtype)
                    found[name][chunk] = values.cpu().numpy()
        return found
