"""XDMF: a time series, its numbers in an HDF5 file beside it.

Source: https://xdmf.org/index.php/XDMF_Model_and_Format
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

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

_ATTRIBUTE_TYPES = {1: "Scalar", 3: "Vector", 9: "Tensor"}
_COUNTED = {"vertex", "line"}  # kinds whose number of nodes stands in a mixed topology, behind their own number


def write_xdmf(request: Request, path: Path) -> list[Path]:
    """A time series (one instant, 0, when the problem has no time); the heavy data goes into an .h5 of the same name.

    Tensors have nine components here: XDMF and VTK order six differently, nine leave no doubt.
    """
    grid = request.grid
    if not grid.cells or grid.points.shape[1] > 3:
        raise SpecError(("--format",), f"no mesh in {grid.points.shape[1]} dimensions; use csv, npz or vtu (a slice)")

    def write(scratch: Path) -> None:
        import h5py

        heavy = scratch.with_suffix(".h5")
        with h5py.File(heavy, "w") as file:
            grids = []
            for index, frame in enumerate(request.frames()):
                if index == 0:
                    mesh = _write_mesh(file, frame.grid)
                grids.append(_grid(mesh, frame, _write_values(file, index, frame)))
        scratch.write_text(_document(grids), encoding="utf-8")

    write_atomic(path, write)
    return [path, path.with_suffix(".h5")]


def _document(grids: Sequence[str]) -> str:
    series = "\n".join(grids)
    body = f'<Grid Name="series" GridType="Collection" CollectionType="Temporal">\n{series}\n</Grid>'
    return f'<?xml version="1.0"?>\n<Xdmf Version="3.0">\n<Domain>\n{body}\n</Domain>\n</Xdmf>\n'


def _grid(mesh: str, frame: Frame, attributes: Sequence[str]) -> str:
    time = f'<Time Value="{frame.time or 0.0!r}"/>'
    return "\n".join(['<Grid Name="mesh" GridType="Uniform">', time, mesh, *attributes, "</Grid>"])


def _write_mesh(file: h5py.File, grid: Grid) -> str:
    """The elements Topology and Geometry."""
    points = file.create_dataset("points", (len(grid.points), 3), "<f8")
    for start in range(0, len(grid.points), ROWS_AT_ONCE):
        part = grid.points[start : start + ROWS_AT_ONCE]
        points[start : start + len(part)] = in_space(part)
    geometry = f'<Geometry GeometryType="XYZ">{_item(points)}</Geometry>'
    return f"{_write_cells(file, grid)}\n{geometry}"


def _write_cells(file: h5py.File, grid: Grid) -> str:
    """Node numbers [M, K] of one kind; of several, in one row of numbers, the kind's before each cell's."""
    count = sum(len(cells) for cells in grid.cells.values())
    if len(grid.cells) == 1:
        ((kind, cells),) = grid.cells.items()
        nodes = file.create_dataset("cells", cells.shape, "<i8")
        for start in range(0, count, ROWS_AT_ONCE):
            nodes[start : start + ROWS_AT_ONCE] = CELL_KINDS[kind].in_vtk_order(cells[start : start + ROWS_AT_ONCE])
        name = f'TopologyType="{CELL_KINDS[kind].xdmf}" NodesPerElement="{cells.shape[1]}"'
        return f'<Topology {name} NumberOfElements="{count}">{_item(nodes)}</Topology>'
    heads = {
        kind: [CELL_KINDS[kind].xdmf_number] + [CELL_KINDS[kind].corners] * (kind in _COUNTED) for kind in grid.cells
    }
    size = sum(len(cells) * (cells.shape[1] + len(heads[kind])) for kind, cells in grid.cells.items())
    nodes, place = file.create_dataset("cells", (size,), "<i8"), 0
    for kind, cells in grid.cells.items():
        for start in range(0, len(cells), ROWS_AT_ONCE):
            part = CELL_KINDS[kind].in_vtk_order(cells[start : start + ROWS_AT_ONCE])
            rows = np.hstack([np.tile(heads[kind], (len(part), 1)), part]).ravel()
            nodes[place : place + len(rows)] = rows
            place += len(rows)
    return f'<Topology TopologyType="Mixed" NumberOfElements="{count}">{_item(nodes)}</Topology>'


def _write_values(file: h5py.File, index: int, frame: Frame) -> list[str]:
    """The elements Attribute of one instant."""
    found: list[str] = []
    for centre, sampled in (("Node", frame.nodes), ("Cell", frame.cells)):
        if sampled is not None:
            found += _write_sample(file, f"{centre.lower()}/{index}", centre, sampled)
    return found


def _write_sample(file: h5py.File, group: str, centre: str, sampled: Sample) -> list[str]:
    rows, widths = len(sampled.points), layout(sampled, full_tensors=True)
    datasets = {
        name: file.create_dataset(f"{group}/{name.partition(' [')[0]}", (rows,) if width == 1 else (rows, width), "<f8")
        for name, width in widths.items()
    }
    for start, block in blocks(sampled, widths, full_tensors=True):
        for name, values in block.items():
            datasets[name][start : start + len(values)] = values
    return [
        f'<Attribute Name={quoteattr(name)} AttributeType="{_ATTRIBUTE_TYPES[widths[name]]}" Center="{centre}">'
        f"{_item(dataset)}</Attribute>"
        for name, dataset in datasets.items()
    ]


def _item(dataset: Any) -> str:
    """Where an array lies: the file's name without its folder, so that the two can be moved together."""
    number = "Float" if dataset.dtype.kind == "f" else "Int"
    place = escape(f"{Path(dataset.file.filename).name}:{dataset.name}")
    dimensions = " ".join(map(str, dataset.shape))
    return f'<DataItem Dimensions="{dimensions}" Format="HDF" NumberType="{number}" Precision="8">{place}</DataItem>'
