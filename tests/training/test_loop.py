"""The loop's record of the true error: of each new best model, and at no cost to the run."""

from __future__ import annotations

import pytest

import pinn
from pinn.network.deadline import in_time
from pinn.training.loop import train
from pinn.training.run.run import Report
from pinn.training.run.stop_reason import StopReason
from tests.training import examples


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_observing_takes_no_time_of_the_run_and_only_new_best_models_are_looked_at(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("pinn.training.run.run.perf_counter", clock)
    found = examples.problem(examples.POISSON)
    run = examples.run_of(found)
    run.started = clock.now
    seen = []

    def monitor(model):
        clock.now += 50.0
        seen.append(model)
        return {"error:u": 0.5}

    run.monitor = monitor
    assert run.observe() == {}  # there is no model yet
    run.model = examples.model_of(found)
    for after, heldout, columns in (
        (1.0, 0.3, {"error:u": 0.5}),
        (2.0, 0.4, {}),  # worse than the best
        (2.1, 0.2, {"error:u": 0.5}),
        (2.15, 0.1, {}),  # too soon after the last
        (2.3, 0.09, {"error:u": 0.5}),
    ):
        clock.now += after - run.seconds
        run.keep_if_best(heldout)
        assert run.observe() == columns
        assert run.seconds == pytest.approx(after)
    assert len(seen) == 3
    assert seen[-1] is run.best


@pytest.mark.slow
def test_tracked_errors_lead_to_the_final_one():
    method = "{method: {gauss_newton: {iterations: 15}}}"
    solution = pinn.solve(examples.problem(examples.POISSON, solver=method), track_errors=True, device="cpu")
    errors = [row["error:u"] for row in solution.history if "error:u" in row]
    assert len(errors) > 1
    assert solution.metrics["relative_l2"]["u"] <= errors[-1] < errors[0]


class Endless:
    """A stage whose second step never ends by itself."""

    name, measure_every = "endless", 1

    def __init__(self, given):
        self.run, self.steps = given, 0

    def step(self):
        self.steps += 1
        if self.steps == 1:
            self.run.model = examples.model_of(self.run.problem)
            return Report(1.0)
        while True:
            in_time()


def test_a_step_that_goes_on_beyond_the_limit_is_broken_off(monkeypatch):
    """At a tenth more than the limit, with the model that there is."""
    run = examples.run_of(examples.problem(examples.POISSON))
    ticks = iter(range(10**9))
    monkeypatch.setattr("pinn.network.deadline.perf_counter", lambda: run.started + next(ticks))
    run.time_limit = 50.0
    monkeypatch.setattr("pinn.training.run.run.perf_counter", lambda: run.started + 1.0)
    found = train(run, [Endless])
    assert (found.stop_reason, found.iterations) == (StopReason.TIME_LIMIT, 1)
    assert next(ticks) == 57  # 0 to 55 were in time
