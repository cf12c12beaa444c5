"""Weights on the disk: what they are is checked when they are read, and a full disk says that it is full."""

from __future__ import annotations

import errno
import json

import pytest

import pinn
from pinn.cli.main import run
from pinn.errors import ResourceError
from pinn.files.writing import write_atomic
from pinn.run.directory import RunDirectory
from pinn.solution.report import CHECKSUM
from pinn.solution.saved import save_run

SPEC = """
name: rod
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {poisson: u_xx = -sin(pi*x)}
conditions: [{on: boundary, u: 0}]
network: {hidden: [6, 6]}
sampling: {interior: 20, boundary: 8}
solver: {method: {adam: {iterations: 2}}, tolerance: 1e-20}
outputs: {figures: false}
"""


@pytest.fixture(scope="module")
def solution(tmp_path_factory):
    file = tmp_path_factory.mktemp("spec") / "rod.yaml"
    file.write_text(SPEC)
    return pinn.solve(pinn.load(file), seed=0, device="cpu")


@pytest.mark.slow
def test_weights_with_one_other_bit_are_not_loaded(solution, tmp_path, capsys):
    save_run(RunDirectory(tmp_path), solution)
    file = tmp_path / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-3] ^= 1  # in a weight, which stays finite
    file.write_bytes(content)
    with pytest.raises(ResourceError, match="does not agree with its checksum"):
        pinn.Solution.load(tmp_path)
    assert run(["export", str(tmp_path)]) == 4
    content[-3] ^= 1
    file.write_bytes(content)
    capsys.readouterr()
    assert run(["export", str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""


def test_weights_without_a_checksum_are_read_with_a_warning(solution, tmp_path, capsys):
    save_run(RunDirectory(tmp_path), solution)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    del metrics[CHECKSUM]
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    said = "warning: the weights have no checksum, as those of older versions: they are not checked\n"
    assert run(["export", str(tmp_path)]) == 0
    assert capsys.readouterr().err == said
    assert run(["info", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith(said)


def test_a_full_disk_is_what_it_is_also_for_the_weights(solution, tmp_path):
    """Linux has a file whose disk is always full; safetensors alone would raise an error of its own kind."""
    with pytest.raises(OSError, match="No space left") as failure:
        solution.save_weights("/dev/full")
    assert failure.value.errno == errno.ENOSPC
    with pytest.raises(ResourceError, match="No space left") as refusal:
        write_atomic(tmp_path / "model.safetensors", lambda path: solution.save_weights("/dev/full"))
    assert refusal.value.exit_code == 4
