"""Files that a spec or a command names: none is executed, waited for, read without end or written outside."""

from __future__ import annotations

import os
import pickle
import resource
import subprocess
import sys

import numpy as np
import pytest

from tests.hostile.command import refuse, refused, spec_with

AUDITED = ("pickle.find_class", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket")


class Bomb:
    """Whoever unpickles this leaves a file behind."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return os.mkdir, (str(self.file),)


def hostile_files(folder, mark):
    """name -> content of a file that does something where it is more than data."""
    bomb = pickle.dumps(Bomb(mark))
    np.savez(folder / "objects.npz", x=np.array([Bomb(mark)], dtype=object))
    return {
        "pickle.npz": bomb,
        "pickle.csv": bomb,
        "pickle.vtu": bomb,
        "pickle.msh": bomb,
        "objects.npz": (folder / "objects.npz").read_bytes(),
        "nan.csv": b"x,u\n0.1,1\n0.2,nan\n",
        "inf.csv": b"x,u\n0.1,1\n0.2,-inf\n",
        "text.csv": b"x,u\n0.1,=cmd|'/c calc'!A0\n",
        "short.csv": b"x,u\n0.1\n",
        "nul.csv": b"x,u\n0.1,\0\n",
        "wide.csv": b"x" + b",x" * 100_000 + b"\n",
        "empty.csv": b"",
        "binary.csv": bytes(range(256)) * 40,
        "entity.vtu": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><VTKFile>&b;</VTKFile>',
        "large.vtu": b'<VTKFile type="UnstructuredGrid"><Piece NumberOfPoints="99999999999"/></VTKFile>',
        "script.vtk": b"# vtk DataFile Version 3.0\n__import__('os').system('true')\nASCII\n",
        "folder.csv": None,
        "pipe.csv": "pipe",
        "endless.csv": "/dev/zero",
        "loop.csv": "loop.csv",
        "missing.csv": "nowhere",
    }  # fmt: skip


def make(path, content) -> None:
    if content is None:
        path.mkdir()
    elif content == "pipe":
        os.mkfifo(path)
    elif isinstance(content, str):
        path.symlink_to(content)
    else:
        path.write_bytes(content)


@pytest.fixture
def audited():
    """Events of Python that data never causes; what happened while the list is watched."""
    seen, watching = [], [True]

    def hook(event, _):
        if watching and event.startswith(AUDITED):
            seen.append(event)

    sys.addaudithook(hook)
    yield seen
    watching.clear()


@pytest.mark.slow
def test_a_data_file_is_data(tmp_path, capsys, audited):
    mark = tmp_path / "executed"
    for name, content in hostile_files(tmp_path, mark).items():
        folder = tmp_path / f"of {name}"
        folder.mkdir()
        make(folder / name, content)
        for block in (f"data: [{{file: {name}, quantities: {{u: u}}}}]", f"reference: {{file: {name}}}"):
            said = refuse(capsys, folder / "hostile.yaml", spec_with(block))
            assert name in said
    assert audited == []
    assert not mark.exists()


@pytest.mark.parametrize(("number", "said"), [("nan", "nan"), ("-inf", "-inf"), ("1e400", "inf")])
def test_nan_in_a_table_is_known_at_load(number, said, tmp_path, capsys):
    (tmp_path / "bad.csv").write_text(f"x,u\n0.1,1\n0.2,{number}\n")
    refusal = refuse(capsys, tmp_path / "hostile.yaml", spec_with("data: [{file: bad.csv, quantities: {u: u}}]"))
    assert f"column 'u' has {said} in row 2" in refusal


@pytest.mark.slow
def test_a_mesh_is_data(tmp_path, capsys, audited):
    mark = tmp_path / "executed"
    text = (
        "name: a\ncoordinates: [x, y]\nfields: [u]\nequations: {e: laplacian(u) = 0}\nconditions: [{on: rest, u: 0}]\n"
    )
    for name, content in hostile_files(tmp_path, mark).items():
        folder = tmp_path / f"of {name}"
        folder.mkdir()
        make(folder / name, content)
        refuse(capsys, folder / "hostile.yaml", text + f"domain: {{mesh: {{file: {name}}}}}\n")
    assert audited == []
    assert not mark.exists()


CONTENTS = {
    "folder": None,
    "pipe": "pipe",
    "endless": "/dev/zero",
    "nowhere": "nowhere",
    "loop": "loop.yaml",
    "zeros": b"\0" * 2_000_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_spec_is_a_file(content, tmp_path, capsys):
    make(tmp_path / "loop.yaml", content)
    refused(capsys, "validate", str(tmp_path / "loop.yaml"))


@pytest.mark.parametrize(
    "name", ["a\0b", "a" * 300, "", "-", "/dev/null", "/proc/self/mem", "//", "~nobody/x"], ids=repr
)
def test_a_name_of_a_spec_is_a_name(name, capsys):
    refused(capsys, "validate", "--", name)


@pytest.mark.parametrize(("out", "code"), [("a\0b", 2), ("a" * 300, 4), ("file/below", 4), ("file", 2), ("loop", 4)])
def test_a_folder_of_a_run_is_refused_before_training(out, code, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "right.yaml").write_text(spec_with(""))
    refused(capsys, "solve", "right.yaml", "--out", out, "-q", code=code)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "loop", "right.yaml"]


@pytest.mark.slow
def test_endless_texts_fit_into_little_memory(tmp_path):
    """10^6 terms, 10^5 brackets and deep lists, where a process may have 3 GB of addresses, most of it torch's."""
    texts = {
        "terms": spec_with(f"definitions: {{q: {'x + ' * 200_000}x}}"),
        "brackets": spec_with(f"definitions: {{q: '{'(' * 100_000}'}}"),
        "lists": "a: " + "[" * 900_000,
    }
    script = "import sys\nfrom pinn.cli.main import run\nsys.exit(any(run(['validate', f]) != 2 for f in sys.argv[1:]))"
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    files = [str(tmp_path / f"{name}.yaml") for name in texts]
    limits = (3 * 2**30, 3 * 2**30)
    done = subprocess.run(
        [sys.executable, "-c", script, *files],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limits),
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert "Traceback" not in done.stderr
