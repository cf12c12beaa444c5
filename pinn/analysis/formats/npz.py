"""npz: numpy arrays by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pinn.analysis.point_data import point_data
from pinn.analysis.request import Request
from pinn.run.directory import write_atomic


def write_npz(request: Request, path: Path) -> list[Path]:
    """`points` [N, D], `cells_TYPE` [M, corners], then every name: [N] or [N, 3 or 6], after `times` [T]: [T, N, …]."""
    grid = request.grid()
    series = [(instant, point_data(sampled)) for instant, sampled in request.samples(grid)]
    arrays: dict[str, Any] = {"points": grid.points}
    arrays |= {f"cells_{kind}": cells for kind, cells in grid.cells.items()}
    if request.problem.time is None:
        arrays |= series[0][1]
    else:
        arrays["times"] = np.array([instant for instant, _ in series])
        arrays |= {name: np.stack([data[name] for _, data in series]) for name in series[0][1]}
    write_atomic(path, lambda scratch: np.savez_compressed(scratch, **arrays))
    return [path]
