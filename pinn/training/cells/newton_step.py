"""A step of Newton's iteration for a minimum, where the Hessian may be indefinite or singular.

Source: Nocedal & Wright, Numerical Optimization, 2nd ed., § 3.4.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pinn.errors import Divergence
from pinn.network.deadline import of_cholesky, require_time

FIRST_SHIFT, STEEPER = 1e-15, 10.0  # relative to the unit diagonal


class NewtonStep:
    """-(H + shift)^-1 g, H scaled to a unit diagonal, with the smallest shift tried that makes it positive definite.

    least   shift to begin with. Raises Divergence where H is not finite.
    """

    def __init__(self, hessian: Tensor, least: float = 0.0):
        scale = hessian.diagonal().abs().sqrt()
        self.scale = torch.where(scale > 0, scale, torch.ones_like(scale))
        scaled = hessian / self.scale[:, None] / self.scale
        if not torch.isfinite(scaled).all():
            raise Divergence("the Hessian of the energy is not finite")
        following, self.shift, failed = max(FIRST_SHIFT * len(scale), least), 0.0, 1
        while failed:
            scaled.diagonal().add_(following - self.shift)
            require_time(of_cholesky(len(scaled)))
            self.factor, failed = torch.linalg.cholesky_ex(scaled)
            self.shift, following = following, STEEPER * following

    def direction(self, gradient: Tensor) -> Tensor:
        return -torch.cholesky_solve((gradient / self.scale)[:, None], self.factor)[:, 0] / self.scale
