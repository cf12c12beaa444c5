"""The gauge of the hardness: s(lambda z)/lambda with weights is s(z) with other weights.

    s(lambda (W h + b))/lambda = h',   V h' + c      is      s(lambda W h + lambda b) = h'',   (V/lambda) h'' + c

so lambda, one per layer or per neuron, folds into the weights exactly, and a lambda-GELU network is a GELU network.
Where a layer is normalised lambda is the gain of what is normalised, and only the 1/lambda behind it folds.
Source: arXiv 2603.21991 (lambda-GELU); the identity is GELU(lambda z) = lambda z Phi(lambda z).
"""

from __future__ import annotations

import torch
from torch import Tensor

from pinn.network.mlp import MLP


def folded_layers(network: MLP) -> list[tuple[Tensor, Tensor]]:
    """(W [O, I], b [O]) of every layer, the output layer last, of the same network with lambda = 1 everywhere.

    Of a normalised network: with lambda as the gain of its normalised layers.
    """
    folded = []
    with torch.no_grad():
        one = network.field_scale.new_ones(1)
        before = one
        for layer, hardness in zip(network.linears, [*network.hardness, one], strict=True):
            after = one if network.plain else hardness
            within = one if network.normalised else after
            folded.append((layer.weight * within[:, None] / before, layer.bias * within))
            before = after
    return folded
