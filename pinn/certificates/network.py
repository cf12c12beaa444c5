"""Jets of a multilayer perceptron as Taylor models: the rules of pinn.derivatives, over models instead of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch

from pinn.certificates.composition import activated, power, rectified
from pinn.certificates.taylor import EPS, Array, Taylor
from pinn.certificates.univariate import UNIVARIATE
from pinn.derivatives.jets import JetPlan, activate
from pinn.derivatives.normalisation import EPS as VARIANCE_EPS
from pinn.derivatives.products import product_of
from pinn.errors import SpecError
from pinn.network.mlp import MLP

Models = list[Taylor | None]
SLOPES = {"relu": 0.0, "leaky_relu": 0.01}


def activation_models(name: str) -> Callable[[Taylor, int], list[Taylor]]:
    """(f, n) -> [s(f), …, s_n(f)]. Raises SpecError where nothing is known of the activation."""
    if name in SLOPES:

        def piecewise(f: Taylor, order: int) -> list[Taylor]:
            if order > 1:
                raise SpecError((), f"{name} has no second derivative, so that nothing of it can be certified")
            return rectified(f, order, SLOPES[name])

        return piecewise
    if name not in UNIVARIATE:
        raise SpecError(
            (), f"no bounds of the derivatives of {name} are known; {', '.join(UNIVARIATE)} can be certified"
        )
    return lambda f, order: activated(f, UNIVARIATE[name], order)


def numbers(tensor: torch.Tensor) -> Array:
    return tensor.detach().cpu().double().numpy()


def perceptron_jets(network: MLP, at: Taylor, plan: JetPlan) -> Models:
    """Channels of the fields [B, F] at places [B, D], None where zero."""
    rule = activation_models(network.activation.name)
    h: Models = feature_jets(network, at, plan)
    for layer, hardness in zip(network.linears[:-1], network.hardness, strict=True):
        z = linear(h, numbers(layer.weight), numbers(layer.bias))
        if network.normalised:
            z = normalised(plan, z)
        if not network.plain:
            factor = numbers(hardness)
            z = [None if c is None else c.scaled(factor) for c in z]
        z = activated_jets(plan, rule, z)
        if not network.plain:
            z = [None if c is None else c.scaled(1 / numbers(hardness)).widened(EPS * c.norm) for c in z]
        h = z
    last = network.linears[-1]
    scale = numbers(network.field_scale)
    fields = linear(h, numbers(last.weight), numbers(last.bias))
    return [None if c is None else c.scaled(scale) for c in fields]


def activated_jets(plan: JetPlan, rule: Callable[[Taylor, int], list[Taylor]], z: Models) -> Models:
    """The rule of the jets, whose arithmetic models share with tensors."""
    return cast(Models, activate(plan, cast(Any, rule), cast(Any, z)))


def linear(h: Models, weight: Array, bias: Array) -> Models:
    return [None if c is None else c.mapped(weight, bias if number == 0 else None) for number, c in enumerate(h)]


def feature_jets(network: MLP, at: Taylor, plan: JetPlan) -> Models:
    """Channels of the input features [B, I]."""
    features = network.features
    weight, bias, straight = numbers(features.weight), numbers(features.bias), features.linear_width
    z: Models = []
    for channel in plan.channels:
        if channel.order == 0:
            z.append(at.mapped(weight, bias))
        elif channel.order == 1:
            row = np.broadcast_to(weight[:, channel.orders.index(1)], (at.shape[0], len(weight)))
            z.append(Taylor.constant(at.space, row))
        else:
            z.append(None)
    if straight == features.width:
        return z

    def sine(f: Taylor, order: int) -> list[Taylor]:
        return activated(f, UNIVARIATE["sin"], order)

    waves = activated_jets(plan, sine, [None if c is None else c[:, straight:] for c in z])
    whole: Models = []
    for line, wave in zip(z, waves, strict=True):
        if wave is None:
            whole.append(line)
            continue
        flat = Taylor.constant(at.space, np.zeros((at.shape[0], straight))) if line is None else line[:, :straight]
        whole.append(joined(flat, wave))
    return whole


def joined(f: Taylor, g: Taylor) -> Taylor:
    return Taylor(f.space, np.concatenate([f.c, g.c], axis=2), np.concatenate([f.e, g.e], axis=1))


def normalised(plan: JetPlan, z: Models) -> Models:
    """Channels of the units brought to mean 0 and variance 1."""
    width = next(c for c in z if c is not None).shape[1]
    mean = np.full((width, width), 1 / width)

    def average(f: Taylor) -> Taylor:
        return f.mapped(mean).widened(EPS * f.norm.mean(axis=1, keepdims=True))

    centred: Models = [None if c is None else c - average(c) for c in z]
    squares = cast(Models, product_of(plan, cast(Any, centred), cast(Any, centred)))
    variance: Models = [None if c is None else average(c) for c in squares]

    def reciprocal_root(f: Taylor, order: int) -> list[Taylor]:
        shifted = f + VARIANCE_EPS
        found = [power(shifted, -0.5)]
        inverse = power(shifted, -1)
        for n in range(order):
            found.append(found[-1] * inverse * (-0.5 - n))
        return found

    roots = activated_jets(plan, reciprocal_root, variance)
    return cast(Models, product_of(plan, cast(Any, centred), cast(Any, roots)))
