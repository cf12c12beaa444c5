"""Mesh file: the points, cells and groups that a file holds, read by meshio and cut to the problem's dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.mesh.elements import DIMENSIONS
from pinn.geometry.shapes.pieces import Array
from pinn.geometry.shapes.shape import GeometryError

_FLAT = 1e-9  # of the mesh's size: how far the nodes of a plane mesh may lie off the plane z = 0
_LETTERS = {2: "x, y", 3: "x, y, z"}
BODIES = (".step", ".stp", ".iges", ".igs", ".brep")  # of drawing programs: surfaces, no cells
_TAGS = ("gmsh:physical", "medit:ref")  # numbers of groups, in formats that give no names

Nodes = NDArray[np.int64]


class MeshError(GeometryError):
    """What is wrong with a mesh file; the message starts with the file's name."""

    def __init__(self, file: Path, message: str):
        super().__init__(("file",), f"{file}: {message}")


@dataclass
class MeshCells:
    """Cells of one dimension: kind -> node numbers [M, K], and group -> kind -> numbers of its cells."""

    nodes: dict[str, Nodes] = field(default_factory=dict)
    groups: dict[str, dict[str, Nodes]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(len(nodes) for nodes in self.nodes.values())


@dataclass(frozen=True, eq=False)
class MeshData:
    """points [N, D]; cells of dimension D (none where the file holds a boundary only) and facets of dimension D-1."""

    file: Path
    points: Array
    cells: MeshCells
    facets: MeshCells


def read_mesh(file: Path, dimension: int) -> MeshData:
    """The mesh of a file. Raises MeshError for a file, a cell or a coordinate that cannot be used."""
    mesh = _open(file)
    by_dimension = _sorted_cells(file, mesh)
    _refuse_dimensions(file, by_dimension, dimension)
    used = np.unique(np.concatenate([nodes.ravel() for part in by_dimension for nodes in part.nodes.values()]))
    _refuse_nodes(file, mesh, used)
    points = _flattened(file, np.asarray(mesh.points, dtype=float), used, dimension)
    renumbered = np.full(len(points), -1)
    renumbered[used] = np.arange(len(used))
    for part in by_dimension:
        part.nodes = {kind: renumbered[nodes] for kind, nodes in part.nodes.items()}
    return MeshData(file, points[used], by_dimension[dimension], by_dimension[dimension - 1])


def _open(file: Path) -> Any:
    import contextlib
    import io
    import warnings

    import meshio

    if not file.is_file():
        raise MeshError(file, "there is no such file; 'file' is relative to the spec's folder")
    if file.suffix.lower() in BODIES:
        raise MeshError(file, f"is a body, not a mesh of it; mesh it first: gmsh -3 {file.name} -o {file.stem}.msh")
    told = io.StringIO()  # meshio prints its warnings, and exits where it should raise
    try:
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # meshio tells binary STL from text by trial
            return meshio.read(file)
    except (Exception, SystemExit) as error:
        said = " ".join(f"{error if not isinstance(error, SystemExit) else ''} {told.getvalue()}".split())
        hint = "; in gmsh, save with Mesh.SaveAll=0 or in format 2.2" if file.suffix == ".msh" else ""
        raise MeshError(file, f"is not a mesh that meshio can read ({said[:200] or 'no reason given'}){hint}") from None


def _sorted_cells(file: Path, mesh: Any) -> list[MeshCells]:
    """Cells by dimension, 0 to 3, those of one kind joined, with their groups."""
    found = [MeshCells() for _ in range(4)]
    starts: list[int] = []
    for block in mesh.cells:
        if block.type not in DIMENSIONS:
            known = ", ".join(kind for kind in DIMENSIONS if kind != "vertex")
            raise MeshError(file, f"holds cells of kind '{block.type}'; mesh it with {known}")
        part = found[DIMENSIONS[block.type]]
        before = part.nodes.get(block.type, np.zeros((0, np.shape(block.data)[1]), dtype=np.int64))
        starts.append(len(before))
        part.nodes[block.type] = np.concatenate([before, np.asarray(block.data, dtype=np.int64)])
    for name, index, members in _groups(mesh):
        kind = mesh.cells[index].type
        kinds = found[DIMENSIONS[kind]].groups.setdefault(name, {})
        earlier = kinds.get(kind, np.zeros(0, dtype=np.int64))
        kinds[kind] = np.union1d(earlier, members + starts[index])
    return found


def _groups(mesh: Any) -> Iterator[tuple[str, int, Nodes]]:
    """(name, number of the block, numbers of the cells in it): named sets first, then tags without a name."""
    named = [np.zeros(len(block.data), dtype=bool) for block in mesh.cells]
    for name, blocks in mesh.cell_sets.items():
        if name.startswith("gmsh:"):
            continue
        for index, members in enumerate(blocks):
            if members is not None and len(members):
                named[index][np.asarray(members, dtype=np.int64)] = True
                yield name, index, np.asarray(members, dtype=np.int64)
    names = {(int(tag), int(dimension)): name for name, (tag, dimension) in mesh.field_data.items()}
    for key in _TAGS:
        for index, tags in enumerate(mesh.cell_data.get(key, [])):
            dimension = DIMENSIONS[mesh.cells[index].type]
            tags = np.where(named[index], 0, np.asarray(tags, dtype=np.int64))
            for tag in np.unique(tags[tags != 0]).tolist():
                yield names.get((tag, dimension), f"group_{tag}"), index, np.flatnonzero(tags == tag)


def _refuse_dimensions(file: Path, by_dimension: list[MeshCells], dimension: int) -> None:
    highest = max((number for number, part in enumerate(by_dimension) if part), default=0)
    if highest == 0:
        raise MeshError(file, "holds no cells; mesh the part, not only its points")
    if highest > dimension:
        kinds = ", ".join(by_dimension[highest].nodes)
        wanted = f"coordinates: [{_LETTERS[highest]}]"
        message = f"is a mesh in {highest} dimensions ({kinds}), but the coordinates are {_LETTERS[dimension]}"
        raise MeshError(file, f"{message}; write {wanted}, or save the cells of the plane part only")
    if highest < dimension - 1:
        kinds = ", ".join(by_dimension[highest].nodes)
        raise MeshError(
            file, f"holds only {kinds} cells, which enclose nothing in the coordinates {_LETTERS[dimension]}"
        )


def _refuse_nodes(file: Path, mesh: Any, used: Nodes) -> None:
    if used[0] < 0 or used[-1] >= len(mesh.points):
        raise MeshError(file, f"a cell names node {used[-1] + 1}, but there are {len(mesh.points)} nodes")
    bad = used[~np.isfinite(np.asarray(mesh.points, dtype=float)[used]).all(axis=1)]
    if len(bad):
        raise MeshError(file, f"node {bad[0] + 1} of {len(mesh.points)} has a coordinate that is not a finite number")


def _flattened(file: Path, points: Array, used: Nodes, dimension: int) -> Array:
    """Coordinates cut to the problem's; a third one must be zero in the plane, and not all the same in space."""
    if points.shape[1] < dimension:
        raise MeshError(file, f"has {points.shape[1]} coordinates, but the problem has {_LETTERS[dimension]}")
    size = float(np.max(np.ptp(points[used], axis=0)))
    for axis in range(dimension, points.shape[1]):
        off = used[np.abs(points[used, axis]) > _FLAT * size]
        if len(off):
            message = (
                f"node {off[0] + 1} has z = {points[off[0], axis]:g}, but the coordinates are {_LETTERS[dimension]}"
            )
            raise MeshError(file, f"{message}; write coordinates: [x, y, z], or move the mesh into the plane z = 0")
    thin = np.ptp(points[used, :dimension], axis=0) <= _FLAT * size
    if thin.any():
        axis = "xyz"[int(np.argmax(thin))]
        hint = "; write coordinates: [x, y]" if dimension == 3 and axis == "z" else ""
        raise MeshError(file, f"is flat: every node has the same {axis}, so that it encloses nothing{hint}")
    return points[:, :dimension]
