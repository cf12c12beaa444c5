"""Learning-rate schedules: the share of the stage that is done, 0 to 1, to the factor on the first learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable

FINAL_RATE = 1e-2  # of the first learning rate, at the end of a schedule
WARM_UP = 0.05  # of the iterations: a few percent is usual

Schedule = Callable[[float], float]


def constant(share: float) -> float:
    return 1.0


def cosine(share: float) -> float:
    """Loshchilov & Hutter, ICLR 2017, eq. 5, without restarts."""
    return FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * share)) / 2


def exponential(share: float) -> float:
    return FINAL_RATE**share


def warmed_up(decay: Schedule) -> Schedule:
    """Linear growth over the first WARM_UP, then `decay` over the rest."""

    def schedule(share: float) -> float:
        return share / WARM_UP if share < WARM_UP else decay((share - WARM_UP) / (1 - WARM_UP))

    return schedule


SCHEDULES: dict[str, Schedule] = {
    "constant": constant,
    "cosine": cosine,
    "exponential": exponential,
    "warmup_cosine": warmed_up(cosine),
    "warmup_exponential": warmed_up(exponential),
}
