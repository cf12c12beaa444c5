"""What a result can be worth, with sentences and exit codes, and the measured numbers that it is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pinn.training.run.stop_reason import StopReason


class Verdict(StrEnum):
    """Each is the key that metrics.json has, with its sentence and the exit code of a run that ends with it."""

    sentence: str
    exit_code: int

    SOLVED = "solved", "solved to the tolerance", 0
    USEFUL = "useful", "above the tolerance: it has the digits that were estimated", 0
    NOT_SOLVED = "not_solved", "no solution: do not use these fields", 5

    def __new__(cls, key: str, sentence: str, exit_code: int) -> Verdict:
        member = str.__new__(cls, key)
        member._value_, member.sentence, member.exit_code = key, sentence, exit_code
        return member


@dataclass(frozen=True)
class Measured:
    """What a result is judged by, of which nothing is measured on points that were trained on.

    stop_reason    why the training stopped
    tolerance      of the held-out residual
    heldout        that residual, dimensionless: 1 means that the equations are missed by as much as their own terms
    energy_error   estimate of the relative error in the energy's norm, None where no energy was minimised
    errors         known relative L2 errors of the fields; of the quantities that are known, where no field is
    noisy          whether the data have noise, which makes errors of its own
    unidentified   unknown parameters that the statements leave open
    estimates      field -> its estimated relative error; empty where that is not known (a ReLU network)
    probes         probe -> its estimated relative error
    residuals      statement -> relative residual, of those without noise
    free           sentences: what the statements leave open
    saddle         whether a declared energy falls from the solution in some direction
    unexpected     probe -> relative difference from the value that is expected there
    systematic     sentences: noisy data that are missed in a way that is no noise
    reach          relative error that the residual may cause where it is amplified, 0 where it is not
    linear         whether all statements are linear
    unbalanced     conservation law or moment -> relative difference of what is applied and what reacts
    cut            a sentence where the fields end before the problem's last time
    """

    stop_reason: StopReason
    tolerance: float
    heldout: float
    energy_error: float | None = None
    errors: Mapping[str, float] = field(default_factory=dict)
    noisy: bool = False
    unidentified: tuple[str, ...] = ()
    estimates: Mapping[str, float] = field(default_factory=dict)
    probes: Mapping[str, float] = field(default_factory=dict)
    residuals: Mapping[str, float] = field(default_factory=dict)
    free: tuple[str, ...] = ()
    saddle: bool = False
    unexpected: Mapping[str, float] = field(default_factory=dict)
    unbalanced: Mapping[str, float] = field(default_factory=dict)
    reach: float = 0.0
    linear: bool = False
    systematic: tuple[str, ...] = ()
    cut: str = ""


@dataclass(frozen=True)
class Finding:
    """What speaks against a result: it is worth no more than `verdict`.

    contradicts   it says that a training stopped for `tolerance` is no solution all the same
    """

    verdict: Verdict
    sentence: str = ""
    contradicts: bool = False
