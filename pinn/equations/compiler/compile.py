"""From a SymPy expression over jets to functions of tensors: its value, and its linearisation in the jets.

The residual r(x, u, u_x, …) of a statement is compiled together with the coefficients dr/d(u_alpha): they are all that
a solver needs to assemble Jacobians, with respect to the last layer or to every weight, from network jets alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import sympy
import torch
from sympy import Symbol
from torch import Tensor

from pinn.derivatives.jets import MAX_ORDER, Partial
from pinn.equations.compiler.program import Program
from pinn.errors import SpecError
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import Scope, symbol

Inputs = Mapping[str, Tensor]  # coordinates, normals, unknown parameters, measured values: name -> [N] or scalar


@dataclass(frozen=True, order=True)
class Derivative:
    """A partial derivative of a field: what an expression asks a network for."""

    field: str
    partial: Partial

    def spatial_order(self, space: int) -> int:
        """How often it differentiates along the first `space` axes."""
        return sum(self.partial.orders[:space]) + 2 * self.partial.laplacians

    def __str__(self) -> str:
        letters = "".join(f"{axis}," * n for axis, n in enumerate(self.partial.orders))
        return f"{self.field}[{letters.rstrip(',')}]" + "Δ" * self.partial.laplacians


Jets = Mapping[Derivative, Tensor]  # derivative -> [N]


@dataclass(frozen=True)
class CompiledExpression:
    """r(inputs, jets).

    closed        symbols that stand for closed forms in the inputs, without jets and unknowns
    derivatives   the jets it needs
    is_linear     whether r is affine in the fields and the unknown parameters together
    value         (inputs, jets) -> [N]
    linearise     (inputs, jets) -> {derivative or name of an unknown: dr/d(it)}, each [N] or a scalar
    curvature     (inputs, jets) -> {(derivative, derivative): d2r/d(them)}, each pair once, zeros left out
    """

    expression: sympy.Expr
    symbols: Mapping[Symbol, Derivative]
    unknowns: tuple[str, ...]
    closed: Mapping[Symbol, sympy.Expr] = field(default_factory=dict)

    @cached_property
    def derivatives(self) -> tuple[Derivative, ...]:
        return tuple(sorted(self.symbols[s] for s in self._used & self.symbols.keys()))

    @cached_property
    def unknowns_used(self) -> tuple[str, ...]:
        return tuple(name for name in self.unknowns if symbol(name) in self._used)

    @cached_property
    def inputs(self) -> frozenset[str]:
        """Names other than jets: coordinates, normals, unknowns."""
        own = self._used - self.symbols.keys()
        behind = [symbols_of(self.closed[s]) for s in own & self.closed.keys()]
        return frozenset(s.name for s in (own - self.closed.keys()).union(*behind))

    @cached_property
    def coefficients(self) -> dict[Derivative | str, sympy.Expr]:
        by_key: dict[Derivative | str, sympy.Expr] = {}
        for jet, derivative in sorted(self.symbols.items(), key=lambda item: item[1]):
            if jet in self._used:
                by_key[derivative] = self.expression.diff(jet)
        for name in self.unknowns_used:
            by_key[name] = self.expression.diff(symbol(name))
        return by_key

    @cached_property
    def is_linear(self) -> bool:
        varying = set(self.symbols) | {symbol(name) for name in self.unknowns}
        return not any(coefficient.free_symbols & varying for coefficient in self.coefficients.values())

    @cached_property
    def order(self) -> int:
        return max((derivative.partial.order for derivative in self.derivatives), default=0)

    def value(self, inputs: Inputs, jets: Jets) -> Tensor:
        (value,) = self._value_program(self._environment(inputs, jets))
        return value

    def linearise(self, inputs: Inputs, jets: Jets) -> dict[Derivative | str, Tensor]:
        values = self._coefficient_program(self._environment(inputs, jets))
        return dict(zip(self.coefficients, values, strict=True))

    def curvature(self, inputs: Inputs, jets: Jets) -> dict[tuple[Derivative, Derivative], Tensor]:
        values = self._curvature_program(self._environment(inputs, jets))
        return dict(zip(self._second, values, strict=True))

    @property
    def curved(self) -> set[Derivative]:
        """The jets that it is not linear in."""
        return {jet for pair in self._second for jet in pair}

    def _environment(self, inputs: Inputs, jets: Jets) -> dict[Symbol, Tensor]:
        environment = {symbol(name): inputs[name] for name in self.inputs}
        values = self._closed_program(environment)
        environment |= {s: jets[d] for s, d in self.symbols.items() if s in self._used and d in jets}
        return environment | dict(zip(self._closed_used, values, strict=True))

    @cached_property
    def _used(self) -> set[Symbol]:
        return symbols_of(self.expression)

    @cached_property
    def _closed_used(self) -> tuple[Symbol, ...]:
        return tuple(s for s in self.closed if s in self._used)

    @cached_property
    def _closed_program(self) -> Program:
        return Program([self.closed[s] for s in self._closed_used])

    @cached_property
    def _second(self) -> dict[tuple[Derivative, Derivative], sympy.Expr]:
        jets = [(d, s) for s, d in sorted(self.symbols.items(), key=lambda item: item[1]) if s in self._used]
        found = {(a, b): self.coefficients[a].diff(s) for i, (a, _) in enumerate(jets) for b, s in jets[i:]}
        return {pair: second for pair, second in found.items() if second != 0}

    @cached_property
    def _curvature_program(self) -> Program:
        return Program(list(self._second.values()))

    @cached_property
    def _value_program(self) -> Program:
        return Program([self.expression])

    @cached_property
    def _coefficient_program(self) -> Program:
        return Program(list(self.coefficients.values()))


def compile_expression(
    expression: sympy.Expr,
    scope: Scope,
    path: Sequence[str | int] = (),
    coefficients: Sequence[str] = (),
    closed: Mapping[Symbol, sympy.Expr] | None = None,
) -> CompiledExpression:
    """Compile `expression`, with Laplacians that occur only as a sum collapsed into one jet each.

    coefficients   unknowns beside those of the scope
    closed         symbols of the expression that stand for closed forms in the coordinates
    """
    symbols: dict[Symbol, Derivative] = {}
    for s in symbols_of(expression) & scope.jets.keys():
        field, orders = scope.jets[s]
        symbols[s] = Derivative(field, Partial(orders))
    highest = max((derivative.partial.order for derivative in symbols.values()), default=0)
    if highest > MAX_ORDER:
        raise SpecError(path, f"needs a derivative of order {highest}; orders up to {MAX_ORDER} are available")
    expression, symbols = collapse_laplacians(expression, symbols, len(scope.space))
    return CompiledExpression(expression, symbols, (*scope.unknowns, *coefficients), closed or {})


def collapse_laplacians(
    expression: sympy.Expr, symbols: dict[Symbol, Derivative], space: int
) -> tuple[sympy.Expr, dict[Symbol, Derivative]]:
    """Replace c (u_xx + u_yy + …) by c Δu, and likewise Δ²u, where the parts occur in no other way."""
    if space < 2:
        return expression, symbols
    for name in sorted({derivative.field for derivative in symbols.values()}):
        for power in (2, 1):
            jets = {d.partial: s for s, d in symbols.items() if d.field == name and not d.partial.laplacians}
            if not jets:
                continue
            dimension = len(next(iter(jets)).orders)
            parts = laplacian_parts(dimension, space, power)
            of_this_order = {p for p in jets if p.order == 2 * power and not any(p.orders[space:])}
            if of_this_order != set(parts):
                continue
            shares = [expression.diff(jets[partial]) / weight for partial, weight in parts.items()]
            if any(sympy.expand(share - shares[0]) != 0 for share in shares):
                continue
            if any(share.free_symbols & {jets[partial] for partial in parts} for share in shares):
                continue
            whole = symbol(f"laplacian {power} of {name}")  # with spaces: no name of a spec
            first, *others = parts
            parts_to_whole = {jets[first]: whole, **{jets[other]: sympy.S(0) for other in others}}
            expression = cast(sympy.Expr, expression.xreplace(parts_to_whole))
            symbols = {s: d for s, d in symbols.items() if s not in {jets[p] for p in parts}}
            symbols[whole] = Derivative(name, Partial((0,) * dimension, power))
    return expression, symbols


def laplacian_parts(dimension: int, space: int, power: int) -> dict[Partial, int]:
    """Δ or Δ² as a sum of partial derivatives with their multiplicities."""
    parts: dict[Partial, int] = {}
    for i in range(space):
        for j in range(space) if power == 2 else [None]:
            orders = tuple(2 * (axis == i) + 2 * (axis == j) for axis in range(dimension))
            parts[Partial(orders)] = parts.get(Partial(orders), 0) + 1
    return parts


def evaluate(expression: sympy.Expr, inputs: Inputs, count: int, like: Tensor) -> Tensor:
    """An expression of inputs only, at `count` points: [N]."""
    (value,) = Program([expression])({symbol(name): value for name, value in inputs.items()})
    return torch.as_tensor(value, dtype=like.dtype, device=like.device).expand(count)
