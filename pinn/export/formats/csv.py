"""CSV: one line per point."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pinn.export.sampling.point_data import blocks, layout
from pinn.export.sampling.request import Request
from pinn.files.writing import write_atomic


def write_csv(request: Request, path: Path) -> list[Path]:
    """One line per point, and per instant: coordinates first, then every scalar, with 17 digits."""
    axes = [*request.problem.coordinates, *(["t"] if request.problem.time is not None else [])]
    coordinates = [request.problem.unit_labels.named(axis, plain=True) for axis in axes]

    def write(scratch: Path) -> None:
        with scratch.open("w", encoding="utf-8") as stream:
            for index, frame in enumerate(request.frames()):
                names = layout(frame.cloud, tensors=False)
                if index == 0:
                    stream.write(",".join([*coordinates, *names]) + "\n")
                points = frame.cloud.points
                for start, block in blocks(frame.cloud, names, tensors=False):
                    part = points[start : start + len(next(iter(block.values())))]
                    np.savetxt(stream, np.column_stack([part, *block.values()]), delimiter=",", fmt="%.17g")

    write_atomic(path, write)
    return [path]
