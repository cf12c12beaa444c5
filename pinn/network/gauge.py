"""The gauge of the hardness: s(lambda z)/lambda with weights is s(z) with other weights.

    s(lambda (W h + b))/lambda = h',   V h' + c      is      s(lambda W h + lambda b) = h'',   (V/lambda) h'' + c

so lambda folds into the weights layer by layer, exactly, and a lambda-GELU network is a GELU network.
Source: arXiv 2603.21991 (lambda-GELU); the identity is GELU(lambda z) = lambda z Phi(lambda z).
"""

from __future__ import annotations

import torch
from torch import Tensor

from pinn.network.mlp import MLP


def folded_layers(network: MLP) -> list[tuple[Tensor, Tensor]]:
    """(W [O, I], b [O]) of every layer, the output layer last, of the same network with lambda = 1 everywhere."""
    folded = []
    with torch.no_grad():
        before: Tensor | float = 1.0
        for layer, hardness in zip(network.linears, [*network.hardness, 1.0], strict=True):
            after = 1.0 if network.plain else hardness
            folded.append((layer.weight * (after / before), layer.bias * after))
            before = after
    return folded
