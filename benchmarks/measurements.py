"""The measurements of the inverse problems: python benchmarks/measurements.py

Writes problems/elasticity/inverse_modulus.csv: exact displacements of the manufactured plate at 50 points.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from scipy.stats import qmc

import pinn

ELASTICITY = Path(__file__).resolve().parent.parent / "problems" / "elasticity"


def points_inside(count: int, seed: int = 1) -> np.ndarray:
    """`count` points of the unit square, away from its edges: [count, 2]."""
    return qmc.scale(
        qmc.Sobol(2, seed=seed).random(2 ** int(np.ceil(np.log2(count))))[:count], [0.02, 0.02], [0.98, 0.98]
    )


def plate(count: int = 50) -> dict[str, np.ndarray]:
    """Columns x, y, ux, uy: the exact solution of problems/elasticity/manufactured_plate.yaml."""
    points = points_inside(count)
    true = pinn.load(ELASTICITY / "manufactured_plate.yaml").exact_values(torch.as_tensor(points))
    return {"x": points[:, 0], "y": points[:, 1], "ux": true["ux"].numpy(), "uy": true["uy"].numpy()}


def write(file: Path, columns: dict[str, np.ndarray], digits: int = 17) -> None:
    table = np.column_stack(list(columns.values()))
    np.savetxt(file, table, fmt=f"%.{digits}g", delimiter=",", header=",".join(columns), comments="")


if __name__ == "__main__":
    write(ELASTICITY / "inverse_modulus.csv", plate())
