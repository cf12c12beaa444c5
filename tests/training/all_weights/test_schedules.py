"""Learning-rate schedules: where they begin, peak and end; the spec knows all of them."""

from typing import get_args

import pytest

from pinn.spec.blocks.solver import Schedule
from pinn.training.all_weights.schedules import FINAL_RATE, SCHEDULES, WARM_UP


def test_the_spec_knows_the_same_schedules():
    assert set(get_args(Schedule)) == set(SCHEDULES)


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors(name):
    schedule = SCHEDULES[name]
    factors = [schedule(k / 1000) for k in range(1001)]
    warm = name.startswith("warmup")
    assert factors[0] == (0 if warm else 1)
    assert factors[-1] == pytest.approx(1 if name == "constant" else FINAL_RATE)
    assert max(factors) == pytest.approx(1)
    top = factors.index(max(factors))
    assert top == (round(WARM_UP * 1000) if warm else 0)
    assert factors[top:] == sorted(factors[top:], reverse=True)
    assert factors[:top] == sorted(factors[:top])


def test_cosine_and_exponential_half_way():
    assert SCHEDULES["cosine"](0.5) == pytest.approx((1 + FINAL_RATE) / 2)
    assert SCHEDULES["exponential"](0.5) == pytest.approx(FINAL_RATE**0.5)
    assert SCHEDULES["warmup_cosine"](WARM_UP / 2) == pytest.approx(0.5)
