"""The ONNX file of a solution: points [N, D] -> fields [N, F], both in the user's units.

The input is named after the axes, the output after the fields, as in x_y -> ux_uy; the metadata say the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import sympy
from onnx import ModelProto, checker, helper, save

from pinn import __version__
from pinn.errors import SpecError
from pinn.export.onnx.closed_forms import ClosedForms
from pinn.export.onnx.graph import DOMAIN, IR_VERSION, OPSET, Graph
from pinn.export.onnx.networks import write_network
from pinn.files.writing import write_atomic
from pinn.spec.language.expressions import symbol

if TYPE_CHECKING:
    from pinn.export.sampling.solved import Solved


def onnx_model(solution: Solved, dtype: type[np.floating] = np.float64) -> ModelProto:
    """The solution's fields as an ONNX model of that precision. Raises SpecError for what ONNX cannot hold."""
    problem = solution.problem
    if len(problem.subdomains) > 1:
        raise SpecError(("--format",), "onnx holds one field over the whole domain; with subdomains, use vtu or npz")
    graph = Graph(dtype)
    source, target = "_".join(problem.axes), "_".join(problem.fields)
    outputs = write_network(graph, solution.model.network, source)
    if problem.ansatz is not None:
        outputs = write_ansatz(graph, solution, source, outputs)
    graph.nodes.append(helper.make_node("Identity", [outputs], [target]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            problem.name,
            [helper.make_tensor_value_info(source, graph.element, ["N", len(problem.axes)])],
            [helper.make_tensor_value_info(target, graph.element, ["N", len(problem.fields)])],
            initializer=graph.weights,
            doc_string=problem.title or "",
        ),
        functions=list(graph.functions.values()),
        opset_imports=[helper.make_opsetid("", OPSET), *([helper.make_opsetid(DOMAIN, 1)] if graph.functions else [])],
        ir_version=IR_VERSION,
        producer_name="jetpinn",
        producer_version=__version__,
    )
    helper.set_model_props(model, {"axes": ", ".join(problem.axes), "fields": ", ".join(problem.fields)})
    checker.check_model(model)
    return model


def write_ansatz(graph: Graph, solution: Solved, points: str, outputs: str) -> str:
    """The fields [N, F] from the coordinates and the network's outputs."""
    problem = solution.problem

    def column(of: str, index: int) -> str:
        return graph.add("Gather", of, graph.integers(index), axis=1)

    columns = {symbol(axis): column(points, index) for index, axis in enumerate(problem.axes)}
    known = {symbol(name): sympy.Float(float(value.detach()), 17) for name, value in solution.model.unknowns.items()}
    fields = []
    for name in problem.fields:
        compiled = problem.compiled(name)
        for jet, derivative in compiled.symbols.items():
            columns.setdefault(jet, column(outputs, problem.fields.index(derivative.field)))
        fields.append(cast(sympy.Expr, compiled.expression.xreplace(dict(compiled.closed)).xreplace(known)))
    forms = ClosedForms(graph, columns)
    return graph.add("Concat", *(forms.write(field) for field in fields), axis=1)


def write_onnx(solution: Solved, path: Path, dtype: type[np.floating] = np.float64) -> None:
    """Write the file, whole or not at all."""
    model = onnx_model(solution, dtype)
    write_atomic(path, lambda scratch: save(model, str(scratch)))
