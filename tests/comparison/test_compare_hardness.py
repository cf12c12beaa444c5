"""comparison.json and .md of trained hardness, from trials that only say what a run left."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from pinn.comparison.compare import Comparison
from pinn.comparison.compare_page import markdown
from pinn.comparison.trials import Trial
from tests.training.examples import POISSON, problem


@dataclass
class Left:
    name: str
    seed: int
    learned_hardness: list[float] | None
    hardness: float | None = None
    diagnosis: Any = None
    metrics: dict[str, Any] = field(
        default_factory=lambda: {"relative_l2": {"u": 1e-3}, "heldout_residual": 1e-3, "stop_reason": "tolerance"}
    )

    def __post_init__(self) -> None:
        self.job = SimpleNamespace(out=SimpleNamespace(name=f"{self.name}-{self.seed}"))
        self.metrics["seconds"] = {"solve": 1.0}

    def error(self, quantity: str) -> float:
        return self.metrics["relative_l2"][quantity]


def compared(*trials: Left) -> dict[str, Any]:
    return Comparison(problem(POISSON), "adam", cast(list[Trial], list(trials))).summary()


def test_seeds_are_compared_where_the_hardness_was_trained():
    found = compared(
        Left("lambda_gelu", 0, [1.0, 2.0, 3.0]),
        Left("gelu", 0, None),
        Left("lambda_gelu", 1, [1.5, 1.6, 1.7]),
        Left("gelu", 1, None),
    )
    assert found["hardness_over_seeds"].keys() == {"lambda_gelu"}
    entry = found["hardness_over_seeds"]["lambda_gelu"]
    assert entry["profiles"] == {"0": [1.0, 2.0, 3.0], "1": [1.5, 1.6, 1.7]}
    assert entry["pairs"] == [{"seeds": [0, 1], "spearman": 1.0}]
    assert "median +1.00" in markdown(found)


def test_one_seed_is_said_and_no_hardness_is_silent():
    found = compared(Left("lambda_gelu", 0, [1.0, 2.0, 3.0]))
    assert found["hardness_over_seeds"]["lambda_gelu"]["reason"].startswith("1 of at least 2 seeds")
    assert "not compared: 1 of at least 2 seeds" in markdown(found)
    assert "hardness_over_seeds" not in compared(Left("gelu", 0, None), Left("gelu", 1, None))
