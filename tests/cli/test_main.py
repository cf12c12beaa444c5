"""Exit codes and messages: every failure is one line on stderr, and nothing heavy is imported for a help text."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

import pinn
from pinn.cli.main import run
from pinn.errors import Divergence, Interrupted, ResourceError, SpecError, SpecErrors


def failing(error: BaseException):
    def load(path, overrides=()):
        raise error

    return load


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (SpecError(("domain", 1), "must be positive", ("p.yaml", 2, 3)), 2, "p.yaml:2:3: domain[1]: must be positive"),
        (SpecErrors([SpecError(("a",), "one"), SpecError(("b",), "two")]), 2, "a: one\nb: two"),
        (Divergence("term momentum is NaN at (0.5, 1) in step 7"), 3, "term momentum is NaN at (0.5, 1) in step 7"),
        (ResourceError("cuda: out of memory"), 4, "cuda: out of memory"),
        (MemoryError(), 4, "out of memory: lower sampling.interior or network.hidden"),
        (PermissionError(13, "Permission denied", "/x/y"), 4, "/x/y: Permission denied"),
        (Interrupted("stopped; the state was saved"), 130, "stopped; the state was saved"),
        (ZeroDivisionError("a\nb"), 1, "unexpected ZeroDivisionError: a b (PINN_DEBUG=1 shows where)"),
    ],
)
def test_a_failure_is_its_exit_code_and_a_line_on_stderr(error, code, message, monkeypatch, capsys):
    monkeypatch.delenv("PINN_DEBUG", raising=False)
    monkeypatch.setitem(vars(pinn), "load", failing(error))
    assert run(["validate", "heat/poisson_2d"]) == code
    captured = capsys.readouterr()
    assert captured.err == message + "\n"
    assert captured.out == ""


def test_debug_shows_the_traceback(monkeypatch, capsys):
    monkeypatch.setenv("PINN_DEBUG", "1")
    monkeypatch.setitem(vars(pinn), "load", failing(ZeroDivisionError("deep")))
    assert run(["validate", "heat/poisson_2d"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sovle"], "pinn: No such command 'sovle'."),
        (["solve"], "pinn solve: Missing argument 'SPEC'."),
        (["solve", "p.yaml", "--seeed", "1"], "pinn solve: No such option: --seeed"),
        (["solve", "p.yaml", "--device", "tpu"], "pinn solve: Invalid value for '--device'"),
        (["solve", "p.yaml", "--seed", "-1"], "pinn solve: Invalid value for '--seed'"),
        (["solve", "heat/poisson_2d", "--engine", "nativ"], "--engine: unknown engine 'nativ'; did you mean 'native'?"),
    ],
)
def test_a_wrong_command_is_exit_code_2_and_one_line(arguments, message, capsys):
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(message)
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_its_exit_code_and_handlers_are_restored(number, code, monkeypatch, capsys):
    before = signal.getsignal(number)

    def load(path, overrides=()):
        os.kill(os.getpid(), number)
        signal.pause()

    monkeypatch.setitem(vars(pinn), "load", load)
    assert run(["validate", "heat/poisson_2d"]) == code
    assert capsys.readouterr().err == "interrupted\n"
    assert signal.getsignal(number) is before


def test_version_and_no_arguments(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"pinn {pinn.__version__}\n"
    assert run([]) == 2
    assert "Usage: pinn" in capsys.readouterr().out


HEAVY = ("torch", "sympy", "matplotlib", "meshio", "numpy", "scipy", "pydantic", "deepxde", "h5py")


@pytest.mark.slow
def test_help_imports_nothing_heavy():
    script = (
        "import sys; from pinn.cli.main import run; code = run(['--help']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules]); sys.exit(code)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    *help_text, imported = result.stdout.strip().splitlines()
    assert imported == "[]"
    for command in (
        "solve",
        "validate",
        "info",
        "export",
        "list",
        "init",
        "compare",
        "bench",
        "schema",
        "doctor",
        "resume",
    ):
        assert any(line.strip("│ ").startswith(command) for line in help_text), command


@pytest.mark.parametrize(
    ("words", "position", "offered"),
    [
        ("pinn val", 1, "validate"),
        ("pinn solve heat/poisson_2", 2, "heat/poisson_2d"),
        ("pinn solve mi", 2, "mine.yaml"),
    ],
)
def test_a_shell_completes_commands_files_and_names(words, position, offered, tmp_path):
    (tmp_path / "mine.yaml").touch()
    (tmp_path / "mine.txt").touch()
    shell = {"_PINN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(position)}
    command = [sys.executable, "-c", "from pinn.cli.main import main; main()"]
    environment = {**os.environ, **shell, "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.stdout.split() == [offered], found.stderr


def test_python_dash_m_is_the_same_command():
    result = subprocess.run([sys.executable, "-m", "pinn", "nothing"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("pinn: No such command 'nothing'.")


def test_a_closed_pipe_is_no_failure():
    script = "import sys; from pinn.cli.main import main; sys.argv = ['pinn', '--help']; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait() in (0, 1)
    assert "Traceback" not in errors
