"""What exports and figures ask of a solution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from pinn.equations.subdomains import Seen
    from pinn.problem.problem import Problem
    from pinn.training.residuals.model import Model


class Mode(Protocol):
    """One of several modes."""

    @property
    def number(self) -> int: ...

    @property
    def label(self) -> str: ...

    @property
    def solution(self) -> Solved: ...


class Solved(Protocol):
    """Answers at points: `pinn.Solution` is one."""

    problem: Problem
    model: Model
    metrics: dict[str, Any]
    history: list[dict]

    def __call__(
        self, points: np.ndarray, quantities: Sequence[str] | None = None, subdomain: Seen = None
    ) -> dict[str, np.ndarray]:
        """Quantities at points [N, D]: name -> [N]."""
        ...

    def at(self, **parameters: float) -> Solved:
        """The member of a family at these parameters."""
        ...

    def exact(self, points: np.ndarray, subdomain: Seen = None) -> dict[str, np.ndarray]:
        """Quantities whose true value is known at points [N, D]: name -> [N]."""
        ...

    def residual(self, points: np.ndarray, subdomain: Seen = None) -> dict[str, np.ndarray]:
        """Dimensionless residual of every equation at interior points [N, D]: name -> [N]."""
        ...

    @property
    def modes(self) -> Sequence[Mode]:
        """Its modes, where it has some."""
        ...

    @property
    def members(self) -> Mapping[str, Solved]:
        """The solutions that it consists of, by name: modes or load cases."""
        ...

    @property
    def has_deviations(self) -> bool:
        """Whether noise in the data is known to make the fields uncertain."""
        ...

    def standard_deviation(
        self, points: np.ndarray, quantities: Sequence[str] | None = None, subdomain: Seen = None
    ) -> dict[str, np.ndarray]:
        """Standard deviation of quantities at points [N, D]: name -> [N]."""
        ...
