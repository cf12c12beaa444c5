"""What a network of fields offers, whatever it is made of: multilayer perceptron, cells, series.

A new kind of network is a class with these members, and a line in `pinn.training.run.networks`, which makes it again
from a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Protocol

from torch import Tensor, nn

from pinn.derivatives.jets import JetPlan, Jets
from pinn.network.activations import Activation


class FixedHardness:
    """Of a network whose hardness lambda does not train."""

    @property
    def learned_hardness(self) -> list[Tensor]:
        return []

    def hardness_columns(self) -> dict[str, float]:
        return {}


class FieldNetwork(Protocol):
    """Fields u: points [N, D] -> [N, F], and their jets. An `nn.Module`.

    kind              what a file says of it
    one_output_layer  whether the fields are one linear layer of the units that `hidden_jets` gives: solvers of the
                      output layer and of all weights ask for that, and so does what noise makes of the fields
    field_scale       [F] magnitudes of the fields; they give the device and the dtype as well
    """

    kind: ClassVar[str]
    one_output_layer: ClassVar[bool]

    @property
    def activation(self) -> Activation: ...

    @property
    def field_scale(self) -> Tensor: ...

    @property
    def cache_rows(self) -> int:
        """How many points to evaluate at once."""
        ...

    @property
    def learned_hardness(self) -> list[Tensor]:
        """lambda of each hidden layer, [1] or [W], where it is trained; else none."""
        ...

    def hardness_columns(self) -> dict[str, float]:
        """lambda of each hidden layer for a history; none where it is 1, or cannot change."""
        ...

    def pre_activations(self, points: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """(z [n, units], lambda [1] or [units]) of every hidden layer, or of every cell at the points it reaches."""
        ...

    def __call__(self, points: Tensor) -> Tensor:
        """points [N, D] -> fields [N, F], through torch's own activation functions."""
        ...

    def jets(self, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the fields, each [N, F] (None where zero)."""
        ...

    def parameters(self, recurse: bool = True) -> Iterator[nn.Parameter]: ...
