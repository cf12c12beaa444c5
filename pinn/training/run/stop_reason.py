"""Why a training stopped: a key of metrics.json with what a reader makes of it."""

from __future__ import annotations

from enum import StrEnum


class StopReason(StrEnum):
    """Each is the key that metrics.json has, with its sentence. Whether the result is worth something is the verdict's.

    A training that stops for `tolerance` has met it on points never trained on.
    """

    sentence: str

    TOLERANCE = "tolerance", "the held-out residual is below the tolerance"
    STAGNATED = "stagnated", "no more progress, above the tolerance"
    TIME_LIMIT = "time_limit", "out of time, above the tolerance"
    ITERATION_LIMIT = "iteration_limit", "out of iterations, above the tolerance"
    DIVERGED = "diverged", "a number became NaN or infinite"
    INTERRUPTED = "interrupted", "stopped by a signal"
    HARDENED = "hardened", "a ReLU network fitted to the field of a trained one"
    DISTILLED = "distilled", "a small network fitted to the field of a trained one"

    def __new__(cls, key: str, sentence: str) -> StopReason:
        member = str.__new__(cls, key)
        member._value_, member.sentence = key, sentence
        return member
