"""Solving: train a network for a problem, and measure what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from os import PathLike
from time import perf_counter
from typing import Any

import torch

from pinn.errors import ResourceError
from pinn.network.chunks import out_of_memory
from pinn.problem.loading import build_problem, load
from pinn.problem.problem import Problem
from pinn.solution.cases import metrics_of_cases
from pinn.solution.engines import find_engine
from pinn.solution.environment import describe_environment
from pinn.solution.measuring import errors
from pinn.solution.metrics import metrics
from pinn.solution.modes import metrics_of_modes
from pinn.solution.seconds import Seconds
from pinn.solution.solution import Solution
from pinn.solution.unfinished import reached, up_to
from pinn.training.load_steps import train_by_load_steps
from pinn.training.loop import OVERTIME as STEP_OVERTIME
from pinn.training.loop import train
from pinn.training.residuals.model import Model
from pinn.training.run.keeping import Keeper
from pinn.training.run.run import ProgressCallback, Run

OVERTIME, BESIDE = 1.2, 5.0  # times the time limit, and seconds beside it: everything that a run does
# Of these seconds, for what follows a training, its estimates, balances and files; and for the series of a problem in
# space and time.
MEASURING, SERIES = 3.0, 2.0
LEAST_SHARE = 0.5  # of the time limit, for the training, however long the start took
DTYPES = {"float64": torch.float64, "float32": torch.float32}


def solve(
    problem: Problem | str | PathLike[str] | Mapping[str, Any],
    *,
    seed: int | None = None,
    device: str = "auto",
    progress: ProgressCallback | bool | None = None,
    engine: str = "native",
    track_errors: bool = False,
    keeper: Keeper | None = None,
    state: dict[str, Any] | None = None,
    begun: float | None = None,
) -> Solution:
    """Train a network for the problem, as its `solver` block says, and measure the result.

    problem        a problem, or what `pinn.load` makes one of: a file, a name, YAML text, a mapping
    seed           instead of solver.seed
    device         auto, cpu or cuda
    progress       called with one row of the history per iteration; True shows it on stderr
    engine         native or deepxde
    track_errors   the history has the true errors too, as "error:NAME"; measuring them is not charged to the run
    keeper         keeps the state of the training (`pinn.run.keeper`), for engines that hand it out
    state          a state that was kept: the training goes on from there
    begun          the moment, of `time.perf_counter`, from which its total counts; default: now. From then on all takes
                   at most 1.2 times the time limit and five seconds; a training gives up what is short at the end
    Raises Divergence when no finite state was ever reached, ResourceError when the device is not there.
    """
    problem = problem if isinstance(problem, Problem) else load(problem)
    if isinstance(progress, bool):
        with shown(problem, progress) as rows:
            return solve(
                problem, seed=seed, device=device, progress=rows, engine=engine, track_errors=track_errors,
                keeper=keeper, state=state, begun=begun,
            )  # fmt: skip
    chosen_engine = find_engine(engine)
    prepared = problem = chosen_engine.prepare(problem)
    options = problem.spec.solver
    before = 0.0 if begun is None else perf_counter() - begun
    first = perf_counter() - before - (state["run"]["seconds"] if state else 0.0)
    follows = MEASURING + (SERIES if problem.time is not None and problem.space else 0.0)
    allowed = OVERTIME * options.time_limit + BESIDE - before
    seed = options.seed if seed is None else seed
    chosen = choose_device(device)
    with threads(options.threads):
        try:
            limit = time_for_training(options.time_limit, allowed - follows)
            run = Run(problem, chosen, DTYPES[options.precision], seed, limit, options.tolerance)
            run.spare = max(allowed - follows - (1 + STEP_OVERTIME) * limit, 0.0)
            if track_errors:
                run.monitor = lambda model: error_columns(prepared, model)
            kept = keeper if chosen_engine.RESUMABLE else None
            if options.load_steps:
                loaded = partial(at_load, problem)
                result = train_by_load_steps(run, chosen_engine.stages_of, loaded, progress, kept, state)
            else:
                result = train(run, chosen_engine.stages_of(problem), progress, kept, state)
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            said = str(error).split(". ")[0].splitlines()
            raise ResourceError(
                f"out of memory{': ' + said[0] if said else ''}; lower solver features, sampling.interior or "
                "network.hidden"
            ) from None
        solve_seconds = run.seconds
        end = reached(problem, result.model)
        if end is not None:
            problem, result = up_to(problem, result, end)
        measure = metrics_of_modes if problem.eigen else metrics_of_cases if problem.cases else metrics
        solution = Solution(problem, result.model, {}, run.history.rows, describe_environment(problem, chosen, seed))
        seconds = Seconds(perf_counter() - first, solve_seconds, run.started + allowed)
        solution.metrics = {
            "name": problem.name,
            "engine": engine,
            **measure(solution, result, chosen, seconds),
            **({"reached": end} if end is not None else {}),
            **chosen_engine.remarks(result.model),
        }
        solution.metrics["seconds"]["total"] = perf_counter() - first
    return solution


def time_for_training(limit: float, allowed: float) -> float:
    """The limit of a training that may go on for `limit` seconds, where `allowed` are left for it and its last step."""
    return min(limit, max(allowed / (1 + STEP_OVERTIME), LEAST_SHARE * limit))


@contextmanager
def shown(problem: Problem, wanted: bool) -> Iterator[ProgressCallback | None]:
    """What shows the rows of the history on stderr, where that is wanted."""
    if not wanted:
        yield None
        return
    from rich.console import Console

    from pinn.solution.progress import Progress

    with Progress(Console(stderr=True), time_limit=problem.spec.solver.time_limit) as progress:
        yield progress


def at_load(problem: Problem, share: float) -> Problem:
    """The same problem with a share of the load that its `solver` block names."""
    spec = problem.spec
    name = str(spec.solver.load)
    return build_problem(
        spec.model_copy(update={"constants": {**spec.constants, name: f"({spec.constants[name]})*{share!r}"}}),
        problem.folder,
    )


def error_columns(problem: Problem, model: Model) -> dict[str, float]:
    """The relative L2 error of every quantity that is known, as columns of the history."""
    relative, _ = errors(Solution(problem, model, {}, [], {}))
    return {f"error:{name}": value for name, value in relative.items()}


def choose_device(name: str) -> torch.device:
    """auto takes CUDA where there is one. Raises ResourceError when the device asked for is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise ResourceError("device cuda: this installation of torch finds none; use --device cpu")
    return torch.device(name)


@contextmanager
def threads(count: int | None):
    """Use `count` threads, and give the caller's number back afterwards."""
    before = torch.get_num_threads()
    if count:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
