"""`pinn doctor`: is everything here that a solve needs, and what to do about what is not?"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import typer

OLDEST_PYTHON = (3, 11)
OLDEST_TORCH = (2, 6)


@dataclass(frozen=True)
class Finding:
    """One check: `level` is ok, note (something optional is missing) or fail; advice says what to do."""

    level: str
    what: str
    found: str
    advice: str = ""


def doctor() -> None:
    """Check Python, torch, CUDA, compiler, threads, write access, VTK and the optional extras."""
    findings = [check() for check in CHECKS]
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        advice = f"  -> {finding.advice}" if finding.advice else ""
        typer.echo(f"{finding.level:4}  {finding.what:{width}}  {finding.found}{advice}")
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(4)


def check_python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if tuple(sys.version_info[:2]) < OLDEST_PYTHON:
        return Finding("fail", "python", version, "install Python 3.11 or newer")
    return Finding("ok", "python", f"{version} ({sys.executable})")


def check_torch() -> Finding:
    try:
        import torch
    except Exception as error:
        return Finding("fail", "torch", f"cannot be imported: {error}", "pip install torch==2.13.0")
    if tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2]) < OLDEST_TORCH:
        return Finding("fail", "torch", torch.__version__, "pip install 'torch>=2.6'")
    return Finding("ok", "torch", torch.__version__)


def check_cuda() -> Finding:
    try:
        import torch
    except Exception:
        return Finding("note", "cuda", "unknown without torch")
    if torch.cuda.is_available():
        return Finding("ok", "cuda", torch.cuda.get_device_name(0))
    return Finding(
        "note", "cuda", "none", "not needed; with a GPU, install a CUDA build of torch (pytorch.org) and its driver"
    )


def check_compiler() -> Finding:
    import shutil

    for name in filter(None, (os.environ.get("CXX"), "c++", "g++", "clang++")):
        path = shutil.which(name)
        if path:
            return Finding("ok", "compiler", path)
    return Finding("note", "compiler", "none", "not needed; torch.compile uses one: install g++ or clang")


def check_threads() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        import torch

        threads = torch.get_num_threads()
    except Exception:
        return Finding("note", "threads", f"{cores} cores")
    found = f"torch uses {threads} of {cores} cores"
    if threads > cores:
        return Finding("note", "threads", found, f"export OMP_NUM_THREADS={cores}")
    if threads < cores and "OMP_NUM_THREADS" in os.environ:
        return Finding(
            "note", "threads", found, f"OMP_NUM_THREADS is {os.environ['OMP_NUM_THREADS']}; unset it to use all"
        )
    return Finding("ok", "threads", found)


def check_write_access() -> Finding:
    """Can a run be written below here? Asked of the nearest folder of results/runs that exists."""
    import tempfile

    folder = Path("results/runs").absolute()
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            "fail", "write access", f"{folder}: {error.strerror}", "change folder, or use pinn solve --out DIR"
        )
    return Finding("ok", "write access", str(folder))


def check_packages() -> Finding:
    """The rest of the required packages, by import: a half-installed one shows here."""
    from importlib import import_module

    broken = []
    for name in ("numpy", "scipy", "sympy", "pydantic", "ruamel.yaml", "matplotlib", "meshio", "h5py", "safetensors"):
        try:
            import_module(name)
        except Exception:
            broken.append(name)
    if broken:
        return Finding("fail", "packages", f"cannot import {', '.join(broken)}", f"pip install {' '.join(broken)}")
    return Finding("ok", "packages", "complete")


def check_optional(module: str, use: str, install: str) -> Callable[[], Finding]:
    """A check for a package that something optional needs; it is looked up, not imported."""

    def check() -> Finding:
        from importlib.metadata import PackageNotFoundError, version
        from importlib.util import find_spec

        if find_spec(module) is None:
            return Finding("note", module, "not installed", f"needed only for {use}: pip install {install}")
        try:
            return Finding("ok", module, version(module))
        except PackageNotFoundError:
            return Finding("ok", module, "installed")

    return check


CHECKS: tuple[Callable[[], Finding], ...] = (
    check_python,
    check_torch,
    check_cuda,
    check_compiler,
    check_threads,
    check_packages,
    check_write_access,
    check_optional("vtk", "reading our exports back in Python; ParaView brings its own", "pyvista"),
    check_optional("pyvista", "reading our exports back in Python; ParaView brings its own", "pyvista"),
    check_optional("gmsh", "making meshes of your own", "'jetpinn[mesh]'"),
    check_optional("onnx", "pinn export --format onnx", "'jetpinn[onnx]'"),
    check_optional("onnxruntime", "checking an exported .onnx file", "'jetpinn[onnx]'"),
    check_optional("deepxde", "the DeepXDE baseline", "deepxde"),
)
