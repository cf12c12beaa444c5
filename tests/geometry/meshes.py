"""Small meshes for tests: curved and straight cells of every kind, built node by node and written by meshio."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import meshio
import numpy as np

from pinn.geometry.elements import ELEMENTS

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
