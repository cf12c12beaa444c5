"""A network whose fields are moved as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from torch import Tensor, nn

from pinn.derivatives.jets import JetPlan, Jets
from pinn.network.activations import Activation
from pinn.network.field_network import FieldNetwork, FixedHardness


class DisplacedNetwork(FixedHardness, nn.Module):
    """Fields u(x - displacement): points [N, D] -> [N, F], and their jets. It is evaluated, never trained or saved.

    displacement   [D]
    """

    kind: ClassVar[str] = "displaced"
    one_output_layer: ClassVar[bool] = False
    still: FieldNetwork
    displacement: Tensor

    def __init__(self, still: FieldNetwork, displacement: Tensor):
        super().__init__()
        self.still = still
        self.register_buffer("displacement", displacement)

    @property
    def activation(self) -> Activation:
        return self.still.activation

    @property
    def field_scale(self) -> Tensor:
        return self.still.field_scale

    @property
    def cache_rows(self) -> int:
        return self.still.cache_rows

    def pre_activations(self, points: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        yield from self.still.pre_activations(points - self.displacement)

    def forward(self, points: Tensor) -> Tensor:
        return self.still(points - self.displacement)

    def jets(self, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the fields, each [N, F] or [1, F] where it is the same at every point."""
        return self.still.jets(points - self.displacement, plan)
