"""An ONNX graph under construction: operators are added one by one, and name their results."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import FunctionProto, NodeProto, TensorProto, helper, numpy_helper

OPSET = 20  # the first with Gelu
IR_VERSION = 9  # the format that belongs to it
DOMAIN = "jetpinn"  # of functions that ONNX has not in double precision


class Graph:
    """Nodes and weights of one precision; `functions` are those of our own that the nodes call."""

    def __init__(self, dtype: type[np.floating]):
        self.dtype = np.dtype(dtype)
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []
        self.functions: dict[str, FunctionProto] = {}

    @property
    def element(self) -> int:
        """ONNX's number for the precision."""
        return helper.np_dtype_to_tensor_dtype(self.dtype)

    @property
    def is_double(self) -> bool:
        return self.dtype == np.float64

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add one operator; returns the name of its result."""
        name = f"_{operator.lower()}_{len(self.nodes)}"  # no name of a spec begins like this
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, value: float) -> str:
        """A scalar."""
        tensor = numpy_helper.from_array(np.asarray(value, dtype=self.dtype))
        return self.add("Constant", value=tensor)

    def integers(self, *values: int) -> str:
        """Indices or axes [n]."""
        return self.add("Constant", value=numpy_helper.from_array(np.array(values, dtype=np.int64)))

    def array(self, values: Any) -> str:
        """Weights: a tensor that the file stores by name."""
        name = f"_weight_{len(self.weights)}"
        stored = np.ascontiguousarray(np.asarray(values), dtype=self.dtype)
        self.weights.append(numpy_helper.from_array(stored, name))
        return name

    def linear(self, h: str, weight: Any, bias: Any) -> str:
        """h [N, I] -> h W^T + b [N, O]."""
        return self.add("Gemm", h, self.array(weight), self.array(bias), transB=1)

    def call(self, function: FunctionProto, *inputs: str) -> str:
        """Call a function of our own."""
        self.functions[function.name] = function
        return self.add(function.name, *inputs, domain=DOMAIN)
