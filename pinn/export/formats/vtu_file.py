"""VTU file: an unstructured grid of VTK with raw appended data, streamed to the disk.

A header in XML says where in the appended data each array lies: eight bytes that count the bytes, then the numbers.
Source: VTK User's Guide, 11th ed., "XML File Formats".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from pinn.export.formats.raw_array import FLOAT, INTEGER, ROWS_AT_ONCE, RawArray
from pinn.export.sampling.cell_kinds import CELL_KINDS
from pinn.export.sampling.grid import Grid
from pinn.export.sampling.point_data import VTK_TENSOR, blocks, layout
from pinn.export.sampling.request import Frame
from pinn.export.sampling.sample import Sample

_BYTE = np.dtype("u1")
_COUNTER = np.dtype("<u8")
_TYPE_NAMES = {FLOAT: "Float64", INTEGER: "Int64", _BYTE: "UInt8"}

# What ParaView calls the components of a vector and of a symmetric tensor, in the order of the file.
_COMPONENTS = {3: ("X", "Y", "Z"), 6: tuple(pair.upper() for pair in VTK_TENSOR)}


@dataclass(frozen=True)
class _Section:
    """An element of the header: its arrays, name -> (type, rows, width)."""

    tag: str
    arrays: dict[str, tuple[np.dtype, int, int]]
    attributes: str = ""


def write_frame(path: Path, frame: Frame) -> None:
    """The values of one instant; the instant itself is the field datum TimeValue, which VTK's readers report."""
    sections = [_data_section("PointData", frame.nodes), _data_section("CellData", frame.cells), *_mesh(frame.grid)]
    arrays = _placed(sections)
    with path.open("wb") as stream:
        head = _header(frame, sections, arrays).encode()
        stream.write(head)
        for array in arrays.values():
            stream.seek(len(head) + array.offset - _COUNTER.itemsize)
            stream.write(np.array(array.size, _COUNTER).tobytes())
        moved = {
            key: RawArray(array.dtype, array.rows, array.width, array.offset + len(head))
            for key, array in arrays.items()
        }
        for key, row, values in _mesh_rows(frame.grid):
            moved[key].put(stream, row, values)
        for tag, sampled in (("PointData", frame.nodes), ("CellData", frame.cells)):
            if sampled is None:
                continue
            for row, block in blocks(sampled, layout(sampled)):
                for name, values in block.items():
                    moved[tag, name].put(stream, row, values)
        stream.seek(0, 2)
        stream.write(b"\n</AppendedData>\n</VTKFile>\n")


def _data_section(tag: str, sampled: Sample | None) -> _Section:
    """The arrays of a sample; the first vector and the first tensor are the active ones, for Warp By Vector."""
    if sampled is None:
        return _Section(tag, {})
    widths = layout(sampled)
    active = {"Vectors": 3, "Tensors": 6}
    chosen = {role: next((name for name, width in widths.items() if width == w), None) for role, w in active.items()}
    attributes = "".join(f" {role}={quoteattr(name)}" for role, name in chosen.items() if name is not None)
    rows = len(sampled.points)
    return _Section(tag, {name: (FLOAT, rows, width) for name, width in widths.items()}, attributes)


def _mesh(grid: Grid) -> list[_Section]:
    count = sum(len(cells) for cells in grid.cells.values())
    nodes = sum(len(cells) * cells.shape[1] for cells in grid.cells.values())
    return [
        _Section("Points", {"Points": (FLOAT, len(grid.points), 3)}),
        _Section(
            "Cells", {"connectivity": (INTEGER, nodes, 1), "offsets": (INTEGER, count, 1), "types": (_BYTE, count, 1)}
        ),
    ]


def _placed(sections: list[_Section]) -> dict[tuple[str, str], RawArray]:
    """Offsets from the underscore on, behind each array's counter.

    The last array of the header lies first: meshio (5.3) finds an array by its offset in a header whose offsets it
    changes as it goes, and would take one for the other if they lay in the order of the header.
    """
    listed = [(section.tag, name, spec) for section in sections for name, spec in section.arrays.items()]
    placed, offset = {}, 0
    for tag, name, (dtype, rows, width) in reversed(listed):
        array = RawArray(dtype, rows, width, offset + _COUNTER.itemsize)
        placed[tag, name] = array
        offset = array.offset + array.size
    return placed


def _header(frame: Frame, sections: list[_Section], arrays: dict[tuple[str, str], RawArray]) -> str:
    grid = frame.grid
    count = sum(len(cells) for cells in grid.cells.values())
    lines = [
        '<?xml version="1.0"?>',
        '<VTKFile type="UnstructuredGrid" version="1.0" byte_order="LittleEndian" header_type="UInt64">',
        "<UnstructuredGrid>",
    ]
    if frame.time is not None:
        lines += [
            "<FieldData>",
            f'<DataArray type="Float64" Name="TimeValue" NumberOfTuples="1" format="ascii">{frame.time!r}</DataArray>',
            "</FieldData>",
        ]
    lines.append(f'<Piece NumberOfPoints="{len(grid.points)}" NumberOfCells="{count}">')
    for section in sections:
        lines.append(f"<{section.tag}{section.attributes}>")
        lines += [_array_tag(name, arrays[section.tag, name]) for name in section.arrays]
        lines.append(f"</{section.tag}>")
    lines += ["</Piece>", "</UnstructuredGrid>", '<AppendedData encoding="raw">', "_"]
    return "\n".join(lines)


def _array_tag(name: str, array: RawArray) -> str:
    components = ""
    if array.width > 1:
        names = _COMPONENTS.get(array.width, ())
        components = f' NumberOfComponents="{array.width}"'
        components += "".join(f' ComponentName{index}="{letter}"' for index, letter in enumerate(names))
    place = array.offset - _COUNTER.itemsize
    kind = _TYPE_NAMES[array.dtype]
    return f'<DataArray type="{kind}" Name={quoteattr(name)}{components} format="appended" offset="{place}"/>'


def _mesh_rows(grid: Grid) -> Iterator[tuple[tuple[str, str], int, NDArray]]:
    """(section and name, first row, values) of the points and the cells."""
    for start in range(0, len(grid.points), ROWS_AT_ONCE):
        yield ("Points", "Points"), start, in_space(grid.points[start : start + ROWS_AT_ONCE])
    row = node = 0
    for kind, cells in grid.cells.items():
        width = cells.shape[1]
        for start in range(0, len(cells), ROWS_AT_ONCE):
            part = cells[start : start + ROWS_AT_ONCE]
            yield ("Cells", "connectivity"), node, CELL_KINDS[kind].in_vtk_order(part)
            yield ("Cells", "offsets"), row, node + width * np.arange(1, len(part) + 1)
            yield ("Cells", "types"), row, np.full(len(part), CELL_KINDS[kind].vtk)
            row, node = row + len(part), node + part.size


def in_space(points: NDArray) -> NDArray:
    """Points [n, 3], zero beyond the problem's dimensions."""
    found = np.zeros((len(points), 3))
    found[:, : points.shape[1]] = points
    return found
