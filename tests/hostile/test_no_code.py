"""Nothing in the package can turn a file into code: no pickle, no eval, no shell, no YAML but the safe kind."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import pinn

PACKAGE = Path(pinn.__file__).parent
MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "copyreg",
    "runpy",
    "code",
    "codeop",
}
BUILTINS = {"eval", "exec", "compile", "__import__"}
CALLS = {
    "torch.load", "torch.jit.load", "torch.hub.load", "torch.package.PackageImporter", "np.fromstring", "np.memmap",
    "os.system", "os.popen", "os.execv", "os.spawnv", "pty.spawn", "importlib.reload", "sympify", "sympy.sympify",
    "parse_expr", "sympy.parse_expr", "lambdify", "sympy.lambdify", "sympy.S.__call__", "yaml.unsafe_load",
    "pd.read_pickle",
}  # fmt: skip
# (file, what): why it is no way in.
JUSTIFIED = {
    ("__init__.py", "import_module(_HOME[name])"): "names of a table in the same file",
    ("solution/engines.py", "import_module(ENGINES[name])"): "names of a table in the same file",
    ("cli/installation.py", "import_module(name)"): "names of a tuple in the same function",
}


def found_in(text: str) -> list[str]:
    """The calls and imports of a source text that could execute what a file holds."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [f"import {name}" for name in names if name.split(".")[0] in MODULES]
        if isinstance(node, ast.Call) and suspicious(node):
            found.append(ast.unparse(node))
    return found


def suspicious(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    last = name.rpartition(".")[2]
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    if name in BUILTINS | CALLS or last == "import_module":
        return True
    if (last == "load" and name.startswith(("np.", "numpy."))) or given.get("allow_pickle") == "True":
        return given.get("allow_pickle") != "False"
    if last == "YAML" or name.startswith("yaml.load"):
        return given.get("typ") != "'safe'" or given.get("pure") != "True"
    return given.get("shell", "False") != "False"


@pytest.mark.slow
def test_nothing_executes_what_a_file_holds():
    found = {
        (str(file.relative_to(PACKAGE)), what)
        for file in sorted(PACKAGE.rglob("*.py"))
        for what in found_in(file.read_text(encoding="utf-8"))
    }
    assert found == set(JUSTIFIED)


@pytest.mark.parametrize(
    "line",
    [
        "import pickle", "from pickle import loads", "import torch; torch.load(f)", "eval(x)", "exec(x)",
        "compile(x, y, z)",
        "np.load(f)", "np.load(f, allow_pickle=True)", "np.save(f, a, allow_pickle=True)", "YAML()",
        "YAML(typ='unsafe')",
        "os.system(x)", "subprocess.run(x, shell=True)", "__import__(x)", "importlib.import_module(x)",
        "sympy.sympify(x)",
    ],
)  # fmt: skip
def test_it_would_be_noticed(line):
    assert found_in(line)


@pytest.mark.parametrize("line", ["np.load(f, allow_pickle=False)", "YAML(typ='safe', pure=True)", "re.compile(x)"])
def test_what_is_harmless_is_left_alone(line):
    assert not found_in(line)
