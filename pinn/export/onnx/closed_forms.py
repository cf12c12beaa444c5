"""Closed forms as ONNX operators: the ansatz between the network's outputs and the fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import sympy

from pinn.errors import SpecError
from pinn.export.onnx.activations import normal_distribution
from pinn.export.onnx.graph import Graph
from pinn.spec.language.branches import Less, LessEqual, Select


class ClosedForms:
    """Writes SymPy expressions of given columns [N, 1]; equal subexpressions are written once."""

    def __init__(self, graph: Graph, columns: Mapping[sympy.Symbol, str]):
        self.graph = graph
        self.written: dict[sympy.Expr, str] = {**columns}

    def write(self, expression: sympy.Expr) -> str:
        """The name of the expression's values. Raises SpecError for a function that ONNX lacks."""
        waiting = [expression]  # post-order, without recursion, so that a long sum cannot exhaust the stack
        while waiting:
            node = waiting[-1]
            arguments = cast(tuple[sympy.Expr, ...], () if node.is_number else node.args)
            missing = [argument for argument in arguments if argument not in self.written]
            if node in self.written or not missing:
                waiting.pop()
            if node not in self.written:
                if missing:
                    waiting.extend(missing)
                else:
                    self.written[node] = self._operator(node, [self.written[argument] for argument in arguments])
        return self.written[expression]

    def _operator(self, node: sympy.Expr, inputs: list[str]) -> str:
        graph = self.graph
        if node.is_number:
            return graph.constant(float(node))
        if isinstance(node, (sympy.Add, sympy.Mul)):
            result, *others = inputs
            for other in others:
                result = graph.add("Add" if isinstance(node, sympy.Add) else "Mul", result, other)
            return result
        if isinstance(node, sympy.Pow):
            return power(graph, node, *inputs)
        if type(node) not in FUNCTIONS:
            raise SpecError(
                ("--format",),
                f"the form of the fields uses {type(node).__name__}, which onnxruntime lacks in double precision; "
                "train with network: {constraints: soft} and without enrichment, or use --format npz",
            )
        return FUNCTIONS[type(node)](graph, *inputs)


def power(graph: Graph, node: sympy.Pow, base: str, exponent: str) -> str:
    if node.exp == sympy.S.Half:
        return graph.add("Sqrt", base)
    if node.exp == -1:
        return graph.add("Div", graph.constant(1.0), base)
    return graph.add("Pow", base, exponent)


def operator(name: str) -> Callable[..., str]:
    """A function that is an operator of ONNX."""
    return lambda graph, *inputs: graph.add(name, *inputs)


def comparison(name: str) -> Callable[[Graph, str, str], str]:
    """1 where it holds, else 0."""
    return lambda graph, a, b: graph.add("Cast", graph.add(name, a, b), to=graph.element)


def tangent(graph: Graph, x: str) -> str:
    return graph.add("Div", graph.add("Sin", x), graph.add("Cos", x))


def hyperbolic(join: str) -> Callable[[Graph, str], str]:
    """(exp(x) +- exp(-x))/2."""

    def write(graph: Graph, x: str) -> str:
        both = graph.add(join, graph.add("Exp", x), graph.add("Exp", graph.add("Neg", x)))
        return graph.add("Mul", graph.constant(0.5), both)

    return write


def error_function(graph: Graph, x: str) -> str:
    """2 Phi(sqrt 2 x) - 1 in double precision."""
    if not graph.is_double:
        return graph.add("Erf", x)
    z = graph.add("Mul", graph.constant(2**0.5), x)
    doubled = graph.add("Mul", graph.constant(2.0), graph.call(normal_distribution(), z))
    return graph.add("Sub", doubled, graph.constant(1.0))


def select(graph: Graph, condition: str, yes: str, no: str) -> str:
    return graph.add("Where", graph.add("Greater", condition, graph.constant(0.5)), yes, no)


FUNCTIONS: Mapping[type, Callable[..., str]] = {
    sympy.sin: operator("Sin"),
    sympy.cos: operator("Cos"),
    sympy.tan: tangent,
    sympy.exp: operator("Exp"),
    sympy.log: operator("Log"),
    sympy.sinh: hyperbolic("Sub"),
    sympy.cosh: hyperbolic("Add"),
    sympy.tanh: operator("Tanh"),
    sympy.erf: error_function,
    sympy.Abs: operator("Abs"),
    sympy.sign: operator("Sign"),
    Less: comparison("Less"),
    LessEqual: comparison("LessOrEqual"),
    Select: select,
}
