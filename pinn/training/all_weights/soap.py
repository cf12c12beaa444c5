"""SOAP: Adam in the eigenbasis of Shampoo's preconditioner (Vyas et al., arXiv 2409.11321); pytorch-optimizer's.

Its first step only begins the preconditioner. For physics-informed networks: Wang et al., arXiv 2502.00604.
"""

from __future__ import annotations

from importlib.util import find_spec

import torch

from pinn.errors import ResourceError
from pinn.problem.problem import Problem
from pinn.training.all_weights.descent import Descent, ParameterGroup


def require_package(problem: Problem) -> None:
    """Raises ResourceError where pytorch-optimizer, an extra, is not installed."""
    if find_spec("pytorch_optimizer") is None:
        raise ResourceError(
            "solver.method: soap needs pytorch-optimizer, which is missing; pip install 'jetpinn[soap]', or write adam"
        )


class SOAP(Descent):
    name = "soap"

    @staticmethod
    def new_optimizer(groups: list[ParameterGroup], learning_rate: float) -> torch.optim.Optimizer:
        from pytorch_optimizer import SOAP  # a second to import, so only where it is used

        return SOAP(groups, lr=learning_rate, weight_decay=0.0)
