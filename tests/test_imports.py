"""Imports go one way, and what is heavy is imported late."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pinn

PACKAGE = Path(pinn.__file__).parent
# Lowest first. A unit imports itself and what stands before it.
ORDER = (
    "errors",
    "files",
    "spec",
    "geometry",
    "physics",
    "derivatives",
    "equations",
    "network",
    "problem",
    "checks",
    "loading",
    "training",
    "engines",
    "contradictions",
    "description",
    "solution",
    "environment",
    "measuring",
    "solving",
    "run",
    "baselines",
    "analysis",
    "cli",
    "__main__",
)
LAZY_NAMES = {"Problem": "problem", "load": "loading", "Solution": "solution", "solve": "solving"}  # of `import pinn`
# Conveniences of the Python interface that reach upwards when they are called: (file, function, unit).
EXCEPTIONS = {
    ("problem.py", "describe", "description"),
    ("solution.py", "export", "analysis"),
    ("solution.py", "plot", "analysis"),
}
HEAVY = ("torch", "sympy", "matplotlib", "meshio", "scipy")


def unit_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def targets(node: ast.AST) -> list[str]:
    """Full names of the modules a statement imports; `from pinn import load` is the module that `load` lives in."""
    if isinstance(node, ast.Import):
        return [alias.name if alias.name != "pinn" else "pinn.solution" for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        if node.module != "pinn":
            return [node.module or ""]
        names = [alias.name for alias in node.names if alias.name != "__version__"]
        return [f"pinn.{LAZY_NAMES.get(name, name)}" for name in names]
    return []


def imports(tree: ast.AST, function: str = "") -> list[tuple[str, str, int]]:
    """(module, enclosing function, line) of every import in the tree, however deep."""
    found = []
    for node in ast.iter_child_nodes(tree):
        found += [(name, function, node.lineno) for name in targets(node)]
        inside = node.name if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else function
        found += imports(node, inside)
    return found


def wrong_imports(source: str, file: str, unit: str) -> list[str]:
    wrong = []
    for module, function, line in imports(ast.parse(source)):
        parts = module.split(".")
        if parts[0] == "deepxde" and unit != "baselines":
            wrong.append(f"{file}:{line}: only baselines may import deepxde")
        if parts[0] != "pinn" or (file, function, parts[1]) in EXCEPTIONS:
            continue
        if ORDER.index(parts[1]) > ORDER.index(unit):
            wrong.append(f"{file}:{line}: {unit} may not import {module}")
    return wrong


SOURCES = sorted(file for file in PACKAGE.rglob("*.py") if file != PACKAGE / "__init__.py")


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_point_down(file):
    assert unit_of(file) in ORDER, f"{unit_of(file)} has no place in the order of DESIGN § 5"
    assert wrong_imports(file.read_text(encoding="utf-8"), str(file.relative_to(PACKAGE)), unit_of(file)) == []


@pytest.mark.parametrize(
    ("unit", "source"),
    [
        ("spec", "from pinn.geometry.shapes import Shape"),
        ("derivatives", "import pinn.network.mlp"),
        ("network", "def f():\n    from pinn.problem import Problem"),
        ("equations", "class A:\n    def f(self):\n        if True:\n            import pinn.network.mlp as m"),
        ("training", "from pinn import solve"),
        ("problem", "import pinn"),
        ("problem", "def summarise():\n    from pinn.description import describe"),
        ("solution", "def export():\n    from pinn.cli.main import main"),
        ("run", "import deepxde"),
        ("analysis", "def f():\n    from deepxde.nn import FNN"),
        ("physics", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pinn.problem import Problem"),
    ],
)
def test_a_wrong_import_is_seen(unit, source):
    assert len(wrong_imports(source, f"{unit}.py", unit)) == 1


@pytest.mark.parametrize(
    ("unit", "source"),
    [
        ("cli", "import pinn"),
        ("cli", "from pinn import Solution"),
        ("spec", "from pinn.spec.values import Text"),
        ("spec", "from pinn import __version__"),
        ("baselines", "import deepxde"),
        ("solution", "def plot():\n    from pinn.analysis.figures import plot"),
    ],
)
def test_a_right_import_passes(unit, source):
    assert wrong_imports(source, f"{unit}.py", unit) == []


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after the statement; nothing may be printed."""
    code = f"{statement}\nimport sys\nsys.stderr.write(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=PACKAGE.parent
    )
    assert result.stdout == ""
    return set(result.stderr.split())


@pytest.mark.parametrize("module", ["pinn", "pinn.cli.main"])
def test_nothing_heavy_is_imported_with(module):
    assert loaded_by(f"import {module}").isdisjoint(HEAVY)


def test_importing_everything_leaves_torch_as_it_was():
    code = (
        "import torch, numpy\n"
        "state = lambda: (torch.get_default_dtype(), torch.get_default_device(), torch.get_num_threads(),"
        " torch.initial_seed(), torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled())\n"
        "before = state(), torch.random.get_rng_state().tolist(), numpy.random.get_state()[1].tolist()\n"
        "import pinn.solution, pinn.analysis.export, pinn.cli.main\n"
        "assert before == (state(), torch.random.get_rng_state().tolist(), numpy.random.get_state()[1].tolist())"
    )
    assert "deepxde" not in loaded_by(code)


def test_the_optimizers_of_others_are_imported_where_they_are_used():
    assert loaded_by("import pinn.solving, pinn.training.soap").isdisjoint({"pytorch_optimizer", "deepxde"})


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
