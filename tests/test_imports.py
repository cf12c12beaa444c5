"""Imports go one way, and what is heavy is imported late."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pinn

PACKAGE = Path(pinn.__file__).parent
MAP = PACKAGE.parent / "CONTRIBUTING.md"


def rooms() -> tuple[str, ...]:
    """The rooms of CONTRIBUTING's map, lowest first. A room imports itself and what stands above it in the map."""
    block = MAP.read_text(encoding="utf-8").split("<!-- rooms -->")[1]
    return tuple(line.split()[0] for line in block.splitlines() if line.strip() and not line.startswith("```"))


ORDER = (*rooms(), "__main__")
NAMES = {name: getattr(pinn, name).__module__ for name in pinn.__all__ if name != "__version__"}  # of `import pinn`
HEAVY = ("torch", "sympy", "matplotlib", "meshio", "scipy", "pint")


def room_of(file: Path) -> str:
    """The folder that a module lies in, or the module where it lies on top."""
    inside = file.relative_to(PACKAGE)
    return inside.parent.as_posix() if len(inside.parts) > 1 else inside.stem


def room_of_module(name: str) -> str:
    """The room of pinn.a.b.c, which is a module or a package."""
    path = PACKAGE.joinpath(*name.split(".")[1:])
    return room_of(path.with_suffix(".py")) if path.with_suffix(".py").exists() else room_of(path / "__init__.py")


def targets(node: ast.AST) -> list[str]:
    """Full names of the modules a statement imports; `from pinn import load` is the module that `load` lives in."""
    if isinstance(node, ast.Import):
        return [alias.name if alias.name != "pinn" else "pinn.solution.solution" for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        if node.module != "pinn":
            inside = PACKAGE.joinpath(*(node.module or "").split(".")[1:])
            modules = [alias.name for alias in node.names if (inside / f"{alias.name}.py").exists()]
            return [f"{node.module}.{name}" for name in modules] or [node.module or ""]
        names = [alias.name for alias in node.names if alias.name != "__version__"]
        return [NAMES.get(name, f"pinn.{name}") for name in names]
    return []


def imports(tree: ast.AST) -> list[tuple[str, int]]:
    """(module, line) of every import in the tree, however deep."""
    return [(name, getattr(node, "lineno", 0)) for node in ast.walk(tree) for name in targets(node)]


def wrong_imports(source: str, file: str, room: str) -> list[str]:
    wrong = []
    for module, line in imports(ast.parse(source)):
        if module.split(".")[0] == "deepxde" and room != "baselines":
            wrong.append(f"{file}:{line}: only baselines may import deepxde")
        if module.split(".")[0] != "pinn":
            continue
        target = room_of_module(module)
        if ORDER.index(target) > ORDER.index(room):
            wrong.append(f"{file}:{line}: {room} may not import {module}")
    return wrong


SOURCES = sorted(file for file in PACKAGE.rglob("*.py") if file != PACKAGE / "__init__.py")


def test_the_map_has_every_room():
    found = {room_of(file) for file in SOURCES if file.name != "__init__.py"}
    assert sorted(found) == sorted(ORDER)


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_point_down(file):
    assert wrong_imports(file.read_text(encoding="utf-8"), str(file.relative_to(PACKAGE)), room_of(file)) == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("spec", "from pinn.geometry.build.shape import build_shape"),
        ("derivatives", "import pinn.network.mlp"),
        ("network", "def f():\n    from pinn.problem.problem import Problem"),
        ("equations", "class A:\n    def f(self):\n        if True:\n            import pinn.network.mlp as m"),
        ("training", "from pinn import solve"),
        ("training/residuals", "from pinn.training.cells import ritz"),
        ("problem", "import pinn"),
        ("solution", "def export():\n    from pinn.cli.main import main"),
        ("run", "import deepxde"),
        ("figures", "def f():\n    from deepxde.nn import FNN"),
        (
            "physics",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pinn.problem.problem import Problem",
        ),
    ],
)
def test_a_wrong_import_is_seen(room, source):
    assert len(wrong_imports(source, f"{room}.py", room)) == 1


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("cli", "import pinn"),
        ("cli", "from pinn import Solution"),
        ("spec", "from pinn.spec.blocks.values import Text"),
        ("spec", "from pinn import __version__"),
        ("baselines", "import deepxde"),
        ("solution", "def plot():\n    from pinn.figures.figures import plot"),
    ],
)
def test_a_right_import_passes(room, source):
    assert wrong_imports(source, f"{room}.py", room) == []


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after the statement; nothing may be printed."""
    code = f"{statement}\nimport sys\nsys.stderr.write(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=True, cwd=PACKAGE.parent
    )
    assert result.stdout == ""
    return set(result.stderr.split())


@pytest.mark.parametrize("module", ["pinn", "pinn.cli.main"])
def test_nothing_heavy_is_imported_with(module):
    assert loaded_by(f"import {module}").isdisjoint(HEAVY)


@pytest.mark.slow
def test_importing_everything_leaves_torch_as_it_was():
    code = (
        "import torch, numpy\n"
        "state = lambda: (torch.get_default_dtype(), torch.get_default_device(), torch.get_num_threads(),"
        " torch.initial_seed(), torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled())\n"
        "before = state(), torch.random.get_rng_state().tolist(), numpy.random.get_state()[1].tolist()\n"
        "import pinn.solution.solution, pinn.export.export, pinn.cli.main\n"
        "assert before == (state(), torch.random.get_rng_state().tolist(), numpy.random.get_state()[1].tolist())"
    )
    assert "deepxde" not in loaded_by(code)


@pytest.mark.slow
def test_the_optimizers_of_others_are_imported_where_they_are_used():
    assert loaded_by("import pinn.solution.solving, pinn.training.all_weights.soap").isdisjoint(
        {"pytorch_optimizer", "deepxde"}
    )


@pytest.mark.slow
def test_soap_leaves_torch_as_it_was():
    """The package behind it sets no default of its own."""
    code = (
        "import torch\n"
        "state = lambda: (torch.get_default_dtype(), torch.get_default_device(), torch.get_num_threads(),"
        " torch.initial_seed(), torch.is_grad_enabled(), torch.random.get_rng_state().tolist())\n"
        "before = state()\n"
        "import pytorch_optimizer\n"
        "assert before == state()"
    )
    assert "pytorch_optimizer" in loaded_by(code)


NOT_ROOMS = {
    "benchmarks",
    "docs",
    "hostile",
    "problems",
}  # folders of tests beside the rooms: scripts, attacks, the gallery


def test_the_tests_lie_in_the_rooms_that_they_test():
    tests = Path(__file__).resolve().parent
    folders = {file.parent.relative_to(tests).as_posix() for file in tests.rglob("test_*.py")} - {"."}
    assert folders - NOT_ROOMS <= set(ORDER)
