"""Installation: what a solve needs of this machine, each with what was found and what to do about it.

Nothing of it is imported with this module: whatever is missing or broken, the other checks must be able to say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

OLDEST_PYTHON = (3, 11)
OLDEST_TORCH = (2, 6)
PACKAGES = ("numpy", "scipy", "sympy", "pydantic", "ruamel.yaml", "typer", "rich", "matplotlib", "meshio", "h5py",
            "safetensors", "pint")  # fmt: skip
ROOM = 200_000_000  # bytes: three checkpoints and the results of a run of the usual size take less
SECONDS = 30  # for a compiler to read two headers

# What torch.compile has the compiler read (the interpreter's headers) and the flag that it compiles with.
PROGRAM = "#include <Python.h>\n#include <omp.h>\nint main() { return omp_get_max_threads() < 1; }\n"


@dataclass(frozen=True)
class Finding:
    """One check: `level` is ok, note (no solve depends on it) or fail; advice says what to do."""

    level: str
    what: str
    found: str
    advice: str = ""


Check = Callable[[], Finding]


def checks(device: str, folder: Path) -> Sequence[Check]:
    """All of them, for runs on that device (auto, cpu, cuda) with their folders in `folder`."""
    reading = "reading our exports back in Python; ParaView brings its own"
    return (
        check_python,
        check_torch,
        lambda: check_cuda(device == "cuda"),
        check_compiler,
        check_threads,
        check_packages,
        lambda: check_write_access(folder),
        lambda: check_optional("vtk", reading, "pyvista"),
        lambda: check_optional("pyvista", reading, "pyvista"),
        lambda: check_optional("gmsh", "making meshes of your own", "'jetpinn[mesh]'"),
        lambda: check_optional("onnx", "pinn export --format onnx", "'jetpinn[onnx]'"),
        lambda: check_optional("onnxruntime", "checking an exported .onnx file", "'jetpinn[onnx]'"),
        lambda: check_optional("pytorch_optimizer", "solver.method: soap", "'jetpinn[soap]'"),
        lambda: check_optional("deepxde", "the DeepXDE baseline", "deepxde"),
    )


def check_python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if tuple(sys.version_info[:2]) < OLDEST_PYTHON:
        return Finding("fail", "python", found, "install Python 3.11 or newer")
    return Finding("ok", "python", f"{found} ({sys.executable})")


def check_torch() -> Finding:
    try:
        import torch
    except Exception as error:
        return Finding("fail", "torch", f"cannot be imported: {error}", "pip install torch==2.13.0")
    found = f"{torch.__version__}, {build(torch)}"
    if tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2]) < OLDEST_TORCH:
        return Finding("fail", "torch", found, "pip install 'torch>=2.6'")
    return Finding("ok", "torch", found)


def build(torch) -> str:
    """For what a torch was built."""
    if torch.version.cuda:
        return f"built for CUDA {torch.version.cuda}"
    return f"built for ROCm {torch.version.hip}" if torch.version.hip else "built for the CPU"


def check_cuda(needed: bool) -> Finding:
    """A GPU that torch can compute on; without one a solve runs on the CPU, unless it is asked for."""
    try:
        import torch
    except Exception:
        return Finding("note", "cuda", "unknown without torch", "install torch first")
    level = "fail" if needed else "note"
    if torch.cuda.is_available():
        try:
            torch.ones(1, device="cuda").item()
        except Exception as error:
            return Finding(level, "cuda", f"does not compute: {str(error).splitlines()[0]}", "use --device cpu")
        return check_triton(torch.cuda.get_device_name(0))
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if not (torch.version.cuda or torch.version.hip):
        found = "torch is built for the CPU"
        here = "there is a driver: " if shutil.which("nvidia-smi") else "with a GPU and its driver, "
        advice = f"{here}install a CUDA build of torch (pytorch.org)"
    elif hidden is not None and hidden.strip() in ("", "-1"):
        found, advice = f"CUDA_VISIBLE_DEVICES is '{hidden}', which hides every GPU", "unset CUDA_VISIBLE_DEVICES"
    else:
        found, advice = "torch finds no GPU", "see what nvidia-smi says; a driver is missing, or too old for this torch"
    return Finding(level, "cuda", found, advice if needed else f"not needed; {advice}")


def check_triton(name: str) -> Finding:
    if find_spec("triton") is None:
        return Finding("note", "cuda", f"{name}, without triton", "pip install triton: Adam and L-BFGS are faster then")
    return Finding("ok", "cuda", name)


def check_compiler() -> Finding:
    """The C++ compiler that torch.compile takes, tried on what it would read."""
    name = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
    use = "not needed; Adam and L-BFGS are faster with one"
    path = shutil.which(name)
    if path is None:
        other = next(filter(shutil.which, ("g++", "clang++", "c++")), None)
        advice = f"export CXX={other}" if other else "install g++"
        return Finding("note", "compiler", f"no {name} on PATH", f"{use}: {advice}")
    command = [path, "-x", "c++", "-fsyntax-only", "-fopenmp", "-I", sysconfig.get_path("include"), "-"]
    try:
        tried = subprocess.run(command, input=PROGRAM, capture_output=True, text=True, timeout=SECONDS, check=False)
        failure = tried.returncode and next(iter(tried.stderr.splitlines()), f"exit code {tried.returncode}")
    except (OSError, subprocess.SubprocessError) as error:
        failure = str(error)
    if not failure:
        return Finding("ok", "compiler", path)
    missing = {"Python.h": "install python3-dev", "omp": "install OpenMP (libomp-dev)"}
    advice = next((text for part, text in missing.items() if part in failure), "install g++")
    return Finding("note", "compiler", f"{path} fails: {failure}", f"{use}: {advice}")


def check_threads() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        import torch

        threads = torch.get_num_threads()
    except Exception:
        return Finding("note", "threads", f"{cores} cores", "install torch first")
    found = f"torch uses {threads} of {cores} cores"
    if threads > cores:
        return Finding("note", "threads", found, f"they wait for each other: export OMP_NUM_THREADS={cores}")
    if threads < cores and "OMP_NUM_THREADS" in os.environ:
        said = os.environ["OMP_NUM_THREADS"]
        return Finding("note", "threads", found, f"OMP_NUM_THREADS is {said}; unset it to use all")
    return Finding("ok", "threads", found)


def check_packages() -> Finding:
    """The rest of the required packages, by import: a half-installed one shows here."""
    broken = []
    for name in PACKAGES:
        try:
            import_module(name)
        except Exception:
            broken.append(name)
    if broken:
        return Finding("fail", "packages", f"cannot import {', '.join(broken)}", f"pip install {' '.join(broken)}")
    return Finding("ok", "packages", "complete")


def check_write_access(folder: Path) -> Finding:
    """Can runs be written in `folder`, or in the nearest one above it that exists? A file, a lock, and the room."""
    from pinn.files.disk import disk
    from pinn.files.lock import Lock

    what, advice = "write access", "change folder, or use pinn solve --out DIR"
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".pinn-doctor-") as scratch:
            file = Path(scratch) / "file"
            disk().write(file, lambda path: path.write_bytes(b"pinn"))
            disk().sync(file)
            try:
                Lock(Path(scratch)).release()
            except OSError as error:
                return Finding(
                    "fail", what, f"{folder}: no locks: {error.strerror}", f"its file system has none: {advice}"
                )
            free = disk().free_bytes(folder)
    except OSError as error:
        return Finding("fail", what, f"{folder}: {error.strerror}", advice)
    if free < ROOM:
        return Finding("note", what, f"{folder}: {free:,} bytes are free", f"a run takes up to {ROOM:,}: {advice}")
    return Finding("ok", what, f"{folder}, {free // 10**9} GB free")


def check_optional(module: str, use: str, install: str) -> Finding:
    """A package that something optional needs; it is looked up, not imported."""
    if find_spec(module) is None:
        return Finding("note", module, "not installed", f"needed only for {use}: pip install {install}")
    try:
        return Finding("ok", module, version(module))
    except PackageNotFoundError:
        return Finding("ok", module, "installed")
