"""CSV: one line per point."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pinn.analysis.point_data import point_data
from pinn.analysis.request import Request
from pinn.run.directory import write_atomic


def write_csv(request: Request, path: Path) -> list[Path]:
    """One line per point, and per instant: coordinates first, then every scalar, with 17 digits."""
    grid = request.grid()
    coordinates = [*request.problem.coordinates, *(["t"] if request.problem.time is not None else [])]

    def write(scratch: Path) -> None:
        with scratch.open("w", encoding="utf-8") as stream:
            for index, (_, sampled) in enumerate(request.samples(grid)):
                data = point_data(sampled, tensors=False)
                if index == 0:
                    stream.write(",".join([*coordinates, *data]) + "\n")
                np.savetxt(stream, np.column_stack([sampled.points, *data.values()]), delimiter=",", fmt="%.17g")

    write_atomic(path, write)
    return [path]
