"""Activations as ONNX operators, z -> s(z), and the normal distribution function that ONNX lacks in double precision.

onnxruntime has no Erf and no Gelu for doubles. In single precision GELU is the standard operator; in double precision
it is z Phi(z) with Phi a function of the file itself, made of operators that every runtime has:

    erfc(t) = exp(-t^2) P((t - k)/(t + k))/(1 + 2t)  for t >= 0,        Phi(z) = erfc(-z/sqrt 2)/2

Source of the form: Shepherd & Laframboise, Math. Comp. 36 (1981) 249. The polynomial P is interpolated here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.polynomial import chebyshev
from onnx import FunctionProto, helper
from scipy.special import erfcx

from pinn.export.onnx.graph import DOMAIN, OPSET, Graph
from pinn.network.activations import GELU_TANH_CUBIC

MIDDLE = 3.75  # k of Shepherd & Laframboise
DEGREE, INTERPOLATED = 26, 128  # the series is cut where its terms pass 1e-16; many nodes average out rounding errors


@lru_cache
def erfc_polynomial() -> tuple[float, ...]:
    """Coefficients of P, by powers from the lowest; their absolute values add up to 1.8, so that none cancel."""

    def scaled(y: np.ndarray) -> np.ndarray:
        t = MIDDLE * (1 + y) / (1 - y)
        return (1 + 2 * t) * erfcx(t)

    y = chebyshev.chebpts1(INTERPOLATED)
    return tuple(chebyshev.cheb2poly(chebyshev.chebfit(y, scaled(y), DEGREE)).tolist())


@lru_cache
def normal_distribution() -> FunctionProto:
    """Phi in double precision, to 3e-15."""
    graph = Graph(np.float64)
    one, half = graph.constant(1.0), graph.constant(0.5)
    t = graph.add("Mul", graph.add("Abs", "z"), graph.constant(math.sqrt(0.5)))
    middle = graph.constant(MIDDLE)
    y = graph.add("Div", graph.add("Sub", t, middle), graph.add("Add", t, middle))
    *lower, highest = erfc_polynomial()
    polynomial = graph.constant(highest)
    for coefficient in reversed(lower):
        polynomial = graph.add("Add", graph.add("Mul", polynomial, y), graph.constant(coefficient))
    density = graph.add("Exp", graph.add("Neg", graph.add("Mul", t, t)))
    below = graph.add("Div", polynomial, graph.add("Add", one, graph.add("Add", t, t)))
    tail = graph.add("Mul", half, graph.add("Mul", density, below))
    negative = graph.add("Less", "z", graph.constant(0.0))
    graph.nodes.append(helper.make_node("Where", [negative, tail, graph.add("Sub", one, tail)], ["probability"]))
    imports = [helper.make_opsetid("", OPSET)]
    return helper.make_function(DOMAIN, "Phi", ["z"], ["probability"], graph.nodes, imports)


def gelu(graph: Graph, z: str) -> str:
    return graph.add("Mul", z, graph.call(normal_distribution(), z)) if graph.is_double else graph.add("Gelu", z)


def gelu_tanh(graph: Graph, z: str) -> str:
    cubic = graph.add("Mul", graph.add("Mul", graph.add("Mul", z, z), z), graph.constant(GELU_TANH_CUBIC))
    v = graph.add("Mul", graph.add("Add", z, cubic), graph.constant(math.sqrt(2 / math.pi)))
    gate = graph.add("Add", graph.constant(0.5), graph.add("Mul", graph.constant(0.5), graph.add("Tanh", v)))
    return graph.add("Mul", z, gate)


def silu(graph: Graph, z: str) -> str:
    return graph.add("Mul", z, graph.add("Sigmoid", z))


def softplus(graph: Graph, z: str) -> str:
    """max(z, 0) + log(1 + exp(-|z|)): onnxruntime has no Softplus for doubles."""
    small = graph.add("Exp", graph.add("Neg", graph.add("Abs", z)))
    return graph.add("Add", graph.add("Relu", z), graph.add("Log", graph.add("Add", graph.constant(1.0), small)))


def elu(graph: Graph, z: str) -> str:
    """max(z, 0) + exp(min(z, 0)) - 1: onnxruntime has no Elu for doubles."""
    below = graph.add("Exp", graph.add("Min", z, graph.constant(0.0)))
    return graph.add("Add", graph.add("Relu", z), graph.add("Sub", below, graph.constant(1.0)))


def leaky_relu(graph: Graph, z: str) -> str:
    return graph.add("Max", z, graph.add("Mul", z, graph.constant(0.01)))


def relu3(graph: Graph, z: str) -> str:
    positive = graph.add("Relu", z)
    return graph.add("Mul", graph.add("Mul", positive, positive), positive)


def operator(name: str) -> Callable[[Graph, str], str]:
    """An activation that is an operator of ONNX."""
    return lambda graph, z: graph.add(name, z)


ACTIVATION_WRITERS: dict[str, Callable[[Graph, str], str]] = {
    "gelu": gelu,
    "lambda_gelu": gelu,  # with lambda folded into the weights
    "gelu_tanh": gelu_tanh,
    "tanh": operator("Tanh"),
    "silu": silu,
    "sin": operator("Sin"),
    "softplus": softplus,
    "elu": elu,
    "relu": operator("Relu"),
    "leaky_relu": leaky_relu,
    "relu3": relu3,
}
