"""Stages under DeepXDE: Adam, then L-BFGS, as its documentation recommends; each step is a stretch of dde.Model.train.

L-BFGS in float32, DeepXDE's default, stops early; the spec's precision is used, float64 unless it says otherwise.
"""

from __future__ import annotations

from types import ModuleType

from pinn.baselines.deepxde_session import Session, unscaled_network
from pinn.baselines.output_transform import OutputTransform
from pinn.training.residuals.model import Model
from pinn.training.run.run import Report, Run
from pinn.training.run.stop_reason import StopReason

LEARNING_RATE, ADAM_ITERATIONS = 1e-3, 15_000  # of DeepXDE's examples where L-BFGS follows
FIRST_STRETCH, LONGEST_STRETCH = 20, 1000  # iterations; DeepXDE looks at its loss every 1000
STRETCH_SHARE = 0.02  # of the time limit, between two measurements of the held-out residual
EVALUATIONS = 1.25  # of the loss that L-BFGS may use per iteration; DeepXDE's own factor


class Pace:
    """How many iterations to do at once: as many as take STRETCH_SHARE of the time limit."""

    def __init__(self, run: Run):
        self.run = run
        self.seconds: float | None = None  # per iteration

    def iterations(self, most: int = LONGEST_STRETCH) -> int:
        if self.seconds is None:
            return min(FIRST_STRETCH, most)
        return max(1, min(LONGEST_STRETCH, most, int(STRETCH_SHARE * self.run.time_limit / self.seconds)))


class DeepXDEAdam:
    """Stage: dde.Model.train with Adam, until this share of the time limit is over or ADAM_ITERATIONS are done.

    start   "soft" or "hard" makes a new network, whose conditions are in the loss or in `transform`; None goes on with
            the run's network if there is one
    """

    measure_every = 1

    def __init__(self, run: Run, *, share: float, start: str | None = None, transform: OutputTransform | None = None):
        self.name = f"deepxde adam {start}" if start else "deepxde adam"
        self.run = run
        fresh = start is not None or run.model is None
        if fresh or run.model is None:
            network = unscaled_network(run.problem, run.generator, run.device, run.dtype, transform)
            run.model = Model(run.problem, network, run.problem.spec.solver.derivatives)
        self.session = Session(run, run.model, fresh, until=share * run.time_limit)
        with self.session.library() as deepxde:
            self.session.compile(deepxde, "adam", LEARNING_RATE)
        self.pace = Pace(run)

    def step(self) -> Report:
        session, state = self.session, self.session.dde.train_state
        before, began = state.step, self.run.seconds
        session.train(iterations=self.pace.iterations(most=ADAM_ITERATIONS - before))
        count = state.step - before
        self.pace.seconds = (self.run.seconds - began) / max(count, 1)
        finished = session.over or state.step >= ADAM_ITERATIONS
        return session.report(self.name, count, StopReason.ITERATION_LIMIT if finished else None)


class DeepXDELBFGS:
    """Stage: dde.Model.train with L-BFGS and DeepXDE's options, until the time is over or it makes no more progress."""

    name = "deepxde l-bfgs"
    measure_every = 1

    def __init__(self, run: Run):
        assert run.model is not None  # Adam made it
        self.run = run
        self.session = Session(run, run.model, fresh=False, until=run.time_limit)
        with self.session.library() as deepxde:
            self.session.compile(deepxde, "L-BFGS")
            self.stop = stop_after_one(deepxde)
        self.pace = Pace(run)

    def step(self) -> Report:
        session = self.session
        (options,) = session.dde.opt.param_groups
        options["max_iter"] = max(FIRST_STRETCH, self.pace.iterations())
        options["max_eval"] = int(EVALUATIONS * options["max_iter"])
        before, began = self.work(), self.run.seconds
        session.train(callbacks=[self.stop])
        count, evaluations = (now - then for now, then in zip(self.work(), before, strict=True))
        self.pace.seconds = (self.run.seconds - began) / max(count, 1)
        converged = count < options["max_iter"] and evaluations < options["max_eval"] and not session.over
        return session.report(self.name, count, StopReason.STAGNATED if converged else None)

    def work(self) -> tuple[int, int]:
        """Iterations and evaluations of the loss so far, as torch's optimiser counts them."""
        optimizer = self.session.dde.opt
        state = optimizer.state.get(optimizer.param_groups[0]["params"][0], {})
        return state.get("n_iter", 0), state.get("func_evals", 0)


def stop_after_one(deepxde: ModuleType):
    """A callback that ends dde.Model.train after one call of the optimiser, which is many iterations of L-BFGS."""

    class StopAfterOne(deepxde.callbacks.Callback):
        def on_epoch_end(self) -> None:
            self.model.stop_training = True

    return StopAfterOne()
