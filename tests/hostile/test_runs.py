"""Runs that somebody else wrote: exit code 2 or 4, one line, little work, and nothing is written outside of them."""

from __future__ import annotations

import json
import os
import shutil
import struct

import pytest
import torch
from safetensors.torch import load_file, save_file

from pinn.cli.main import run
from pinn.run import checkpoint
from pinn.run.encoding import to_bytes
from pinn.solution.report import CHECKSUM
from pinn.solution.saved import file_digest
from pinn.solution.verdict import Verdict
from tests.hostile.command import refused, spec_with

pytestmark = pytest.mark.slow

HUGE = 10**15
UNSOLVED = Verdict.NOT_SOLVED.exit_code  # a few steps of Adam solve nothing
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run that has its results, and the checkpoints of its first steps as if it had ended there."""
    folder = tmp_path_factory.mktemp("trained")
    text = spec_with("network: {hidden: [6, 6]}\nsampling: {interior: 20, boundary: 8}\noutputs: {figures: false}")
    (folder / "hostile.yaml").write_text(text.replace("iterations: 2}}", "iterations: 3}}, checkpoint: 0"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "KEPT", 100)
        assert run(["solve", str(folder / "hostile.yaml"), "--out", str(folder / "run"), "-q"]) == UNSOLVED
    for number in checkpoint.numbers(folder / "run"):
        if number not in (2, 3):  # after one step, and after two
            shutil.rmtree(folder / "run" / checkpoint.FOLDER / f"{number:06d}")
    metrics = folder / "run" / "metrics.json"
    metrics.write_text(metrics.read_text().replace("iteration_limit", "interrupted"))
    return folder / "run"


@pytest.fixture
def folder(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "run")
    return tmp_path / "run"


def header_of(content: dict, length: int | None = None) -> bytes:
    text = json.dumps(content).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text


def sealed(folder) -> None:
    """Write the weights' checksum into metrics.json, as whoever made them would."""
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics[CHECKSUM] = file_digest(folder / "model.safetensors")
    (folder / "metrics.json").write_text(json.dumps(metrics))


def tensors_with(folder, **changed) -> None:
    """model.safetensors with other tensors; its metadata stay."""
    file = folder / "model.safetensors"
    found = load_file(file)
    metadata = json.loads(file.read_bytes()[8:].split(b"}}")[0] + b"}}")["__metadata__"]
    for name, change in changed.items():
        found[f"network.{name.replace('__', '.')}"] = change(found[f"network.{name.replace('__', '.')}"])
    save_file(found, file, metadata)
    sealed(folder)


MODELS = {
    "no text": b"",
    "a pickle": b"\x80\x04\x95" + b"\0" * 100,
    "a zip": b"PK\x03\x04" + b"\0" * 100,
    "a header without end": header_of({}, 2**63),
    "a header longer than the file": header_of({}, 90_000_000),
    "a header of brackets": struct.pack("<Q", len(DEEP)) + DEEP,
    "overlapping tensors": header_of(
        {
            "a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]},
            "b": {"dtype": "F64", "shape": [2], "data_offsets": [8, 24]},
        }
    )
    + b"\0" * 24,
    "a tensor before the file": header_of({"a": {"dtype": "F64", "shape": [1], "data_offsets": [-8, 0]}}),
    "a tensor behind the file": header_of({"a": {"dtype": "F64", "shape": [HUGE], "data_offsets": [0, 8 * HUGE]}}),
    "a shape that overflows": header_of(
        {"a": {"dtype": "F64", "shape": [2**32, 2**32, 2**32], "data_offsets": [0, 0]}}
    ),
    "a type that is none": header_of({"a": {"dtype": "O", "shape": [], "data_offsets": [0, 8]}}) + b"\0" * 8,
    "other tensors": header_of({"../a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}) + b"\0" * 8,
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_data(name, folder, capsys):
    (folder / "model.safetensors").write_bytes(MODELS[name])
    sealed(folder)
    assert "model.safetensors: cannot be read: " in refused(capsys, "export", str(folder), code=4)


NAMES = [f"layers__{layer}__{part}" for layer in range(3) for part in ("weight", "bias")] + ["field_scale"]
WEIGHTS = {
    "not a number": {"layers__1__weight": lambda w: w * torch.nan},
    "infinite": {"layers__2__bias": lambda b: b + torch.inf},
    "half precision": {"layers__1__weight": lambda w: w.half()},
    "whole numbers": {"layers__1__weight": lambda w: w.long()},
    "all in half precision": dict.fromkeys(NAMES, lambda w: w.half()),
    "a scale of whole numbers": {"field_scale": lambda s: s.long()},
    "no rows": {"layers__1__weight": lambda w: w[:0]},
    "endless without a number": {"layers__1__weight": lambda w: torch.empty(2**40, 0, dtype=w.dtype)},
    "wide layers that are thin": {
        "layers__0__weight": lambda w: torch.zeros(200_000, 1, dtype=w.dtype),
        "layers__1__weight": lambda w: torch.zeros(200_000, 1, dtype=w.dtype),
    },
    "one number": {"layers__0__weight": lambda w: w[0, 0]},
    "another shape": {"layers__2__weight": lambda w: w.T},
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_that_are_not_the_run_s_are_refused(name, folder, capsys):
    tensors_with(folder, **WEIGHTS[name])
    assert "model.safetensors: cannot be read: " in refused(capsys, "export", str(folder), code=4)


JSON = {
    "no text": b"",
    "not UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "deep lists": DEEP,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "unclosed": b'{"a":' * 100_000,
    "a number without end": b'{"iterations": ' + b"9" * 5000 + b"}",
    "a key twice": b'{"name": "a", "name": "b"}',
    "code": b"__import__('os').system('true')",
}


@pytest.mark.parametrize("name", JSON)
@pytest.mark.parametrize(("file", "command"), [("metrics", "info"), ("metrics", "export"), ("environment", "export")])
def test_json_is_data(name, file, command, folder, capsys):
    (folder / f"{file}.json").write_bytes(JSON[name])
    assert f"{file}.json: cannot be read: " in refused(capsys, command, str(folder), code=4)


@pytest.mark.parametrize(
    "metrics",
    [
        {"relative_l2": [1]},
        {"relative_l2": {"u": {}}},
        {"probes": 3},
        {"unknowns": "k"},
        {"seconds": [1]},
        {"data": {"a": None}},
    ],
    ids=str,
)
def test_metrics_of_other_kinds_are_refused(metrics, folder, capsys):
    (folder / "metrics.json").write_text(json.dumps(metrics))
    assert "not the metrics of a run" in refused(capsys, "info", str(folder), code=4)


def test_a_summary_prints_no_control_characters(folder, capsys):
    keys = {f"key{number}": 1e308 for number in range(100_000)}
    (folder / "metrics.json").write_text(json.dumps({"name": "\x1b[31mred\x07\u202e", "relative_l2": {}, "more": keys}))
    assert run(["info", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "U+001B[31mredU+0007U+202E" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("name", ["metrics.json", "environment.json", "model.safetensors", "spec.yaml", "history.csv"])
@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_a_file_of_a_run_is_a_file(name, kind, folder, capsys):
    (folder / name).unlink()
    os.mkfifo(folder / name) if kind == "pipe" else (folder / name).mkdir()
    if name == "history.csv":  # a run without one has no history
        assert run(["export", str(folder)]) == 0
    else:
        refused(capsys, "export", str(folder), code=4)


@pytest.mark.parametrize("text", [b"a,b\n1,\0\n", b"\xff", b"a\n" + b'"' + b"x" * 200_000 + b'"\n'])
def test_a_history_is_data(text, folder, capsys):
    (folder / "history.csv").write_bytes(text)
    code = run(["export", str(folder)])
    said = capsys.readouterr().err
    assert (code, said) == (0, "") or (code == 4 and "history.csv: cannot be read" in said and said.count("\n") == 1)


def test_a_spec_that_was_exchanged_is_refused(folder, capsys):
    """The network would fit, the fields would be those of another problem."""
    file = folder / "spec.yaml"
    file.write_text(file.read_text().replace("u_xx = 1", "u_xx = 2"))
    assert "is not what the model was trained for" in refused(capsys, "export", str(folder), code=4)


@pytest.mark.parametrize("spec", ["name: ../../other\n", "solver: 3\n", "u_xx = 2"])
def test_a_run_goes_on_with_its_own_problem(spec, folder, capsys):
    """Neither with a spec that was put there meanwhile nor with a checkpoint that was."""
    file = folder / "spec.yaml"
    file.write_text(file.read_text().replace("u_xx = 1", spec) if "=" in spec else spec)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    said = refused(capsys, "resume", str(folder), "-q")
    assert "the checkpoint is one of another problem, or spec.yaml was changed; restore what was there" in said
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "engine", ["os", "../x", "__import__('os')", 3, None, ["native"]], ids=str
)  # fmt: skip
def test_an_engine_is_one_of_two(engine, folder, capsys):
    metrics = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps({**metrics, "engine": engine}))
    refused(capsys, "export", str(folder), code=2)


# ---- links: what is written in a run must not land elsewhere ---------------------------------------------------------


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


LINKS = (
    "checkpoint", "checkpoint/000001", "checkpoint/.000009", "log.txt", "spec.yaml", "model.safetensors",
    "metrics.json", "figures", "fields.vtu", "export.vtu", "export", "hardened", "history.csv",
)  # fmt: skip


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("command", ["resume", "export", "harden"])
def test_a_link_in_a_run_is_refused(name, command, folder, tmp_path, capsys):
    outside = tmp_path / "outside"
    (outside / "000001").mkdir(parents=True)
    for path in (outside / "file", outside / "000001" / "state.json"):
        path.write_text("keep me")
    place = folder / name
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    target = outside / "file" if place.suffix else outside
    place.symlink_to(target)
    before = contents(outside)
    said = refused(capsys, command, str(folder), code=2)
    assert f"{name} is a link" in said
    assert contents(outside) == before


def test_a_link_that_comes_later_is_not_followed(folder, tmp_path):
    """One that is there when a file is written, after the folder was looked through."""
    from pinn.files.writing import write_atomic, write_text
    from pinn.run.directory import RunDirectory

    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("keep me")
    directory = RunDirectory.reopen(folder)
    (folder / "log.txt").unlink()
    (folder / "log.txt").symlink_to(kept / "file")
    directory.log("a line")
    (folder / "a.json").symlink_to(kept / "file")
    write_text(folder / "a.json", "other")
    (folder / "parts").symlink_to(kept)

    def several(path):
        (path.parent / "parts").mkdir()
        (path.parent / "parts" / "file").write_text("other")
        path.write_text("main")

    with pytest.raises(Exception, match="is a link"):
        write_atomic(folder / "main.pvd", several)
    assert contents(kept) == {"file": b"keep me"}
    assert (folder / "a.json").read_text() == "other"
    assert not (folder / "main.pvd").exists()


# ---- checkpoints whose checksums are right ---------------------------------------------------------------------------


def rewrite(folder, change, manifest=lambda described: None) -> None:
    """Change the state in both checkpoints, and the manifests with it."""
    for number in checkpoint.numbers(folder):
        place = folder / checkpoint.FOLDER / f"{number:06d}"
        state = checkpoint.checked(place, number)
        found = change(state)
        text, tensors = found if isinstance(found, tuple) else to_bytes(state if found is None else found)
        files = {checkpoint.STATE: text, checkpoint.TENSORS: tensors}
        for name, content in files.items():
            (place / name).write_bytes(content)
        described = json.loads(checkpoint.manifest(number, files).rpartition(b"\n")[0].rpartition(b"\n")[0])
        manifest(described)
        content = json.dumps(described, indent=1).encode()
        (place / checkpoint.MANIFEST).write_bytes(content + b"\n" + checkpoint.digest(content).encode() + b"\n")


def put(*path, value):
    """A change that puts a value at a path of the state."""

    def change(state):
        for key in path[:-1]:
            state = state[key]
        state[path[-1]] = value

    return change


def tensors_of(state):
    return state["training"]["run"]["model"]["tensors"]


EMPTY = struct.pack("<Q", 2) + b"{}"
STATES = {
    "nothing": lambda state: {},
    "a list": lambda state: (b"[1]", EMPTY),
    "deep lists": lambda state: (DEEP, EMPTY),
    "no JSON": lambda state: (b"\0", EMPTY),
    "a large number": lambda state: (b'{"spec": 1e400}', EMPTY),
    "a number without end": lambda state: (b'{"spec": ' + b"9" * 5000 + b"}", EMPTY),
    "a tensor that is missing": lambda state: (b'{"spec": {"tensor": "../x", "stride": [1]}}', EMPTY),
    "strides beyond the memory": lambda state: (
        b'{"spec": {"tensor": "a", "stride": [1000000000000]}}',
        header_of({"a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}) + b"\0" * 16,
    ),
    "strides below zero": lambda state: (
        b'{"spec": {"tensor": "a", "stride": [-1]}}',
        header_of({"a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}) + b"\0" * 16,
    ),
    "keys that are lists": lambda state: (b'{"pairs": [[[1], 2]]}', EMPTY),
    "a spec of code": put("spec", value="name: !!python/object/apply:os.system ['true']"),
    "a spec of another kind": put("spec", value={"name": "a"}),
    "a spec that was exchanged": put(
        "spec", value=spec_with("network: {hidden: [3]}").replace("adam: {iterations: 2}", "lbfgs: {iterations: 3}")
    ),
    "settings of another kind": put("settings", value=["a"]),
    "settings too many": put("settings", value={"__class__": 1}),
    "no training": put("training", value=None),
    "a training of nothing": put("training", value={}),
    "a clock that is none": put("training", "run", "seconds", value="soon"),
    "a clock that stands": put("training", "run", "seconds", value=float("nan")),
    "a stage that is none": put("training", "number", value=99),
    "a stage of another kind": put("training", "stage", value={"name": "os"}),
    "a generator of another kind": put("training", "run", "generator", value=torch.zeros(3)),
    "a history of another kind": put("training", "run", "history", value=3),
    "weights that are not numbers": lambda state: (
        [tensor.fill_(torch.nan) for tensor in tensors_of(state).values() if tensor.is_floating_point()] and None
    ),
    "weights of another kind": lambda state: put(
        "training", "run", "model", "tensors", value={k: t.half() for k, t in tensors_of(state).items()}
    )(state),
    "no weights": put("training", "run", "model", "tensors", value={}),
    "a network of no kind": put("training", "run", "model", "network", value="transformer"),
    "a network of another kind": put("training", "run", "model", "network", value="cells"),
    "no network": put("training", "run", "model", value={}),
}


@pytest.mark.parametrize("name", STATES)
def test_a_checkpoint_is_data(name, folder, capsys):
    (folder / "metrics.json").unlink()
    rewrite(folder, STATES[name])
    codes = (2, 4)
    said_code = run(["resume", str(folder), "-q"])
    said = capsys.readouterr()
    assert said_code in codes, said
    assert "Traceback" not in said.err
    assert "PINN_DEBUG" not in said.err
    assert all(len(line) < 1000 for line in said.err.splitlines())
    assert not (folder / "metrics.json").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["files"].update({"../../outside": {"bytes": 1, "sha256": "0"}}),
        lambda m: m["files"].update({"/tmp/outside": {"bytes": 1, "sha256": "0"}}),
    ],
)
def test_other_names_in_a_manifest_are_nobody_s(change, folder, tmp_path):
    rewrite(folder, lambda state: None, change)
    before = set(tmp_path.iterdir())
    assert run(["resume", str(folder), "-q"]) == UNSOLVED
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["files"]["state.json"].update(bytes=10**15),
        lambda m: m["files"]["state.json"].update(bytes="many"),
        lambda m: m.update(files=[]),
        lambda m: m.update(files={}),
        lambda m: m.update(number="1"),
    ],
)
def test_a_manifest_is_data(change, folder, capsys):
    rewrite(folder, lambda state: None, change)
    assert "start again with pinn solve" in refused(capsys, "resume", str(folder), code=4)


def test_a_file_larger_than_the_memory_is_not_read(folder, capsys):
    """A hole in a file takes no room on the disk."""
    size = 2**43
    for number in checkpoint.numbers(folder):
        os.truncate(folder / checkpoint.FOLDER / f"{number:06d}" / checkpoint.TENSORS, size)
    rewritten = [entry / checkpoint.MANIFEST for entry in (folder / checkpoint.FOLDER).iterdir()]
    for file in rewritten:
        described = json.loads(file.read_bytes().rstrip(b"\n").rpartition(b"\n")[0])
        described["files"][checkpoint.TENSORS]["bytes"] = size
        content = json.dumps(described).encode()
        file.write_bytes(content + b"\n" + checkpoint.digest(content).encode() + b"\n")
    assert "do not fit into memory" in refused(capsys, "resume", str(folder), code=4)
