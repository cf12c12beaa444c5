"""ONNX files: onnxruntime gives what the solution gives, in the user's units."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
import torch

from pinn.equations.compiler.program import Program
from pinn.errors import SpecError
from pinn.export.export import export
from pinn.export.onnx.activations import ACTIVATION_WRITERS, normal_distribution
from pinn.export.onnx.closed_forms import FUNCTIONS, ClosedForms
from pinn.export.onnx.graph import DOMAIN, IR_VERSION, OPSET, Graph
from pinn.network.activations import ACTIVATIONS
from pinn.network.gauge import folded_layers
from pinn.solution.solution import Solution
from pinn.spec.language.branches import Less, LessEqual, Select
from tests.training.cells.examples import cells_of, model_on, network_of
from tests.training.examples import COUPLED, PERIODIC, POISSON, model_of, problem

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def solution_of(text: str, **blocks: str) -> Solution:
    found = problem(text, **blocks)
    model = model_of(found)
    with torch.no_grad():
        for layer in model.mlp.linears:
            layer.bias.uniform_(-1, 1, generator=torch.Generator().manual_seed(1))
    return Solution(found, model, {}, [], {})


def computed(path, points: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: points})[0]


def check(solution: Solution, path, tolerance: float = 1e-13) -> None:
    """Also where the points are not: the file holds functions, not samples."""
    lower, upper = solution.problem.bounds
    points = np.random.default_rng(0).uniform(lower, upper, (200, len(lower)))
    export(solution, path)
    found, expected = computed(path, points), solution(points, solution.problem.fields)
    for index, name in enumerate(solution.problem.fields):
        np.testing.assert_allclose(found[:, index], expected[name], rtol=0, atol=tolerance * abs(expected[name]).max())


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation, tmp_path):
    check(solution_of(POISSON, network=f"{{hidden: [9, 8], activation: {activation}}}"), tmp_path / "x.onnx")


@pytest.mark.parametrize("activation", ["tanh", "{lambda_gelu: {hardness: 5, trainable: true, per: neuron}}"])
def test_normalised_layers(activation, tmp_path):
    network = f"{{hidden: [9, 8], normalisation: layer, activation: {activation}}}"
    solver = "{method: adam}"
    check(solution_of(POISSON, network=network, solver=solver), tmp_path / "x.onnx")


def test_every_activation_has_a_writer():
    assert ACTIVATION_WRITERS.keys() == ACTIVATIONS.keys()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "network"),
    [
        (COUPLED, "{hidden: [6, 5], fourier: 3}"),
        (PERIODIC, "{hidden: [6, 5], periodic: auto}"),
        (POISSON, "{hidden: [6, 5], constraints: hard}"),
        (POISSON, "{hidden: 30, constraints: hard, enrichment: {u: [x**1.5, sin(3*x)]}}"),
    ],
)
def test_features_time_and_forms_of_the_fields(text, network, tmp_path):
    solution = solution_of(text % "off" if "%s" in text else text, network=network)
    with torch.no_grad():
        for index, raw in enumerate(solution.model.raw.values()):
            raw.fill_(0.3 + index)
    check(solution, tmp_path / "x.onnx")


@pytest.mark.parametrize("text", [POISSON, PERIODIC % "auto"])
def test_patches(text, tmp_path):
    found = problem(text)
    model = model_on(found, cells_of(found, [2] * len(found.axes), hanging=True))
    with torch.no_grad():
        network_of(model).output.normal_(generator=torch.Generator().manual_seed(2))
    check(Solution(found, model, {}, [], {}), tmp_path / "x.onnx", 1e-12)


def test_input_and_output_are_named_after_axes_and_fields(tmp_path):
    export(solution_of(COUPLED), tmp_path / "x.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "x.onnx"), providers=["CPUExecutionProvider"])
    assert [(i.name, i.shape) for i in session.get_inputs()] == [("x_t", ["N", 2])]
    assert [(o.name, o.shape) for o in session.get_outputs()] == [("u_v", ["N", 2])]
    assert session.get_modelmeta().custom_metadata_map == {"axes": "x, t", "fields": "u, v"}


def test_lambda_is_folded_into_the_weights(tmp_path):
    hard = solution_of(POISSON, network="{hidden: [9, 8], activation: {lambda_gelu: {hardness: 5, trainable: true}}}")
    check(hard, tmp_path / "x.onnx")
    graph = onnx.load(str(tmp_path / "x.onnx")).graph
    assert [node.op_type for node in graph.node] == [
        "Gemm",
        "Gemm",
        "Phi",
        "Mul",
        "Gemm",
        "Phi",
        "Mul",
        "Gemm",
        "Identity",
    ]
    second = onnx.numpy_helper.to_array(graph.initializer[4])
    np.testing.assert_allclose(second, folded_layers(hard.model.mlp)[1][0].numpy(), rtol=1e-15)


def test_single_precision_uses_the_standard_gelu(tmp_path):
    solution = solution_of(POISSON)
    export(solution, tmp_path / "x.onnx", single=True)
    graph = onnx.load(str(tmp_path / "x.onnx")).graph
    assert [node.op_type for node in graph.node] == ["Gemm", "Gemm", "Gelu", "Gemm", "Gelu", "Gemm", "Identity"]
    points = np.linspace(0, 1, 40)[:, None]
    found = computed(tmp_path / "x.onnx", points.astype(np.float32))
    np.testing.assert_allclose(found[:, 0], solution(points)["u"], rtol=0, atol=1e-6)


def run_nodes(graph: Graph, result: str, columns: dict[str, np.ndarray]) -> np.ndarray:
    helper = onnx.helper
    inputs = [helper.make_tensor_value_info(name, graph.element, ["N", 1]) for name in columns]
    graph.nodes.append(helper.make_node("Identity", [result], ["result"]))
    outputs = [helper.make_tensor_value_info("result", graph.element, ["N", 1])]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "test", inputs, outputs, initializer=graph.weights),
        functions=list(graph.functions.values()),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(DOMAIN, 1)],
        ir_version=IR_VERSION,
    )
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, columns)[0]


def test_the_normal_distribution_function():
    """Relative errors far into the lower tail, where 1 + erf would have no digit left."""
    z = np.concatenate([np.linspace(-37, 37, 2001), [0.0]])[:, None]
    graph = Graph(np.float64)
    found = run_nodes(graph, graph.call(normal_distribution(), "z"), {"z": z})
    expected = torch.special.log_ndtr(torch.as_tensor(z)).exp().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(found[abs(z) < 5], expected[abs(z) < 5], rtol=1e-13, atol=0)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_closed_forms(function):
    x, y = sympy.symbols("x y", real=True)
    arguments = {Less: (x, y), LessEqual: (x, y), Select: (Less(x, y), x**2, sympy.sqrt(y)), sympy.log: (y,)}
    expression = function(*arguments.get(function, (x * y - 1 / y,))) * y ** sympy.Rational(5, 2) - 3 * x**3
    columns = {"x": np.linspace(-1, 2, 30)[:, None], "y": np.linspace(0.5, 1.5, 30)[:, None]}
    graph = Graph(np.float64)
    found = run_nodes(graph, ClosedForms(graph, {x: "x", y: "y"}).write(expression), columns)
    (expected,) = Program([expression])({x: torch.as_tensor(columns["x"]), y: torch.as_tensor(columns["y"])})
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-12, atol=1e-14)


def test_what_cannot_be_written_is_said_with_a_way_out(tmp_path):
    solution = solution_of(POISSON, network='{hidden: 6, enrichment: {u: ["atan2(x, 1)"]}}')
    with torch.no_grad():
        solution.model.raw["enrichment u 1"].fill_(2.0)
    with pytest.raises(SpecError, match=r"uses atan, which onnxruntime lacks in double precision; train with"):
        export(solution, tmp_path / "x.onnx")
    with pytest.raises(SpecError, match=r"--resolution: an \.onnx file computes all fields at any point"):
        export(solution_of(POISSON), tmp_path / "x.onnx", resolution=5)
    with pytest.raises(SpecError, match=r"--single: belongs to --format onnx, got '\.csv'"):
        export(solution_of(POISSON), tmp_path / "x.csv", single=True)
    assert not list(tmp_path.iterdir())
