"""Keeping the state of a training: what a stage hands out, and who takes care of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from pinn.training.run.state import State


@runtime_checkable
class Resumable(Protocol):
    """A stage that hands out its state between two steps, and takes it back when it is made again.

    A stage made while `run.resuming` works on `run.model` as it finds it, and draws no random numbers.
    """

    def state_dict(self) -> State: ...

    def load_state_dict(self, state: State) -> None: ...


class Keeper(Protocol):
    """Keeps the state of a training. `stopping` is set when somebody has asked for its end."""

    @property
    def stopping(self) -> bool: ...

    def keep(self, state: State) -> None:
        """Write the state now. Raises ResourceError."""
        ...

    def after_stage(self, state: State) -> None:
        """Write the state if that is possible."""
        ...

    def after_step(self, state: Callable[[], State], seconds: float) -> None:
        """Write or remember the state if it is time to; `seconds` is what the last step took."""
        ...

    def rescue(self) -> None:
        """Write what was remembered last: a step was broken off."""
        ...
