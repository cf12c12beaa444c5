"""A step of Newton's iteration for a minimum, where the Hessian may be indefinite or singular.

Source: Nocedal & Wright, Numerical Optimization, 2nd ed., § 3.4.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pinn.errors import Divergence
from pinn.network.deadline import of_cholesky, require_time

FIRST_SHIFT, STEEPER = 1e-15, 10.0  # relative to the unit diagonal
CURVED = 1e-6  # shift, from which the curvature is negative beyond rounding errors
POWERS = 30  # of the inverse of the shifted Hessian, for its lowest direction


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

    def lowest(self) -> Tensor | None:
        """The direction of the most negative curvature, of size 1 in the scaled Hessian; None where there is none.

        Power iteration on (H + shift)^-1, whose largest eigenvalue belongs to the lowest of H.
        """
        if self.shift < CURVED:
            return None
        generator = torch.Generator().manual_seed(0)
        found = torch.randn(len(self.scale), 1, generator=generator, dtype=torch.float64).to(self.factor)
        for _ in range(POWERS):
            found = torch.cholesky_solve(found / found.norm(), self.factor)
        found = (found / found.norm())[:, 0]
        return found / self.scale
