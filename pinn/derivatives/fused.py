"""Fused activation rule: one compiled kernel forward and one backward in place of some fifty elementwise operations.

On stacked channels z [C, N, W], with the bias b [W] on the value channel,

    forward    h = activate(z + b)                        one read of z, one write of h
    backward   g_z = (dh/dz)^T g_h, g_b = sum_n g_z       one read of z and g_h, one write of g_z

The rule itself is `jets.activate`, traced; the backward kernel is its vector-Jacobian product, also traced: no formula
is written twice. Only z is kept between the two: recomputing s_n in registers is cheaper than reading it. Both kernels
are pure functions, so the compiler sees no autograd; the result is differentiable once. Where there is no C++ compiler
(on CUDA: no Triton), or compiling fails for another reason, `fused_rule` gives None and the caller stays eager.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from types import CodeType, FunctionType
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from pinn.derivatives.jets import JetPlan, activate

logger = logging.getLogger(__name__)

# Points in the call that compiles: enough for the compiler to split the loop over the threads. N stays free.
EXAMPLE_POINTS = 2048
FEWEST_POINTS = 32  # below, calling a kernel costs more than it saves (and N = 1 would ask for a kernel of its own)

# Compile in this process: a pool of workers would outlive the compilation, and one kernel is compiled at a time.
COMPILER_OPTIONS: dict[str, Any] = {"compile_threads": 1}

Derivatives = Callable[[Tensor, int], list[Tensor]]

numbers = count()


@dataclass(frozen=True, eq=False)
class FusedRule:
    """Compiled kernels: forward (z, b) -> h and backward (z, b, g_h) -> g_z, all [C, N, W] but b [W]."""

    forward: Callable[[Tensor, Tensor], Tensor]
    backward: Callable[[Tensor, Tensor, Tensor], Tensor]

    def __call__(self, z: Tensor, bias: Tensor) -> Tensor:
        """h [C, N, W] from z [C, N, W] and bias [W]; differentiable once in both."""
        return Activate.apply(z, bias, self)  # pyright: ignore[reportReturnType]


class Activate(torch.autograd.Function):
    """The rule as one node of the graph."""

    @staticmethod
    def forward(ctx, z: Tensor, bias: Tensor, rule: FusedRule) -> Tensor:
        ctx.save_for_backward(z, bias)
        ctx.rule = rule
        return rule.forward(z.detach(), bias.detach())  # a z with a history would be compiled for again

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        z, bias = (tensor.detach() for tensor in ctx.saved_tensors)
        of_z = ctx.rule.backward(z, bias, gradient.contiguous())
        return of_z, of_z[0].sum(0), None


def fused_rule(plan: JetPlan, derivatives: Derivatives, points: Tensor, width: int) -> FusedRule | None:
    """The compiled rule for jets of `width` units at points [N, D], made on the first call; None: stay eager."""
    if plan.order == 0 or points.shape[0] < FEWEST_POINTS:
        return None
    return compiled_rule(plan, derivatives, width, points.dtype, points.device)


@lru_cache(maxsize=256)
def compiled_rule(
    plan: JetPlan, derivatives: Derivatives, width: int, dtype: torch.dtype, device: torch.device
) -> FusedRule | None:
    """Decided once per key: the kernels are compiled and run here, on an example, or given up for good."""

    def forward(z: Tensor, bias: Tensor) -> Tensor:
        value, *others = z.unbind(0)
        channels = activate(plan, derivatives, [value + bias, *others])
        return torch.stack([torch.zeros_like(value) if c is None else c for c in channels])

    def backward(z: Tensor, bias: Tensor, gradient: Tensor) -> Tensor:
        pull_back = torch.func.vjp(lambda z: forward(z, bias), z)[1]
        return pull_back(gradient)[0]

    example = torch.zeros(len(plan.channels), EXAMPLE_POINTS, width, dtype=dtype, device=device)
    torch._dynamo.mark_dynamic(example, 1)
    bias = example.new_zeros(width)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            rule = FusedRule(compiled(forward), compiled(backward))
            rule.backward(example, bias, rule.forward(example, bias))
    except Exception as error:
        logger.debug("jets stay eager: %s: %s", type(error).__name__, error)
        return None
    return rule


def compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`function`, compiled under a code object of its own: the compiler keeps only a few variants of each."""
    assert isinstance(function, FunctionType)
    code: CodeType = function.__code__.replace(co_name=f"{function.__name__}_{next(numbers)}")
    own = FunctionType(code, function.__globals__, closure=function.__closure__)
    return torch.compile(own, fullgraph=True, options=COMPILER_OPTIONS)
