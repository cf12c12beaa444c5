"""A solution as a run's directory holds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from pinn.files.writing import write_atomic, write_history, write_json, write_text
from pinn.run.directory import RunDirectory
from pinn.solution.solution import Solution
from pinn.spec.yaml.source import dump

# What is made of a solution in a run's directory: fields, figures. It returns the files it wrote.
Product = Callable[[Solution, Path], Sequence[Path]]


def save_run(directory: RunDirectory, solution: Solution, products: Sequence[Product] = ()) -> list[Path]:
    """Write everything a run leaves; metrics.json comes last, so a directory that has it has the weights and history.

    `products` make the fields and the figures. If one fails, what cost the computing time is still saved, and the
    failure is raised at the end. The total of seconds in metrics.json counts the writing as well.
    """
    begun = perf_counter()
    folder = directory.path
    write_text(folder / "spec.yaml", dump(solution.problem.spec.resolved()))
    write_json(folder / "environment.json", solution.environment)
    write_history(folder / "history.csv", solution.history)
    write_atomic(folder / "model.safetensors", solution.save_weights)
    written: list[Path] = []
    failure: Exception | None = None
    for product in products:
        try:
            written += product(solution, folder)
        except Exception as error:
            directory.log(f"{type(error).__name__}: {error}")
            failure = failure or error
    seconds = solution.metrics["seconds"]
    total = seconds["total"] + perf_counter() - begun
    write_json(folder / "metrics.json", {**solution.metrics, "seconds": {**seconds, "total": total}})
    if failure is not None:
        raise failure
    return written
