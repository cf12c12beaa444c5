"""The file formats of an export: suffix -> writer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pinn.export.formats.csv import write_csv
from pinn.export.formats.npz import write_npz
from pinn.export.formats.onnx import write_onnx
from pinn.export.formats.pvd import write_pvd
from pinn.export.formats.vtkhdf import write_vtkhdf
from pinn.export.formats.vtu import write_vtu
from pinn.export.formats.xdmf import write_xdmf
from pinn.export.sampling.request import Request

WRITERS: dict[str, Callable[[Request, Path], list[Path]]] = {
    ".vtu": write_vtu,
    ".pvd": write_pvd,
    ".vtkhdf": write_vtkhdf,
    ".xdmf": write_xdmf,
    ".csv": write_csv,
    ".npz": write_npz,
    ".onnx": write_onnx,
}

TABLES = (".csv", ".npz")  # have one kind of rows
