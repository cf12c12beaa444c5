"""The measurements of the inverse problems: python benchmarks/measurements.py

Writes beside the problems in problems/elasticity:

inverse_modulus.csv         exact displacements of the manufactured plate at 50 points
inverse_modulus_field.csv   displacements of a plate with a stiff spot under tension on a grid of 30 x 30 points, with
                            0.1 % of noise; they come from the forward problem with the true modulus, solved with other
                            features and to a fraction of the noise
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.stats import qmc

import pinn
from pinn.problem.loading import build
from pinn.spec.yaml.source import read_spec

# By features other than those of the inversion, to a fraction of the noise: two seeds say to which.
FORWARD = {"tolerance": 1e-7, "method": {"least_squares": {"features": 900, "scale": 8}}}
ELASTICITY = Path(__file__).resolve().parent.parent / "problems" / "elasticity"


def points_inside(count: int, seed: int = 1) -> np.ndarray:
    """`count` points of the unit square, away from its edges: [count, 2]."""
    return qmc.scale(
        qmc.Sobol(2, rng=seed).random(2 ** int(np.ceil(np.log2(count))))[:count], [0.02, 0.02], [0.98, 0.98]
    )


def plate(count: int = 50) -> dict[str, np.ndarray]:
    """Columns x, y, ux, uy: the exact solution of problems/elasticity/manufactured_plate.yaml."""
    points = points_inside(count)
    true = pinn.load(ELASTICITY / "manufactured_plate.yaml").exact_values(torch.as_tensor(points))
    return {"x": points[:, 0], "y": points[:, 1], "ux": true["ux"].numpy(), "uy": true["uy"].numpy()}


def write(file: Path, columns: dict[str, np.ndarray], digits: int = 17) -> None:
    table = np.column_stack(list(columns.values()))
    np.savetxt(file, table, fmt=f"%.{digits}g", delimiter=",", header=",".join(columns), comments="")


def plate_with_stiff_spot(count: int = 30, relative_noise: float = 1e-3) -> dict[str, np.ndarray]:
    """Columns x, y, ux, uy: the field problem with its true modulus, solved, and noise on it."""
    source = read_spec(ELASTICITY / "inverse_modulus_field.yaml")
    data = {key: value for key, value in source.data.items() if key not in ("data", "fields", "exact")}
    data["definitions"] = {"E": f"exp({source.data['exact']['log_E']})"}
    data["solver"] = FORWARD
    forward = pinn.solve(build(replace(source, data=data)), device="cpu")
    again = pinn.solve(build(replace(source, data=data)), device="cpu", seed=1)
    line = (np.arange(count) + 0.5) / count
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    found = forward(points, ["ux", "uy"])
    other = again(points, ["ux", "uy"])
    apart = max(np.abs(found[name] - other[name]).max() for name in found)
    sigma = relative_noise * np.sqrt(np.mean([found["ux"] ** 2, found["uy"] ** 2]))
    print(f"noise {sigma:.4g}; two solutions of the forward problem are at most {apart:.1e} apart")
    generator = np.random.default_rng(0)
    noisy = {name: values + sigma * generator.standard_normal(len(values)) for name, values in found.items()}
    return {"x": points[:, 0], "y": points[:, 1], **noisy}


if __name__ == "__main__":
    write(ELASTICITY / "inverse_modulus.csv", plate())
    write(ELASTICITY / "inverse_modulus_field.csv", plate_with_stiff_spot(), digits=8)
