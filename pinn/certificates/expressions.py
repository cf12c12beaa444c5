"""SymPy expressions over Taylor models: every node by its own rule, each once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import numpy as np
import sympy
from sympy import Symbol

from pinn.certificates.composition import (
    absolute,
    activated,
    arctangent_parts,
    cosine,
    elementary,
    error_function_parts,
    less,
    logarithm_parts,
    of_exponential,
    power,
    quotient_angle,
    selected,
    sign,
    sine,
)
from pinn.certificates.taylor import EPS, Taylor
from pinn.certificates.univariate import UNIVARIATE
from pinn.errors import SpecError
from pinn.spec.language.branches import Less, LessEqual, Select


def hyperbolic_sine(f: Taylor) -> Taylor:
    return (of_exponential(f) - of_exponential(-f)) * 0.5


def hyperbolic_cosine(f: Taylor) -> Taylor:
    return (of_exponential(f) + of_exponential(-f)) * 0.5


FUNCTIONS: dict[type, Callable[..., Taylor]] = {
    sympy.sin: sine,
    sympy.cos: cosine,
    sympy.tan: lambda f: sine(f) * power(cosine(f), -1),
    sympy.exp: of_exponential,
    sympy.log: lambda f: elementary(f, logarithm_parts),
    sympy.sinh: hyperbolic_sine,
    sympy.cosh: hyperbolic_cosine,
    sympy.tanh: lambda f: activated(f, UNIVARIATE["tanh"], 0)[0],
    sympy.atan: lambda f: elementary(f, arctangent_parts),
    sympy.atan2: quotient_angle,
    sympy.erf: lambda f: elementary(f, error_function_parts),
    sympy.Abs: absolute,
    sympy.sign: sign,
    Less: less,
    LessEqual: less,  # they differ where both are equal, and there either bound holds
    Select: selected,
}


def evaluated(expression: sympy.Expr, environment: Mapping[Symbol, Taylor], like: Taylor) -> Taylor:
    """The expression where its symbols are these models [B]. Raises SpecError where a node has no rule."""
    known: dict[sympy.Basic, Taylor] = {**environment}
    waiting = [cast(sympy.Basic, expression)]
    while waiting:
        node = waiting[-1]
        if node in known:
            waiting.pop()
            continue
        parts = () if cast(sympy.Expr, node).is_number else arguments(node)
        missing = [part for part in parts if part not in known]
        if missing:
            waiting.extend(missing)
            continue
        waiting.pop()
        known[node] = by_rule(cast(sympy.Expr, node), [known[part] for part in parts], like)
    return known[expression]


def arguments(node: sympy.Basic) -> tuple[sympy.Basic, ...]:
    """What a rule needs the values of; an exponent that is a number belongs to its rule."""
    if isinstance(node, sympy.Pow) and node.exp.is_number:
        return (node.base,)
    return node.args


def by_rule(node: sympy.Expr, parts: list[Taylor], like: Taylor) -> Taylor:
    if node.is_number:
        value = float(node)
        exact = bool(node.is_Integer) and abs(value) < 2.0**53
        return Taylor.constant(like.space, np.full(like.shape, value), 0.0 if exact else EPS * abs(value))
    match node:
        case sympy.Add():
            return sum(parts[1:], parts[0])
        case sympy.Mul():
            found = parts[0]
            for part in parts[1:]:
                found = found * part
            return found
        case sympy.Pow() if node.exp.is_number:
            exponent = float(node.exp)
            if node.exp != sympy.Rational(exponent) and not node.exp.is_Float:
                return of_exponential(elementary(parts[0], logarithm_parts) * by_rule(node.exp, [], like))
            return power(parts[0], exponent)
        case sympy.Pow():
            return of_exponential(elementary(parts[0], logarithm_parts) * parts[1])
        case sympy.DiracDelta():
            return Taylor.constant(like.space, np.zeros(like.shape))
    if type(node) in FUNCTIONS:
        return FUNCTIONS[type(node)](*parts)
    raise SpecError(
        (), f"'{type(node).__name__}' in {node} has no rule for intervals: nothing with it can be certified"
    )
