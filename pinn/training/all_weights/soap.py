"""SOAP: Adam in the eigenbasis of Shampoo's preconditioner (Vyas et al., arXiv 2409.11321); pytorch-optimizer's.

Its first step only begins the preconditioner. For physics-informed networks: Wang et al., arXiv 2502.00604.
"""

from __future__ import annotations

import torch

from pinn.training.all_weights.descent import Descent, ParameterGroup


class SOAP(Descent):
    name = "soap"

    @staticmethod
    def new_optimizer(groups: list[ParameterGroup], learning_rate: float) -> torch.optim.Optimizer:
        from pytorch_optimizer import SOAP  # a second to import, so only where it is used

        return SOAP(groups, lr=learning_rate, weight_decay=0.0)
