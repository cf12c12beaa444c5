"""Inverse Hessian [P, P] by updates of Broyden's class with self-scaling.

With the step s, the change of gradient y, and H the matrix before,

    H+ = (H - (H y)(H y)^T/(y^T H y) + phi v v^T)/tau + s s^T/(y^T s)
    v  = (y^T H y)^1/2 (s/(y^T s) - H y/(y^T H y))

and H+ y = s whatever phi and tau are. An update chooses (tau, phi) from

    b = s^T H^-1 s/(y^T s),    h = y^T H y/(y^T s),    a = b h - 1 >= 0

Sources: Al-Baali, Comput. Optim. Appl. 9 (1998) 191; Urbán, Stefanou & Pons, J. Comput. Phys. 523 (2025) 113656,
eqs. 11 (ssbfgs) and 13-23 (ssbroyden).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

NEARLY_ZERO = 1e-12  # of a: there v vanishes, and phi does not matter
CURVATURE = 1e-14  # of |s| |y|: a smaller y^T s is a rounding error


def bfgs(b: float, h: float, size: int) -> tuple[float, float]:
    return 1.0, 1.0


def ssbfgs(b: float, h: float, size: int) -> tuple[float, float]:
    return min(1.0, 1 / b), 1.0


def ssbroyden(b: float, h: float, size: int) -> tuple[float, float]:
    """theta between the bounds that keep the eigenvalues of H+ in check; theta = 0 is BFGS, 1 is DFP."""
    a = max(b * h - 1, NEARLY_ZERO)
    low = min(1.0, h * (1 - math.sqrt(a / (1 + a))))
    theta = max((low - 1) / a, min(1 / low, (1 - b) / b))
    sigma = 1 + theta * a
    shape = sigma ** (-1 / max(size - 1, 1))
    scale = min(1.0, 1 / b)
    tau = scale * min(shape, 1 / theta) if theta > 0 else min(scale * shape, sigma)
    return tau, (1 - theta) / sigma


UPDATES: dict[str, Callable[[float, float, int], tuple[float, float]]] = {
    "ssbroyden": ssbroyden,
    "ssbfgs": ssbfgs,
    "bfgs": bfgs,
}


class InverseHessian:
    """H, a multiple of the identity until it learns; `matrix` is None for the identity itself."""

    def __init__(self, update: str):
        self.choose = UPDATES[update]
        self.matrix: Tensor | None = None

    def direction(self, gradient: Tensor) -> Tensor:
        """-H g [P]."""
        return -gradient if self.matrix is None else -(self.matrix @ gradient)

    def forget(self) -> None:
        self.matrix = None

    def learn(self, s: Tensor, y: Tensor, curvature: float) -> None:
        """Take in a step s [P] and the change of gradient y [P]; forgets all where y^T s is not positive.

        curvature   s^T H^-1 s, which is -step * s^T gradient for s = -step * H gradient
        The identity is scaled before it learns: H = (y^T s)/(y^T y) I (Nocedal & Wright, eq. 6.20).
        """
        along = float(s @ y)
        if along <= CURVATURE * float(s.norm() * y.norm()):
            self.forget()
            return
        if self.matrix is None:
            scale = along / float(y @ y)
            self.matrix = scale * torch.eye(len(s), dtype=s.dtype, device=s.device)
            curvature = float(s @ s) / scale
        image = self.matrix @ y
        across = float(y @ image)
        tau, phi = self.choose(curvature / along, across / along, len(s))
        v = s / along - image / across
        left = torch.stack([image / (-tau * across), (phi * across / tau) * v, s / along], dim=1)
        self.matrix.addmm_(left, torch.stack([image, v, s]), beta=1 / tau)
