"""A program: SymPy expressions as a list of tensor operations, every common subexpression computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import sympy
import torch
from sympy import Symbol
from torch import Tensor

from pinn.equations.compiler.lookup import TableOperation
from pinn.errors import SpecError
from pinn.spec.language.branches import Less, LessEqual, Select
from pinn.spec.language.tabulated import Lookup


class Program:
    """Evaluates several SymPy expressions over tensors; equal subexpressions are evaluated once."""

    def __init__(self, expressions: Sequence[sympy.Expr]):
        self.slots: dict[sympy.Expr, int] = {}
        self.steps: list[tuple[Callable, tuple[int, ...]]] = []
        self.symbols: list[tuple[int, Symbol]] = []
        self.outputs = [self._add(expression) for expression in expressions]

    def __call__(self, environment: Mapping[Symbol, Tensor]) -> list[Tensor]:
        values: list = [None] * len(self.slots)
        for slot, name in self.symbols:
            values[slot] = environment[name]
        for slot, (operation, arguments) in enumerate(self.steps):
            if operation is not _given:
                values[slot] = operation(*(values[a] for a in arguments))
        return [values[slot] for slot in self.outputs]

    def _add(self, root: sympy.Expr) -> int:
        """Post-order, without recursion, so that a long sum cannot exhaust the stack."""
        waiting = [root]
        while waiting:
            node = waiting[-1]
            if node in self.slots:
                waiting.pop()
                continue
            operation, arguments = _translate(node)
            missing = [argument for argument in arguments if argument not in self.slots]
            if missing:
                waiting.extend(missing)
                continue
            waiting.pop()
            slot = self.slots[node] = len(self.steps)
            if isinstance(node, Symbol):
                self.symbols.append((slot, node))
            self.steps.append((operation, tuple(self.slots[argument] for argument in arguments)))
        return self.slots[root]


def _given() -> None:
    """Marks a symbol, whose value the caller supplies."""


def _constant(value: object) -> Callable:
    return lambda: value


def _total(*terms):
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _product(*factors):
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return result


def _power(exponent: float) -> Callable:
    if exponent == 2:
        return lambda base: base * base
    if exponent == -1:
        return lambda base: 1 / base
    if exponent == 0.5:
        return _on_tensor(torch.sqrt)
    return lambda base: base**exponent


def _on_tensor(function: Callable[..., Tensor]) -> Callable:
    def call(*arguments):
        like = next((a for a in arguments if isinstance(a, Tensor)), None)
        dtype = like.dtype if like is not None else torch.float64
        device = like.device if like is not None else None
        return function(*(_tensor(a, dtype, device) for a in arguments))

    return call


def _tensor(value: object, dtype: torch.dtype, device: torch.device | None) -> Tensor:
    return value if isinstance(value, Tensor) else torch.tensor(value, dtype=dtype, device=device)


def _less(a: Tensor, b: Tensor) -> Tensor:
    return (a < b).to(a.dtype)


def _less_equal(a: Tensor, b: Tensor) -> Tensor:
    return (a <= b).to(a.dtype)


def _select(condition: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    return torch.where(condition > 0.5, yes, no)


FUNCTIONS: dict[type, Callable[..., Tensor]] = {
    sympy.sin: torch.sin,
    sympy.cos: torch.cos,
    sympy.tan: torch.tan,
    sympy.exp: torch.exp,
    sympy.log: torch.log,
    sympy.sinh: torch.sinh,
    sympy.cosh: torch.cosh,
    sympy.tanh: torch.tanh,
    sympy.asin: torch.asin,
    sympy.acos: torch.acos,
    sympy.atan: torch.atan,
    sympy.atan2: torch.atan2,
    sympy.erf: torch.erf,
    sympy.Abs: torch.abs,
    sympy.sign: torch.sign,
    Less: _less,
    LessEqual: _less_equal,
    Select: _select,
}


def _with_whole_exponentials(factors: tuple[sympy.Expr, ...]) -> tuple[sympy.Expr, ...]:
    """exp(-1000) exp(1000 x) as one factor: by themselves they are 0 and infinity."""
    powers = [factor for factor in factors if isinstance(factor, sympy.exp)]
    if len(powers) < 2 or not any(power.is_number for power in powers):
        return factors
    others = tuple(factor for factor in factors if factor not in powers)
    exponents = cast(list[sympy.Expr], [power.args[0] for power in powers])
    return (*others, cast(sympy.Expr, sympy.exp(sympy.Add(*exponents))))


def _translate(node: sympy.Expr) -> tuple[Callable, tuple[sympy.Expr, ...]]:
    """The operation of one SymPy node, and its arguments."""
    arguments = cast(tuple[sympy.Expr, ...], node.args)  # of an Expr they are Expr; SymPy's annotation says Basic
    if isinstance(node, Symbol):
        return _given, ()
    if node.is_number:
        return _constant(float(node)), ()
    if isinstance(node, sympy.Add):
        return _total, arguments
    if isinstance(node, sympy.Mul):
        return _product, _with_whole_exponentials(arguments)
    if isinstance(node, sympy.Pow):
        if node.exp.is_number:
            return _power(int(node.exp) if node.exp.is_Integer else float(node.exp)), (node.base,)
        return lambda base, exponent: _on_tensor(torch.pow)(base, exponent), arguments
    if isinstance(node, sympy.DiracDelta):  # the derivative of a jump: zero almost everywhere
        return lambda argument: 0.0, arguments[:1]
    if isinstance(node, Lookup):
        return _on_tensor(TableOperation(node.piece, node.orders)), node.arguments
    if type(node) in FUNCTIONS:
        return _on_tensor(FUNCTIONS[type(node)]), arguments
    raise SpecError((), f"'{type(node).__name__}' has no counterpart on tensors")
