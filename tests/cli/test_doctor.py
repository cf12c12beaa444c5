"""pinn doctor: each finding on an installation that lacks something, with what to do, and the exit code."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from pinn.cli import installation
from pinn.cli.installation import Finding
from pinn.cli.main import run
from pinn.files.disk import Disk, replaced_by


@pytest.mark.slow
def test_it_is_content_here(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} <= {"ok", "note"}
    assert any(line.split()[:2] == ["ok", "torch"] and ", built for " in line for line in lines)
    assert all("->" in line for line in lines if line.startswith("note"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("level", "code"), [("fail", 4), ("note", 0)])
def test_what_is_needed_and_missing_is_exit_4(level, code, capsys, monkeypatch):
    broken = Finding(level, "torch", "cannot be imported", "pip install torch")
    monkeypatch.setattr(installation, "checks", lambda device, folder: (lambda: broken,))
    assert run(["doctor"]) == code
    assert capsys.readouterr().out == f"{level}  torch  cannot be imported  -> pip install torch\n"


@pytest.mark.slow
def test_without_torch_every_line_is_there(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert run(["doctor"]) == 4
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(installation.checks("auto", Path()))
    assert "fail  torch" in "\n".join(lines)
    assert "pip install torch" in "\n".join(lines)


# ---- CUDA ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch, "version", SimpleNamespace(cuda=None, hip=None))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_cuda_that_is_asked_for_and_not_there_is_exit_4(no_gpu, capsys):
    assert run(["doctor", "--device", "cuda"]) == 4
    line = next(line for line in capsys.readouterr().out.splitlines() if " cuda " in line)
    assert line.startswith("fail")
    assert "torch is built for the CPU" in line
    assert "install a CUDA build of torch" in line


def test_no_cuda_is_a_note_with_its_reason(no_gpu, monkeypatch):
    assert installation.check_cuda(needed=False).advice.startswith("not needed; with a GPU and its driver, install")
    monkeypatch.setattr(torch, "version", SimpleNamespace(cuda="12.8", hip=None))
    assert installation.check_torch().found.endswith("built for CUDA 12.8")
    found = installation.check_cuda(needed=False)
    assert (found.level, found.found) == ("note", "torch finds no GPU")
    assert "nvidia-smi" in found.advice
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    found = installation.check_cuda(needed=True)
    assert (found.level, found.advice) == ("fail", "unset CUDA_VISIBLE_DEVICES")


def test_a_gpu_that_does_not_compute_is_no_gpu(monkeypatch):
    def broken(*size, device):
        raise RuntimeError("CUDA error: no kernel image is available\nand more")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", broken)
    found = installation.check_cuda(needed=False)
    assert (found.level, found.found) == ("note", "does not compute: CUDA error: no kernel image is available")


# ---- the compiler ----------------------------------------------------------------------------------------------------


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def path(monkeypatch, tmp_path) -> Path:
    """A folder that is all of PATH, on Linux, where torch.compile takes g++."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    return tmp_path


def test_no_compiler_on_path(path):
    found = installation.check_compiler()
    assert (found.level, found.found) == ("note", "no g++ on PATH")
    assert found.advice.endswith("install g++")


def test_another_compiler_has_to_be_named(path, monkeypatch):
    program(path, "clang++", "exit 0")
    assert installation.check_compiler().advice.endswith("export CXX=clang++")
    monkeypatch.setenv("CXX", "clang++")
    assert installation.check_compiler() == Finding("ok", "compiler", str(path / "clang++"))


def test_a_compiler_without_the_headers_says_which_package(path):
    message = "<stdin>:1:10: fatal error: Python.h: No such file or directory"
    program(path, "g++", f"echo '{message}' >&2; exit 1")
    found = installation.check_compiler()
    assert (found.level, found.found) == ("note", f"{path / 'g++'} fails: {message}")
    assert found.advice.endswith("install python3-dev")


# ---- threads, the disk, packages -------------------------------------------------------------------------------------


def test_more_threads_than_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3}, raising=False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    found = installation.check_threads()
    assert (found.level, found.found) == ("note", "torch uses 8 of 2 cores")
    assert found.advice.endswith("export OMP_NUM_THREADS=2")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert installation.check_threads().advice == "OMP_NUM_THREADS is 1; unset it to use all"


def test_a_folder_that_cannot_be_written(tmp_path, capsys):
    class ReadOnly(Disk):
        def write(self, path, writer):
            raise PermissionError(13, "Permission denied")

    folder = tmp_path / "a" / "b"  # neither is there yet
    with replaced_by(ReadOnly()):
        assert run(["doctor", "--out", str(folder)]) == 4
    line = next(line for line in capsys.readouterr().out.splitlines() if "write access" in line)
    assert re.split(" {2,}", line) == [
        "fail", "write access", f"{tmp_path}: Permission denied", "-> change folder, or use pinn solve --out DIR",
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_and_one_without_locks(tmp_path, monkeypatch):
    class Full(Disk):
        def free_bytes(self, folder):
            return 1234

    with replaced_by(Full()):
        found = installation.check_write_access(tmp_path)
    assert (found.level, found.found) == ("note", f"{tmp_path}: 1,234 bytes are free")

    def no_locks(descriptor, operation):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", no_locks)
    found = installation.check_write_access(tmp_path)
    assert (found.level, found.found) == ("fail", f"{tmp_path}: no locks: Operation not supported")


def test_an_extra_that_is_not_installed_names_its_command(monkeypatch):
    monkeypatch.setattr(installation, "find_spec", lambda name: None)
    extras = {found.what: found for check in installation.checks("cpu", Path())[-7:] for found in [check()]}
    assert set(extras) == {"vtk", "pyvista", "gmsh", "onnx", "onnxruntime", "pytorch_optimizer", "deepxde"}
    assert {found.level for found in extras.values()} == {"note"}
    assert extras["gmsh"].advice == "needed only for making meshes of your own: pip install 'jetpinn[mesh]'"
    assert extras["onnx"].advice == "needed only for pinn export --format onnx: pip install 'jetpinn[onnx]'"


def test_a_package_that_is_broken_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert installation.check_packages() == Finding("fail", "packages", "cannot import h5py", "pip install h5py")
