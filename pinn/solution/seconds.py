"""The seconds of a run, for what measures it."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Seconds:
    """total     from the beginning of the run
    solving   of them, in training
    latest    the moment, of `time.perf_counter`, at which the run has to be over
    """

    total: float
    solving: float
    latest: float = math.inf

    def entry(self) -> dict[str, float]:
        """For metrics.json."""
        return {"total": self.total, "solve": self.solving}
