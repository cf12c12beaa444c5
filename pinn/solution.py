"""Solution: a trained network that answers at any point with fields and derived quantities; how to get one, save and load it."""

from __future__ import annotations

import json
import math
import platform
import resource
import subprocess
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from importlib import metadata
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pinn.derivatives.jets import plan_jets
from pinn.equations.compile import Derivative
from pinn.equations.statements import PointSet
from pinn.errors import ResourceError, SpecError, did_you_mean
from pinn.problem import Problem, build
from pinn.spec.source import read_spec
from pinn.training.assembly import Group, residuals
from pinn.training.loop import Outcome, ProgressCallback, Run, train
from pinn.training.model import Model, new_network
from pinn.training.stages import stages_of

CHUNK = 8192  # points evaluated at once: bounds the memory of a wide layer's jets
ERROR_POINTS, ERROR_SEED = 5000, 424_242
DTYPES = {"float64": torch.float64, "float32": torch.float32}


class Solution:
    """The result of a training: callable at points, with its measured errors.

        solution(points)["stress_xx"]        points [N, D], time last; numpy in, numpy out; tensors in, tensors out
    """

    def __init__(self, problem: Problem, model: Model, metrics: dict[str, Any], history: list[dict], environment: dict):
        self.problem = problem
        self.model = model
        self.metrics = metrics
        self.history = history
        self.environment = environment

    def __call__(self, points, quantities: Sequence[str] | None = None):
        """Quantities (default: all) at points [N, D]: name -> [N]. Raises SpecError for an unknown quantity."""
        names = tuple(quantities) if quantities is not None else self.problem.quantities
        for name in names:
            if name not in self.problem.quantities:
                raise SpecError((), f"unknown quantity '{name}'{did_you_mean(name, self.problem.quantities)}")
        if isinstance(points, Tensor):
            return self._evaluate(points, names)
        tensor = self._as_points(points)
        found: dict[str, list[np.ndarray]] = {name: [] for name in names}
        with torch.no_grad():
            for part in tensor.split(CHUNK):
                for name, values in self._evaluate(part, names).items():
                    found[name].append(values.cpu().numpy())
        return {name: np.concatenate(parts) if parts else np.zeros(0) for name, parts in found.items()}

    def _as_points(self, points) -> Tensor:
        array = np.asarray(points, dtype=float)
        if array.ndim != 2 or array.shape[1] != len(self.problem.axes):
            wanted = ", ".join(self.problem.axes)
            raise SpecError((), f"points must be [N, {len(self.problem.axes)}] ({wanted}), got {list(array.shape)}")
        scale = self.model.network.field_scale
        return torch.as_tensor(array).to(scale)

    def _evaluate(self, points: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
        compiled = {name: self.problem.compiled(name) for name in names}
        wanted = tuple(sorted({d for expression in compiled.values() for d in expression.derivatives}))
        plan = plan_jets([d.partial for d in wanted], len(self.problem.axes), self.problem.space)
        jets = self.model.jets(points, plan, wanted)
        inputs = PointSet(points).inputs(self.problem.axes, self.model.unknowns)
        return {name: expression.value(inputs, jets) for name, expression in compiled.items()}

    def derivatives(self, points, wanted: Sequence[Derivative]) -> dict[Derivative, np.ndarray]:
        """Partial derivatives of the fields at points [N, D], each [N]."""
        tensor = self._as_points(points)
        plan = plan_jets([d.partial for d in wanted], len(self.problem.axes), self.problem.space)
        with torch.no_grad():
            return {d: jet.cpu().numpy() for d, jet in self.model.jets(tensor, plan, wanted).items()}

    def exact(self, points) -> dict[str, np.ndarray]:
        """Exact values where they are known in closed form, or interpolated from the reference table: name -> [N]."""
        points = np.asarray(points, dtype=float)
        found = {name: values.numpy() for name, values in self.problem.exact_values(torch.as_tensor(points)).items()}
        if self.problem.reference is not None:
            found |= interpolate(self.problem, points)
        return found

    def residual(self, points) -> dict[str, np.ndarray]:
        """Dimensionless residual of every equation at interior points [N, D]: name -> [N]."""
        equations = [i for i, s in enumerate(self.problem.statements) if s.place.kind == "interior"]
        parts: dict[str, list[np.ndarray]] = {self.problem.statements[i].name: [] for i in equations}
        if not equations:
            return {}
        with torch.no_grad():
            for part in self._as_points(points).split(CHUNK):
                group = Group(self.problem, tuple(equations), PointSet(part))
                for i, values in zip(equations, residuals(self.model, group), strict=True):
                    parts[self.problem.statements[i].name].append(values.cpu().numpy())
        return {name: np.concatenate(values) for name, values in parts.items()}

    def export(self, path: str | PathLike[str], **options: Any) -> Path:
        """Write fields for ParaView and others; the suffix chooses vtu, xdmf, csv or npz."""
        from pinn.analysis.export import export

        export(self, Path(path), **options)
        return Path(path)

    def plot(self, quantity: str):
        """A matplotlib figure of one quantity."""
        from pinn.analysis.figures import plot

        return plot(self, quantity)

    def save_weights(self, path: str | PathLike[str]) -> None:
        """Write every tensor of the model as safetensors."""
        from safetensors.torch import save_file

        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in self.model.state_dict().items()}
        save_file(tensors, str(path), metadata={"format": "pt", "problem": self.problem.name})

    @classmethod
    def load(cls, run: str | PathLike[str]) -> Solution:
        """The solution that a run directory holds. Raises ResourceError where it is incomplete."""
        from safetensors.torch import load_file

        folder = Path(run)
        for name in ("spec.yaml", "model.safetensors", "metrics.json", "environment.json"):
            if not (folder / name).is_file():
                raise ResourceError(f"{folder}: not a complete run: {name} is missing")
        environment = json.loads((folder / "environment.json").read_text(encoding="utf-8"))
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        problem = build(read_spec(folder / "spec.yaml"), Path(environment.get("spec_folder", folder)))
        try:
            tensors = load_file(str(folder / "model.safetensors"))
            numbers = [int(k.split(".")[2]) for k in tensors if k.startswith("network.layers.") and k.endswith(".weight")]
            hidden = [tensors[f"network.layers.{i}.weight"].shape[0] for i in sorted(numbers)[:-1]]
            dtype = tensors["network.field_scale"].dtype
            network = new_network(problem, hidden, torch.Generator().manual_seed(0), torch.device("cpu"), dtype)
            model = Model(problem, network, problem.spec.solver.derivatives)
            model.load_state_dict(tensors)
        except (KeyError, RuntimeError, ValueError, OSError) as error:
            raise ResourceError(f"{folder / 'model.safetensors'}: cannot be read: {str(error).splitlines()[0]}") from None
        return cls(problem, model, metrics, read_history(folder / "history.csv"), environment)


def read_history(path: Path) -> list[dict[str, Any]]:
    import csv

    if not path.is_file():
        return []

    def number(text: str) -> Any:
        try:
            return float(text) if text else None
        except ValueError:
            return text

    with path.open(newline="", encoding="utf-8") as stream:
        return [{key: number(value) for key, value in row.items()} for row in csv.DictReader(stream)]


def interpolate(problem: Problem, points: np.ndarray) -> dict[str, np.ndarray]:
    """Reference quantities between the table's points, for pictures; errors are measured at the table's own points."""
    from scipy.interpolate import LinearNDInterpolator, RegularGridInterpolator

    reference = problem.reference
    assert reference is not None
    axes = [np.unique(reference.points[:, k]) for k in range(reference.points.shape[1])]
    found = {}
    for name, values in reference.quantities.items():
        if math.prod(len(axis) for axis in axes) == len(values) and len(axes) > 1:
            order = np.lexsort(reference.points.T[::-1])
            grid = values[order].reshape([len(axis) for axis in axes])
            found[name] = RegularGridInterpolator(axes, grid, bounds_error=False, fill_value=None)(points)
        elif len(axes) == 1:
            order = np.argsort(reference.points[:, 0])
            found[name] = np.interp(points[:, 0], reference.points[order, 0], values[order])
        else:
            lower, upper = problem.bounds
            found[name] = LinearNDInterpolator((reference.points - lower) / (upper - lower), values)(
                (points - lower) / (upper - lower)
            )
    return found


# ---- solving ---------------------------------------------------------------------------------------------------------


def solve(
    problem: Problem,
    *,
    seed: int | None = None,
    device: str = "auto",
    progress: ProgressCallback | None = None,
    out: str | PathLike[str] | None = None,
) -> Solution:
    """Train a network for the problem, as its `solver` block says, and measure the result.

    seed       instead of solver.seed
    device     auto, cpu or cuda
    progress   called with one row of the history per iteration
    Raises Divergence when no finite state was ever reached, ResourceError when the device is not there.
    """
    begun = perf_counter()
    options = problem.spec.solver
    seed = options.seed if seed is None else seed
    chosen = choose_device(device)
    run = Run(problem, chosen, DTYPES[options.precision], seed, options.time_limit, options.tolerance)
    with threads(options.threads):
        try:
            result = train(run, stages_of(problem), progress)
        except (MemoryError, torch.OutOfMemoryError) as error:
            raise ResourceError(f"out of memory: {error}; lower solver features, sampling.interior or network.hidden") from None
        solve_seconds = run.seconds
        solution = Solution(problem, result.model, {}, run.history, describe_environment(problem, chosen, seed))
        solution.metrics = measure(solution, result, chosen, perf_counter() - begun, solve_seconds)
        solution.metrics["seconds"]["total"] = perf_counter() - begun
    return solution


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


def measure(solution: Solution, result: Outcome, device: torch.device, total: float, solving: float) -> dict[str, Any]:
    """metrics.json: errors on points never trained on, probes, unknowns, and how the run went."""
    problem = solution.problem
    relative, largest = errors(solution)
    last = next((row for row in reversed(solution.history) if row.get("loss") is not None), {})
    probes = {}
    for name, probe in problem.probes.items():
        values = solution(probe.points, [probe.quantity])[probe.quantity].tolist()
        single = len(values) == 1
        probes[name] = {"value": values[0] if single else values}
        if probe.expected is not None:
            probes[name]["expected"] = probe.expected[0] if single else list(probe.expected)
    return {
        "name": problem.name,
        "engine": "native",
        "device": str(device),
        "dtype": problem.spec.solver.precision,
        "activation": problem.spec.network.activation.name,
        "parameters": sum(parameter.numel() for parameter in solution.model.parameters()),
        "seconds": {"total": total, "solve": solving},
        "peak_memory_mb": peak_memory(device),
        "stop_reason": result.stop_reason,
        **({"message": result.message} if result.message else {}),
        "iterations": result.iterations,
        "loss": last.get("loss"),
        "terms": {key.removeprefix("term:"): value for key, value in last.items() if key.startswith("term:")},
        "heldout_residual": result.heldout,
        "tolerance": problem.spec.solver.tolerance,
        "relative_l2": relative,
        "max_error": largest,
        "probes": probes,
        "unknowns": {name: float(value.detach()) for name, value in solution.model.unknowns.items()},
    }


def errors(solution: Solution) -> tuple[dict[str, float], dict[str, float]]:
    """Relative L2 and largest error of every quantity that is known, of vectors and tensors as wholes too."""
    problem = solution.problem
    names = problem.exact_quantities
    if not names:
        return {}, {}
    points = problem.heldout_points(ERROR_POINTS, ERROR_SEED)
    true = {k: v.numpy() for k, v in problem.exact_values(torch.as_tensor(points)).items() if k in names}
    found = solution(points, [name for name in names if name in true])
    if problem.reference is not None:
        tabulated = {k: v for k, v in problem.reference.quantities.items() if k in names and k not in true}
        true |= tabulated
        found |= solution(problem.reference.points, list(tabulated))
    relative, largest = {}, {}
    squares = {}
    for name in names:
        difference = found[name] - true[name]
        squares[name] = (float(difference @ difference), float(true[name] @ true[name]))
        largest[name] = float(np.abs(difference).max())
        relative[name] = ratio(*squares[name])
    wholes = {**problem.vectors, **{name: tuple(parts.values()) for name, parts in problem.tensors.items()}}
    for name, parts in wholes.items():
        if all(part in squares for part in parts):
            relative[name] = ratio(*(sum(squares[part][k] for part in parts) for k in (0, 1)))
    return relative, largest


def ratio(error: float, size: float) -> float:
    """|error|/|size| from squares; the error itself where the true quantity is zero."""
    return math.sqrt(error / size) if size > 0 else math.sqrt(error)


def peak_memory(device: torch.device) -> float:
    """Megabytes: of the process, or of the GPU where the run is there."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def describe_environment(problem: Problem, device: torch.device, seed: int) -> dict[str, Any]:
    """What is needed to repeat the run: versions, device, dtype, seed, threads, commit."""
    versions = {"python": platform.python_version()}
    for package in ("jetpinn", "torch", "numpy", "scipy", "sympy", "meshio", "matplotlib"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "versions": versions,
        "platform": platform.platform(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "dtype": problem.spec.solver.precision,
        "seed": seed,
        "threads": torch.get_num_threads(),
        "git_commit": git_commit(),
        "spec_folder": str(problem.folder.resolve()),
    }


def git_commit() -> str | None:
    """The commit of the working directory, where there is one."""
    try:
        command = ["git", "rev-parse", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


