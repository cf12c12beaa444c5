"""A solution as a run's directory holds it: written, and read again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from torch import Tensor

from pinn.errors import PinnError, ResourceError, one_line
from pinn.files.reading import read_history, read_json
from pinn.files.writing import write_atomic, write_history, write_json, write_text
from pinn.network.chunks import out_of_memory
from pinn.problem.loading import build
from pinn.problem.problem import Problem
from pinn.run.directory import RunDirectory
from pinn.solution.engines import find_engine
from pinn.solution.report import CHECKSUM
from pinn.spec.yaml.source import dump, read_spec
from pinn.training.residuals.model import Model
from pinn.training.run.state import load_tensors

if TYPE_CHECKING:
    from pinn.solution.solution import Solution

# What is made of a solution in a run's directory: fields, figures. It returns the files it wrote.
Product = Callable[["Solution", Path], Sequence[Path]]


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
    checksum = file_digest(folder / "model.safetensors")
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
    metrics = {**solution.metrics, "seconds": {**seconds, "total": total}, CHECKSUM: checksum}
    write_json(folder / "metrics.json", metrics)
    if failure is not None:
        raise failure
    return written


def write_weights(path: Path, problem: Problem, model: Model) -> None:
    """Every tensor of the model as safetensors, with its kind of network and what says which spec they belong to."""
    from safetensors.torch import save

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    spec = spec_digest(dump(problem.spec.resolved()).encode())
    metadata = {"format": "pt", "problem": problem.name, "spec": spec, "network": model.network.kind}
    path.write_bytes(save(tensors, metadata))  # not by safetensors, whose error hides what the disk said


@dataclass(frozen=True)
class Packed:
    """A problem and its model as bytes and text: what a pickle holds of them."""

    problem: Problem
    kind: str
    tensors: bytes


def packed(problem: Problem, model: Model) -> Packed:
    from safetensors.torch import save

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    return Packed(problem, model.network.kind, save(tensors))


def unpacked(packed: Packed, engine: str) -> tuple[Problem, Model]:
    """The same again, on the CPU."""
    from safetensors.torch import load

    problem, tensors = packed.problem, load(packed.tensors)
    network = find_engine(engine).network_of(problem, packed.kind, tensors)
    model = Model(problem, network, problem.spec.solver.derivatives)
    load_tensors(model, tensors)
    return problem, model


def read_run(folder: Path) -> tuple[Problem, Model, dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """(problem, model, metrics, history, environment) of a run.

    Raises ResourceError where it is incomplete, damaged, or its spec is not the one that the model was trained for.
    """
    from safetensors import SafetensorError

    if not (folder / "model.safetensors").is_file() and (folder / "metrics.json").is_file():
        raise ResourceError(f"{folder}: model.safetensors is missing; {_restore(folder)}")
    for name in ("spec.yaml", "model.safetensors", "metrics.json", "environment.json"):
        if not (folder / name).is_file():
            raise ResourceError(f"{folder}: not a complete run: {name} is missing")
    environment, metrics = read_json(folder / "environment.json"), read_json(folder / "metrics.json")
    file = folder / "model.safetensors"
    try:
        if metrics.get(CHECKSUM, digest := file_digest(file)) != digest:
            raise ResourceError(f"{file}: does not agree with its checksum in metrics.json; {_restore(folder, file)}")
        tensors, said = read_tensors(file)
        if said.get("spec", digest := spec_digest((folder / "spec.yaml").read_bytes())) != digest:
            raise ResourceError(f"{folder / 'spec.yaml'}: is not what the model was trained for; restore it")
        problem = build(read_spec(folder / "spec.yaml"), Path(str(environment.get("spec_folder", folder))))
        if "network" not in said:
            raise ValueError("it does not say its kind of network, as those of older versions do not; solve again")
        network = find_engine(str(metrics.get("engine", "native"))).network_of(problem, said["network"], tensors)
        model = Model(problem, network, problem.spec.solver.derivatives)
        load_tensors(model, tensors)
    except PinnError:
        raise
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError, OSError, SafetensorError) as error:
        if out_of_memory(error):
            raise
        raise ResourceError(f"{file}: cannot be read: {one_line(str(error), 300)}") from None
    return problem, model, metrics, read_history(folder / "history.csv"), environment


def _restore(folder: Path, damaged: Path | None = None) -> str:
    remove = "" if damaged is None else f"remove {damaged.name}, then "
    return f"{remove}'pinn resume {folder}' restores it from the checkpoint, if there is one"


def file_digest(file: Path) -> str:
    """SHA-256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def spec_digest(text: bytes) -> str:
    """Of the spec.yaml that a run leaves."""
    return hashlib.sha256(text).hexdigest()


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """(tensors, metadata) of a safetensors file. Raises SafetensorError, OSError or ValueError."""
    from safetensors import safe_open

    with safe_open(str(path), framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
