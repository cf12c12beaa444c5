"""The environment of a run: versions, machine, memory, the state of the repository."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib import metadata
from typing import Any

import torch

from pinn import __version__
from pinn.problem.problem import Problem

try:
    import resource
except ImportError:  # Windows
    resource = None


def peak_memory(device: torch.device) -> float | None:
    """Megabytes: of the process, or of the GPU where the run is there; None where the system does not say."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    if resource is None:
        return None
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def versions() -> dict[str, str]:
    """Package -> version, of pinn, of Python and of what the numbers depend on."""
    found = {"pinn": __version__, "python": platform.python_version()}
    for package in ("torch", "numpy", "scipy", "sympy", "meshio", "matplotlib", "deepxde"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def describe_environment(problem: Problem, device: torch.device, seed: int) -> dict[str, Any]:
    """What is needed to repeat the run: versions, device, dtype, seed, threads, commit."""
    return {
        "versions": versions(),
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
