"""ONNX: the network itself, from coordinates to fields."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pinn.errors import ResourceError, SpecError
from pinn.export.sampling.places import NODES
from pinn.export.sampling.request import Request


def write_onnx(request: Request, path: Path) -> list[Path]:
    """The network itself, from coordinates to fields, for onnxruntime and others."""
    for option, value in (
        ("--mesh", request.mesh_file),
        ("--resolution", request.resolution),
        ("--line", request.line),
        ("--on", None if request.on == (NODES,) else request.on),
        ("--times", request.times),
        ("--quantities", request.quantities),
    ):
        if value is not None:
            raise SpecError((option,), "an .onnx file computes all fields at any point; leave the option out")
    if members := request.solution.members:
        one = "modes[0]" if request.solution.modes else f"cases['{next(iter(members))}']"
        raise SpecError(("--format",), f"an .onnx file holds one field: in Python solution.{one}.export('one.onnx')")
    try:
        from pinn.export.onnx.file import write_onnx
    except ModuleNotFoundError as error:
        raise ResourceError(f"{error.name} is not installed; pip install 'jetpinn[onnx]'") from None
    write_onnx(request.solution, path, np.float32 if request.single else np.float64)
    return [path]
