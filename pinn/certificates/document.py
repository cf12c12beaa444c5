"""certificate.json: claims with everything that is needed to check them, as plain data.

A program that knows neither pinn nor torch can read it: the network is described by names of tensors in
model.safetensors (named by its SHA-256), expressions are trees, regions are boxes cut by trees.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sympy
from sympy import Symbol

from pinn.certificates.certify import Certificate, Part, Subject
from pinn.certificates.theorem import Theorem
from pinn.equations.compiler.compile import Derivative
from pinn.files.reading import read_json
from pinn.files.writing import write_json
from pinn.network.mlp import MLP
from pinn.solution.saved import file_digest
from pinn.spec.language.branches import Less, LessEqual, Select
from pinn.spec.language.expressions import symbol

FORMAT = "pinn certificate 1"
FILE = "certificate.json"
WORDS: dict[type, str] = {
    sympy.sin: "sin", sympy.cos: "cos", sympy.tan: "tan", sympy.exp: "exp", sympy.log: "log", sympy.sinh: "sinh",
    sympy.cosh: "cosh", sympy.tanh: "tanh", sympy.atan: "atan", sympy.atan2: "atan2", sympy.erf: "erf",
    sympy.Abs: "abs", sympy.sign: "sign", Less: "less", LessEqual: "less", Select: "select", sympy.Add: "+",
    sympy.Mul: "*", sympy.Pow: "**", sympy.DiracDelta: "zero",
}  # fmt: skip
Tree = list[Any]


def document(certificate: Certificate, theorem: Theorem, run: Path) -> dict[str, Any]:
    problem = certificate.solution.problem
    network = certificate.solution.model.network
    assert isinstance(network, MLP)
    options = certificate.options
    return {
        "format": FORMAT,
        "problem": problem.name,
        "weights": {"file": "model.safetensors", "sha256": file_digest(run / "model.safetensors")},
        "network": described(network),
        "axes": list(problem.axes),
        "space": problem.space,
        "options": {"gap": options.gap, "boxes": options.boxes},
        "parts": [part_data(certificate, part) for part in certificate.parts],
        "not_certified": list(certificate.left),
        "error": theorem.data(),
    }


def described(network: MLP) -> dict[str, Any]:
    """The network as names of tensors and numbers; lambda and the widths of what is normalised written out."""
    from pinn.derivatives.normalisation import EPS

    return {
        "features": {"weight": "network.features.weight", "bias": "network.features.bias"},
        "waves_from": network.features.linear_width,
        "layers": [[f"network.layers.{i}.weight", f"network.layers.{i}.bias"] for i in range(len(network.linears))],
        "hardness": [[float(value) for value in layer] for layer in network.hardness],
        "activation": network.activation.name,
        "normalised": EPS if network.normalised else None,
        "field_scale": "network.field_scale",
    }


def part_data(certificate: Certificate, part: Part) -> dict[str, Any]:
    region = part.region
    claims = []
    for subject in part.subjects:
        bound = part.bound(subject.name)
        claims.append(
            {
                "name": subject.name,
                "kind": subject.kind,
                "expression": compiled_tree(certificate, subject),
                "lower": finite(bound.lower),
                "upper": finite(bound.upper),
                "reached": [finite(value) for value in bound.reached],
                "l2": finite(part.l2_norm(subject.name)),
            }
        )
    return {
        "region": {
            "name": region.name,
            "kind": region.kind,
            "lower": region.lower.tolist(),
            "upper": region.upper.tolist(),
            "data": region.data,
            "normal": None if region.normal is None else list(region.normal),
            "ground": region.ground,
        },
        "tree": part.found.tree,
        "boxes": part.found.boxes,
        "degree": part.degree,
        "claims": claims,
    }


def finite(value: float) -> float | None:
    """JSON has no infinity."""
    return value if math.isfinite(value) else None


def compiled_tree(certificate: Certificate, subject: Subject) -> Tree:
    """The expression with closed forms written out, over axes, normals, unknown parameters and jets."""
    compiled = subject.expression
    problem = certificate.solution.problem
    outputs = problem.outputs
    known: dict[Symbol, Tree] = {}
    for number, axis in enumerate(problem.axes):
        known[symbol(axis)] = ["axis", number]
    for number, axis in enumerate(problem.coordinates):
        known[symbol(f"n{axis}")] = ["normal", number]
    for name, value in certificate.solution.model.unknowns.items():
        known[symbol(name)] = ["number", float(value).hex()]
    for jet, derivative in compiled.symbols.items():
        known[jet] = jet_tree(derivative, outputs.index(derivative.field))
    for standing, form in compiled.closed.items():
        if standing in compiled.expression.free_symbols:
            known[standing] = tree(form, known)
    return tree(compiled.expression, known)


def jet_tree(derivative: Derivative, field: int) -> Tree:
    return ["jet", field, list(derivative.partial.orders), derivative.partial.laplacians]


def tree(expression: sympy.Basic, known: Mapping[Symbol, Tree]) -> Tree:
    """["+", …], ["number", hexadecimal or p/q] and the like. Deep expressions are no deeper than SymPy's own."""
    if isinstance(expression, Symbol):
        return known[expression]
    if isinstance(expression, sympy.Rational):
        return ["number", str(expression)]
    if isinstance(expression, sympy.Float):
        return ["number", float(expression).hex()]
    if expression == sympy.pi or expression == sympy.E:
        return ["pi"] if expression == sympy.pi else ["exp", ["number", "1"]]
    return [WORDS[type(expression)], *(tree(part, known) for part in expression.args)]


def save(certificate: Certificate, theorem: Theorem, run: Path) -> Path:
    """Writes RUN/certificate.json."""
    write_json(run / FILE, document(certificate, theorem, run))
    return run / FILE


def saved(run: Path) -> dict[str, Any]:
    return read_json(run / FILE)
