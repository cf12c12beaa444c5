"""Meshes made by gmsh: a shape rebuilt in gmsh's geometry kernel (Open CASCADE), meshed, its patches as groups.

Each facet group takes the name of the patch whose pieces its nodes lie nearest to. To add a shape, add one line to
BUILDERS. gmsh is an extra and is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import KDTree

from pinn.errors import ResourceError
from pinn.geometry.boxes import Box
from pinn.geometry.csg import Combination, Difference, Intersection, Union
from pinn.geometry.pieces import Array, sobol_parameters
from pinn.geometry.planar import Annulus, Disk, Ellipse, Sector
from pinn.geometry.polygon import Polygon
from pinn.geometry.shapes import GeometryError, Shape
from pinn.geometry.solids import Cylinder, Sphere

PER_TURN = 24  # elements along a full circle
COARSE = 1 / 20  # of the shape's size: the longest edges where nobody asks for others
DOMAIN = "domain"  # name of the group of all cells
_SAMPLES_LOG2 = 12  # points of each piece, to find out on which an entity lies
_ARCS = 4  # parts of a sector's arcs; gmsh wants each to be less than half a turn

Entities = list[tuple[int, int]]  # gmsh's (dimension, tag)


@dataclass(frozen=True)
class Meshed:
    """What was made: how many nodes and cells, and the patches with facets of their own."""

    nodes: int
    cells: int
    patches: tuple[str, ...]


def mesh_with_gmsh(shape: Shape, file: Path, size: float | None = None, order: int = 2) -> Meshed:
    """Writes a mesh of the shape, edges at most `size` long, cells of first or second order.

    Raises GeometryError for a shape that gmsh has no counterpart of, ResourceError where gmsh is missing.
    """
    if shape.dimension not in (2, 3):
        raise GeometryError((), f"only domains of two or three dimensions are meshed, this one has {shape.dimension}")
    with _session() as gmsh:
        _built(gmsh.model.occ, shape)
        gmsh.model.occ.synchronize()
        gmsh.option.setNumber("Mesh.MeshSizeMax", size or COARSE * shape.size)
        gmsh.option.setNumber("Mesh.MeshSizeFromCurvature", PER_TURN)
        gmsh.model.mesh.generate(shape.dimension)
        gmsh.model.mesh.setOrder(order)
        if order > 1:
            gmsh.model.mesh.optimize("HighOrder")  # curved sides may fold the cells behind them
        patches = _name_groups(gmsh, shape)
        gmsh.write(str(file))
        tags = gmsh.model.mesh.getElements(shape.dimension)[1]
        return Meshed(len(gmsh.model.mesh.getNodes()[0]), sum(len(part) for part in tags), patches)


@contextmanager
def _session() -> Iterator[Any]:
    try:
        import gmsh
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


def _name_groups(gmsh: Any, shape: Shape) -> tuple[str, ...]:
    """Physical groups: the cells as DOMAIN, the facets by patch; the patches that got facets."""
    dimension, mesh = shape.dimension, gmsh.model.mesh
    gmsh.model.addPhysicalGroup(dimension, [tag for _, tag in gmsh.model.getEntities(dimension)], name=DOMAIN)
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


def _built(kernel: Any, shape: Shape) -> Entities:
    for kind in type(shape).__mro__:
        if kind in BUILDERS:
            return BUILDERS[kind](kernel, shape)
    raise GeometryError((), f"a {type(shape).__name__} cannot be meshed; if the domain is a mesh already, use its file")


def _point(centre: Array) -> list[float]:
    return [*map(float, centre), *[0.0] * (3 - len(centre))]


def _box(kernel: Any, shape: Box) -> Entities:
    sides = [*map(float, shape.upper - shape.lower)]
    if shape.dimension == 2:
        return [(2, kernel.addRectangle(*_point(shape.lower), *sides))]
    return [(3, kernel.addBox(*_point(shape.lower), *sides))]


def _polygon(kernel: Any, shape: Polygon) -> Entities:
    corners = [kernel.addPoint(*_point(vertex)) for vertex in shape.vertices]
    edges = [kernel.addLine(start, end) for start, end in zip(corners, [*corners[1:], corners[0]], strict=True)]
    return [(2, kernel.addPlaneSurface([kernel.addCurveLoop(edges)]))]


def _disk(kernel: Any, shape: Disk) -> Entities:
    return [(2, kernel.addDisk(*_point(shape.center), shape.radius, shape.radius))]


def _ellipse(kernel: Any, shape: Ellipse) -> Entities:
    """gmsh wants the longer semi-axis first."""
    a, b = map(float, shape.semi_axes)
    turn = shape.rotation + (np.pi / 2 if a < b else 0.0)
    axis = [float(np.cos(turn)), float(np.sin(turn)), 0.0]
    return [(2, kernel.addDisk(*_point(shape.center), max(a, b), min(a, b), zAxis=[0, 0, 1], xAxis=axis))]


def _annulus(kernel: Any, shape: Annulus) -> Entities:
    outer, inner = (
        (2, kernel.addDisk(*_point(shape.center), radius, radius))
        for radius in (shape.outer_radius, shape.inner_radius)
    )
    return kernel.cut([outer], [inner])[0]


def _sector(kernel: Any, shape: Sector) -> Entities:
    centre = kernel.addPoint(*_point(shape.center))
    angles = np.linspace(shape.from_angle, shape.to_angle, _ARCS + 1)

    def arc(radius: float) -> tuple[list[int], list[int]]:
        on = shape.center + radius * np.column_stack([np.cos(angles), np.sin(angles)])
        points = [kernel.addPoint(*_point(point)) for point in on]
        return points, [kernel.addCircleArc(points[k], centre, points[k + 1]) for k in range(_ARCS)]

    outer, curves = arc(shape.outer_radius)
    inner, back = arc(shape.inner_radius) if shape.inner_radius else ([centre], [])
    sides = [kernel.addLine(inner[0], outer[0]), kernel.addLine(outer[-1], inner[-1])]
    loop = kernel.addCurveLoop([sides[0], *curves, sides[1], *[-curve for curve in reversed(back)]])
    return [(2, kernel.addPlaneSurface([loop]))]


def _sphere(kernel: Any, shape: Sphere) -> Entities:
    return [(3, kernel.addSphere(*_point(shape.center), shape.radius))]


def _cylinder(kernel: Any, shape: Cylinder) -> Entities:
    return [(3, kernel.addCylinder(*_point(shape.start), *_point(shape.end - shape.start), shape.radius))]


def _combined(operation: str) -> Callable[[Any, Combination], Entities]:
    def build(kernel: Any, shape: Combination) -> Entities:
        first, *others = (_built(kernel, child) for child in shape.shapes)
        for other in others:
            first = getattr(kernel, operation)(first, other)[0]
        return first

    return build


BUILDERS: dict[type[Shape], Callable[[Any, Any], Entities]] = {
    Box: _box,
    Polygon: _polygon,
    Disk: _disk,
    Ellipse: _ellipse,
    Annulus: _annulus,
    Sector: _sector,
    Sphere: _sphere,
    Cylinder: _cylinder,
    Union: _combined("fuse"),
    Difference: _combined("cut"),
    Intersection: _combined("intersect"),
}
