"""Meshes made by gmsh: a shape rebuilt in gmsh's geometry kernel (Open CASCADE), meshed, its patches as groups.

Each facet group takes the name of the patch whose pieces its nodes lie nearest to; of a partition the cells of each
part are a group, and cells of two parts share the facets between them. gmsh is an extra, imported when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import KDTree

from pinn.errors import ResourceError
from pinn.geometry.meshing.gmsh_shapes import built
from pinn.geometry.shapes.partition import Partition
from pinn.geometry.shapes.pieces import sobol_parameters
from pinn.geometry.shapes.shape import GeometryError, Shape

PER_TURN = 24  # elements along a full circle
COARSE = 1 / 20  # of the shape's size: the longest edges where nobody asks for others
DOMAIN = "domain"  # name of the group of all cells
_SAMPLES_LOG2 = 12  # points of each piece, to find out on which an entity lies


@dataclass(frozen=True)
class Meshed:
    """What was made: how many nodes and cells, the groups of cells, and the patches with facets of their own."""

    nodes: int
    cells: int
    groups: tuple[str, ...]
    patches: tuple[str, ...]


def mesh_with_gmsh(shape: Shape, file: Path, size: float | None = None, order: int = 2) -> Meshed:
    """Writes a mesh of the shape, edges at most `size` long, cells of first or second order.

    Raises GeometryError for a shape that gmsh has no counterpart of, ResourceError where gmsh is missing.
    """
    if shape.dimension not in (2, 3):
        raise GeometryError((), f"only domains of two or three dimensions are meshed, this one has {shape.dimension}")
    with _session() as gmsh:
        built(gmsh.model.occ, shape)
        gmsh.model.occ.synchronize()
        gmsh.option.setNumber("Mesh.MeshSizeMax", size or COARSE * shape.size)
        gmsh.option.setNumber("Mesh.MeshSizeFromCurvature", PER_TURN)
        gmsh.model.mesh.generate(shape.dimension)
        gmsh.model.mesh.setOrder(order)
        if order > 1:
            gmsh.model.mesh.optimize("HighOrder")  # curved sides may fold the cells behind them
        groups = _name_cells(gmsh, shape)
        patches = _name_facets(gmsh, shape.domain if isinstance(shape, Partition) else shape)
        gmsh.write(str(file))
        tags = gmsh.model.mesh.getElements(shape.dimension)[1]
        return Meshed(len(gmsh.model.mesh.getNodes()[0]), sum(len(part) for part in tags), groups, patches)


@contextmanager
def _session() -> Iterator[Any]:
    try:
        import gmsh  # pyright: ignore[reportMissingImports]  # an extra
    except (ImportError, OSError) as error:  # OSError: a library of the system that gmsh needs is missing
        reason = "" if isinstance(error, ModuleNotFoundError) else f" ({error})"
        message = f"gmsh cannot be imported{reason}; install it with pip install 'jetpinn[mesh]'"
        if isinstance(error, OSError):
            message += (
                " and the libraries it names, on Debian libglu1-mesa libxrender1 libxcursor1 libxft2 libxinerama1"
            )
        raise ResourceError(message) from None
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("General.NumThreads", 1)  # the same mesh every time
        yield gmsh
    except Exception as error:
        if type(error) is Exception:  # what gmsh raises
            raise GeometryError((), f"gmsh could not mesh the domain: {str(error).splitlines()[0]}") from None
        raise
    finally:
        gmsh.finalize()


def _name_cells(gmsh: Any, shape: Shape) -> tuple[str, ...]:
    """Physical groups of the cells: one for each part of a partition, or DOMAIN; their names."""
    dimension, groups = shape.dimension, {}
    for _, tag in gmsh.model.getEntities(dimension):
        name = DOMAIN
        if isinstance(shape, Partition):
            kinds = gmsh.model.mesh.getElementTypes(dimension, tag)
            centres = [gmsh.model.mesh.getBarycenters(kind, tag, False, True).reshape(-1, 3) for kind in kinds]
            number = np.bincount(shape.part_of(np.vstack(centres)[:, :dimension])).argmax()
            name = [*shape.parts][int(number)]
        groups.setdefault(name, []).append(tag)
    for name, tags in groups.items():
        gmsh.model.addPhysicalGroup(dimension, tags, name=name)
    return tuple(groups)


def _name_facets(gmsh: Any, shape: Shape) -> tuple[str, ...]:
    """Physical groups of the facets on the boundary, by patch; the patches that got facets."""
    dimension, mesh = shape.dimension, gmsh.model.mesh
    along = dimension - 1
    parameters = sobol_parameters(along, _SAMPLES_LOG2)
    spread = [piece.points(parameters[piece.kept(parameters)]) for piece in shape.pieces]
    tree = KDTree(np.vstack(spread))
    owner = np.repeat(np.arange(len(spread)), [len(points) for points in spread])
    groups: dict[str, list[int]] = {}
    for _, tag in gmsh.model.getBoundary(gmsh.model.getEntities(dimension), oriented=False):
        coordinates = mesh.getNodes(along, tag)[1]
        if not len(coordinates):  # an entity of a single cell has no node of its own
            corners = [mesh.getNode(node)[0] for node in mesh.getElements(along, tag)[2][0]]
            coordinates = np.mean(corners, axis=0)
        nearest = owner[tree.query(np.reshape(coordinates, (-1, 3))[:, :dimension])[1]]
        patch = shape.pieces[int(np.bincount(nearest).argmax())].patch
        groups.setdefault(patch, []).append(tag)
    for patch in shape.patches:
        if patch in groups:
            gmsh.model.addPhysicalGroup(along, groups[patch], name=patch)
    return tuple(groups)
