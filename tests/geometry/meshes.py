"""Small meshes for tests: curved and straight cells of every kind, built node by node and written by meshio."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import meshio
import numpy as np

from pinn.geometry.mesh.boundary import facets_of
from pinn.geometry.mesh.elements import ELEMENTS

INNER, OUTER = 1.0, 2.0


def ring(unit: np.ndarray) -> np.ndarray:
    """Unit square (cube) -> quarter of an annulus (times a height of 1), anticlockwise."""
    radius, angle = INNER + (OUTER - INNER) * unit[:, 0], np.pi / 2 * unit[:, 1]
    flat = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return np.hstack([flat, unit[:, 2:]])


def block(kind: str, count: int, image: Callable[[np.ndarray], np.ndarray] = lambda unit: unit):
    """(points, cells [M, K]) of the image of the unit square or cube, cut into boxes, and these into simplices."""
    element = ELEMENTS[kind]
    boxes = {"tetra": _TETRA, "triangle": _TRIANGLE}.get(kind.rstrip("0123456789"), [np.eye(element.dimension)])
    found = []
    for corner in product(range(count), repeat=element.dimension):
        for spans in boxes:
            if element.simplex:
                first, *others = np.array(spans, dtype=float)
                local = first + element.nodes @ (np.array(others) - first)
            else:
                local = element.nodes
            found.append((np.array(corner) + local) / count)
    nodes = np.array(found)
    unit, cells = np.unique(np.round(nodes.reshape(-1, element.dimension), 9), axis=0, return_inverse=True)
    return image(unit), cells.reshape(nodes.shape[:2])


_TRIANGLE = [[(0, 0), (1, 0), (1, 1)], [(0, 0), (1, 1), (0, 1)]]
_TETRA = [  # Kuhn's: one for each order of the axes, right-handed
    [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1)],
    [(0, 0, 0), (1, 1, 0), (0, 1, 0), (1, 1, 1)],
    [(0, 0, 0), (0, 1, 0), (0, 1, 1), (1, 1, 1)],
    [(0, 0, 0), (0, 1, 1), (0, 0, 1), (1, 1, 1)],
    [(0, 0, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1)],
    [(0, 0, 0), (1, 0, 1), (1, 0, 0), (1, 1, 1)],
]


def core_in_block(unit: np.ndarray) -> np.ndarray:
    """Unit square -> itself, lines of max(x, y) = const <= 1/2 bent to arcs of that radius, up to the circle."""
    level = unit.max(axis=1, keepdims=True)
    share = unit.min(axis=1) / np.maximum(level[:, 0], 1e-300)  # 0 on the axes, 1 on the diagonal
    angle = np.pi / 4 * np.where(unit[:, 0] >= unit[:, 1], share, 2 - share)
    arc = np.column_stack([np.cos(angle), np.sin(angle)])
    outside = np.maximum(2 * level - 1, 0)
    return (1 - outside) * np.minimum(level, 0.5) * arc + outside * unit / np.maximum(level, 0.5)


def core_and_block(file: Path, kind: str = "triangle6", count: int = 8) -> Path:
    """A gmsh file of the unit square in two groups of cells, a quarter of a disk of radius 1/2 and what is around it.

    Its sides are the groups of facets left, right, bottom and top.
    """
    unit, cells = block(kind, count)
    points = core_in_block(unit)
    inside = unit[cells].mean(axis=1).max(axis=1) < 0.5
    ((edge, facets),) = facets_of({kind: cells}).items()
    middle = points[facets].mean(axis=1)
    sides = {"left": (0, 0), "right": (0, 1), "bottom": (1, 0), "top": (1, 1)}
    parts = [facets[np.abs(middle[:, axis] - value) < 1e-9] for axis, value in sides.values()]
    names = {name: (number, 1) for number, name in enumerate(sides, start=1)} | {"core": (5, 2), "block": (6, 2)}
    blocks = [*((edge, part) for part in parts), (kind, cells)]
    tags = [*(np.full(len(part), number) for number, part in enumerate(parts, start=1)), np.where(inside, 5, 6)]
    return grouped(file, points, blocks, names, tags)


def write(file: Path, points, cells: list, **more) -> Path:
    """A file of points, in space as gmsh has them, and (kind, cells) blocks."""
    points = np.asarray(points, dtype=float)
    flat = np.hstack([points, np.zeros((len(points), 3 - points.shape[1]))])
    meshio.Mesh(flat, cells, **more).write(file)
    return file


def grouped(file: Path, points, cells: list, names: dict[str, tuple[int, int]], tags: list) -> Path:
    """A gmsh file with physical groups: names -> (tag, dimension), and the tags [M] of every block, 0 for none."""
    data = {"gmsh:physical": tags, "gmsh:geometrical": tags}
    fields = {name: np.array(pair) for name, pair in names.items()}
    points = np.asarray(points, dtype=float)
    flat = np.hstack([points, np.zeros((len(points), 3 - points.shape[1]))])
    meshio.Mesh(flat, cells, cell_data=data, field_data=fields).write(file, file_format="gmsh22", binary=False)
    return file
