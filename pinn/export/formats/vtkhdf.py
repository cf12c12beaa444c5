"""VTKHDF: a mesh and its values in one HDF5 file that VTK reads itself, a series of instants included.

The mesh is there once; each instant of a series has its values behind those of the one before it, and `Steps` says
from where.
Source: VTK File Formats, "VTKHDF File Format", version 2.2 (unstructured grid, temporal data).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pinn.errors import SpecError
from pinn.export.formats.raw_array import ROWS_AT_ONCE
from pinn.export.formats.vtu_file import in_space
from pinn.export.sampling.cell_kinds import CELL_KINDS
from pinn.export.sampling.grid import Grid
from pinn.export.sampling.point_data import blocks, layout
from pinn.export.sampling.request import Frame, Request
from pinn.export.sampling.sample import Sample
from pinn.files.writing import write_atomic

if TYPE_CHECKING:
    import h5py

VERSION = (2, 2)


def write_vtkhdf(request: Request, path: Path) -> list[Path]:
    """A time series, or the values of a problem at rest; symmetric tensors have six components."""
    grid = request.grid
    if not grid.cells or grid.points.shape[1] > 3:
        raise SpecError(("--format",), f"no mesh in {grid.points.shape[1]} dimensions; use csv, npz or vtu (a slice)")

    def write(scratch: Path) -> None:
        import h5py

        with h5py.File(scratch, "w") as file:
            root = file.create_group("VTKHDF")
            root.attrs["Version"] = np.array(VERSION, "<i8")
            kind = b"UnstructuredGrid"
            root.attrs.create("Type", kind, dtype=h5py.string_dtype("ascii", len(kind)))
            times = request.instants
            for index, frame in enumerate(request.frames()):
                if index == 0:
                    write_mesh(root, frame.grid)
                    if times is not None:
                        write_steps(root, frame, times)
                write_values(root, frame, index, 1 if times is None else len(times))

    write_atomic(path, write)
    return [path]


def write_mesh(root: h5py.Group, grid: Grid) -> None:
    """Points, and all cells in one list of node numbers, with where each begins and VTK's number of its kind."""
    count = sum(len(cells) for cells in grid.cells.values())
    size = sum(len(cells) * cells.shape[1] for cells in grid.cells.values())
    for name, number in (("Points", len(grid.points)), ("Cells", count), ("ConnectivityIds", size)):
        root[f"NumberOf{name}"] = np.array([number], "<i8")
    points = root.create_dataset("Points", (len(grid.points), 3), "<f8")
    for start in range(0, len(grid.points), ROWS_AT_ONCE):
        part = grid.points[start : start + ROWS_AT_ONCE]
        points[start : start + len(part)] = in_space(part)
    nodes = root.create_dataset("Connectivity", (size,), "<i8")
    kinds = root.create_dataset("Types", (count,), "u1")
    offsets = root.create_dataset("Offsets", (count + 1,), "<i8")
    offsets[0] = cell = node = 0
    for kind, cells in grid.cells.items():
        width = cells.shape[1]
        kinds[cell : cell + len(cells)] = CELL_KINDS[kind].vtk
        for start in range(0, len(cells), ROWS_AT_ONCE):
            part = CELL_KINDS[kind].in_vtk_order(cells[start : start + ROWS_AT_ONCE])
            nodes[node : node + part.size] = part.ravel()
            offsets[cell + 1 : cell + 1 + len(part)] = node + width * np.arange(1, len(part) + 1)
            cell, node = cell + len(part), node + part.size


def write_steps(root: h5py.Group, frame: Frame, times: tuple[float, ...]) -> None:
    """When the instants are; all of them have the mesh of the first."""
    steps = root.create_group("Steps")
    steps.attrs["NSteps"] = np.int64(len(times))
    steps["Values"] = np.array(times, "<f8")
    still = np.zeros(len(times), "<i8")
    for name in ("PartOffsets", "PointOffsets"):
        steps[name] = still
    for name in ("CellOffsets", "ConnectivityIdOffsets"):
        steps[name] = still[:, None]
    steps["NumberOfParts"] = still + 1
    for where, sampled in places(frame):
        offsets = steps.create_group(f"{where}Offsets")
        for name in layout(sampled):
            offsets[name] = len(sampled.points) * np.arange(len(times), dtype="<i8")


def write_values(root: h5py.Group, frame: Frame, index: int, count: int) -> None:
    """Those of one instant of `count`, behind the ones before it."""
    for where, sampled in places(frame):
        widths, rows = layout(sampled), len(sampled.points)
        group = root.require_group(where)
        datasets = {
            name: group.require_dataset(name, (count * rows, width) if width > 1 else (count * rows,), "<f8")
            for name, width in widths.items()
        }
        for start, block in blocks(sampled, widths):
            for name, values in block.items():
                first = index * rows + start
                datasets[name][first : first + len(values)] = values


def places(frame: Frame) -> list[tuple[str, Sample]]:
    """Where the frame has values."""
    found = (("PointData", frame.nodes), ("CellData", frame.cells))
    return [(where, sampled) for where, sampled in found if sampled is not None]
