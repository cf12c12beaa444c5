"""Subdomains: parts of the domain with materials, fields and an exact solution of their own.

A field u on the subdomains a and b is two outputs of the network, "u in a" and "u in b"; what a statement says of u is
said of the output of the subdomain that it is compiled in. A problem that names no subdomains has one, without a name,
whose outputs are the fields themselves. Solvers see outputs, and know nothing of subdomains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
import sympy
import torch
from torch import Tensor

from pinn.equations.compiler.compile import CompiledExpression, Derivative, compile_expression
from pinn.errors import SpecError, did_you_mean
from pinn.geometry.shapes.partition import Partition
from pinn.geometry.shapes.pieces import Piece
from pinn.geometry.shapes.shape import Shape
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import Scope

Key = TypeVar("Key", str, Derivative)
Seen = str | np.ndarray | None  # the subdomain that points are seen from, where they lie on an interface


@dataclass(frozen=True, eq=False)
class Subdomain:
    """A part of the domain, or all of it.

    scope     what the names of the spec mean here
    network   the names of the network's outputs, of all subdomains
    """

    name: str
    shape: Shape
    scope: Scope
    network: Scope

    @property
    def outputs(self) -> tuple[str, ...]:
        """The network's output for each field."""
        return tuple(self.output(name) for name in self.scope.fields)

    def output(self, field_name: str) -> str:
        return output_name(field_name, self.name)

    def over_outputs(self, expression: sympy.Expr) -> sympy.Expr:
        """The expression with each jet of a field replaced by that of its output."""
        if not self.name:
            return expression
        jets = {jet: self.scope.jets[jet] for jet in symbols_of(expression) & self.scope.jets.keys()}
        renamed = {jet: self.network.jet(self.output(name), orders) for jet, (name, orders) in jets.items()}
        return cast(sympy.Expr, expression.xreplace(renamed))

    def compile(self, expression: sympy.Expr, path: Sequence[str | int] = ()) -> CompiledExpression:
        """An expression over the user's fields, compiled over the outputs."""
        return compile_expression(self.over_outputs(expression), self.network, path)


def output_name(field_name: str, subdomain: str) -> str:
    """With spaces, so that no name of a spec can be this."""
    return f"{field_name} in {subdomain}" if subdomain else field_name


class Subdomains(Sequence[Subdomain]):
    """All subdomains of a problem, with the partition of its domain where there are several.

    A point on an interface belongs to the first of the subdomains that meet there, unless `seen` says otherwise.
    """

    def __init__(self, scopes: Mapping[str, Scope], domain: Shape, partition: Partition | None = None):
        """Scopes by the subdomains' names; a single one without a name is the whole domain."""
        self.partition = partition
        first = next(iter(scopes.values()))
        network = first
        if partition is not None:
            outputs = [output_name(field, name) for name, scope in scopes.items() for field in scope.fields]
            network = Scope(first.space, time="t" in first.axes, unknowns=first.unknowns, fields=outputs)
        shapes = {"": domain} if partition is None else partition.parts
        self._all = tuple(Subdomain(name, shapes[name], scope, network) for name, scope in scopes.items())

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, number: int) -> Subdomain:  # pyright: ignore[reportIncompatibleMethodOverride]  # no slices
        return self._all[number]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(subdomain.name for subdomain in self)

    def named(self, name: str) -> Subdomain:
        """Raises SpecError for an unknown name."""
        if name not in self.names:
            raise SpecError((), f"unknown subdomain '{name}'{did_you_mean(name, self.names)}")
        return self[self.names.index(name)]

    def interface(self, first: str, second: str) -> tuple[Piece, ...]:
        """What two subdomains share of their boundaries, normals out of the first."""
        return self.partition.interface(first, second) if self.partition else ()

    def number_at(self, points: Tensor) -> Tensor:
        """Number of the subdomain [N] that points [N, D] lie in, or are nearest to."""
        if self.partition is None:
            return torch.zeros(len(points), dtype=torch.int64, device=points.device)
        space = points.detach().double().cpu().numpy()[:, : self.partition.dimension]
        return torch.as_tensor(self.partition.part_of(space), device=points.device)

    def piecewise(
        self, points: Tensor, evaluated: Callable[[Subdomain, Tensor], Mapping[Key, Tensor]], seen: Seen = None
    ) -> dict[Key, Tensor]:
        """What `evaluated` says in each subdomain of the points [N, D] there, put together: key -> [N].

        seen   the subdomain that all points are seen from: its name, or a number for each point [N]
        """
        if len(self) == 1:
            return {key: values.contiguous() for key, values in evaluated(self[0], points).items()}
        if seen is None:
            number_of = self.number_at(points)
        elif isinstance(seen, str):
            number_of = torch.full((len(points),), self.names.index(self.named(seen).name))
        else:
            number_of = torch.as_tensor(seen)
        found: dict[Key, Tensor] = {}
        for number in number_of.unique().tolist() or [0]:
            rows = torch.nonzero(number_of == number).flatten().to(points.device)
            for key, values in evaluated(self[number], points[rows]).items():
                whole = found[key] if key in found else points.new_zeros(len(points))
                found[key] = whole.index_put((rows,), values.to(points).expand(len(rows)))
        return found
