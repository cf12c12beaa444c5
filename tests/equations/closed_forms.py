"""Jets and residuals of closed-form fields: what a network would give if it were exact."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import sympy
import torch
from torch import Tensor

from pinn.derivatives.jets import Partial
from pinn.equations.compiler.compile import CompiledExpression, Derivative
from pinn.spec.language.expressions import symbol

BRANCHES = {"Less": np.less, "LessEqual": np.less_equal, "Select": np.where}


def differentiated(field: sympy.Expr, partial: Partial, axes: tuple[str, ...], space: int) -> sympy.Expr:
    """The partial derivative of a closed form, by sympy."""
    for axis, count in zip(axes, partial.orders, strict=True):
        field = field.diff(symbol(axis), count) if count else field
    for _ in range(partial.laplacians):
        field = sum((field.diff(symbol(axis), 2) for axis in axes[:space]), sympy.S(0))
    return field


def numbers(expression: sympy.Expr, inputs: Mapping[str, Tensor]) -> Tensor:
    """Values [N] through numpy (sympy's lambdify), not through the code under test."""
    names = list(inputs)
    function = sympy.lambdify([symbol(name) for name in names], expression, [BRANCHES, "numpy"])
    like = next(iter(inputs.values()))
    return (
        torch.as_tensor(function(*(inputs[name].numpy() for name in names)), dtype=torch.float64)
        .expand(len(like))
        .clone()
    )


def jets_of(
    fields: Mapping[str, sympy.Expr],
    compiled: CompiledExpression,
    inputs: Mapping[str, Tensor],
    axes: tuple[str, ...],
    space: int,
) -> dict[Derivative, Tensor]:
    return {d: numbers(differentiated(fields[d.field], d.partial, axes, space), inputs) for d in compiled.derivatives}


def relative_residual(
    compiled: CompiledExpression, inputs: Mapping[str, Tensor], jets: Mapping[Derivative, Tensor]
) -> float:
    """Largest residual, as a share of the largest sum of the sizes of its parts."""
    count = len(next(iter(inputs.values())))
    value = torch.as_tensor(compiled.value(inputs, jets)).expand(count)
    slopes = {key: c for key, c in compiled.linearise(inputs, jets).items() if isinstance(key, Derivative)}
    size = sum((torch.as_tensor(c) * jets[d]).abs().expand(count) for d, c in slopes.items())
    return float(value.abs().max() / size.max())
