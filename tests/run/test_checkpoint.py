"""Checkpoints: whole or not at all on a disk that fails, and never believed where they are damaged."""

from __future__ import annotations

import csv
import errno
import json
import math
import random
import re
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import meshio
import numpy as np
import pytest
import ruamel.yaml
import torch
from safetensors.numpy import load_file

from pinn.errors import ResourceError
from pinn.export.export import export_fields
from pinn.figures.figures import convergence_figure
from pinn.files.disk import Disk, replaced_by
from pinn.files.writing import write_atomic
from pinn.run import checkpoint
from pinn.run.directory import RunDirectory
from pinn.run.encoding import from_bytes, to_bytes
from pinn.run.keeper import CheckpointKeeper
from pinn.solution.saved import save_run
from tests import fakes

CORRUPTIONS = 200


def state(step: int) -> dict:
    generator = torch.Generator().manual_seed(step)
    return {
        "step": step,
        "weights": {"layer": torch.rand(20, 3, generator=generator, dtype=torch.float64)},
        "history": [{"loss": 1 / (k + step + 1), "heldout": None} for k in range(20)],
    }


class FailingDisk(Disk):
    """Fails at the operation of that number; a write leaves half of the file behind."""

    def __init__(self, number: int = -1, code: int = errno.ENOSPC):
        self.left, self.code, self.count = number, code, 0

    def due(self) -> bool:
        self.count += 1
        self.left -= 1
        return self.left == -1

    def error(self) -> OSError:
        return OSError(self.code, "injected")

    def make_folder(self, path):
        if self.due():
            raise self.error()
        super().make_folder(path)

    def write(self, path, writer):
        failing = self.due()
        super().write(path, writer)
        if failing:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            raise self.error()

    def sync(self, path):
        if self.due():
            raise self.error()
        super().sync(path)

    def rename(self, source, target):
        if self.due():
            raise self.error()
        super().rename(source, target)

    def remove(self, path):
        if self.due():
            return  # what cannot be removed stays
        super().remove(path)


# ---- encoding ----------------------------------------------------------------------------------------------------


def test_plain_data_comes_back_as_it_was():
    square = torch.arange(6.0, dtype=torch.float64).reshape(2, 3)
    data = {
        "none": None, "nan": math.nan, "inf": -math.inf, "third": 1 / 3, "tuple": (1, (2.0, "x")), "list": [True, []],
        "int keys": {0: {"step": torch.tensor(3.0)}, 1.5: "a"}, "looks like a mark": {"tensor": 1}, "empty": {},
        "transposed": square.T, "row": square[1], "again": square, "expanded": square[0].expand(4, 3),
        "bytes": torch.tensor([0, 255], dtype=torch.uint8),
    }  # fmt: skip
    found = from_bytes(*to_bytes(data))
    for name in ("transposed", "row", "again", "expanded", "bytes"):
        kept = found.pop(name)
        assert torch.equal(kept, data[name])
        assert kept.dtype == data.pop(name).dtype
    assert from_bytes(*to_bytes({"t": square.T}))["t"].stride() == (1, 3)
    assert math.isnan(found.pop("nan"))
    assert data.pop("nan") is not None
    step, again = (content["int keys"][0].pop("step") for content in (found, data))
    assert torch.equal(step, again)
    assert found == data


def test_a_state_holds_plain_data_only():
    with pytest.raises(TypeError, match="a state cannot hold set"):
        to_bytes({"x": {1, 2}})


# ---- faults ------------------------------------------------------------------------------------------------------


def test_two_are_kept_and_the_newest_is_read(tmp_path):
    for step in range(4):
        checkpoint.write(tmp_path, state(step))
    assert sorted(checkpoint.numbers(tmp_path)) == [3, 4]
    found, warnings = checkpoint.read(tmp_path)
    assert (found["step"], warnings) == (3, [])
    assert torch.equal(found["weights"]["layer"], state(3)["weights"]["layer"])


@pytest.mark.slow
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_fault_at_any_operation_leaves_a_checkpoint_that_loads(code, tmp_path):
    counting = FailingDisk()
    with replaced_by(counting):
        checkpoint.write(tmp_path / "count", state(0))
    assert counting.count > 10
    failures = 0
    for number in range(counting.count + 2):
        run = tmp_path / str(number)
        checkpoint.write(run, state(1))
        with replaced_by(FailingDisk(number, code)):
            try:
                checkpoint.write(run, state(2))
                allowed = {2}
            except ResourceError as error:
                failures += re.search(r"000002: cannot write [\d,]+ bytes: injected", str(error)) is not None
                allowed = {1, 2}  # the last flush fails after the name is given
        found, warnings = checkpoint.read(run)
        assert found["step"] in allowed
        assert warnings == []
        checkpoint.write(run, state(3))  # and the next one works
        assert checkpoint.read(run)[0]["step"] == 3
    assert failures >= 10


@pytest.mark.slow
def test_a_fault_at_any_operation_of_the_results_leaves_the_checkpoint_and_no_half_file(tmp_path):
    """Every file that is there can be read to its end, as long as the one of a run that nothing disturbed."""
    solution = fakes.curve()
    solution.problem.spec.outputs.resolution = 4
    solution.problem.spec.outputs.formats = ("vtu", "csv", "npz")
    figure = convergence_figure(solution)
    assert figure is not None

    def draw(solution, folder):
        write_atomic(folder / "figures" / "convergence.png", lambda scratch: figure.savefig(scratch, dpi=20))
        return []

    def results(folder):
        save_run(RunDirectory(folder), solution, products=(export_fields, draw))

    counting = FailingDisk()
    with replaced_by(counting):
        results(tmp_path / "count")
    whole = lengths(tmp_path / "count")
    assert {name.suffix for name in whole} == set(READERS)
    failures = 0
    for number in range(counting.count):
        run = tmp_path / str(number)
        checkpoint.write(run, state(1))
        with replaced_by(FailingDisk(number)):
            try:
                results(run)
            except ResourceError:
                failures += 1
        assert checkpoint.read(run)[0]["step"] == 1
        found = lengths(run)
        assert found.items() <= whole.items()
        if Path("metrics.json") in found:  # then all that cost the training is there
            assert {Path(name) for name in ("spec.yaml", "history.csv", "model.safetensors")} <= found.keys()
    assert failures >= counting.count - len(whole) - 1  # only what cannot be removed is no failure


def table_of(path: Path) -> int:
    with path.open(newline="") as stream:
        head, *rows = csv.reader(stream)
    assert all(len(row) == len(head) for row in rows)
    return len(rows)


def arrays_of(path: Path) -> int:
    with np.load(path, allow_pickle=False) as arrays:
        return sum(array.nbytes for array in arrays.values())


READERS: dict[str, Callable[[Path], int]] = {
    ".json": lambda path: len(json.loads(path.read_text())),
    ".yaml": lambda path: len(ruamel.yaml.YAML(typ="safe").load(path)),
    ".csv": table_of,
    ".npz": arrays_of,
    ".safetensors": lambda path: sum(array.nbytes for array in load_file(path).values()),
    ".vtu": lambda path: sum(values.nbytes for values in meshio.read(path).point_data.values()),
    ".png": lambda path: matplotlib.image.imread(path).size,  # decodes all of it
}


def lengths(folder: Path) -> dict[Path, int]:
    """What each file of a run holds under its final name, read by a reader of its format: entries, rows or bytes."""
    files = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    final = (f for f in files if not any(part[0] == "." for part in f.parts) and f.parts[0] != checkpoint.FOLDER)
    return {file: READERS[file.suffix](folder / file) for file in final if file.suffix != ".txt"}


@pytest.mark.slow
def test_no_corruption_is_loaded(tmp_path):
    """Bit flips, truncations, swaps of files and of folders, files lost: the one before is used, or none."""
    for step in (1, 2):
        checkpoint.write(tmp_path, state(step))
    folders = [tmp_path / checkpoint.FOLDER / name for name in ("000001", "000002")]
    originals = {file: file.read_bytes() for folder in folders for file in folder.iterdir()}
    draw, older = random.Random(0), to_bytes(state(1))
    fallbacks = refusals = 0
    for trial in range(CORRUPTIONS):
        older_too = trial % 4 == 0
        corrupt(folders[1], draw, originals)
        if older_too:
            corrupt(folders[0], draw, originals)
        try:
            found, warnings = checkpoint.read(tmp_path)
        except ResourceError:
            refusals += older_too
        else:
            assert not older_too
            assert to_bytes(found) == older, "a damaged checkpoint was believed"
            assert len(warnings) == 1
            assert "000002: damaged, the one before is used" in warnings[0]
            fallbacks += 1
        for file, content in originals.items():
            if older_too or file.parent == folders[1]:
                file.write_bytes(content)
    assert (fallbacks, refusals) == (CORRUPTIONS * 3 // 4, CORRUPTIONS // 4)


def corrupt(folder: Path, draw: random.Random, originals: dict[Path, bytes]) -> None:
    """Damage one file of a checkpoint, or put another checkpoint's files in its place."""
    names = [checkpoint.STATE, checkpoint.TENSORS, checkpoint.MANIFEST]
    name = draw.choice(names)
    content = bytearray(originals[folder / name])
    place = draw.randrange(len(content))
    kind = draw.choice(["flip", "truncate", "append", "overwrite", "lose", "swap", "swap all"])
    other = next(file.parent for file in originals if file.parent != folder)
    match kind:
        case "flip":
            content[place] ^= 1 << draw.randrange(8)
        case "truncate":
            del content[place:]
        case "append":
            content += draw.randbytes(1 + place % 9)
        case "overwrite":
            content[place : place + 16] = draw.randbytes(16)
        case "lose":
            (folder / name).unlink()
            return
        case "swap":
            content = originals[other / name]
        case "swap all":
            for each in names:
                (folder / each).write_bytes(originals[other / each])
            return
    (folder / name).write_bytes(content)


# ---- the keeper ----------------------------------------------------------------------------------------------------


def test_a_full_disk_during_training_is_a_warning_and_the_next_checkpoint_is_tried(tmp_path):
    warnings = []
    keeper = CheckpointKeeper(tmp_path, 0.0, {}, warnings.append)
    keeper.keep(state(1))
    with replaced_by(FailingDisk(4)):
        keeper.after_step(lambda: state(2), 0.0)
    assert len(warnings) == 1
    assert warnings[0].endswith("injected; the training goes on")
    assert checkpoint.read(tmp_path)[0]["training"]["step"] == 1
    keeper.after_step(lambda: state(3), 0.0)
    assert checkpoint.read(tmp_path)[0]["training"]["step"] == 3


def test_a_step_that_is_broken_off_leaves_the_state_before_it(tmp_path):
    keeper = CheckpointKeeper(tmp_path, 1e6, {"spec": "name: x"}, pytest.fail)
    weights = torch.zeros(3)
    keeper.keep({"weights": weights})
    weights += 1
    keeper.after_step(lambda: {"weights": weights}, seconds=5.0)
    weights += 1  # by a step that does not come to its end
    keeper.rescue()
    found, _ = checkpoint.read(tmp_path)
    assert found["training"]["weights"].tolist() == [1, 1, 1]
    assert found["spec"] == "name: x"


def test_short_steps_are_written_at_their_interval_only(tmp_path):
    keeper = CheckpointKeeper(tmp_path, 1e6, {}, pytest.fail)
    keeper.keep(state(1))
    keeper.after_step(lambda: pytest.fail("not now"), seconds=1e-3)
    assert checkpoint.numbers(tmp_path) == [1]
