"""Adam: Kingma & Ba, arXiv 1412.6980; torch's."""

from __future__ import annotations

import torch

from pinn.training.all_weights.descent import Descent, ParameterGroup


class Adam(Descent):
    name = "adam"

    @staticmethod
    def new_optimizer(groups: list[ParameterGroup], learning_rate: float) -> torch.optim.Optimizer:
        return torch.optim.Adam(groups, lr=learning_rate)
