"""Cell kinds: how VTK and XDMF call the cells that files can hold, and how they number their nodes.

Sources: vtkCellType.h of VTK; XdmfTopologyType.cpp of XDMF 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class CellKind:
    """vtk: VTK's number; xdmf, xdmf_number: XDMF's name, and its number in a mixed topology; corners come first.

    order   VTK's nodes in meshio's numbering, where the two differ; VTK's XDMF reader takes them as they are
    """

    dimension: int
    corners: int
    vtk: int
    xdmf: str
    xdmf_number: int
    order: tuple[int, ...] | None = None

    def in_vtk_order(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Node numbers [M, K] as VTK has them."""
        return cells if self.order is None else cells[:, list(self.order)]


CELL_KINDS = {
    "vertex": CellKind(0, 1, 1, "Polyvertex", 1),
    "line": CellKind(1, 2, 3, "Polyline", 2),
    "line3": CellKind(1, 2, 21, "Edge_3", 34),
    "triangle": CellKind(2, 3, 5, "Triangle", 4),
    "triangle6": CellKind(2, 3, 22, "Triangle_6", 36),
    "quad": CellKind(2, 4, 9, "Quadrilateral", 5),
    "quad8": CellKind(2, 4, 23, "Quadrilateral_8", 37),
    "quad9": CellKind(2, 4, 28, "Quadrilateral_9", 35),
    "tetra": CellKind(3, 4, 10, "Tetrahedron", 6),
    "tetra10": CellKind(3, 4, 24, "Tetrahedron_10", 38),
    "pyramid": CellKind(3, 5, 14, "Pyramid", 7),
    "wedge": CellKind(3, 6, 13, "Wedge", 8, (0, 2, 1, 3, 5, 4)),
    "hexahedron": CellKind(3, 8, 12, "Hexahedron", 9),
    "hexahedron20": CellKind(3, 8, 25, "Hexahedron_20", 48),
    "hexahedron27": CellKind(3, 8, 29, "Hexahedron_27", 50),
}
