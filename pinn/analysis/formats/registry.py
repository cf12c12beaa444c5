"""The file formats of an export: suffix -> writer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pinn.analysis.formats.csv import write_csv
from pinn.analysis.formats.npz import write_npz
from pinn.analysis.formats.onnx import write_onnx
from pinn.analysis.formats.pvd import write_pvd
from pinn.analysis.formats.vtu import write_vtu
from pinn.analysis.formats.xdmf import write_xdmf
from pinn.analysis.request import Request

WRITERS: dict[str, Callable[[Request, Path], list[Path]]] = {
    ".vtu": write_vtu,
    ".pvd": write_pvd,
    ".xdmf": write_xdmf,
    ".csv": write_csv,
    ".npz": write_npz,
    ".onnx": write_onnx,
}

TABLES = (".csv", ".npz")  # have one kind of rows
