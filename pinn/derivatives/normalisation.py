"""Layer normalisation of jets: the units of a layer at a point, brought to mean 0 and variance 1.

    n = (z - m) / sqrt(v + EPS),   m the mean of z over the units,   v that of (z - m)^2

It is a function of the units at one point alone, so that derivatives with respect to the coordinates are exact: the
mean is linear, the variance and the quotient are products (Leibniz), the root is a function of the variance (Faà di
Bruno). Batch normalisation is not: its mean is that of other points, which a derivative at a point knows nothing of.
Source: Ba, Kiros & Hinton, Layer normalization, arXiv 1607.06450 (2016), eq. 3, without gain and bias.
"""

from __future__ import annotations

from torch import Tensor

from pinn.derivatives.jets import JetPlan, Jets, activate
from pinn.derivatives.products import product_of

EPS = 2.0**-17  # units that all agree are not divided by zero; exact in single precision, in which ONNX keeps it


def normalised(z: Tensor) -> Tensor:
    """Units [N, W], W > 1, of mean 0 and variance 1 at each of the N points.

    Not by `torch.nn.functional.layer_norm`, whose derivatives are wrong from the third on (torch 2.13).
    """
    centred = z - z.mean(dim=-1, keepdim=True)
    return centred * (centred.square().mean(dim=-1, keepdim=True) + EPS).rsqrt()


def normalise(plan: JetPlan, z: Jets) -> Jets:
    """Channels of the normalised units, each [N, W], from those of the units."""
    centred: Jets = [None if c is None else c - c.mean(dim=-1, keepdim=True) for c in z]
    variance: Jets = [None if c is None else c.mean(dim=-1, keepdim=True) for c in product_of(plan, centred, centred)]
    return product_of(plan, centred, activate(plan, reciprocal_root, variance))


def reciprocal_root(v: Tensor, order: int) -> list[Tensor]:
    """(v + EPS)^(-1/2) and its derivatives to `order`."""
    found = [(v + EPS).rsqrt()]
    for n in range(order):
        found.append(found[-1] * (-0.5 - n) / (v + EPS))
    return found
