"""Mesh grid: the nodes and cells of any file that meshio reads, cut to the problem's dimensions."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinn.errors import ResourceError, SpecError
from pinn.export.sampling.cell_kinds import CELL_KINDS
from pinn.export.sampling.grid import Array, Grid

Nodes = NDArray[np.int64]

_FLAT = 1e-9  # of the mesh's size: how far its nodes may lie off the plane, or the line, of the problem


def read_grid(path: Path, dimension: int) -> Grid:
    """Every node of the file, in its order, and its cells of the highest dimension, those of one kind joined.

    A file with a surface or a curve only is evaluated on it. Raises SpecError for a file that is no such mesh.
    """
    mesh = _opened(path)
    points = _flattened(path, np.asarray(mesh.points, float), dimension)
    blocks = [(kind, nodes) for kind, nodes in map(_known, mesh.cells) if kind]
    highest = max((CELL_KINDS[kind].dimension for kind, _ in blocks), default=0)
    if not 0 < highest <= dimension:
        found = ", ".join(sorted({block.type for block in mesh.cells})) or "none"
        raise SpecError(("--mesh",), f"{path} has no cells for {dimension} dimensions; its cells are: {found}")
    cells: dict[str, list[Nodes]] = {}
    for kind, nodes in blocks:
        if CELL_KINDS[kind].dimension == highest:
            cells.setdefault(kind, []).append(nodes)
    return Grid(points, {kind: parts[0] if len(parts) == 1 else np.concatenate(parts) for kind, parts in cells.items()})


def _opened(path: Path) -> Any:
    import meshio

    if not path.is_file():
        raise ResourceError(f"{path}: no such mesh file")
    try:
        told = io.StringIO()  # meshio prints its warnings, and exits where it should raise
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # meshio tells binary STL from text by trial
            return meshio.read(path)
    except (Exception, SystemExit) as error:
        said = "" if isinstance(error, SystemExit) else f": {str(error).splitlines()[0] if str(error) else ''}"
        raise SpecError(("--mesh",), f"{path} is not a mesh that meshio can read{said}") from error


def _known(block: Any) -> tuple[str, Nodes]:
    """A block's kind and nodes [M, K]; kinds of higher order that are not ours are cut to their corners (wedge15)."""
    kind = block.type if block.type in CELL_KINDS else block.type.rstrip("0123456789")
    if kind not in CELL_KINDS:
        return "", np.zeros((0, 0), np.int64)
    nodes = np.asarray(block.data, np.int64)
    return kind, nodes if kind == block.type else nodes[:, : CELL_KINDS[kind].corners]


def _flattened(path: Path, points: Array, dimension: int) -> Array:
    """The problem's coordinates [N, D]; those beyond them must be the same for all nodes."""
    if points.shape[1] < dimension:
        raise SpecError(("--mesh",), f"{path} has {points.shape[1]} coordinates, but the problem has {dimension}")
    beyond = points[:, dimension:]
    if beyond.size and np.ptp(beyond, axis=0).max() > _FLAT * np.ptp(points, axis=0).max():
        plane = "a line" if dimension == 1 else "a plane"
        raise SpecError(("--mesh",), f"{path} is not flat, but the problem has {dimension} coordinates; name {plane}")
    return np.ascontiguousarray(points[:, :dimension])
